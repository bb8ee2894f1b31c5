"""The client for xkcd's images, of which it reads the first bytes."""

import httpx

from app.comics.image import Size
from app.errors import BadAnswer, BrokenOff
from app.settings import Settings
from app.upstream import image_header, records
from app.upstream.transport import KeepAliveTransport
from app.upstream.xkcd import as_upstream_errors, user_agent

FIRST_BYTES = 4096
"""Bytes of an image that are asked for: more than the headers of nearly all of xkcd's images."""

MORE_BYTES = 65536
"""Bytes that are asked for if the size is not in FIRST_BYTES."""


class Images:
    """Requests the beginning of one image at a time, for any number of concurrent callers."""

    def __init__(self, settings: Settings, transport: KeepAliveTransport) -> None:
        self._url = httpx.URL(settings.images_url)
        self._user_agent = user_agent(settings.contact)
        self._timeout = settings.attempt_timeout
        self._transport = transport

    async def size(self, path: str) -> Size | None:
        """The size of the image at that path; None if there is none. Raises an UpstreamError.

        At most two attempts' time passes before that. Redirects are not followed.
        """
        body = await self._beginning(path, FIRST_BYTES)
        size = image_header.size(body)
        if size is None and len(body) == FIRST_BYTES and image_header.may_follow(body):
            size = image_header.size(await self._beginning(path, MORE_BYTES))
        return size

    async def _beginning(self, path: str, count: int) -> bytes:
        """The first bytes of what is at that path, `count` at most; none if there is nothing."""
        what = f"the image {path}"
        headers = {"User-Agent": self._user_agent, "Accept-Encoding": "identity", "Range": f"bytes=0-{count - 1}"}
        extensions = {"target": path.encode(), "timeout": {"read": self._timeout}, "enough": count}
        request = httpx.Request("GET", self._url, headers=headers, extensions=extensions)
        try:
            with as_upstream_errors(what):
                response = await self._transport.handle_async_request(request)
                body = b"".join([part async for part in response.aiter_raw()])
        except BrokenOff:
            raise
        except BadAnswer:  # it is too large, which is known only of headers
            return b""
        records.raise_if_refused(response.status_code, response.headers, what)
        return body if response.status_code in (200, 206) else b""
