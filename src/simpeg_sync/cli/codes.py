"""Commands about BKN's codes: pull the tables from BKN, check what the feeds send against them."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from simpeg_sync.cli.common import FAILED, IN_PART, Shared, pass_shared, say, table
from simpeg_sync.domain.errors import BknAnswersBadly, BknDown, OperatorError

if TYPE_CHECKING:
    from simpeg_sync.bkn.codes import ReferenceTable
    from simpeg_sync.ledger.reference import Pull

FRESH_S = 12 * 3600.0
"""A table that was pulled less long ago is not pulled again unless it is named: a second run ends the first one's work."""
SAY_EVERY_S = 2.0
NO_REFERENCE_API = "bkn.reference_url is not set: only ref-unor can be pulled"


@click.group()
def codes() -> None:
    """BKN's code tables: pull them, and check the codes that the feeds send."""


@codes.command("pull")
@click.option("--table", "names", multiple=True, help="Only this table; may be repeated. Pulled also when it is fresh.")
@click.option("--restart", is_flag=True, help="From the beginning, also where a pull was broken off.")
@pass_shared
def codes_pull(shared: Shared, names: tuple[str, ...], restart: bool) -> None:
    """Fetch BKN's code tables into the ledger, page by page.

    A run that was broken off is gone on with by the next one.
    """
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    config, clock = shared.config, Clock()
    wiring.configure_logs(config, level="ERROR", stream=sys.stderr)
    ledger = wiring.open_ledger(config, clock)
    has_api = config.settings.bkn.reference_url is not None
    wanted = _wanted(wiring.pullable(config), names, has_api=has_api)
    if not has_api:
        say(NO_REFERENCE_API)
    puller = wiring.open_puller(config, clock, ledger, on_page=_teller(clock.monotonic))
    known = wiring.open_codes(ledger, clock)
    done: list[dict[str, Any]] = []
    lost: BknDown | None = None
    for one, before in _in_turn(wanted, known.pulls()):
        if before and not (names or restart) and _is_fresh(before, clock.now()):
            done.append(_line(one.name, "fresh", rows=before.complete_count))
            continue
        try:
            rows = puller.pull(one, restart=restart)
        except BknAnswersBadly as error:
            done.append(_line(one.name, "failed", problem=str(error)))
        except BknDown as error:
            lost = error
            break
        else:
            done.append(_line(one.name, "pulled", rows=rows))
    shared.show({"tables": done, "reference_api": has_api}, lambda: _print_pulls(done))
    if lost is not None:
        raise BknDown(f"{lost}; what was pulled is kept, the next `simpeg-sync codes pull` goes on there")
    if any(line["state"] == "failed" for line in done):
        raise click.exceptions.Exit(IN_PART)


def _is_fresh(pull: "Pull", now: float) -> bool:
    """A pull of a time to come, from a clock that was wrong, is not."""
    return pull.finished_at is not None and 0 <= now - pull.finished_at < FRESH_S


def _line(name: str, state: str, *, rows: int | None = None, problem: str = "") -> dict[str, Any]:
    return {"table": name, "state": state, "rows": rows, "problem": problem}


def _print_pulls(done: Sequence[Mapping[str, Any]]) -> None:
    columns = ("table", "state", "rows", "problem")
    table(columns, [[line[name] for name in columns] for line in done])


def _in_turn(wanted: "Sequence[ReferenceTable]", pulls: "Sequence[Pull]") -> "list[tuple[ReferenceTable, Pull | None]]":
    """What was broken off comes first, then what was never pulled, then the oldest."""

    def turn(pull: "Pull | None") -> tuple[int, float]:
        if pull is None:
            return (1, 0.0)
        return (0, 0.0) if pull.finished_at is None else (2, pull.finished_at)

    by_name = {pull.table: pull for pull in pulls}
    return sorted(((one, by_name.get(one.name)) for one in wanted), key=lambda pair: turn(pair[1]))


def _wanted(pullable: "Sequence[ReferenceTable]", names: Sequence[str], *, has_api: bool) -> "list[ReferenceTable]":
    from simpeg_sync.config.settings import likely

    if not pullable:
        raise OperatorError(
            "the classic SAPK dialect shows no code tables; they can be pulled in the siasn dialect only"
        )
    by_name = {one.name: one for one in pullable}
    for name in names:
        if name not in by_name:
            hint = f"{likely(name, by_name)} Known: {', '.join(by_name)}.".strip()
            raise OperatorError(
                f"{name} is no table that can be pulled. {hint}" + ("" if has_api else f" {NO_REFERENCE_API}")
            )
    return [by_name[name] for name in dict.fromkeys(names)] or list(pullable)


def _teller(monotonic: Callable[[], float]) -> Callable[[str, int, int | None], None]:
    """Progress, but not a line a page."""
    said_at = [monotonic()]

    def tell(name: str, rows: int, expected: int | None) -> None:
        if monotonic() >= said_at[0] + SAY_EVERY_S:
            said_at[0] = monotonic()
            say(f"{name}: {rows}" + (f" of {expected}" if expected is not None else ""))

    return tell


@codes.command("check")
@pass_shared
def codes_check(shared: Shared) -> None:
    """Which codes of the feeds does BKN not know?

    Looks at every constant, map and code table of a field that BKN has a code table for. Asks the ledger, not BKN.
    """
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    config, clock = shared.config, Clock()
    report = wiring.code_report(config, wiring.open_codes(wiring.open_ledger(config, clock), clock))
    data = {
        "known": report.known,
        "unknown": [
            {
                "place": one.used.place,
                "feed": one.used.feed,
                "field": one.used.field,
                "table": one.table,
                "local": one.used.local,
                "national": one.used.national,
            }
            for one in report.unknown
        ],
        "not_checked": [
            {"feed": one.feed, "field": one.field, "table": one.table, "codes": count, "why": one.why}
            for one, count in report.not_checked.items()
        ],
    }
    shared.show(data, lambda: _print_check(data))
    if report.unknown:
        raise click.exceptions.Exit(FAILED)


def _print_check(data: Mapping[str, Any]) -> None:
    unknown, not_checked = data["unknown"], data["not_checked"]
    click.echo(f"{data['known']} codes are known to BKN, {len(unknown)} are not")
    if unknown:
        columns = ("place", "feed", "field", "local", "national", "table")
        click.echo()
        table(columns, [[row[name] for name in columns] for row in unknown])
    if not_checked:
        click.echo()
        rows = [[row["codes"] or "", row["feed"], row["field"], row["why"]] for row in not_checked]
        table(["not checked", "feed", "field", "why"], rows)


COMMANDS = (codes,)
