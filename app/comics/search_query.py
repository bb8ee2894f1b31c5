"""Pure: the language of searches, such as `sudo "make me" -bacon title:sand*`.

Everything that is not part of the language is plain words, so every text is a search.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple, Self

from app.errors import BadRequest

MOST_TERMS = 32
"""Terms that a search may have. The longest title has 12 words, and each term costs time."""

SHORTEST_PREFIX = 3
"""Letters that a word needs before words that begin with it are found too."""

FIELDS = ("title", "alt", "transcript")
"""The texts of a comic that are searched."""

NOISE = frozenset({"xkcd"})
"""Words that are left out beside others: people write "xkcd standards"."""

_TOKEN = re.compile(r'(?P<minus>-?)(?:(?P<field>(?i:title|alt|transcript)):)?(?:"(?P<phrase>[^"]*)"|(?P<word>\S+))')


class Term(NamedTuple):
    """A word or a phrase to look for. `field` is one of FIELDS, or None for all of them."""

    text: str
    field: str | None = None
    is_phrase: bool = False
    is_prefix: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is a word that may be misspelt, or be the beginning of one."""
        return not self.is_phrase and not self.is_prefix and self.text.isalpha()


Alternatives = tuple[Term, ...]
"""Terms of which a comic must have one."""


class SearchQuery(NamedTuple):
    """A search: a comic must have one of each of these alternatives, and none of the excluded terms."""

    text: str
    """The search as the caller wrote it."""
    required: tuple[Alternatives, ...]
    excluded: tuple[Term, ...] = ()

    @property
    def title(self) -> str:
        """The title, as `words` has it, of the comic that is meant if there is such a comic."""
        return words(" ".join(term.text for term in self.terms)) or self.text.strip()

    @property
    def number(self) -> int | None:
        """The comic that it names if it is a number alone, such as "614", "#614" or "xkcd 614"."""
        terms = list(self.terms)
        digits = re.fullmatch("#?0*([1-9][0-9]{0,5})", terms[0].text) if len(terms) == 1 else None
        return int(digits[1]) if digits and terms == [Term(digits[0])] and not self.excluded else None

    @property
    def last(self) -> Term | None:
        """The plain word at its end, which the caller may not have finished."""
        term = self.required[-1][-1] if self.required else None
        finished = term is None or not term.is_plain or len(term.text) < SHORTEST_PREFIX or self.text[-1:].isspace()
        return None if finished else term

    @property
    def terms(self) -> Iterator[Term]:
        """All required terms."""
        return (term for terms in self.required for term in terms)

    def with_words(self, replaced: dict[str, str]) -> Self:
        """The search with other plain words in place of these."""
        required = tuple(
            tuple(term._replace(text=replaced.get(term.text, term.text)) if term.is_plain else term for term in terms)
            for terms in self.required
        )
        return self._replace(required=required)


def parse(text: str) -> SearchQuery:
    """The search that a text means. Raises BadRequest if it has too many terms."""
    tokens = [
        token for token in _TOKEN.finditer(text.replace("\0", " ")) if words(token["phrase"] or token["word"] or "")
    ]
    if len(tokens) > MOST_TERMS:
        raise BadRequest(f"'q' has {len(tokens)} words: give it up to {MOST_TERMS}.")
    wanted = [token for token in tokens if not token["minus"]] or tokens
    excluded = dict.fromkeys(_term(token) for token in tokens if token not in wanted)
    return SearchQuery(text, _without_noise(list(dict.fromkeys(_alternatives(wanted)))), tuple(excluded))


def words(text: str) -> str:
    """The words of a text, as the index compares them: small letters and digits, without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in letters if not unicodedata.combining(c)).split())


def _alternatives(tokens: list[re.Match[str]]) -> Iterator[Alternatives]:
    """The terms, those with OR between them together. At either end OR is a word like others."""
    terms: Alternatives = ()
    for index, token in enumerate(tokens):
        joins = token[0] == "OR" and 0 < index < len(tokens) - 1
        follows = index > 1 and tokens[index - 1][0] == "OR"
        if joins:
            continue
        if terms and not follows:
            yield terms
            terms = ()
        terms = tuple(dict.fromkeys((*terms, _term(token))))
    if terms:
        yield terms


def _term(token: re.Match[str]) -> Term:
    field = token["field"] and token["field"].lower()
    if token["phrase"] is not None:
        return Term(token["phrase"], field, is_phrase=True)
    word = token["word"]
    is_prefix = word.endswith("*") and len(words(word)) >= SHORTEST_PREFIX
    return Term(word.rstrip("*") if is_prefix else word, field, is_prefix=is_prefix)


def _without_noise(required: list[Alternatives]) -> tuple[Alternatives, ...]:
    kept = tuple(terms for terms in required if words(terms[0].text) not in NOISE or len(terms) > 1)
    return kept or tuple(required)
