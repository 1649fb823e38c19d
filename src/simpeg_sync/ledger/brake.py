"""The brake of a feed in the ledger: counted in the transaction that stores the intent, so that all workers share it and a
restart forgets nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping

from simpeg_sync import logs
from simpeg_sync.domain.brake import RELEASED_FOR_S, Counted, Kind, command
from simpeg_sync.domain.move import Intent
from simpeg_sync.domain.record import Action
from simpeg_sync.ledger import statements as sql

SHOWN_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Stop:
    """The write must not leave."""

    kind: Kind
    count: int = 0
    most: int = 0
    is_new: bool = False

    def say(self, feed: str) -> None:
        if self.is_new:
            logs.get().error(
                "feed.braked", feed=feed, action=self.kind, count=self.count, limit=self.most, remedy=command(feed)
            )


def stops(connection: Connection, intents: Sequence[Intent], now: float) -> dict[int, Stop | None]:
    """For each intent, by its identity: why it must not leave. What may leave is counted."""
    found: dict[int, Stop | None] = {}
    alike: dict[tuple[str, Kind | None, Action], list[Intent]] = {}
    for intent in intents:
        found[id(intent)] = None
        if intent.counted is not None:
            alike.setdefault((intent.record.feed, intent.counted.kind, intent.action), []).append(intent)
    pulled = {row.feed for row in connection.execute(sql.PULLED)} if alike else set()
    for (feed, kind, _), some in alike.items():
        if feed not in pulled and (kind is None or _are_far_from_it(connection, some, now)):
            continue
        for intent in some:
            assert intent.counted is not None
            found[id(intent)] = stop(connection, intent, intent.counted, now)
    return found


def _are_far_from_it(connection: Connection, intents: Sequence[Intent], now: float) -> bool:
    """Whether all of them may leave without a second look; they are counted then, else nothing is."""
    counted, number = intents[0].counted, len(intents)
    assert counted is not None and counted.kind is not None
    rows = counted.limits.rows(counted.kind)
    if rows is None:
        return True
    if number == 1 or intents[0].action is Action.DELETE:
        return False
    count = {"feed": intents[0].record.feed, "now": now, "deletes": 0, "window_s": counted.limits.window_s}
    after = connection.execute(sql.COUNT_WRITE, {**count, "updates": number}).mappings().one()
    if after["lifted_until"] is not None and now < after["lifted_until"]:
        return True
    if after["updates"] <= rows or after["updates"] <= _most(connection, counted, counted.kind, after, now):
        return True
    connection.execute(sql.COUNT_WRITE, {**count, "updates": -number})
    return False


def stop(connection: Connection, intent: Intent, counted: Counted, now: float) -> Stop | None:
    """None when the write may leave; it is counted then."""
    feed, kind, limits = intent.record.feed, counted.kind, counted.limits
    standing = connection.execute(sql.BRAKE, {"feed": feed}).mappings().first()
    if standing is not None and standing["pulled_at"] is not None:
        by: Kind = standing["pulled_by"]
        return Stop(by) if by == "change" or kind == "vanish" else None
    if kind is None or (rows := limits.rows(kind)) is None:
        return None
    is_delete = intent.action is Action.DELETE
    one = {"feed": feed, "now": now, "deletes": int(is_delete), "updates": int(not is_delete)}
    after = connection.execute(sql.COUNT_WRITE, {**one, "window_s": limits.window_s}).mappings().one()
    if after["lifted_until"] is not None and now < after["lifted_until"]:
        return None
    left = after["deletes"] if is_delete else after["updates"]
    is_waiting = is_delete and intent.record.gone_since is not None

    def count(enough: int) -> int:
        # What has vanished and waits for its turn counts before the first delete leaves; this one is among them.
        return int(left) + (_vanished(connection, feed, enough) - is_waiting if is_delete else 0)

    if count(rows + 2) <= rows or count((most := _most(connection, counted, kind, after, now)) + 2) <= most:
        return None
    number = count(SHOWN_MAX)
    connection.execute(sql.PULL_BRAKE, {"feed": feed, "now": now, "kind": kind, "count": number, "most": most})
    return Stop(kind, number, most, is_new=True)


def allow(connection: Connection, feeds: Iterable[str], now: float) -> None:
    until = now + RELEASED_FOR_S
    for feed in feeds:
        connection.execute(sql.ALLOW_FEED, {"feed": feed, "now": now, "lifted_until": until})


def lift(connection: Connection, feed: str, now: float) -> bool:
    values = {"feed": feed, "now": now, "lifted_until": now + RELEASED_FOR_S}
    return bool(connection.execute(sql.LIFT_BRAKE, values).rowcount)


def _vanished(connection: Connection, feed: str, enough: int) -> int:
    return int(connection.execute(sql.VANISHED, {"feed": feed, "enough": enough}).scalar_one())


def _most(connection: Connection, counted: Counted, kind: Kind, brake: RowMapping, now: float) -> int:
    return counted.limits.most(kind, _size(connection, brake, now, counted.limits.window_s))


def _size(connection: Connection, brake: RowMapping, now: float, window_s: float) -> int:
    """Records of the feed; counting them reads an index of all, so it is done once a window."""
    if brake["sized_at"] is not None and brake["sized_at"] + window_s > now:
        return int(brake["size"])
    size = int(connection.execute(sql.SIZE_OF_FEED, {"feed": brake["feed"]}).scalar_one())
    connection.execute(sql.NOTE_SIZE, {"feed": brake["feed"], "size": size, "now": now})
    return size
