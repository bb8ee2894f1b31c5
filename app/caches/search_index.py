"""Finds comics by their words, and ranks them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.caches import match_expression
from app.caches.search_texts import Texts
from app.comics.search import Days
from app.comics.search_query import SearchQuery, Term, words
from app.comics.snippets import END, START, Match, best
from app.comics.spelling import near

COMMON = 0.2
"""A word in more than this share of all comics does not count where some words of a search are enough."""

MISSPELT = range(4, 21)
"""Letters of a word that may be taken for a misspelt one. Shorter ones are near many others, and longer ones none."""


@dataclass(frozen=True, slots=True)
class Hits:
    """The comics that a search found."""

    numbers: Sequence[int]
    """Their numbers, the best first."""
    relaxed: bool
    """Whether they have only some of the words, because no comic has all."""
    replaced: Mapping[str, str]
    """Words that occur nowhere, and those that were searched for in their place."""
    query: SearchQuery
    """The search as it was carried out."""


class SearchIndex:
    """Searches an archive, and newer comics that are added. Its texts are as in Texts, and so are its errors."""

    def __init__(self, path: Path) -> None:
        self._texts = Texts(path)
        self.close = self._texts.close
        self.add = self._texts.add
        self.transcripts_until = self._texts.transcripts_until

    @property
    def count(self) -> int:
        """How many comics can be found."""
        return self._texts.count

    def search(self, query: SearchQuery, days: Days | None = None) -> Hits:
        """The comics of these days that have every word, or if there are none, those that have some."""
        replaced = {term.text: word for term in query.terms if (word := self._replacement(term, term is query.last))}
        query = query.with_words(replaced)
        if not query.required:
            return Hits(sorted(self._texts.titled(query.title, days)), False, replaced, query)
        scores = self._texts.scores(match_expression.every(query), days)
        some = {} if scores or len(query.required) == 1 else self._some(query, days)
        return Hits(self._ranked(query, scores or some, days), bool(some), replaced, query)

    def matches(self, hits: Hits, numbers: Collection[int]) -> dict[int, Match]:
        """Why each of these comics was found, of those that were."""
        marked = self._texts.marked(match_expression.some(hits.query), numbers) if hits.query.required else {}
        return {num: best(marked[num]) if num in marked else self._whole(num, hits.query) for num in numbers}

    def _some(self, query: SearchQuery, days: Days | None) -> dict[int, float]:
        """The scores of comics that have some of the words, of the less common ones if there are any."""
        scores = self._texts.scores(match_expression.some(query, self._common(query)), days)
        return scores or self._texts.scores(match_expression.some(query), days)

    def _ranked(self, query: SearchQuery, scores: Mapping[int, float], days: Days | None) -> Sequence[int]:
        """The comics: first those with exactly this title, this number, all words in the title, or all in order."""
        in_title = self._texts.titles(match_expression.in_title(match_expression.every(query)))
        is_one = len(query.required) == 1
        in_order = set() if is_one else self._texts.matching(match_expression.phrase(query))
        exact = {num for num, title in in_title.items() if is_one or num in in_order if words(title) == query.title}
        numbered = () if query.number is None else self._texts.numbered(query.number, days)

        def rank(num: int) -> tuple[bool | float, ...]:
            tiers = (num in exact, num in numbered, num in in_title, num in in_order)
            return (*(not tier for tier in tiers), scores.get(num, 0.0), -num)

        first = (scores.keys() & {*in_title, *in_order}) | {*numbered}
        rest = sorted(scores.keys() - first, key=lambda num: (scores[num], -num))  # most of them, and quicker so
        return sorted(first, key=rank) + rest

    def _replacement(self, term: Term, is_last: bool) -> str | None:
        """The most usual word at an edit distance of 1 from a plain word that occurs in no text, if there is one."""
        word, anywhere = words(term.text), match_expression.term(term._replace(field=None))
        if not term.is_plain or len(word) not in MISSPELT or self._texts.matching(anywhere):
            return None
        if is_last and self._texts.begins(word):
            return None
        usual = self._texts.usual(near(word))
        return max(sorted(usual), key=usual.__getitem__, default=None)

    def _common(self, query: SearchQuery) -> set[str]:
        """The words of the search that are in very many comics."""
        counts = self._texts.usual({words(term.text) for term in query.terms})
        most = COMMON * self.count
        return {term.text for term in query.terms if counts.get(words(term.text), 0) > most}

    def _whole(self, num: int, query: SearchQuery) -> Match:
        """A match of the whole number or title. A title without marks is that of a comic that has changed meanwhile."""
        if num == query.number:
            return best({"num": f"{START}{num}{END}"})
        title = self._texts.numbered(num, None)[num]
        return best({"title": title if query.required else f"{START}{title}{END}"})
