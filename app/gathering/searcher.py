"""Searches the archive and the comics that are newer."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.caches.layers import Caches
from app.comics.search import Newer, Search
from app.comics.selection import Listed
from app.comics.snippets import Match
from app.gathering.gathered import Gathered
from app.gathering.gatherer import Gatherer
from app.runtime.per_loop import PerLoop

if TYPE_CHECKING:
    from app.caches.archive import Archive
    from app.caches.search_index import Hits, SearchIndex

PATIENCE = 1.0
"""Seconds within which newer comics must come to be searched. The archive could answer at once."""


@dataclass(frozen=True, slots=True)
class Searched:
    """One page of the comics that a search found."""

    gathered: Gathered
    """The comics of the page. Its failures are also those of newer comics, which were not searched."""
    hits: "Hits"
    matches: Mapping[int, Match]
    """Why each of the comics was found, by number."""
    count: int
    """How many comics were searched."""
    transcripts_until: int | None
    """The newest comic with a transcript."""

    @property
    def is_vain(self) -> bool:
        """Whether none of the comics that were found came."""
        return bool(self.matches) and not self.gathered.comics


class Searcher:
    """Searches on the event loop. `open_index` opens an archive's index."""

    def __init__(self, gatherer: Gatherer, caches: Caches, open_index: "Callable[[Archive], SearchIndex]") -> None:
        self._gatherer = gatherer
        self._caches = caches
        self._indexes = PerLoop(lambda: open_index(caches.existing_archive))

    async def search(self, search: Search, deadline: float) -> Searched:
        """Search, and gather the comics of the page. Deadlines are on the monotonic clock. Raises NoArchive."""
        archive = self._caches.existing_archive
        index = self._indexes.get()
        soon = min(time.monotonic() + PATIENCE, deadline)
        newer = await self._gatherer.gather(Newer(archive.numbers[-1]), soon)
        index.add(found.comic for found in newer.comics)
        hits = index.search(search.query, search.days)
        numbers = tuple(hits.numbers[search.offset : search.offset + search.limit])
        gathered = await self._gatherer.gather(Listed(numbers), deadline)
        index.add(found.comic for found in gathered.comics if found.source != "archive")  # as it may have changed
        matches = index.matches(hits, numbers)
        return Searched(gathered.after(newer), hits, matches, index.count, index.transcripts_until)

    async def aclose(self) -> None:
        """Close the index of the running event loop."""
        index = self._indexes.take()
        if index is not None:
            index.close()
