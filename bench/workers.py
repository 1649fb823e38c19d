"""Two worker processes against one, on one PostgreSQL ledger, each with 16 calls in flight."""

from contextlib import ExitStack
from typing import Any

from bench.engine import new_engine
from bench.ground import Figure, Ground
from bench.server import check_all_arrived
from bench.throughput import Contestant, compete

IN_FLIGHT = 16
ARRIVAL_LIMIT_S = 600.0


def workers(ground: Ground) -> list[Figure]:
    adapter = ground.adapters[-1]
    return compete(
        ground,
        [
            Contestant(
                "0 ms answers, worker processes",
                f"simpeg-sync, {adapter}, ledger postgresql, {count} process{'es' if count > 1 else ''}",
                lambda count=count: together(ground, adapter, count),  # type: ignore[misc]
                {"rows": ground.rows, "in_flight": IN_FLIGHT, "adapter": adapter, "processes": count},
            )
            for count in (1, 2)
        ],
    )


def together(ground: Ground, adapter: str, count: int) -> tuple[float, dict[str, Any]]:
    run, rows = ground.bkn.new_run(), ground.rows
    simpeg = ground.new_simpeg()
    ours = new_engine(
        bkn_url=ground.bkn.url(run),
        source_url=simpeg.url,
        ledger_url=ground.new_ledger("postgresql"),
        in_flight=IN_FLIGHT,
        adapter=adapter,
    )
    try:
        ours.prepare()
        ours.run_once()
        ours.know(simpeg.nips(rows))
        with ExitStack() as stack:
            daemons = [stack.enter_context(ours.start("run")) for _ in range(count)]
            for daemon in daemons:
                daemon.ready_after_s()
            simpeg.fill(rows)
            arrived = ground.bkn.wait_for(run, rows, limit_s=ARRIVAL_LIMIT_S)
            alive = sum(daemon.is_running() for daemon in daemons)
        if not arrived or alive < count:
            raise RuntimeError(f"{alive} of {count} processes were alive at the end: {ours.log_tail()[-300:]}")
        books = ground.bkn.books(run)
        check_all_arrived(books, rows)
        return books.per_second, {}
    finally:
        ours.remove()
