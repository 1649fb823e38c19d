"""Commands that only look: status, log, record show."""

import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

from simpeg_sync.cli.common import NUMBER, Shared, flat, pass_shared, printable, since_option, speaks_indonesian, table
from simpeg_sync.domain.errors import NothingMatched
from simpeg_sync.domain.status import Status
from simpeg_sync.reasons import PLACES, Where

STATUSES = click.Choice([str(status) for status in Status])


def insights(shared: Shared) -> Any:
    from simpeg_sync import wiring
    from simpeg_sync.insights import Insights

    config = shared.config
    return Insights(
        wiring.open_reader(config),
        config.digest,
        limits=wiring.limits_of(config),
        windows=wiring.windows_of(config),
        situations=wiring.open_situations(config),
        calls_per_night=config.settings.compare.calls_per_night,
        indonesian=speaks_indonesian(),
        feeds=config.feeds,
        apis=wiring.bkn_dialect(config).apis,
    )


@click.command()
@pass_shared
def status(shared: Shared) -> None:
    """Is all well, and if not, what is wrong and what to do."""
    data = insights(shared).status()
    shared.show(data, lambda: _print_status(data))


def _print_status(data: Mapping[str, Any]) -> None:
    click.echo(data["summary"])
    for refused in data["refused_logins"]:
        click.echo(
            f"login refused ({refused['token']}, {refused['at']}): {refused['why']}; see `simpeg-sync token status`"
        )
    print_brakes(data["brakes"])
    click.echo(f"calls: {_calls(data['calls'])}")
    click.echo(f"compared with BKN: {_compared(data['compared'])}")
    for name in ("oldest_waiting", "last_success", "cursor_moved"):
        click.echo(f"{name.replace('_', ' ')}: {data[name] or 'never'}")
    if data["feeds"]:
        click.echo()
        statuses = [status for status, count in data["records"].items() if count]
        table(["feed", *statuses], [[feed, *(of.get(s, 0) for s in statuses)] for feed, of in data["feeds"].items()])
    if data["reasons"]:
        click.echo()
        table(
            ["count", "feed", "status", "reason", "where", "what it means"],
            [[r["count"], r["feed"], r["status"], r["reason"], r["detail"], r["sentence"]] for r in data["reasons"]],
        )
        click.echo()
        for reason, explained in {r["reason"]: r for r in data["reasons"]}.items():
            click.echo(f"{reason}: {advice(explained)}")


def _calls(calls: Mapping[str, Any]) -> str:
    """In one line, what matters now first."""
    said = []
    if calls["breaker"] == "paused":
        said.append(f"paused until {calls['paused_until']} ({calls['paused_why']})")
    elif calls["breaker"] == "probing":
        said.append(f"one probe at a time ({calls['paused_why']})")
    if calls["window_opens_at"]:
        said.append(f"nothing is written before {calls['window_opens_at']} (bkn.windows)")
    for name in ("calls_per_minute", "calls_per_day"):
        if name in calls:
            said.append(f"{calls[name]['used']} used and {calls[name]['left']} left of {name}")
    if calls["in_flight"]:
        said.append(f"at most {calls['in_flight']} at once")
    if calls["share"] < 1:
        said.append(f"{calls['share']:.0%} of the pace after an outage")
    return "; ".join(said) or "none yet"


def _compared(data: Mapping[str, Any]) -> str:
    if not data["made"]:
        return "nothing yet; see `simpeg-sync compare`"
    rows = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(data["situations"].items()))
    return (
        f"{data['made']} of {data['comparisons']} (oldest {data['oldest']}), {data['calls_this_night']} of "
        f"{data['calls_per_night']} calls this night; rows: {rows or 'none'}"
    )


def print_brakes(brakes: Sequence[Mapping[str, Any]]) -> None:
    for brake in brakes:
        what = (
            "rows have vanished; its deletes wait"
            if brake["by"] == "vanish"
            else "rows change at once; nothing of it leaves"
        )
        click.echo(
            f"feed {brake['feed']} has stopped by itself: {brake['count']} {what} (limit {brake['limit']}, {brake['since']}). "
            f"Look: simpeg-sync record list --feed {brake['feed']} --reason feed.braked. If it is right: {brake['remedy']}"
        )


@click.command()
@click.option("--person", help="NIP, 18 digits.")
@click.option("--feed", help="Name of a feed.")
@click.option("--status", "wanted_status", type=STATUSES, help="State after the event.")
@click.option("--since", help="A length of time (2 h) or a date (2026-01-31).")
@click.option("--limit", default=100, show_default=True, type=NUMBER, help="The newest so many.")
@click.option("--follow", is_flag=True, help="Go on printing what happens.")
@click.option("--follow-for", type=float, default=None, hidden=True, help="Stop following after seconds.")
@pass_shared
def log(
    shared: Shared,
    person: str | None,
    feed: str | None,
    wanted_status: str | None,
    since: str | None,
    limit: int,
    follow: bool,
    follow_for: float | None,
) -> None:
    """What happened to the records, newest last."""
    from simpeg_sync.ledger.reading import LIST_MAX, RecordFilter

    service = insights(shared)
    wanted = RecordFilter(person=person, feed=feed, status=wanted_status, since=since_option(since))
    last, ends_at = 0, time.monotonic() + (follow_for if follow_for is not None else float("inf"))
    for turn in itertools.count():
        events = service.events(wanted, after=last, limit=limit if turn == 0 else LIST_MAX)
        for event in events:
            shared.show(event, lambda event=event: _print_event(event))  # type: ignore[misc]
        last = events[-1]["id"] if events else last
        if not follow or time.monotonic() >= ends_at:
            if turn == 0 and not events:
                raise NothingMatched("nothing of that kind has happened")
            return
        time.sleep(0.5)


def _print_event(event: Mapping[str, Any]) -> None:
    where = f" ({event['detail']})" if event["detail"] else ""
    why = f"  {event['sentence']}{where}" if event["reason"] else ""
    line = f"{event['at']}  record {event['record']}  {event['feed']}  {event['person']}  {event['status']}{why}"
    click.echo(printable(line))
    if event["where"] not in ("", Where.NOBODY):
        click.echo(f"    {advice(event)}")


def advice(explained: Mapping[str, Any]) -> str:
    """What to do about a reason, and where; empty for a code that is in no catalogue."""
    if not explained["where"]:
        return ""
    indonesian, where = speaks_indonesian(), Where(explained["where"])
    what = "yang perlu dilakukan" if indonesian else "what to do"
    place = "" if where is Where.NOBODY else f" ({PLACES[where].said(indonesian=indonesian)})"
    return f"{what}{place}: {explained['todo']}"


@click.group()
def record() -> None:
    """One record: its life, and what an operator may do with it."""


@record.command("show")
@click.argument("record_id", type=NUMBER)
@pass_shared
def record_show(shared: Shared, record_id: int) -> None:
    """The whole life of a record as a timeline."""
    found = insights(shared).record(record_id)
    if found is None:
        raise NothingMatched(f"there is no record {record_id}; `simpeg-sync log` shows their numbers")
    shared.show(found, lambda: _print_record(found))


def _print_record(found: Mapping[str, Any]) -> None:
    shown = ("id", "feed", "source_key", "person", "status", "since", "bkn_id", "synced_at", "due_at", "version")
    click.echo(printable(flat({name: found[name] for name in shown if found[name] is not None})))
    if found["reason"]:
        click.echo(printable(f"{found['reason']} {found['detail']}: {found['sentence']}"))
        click.echo(advice(found))
        refusals = [attempt for attempt in found["attempts"] if attempt["outcome"] == "refused"]
        if refusals and found["reason"] in ("bkn.refused", "document.refused"):
            table(
                ["  field", "SIMPEG", "what BKN complains about"],
                [
                    [f"  {one['field']}", ", ".join(one["columns"]), one["sentence"]]
                    for one in refusals[-1]["complaints"]
                ],
            )
    click.echo()
    table(
        ["at", "event", "status", "attempt", "by", "why"],
        [
            [t["at"], t["event"], t["status"], t["attempt"], t["actor"], f"{t['reason']} {t['detail']}".strip()]
            for t in found["timeline"]
        ],
    )
    if found["attempts"]:
        click.echo()
        table(
            ["attempt", "action", "version", "started", "ended", "outcome", "code", "http", "BKN's words"],
            [
                [a["number"], a["action"], a["version"], a["started_at"], a["ended_at"], a["outcome"], a["code"],
                 a["http_status"], a["message"]]
                for a in found["attempts"]
            ],
        )  # fmt: skip


@record.command("list")
@click.option("--person")
@click.option("--feed")
@click.option("--status", "wanted_status", type=STATUSES)
@click.option("--reason")
@click.option("--limit", default=100, show_default=True, type=NUMBER)
@pass_shared
def record_list(
    shared: Shared, person: str | None, feed: str | None, wanted_status: str | None, reason: str | None, limit: int
) -> None:
    """Records and where they stand."""
    from simpeg_sync.ledger.reading import RecordFilter

    found = insights(shared).records(RecordFilter(None, person, feed, wanted_status, reason), limit=limit)
    if not found:
        raise NothingMatched("no record fits")
    columns = ("id", "feed", "source_key", "person", "status", "since", "reason", "detail")
    shared.show(found, lambda: table(columns, [[row[name] for name in columns] for row in found]))


COMMANDS = (status, log, record)
