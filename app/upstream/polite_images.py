"""The client for xkcd's images with retries and a circuit breaker of its own."""

from functools import partial

from app.clock import Clock
from app.comics.image import Size
from app.upstream.budget import ATTEMPTS, Budget
from app.upstream.images import Images
from app.upstream.polite import Polite


class PoliteImages(Polite[str, Size | None]):
    """The images' client that backs off when their server is in trouble. Nobody waits for it, so it sends no hedges."""

    def __init__(self, images: Images, clock: Clock) -> None:
        super().__init__("The images' server", clock)
        self._images = images

    async def size(self, path: str, budget: Budget) -> Size | None:
        """The size of the image at that path; None if there is none. Raises an UpstreamError."""
        return await self.ask(path, partial(self._images.size, path), budget, ATTEMPTS)
