"""Pure: searches in the language of FTS5. Each term is quoted, so nothing a caller wrote is syntax."""

from collections.abc import Collection, Iterable

from app.comics.search_query import SearchQuery, Term


def term(term: Term) -> str:
    """The expression for one term."""
    quoted = '"' + term.text.replace('"', '""') + '"' + ("*" if term.is_prefix else "")
    return f"{{{term.field}}} : {quoted}" if term.field else quoted


def every(query: SearchQuery) -> str:
    """For comics that have everything the search requires. Its last word may be the beginning of another."""
    return _without(query, " AND ".join(_any(_alternatives(terms, query.last)) for terms in query.required))


def some(query: SearchQuery, common: Collection[str] = ()) -> str:
    """For comics that have any of the search's terms, but these common words do not count beside others."""
    terms = list(query.terms)
    rare = [each for each in terms if each.text not in common] or terms
    return _without(query, _any(_alternatives(rare, query.last)))


def in_title(expression: str) -> str:
    """For comics whose title alone has what the expression requires."""
    return f"{{title}} : ({expression})"


def phrase(query: SearchQuery) -> str:
    """For comics that have the search's terms one after the other."""
    return term(Term(" ".join(each.text for each in query.terms)))


def _alternatives(terms: Iterable[Term], last: Term | None) -> list[Term]:
    """The terms, and the beginning of words in place of the last one: what has the word itself counts twice."""
    return [each for term in terms for each in ([term, term._replace(is_prefix=True)] if term is last else [term])]


def _any(terms: Iterable[Term]) -> str:
    return f"({' OR '.join(map(term, terms))})"


def _without(query: SearchQuery, expression: str) -> str:
    return f"({expression}) NOT {_any(query.excluded)}" if query.excluded else expression
