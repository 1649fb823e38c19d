"""A server that fails for some: does everybody else arrive as fast as on a calm day?

The speed is that of the records that nothing happens to, from the first request of the run to the end of their last. What
happens to the others is in bench/server/bkn.lua.
"""

import itertools
from collections.abc import Sequence
from typing import Any

from bench.engine import SOON_SURE
from bench.ground import Figure, Ground
from bench.server import Books
from bench.throughput import Contestant, compete, work_off

TROUBLES = {
    "calm": 0,
    "suspended": 20,
    "throttled": 20,
    "refused": 256,
    "uncertain": 20,
}
"""Trouble -> one record in so many meets it."""
IN_FLIGHT = 16


def trouble(ground: Ground) -> list[Figure]:
    names = ("calm", "refused") if ground.quick else tuple(TROUBLES)
    rows = max(ground.rows // 2, 300 if ground.quick else 0)
    return compete(ground, [contestant(ground, adapter, name, rows) for adapter in ground.adapters for name in names])


def contestant(ground: Ground, adapter: str, name: str, rows: int) -> Contestant:
    return Contestant(
        "0 ms answers, 16 in flight, trouble",
        f"simpeg-sync, {adapter}, ledger sqlite, {name}",
        lambda: measured(ground, adapter, name, rows),
        {"rows": rows, "in_flight": IN_FLIGHT, "adapter": adapter, "trouble": name, "one_in": TROUBLES[name]},
    )


def measured(ground: Ground, adapter: str, name: str, rows: int) -> tuple[float, dict[str, Any]]:
    worked = work_off(ground, adapter, "sqlite", rows, IN_FLIGHT, trouble=name, changes=SOON_SURE)
    books, hit = worked.books, hit_records(worked.books.by_record, TROUBLES[name])
    wanting = rows - len(books.by_record)
    if wanting:
        raise RuntimeError(f"{wanting} of {rows} records never arrived")
    others = [seen for seen in books.saves if seen.record not in hit]
    if len(others) != rows - len(hit):
        raise RuntimeError(f"{len(others) - rows + len(hit)} writes too many of records that nothing happened to")
    seconds = max(seen.ended for seen in others) - books.first_at
    return len(others) / seconds, {
        **worked.seen,
        "hit": len(hit),
        "writes_of_hit": sum(books.by_record[record] for record in hit),
        "last_of_all_s": books.seconds,
        "gap_max_s": longest_gap(books),
    }


def hit_records(records: Sequence[str] | Any, one_in: int) -> set[str]:
    return {record for record in records if one_in and int(record.rpartition("-")[2]) % one_in == 0}


def longest_gap(books: Books) -> float:
    """The longest time in which nothing was sent."""
    starts = sorted(seen.began for seen in books.saves)
    return max((later - earlier for earlier, later in itertools.pairwise(starts)), default=0.0)
