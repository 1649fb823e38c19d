"""procrastinate with aiohttp. ``procrastinate_job.py prepare|work SOURCE URL BODIES IN_FLIGHT``; works until it is killed."""

import asyncio
import sys
from pathlib import Path

import procrastinate
import psycopg
from posting import post, session

WHAT, SOURCE, URL, BODIES, IN_FLIGHT = *sys.argv[1:5], int(sys.argv[5])
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=SOURCE, max_size=8))


async def prepare() -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        send = app.configure_task("send")
        lines = Path(BODIES).read_text().splitlines()
        for first in range(0, len(lines), 1000):
            await send.batch_defer_async(*({"body": body} for body in lines[first : first + 1000]))
    async with await psycopg.AsyncConnection.connect(SOURCE, autocommit=True) as connection:
        await connection.execute("VACUUM ANALYZE")


async def work() -> None:
    async with app.open_async(), session(IN_FLIGHT) as http:

        @app.task(name="send")
        async def send(body: str) -> None:
            await post(http, URL, body.encode())

        await app.run_worker_async(concurrency=IN_FLIGHT, install_signal_handlers=False, delete_jobs="successful")


asyncio.run(prepare() if WHAT == "prepare" else work())
