"""FastAPI behind Mangum, with one httpx client that lasts: the usual async framework on Lambda."""

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI
from mangum import Mangum

from bench.ways.addresses import addresses

app = FastAPI()
client = httpx.AsyncClient(timeout=10)  # by default a hundred connections, of which twenty are kept


@app.get("/comics")
async def comics(n: str) -> dict[str, Any]:
    responses = await asyncio.gather(*map(client.get, addresses(n)))
    return {"comics": [response.json() for response in responses]}


handler = Mangum(app, lifespan="off")
