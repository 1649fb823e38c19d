"""Commands that check a mapping before anything is sent: against the tables, row by row, against another configuration."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from simpeg_sync.cli.common import IN_PART, Shared, actor, flat, pass_shared, printable, say, table
from simpeg_sync.config.load import Config
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import NothingMatched
from simpeg_sync.insights import without_nips

HELD_SHOWN_MAX = 20


def _rows(context: click.Context, option: click.Parameter, value: str) -> int | None:
    """None for all. Raises click.BadParameter."""
    if value == "all":
        return None
    if not value.isdecimal() or not int(value):
        raise click.BadParameter("write a number of rows, or all")
    return int(value)


@click.group("map")
def map_() -> None:
    """The mapping: does it fit SIMPEG's tables, what does it make of a row, what would another one change?"""


@map_.command("check")
@click.option("--feed", "names", multiple=True, help="Only this feed; may be repeated.")
@click.option("--rows", default="2000", show_default=True, callback=_rows, help="Rows of a feed to look at, or all.")
@pass_shared
def map_check(shared: Shared, names: tuple[str, ...], rows: int | None) -> None:
    """Check the feeds against SIMPEG's tables and a sample of its rows.

    Needs neither BKN nor the ledger, and sends nothing.
    """
    from simpeg_sync import wiring

    config = shared.config
    check = wiring.open_map_check(config, rows=rows)
    report = unpersonal(check.report(chosen(config, names)))
    shared.show(report, lambda: _print_check(report))
    if not report["clean"]:
        raise click.exceptions.Exit(IN_PART)


@map_.command("preview")
@click.option("--person", help="NIP, 18 digits: every row of this person.")
@click.option("--record", "feed", help="Feed of one row; its KEY follows, in the order of the feed's key.")
@click.argument("key", nargs=-1)
@click.option("--feed", "names", multiple=True, help="With --person: only this feed; may be repeated.")
@click.option("--no-bkn", is_flag=True, help="Do not ask BKN what it has.")
@click.option("--values", is_flag=True, help="SIMPEG's values as they are, not only their form. Personal data.")
@pass_shared
def map_preview(
    shared: Shared,
    person: str | None,
    feed: str | None,
    key: tuple[str, ...],
    names: tuple[str, ...],
    no_bkn: bool,
    values: bool,
) -> None:
    """Show what the mapping makes of a row, step by step, and what BKN has.

    The row, the value of each expression, the payload, BKN's row and the difference, and what the daemon would do. Nothing
    is written, and no plan has to be approved.
    """
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    if (person is None) == (feed is None) or bool(key) != (feed is not None):
        raise click.UsageError("say --person NIP, or --record FEED and the key of the row")
    config = shared.config
    wiring.configure_logs(config, level="ERROR", stream=sys.stderr)
    preview = wiring.open_preview(config, Clock(), asks_bkn=not no_bkn, shows_values=values)
    if person is not None:
        rows = preview.of_person(person, chosen(config, names))
    else:
        [name] = chosen(config, (str(feed),))
        rows = preview.of_record(name, key)
    preview.planner.view.ledger.say_reads(actor())
    rows = rows if values else unpersonal(rows)
    problem = preview.planner.bkn_problem
    shared.show({"rows": rows, "bkn_problem": problem}, lambda: _print_preview(rows))
    if problem and not no_bkn:
        say(f"BKN could not be looked at: {problem}")


@map_.command("diff")
@click.argument("proposal", type=click.Path(path_type=Path, exists=True))
@click.option("--feed", "names", multiple=True, help="Only this feed; may be repeated.")
@click.option(
    "--look",
    "persons",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Persons with changed rows to look up at BKN.",
)
@pass_shared
def map_diff(shared: Shared, proposal: Path, names: tuple[str, ...], persons: int) -> None:
    """What would change at BKN if another configuration replaced the running one?

    PROPOSAL is a folder with settings and feeds, a settings file, or one feed's file. Both map every row of SIMPEG as it is
    now; nothing is sent.
    """
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    config = shared.config
    wiring.configure_logs(config, level="ERROR", stream=sys.stderr)
    proposed = wiring.read_proposal(config, proposal)
    for name in names:
        if name not in config.feeds and name not in proposed.feeds:
            raise NothingMatched(f"neither configuration has a feed {name}")
    diff = wiring.open_map_diff(config, proposed, Clock(), persons=persons)
    report = unpersonal(diff.report([FeedName(name) for name in names]))
    if diff.planner is not None:
        diff.planner.view.ledger.say_reads(actor())
    report["approval_needed"] = proposed.digest != config.digest
    shared.show(report, lambda: _print_diff(report))
    if report["bkn_problem"]:
        say(f"BKN could not be looked at: {report['bkn_problem']}")
    if any(of["unfit"] for of in report["feeds"].values()):
        raise click.exceptions.Exit(IN_PART)


def chosen(config: Config, names: tuple[str, ...]) -> list[FeedName]:
    from simpeg_sync.config.settings import likely

    for name in names:
        if name not in config.feeds:
            known = ", ".join(config.feeds)
            raise NothingMatched(f"there is no feed {name}. {likely(name, config.feeds)} Known: {known}".strip())
    return [name for name in config.feeds if not names or name in names]


def unpersonal(data: Any) -> Any:
    """Keys of rows, and texts that quote them, may hold NIPs."""
    return json.loads(without_nips(json.dumps(data, ensure_ascii=False, default=str)))


def _print_check(report: Mapping[str, Any]) -> None:
    for name, of in report["feeds"].items():
        if of["rows"] is None:
            click.echo(f"{name} ({of['table']} to {of['target']}): cannot be read")
        else:
            click.echo(f"{name} ({of['table']} to {of['target']}): {of['rows']} rows, {of['sampled']} looked at")
            _print_counts(of)
        for finding in of["findings"]:
            count = f" [{finding['count']} rows" if finding["count"] is not None else ""
            example = f", for instance {finding['example']}" if finding["example"] else ""
            tail = f"{count}{example}]" if count else (f" [for instance {finding['example']}]" if example else "")
            click.echo(f"  {finding['level']} {finding['kind']}: {finding['what']}{tail}")
            click.echo(f"    {finding['place']}: {finding['remedy']}")
        click.echo()
    problems = sum(one["level"] == "problem" for of in report["feeds"].values() for one in of["findings"])
    click.echo("the mapping is fine" if report["clean"] else f"problems: {problems}; nothing was sent")


def _print_counts(of: Mapping[str, Any]) -> None:
    held = [[f"held: {h['reason']}", h["count"], h["detail"], h["example"]] for h in of["held"]]
    failed = [["failed in the program", f["count"], f["what"], f["example"]] for f in of["failed"]]
    rows = [["would be sent", of["would_send"], "", ""], *held[:HELD_SHOWN_MAX], *failed]
    rows += [["not in scope", of["not_in_scope"], "", ""], ["deleted", of["deleted"], "", ""]]
    table(["  rows", "count", "where", "for instance"], [[f"  {row[0]}", *row[1:]] for row in rows if row[1]])
    persons = {what.replace("_", " "): count for what, count in of["persons"].items()}
    click.echo(f"  persons: {flat(persons) or 'none'}")
    for one in of["filters"]:
        values = "; ".join(
            f"{column} {', '.join(f'{value!r} {count}' for value, count in found.items())}"
            for column, found in one["values"].items()
        )
        click.echo(
            f"  {one['filter']} ({one['condition']}): {one['holds']} yes, {one['not']} no{f'; {values}' if values else ''}"
        )


def _print_preview(rows: Sequence[Mapping[str, Any]]) -> None:
    for one in rows:
        click.echo(printable(f"{one['feed']} {' / '.join(one['key'])} to BKN's {one['target']}"))
        if one["row"] is None:
            click.echo("  SIMPEG has no such row, or several")
        else:
            table(["  column", "value"], [[f"  {name}", value] for name, value in one["row"].items()])
            click.echo()
        if one["fields"]:
            table(
                ["  field", "value", "expression", "held"],
                [[f"  {f['field']}", f["value"], f["expression"], _why(f["hold"], f["detail"])] for f in one["fields"]],
            )
        for document in one["documents"]:
            state = document["problem"] or ("found" if document["found"] else "none named")
            click.echo(printable(f"  certificate {document['kind']} {document['file'] or ''}: {state}"))
        if one["payload"] is not None:
            click.echo(printable(f"  payload: {json.dumps(one['payload'], ensure_ascii=False)}"))
        if one["bkn"] is not None:
            _print_bkn(one["bkn"])
        reason = f": {_why(one['reason'], one['detail'])}. {one['sentence']} {one['todo']}" if one["reason"] else ""
        would = "send it, or link BKN's row; BKN was not looked at" if one["action"] == "to_look_at" else one["action"]
        click.echo(printable(f"  the daemon would: {would.replace('_', ' ')}{reason}"))
        click.echo()


def _print_bkn(bkn: Mapping[str, Any]) -> None:
    found = f"its row {bkn['id']}, found {bkn['found']}" if bkn["id"] else bkn["found"]
    click.echo(printable(f"  at BKN: {bkn['problem'] or found or 'nothing to compare'}"))
    if bkn["fields"]:
        says = {True: "equal", False: "DIFFERS", None: "BKN does not show it"}
        table(
            ["  field", "SIMPEG", "BKN", "compared"],
            [[f"  {f['field']}", f["simpeg"], f["bkn"], says[f["equal"]]] for f in bkn["fields"]],
        )
    if any(f["equal"] is False for f in bkn["fields"]):
        click.echo("  BKN's own values: `simpeg-sync bkn read`, which notes in the audit who asked")
    if bkn["kept"]:
        click.echo(f"  kept as BKN has it, since the feed does not map it: {', '.join(bkn['kept'])}")


def _why(reason: str, detail: str) -> str:
    return f"{reason} ({detail})" if detail else reason


WHAT: Mapping[str, str] = {
    "changes": "would be sent otherwise",
    "newly_sent": "newly sent",
    "newly_released": "no longer held, sent",
    "newly_held": "newly held",
    "held_otherwise": "held for another reason",
    "leaves": "no longer in the feed",
    "equal": "stay equal",
    "still_held": "stay held",
}
AT_BKN: Mapping[str, str] = {
    "update": "updated",
    "create_or_link": "created, or linked where BKN has them",
    "sent_anyway": "not there yet, sent in any case",
    "delete": "deleted",
    "delete_waits": "gone from the feed, deleted when somebody releases it",
    "left": "gone from the feed, left as they are",
    "look_only": "looked at, the same value in another spelling",
    "nothing": "as the feed now wants them",
}


def _print_diff(report: Mapping[str, Any]) -> None:
    for name, of in report["feeds"].items():
        if of["change"] == "removed":
            linked = (
                ""
                if of["linked"] is None
                else f": {of['linked']} records with a row at BKN are held and left as they are"
            )
            click.echo(f"{name}: would be removed{linked}\n")
            continue
        if of["change"] == "none" and not of["rows"]:
            click.echo(f"{name}: the same feed\n")
            continue
        changed = f"; what changed: {', '.join(of['words'])}" if of["words"] else ""
        click.echo(printable(f"{name}: {'a new feed, ' if of['change'] == 'new' else ''}{of['rows']} rows{changed}"))
        if of["unfit"]:
            click.echo(printable(f"  cannot be compared: {of['unfit']}"))
        _print_difference(of)
        click.echo()
    if report["service_changes"]:
        click.echo("bkn.dialect, base_url, choices or extra_codes differ: every feed was compared row by row")
    if report["equal"]:
        click.echo("nothing would change at BKN")
    elif report["ledger"]:
        click.echo(
            f"at most {report['writes_at_most']} writes and {report['looks_at_most']} looks at BKN, by what BKN last confirmed"
        )
    else:
        click.echo("there is no ledger yet, so what BKN has is not known")
    if report["approval_needed"]:
        click.echo("the proposal needs a new `simpeg-sync plan --approve` before anything is sent")


def _print_difference(of: Mapping[str, Any]) -> None:
    rows = []
    for what, words in WHAT.items():
        if of["counts"].get(what):
            rows.append([f"  {words}", of["counts"][what], ", ".join(of["examples"].get(what, []))])
            reasons = of["reasons"].get(what, [])[:HELD_SHOWN_MAX]
            rows += [[f"    {_why(one['reason'], one['detail'])}", one["count"], ""] for one in reasons]
    if rows:
        table(["  rows", "count", "for instance"], rows)
    if of["fields"]:
        fields = ", ".join(f"{name} {count}" for name, count in list(of["fields"].items())[:HELD_SHOWN_MAX])
        click.echo(f"  fields that change: {fields}")
    for what, words in AT_BKN.items():
        if of["at_bkn"] and of["at_bkn"].get(what):
            click.echo(f"  at BKN: {of['at_bkn'][what]} {words}")
    if of["looked_at"]:
        click.echo(f"  looked up at BKN: {flat({what.replace('_', ' '): n for what, n in of['looked_at'].items()})}")


COMMANDS = (map_,)
