"""What only PostgreSQL's way of reading the log can get wrong: another server behind the same address."""

import json

import pytest
from tests.small_simpeg import Follower, Simpeg, add_kursus, kursus

from simpeg_sync.domain.errors import HistoryLost


def changed(cursor: str, **fields: object) -> str:
    return json.dumps({**json.loads(cursor), **fields})


@pytest.mark.parametrize("fields", [{"cluster": "7000000000000000000"}, {"since": "9000000000:9000000000:"}])
def test_a_cursor_of_another_server_or_an_earlier_state_is_history_lost(pg: Simpeg, fields: dict[str, object]) -> None:
    """A dump restored elsewhere keeps the log's rows but not the meaning of their transaction ids."""
    pg.install()
    follower = Follower(pg)
    follower.cursor = changed(follower.cursor, **fields)
    with pytest.raises(HistoryLost, match="not the server"):
        follower.look()


def test_rows_that_come_while_a_window_is_read_wait_for_the_next(pg: Simpeg) -> None:
    pg.install()
    follower = Follower(pg)
    pg.run(*(add_kursus(id_) for id_ in range(1, 5)))
    first = follower.capture.changes(follower.cursor, limit=3)
    pg.run(add_kursus(9))
    second = follower.capture.changes(first.cursor, limit=3)
    third = follower.capture.changes(second.cursor, limit=3)
    assert [len(batch.changes) for batch in (first, second, third)] == [3, 1, 1]
    assert (first.more, second.more, third.more) == (True, True, False)
    assert {("kursus", change.key) for change in third.changes} == kursus(9)


def test_a_rolled_back_savepoint_keeps_the_rows_around_it(pg: Simpeg) -> None:
    """Trigger and savepoint run in subtransactions; the log row carries the id of the whole transaction."""
    pg.install()
    follower = Follower(pg)
    pg.run(
        "SAVEPOINT a",
        add_kursus(1),
        "RELEASE a",
        "SAVEPOINT b",
        add_kursus(2),
        "ROLLBACK TO b",
        add_kursus(3),
    )
    assert follower.look() == kursus(1, 3)


def test_a_prepared_transaction_comes_when_it_is_committed(pg: Simpeg) -> None:
    pg.install()
    follower = Follower(pg)
    with pg.application.connect() as connection:
        connection.exec_driver_sql(add_kursus(1))
        connection.exec_driver_sql("PREPARE TRANSACTION 'later'")
    pg.run(add_kursus(2))
    assert follower.look() == kursus(2)
    with pg.application.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("COMMIT PREPARED 'later'")
    assert follower.look() == kursus(1)
