"""With 200,000 records the daemon's questions are still answered by indexes."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import TextClause, text

from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.rowset import GroupStatement, rows_of

from .desk import KURSUS, Desk

RECORDS, LANES = 200_000, 20_000

NUMBERS = {
    "sqlite": "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) SELECT {what} FROM n",
    "postgresql": "SELECT {what} FROM generate_series(1, {count}) AS n",
}


@pytest.fixture
def full(desk: Desk) -> Desk:
    """Most records rest, one in twenty waits: a region on a busy morning."""
    numbers = NUMBERS[desk.engine.dialect.name]
    nip = "CAST(199001010000000000 + {} AS TEXT)"
    lane = nip.format("n")
    desk.run(
        "INSERT INTO lanes (lane, due_at, priority) "
        + numbers.format(count=LANES, what=f"{lane}, CASE WHEN n % 10 = 0 THEN 1000 + n END, n % 2")
    )
    lane = nip.format(f"(n % {LANES}) + 1")
    waits = "CASE WHEN n % 20 = 0 THEN {} ELSE {} END"
    what = (
        f"'{KURSUS}', CAST(n AS TEXT), {lane}, {waits.format(repr('waiting'), repr('synced'))}, 1000, "
        f"{waits.format('1000 + n', 'NULL')}, 1000, 1000, 'row-' || n, 'row-' || n"
    )
    desk.run(
        "INSERT INTO records (feed, source_key, lane, status, since, due_at, marked_at, dirty_since, bkn_id, written_back) "
        + numbers.format(count=RECORDS, what=what)
    )
    desk.run("INSERT INTO persons (nip, bkn_id, seen_at) SELECT lane, 'P' || lane, 0 FROM lanes")
    if desk.engine.dialect.name == "postgresql":
        with desk.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("ANALYZE")
    return desk


def plan(desk: Desk, statement: TextClause, values: Mapping[str, Any]) -> str:
    explain = "EXPLAIN QUERY PLAN" if desk.engine.dialect.name == "sqlite" else "EXPLAIN"
    with desk.engine.connect() as connection:
        lists = [bind for bind in statement._bindparams.values() if bind.expanding]
        rows = connection.execute(text(f"{explain} {statement.text}").bindparams(*lists), values).all()
    return "\n".join(str(row[-1]) for row in rows)


def test_what_the_daemon_asks_all_day_is_answered_by_indexes(full: Desk) -> None:
    on_postgresql = full.engine.dialect.name == "postgresql"
    lane = {"lane": "199001010000000010"}
    lanes = {"rows": rows_of([{"lane": lane["lane"], "fence": 1}])}
    now = {"now": 5000.0}

    def group(statement: GroupStatement) -> TextClause:
        return statement.on(full.engine.dialect.name)

    owner = {"owner": "a", "lease_until": 1.0, "fence": 1}
    asked: dict[str, tuple[TextClause, Mapping[str, Any]]] = {
        "claim": (sql.claim(skip_locked=on_postgresql), {**owner, **now, "lease_now": 1.0, "limit": 64}),
        "due records": (group(sql.DUE_RECORDS), {**lanes, **now, "limit": 20}),
        "persons": (group(sql.PERSONS_OF_LANES), lanes),
        "owned": (group(sql.OWNED_BY_LANES), lanes),
        "open": (group(sql.OPEN_IN_LANES), lanes),
        "to work": (group(sql.TO_WORK), {"rows": rows_of([{"id": 5, "expected": "waiting"}]), **now}),
        "finish": (
            group(sql.finish(("failures",))),
            {
                "rows": rows_of([{"id": 5, "expected": "working", "next": "synced", "mark": 1}]),
                **now,
                "due_if_marked": 1.0,
            },
        ),
        "end attempts": (group(sql.END_ATTEMPTS), {"rows": rows_of([{"id": 5}]), **now}),
        "last attempts": (group(sql.LAST_ATTEMPTS), {"rows": rows_of([{"record_id": 5}])}),
        "next due": (sql.NEXT_DUE, {}),
        "owners": (sql.OWNERS, {}),
        "leases kept": (sql.KEEP_LEASES, {"owner": "a", "lease_until": 1.0}),
        "links": (sql.LINKS, lane),
        "abandoned": (sql.ABANDONED, {}),
        "abandoned in a lane": (sql.ABANDONED_IN_LANE, lane),
        "release": (group(sql.RELEASE_LANES), {**lanes, "owner": "a", **now}),
        "fences": (group(sql.HOLD_FENCES), {**lanes, "owner": "a", "lease_until": 1.0}),
        "fence": (sql.HOLD_FENCE, {**lane, **owner}),
        "held elsewhere": (sql.HELD_ELSEWHERE, {**lane, "digest": "d"}),
        "vanished": (sql.VANISHED, {"feed": KURSUS, "enough": 50}),
        "unwritten": (sql.UNWRITTEN, {"feed": KURSUS, "after_id": 0, "limit": 200}),
        "find": (sql.FIND, {"feed": KURSUS, "source_key": "17"}),
        "open attempt": (sql.OPEN_ATTEMPT, {"record_id": 5}),
    }
    for name, (statement, values) in asked.items():
        found = plan(full, statement, values)
        whole_tables = re.findall(
            r"SCAN (?!CONSTANT|vanished|due|first_)\w+$|Seq Scan on (?!attempts)\w+", found, re.MULTILINE
        )
        assert not whole_tables, f"{name} looks through a whole table:\n{found}"


def test_a_morning_of_turns_with_a_full_ledger_touches_the_urgent_lanes_in_order(full: Desk) -> None:
    full.clock.at = 1_000_000.0
    lanes = []
    for _ in range(20):
        claim = full.claim()
        lanes.append(claim.lane)
        assert all(record.lane == claim.lane for record in claim.records)
        full.ledger.recover(claim)
    assert lanes == sorted(lanes)
    assert len(set(lanes)) == 20
