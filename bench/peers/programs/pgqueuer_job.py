"""PGQueuer with aiohttp. ``pgqueuer_job.py prepare|work SOURCE URL BODIES IN_FLIGHT``; works until it is killed."""

import sys
from datetime import timedelta
from pathlib import Path

import asyncpg
import uvloop
from pgqueuer import PgQueuer, Queries
from pgqueuer.models import Job
from posting import post, session

WHAT, SOURCE, URL, BODIES, IN_FLIGHT = *sys.argv[1:5], int(sys.argv[5])


async def prepare() -> None:
    connection = await asyncpg.connect(SOURCE)
    queries = Queries.from_asyncpg_connection(connection)
    await queries.install()
    lines = Path(BODIES).read_bytes().splitlines()
    for first in range(0, len(lines), 1000):
        page = lines[first : first + 1000]
        await queries.enqueue(["send"] * len(page), page, [0] * len(page))
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def work() -> None:
    pool = await asyncpg.create_pool(SOURCE, min_size=2, max_size=8)
    queue = PgQueuer.from_asyncpg_pool(pool)
    async with session(IN_FLIGHT) as http:

        @queue.entrypoint("send")
        async def send(job: Job) -> None:
            await post(http, URL, job.payload or b"")

        # The connections bound what is under way; more jobs than that wait, so that none of them is ever idle.
        await queue.run(dequeue_timeout=timedelta(seconds=1), batch_size=100, max_concurrent_tasks=400)


uvloop.run(prepare() if WHAT == "prepare" else work())
