"""Commands about how the two sides compare: compare, situations, corrections."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import click

from simpeg_sync.cli import sheets
from simpeg_sync.cli.common import (
    DONE,
    IN_PART,
    Shared,
    actor,
    confirm,
    pass_shared,
    said,
    say,
    since_option,
    table,
)
from simpeg_sync.domain.errors import NothingMatched
from simpeg_sync.domain.permission import Wish
from simpeg_sync.domain.situation import Drift, Situation

ROUND = "compare.round"
"""The note that says what the round of everybody compares that is not finished; whoever is killed goes on with it."""
FRESH_S = 3600.0
"""What was compared so short a time ago is not compared again."""
SITUATIONS = click.Choice([str(one) for one in Situation])
DRIFTS = click.Choice([str(one) for one in Drift if one])


@click.command()
@click.option("--person", help="NIP, 18 digits.")
@click.option("--unit", help="Everybody of this unit, as a feed of the target identitas says.")
@click.option("--feed", "feeds", multiple=True, help="Only what BKN shows beside this feed; may be repeated.")
@click.option("--all", "everybody", is_flag=True, help="Everybody; instead of --person and --unit.")
@click.option("--anew", is_flag=True, help="Also what was compared within the last hour.")
@click.option("--calls", "calls_max", type=click.IntRange(min=1), default=1_000_000, help="Calls to BKN at most.")
@click.option("--apply", "applies", is_flag=True, help="Plan what makes both sides equal, ask, and have it done.")
@click.option("--overwrite", is_flag=True, help="With --apply: SIMPEG wins over what another hand changed at BKN.")
@click.option("--reason", callback=said, help="With --apply: why; goes into the audit.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_shared
def compare(
    shared: Shared,
    person: str | None,
    unit: str | None,
    feeds: tuple[str, ...],
    everybody: bool,
    anew: bool,
    calls_max: int,
    applies: bool,
    overwrite: bool,
    reason: str | None,
    yes: bool,
) -> int:
    """Compare SIMPEG's rows with BKN's, now. Nothing is sent.

    What is found stays in the ledger: see `simpeg-sync situations`. Stopped in the middle, the same command goes on.
    A record whose state turns out to be wrong gets its ordinary turn by the daemon. With --apply a plan is made of all
    that is not equal, shown, and applied.
    """
    if (person is not None) + (unit is not None) + everybody != 1:
        raise click.UsageError("say whom: --person NIP, --unit U, or --all")
    if applies and not reason:
        raise click.UsageError("say why with --reason; it goes into the audit")
    _check_feeds(shared.config, feeds)
    data = _compared(shared, person, unit, feeds, anew=anew, calls_max=calls_max)
    wanted = _filter(person, feeds, unit=unit)
    data["situations"] = _by_feed(_reader(shared).counts(wanted))
    if applies:
        say("\n".join(_summary(data)))
        data |= _applied(shared, wanted, overwrite=overwrite, reason=reason or "", yes=yes)
    shared.show(data, lambda: _print_summary(data))
    return IN_PART if data["left"] or data["failed"] else DONE


def _compared(
    shared: Shared, person: str | None, unit: str | None, feeds: Sequence[str], *, anew: bool, calls_max: int
) -> dict[str, Any]:
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock
    from simpeg_sync.compare import until_done
    from simpeg_sync.ports import ListOf

    config, clock = shared.config, Clock()
    wiring.configure_logs(config, level="ERROR")
    ledger = wiring.open_ledger(config, clock)
    everybody = person is None and unit is None
    lanes = _lanes(shared, ledger, person, unit)
    pipeline = wiring.open_pipeline(config, clock, ledger, wiring.open_bkn(config, clock, ledger))
    in_flight = config.settings.bkn.calls_in_flight
    comparer = wiring.open_comparer(config, pipeline, ledger, in_flight=in_flight, actor=actor())
    before = _since_when(ledger, clock.now(), everybody=everybody, anew=anew)
    asked = comparer.ask(lanes=lanes, feeds=feeds, before=before)
    if asked == 0 and not _reader(shared).counts(_filter(person, unit=unit)):
        raise NothingMatched(
            "the ledger knows no row to compare; let the daemon read SIMPEG first (`simpeg-sync run --once`)"
        )
    say(f"{asked} comparisons, about {_minutes(asked, config)} min at the configured pace")
    for progress in until_done(comparer, priority=ListOf.ASKED, calls_max=calls_max, goes_on=lambda: True):
        say(f"{progress.compared} of {asked} compared, {progress.calls} calls")
    left = ledger.comparisons_left(priority=ListOf.ASKED)
    if everybody and not left:
        ledger.set_note(ROUND, "")
    done = comparer.progress
    return {
        "compared": done.compared,
        "left": left,
        "calls": done.calls,
        "failed": done.failed,
        "records_to_look_at": done.woken,
    }


def _lanes(shared: Shared, ledger: Any, person: str | None, unit: str | None) -> list[str]:
    """Whom it is about; nobody by name for everybody."""
    if unit is None:
        return [person] if person else []
    from simpeg_sync import wiring

    lanes = list(ledger.lanes_of_unit(unit))
    if not lanes:
        known = [row["unit"] for row in wiring.open_reader(shared.config).units()]
        has_any = f"known: {', '.join(known[:20])}" if known else "no feed of the target identitas names units"
        raise NothingMatched(f"nobody is in the unit {unit!r}; {has_any}")
    return lanes


def _applied(shared: Shared, wanted: Any, *, overwrite: bool, reason: str, yes: bool) -> dict[str, Any]:
    """Everything of the selection that is not equal, by the road of `plan` and `apply`."""
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock
    from simpeg_sync.plans import Selection

    config, clock = shared.config, Clock()
    ids = _reader(shared).record_ids(replace(wanted, is_equal_wanted=False))
    if not ids:
        return {"plan": None, "ordered": 0}
    plans = wiring.open_plans(config, clock, wiring.open_ledger(config, clock), persons=len(ids), actor=actor())
    plans.check_approved()
    wishes = frozenset([Wish.OVERWRITE]) if overwrite else frozenset[Wish]()
    made = plans.make(Selection(ids=ids, words="compare --apply"), wishes)
    say(f"plan {made.plan_id}: {_actions(made.summary)}; see `simpeg-sync plan show {made.plan_id} --rows`")
    confirm(len(ids), "records", yes=yes)
    ordered = plans.apply(made.plan_id, actor=actor(), reason=reason, action="compare.apply")
    return {"plan": made.plan_id, "ordered": ordered.ordered}


def _actions(summary: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} {action}" for action, count in sorted(summary["actions"].items())) or "nothing"


def _since_when(ledger: Any, now: float, *, everybody: bool, anew: bool) -> float:
    """What was compared before that is compared again. A round of everybody that was stopped keeps its own time."""
    note = ledger.note(ROUND) if everybody else None
    if note and not anew:
        say("a round that was stopped goes on; --anew begins another")
        return float(note)
    before = now if anew else now - FRESH_S
    if everybody:
        ledger.set_note(ROUND, str(before))
    return before


def _check_feeds(config: Any, feeds: Sequence[str]) -> None:
    unknown = [name for name in feeds if name not in config.feeds]
    if unknown:
        raise click.UsageError(f"there is no feed {unknown[0]!r}; known: {', '.join(sorted(config.feeds))}")


def _minutes(calls: int, config: Any) -> float:
    minutes: float = round(calls / config.settings.bkn.calls_per_second / 60, 1)
    return minutes


def _reader(shared: Shared) -> Any:
    from simpeg_sync import wiring

    return wiring.open_situations(shared.config)


def _filter(person: str | None, feeds: Sequence[str] = (), **wanted: Any) -> Any:
    from simpeg_sync.ledger.situations import SituationFilter

    return SituationFilter(person, feeds, **wanted)


def _by_feed(counts: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in counts:
        of_feed = found.setdefault(row["feed"], {})
        of_feed[row["situation"]] = of_feed.get(row["situation"], 0) + row["count"]
    return found


def _print_summary(data: Mapping[str, Any]) -> None:
    present = [str(one) for one in Situation if any(str(one) in of for of in data["situations"].values())]
    table(
        ["feed", *(name.replace("_", " ") for name in present)],
        [[feed, *(of.get(name, 0) for name in present)] for feed, of in data["situations"].items()],
    )
    click.echo("\n" + "\n".join(_summary(data)))


def _summary(data: Mapping[str, Any]) -> list[str]:
    lines = [f"{data['compared']} comparisons with {data['calls']} calls to BKN; comparing sends nothing"]
    if data["failed"]:
        lines.append(f"{data['failed']} could not be made and come again; the log says why")
    if data["left"]:
        lines.append(f"{data['left']} are left; the same command goes on with them")
    if data["records_to_look_at"]:
        lines.append(f"{data['records_to_look_at']} records are not what was believed; the daemon looks at them afresh")
    if data.get("plan"):
        lines.append(
            f"plan {data['plan']}: {data['ordered']} records are ordered; the daemon does exactly what it says"
        )
    return lines


@click.command()
@click.option("--person", help="NIP, 18 digits.")
@click.option("--unit", help="Everybody of this unit.")
@click.option("--feed", "feeds", multiple=True)
@click.option("--situation", "wanted", multiple=True, type=SITUATIONS, help="May be repeated. Default: all but equal.")
@click.option("--drift", type=DRIFTS, help="Which side has moved.")
@click.option("--since", help="Only what became so since then: 2 h, 7 d, or a date.")
@click.option("--equal", is_flag=True, help="Also what is equal.")
@click.option("--counts", is_flag=True, help="Only how many.")
@click.option("--values", is_flag=True, help="Also both values; who asked goes into the audit.")
@click.option("--history", is_flag=True, help="How they came about; needs --person.")
@sheets.options
@pass_shared
def situations(
    shared: Shared,
    person: str | None,
    unit: str | None,
    feeds: tuple[str, ...],
    wanted: tuple[str, ...],
    drift: str | None,
    since: str | None,
    equal: bool,
    counts: bool,
    values: bool,
    history: bool,
    output: sheets.Output,
) -> None:
    """How the two sides compare, row for row, as the last comparison found it."""
    if history and person is None:
        raise click.UsageError("say whose history: --person NIP")
    reader = _reader(shared)
    chosen = _filter(
        person,
        feeds,
        situations=wanted,
        drift=drift,
        since=since_option(since),
        is_equal_wanted=equal or counts or bool(wanted),
    )
    as_text = None
    if history:
        sheet = _history_sheet(reader, person or "")
    elif counts:
        columns = ("feed", "situation", "drift", "count")
        sheet = sheets.Sheet("counts", columns, ([row[name] for name in columns] for row in reader.counts(chosen)))
    else:
        sheet = sheets.Sheet("situations", COLUMNS + (VALUES if values else ()), _rows(reader, chosen, values=values))
        if not values:
            as_text = partial(_print_situations, _every(reader, chosen), unmasked=output.unmasked)
    if values:
        _note_seen(shared, "situations --values", person)
    seen = partial(_note_seen, shared, "situations --unmasked", person)
    sheets.show(shared, output, [sheet], as_text=as_text, note_unmasked=seen)


def _print_situations(rows: Iterator[Mapping[str, Any]], *, unmasked: bool) -> None:
    """What fits on a screen; the other forms have every column."""
    from simpeg_sync.domain.change import key_parts
    from simpeg_sync.insights import masked, without_nips
    from simpeg_sync.reasons import sentence

    shown = []
    for row in rows:
        key = "/".join(key_parts(row["source_key"])) if row["source_key"] else f"BKN {row['bkn_id']}"
        person = row["lane"] if unmasked else masked(row["lane"])
        situation = f"{row['situation']} ({row['drift']})" if row["drift"] else row["situation"]
        where = row["fields"] or row["detail"]
        shown.append(
            [row["feed"], person, key if unmasked else without_nips(key), situation, where, sentence(row["reason"])]
        )
    table(["feed", "person", "row", "situation", "where", "what it means"], shown)


COLUMNS = (
    "feed", "person", "source_key", "bkn_id", "situation", "drift", "fields", "matched_by", "score", "reason",
    "detail", "first_seen", "since", "seen", "last_equal",
)  # fmt: skip
VALUES = ("rules", "simpeg", "bkn")
"""By which form each field was compared, and what the two sides have."""


def _rows(reader: Any, wanted: Any, *, values: bool) -> Iterator[list[Any]]:
    for row in _every(reader, wanted):
        shown = [
            row["feed"], row["lane"], row["source_key"], row["bkn_id"], row["situation"], row["drift"], row["fields"],
            row["matched_by"], row["score"], row["reason"], row["detail"], *_times(row),
        ]  # fmt: skip
        if values:
            shown += ["; ".join(one[place] for one in row["said"]) for place in (1, 2, 3)]
        yield shown


def _every(reader: Any, wanted: Any) -> Iterator[Mapping[str, Any]]:
    after = 0
    while page := reader.page(wanted, after=after):
        yield from page
        after = page[-1]["id"]


def _times(row: Mapping[str, Any]) -> list[str | None]:
    from simpeg_sync.insights import rfc3339

    return [rfc3339(row[name]) for name in ("first_seen_at", "since", "seen_at", "equal_at")]


def _history_sheet(reader: Any, person: str) -> sheets.Sheet:
    from simpeg_sync.insights import rfc3339

    columns = ("at", "feed", "source_key", "bkn_id", "before", "after", "fields", "moved")
    found = reader.history(person, limit=1000)
    rows = ([rfc3339(row["at"]), *(row[name] for name in columns[1:])] for row in found)
    return sheets.Sheet("history", columns, rows)


CORRECTIONS = (
    "NIP", "riwayat", "kunci_simpeg", "id_bkn", "keadaan", "isian", "nilai_simpeg", "nilai_bkn", "sejak", "dibandingkan",
)  # fmt: skip
"""The heading of a letter's annex: it goes to an office that reads Indonesian."""
KEADAAN: Mapping[str, str] = {
    "differs": "berbeda",
    "missing_at_bkn": "tidak ada di BKN",
    "only_at_bkn": "hanya ada di BKN",
    "twice_at_bkn": "ganda di BKN",
}


@click.command()
@click.option("--feed", "feeds", multiple=True, help="Default: every kind that BKN takes from no region.")
@sheets.options
@pass_shared
def corrections(shared: Shared, feeds: tuple[str, ...], output: sheets.Output) -> None:
    """What BKN's regional office has to correct: rows that no region may write, one sheet a kind.

    `--output usulan.xlsx --unmasked` makes the annex of a letter, with NIPs; who made it goes into the audit.
    """
    config = shared.config
    _check_feeds(config, feeds)
    reader = _reader(shared)
    names = feeds or _only_compared(config)
    found = [
        sheets.Sheet(name, CORRECTIONS, rows, persons=frozenset({"NIP"}))
        for name in names
        if (rows := list(_corrections(reader, name)))
    ]
    if not found:
        raise NothingMatched(
            "nothing has to be corrected at BKN, as far as it was compared; see `simpeg-sync situations --counts`"
        )
    _note_seen(shared, "corrections", None)
    sheets.show(shared, output, found, note_unmasked=lambda: _note_seen(shared, "corrections --unmasked", None))


def _only_compared(config: Any) -> list[str]:
    from simpeg_sync import wiring

    return [name for name, feed in config.feeds.items() if not wiring.is_written(config, feed.target)]


def _corrections(reader: Any, feed: str) -> Iterator[list[Any]]:
    for row in _every(reader, _filter(None, [feed], situations=tuple(KEADAAN))):
        _, since, seen, _ = _times(row)
        place = [row["lane"], row["feed"], row["source_key"], row["bkn_id"], KEADAAN[row["situation"]]]
        for field, _rule, ours, theirs in row["said"] or [("", "", "", "")]:
            yield [*place, field, ours, theirs, since, seen]


def _note_seen(shared: Shared, what: str, person: str | None) -> None:
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock
    from simpeg_sync.insights import masked

    ledger = wiring.open_ledger(shared.config, Clock())
    ledger.audit(actor=actor(), action=what, target=masked(person) if person else "all", person=person or "")
    ledger.close()


COMMANDS = (compare, situations, corrections)
