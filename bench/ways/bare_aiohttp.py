"""aiohttp without a framework: one session that lasts, on one event loop, in a plain handler."""

import asyncio
import json
from typing import Any

import aiohttp

from bench.ways.addresses import addresses

loop = asyncio.new_event_loop()


async def session() -> aiohttp.ClientSession:
    """A session on the loop. It opens up to a hundred connections, by default."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))


client = loop.run_until_complete(session())


async def comic(url: str) -> Any:
    """One comic's record."""
    async with client.get(url) as response:
        return await response.json()


async def gather(urls: list[str]) -> list[Any]:
    """All of them at once."""
    return await asyncio.gather(*map(comic, urls))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry."""
    comics = loop.run_until_complete(gather(addresses(event["queryStringParameters"]["n"])))
    body = json.dumps({"comics": comics})
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": body}
