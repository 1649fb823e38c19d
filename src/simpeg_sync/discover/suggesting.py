"""A code table with suggestions beside it: only a person's word puts a code into the column that the mapper reads."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simpeg_sync.config.code_tables import NoCodeTable
from simpeg_sync.discover.likeness import Names, Suggestion
from simpeg_sync.discover.lookups import LocalCode
from simpeg_sync.mapping.expressions import clean

LOCAL, NATIONAL, TEXT = "local", "bkn", "text"
SUGGESTED = ("suggested", "suggested_text", "score")
"""Columns for people; the reader of code tables does not look at them."""


@dataclass(frozen=True, slots=True)
class CodeSheet:
    """A code table as it stands, with all its columns."""

    columns: tuple[str, ...]
    lines: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    local: str
    text: str
    national: str
    """What a person has decided, or accepts now; empty while nobody has."""
    suggestions: Sequence[Suggestion]
    is_accepted: bool = False
    """By this run."""


def read_sheet(content: bytes) -> CodeSheet:
    """Raises NoCodeTable."""
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        columns = tuple(rows.fieldnames or ())
        lines = [{name: row[name] or "" for name in columns} for row in rows]
    except (UnicodeDecodeError, csv.Error):
        raise NoCodeTable("is not CSV in UTF-8", "Save it as CSV, UTF-8.") from None
    if not {LOCAL, NATIONAL} <= set(columns):
        raise NoCodeTable("lacks the columns local and bkn", "Its first line: local,bkn")
    return CodeSheet(columns, lines)


def merged(sheet: CodeSheet, found: Sequence[LocalCode]) -> CodeSheet:
    """The sheet with codes of SIMPEG that it lacks behind its own, and texts where it has none."""
    texts = {clean(one.local).casefold(): one.text for one in found}
    columns = sheet.columns if TEXT in sheet.columns or not any(texts.values()) else (*sheet.columns, TEXT)
    own = [
        {**line, TEXT: line.get(TEXT) or texts.get(clean(line[LOCAL]).casefold(), "")}
        if TEXT in columns
        else dict(line)
        for line in sheet.lines
    ]
    there = {clean(line[LOCAL]).casefold() for line in own}
    more = [
        {**dict.fromkeys(columns, ""), LOCAL: one.local, **({TEXT: one.text} if TEXT in columns else {})}
        for one in found
        if clean(one.local).casefold() not in there
    ]
    return CodeSheet(columns, [*own, *more])


def suggested(sheet: CodeSheet, names: Names, *, least: float, accept: float | None) -> Sequence[Line]:
    """``accept``: from this score on the best one counts as a person's word, where nothing else is as good and nobody
    has decided yet."""
    lines: list[Line] = []
    for row in sheet.lines:
        local, text, national = clean(row[LOCAL]), clean(row.get(TEXT) or ""), row[NATIONAL].strip()
        if not local:
            continue
        found = names.suggest(text, least=least) if text else names.suggest(local, least=least)
        takes = accept is not None and not national and _is_clear(found, accept)
        lines.append(Line(local, text, found[0].code if takes else national, found, takes))
    return lines


def _is_clear(found: Sequence[Suggestion], accept: float) -> bool:
    return bool(found) and found[0].score >= accept and (len(found) == 1 or found[1].score < found[0].score)


def page(sheet: CodeSheet, lines: Sequence[Line]) -> str:
    """The CSV to write; what a person wrote stays, in its order."""
    by_local = {line.local.casefold(): line for line in lines}
    columns = [*sheet.columns, *(name for name in SUGGESTED if name not in sheet.columns)]
    out = io.StringIO()
    rows = csv.DictWriter(out, columns, lineterminator="\n")
    rows.writeheader()
    for row in sheet.lines:
        line = by_local.get(clean(row[LOCAL]).casefold())
        best = line.suggestions[0] if line is not None and line.suggestions else None
        beside = dict(
            zip(SUGGESTED, (best.code, best.label, f"{best.score:.2f}") if best else ("", "", ""), strict=True)
        )
        national = line.national if line is not None and line.is_accepted else row[NATIONAL]
        rows.writerow({**row, NATIONAL: national, **beside})
    return out.getvalue()
