"""The trail: sealed with everything that is written, and whatever is done to it is found and named."""

import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.errors import LedgerUnfit, LostClaim
from simpeg_sync.domain.move import Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import BknId, Digest, Record
from simpeg_sync.domain.status import Status
from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.store import Pauses, SqlLedger
from simpeg_sync.ledger.trail import HASHED, HEADS_EVERY_S, page_of
from simpeg_sync.ledger.verifying import Verdict, snapshot, verify
from simpeg_sync.ports import Claim, Head

from .conftest import OpenDesk
from .desk import ALICE, BOB, CHARLIE, KURSUS, QUIET_S, SETTLE_S, Desk, ManualClock, key

TRAIL = (*HASHED, "trail_blocks")


def verdict_of(engine: Engine, *heads: str) -> Verdict:
    with snapshot(engine) as connection:
        return verify(connection, heads=heads)


def problems(engine: Engine, *heads: str) -> list[str]:
    return [f"{one.where}: {one.what}" for one in verdict_of(engine, *heads).problems]


def turn(desk: Desk, name: str, nip: Nip) -> tuple[Claim, Record]:
    """The record's turn, whatever else is due."""
    desk.mark(name, nip=nip)
    desk.clock.at += QUIET_S
    claims = {claim.lane: claim for claim in desk.ledger.claim_many(10)}
    claim = claims.pop(nip)
    desk.ledger.release_many(list(claims.values()))
    record = next(one for one in claim.records if one.key == key(name))
    for other in claim.records:
        if other.status is Status.WORKING and other is not record:
            desk.ledger.finish(claim, other, Move.held("unverified"))
    return claim, record


def a_day(desk: Desk, people: Sequence[Any] = (ALICE, BOB, CHARLIE), *, tag: str = "") -> None:
    """A send that is accepted, one that is refused, one whose answer is lost, a record that is held, and orders."""
    ledger, clock = desk.ledger, desk.clock
    for number, nip in enumerate(people):
        claim, record = turn(desk, f"{tag}{number}", nip)
        ledger.note_read(nip, "rw-kursus", "turn")
        attempt = ledger.begin_attempt(claim, desk.intent(record, f"digest {number}"))
        clock.at += 1.25
        if number % 3 == 0:
            made = Move.proved(
                BknId(f"b{tag}{number}"), digest=Digest(f"digest {number}"), confirmed={}, now=clock.at,
                more_to_do=False, wakes=(),
            )  # fmt: skip
            ledger.end_attempt(claim, record, attempt, Outcome.accepted(BknId(f"b{tag}{number}")), made)
        elif number % 3 == 1:
            words = "Tanggal tidak valid \u00e9\u2028"
            move = Move.refused("bkn.required", words, Digest(f"digest {number}"))
            ledger.end_attempt(claim, record, attempt, Outcome.refused("bkn.required", words, http_status=422), move)
        else:
            unclear = Move.unclear("http.504", settle_at=clock.at + SETTLE_S)
            ledger.end_attempt(claim, record, attempt, Outcome.unclear("http.504", http_status=504), unclear)
        ledger.release(claim)
    claim, record = turn(desk, f"{tag}held", people[0])
    ledger.finish(claim, record, Move.held("code.unknown", "unor"))
    ledger.release(claim)
    ledger.audit(actor="charlie", action="bkn.read", target="rw-kursus", reason="asked", person=people[0])
    ledger.resync([record.id], actor="charlie", reason="the code table was extended")


@contextmanager
def free_hand(engine: Engine) -> Iterator[Connection]:
    """Somebody who may do everything with the database, also without the triggers."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            found = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            for name in found:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield connection


# --------------------------------------------------------------------------------------------------------- what is sealed


def test_all_that_happens_is_sealed_and_fits(desk: Desk) -> None:
    a_day(desk)
    verdict = verdict_of(desk.engine)
    assert verdict.problems == []
    assert verdict.rows["events"] == desk.number("SELECT count(*) FROM events") == 8
    assert verdict.rows["audit"] == 2 and verdict.rows["reads"] == 3
    assert (verdict.attempts, verdict.before) == (3, 0)
    unsealed = "SELECT count(*) FROM {} WHERE chain = 0"
    assert [desk.number(unsealed.format(table)) for table in HASHED] == [0, 0, 0, 0]


def test_what_left_about_whom_and_what_came_of_it_stands_in_the_events(desk: Desk) -> None:
    a_day(desk, [ALICE, BOB])
    [intent] = desk.rows("SELECT * FROM events WHERE event = 'intent' AND lane = :lane", lane=BOB)
    facts = json.loads(intent["facts"])
    assert {name: facts[name] for name in ("action", "number", "version", "digest", "feed", "bkn_id")} == {
        "action": "create", "number": 1, "version": 1, "digest": "digest 1", "feed": KURSUS, "bkn_id": None,
    }  # fmt: skip
    [end] = desk.rows("SELECT * FROM events WHERE event = 'refused' AND lane = :lane", lane=BOB)
    facts = json.loads(end["facts"])
    assert (facts["outcome"], facts["code"], facts["http_status"], facts["is_end"]) == (
        "refused",
        "bkn.required",
        422,
        True,
    )
    assert "Tanggal" not in end["facts"], "BKN's words stand in the attempt, here only their hash"
    [proved] = desk.rows("SELECT facts FROM events WHERE event = 'proved'")
    assert json.loads(proved["facts"])["bkn_id"] == "b0"


def test_a_read_stands_there_before_anything_of_the_person_leaves_and_once(desk: Desk) -> None:
    claim, record = desk.taken("1", nip=ALICE)
    for what in ("rw-kursus", "rw-kursus", "person"):
        desk.ledger.note_read(ALICE, what, "turn")
    desk.ledger.note_read(ALICE, "rw-diklat", "settle")
    desk.ledger.note_read(BOB, "rw-kursus", "turn")
    desk.ledger.begin_attempt(claim, desk.intent(record))
    found = desk.rows("SELECT lane, what, why, actor FROM reads ORDER BY id")
    assert [tuple(row.values()) for row in found] == [
        (ALICE, "rw-kursus, person", "turn", "daemon"), (ALICE, "rw-diklat", "settle", "daemon"),
    ]  # fmt: skip
    desk.ledger.say_reads("charlie")
    desk.ledger.say_reads("charlie")
    assert [row["lane"] for row in desk.rows("SELECT lane FROM reads WHERE actor = 'charlie'")] == [BOB]


def test_a_read_whose_order_is_not_written_is_not_forgotten(desk: Desk, open_desk: OpenDesk) -> None:
    claim, record = desk.taken("1", nip=ALICE)
    desk.run("UPDATE lanes SET fence = fence + 1")
    desk.ledger.note_read(ALICE, "rw-kursus", "turn")
    with pytest.raises(LostClaim):
        desk.ledger.finish(claim, record, Move.held("unverified"))
    assert desk.rows("SELECT * FROM reads") == []
    desk.ledger.seal()
    assert [row["what"] for row in desk.rows("SELECT what FROM reads")] == ["rw-kursus"]
    assert problems(desk.engine) == []


def test_what_is_written_together_is_one_block_and_nothing_written_is_none(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    desk.ledger.audit(actor="a", action="x", target="y")
    before = desk.number("SELECT count(*) FROM trail_blocks")
    desk.ledger.set_note("name", "value")
    assert desk.number("SELECT count(*) FROM trail_blocks") == before
    desk.mark(*(str(n) for n in range(50)))
    desk.run("UPDATE records SET status = 'held'")
    desk.ledger.resync(list(range(1, 51)), actor="a", reason="r")
    assert desk.number("SELECT count(*) FROM trail_blocks") == before + 1
    assert (
        json.loads(desk.rows("SELECT content FROM trail_blocks ORDER BY number DESC LIMIT 1")[0]["content"])["events"][
            0
        ]
        == 50
    )


def test_an_order_that_fails_leaves_no_hole(desk: Desk) -> None:
    desk.ledger.audit(actor="a", action="first", target="")

    def failing(connection: Connection) -> float:
        page_of(connection).add(connection, "audit", 1.0, [ROW])
        return 1 / 0

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            desk.ledger.writer.write(failing)
    with pytest.raises(LedgerUnfit):
        desk.ledger.writer.write(lambda c: c.execute(text("INSERT INTO notes (name) VALUES (NULL)")))
    desk.ledger.audit(actor="a", action="second", target="")
    assert problems(desk.engine) == []
    assert [row["action"] for row in desk.reader.audit()] == ["second", "first"]


ROW = {"actor": "a", "action": "lost", "target": "", "reason": "", "detail": "", "person": ""}


def test_words_that_no_database_takes_do_not_break_the_trail(desk: Desk) -> None:
    desk.ledger.audit(actor="a\x00b", action="x", target="\udcff", reason='"\\\n\u2028\U0001f600')
    desk.ledger.note_read('?kursus["\u00e9"]', "rw", "turn")
    desk.ledger.seal()
    assert problems(desk.engine) == []


# ------------------------------------------------------------------------------------------------ whatever is done is found


@pytest.mark.parametrize("table", [*HASHED, "trail_blocks"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET chain = chain", "DELETE FROM {}"])
def test_the_database_lets_nobody_change_or_remove_a_row(desk: Desk, table: str, verb: str) -> None:
    a_day(desk, [ALICE])
    desk.ledger.seal()
    before = desk.rows(f"SELECT * FROM {table}")
    assert before or table == "trail_heads"
    if before:
        with pytest.raises(DBAPIError, match="append-only"), desk.engine.begin() as connection:
            connection.execute(text(verb.format(table)))
    assert desk.rows(f"SELECT * FROM {table}") == before


@pytest.mark.parametrize("table", TRAIL)
def test_postgresql_lets_nobody_empty_a_table_either(postgres_desk: Desk, table: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), postgres_desk.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {table}"))


def another(value: Any, chance: random.Random) -> Any:
    """The least change of a value."""
    match value:
        case None:
            return 1
        case float():
            return value + chance.choice([-0.001, 0.001, 3600.0])
        case int():
            return value + chance.choice([-1, 1, 1_000_000])
        case _:
            where = chance.randrange(len(value) + 1)
            return value[:where] + "x" + value[where + 1 :]


def tampering(connection: Connection, chance: random.Random) -> str:
    """One single thing somebody might do; says what. Empty when it came to nothing."""
    table = chance.choice(TRAIL)
    rows = [dict(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2")).mappings()]
    if not rows:
        return ""
    row = chance.choice(rows)
    if table == "trail_blocks":
        where, key = "chain = :chain_ AND number = :number_", {"chain_": row["chain"], "number_": row["number"]}
    else:
        where, key = "id = :id_", {"id_": row["id"]}
    match chance.choice(["change", "change", "change", "remove", "swap", "insert"]):
        case "change":
            column = chance.choice(list(row))
            value = another(row[column], chance)
            taken = [{**one, column: value} for one in rows if one == row]
            if value == row[column] or any(_key(table, one) == _key(table, taken[0]) for one in rows if one != row):
                return ""
            values = {"value": value, **key}
            connection.execute(text(f"UPDATE {table} SET {column} = :value WHERE {where}"), values)
            return f"{table}.{column} of {key}: {row[column]!r} -> {value!r}"
        case "remove":
            connection.execute(text(f"DELETE FROM {table} WHERE {where}"), key)
            return f"{table}: {key} removed"
        case "swap":
            other = chance.choice(rows)
            content = [name for name in row if name not in ("id", "number")]
            if all(row[name] == other[name] for name in content) or table == "trail_blocks":
                return ""
            for one, by in ((row, other), (other, row)):
                sets = ", ".join(f"{name} = :{name}" for name in content)
                values = {name: by[name] for name in content}
                connection.execute(text(f"UPDATE {table} SET {sets} WHERE id = :id_"), {**values, "id_": one["id"]})
            return f"{table}: {row['id']} and {other['id']} swapped"
        case _:
            new = {name: value for name, value in row.items() if name != "id"}
            if table == "trail_blocks":
                new["number"] = max(one["number"] for one in rows if one["chain"] == row["chain"]) + 1
            names = ", ".join(new)
            into = f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in new)})"
            connection.execute(text(into), new)
            return f"{table}: {key} put in again"


def _key(table: str, row: dict[str, Any]) -> Any:
    return (row["chain"], row["number"]) if table == "trail_blocks" else row["id"]


@contextmanager
def undone(engine: Engine) -> Iterator[Connection]:
    """A free hand, and afterwards all is as before."""
    try:
        with free_hand(engine) as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            yield connection
            raise Undone
    except Undone:
        pass


class Undone(Exception):
    pass


def test_any_single_change_is_found_and_none_falsely(desk: Desk, open_desk: OpenDesk) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    a_day(desk)
    other = open_desk(desk.url, owner="other", clock=desk.clock)
    other.ledger.audit(actor="dora", action="bkn.read", target="rw-kursus", person=BOB)
    a_day(desk, tag="b")
    desk.ledger.seal()
    assert problems(desk.engine) == []
    done = 0
    while done < 150:
        with undone(desk.engine) as connection:
            what = tampering(connection, chance)
            if what:
                assert not verify(connection).is_whole, f"seed {seed}: not found: {what}"
                done += 1
    assert problems(desk.engine) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempts SET digest = 'another' WHERE id = 1",
        "UPDATE attempts SET action = 'update' WHERE id = 1",
        "UPDATE attempts SET number = 7 WHERE id = 2",
        "UPDATE attempts SET bkn_id = 'b' WHERE id = 1",
        "UPDATE attempts SET outcome = 'accepted' WHERE id = 2",
        "UPDATE attempts SET outcome = 'accepted' WHERE id = 3",
        "UPDATE attempts SET outcome = 'accepted', ended_at = started_at + 1 WHERE id = 3",
        "UPDATE attempts SET ended_at = NULL, body = '{}' WHERE id = 1",
        "UPDATE attempts SET http_status = 200 WHERE id = 2",
        "UPDATE attempts SET message = 'OK' WHERE id = 2",
        "UPDATE attempts SET started_at = started_at + 0.5 WHERE id = 3",
        "DELETE FROM attempts WHERE id = 2",
        "INSERT INTO attempts (record_id, number, version, action, digest, started_at) VALUES (1, 9, 9, 'create', 'd', 1)",
    ],
)
def test_an_attempt_that_is_not_as_it_was_sealed_is_found(desk: Desk, statement: str) -> None:
    a_day(desk)
    desk.run(statement)
    assert any("attempt" in one for one in problems(desk.engine))


def test_the_first_bad_place_is_named(desk: Desk) -> None:
    a_day(desk)
    with free_hand(desk.engine) as connection:
        connection.execute(text("UPDATE events SET reason = 'unverified' WHERE id = 5"))
    [problem] = problems(desk.engine)
    [row] = desk.rows("SELECT chain, block FROM events WHERE id = 5")
    assert f"chain {row['chain']}, block {row['block']}" in problem and "row" in problem and "changed" in problem
    with free_hand(desk.engine) as connection:
        connection.execute(text("DELETE FROM trail_blocks WHERE chain = 1 AND number = 3"))
    assert problems(desk.engine)[0].startswith("chain 1, block 3: it is missing")


def cut(connection: Connection, after: Head) -> None:
    """The end of a chain, with all that was written after it, and nothing that would be broken by itself."""
    for table in HASHED:
        connection.execute(
            text(f"DELETE FROM {table} WHERE chain = :chain AND block > :number"),
            {"chain": after.chain, "number": after.number},
        )
    connection.execute(
        text("DELETE FROM trail_blocks WHERE chain = :chain AND number > :number"),
        {"chain": after.chain, "number": after.number},
    )


def test_an_end_that_was_cut_off_shows_in_another_chain(desk: Desk, open_desk: OpenDesk) -> None:
    early = desk.ledger.seal()
    desk.ledger.audit(actor="charlie", action="bkn.read", target="rw-kursus", person=ALICE)
    other = open_desk(desk.url, owner="other", clock=desk.clock)
    seen = other.ledger.seal()
    with free_hand(desk.engine) as connection:
        cut(connection, early)
    [problem] = problems(desk.engine)
    assert f"block {early.number + 1}: it was cut off: chain {seen.chain}, block {seen.number} has seen it" in problem


def test_a_chain_that_is_gone_as_a_whole_is_missed(desk: Desk, open_desk: OpenDesk) -> None:
    desk.ledger.seal()
    other = open_desk(desk.url, owner="other", clock=desk.clock)
    gone = other.ledger.seal()
    third = open_desk(desk.url, owner="third", clock=desk.clock)
    third.ledger.seal()
    with free_hand(desk.engine) as connection:
        cut(connection, Head(gone.chain, -1, ""))
    assert f"chain {gone.chain}: it is missing as a whole" in problems(desk.engine)


def test_everything_after_a_moment_was_cut_and_only_who_kept_a_head_can_tell(desk: Desk) -> None:
    early = desk.ledger.seal()
    a_day(desk)
    kept = desk.ledger.seal()
    assert problems(desk.engine, early.hash, kept.hash, kept.hash[:16]) == []
    moment = desk.rows("SELECT at FROM trail_blocks WHERE hash = :hash", hash=early.hash)[0]["at"]
    with free_hand(desk.engine) as connection:
        doomed = connection.execute(text("SELECT DISTINCT chain FROM trail_blocks WHERE chain > 0")).scalars().all()
        for chain in doomed:
            left = connection.execute(
                text("SELECT max(number) FROM trail_blocks WHERE chain = :chain AND at <= :at"),
                {"chain": chain, "at": moment},
            ).scalar()
            cut(connection, Head(chain, -1 if left is None else left, ""))
        connection.execute(text("DELETE FROM attempts"))
    assert problems(desk.engine) == [], "the ledger itself shows nothing"
    [problem] = problems(desk.engine, kept.hash)
    assert "the end of the trail was cut off" in problem


def test_a_writer_that_goes_on_after_its_end_was_cut_shows_it(desk: Desk) -> None:
    early = desk.ledger.seal()
    desk.ledger.audit(actor="charlie", action="x", target="y")
    with free_hand(desk.engine) as connection:
        cut(connection, early)
    desk.ledger.audit(actor="charlie", action="x", target="z")
    assert any("is missing" in one for one in problems(desk.engine))


# ----------------------------------------------------------------------------------------------------- several at once


def test_two_daemons_on_one_ledger_have_a_chain_each_and_see_each_other(
    postgres_desk: Desk, open_desk: OpenDesk
) -> None:
    desk = postgres_desk
    other = open_desk(desk.url, owner="bob", clock=desk.clock)
    desk.ledger.seal()
    other.ledger.seal()
    for number in range(10):
        for one in (desk, other):
            one.mark(f"{one.owner} {number}", nip=ALICE if one is desk else BOB)
            desk.clock.at += QUIET_S
            claim = one.claim()
            one.ledger.finish(claim, claim.records[0], Move.held("unverified"))
            one.ledger.release(claim)
    desk.ledger.seal()
    other.ledger.seal()
    verdict = verdict_of(desk.engine)
    assert verdict.problems == []
    assert verdict.chains >= 3
    writers = {row["writer"] for row in desk.rows("SELECT writer FROM trail_blocks WHERE number = 0")}
    assert {"alice", "bob"} <= writers


def test_a_rolled_back_and_a_waiting_transaction_do_not_mix_up_the_order(postgres_desk: Desk) -> None:
    """Ids of rows are given before the commit, and several transactions are open at once."""
    desk, meet = postgres_desk, threading.Barrier(2, timeout=10)

    def slow(connection: Connection) -> None:
        page_of(connection).add(connection, "audit", 1.0, [{**ROW, "action": "slow"}])
        meet.wait()
        meet.wait()
        page_of(connection).add(connection, "audit", 1.5, [{**ROW, "action": "slow"}])

    desk.ledger.audit(actor="a", action="open", target="")
    thread = threading.Thread(target=lambda: desk.ledger.writer.write(slow))
    thread.start()
    meet.wait()
    desk.ledger.audit(actor="a", action="quick", target="")
    meet.wait()
    thread.join()
    assert problems(desk.engine) == []
    assert verdict_of(desk.engine).rows["audit"] == 4


def test_verify_looks_at_one_moment_while_others_write(desk: Desk) -> None:
    a_day(desk)
    with snapshot(desk.engine) as connection:
        connection.execute(text("SELECT count(*) FROM events")).scalar()
        a_day(desk, tag="later")
        assert verify(connection).problems == []


def test_the_ends_of_others_are_looked_for_every_so_often(desk: Desk, open_desk: OpenDesk, monkeypatch: Any) -> None:
    monotonic = [1000.0]
    monkeypatch.setattr(type(desk.clock), "monotonic", lambda _: monotonic[0])
    desk.ledger.audit(actor="a", action="x", target="")
    other = open_desk(desk.url, owner="other", clock=desk.clock)
    other.ledger.audit(actor="a", action="x", target="")
    desk.ledger.audit(actor="a", action="x", target="")
    seen = "SELECT count(*) FROM trail_heads WHERE saw_chain = 2"
    assert desk.number(seen) == 0
    monotonic[0] += HEADS_EVERY_S + 1
    desk.ledger.audit(actor="a", action="x", target="")
    desk.ledger.audit(actor="a", action="x", target="")
    assert desk.number(seen) == 1


def test_the_state_of_a_record_is_not_part_of_the_trail(desk: Desk) -> None:
    a_day(desk)
    desk.put(Status.HELD, "0")
    assert problems(desk.engine) == []


# ------------------------------------------------------------------------------------------------------ older ledgers


def before_the_trail(engine: Engine) -> None:
    """A ledger of the release before, in which things have happened."""
    config = schema._config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE_TRAIL)
        connection.commit()
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO records (feed, source_key, lane, status, since, marked_at, dirty_since) "
            "VALUES ('kursus', '[\"1\"]', '199001012015041001', 'synced', 1, 1, 1)",
            "INSERT INTO attempts (record_id, number, version, action, digest, started_at, ended_at, outcome) "
            "VALUES (1, 1, 1, 'create', 'd', 1, 2, 'accepted')",
            "INSERT INTO events (at, record_id, event, status, attempt_id) VALUES (1755000000.123456, 1, 'intent', 'sending', 1)",
            "INSERT INTO events (at, record_id, event, status, attempt_id) VALUES (1755000001.7, 1, 'proved', 'synced', 1)",
            "INSERT INTO audit (at, actor, action, target) VALUES (1755000002.1, 'charlie', 'plan.approve', 'plan 1')",
        ):
            connection.exec_driver_sql(statement)


BEFORE_TRAIL = "0008"


def test_what_is_older_than_the_trail_is_sealed_as_it_is_and_counted_apart(empty_url: str) -> None:
    engine = open_engine(empty_url, create=True)
    before_the_trail(engine)
    schema.upgrade(engine)
    verdict = verdict_of(engine)
    assert (verdict.problems, verdict.before, verdict.blocks) == ([], 3, 1)
    ledger = SqlLedger(engine, ManualClock(), owner="alice", pauses=Pauses())
    ledger.resync([1], actor="charlie", reason="afresh")
    assert (problems(engine), verdict_of(engine).before) == ([], 3)
    for statement in (
        "UPDATE audit SET actor = 'dora' WHERE id = 1",
        "UPDATE events SET at = at + 1 WHERE id = 2",
        "DELETE FROM events WHERE id = 1",
        "INSERT INTO audit (at, actor, action) VALUES (1, 'a', 'b')",
    ):
        with undone(engine) as connection:
            connection.exec_driver_sql(statement)
            assert verify(connection).problems[0].where.endswith("chain 0, block 0")
    ledger.close()


def test_a_ledger_that_is_copied_while_it_is_written_has_a_whole_trail(sqlite_desk: Desk, tmp_path: Path) -> None:
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            sqlite_desk.ledger.audit(actor="a", action="x", target="y")

    thread = threading.Thread(target=write)
    thread.start()
    for number in range(5):
        with sqlite_desk.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM INTO '{tmp_path}/copy-{number}.db'")
    done.set()
    thread.join()
    for number in range(5):
        copy = open_engine(f"sqlite:///{tmp_path}/copy-{number}.db")
        assert problems(copy) == []
        copy.dispose()


def test_the_trail_costs_no_other_order_of_magnitude(sqlite_desk: Desk) -> None:
    """How much exactly `make trail` measures; here only that nothing about it has become slow."""
    desk = sqlite_desk
    desk.mark(*(str(n) for n in range(500)))
    desk.run("UPDATE records SET status = 'held'")
    costs: dict[bool, float] = {}
    for is_off in (True, False, True, False):
        desk.ledger.trail.is_off = is_off
        began = time.process_time()
        for _ in range(4):
            desk.ledger.resync(range(1, 501), actor="a", reason="r")
        costs[is_off] = min(costs.get(is_off, 1e9), time.process_time() - began)
    assert costs[False] < 3 * costs[True]
