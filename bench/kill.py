"""kill -9 when half has arrived, and a new start at once, against a server that keeps books: is anything lost, is anything
written twice, and how soon does it go on?

The server stores a row when the request comes and answers 20 ms later: what was under way at the kill is stored, and nobody told
the engine.
"""

from typing import Any

from bench.engine import SOON_SURE, new_engine
from bench.ground import Figure, Ground

IN_FLIGHT, DELAY_MS = 16, 20


def kill(ground: Ground) -> list[Figure]:
    rows = 200 if ground.quick else min(2000, ground.rows)
    adapters = ground.adapters[:1] if ground.quick else ground.adapters
    ledgers = ("sqlite",) if ground.quick else ("sqlite", "postgresql")
    figures = []
    for adapter in adapters:
        for ledger in ledgers:
            runs = [killed(ground, adapter, ledger, rows) for _ in range(ground.repeat)]
            name = f"simpeg-sync, {adapter}, ledger {ledger}"
            for what, unit in UNITS.items():
                samples = [run[what] for run in runs]
                figures.append(
                    Figure("kill -9 at half", f"{name}: {what}", unit, samples, {"rows": rows, "runs": runs})
                )
            ground.tell(f"kill -9: {name}: {runs[-1]}")
    return figures


UNITS = {"written twice": "records", "lost": "records", "first request after": "s", "all arrived after": "s"}


def killed(ground: Ground, adapter: str, ledger: str, rows: int) -> dict[str, Any]:
    run = ground.bkn.new_run()
    simpeg = ground.new_simpeg()
    ours = new_engine(
        bkn_url=ground.bkn.url(run, delay_ms=DELAY_MS, trouble="books"),
        source_url=simpeg.url,
        ledger_url=ground.new_ledger(ledger),
        in_flight=IN_FLIGHT,
        adapter=adapter,
        changes=SOON_SURE,
    )
    try:
        ours.prepare()
        ours.run_once()
        ours.know(simpeg.nips(rows))
        simpeg.fill(rows)
        with ours.start("run") as first:
            if not ground.bkn.wait_for(run, rows // 2, limit_s=120):
                raise RuntimeError(f"half of the rows did not arrive: {ours.log_tail()}")
            first.kill()
        found = ours.statuses()
        with ours.start("run", "--once") as second:
            restarted_at = second.started_at
            second.wait(300)
        books = ground.bkn.books(run)
        after = [seen for seen in books.saves if seen.began > restarted_at]
        return {
            "written twice": sum(1 for count in books.by_record.values() if count > 1),
            "lost": rows - len(books.by_record),
            "first request after": min(seen.began for seen in after) - restarted_at if after else None,
            "all arrived after": max(seen.ended for seen in after) - restarted_at if after else None,
            "found at restart": dict(found),
            "left at the end": {name: count for name, count in ours.statuses().items() if name != "synced"},
        }
    finally:
        ours.remove()
