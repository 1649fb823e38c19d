"""Commands that give an order about one record or feed: record retry, send and release, feed release. All are audited."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from simpeg_sync.cli.common import DONE, IN_PART, NUMBER, Shared, actor, pass_shared, printable, said
from simpeg_sync.cli.look import record
from simpeg_sync.config.load import Config
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import NotApproved, NothingMatched, OperatorError
from simpeg_sync.domain.status import Status
from simpeg_sync.insights import masked, rfc3339, without_nips
from simpeg_sync.reasons import sentence


@record.command("retry")
@click.argument("record_id", type=NUMBER)
@click.option("--reason", required=True, callback=said, help="Why; goes into the audit.")
@pass_shared
def record_retry(shared: Shared, record_id: int, reason: str) -> None:
    """Look at one record afresh."""
    _afresh(shared, record_id, reason)


@record.command("send")
@click.argument("record_id", type=NUMBER)
@click.option("--reason", required=True, callback=said, help="Why; goes into the audit.")
@click.option("--explain", is_flag=True, help="Each step with its result and how long it took.")
@pass_shared
def record_send(shared: Shared, record_id: int, reason: str, explain: bool) -> int:
    """Deal with one record now, by the daemon's own code, and say what comes of it.

    Its quiet time is skipped; what leaves, and the proof of it, is as always. Works beside a running daemon, unless that
    has the person right now.
    """
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock
    from simpeg_sync.send_one import Step, send

    config, clock = shared.config, Clock()
    found = _found(config, record_id)
    wiring.configure_logs(config, level="ERROR", stream=sys.stderr)
    ledger = wiring.open_ledger(config, clock)
    steps: list[Step] = []

    def tell(step: Step) -> None:
        steps.append(step)
        if explain and not shared.as_json:
            click.echo(printable(f"{step.name:<9} {step.ms:>9.2f} ms  {step.result}  {step.detail}".rstrip()))

    try:
        if not ledger.is_approved(config.digest):
            raise NotApproved(
                "this configuration is not approved yet, so nothing is sent: look at `simpeg-sync plan`, then "
                "`simpeg-sync plan --approve`"
            )
        claim = ledger.claim_record(record_id, actor=actor(), reason=reason)
        if claim is not None:
            try:
                bkn = wiring.open_bkn(
                    config, clock, ledger, codes=wiring.code_check(config, wiring.open_codes(ledger, clock))
                )
                send(wiring.open_pipeline(config, clock, ledger, bkn).view, claim, tell)
            finally:
                ledger.recover(claim)
                ledger.release(claim)
    finally:
        ledger.close()
    [now] = wiring.open_reader(config).records(_only(record_id))
    data = {
        "record": record_id,
        "person": masked(found["lane"]),
        "status": now["status"],
        "reason": now["reason"],
        "detail": without_nips(now["detail"]),
        "looked_at_again": rfc3339(now["due_at"]),
        "steps": [asdict(step) for step in steps],
    }
    shared.show(data, lambda: click.echo(printable(_end_in_words(data))))
    return DONE if now["status"] in (Status.SYNCED, Status.REMOVED, Status.IGNORED) else IN_PART


def _end_in_words(data: Mapping[str, Any]) -> str:
    why = f": {sentence(data['reason'])}" if data["reason"] else ""
    where = f" ({data['detail']})" if data["detail"] else ""
    when = f" It is decided at {data['looked_at_again']}." if data["status"] == Status.UNCERTAIN else ""
    if data["status"] == Status.WAITING and data["looked_at_again"]:
        when = f" Its next turn comes at {data['looked_at_again']}."
    return f"record {data['record']} is {data['status']}{why}{where}{when}"


@record.command("release")
@click.argument("record_id", type=NUMBER)
@click.option("--reason", required=True, callback=said, help="Why; goes into the audit.")
@click.option("--delete", "delete", is_flag=True, help="Release a delete that waits for a person.")
@pass_shared
def record_release(shared: Shared, record_id: int, reason: str, delete: bool) -> None:
    """Let a held record go on; for a held delete say --delete. For `person.differs`: it is the same person all the same."""
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


def _same_person(shared: Shared, record_id: int, reason: str) -> None:
    """The word that BKN's person is the same one all the same; it holds as long as both sides say what they say now."""
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    ledger = wiring.open_ledger(shared.config, Clock())
    held = ledger.accept_identity(record_id, actor=actor(), reason=reason)
    if held is None:
        raise OperatorError(
            f"record {record_id} is being looked at just now; see `simpeg-sync record show {record_id}`, then try again"
        )
    count = ledger.resync([record_id, *held], actor=actor(), reason=reason)
    shared.show(
        {"record": record_id, "released": True, "resynced": count},
        lambda: click.echo(f"record {record_id}: it is the same person; {count} records wait for their turn"),
    )


def _afresh(shared: Shared, record_id: int, reason: str, *, only_held: bool = False) -> None:
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    config = shared.config
    found = _found(config, record_id)
    if only_held and found["reason"] == "person.differs" and found["status"] == Status.HELD:
        _same_person(shared, record_id, reason)
        return
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
