"""Plans: what would be done, its approval, and doing exactly that; `resync` is a plan of its selection, applied at once."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from simpeg_sync.cli import sheets
from simpeg_sync.cli.common import DONE, IN_PART, NUMBER, Shared, actor, confirm, pass_shared, said, say, table
from simpeg_sync.cli.look import STATUSES, insights, print_brakes
from simpeg_sync.cli.sheets import Output, Sheet
from simpeg_sync.domain.errors import NothingMatched, OperatorError
from simpeg_sync.domain.permission import Wish
from simpeg_sync.domain.situation import Difference
from simpeg_sync.insights import masked, rfc3339

GONE_AT_BKN = "conflict.gone_at_bkn"
LOOK = 25
ROWS_SHOWN = 100
"""On a screen; files and JSON have all."""
POLL_S = 0.3
COLUMNS = (
    "number", "record", "feed", "person", "key", "action", "reason", "detail", "field", "rule", "simpeg", "bkn",
    "certificates", "state", "why", "where", "since",
)  # fmt: skip
ON_SCREEN = ("number", "record", "feed", "person", "action", "reason", "field", "rule", "simpeg", "bkn", "state", "why")
WISHES = (
    click.option("--overwrite", is_flag=True, help="SIMPEG wins over what another hand changed at BKN."),
    click.option("--documents", is_flag=True, help="Send certificates again too."),
    click.option("--recreate", is_flag=True, help="Of these, rows that are gone at BKN: match or create them anew."),
)
SELECTION = (
    click.option("--person", help="NIP, 18 digits."),
    click.option("--feed"),
    click.option("--record", "record_id", type=NUMBER),
    click.option("--status", "wanted_status", type=STATUSES, help="All records in that state."),
)


F = TypeVar("F", bound=Callable[..., Any])


def _with(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorated(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorated


# ------------------------------------------------------------------------------------------------------------------- plan


@click.group(invoke_without_command=True)
@click.option("--approve", is_flag=True, help="Approve the newest plan of this configuration: sending may begin.")
@click.option(
    "--look", "persons", default=LOOK, show_default=True, type=click.IntRange(min=0), help="Persons to look up."
)
@_with(*SELECTION)
@click.option("--reason", help="All records with that reason code. With --approve: why, for the audit.")
@_with(*WISHES)
@click.option("--deletes", is_flag=True, help="Deletes that wait for a person have his word.")
@click.option("--show-values", is_flag=True, help="The values that differ, not only their form. Personal data.")
@sheets.options
@click.pass_context
def plan(
    context: click.Context,
    approve: bool,
    persons: int,
    person: str | None,
    feed: str | None,
    record_id: int | None,
    wanted_status: str | None,
    reason: str | None,
    overwrite: bool,
    documents: bool,
    recreate: bool,
    deletes: bool,
    show_values: bool,
    output: Output,
) -> None:
    """What would be done, before anything is done: of everything, or of the records that are selected.

    A new configuration only observes until its plan has been looked at and approved. A plan of selected records is done
    with `simpeg-sync apply`.
    """
    if context.invoked_subcommand is not None:
        return
    shared = context.find_object(Shared)
    assert shared is not None
    selected = (person, feed, record_id, wanted_status) != (None,) * 4 or (reason is not None and not approve)
    wishes = _wishes(overwrite=overwrite, documents=documents, recreate=recreate, deletes=deletes)
    if approve:
        if selected or wishes:
            raise click.UsageError("only the plan of everything is approved; a plan of records is done with `apply`")
        _approve(shared, reason or "")
        return
    if wishes and not selected:
        raise click.UsageError("say for which records: --person, --feed, --record, --status or --reason")
    if selected:
        wanted = _filter(record_id, person, feed, wanted_status, reason)
        _plan_selection(shared, wanted, wishes, persons, output, show_values=show_values)
    else:
        _plan_everything(shared, persons, output, show_values=show_values)


def _approve(shared: Shared, reason: str) -> None:
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    config = shared.config
    latest = wiring.open_reader(config).latest_plan()
    if latest is None or latest["configuration"] != config.digest:
        raise OperatorError("there is no plan of this configuration yet; make one with `simpeg-sync plan`")
    wiring.open_ledger(config, Clock()).approve_plan(latest["id"], actor=actor(), reason=reason)
    shared.show({"plan": latest["id"], "approved": True}, lambda: click.echo(f"plan {latest['id']} approved"))


def _plan_everything(shared: Shared, persons: int, output: Output, *, show_values: bool) -> None:
    plans = _open(shared, persons)
    made = plans.make_for_configuration(more={"brakes": insights(shared).brakes()})
    data = {"plan": made.plan_id, **made.summary}
    if output.form is None and output.path is None:
        shared.show(data, lambda: _print_plan(made.plan_id, made.summary))
        return
    _note_values(plans, made.plan_id, show_values)
    sheet = _sheet(plans.reader, made.plan_id, made.differences, show_values=show_values)
    _show(shared, plans, output, made.plan_id, sheet, lambda: data, lambda: _print_plan(made.plan_id, made.summary))


def _plan_selection(
    shared: Shared, wanted: Any, wishes: frozenset[Wish], persons: int, output: Output, *, show_values: bool
) -> None:
    from simpeg_sync.plans import Selection

    plans = _open(shared, persons)
    made = plans.make(Selection(wanted, words=_named(wanted)), wishes)
    _note_values(plans, made.plan_id, show_values)
    sheet = _sheet(plans.reader, made.plan_id, made.differences, show_values=show_values)

    def data() -> Any:
        return {"plan": made.plan_id, **made.summary, "rows": list(_objects(sheet, output))}

    def as_text() -> None:
        click.echo(f"Plan {made.plan_id}: nothing has been sent.\n")
        _print_selection(made.summary)
        click.echo()
        _print_rows(sheet, output, made.plan_id)
        click.echo(f"\nDo it with: simpeg-sync apply {made.plan_id} --reason '...'")

    _show(shared, plans, output, made.plan_id, sheet, data, as_text)


@plan.command("show")
@click.argument("plan_id", type=NUMBER)
@click.option("--rows", "with_rows", is_flag=True, help="Each record with what differs and what came of it.")
@click.option("--show-values", is_flag=True, help="Look at both sides again and show the values. Personal data.")
@sheets.options
@pass_shared
def plan_show(shared: Shared, plan_id: int, with_rows: bool, show_values: bool, output: Output) -> None:
    """Where a plan stands: what it wanted, what was ordered, what came of it."""
    from simpeg_sync import wiring
    from simpeg_sync.plans import found_plan, progress, unpersonal

    reader = wiring.open_reader(shared.config)
    found = found_plan(reader, plan_id)
    data: dict[str, Any] = {
        "plan": plan_id,
        "made_at": rfc3339(found["made_at"]),
        "selection": found["selection"] or "the whole configuration",
        "approved_at": rfc3339(found["approved_at"]),
        "applied_at": rfc3339(found["applied_at"]),
        "states": dict(progress(reader, plan_id)),
        "summary": found["summary"],
    }
    differences: Mapping[int, Sequence[Difference]] = {}
    if show_values:
        plans = _open(shared, 2**31)
        _note_values(plans, plan_id, show_values)
        differences = plans.differences(list(_items(reader, plan_id)))
    sheet = _sheet(reader, plan_id, differences, show_values=show_values)
    wants_rows = with_rows or show_values or output.form is not None or output.path is not None
    data = unpersonal(data)

    def with_rows_if_wanted() -> Any:
        return {**data, "rows": list(_objects(sheet, output))} if wants_rows else data

    def as_text() -> None:
        shown = {name: data[name] for name in ("plan", "made_at", "selection", "approved_at", "applied_at")}
        click.echo(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.items() if value))
        click.echo()
        counts = reader.plan_states(plan_id)
        table(["state", "why", "action", "rows"], [[*of, count] for of, count in counts.items()])
        if wants_rows:
            click.echo()
            _print_rows(sheet, output, plan_id)

    _show(shared, None, output, plan_id, sheet, with_rows_if_wanted, as_text)


# --------------------------------------------------------------------------------------------------------- apply, resync


@click.command()
@click.argument("plan_id", type=NUMBER)
@click.option("--reason", required=True, callback=said, help="Why; goes into the audit.")
@click.option("--wait", "waits", is_flag=True, help="Follow until every item has come to its end.")
@click.option("--wait-limit", default=600.0, show_default=True, type=click.FloatRange(min=0), help="Seconds, at most.")
@pass_shared
def apply(shared: Shared, plan_id: int, reason: str, waits: bool, wait_limit: float) -> int:
    """Do what a plan says: exactly that, or say what has changed meanwhile.

    The running daemon does it. Applied again, only what is still open is ordered.
    """
    plans = _open(shared, 0)
    ordered = plans.apply(plan_id, actor=actor(), reason=reason)
    data: dict[str, Any] = {"plan": plan_id, "ordered": ordered.ordered, "busy": ordered.busy}
    if not waits:
        shared.show(data, lambda: click.echo(_ordered_in_words(plan_id, ordered.ordered, ordered.busy)))
        return DONE
    say(_ordered_in_words(plan_id, ordered.ordered, ordered.busy))
    counts = _followed(plans, plan_id, reason, wait_limit)
    data["states"] = counts
    shared.show(data, lambda: click.echo(", ".join(f"{count} {state}" for state, count in sorted(counts.items()))))
    return DONE if set(counts) <= {"done", "nothing"} else IN_PART


def _followed(plans: Any, plan_id: int, reason: str, limit_s: float) -> dict[str, int]:
    """Until nothing is under way, or the time is over. What was busy is ordered as soon as it is free."""
    from simpeg_sync.plans import is_over, progress

    ends_at, said_last = time.monotonic() + limit_s, ""
    while True:
        counts = dict(progress(plans.reader, plan_id))
        line = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
        if line != said_last:
            say(line)
            said_last = line
        if is_over(counts):
            return counts
        if time.monotonic() >= ends_at:
            say(f"the time to wait is over; the daemon goes on. See `simpeg-sync plan show {plan_id}`")
            return counts
        time.sleep(POLL_S)
        if counts.get("open"):
            plans.apply(plan_id, actor=actor(), reason=reason)


def _ordered_in_words(plan_id: int, ordered: int, busy: int) -> str:
    left = f"; {busy} are under way, apply again for them" if busy else ""
    return f"{ordered} records of plan {plan_id} wait for their turn{left}"


@click.command()
@_with(*SELECTION)
@click.option("--all", "everything", is_flag=True, help="All records; instead of a filter.")
@_with(*WISHES)
@click.option(
    "--look", "persons", default=LOOK, show_default=True, type=click.IntRange(min=0), help="Persons to look up."
)
@click.option("--dry-run", is_flag=True, help="Only make the plan, and say what it would concern.")
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
    persons: int,
    dry_run: bool,
    reason: str | None,
    yes: bool,
) -> None:
    """Look at records afresh: read SIMPEG, compare with BKN, send only what differs.

    Makes a plan of them, shows it, asks, and applies it.
    """
    from simpeg_sync.plans import Selection

    if (record_id, person, feed, wanted_status) == (None, None, None, None) and not everything:
        raise click.UsageError("say which records: --person, --feed, --record, --status, or --all")
    if not dry_run and not reason:
        raise click.UsageError("say why with --reason; it goes into the audit")
    wanted = _filter(record_id, person, feed, wanted_status, GONE_AT_BKN if recreate else None)
    plans = _open(shared, persons)
    records, people = plans.reader.count(wanted)
    if records == 0:
        which = f"no record with the reason {GONE_AT_BKN} fits" if recreate else "no record fits"
        raise NothingMatched(f"{which}; `simpeg-sync status` shows what there is")
    if not dry_run:
        plans.check_approved()
    wishes = _wishes(overwrite=overwrite, documents=documents, recreate=recreate, deletes=False)
    made = plans.make(Selection(wanted, words=_named(wanted)), wishes, takes_all=True)
    calls = records + people * len(shared.config.feeds)
    minutes = round(calls / shared.config.settings.bkn.calls_per_second / 60, 1)
    what = {"records": records, "persons": people, "calls_at_most": calls, "minutes": minutes, "plan": made.plan_id}
    what["actions"] = made.summary["actions"]
    if dry_run:
        shared.show({"dry_run": True, **what}, lambda: click.echo(_concerns(what)))
        return
    say(_concerns(what))
    not_looked_at = made.summary["not_looked_at"]
    if overwrite and not_looked_at:
        say(
            f"{not_looked_at} records were not looked at, and what another hand changed there is not overwritten; "
            "--look N looks at more persons"
        )
    confirm(records, "records", yes=yes)
    ordered = plans.apply(made.plan_id, actor=actor(), reason=reason or "", action="resync", which=_named(wanted))
    left = f"; {ordered.busy} were under way and left alone" if ordered.busy else ""
    shared.show(
        {"resynced": ordered.ordered, "busy": ordered.busy, **what},
        lambda: click.echo(f"{ordered.ordered} records wait for their turn{left}"),
    )


# ---------------------------------------------------------------------------------------------------------------- inside


def _open(shared: Shared, persons: int) -> Any:
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    config, clock = shared.config, Clock()
    wiring.configure_logs(config, level="ERROR")
    return wiring.open_plans(config, clock, wiring.open_ledger(config, clock), persons=persons, actor=actor())


def _filter(record_id: int | None, person: str | None, feed: str | None, status: str | None, reason: str | None) -> Any:
    from simpeg_sync.ledger.reading import RecordFilter

    return RecordFilter(record_id, person, feed, status, reason)


def _wishes(*, overwrite: bool, documents: bool, recreate: bool, deletes: bool) -> frozenset[Wish]:
    said = {
        Wish.OVERWRITE: overwrite,
        Wish.DOCUMENTS: documents,
        Wish.RECREATE: recreate,
        Wish.DELETE: deletes,
    }
    return frozenset(wish for wish, is_wanted in said.items() if is_wanted)


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
    actions = ", ".join(f"{count} {action.replace('_', ' ')}" for action, count in what["actions"].items())
    return (
        f"{what['records']} records of {what['persons']} persons, at most {what['calls_at_most']} calls, "
        f"about {what['minutes']} min at the configured pace\nplan {what['plan']}: {actions}"
    )


def _note_values(plans: Any, plan_id: int, show_values: bool) -> None:
    if show_values:
        plans.ledger.audit(actor=actor(), action="plan.values", target=f"plan {plan_id}")


def _show(shared: Shared, plans: Any, output: Output, plan_id: int, sheet: Sheet, data: Any, as_text: Any) -> None:
    def note() -> None:
        ledger = plans.ledger if plans is not None else _open_ledger(shared)
        ledger.audit(actor=actor(), action="plan.unmasked", target=f"plan {plan_id}")

    sheets.show(shared, output, [sheet], data=data, as_text=as_text, note_unmasked=note)


def _open_ledger(shared: Shared) -> Any:
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    return wiring.open_ledger(shared.config, Clock())


def _items(reader: Any, plan_id: int) -> Iterator[Mapping[str, Any]]:
    after = 0
    while page := reader.plan_items(plan_id, after=after):
        yield from page
        after = page[-1]["number"]


def _sheet(reader: Any, plan_id: int, differences: Mapping[int, Sequence[Difference]], *, show_values: bool) -> Sheet:
    """A line for each field that differs, or one for a record without any. Read when it is printed."""
    return Sheet(f"plan {plan_id}", COLUMNS, _Rows(reader, plan_id, differences, show_values))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Read from the ledger, page by page, whenever they are gone through."""

    reader: Any
    plan_id: int
    differences: Mapping[int, Sequence[Difference]]
    shows_values: bool

    def __iter__(self) -> Iterator[list[Any]]:
        for item in _items(self.reader, self.plan_id):
            yield from _rows_of(item, self.differences, show_values=self.shows_values)


def _rows_of(
    item: Mapping[str, Any], differences: Mapping[int, Sequence[Difference]], *, show_values: bool
) -> Iterator[list[Any]]:
    from simpeg_sync.mapcheck.shapes import shape

    def shown(value: str) -> str | None:
        return value if show_values else shape(value)

    seen = differences.get(item["number"])
    if seen:
        fields = [[one.name, one.rule, shown(one.simpeg), shown(one.bkn)] for one in seen]
    else:
        fields = [[name, None, None, None] for name in item["fields"].split(", ")]
    before = [item["number"], item["record_id"], item["feed"], item["lane"], "/".join(json.loads(item["source_key"]))]
    before += [item["action"], item["reason"], item["detail"]]
    after = [item["certificates"], item["state"], item["why"], item["why_detail"], rfc3339(item["at"])]
    for field in fields:
        yield [*before, *field, *after]


def _objects(sheet: Sheet, output: Output) -> Iterable[dict[str, Any]]:
    """One object a record, its fields as a list."""
    last: dict[str, Any] | None = None
    fields = ("field", "rule", "simpeg", "bkn")
    for row in sheet.shown(unmasked=output.unmasked):
        one = dict(zip(sheet.columns, row, strict=True))
        difference = {name: one.pop(name) for name in fields}
        if last is None or last["number"] != one["number"]:
            if last is not None:
                yield last
            last = {**one, "differences": []}
        if difference["field"]:
            last["differences"].append(difference)
    if last is not None:
        yield last


def _print_selection(summary: Mapping[str, Any]) -> None:
    from simpeg_sync.reasons import sentence

    table(["action", "rows"], [[name.replace("_", " "), count] for name, count in summary["actions"].items()])
    if summary["reasons"]:
        click.echo()
        rows = [[r["count"], r["feed"], r["reason"], r["detail"], sentence(r["reason"])] for r in summary["reasons"]]
        table(["held", "feed", "reason", "where", "what it means"], rows)
    estimate = summary["estimate"]
    click.echo(
        f"\n{summary['records']} records of {summary['persons']} persons: {estimate['writes']} writes and about "
        f"{estimate['reads_about']} reads, about {estimate['minutes']} min at the configured pace."
    )
    if summary["not_looked_at"]:
        click.echo(
            f"{summary['not_looked_at']} records were not looked at: they go by the ordinary rules, and nothing of another "
            "hand is overwritten there. --look N looks at more persons."
        )
    if summary["bkn_problem"]:
        say(f"BKN could not be looked at: {summary['bkn_problem']}")


def _print_rows(sheet: Sheet, output: Output, plan_id: int) -> None:
    places = [sheet.columns.index(name) for name in ON_SCREEN]
    shown: list[list[Any]] = []
    more = 0
    for row in sheet.shown(unmasked=output.unmasked):
        if len(shown) < ROWS_SHOWN or output.path is not None:
            shown.append([row[place] for place in places])
        else:
            more += 1
    table(ON_SCREEN, shown)
    if more:
        click.echo(f"... and {more} more lines: simpeg-sync plan show {plan_id} --output FILE.csv")


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


COMMANDS = (plan, apply, resync)
