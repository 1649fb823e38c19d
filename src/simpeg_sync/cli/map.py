"""Commands that check a mapping before anything is sent: against the tables, row by row, against another configuration."""

import json
from collections.abc import Mapping
from typing import Any

import click

from simpeg_sync.cli.common import IN_PART, Shared, pass_shared, table
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
    click.echo("the mapping is fine" if report["clean"] else f"{problems} problems; nothing was sent")


def _print_counts(of: Mapping[str, Any]) -> None:
    held = [[f"held: {h['reason']}", h["count"], h["detail"], h["example"]] for h in of["held"]]
    failed = [["failed in the program", f["count"], f["what"], f["example"]] for f in of["failed"]]
    rows = [["would be sent", of["would_send"], "", ""], *held[:HELD_SHOWN_MAX], *failed]
    rows += [["not in scope", of["not_in_scope"], "", ""], ["deleted", of["deleted"], "", ""]]
    table(["  rows", "count", "where", "for instance"], [[f"  {row[0]}", *row[1:]] for row in rows if row[1]])
    for one in of["filters"]:
        values = "; ".join(
            f"{column} {', '.join(f'{value!r} {count}' for value, count in found.items())}"
            for column, found in one["values"].items()
        )
        click.echo(
            f"  {one['filter']} ({one['condition']}): {one['holds']} yes, {one['not']} no{f'; {values}' if values else ''}"
        )


COMMANDS = (map_,)
