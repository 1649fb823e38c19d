"""Commands that give an order about one record or feed: record retry and release, feed release. All are audited."""

from collections.abc import Mapping
from typing import Any

import click

from simpeg_sync.cli.common import NUMBER, Shared, actor, pass_shared, said
from simpeg_sync.cli.look import record
from simpeg_sync.config.load import Config
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import NothingMatched, OperatorError
from simpeg_sync.domain.status import Status
from simpeg_sync.insights import masked


@record.command("retry")
@click.argument("record_id", type=NUMBER)
@click.option("--reason", required=True, callback=said, help="Why; goes into the audit.")
@pass_shared
def record_retry(shared: Shared, record_id: int, reason: str) -> None:
    """Look at one record afresh."""
    _afresh(shared, record_id, reason)


@record.command("release")
@click.argument("record_id", type=NUMBER)
@click.option("--reason", required=True, callback=said, help="Why; goes into the audit.")
@click.option("--delete", "delete", is_flag=True, help="Release a delete that waits for a person.")
@pass_shared
def record_release(shared: Shared, record_id: int, reason: str, delete: bool) -> None:
    """Let a held record go on; for a held delete say --delete."""
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    if not delete:
        _afresh(shared, record_id, reason, only_held=True)
        return
    config = shared.config
    found = _found(config, record_id)
    if not wiring.open_ledger(config, Clock()).release_delete(record_id, actor=actor(), reason=reason):
        raise OperatorError(
            f"record {record_id} is not a delete that waits for a person: it is {_state(found)}. "
            f"See `simpeg-sync record show {record_id}`"
        )
    shared.show({"record": record_id, "released": True}, lambda: click.echo(f"record {record_id}: its delete goes on"))


def _afresh(shared: Shared, record_id: int, reason: str, *, only_held: bool = False) -> None:
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    config = shared.config
    found = _found(config, record_id)
    if only_held and found["status"] != Status.HELD:
        raise OperatorError(
            f"record {record_id} is not held: it is {_state(found)}. `record retry` looks at it afresh all the same"
        )
    if only_held and found["reason"] == "delete.needs_release":
        raise OperatorError(
            f"record {record_id} waits for a word on its delete; say `record release {record_id} --delete`"
        )
    if not wiring.open_ledger(config, Clock()).resync([record_id], actor=actor(), reason=reason):
        raise OperatorError(
            f"record {record_id} of {masked(found['lane'])} is {_state(found)}, so a write is under way or not decided yet; "
            "it goes on by itself, try again later"
        )
    shared.show({"record": record_id, "resynced": True}, lambda: click.echo(f"record {record_id} waits for its turn"))


def _found(config: Config, record_id: int) -> Mapping[str, Any]:
    from simpeg_sync import wiring

    found = wiring.open_reader(config).records(_only(record_id))
    if not found:
        raise NothingMatched(f"there is no record {record_id}; `simpeg-sync record list` shows their numbers")
    return found[0]


def _state(found: Mapping[str, Any]) -> str:
    return f"{found['status']} ({found['reason']})" if found["reason"] else str(found["status"])


def _only(record_id: int) -> Any:
    from simpeg_sync.ledger.reading import RecordFilter

    return RecordFilter(record_id)


@click.group()
def feed() -> None:
    """One feed: lift its brake."""


@feed.command("release")
@click.argument("name")
@click.option("--reason", required=True, callback=said, help="Why; goes into the audit.")
@pass_shared
def feed_release(shared: Shared, name: str, reason: str) -> None:
    """Let a feed go on that has stopped by itself, because too many of its rows vanished or changed at once.

    Look first: `simpeg-sync record list --feed NAME --reason feed.braked`. The word holds for a day.
    """
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    config = shared.config
    count = wiring.open_ledger(config, Clock()).release_feed(FeedName(name), actor=actor(), reason=reason)
    if count is None:
        known = "" if name in config.feeds else f"; there is no such feed ({', '.join(sorted(config.feeds))})"
        raise OperatorError(f"feed {name} has not stopped{known}. `simpeg-sync status` names those that have")
    shared.show(
        {"feed": name, "released": count},
        lambda: click.echo(f"feed {name} goes on; {count} records wait for their turn"),
    )


COMMANDS = (feed,)
