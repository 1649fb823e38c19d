"""Commands that give an order: plan and its approval, resync, record retry and release. All are audited."""

import json
from collections.abc import Mapping
from typing import Any

import click

from simpeg_sync.cli.common import NUMBER, Shared, actor, confirm, pass_shared, said, say, table
from simpeg_sync.cli.look import STATUSES, insights, print_brakes, record
from simpeg_sync.config.load import Config
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import NothingMatched, OperatorError
from simpeg_sync.domain.status import Status
from simpeg_sync.insights import masked, without_nips

GONE_AT_BKN = "conflict.gone_at_bkn"


@click.command()
@click.option("--approve", is_flag=True, help="Approve the newest plan of this configuration: sending may begin.")
@click.option("--reason", default="", help="Why, for the audit.")
@click.option(
    "--look",
    "persons",
    default=25,
    show_default=True,
    type=click.IntRange(min=0),
    help="Persons to look up at BKN for the estimate.",
)
@pass_shared
def plan(shared: Shared, approve: bool, reason: str, persons: int) -> None:
    """What would be done, before anything is done.

    A new configuration only observes until its plan has been looked at and approved.
    """
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    config, clock = shared.config, Clock()
    wiring.configure_logs(config, level="ERROR")
    ledger = wiring.open_ledger(config, clock)
    if approve:
        latest = wiring.open_reader(config).latest_plan()
        if latest is None or latest["configuration"] != config.digest:
            raise OperatorError("there is no plan of this configuration yet; make one with `simpeg-sync plan`")
        ledger.approve_plan(latest["id"], actor=actor(), reason=reason)
        shared.show({"plan": latest["id"], "approved": True}, lambda: click.echo(f"plan {latest['id']} approved"))
        return
    from simpeg_sync.planner import Planner

    codes = wiring.code_check(config, wiring.open_codes(ledger, clock))
    bkn = wiring.open_bkn(config, clock, ledger, codes=codes)
    pipeline = wiring.open_pipeline(config, clock, ledger, bkn)
    summary = Planner(pipeline, config.settings.bkn.calls_per_second, persons).make()
    ledger.say_reads(actor())
    summary["brakes"] = insights(shared).brakes()
    kept = without_nips(_as_text(summary))  # the keys of its examples may hold persons
    plan_id = ledger.add_plan(config.digest, kept)
    summary = json.loads(kept)
    shared.show({"plan": plan_id, **summary}, lambda: _print_plan(plan_id, summary))


def _as_text(summary: Mapping[str, Any]) -> str:
    return json.dumps(summary, ensure_ascii=False)


def _print_plan(plan_id: int, summary: Mapping[str, Any]) -> None:
    from simpeg_sync.reasons import sentence

    click.echo(f"Plan {plan_id}: nothing has been sent.\n")
    rows = [
        [feed, action.replace("_", " "), count, ", ".join(of_feed["examples"].get(action, []))]
        for feed, of_feed in summary["feeds"].items()
        for action, count in of_feed["actions"].items()
    ]
    table(["feed", "action", "rows", "for instance"], rows)
    reasons = [
        [r["count"], feed, r["reason"], r["detail"], sentence(r["reason"])]
        for feed, of_feed in summary["feeds"].items()
        for r in of_feed["reasons"]
    ]
    if reasons:
        click.echo()
        table(["held", "feed", "reason", "where", "what it means"], reasons)
    print_brakes(summary["brakes"])
    estimate = summary["estimate"]
    exactness = "" if estimate["is_exact"] else f" (estimated from {summary['persons_looked_at']} persons)"
    click.echo(
        f"\n{estimate['writes']} writes and about {estimate['reads_about']} reads{exactness}, "
        f"about {estimate['minutes']} min at the configured pace."
    )
    if summary["bkn_problem"]:
        say(f"BKN could not be looked at: {summary['bkn_problem']}")
    click.echo("Approve it with: simpeg-sync plan --approve --reason '...'")


@click.command()
@click.option("--person", help="NIP, 18 digits.")
@click.option("--feed")
@click.option("--record", "record_id", type=NUMBER)
@click.option("--status", "wanted_status", type=STATUSES, help="All records in that state.")
@click.option("--all", "everything", is_flag=True, help="All records; instead of a filter.")
@click.option("--overwrite", is_flag=True, help="SIMPEG wins over what another hand changed at BKN.")
@click.option("--documents", is_flag=True, help="Send certificates again too.")
@click.option("--recreate", is_flag=True, help="Of these, rows that are gone at BKN: match or create them anew.")
@click.option("--dry-run", is_flag=True, help="Only say what it would concern.")
@click.option("--reason", callback=said, help="Why; goes into the audit. Required.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_shared
def resync(
    shared: Shared,
    person: str | None,
    feed: str | None,
    record_id: int | None,
    wanted_status: str | None,
    everything: bool,
    overwrite: bool,
    documents: bool,
    recreate: bool,
    dry_run: bool,
    reason: str | None,
    yes: bool,
) -> None:
    """Look at records afresh: read SIMPEG, compare with BKN, send only what differs."""
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock
    from simpeg_sync.ledger.reading import RecordFilter

    wanted = RecordFilter(record_id, person, feed, wanted_status, GONE_AT_BKN if recreate else None)
    if (record_id, person, feed, wanted_status) == (None, None, None, None) and not everything:
        raise click.UsageError("say which records: --person, --feed, --record, --status, or --all")
    if not dry_run and not reason:
        raise click.UsageError("say why with --reason; it goes into the audit")
    config = shared.config
    reader = wiring.open_reader(config)
    records, persons = reader.count(wanted)
    if records == 0:
        which = f"no record with the reason {GONE_AT_BKN} fits" if recreate else "no record fits"
        raise NothingMatched(f"{which}; `simpeg-sync status` shows what there is")
    calls = records + persons * len(config.feeds)
    minutes = round(calls / config.settings.bkn.calls_per_second / 60, 1)
    what = {"records": records, "persons": persons, "calls_at_most": calls, "minutes": minutes}
    if dry_run:
        shared.show({"dry_run": True, **what}, lambda: click.echo(_concerns(what)))
        return
    say(_concerns(what))
    confirm(records, "records", yes=yes)
    ledger = wiring.open_ledger(config, Clock())
    count = ledger.resync(
        reader.ids(wanted),
        actor=actor(),
        reason=reason or "",
        which=_named(wanted),
        overwrite=overwrite,
        documents=documents,
        recreate=recreate,
    )
    busy = records - count
    shared.show(
        {"resynced": count, "busy": busy, **what},
        lambda: click.echo(
            f"{count} records wait for their turn" + (f"; {busy} were under way and left alone" if busy else "")
        ),
    )


def _named(wanted: Any) -> str:
    """The selection for the audit; a person only so far that people can tell who it was."""
    parts = {
        "record": wanted.record_id,
        "person": wanted.person and masked(wanted.person),
        "feed": wanted.feed,
        "status": wanted.status,
        "reason": wanted.reason,
    }
    return ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None) or "all"


def _concerns(what: Mapping[str, Any]) -> str:
    return (
        f"{what['records']} records of {what['persons']} persons, at most {what['calls_at_most']} calls, "
        f"about {what['minutes']} min at the configured pace"
    )


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


COMMANDS = (plan, resync, feed)
