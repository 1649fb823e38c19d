"""The POST of the Python peers, with the fastest client that their own examples use: aiohttp. Runs in a peer's environment."""

import aiohttp

HEADERS = {
    "Accept": "application/json",
    "Authorization": "Bearer " + "t" * 200,
    "Auth": "bearer " + "s" * 200,
    "Content-Type": "application/json",
}


def session(in_flight: int) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight), headers=HEADERS)


async def post(http: aiohttp.ClientSession, url: str, body: bytes) -> None:
    async with http.post(url, data=body) as answer:
        await answer.read()
        if answer.status != 200:
            raise RuntimeError(f"status {answer.status}")
