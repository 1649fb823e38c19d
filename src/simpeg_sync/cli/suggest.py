"""`codes suggest`: which of BKN's codes might a local code be? Proposed by likeness, decided by a person."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simpeg_sync.cli.common import NOTHING, Shared, pass_shared, say, table
from simpeg_sync.domain.errors import LedgerError, OperatorError

if TYPE_CHECKING:
    from simpeg_sync.config.load import Config
    from simpeg_sync.discover.likeness import Entry
    from simpeg_sync.discover.lookups import LocalCode
    from simpeg_sync.discover.suggesting import CodeSheet, Line


@click.command("suggest")
@click.argument("path", metavar="[CSV]", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--from", "origin", metavar="TABLE.CODE[:TEXT]", help="Local codes (and their texts) from SIMPEG itself.")
@click.option(
    "--table", "name", required=True, metavar="BKN_TABLE", help="BKN's code table, e.g. golongan or ref-unor."
)
@click.option(
    "--min", "least", type=click.FloatRange(0, 1), default=0.6, show_default=True, help="Least likeness shown."
)
@click.option(
    "--accept", type=click.FloatRange(0.5, 1), help="Take the best from this likeness on into the column bkn."
)
@click.option("--write", is_flag=True, help="Write the suggestions beside the codes in CSV; the column bkn stays.")
@pass_shared
def codes_suggest(
    shared: Shared, path: Path | None, origin: str | None, name: str, least: float, accept: float | None, write: bool
) -> None:
    """Propose BKN's codes for the local codes of CSV, by likeness of their texts.

    Nothing counts before it stands in the column bkn, and only you, or --accept, put it there.
    """
    from simpeg_sync.discover.likeness import Names, load_abbreviations
    from simpeg_sync.discover.suggesting import page, suggested

    if path is None and (origin is None or write or accept is not None):
        raise click.UsageError("name the CSV, or SIMPEG's table with --from to look at its codes only")
    config = shared.config
    sheet = _sheet(config, path, origin)
    lines = suggested(sheet, Names(_entries(config, name), load_abbreviations()), least=least, accept=accept)
    written = path is not None and (write or accept is not None)
    if written and path is not None:
        _replace(path, page(sheet, lines))
    data = {"table": name, "written": str(path) if written else None, "lines": [_line(line) for line in lines]}
    shared.show(data, lambda: _print(data))
    if not any(line.suggestions for line in lines):
        raise click.exceptions.Exit(NOTHING)


def _sheet(config: "Config", path: Path | None, origin: str | None) -> "CodeSheet":
    from simpeg_sync.config.code_tables import NoCodeTable
    from simpeg_sync.discover.suggesting import LOCAL, NATIONAL, TEXT, CodeSheet, merged, read_sheet

    sheet = CodeSheet((LOCAL, NATIONAL, TEXT), [])
    if path is not None and (path.exists() or origin is None):
        try:
            sheet = read_sheet(path.read_bytes())
        except OSError as error:
            raise OperatorError(f"the code table {path} cannot be read ({error.strerror}); check the path") from None
        except NoCodeTable as bad:
            raise OperatorError(f"the code table {path} {bad.what}; {bad.remedy}") from None
    return merged(sheet, _from_source(config, origin)) if origin is not None else sheet


def _from_source(config: "Config", origin: str) -> "Sequence[LocalCode]":
    from simpeg_sync import wiring

    place, _, text = origin.partition(":")
    name, dot, column = place.rpartition(".")
    if not dot or not name or not column:
        raise click.BadParameter("write it like a_golruang.idgolru:golru", param_hint="--from")
    return wiring.local_codes(config, name, column, text or None)


def _entries(config: "Config", name: str) -> "Sequence[Entry]":
    """What is bundled, and what was pulled; without a ledger the bundle alone."""
    from simpeg_sync import wiring

    try:
        return wiring.code_names(config, name)
    except LedgerError as error:
        say(f"only what this program brings along is compared: {error}")
        return wiring.code_names(config, name, with_ledger=False)


def _replace(path: Path, content: str) -> None:
    """All of it or nothing: a code table that is cut in half would hold records."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(content, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise OperatorError(f"{path} cannot be written ({error.strerror}); check its rights") from None


def _line(line: "Line") -> dict[str, Any]:
    return {
        "local": line.local,
        "text": line.text,
        "bkn": line.national,
        "accepted": line.is_accepted,
        "suggestions": [
            {"code": one.code, "label": one.label, "score": one.score, "how": one.sureness} for one in line.suggestions
        ],
    }


def _print(data: Mapping[str, Any]) -> None:
    rows: list[list[Any]] = []
    for line in data["lines"]:
        head = [line["local"], line["text"], line["bkn"] + (" (accepted)" if line["accepted"] else "")]
        for one in line["suggestions"] or [dict.fromkeys(("code", "label", "score", "how"), "")]:
            score = f"{one['score']:.2f}" if one["score"] != "" else ""
            rows.append([*head, score, one["how"], one["code"], one["label"]])
            head = ["", "", ""]
    table(("local", "text", "bkn now", "alike", "how", "BKN's code", "BKN's text"), rows)
    open_ = sum(not line["bkn"] for line in data["lines"])
    say(f"{len(data['lines'])} codes, {open_} still without BKN's code")
    if data["written"]:
        say(
            f"written: {data['written']}; read it, put what is right into the column bkn, then `simpeg-sync codes check`"
        )
