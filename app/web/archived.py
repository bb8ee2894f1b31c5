"""All known comics as documents: those of the archive, and the newer ones that are in memory."""

import zlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, NamedTuple

from app.caches.layers import Caches
from app.comics.comic import CREDIT, LICENSE
from app.comics.found import Found
from app.comics.strict_json import dumps
from app.comics.written import instant
from app.web import http_caching

if TYPE_CHECKING:
    from app.caches.archive import Archive

GZIP = 16 + zlib.MAX_WBITS
"""Tells zlib to write gzip's format."""

Parts = Callable[[int], AsyncIterator[str]]
"""Makes a document of the comics after a number, in parts, between which others on the event loop have their turn."""


class Packed(NamedTuple):
    """A document as gzip's data. `length` is that of the document itself, in bytes."""

    etag: str
    data: bytes
    length: int


class Archived:
    """Makes documents of all known comics. The whole ones are kept as they were compressed, until a comic is new.

    Lives on the event loop.
    """

    def __init__(self, caches: Caches) -> None:
        self._caches = caches
        self._kept: dict[str, Packed] = {}

    async def packed(self, form: str, parts: Parts, since: int) -> Packed:
        """The document that `parts` makes, by the name `form`. Raises NoArchive.

        The ETag depends only on the archive and the newer comics.
        """
        about = [self.archive.made_at, len(self.archive.numbers), self._latest]
        newer = [found.written.digest for found in await self._newer()]
        etag, kept = http_caching.etag_of([form, since, about, newer]), self._kept.get(form)
        if kept is not None and kept.etag == etag:
            return kept
        packed = await _packed(etag, parts(since))
        if self.archive.numbers and not since:  # raises if the archive turned out damaged meanwhile
            self._kept[form] = packed
        return packed

    @property
    def archive(self) -> "Archive":
        """The archive. Raises NoArchive if there is none, or none that can be read."""
        return self._caches.existing_archive

    async def comics(self, since: int) -> AsyncIterator[Found]:
        """The known comics with a higher number, ascending."""
        async for found in self.archive.records(since):
            yield found
        for found in await self._newer():
            if found.comic.num > since:
                yield found

    async def titles(self, since: int) -> AsyncIterator[str]:
        """Number, title and date of each of these comics, as one JSON document."""
        comics = [
            {"num": found.comic.num, "title": found.comic.title, "date": found.comic.date.isoformat()}
            async for found in self.comics(since)
        ]
        document = {
            "comics": comics,
            "count": len(comics),
            "latest": self._latest,
            "made_at": instant(self.archive.made_at),
            "credit": CREDIT,
            "license": LICENSE,
        }
        yield dumps(document)

    async def lines(self, since: int) -> AsyncIterator[str]:
        """These comics, each as one line of JSON.

        It is ASCII, because many clients take U+0085 and U+2028, which comics contain, for ends of lines.
        """
        async for found in self.comics(since):
            comic = {**found.comic.to_json(), **found.about_image, "fetched_at": instant(found.fetched_at)}
            yield dumps(comic, escape=True) + "\n"

    @property
    def _latest(self) -> int:
        return (self._caches.memory.latest_number or self.archive.latest_number).num

    async def _newer(self) -> list[Found]:
        memory, last = self._caches.memory, self.archive.numbers[-1]
        return list((await memory.comics(sorted(num for num in memory.numbers if num > last))).values())


async def _packed(etag: str, parts: AsyncIterator[str]) -> Packed:
    packer, data, length = zlib.compressobj(wbits=GZIP), [], 0
    async for part in parts:
        encoded = part.encode()
        data.append(packer.compress(encoded))
        length += len(encoded)
    return Packed(etag, b"".join([*data, packer.flush()]), length)
