"""One table for people, in four forms: on the screen, as JSON, as CSV and as a workbook for a spreadsheet.

What a cell holds comes from SIMPEG, from BKN or from an operator, and a spreadsheet would run it: a text that begins like a
formula is made a plain one. Persons are masked, unless whoever asks says that he may see them; that goes into the audit.
"""

import contextlib
import csv
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import click

from simpeg_sync.cli.common import Shared, json_text, say, table
from simpeg_sync.domain.errors import OperatorError
from simpeg_sync.insights import masked, without_nips

F = TypeVar("F", bound=Callable[..., Any])
Form = Literal["table", "json", "csv", "xlsx"]

FORMULA = re.compile(r"[\s\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""How a text begins that a spreadsheet takes for a formula, also behind blanks and in full width."""
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
CELL_MAX, ROWS_MAX, WIDTH_MAX = 32_767, 1_048_575, 60
"""Of a spreadsheet: letters in a cell, rows of a sheet below its heading; and how wide we make a column."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with its cells as they are; masking and guarding are done here, on the way out."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]
    """May be a generator: it is gone through once, in constant memory for CSV and XLSX."""
    persons: frozenset[str] = frozenset({"person"})
    """Columns that hold a NIP or a lane. In all other columns what looks like a NIP is masked."""

    def shown(self, *, unmasked: bool) -> Iterator[list[Any]]:
        places = {place for place, name in enumerate(self.columns) if name in self.persons}
        for row in self.rows:
            yield [
                cell if unmasked or not isinstance(cell, str) else masked_cell(cell, is_person=place in places)
                for place, cell in enumerate(row)
            ]


@dataclass(frozen=True, slots=True)
class Output:
    """Where the tables go, as `options` took it from the command line."""

    form: Form | None = None
    """None: as people read it, or as the flag for JSON says."""
    path: Path | None = None
    unmasked: bool = False


def options(command: F) -> F:
    """Adds ``--format``, ``--output`` and ``--unmasked``, which come as one argument ``output``."""

    def gathered(*args: Any, form: Form | None, path: Path | None, unmasked: bool, **given: Any) -> Any:
        return command(*args, output=Output(_form_of(form, path), path, unmasked), **given)

    gathered.__name__, gathered.__doc__ = command.__name__, command.__doc__
    gathered.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]  # click's own
    for option in (
        click.option("--unmasked", is_flag=True, help="Persons as they are; who asked goes into the audit."),
        click.option("--output", "path", type=click.Path(path_type=Path, dir_okay=False), help="Into this file."),
        click.option("--format", "form", type=click.Choice(get_args(Form)), help="Else by the file's name."),
    ):
        gathered = option(gathered)
    return gathered  # type: ignore[return-value]


def show(
    shared: Shared,
    output: Output,
    sheets: Sequence[Sheet],
    *,
    data: Callable[[], Any] | None = None,
    as_text: Callable[[], None] | None = None,
    note_unmasked: Callable[[], None],
) -> None:
    """Prints the sheets, or writes them into the file. Raises OperatorError when the file cannot be written.

    ``data``: gives what JSON shows instead of the sheets as lists of objects. ``as_text``: what people read instead of the bare
    columns. A CSV holds the first sheet. ``note_unmasked``: writes into the audit who saw persons, before he does.
    """
    if output.unmasked:
        note_unmasked()
    form = output.form or ("json" if shared.as_json else "table")
    if form == "xlsx" and output.path is None:
        raise click.UsageError("a workbook goes into a file: add --output FILE.xlsx")
    if output.path is None:
        _write(form, sys.stdout, sheets, output, data, as_text)
        return
    with into(output.path) as file:
        if form == "xlsx":
            _xlsx(file, sheets, unmasked=output.unmasked)
        else:
            # A spreadsheet takes a CSV for UTF-8 only by its mark.
            encoding = "utf-8-sig" if form == "csv" else "utf-8"
            text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
            with contextlib.redirect_stdout(text):
                _write(form, text, sheets, output, data, as_text)
            text.flush()
            text.detach()
    say(f"written: {output.path}")


def guarded(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets the mark of a plain text in front."""
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell


def masked_cell(text: str, *, is_person: bool) -> str:
    return masked(text) if is_person and text else without_nips(text)


def _form_of(form: Form | None, path: Path | None) -> Form | None:
    """By the file's name where it is not said."""
    if form is not None or path is None:
        return form
    ending = path.suffix.lower().removeprefix(".")
    known: Mapping[str, Form] = {"csv": "csv", "xlsx": "xlsx", "json": "json", "txt": "table"}
    if ending not in known:
        raise click.UsageError("say which form the file has: --format table|json|csv|xlsx")
    return known[ending]


def _write(
    form: Form,
    file: Any,
    sheets: Sequence[Sheet],
    output: Output,
    data: Callable[[], Any] | None,
    as_text: Callable[[], None] | None,
) -> None:
    if form == "json" and data is None and len(sheets) == 1:
        _json(file, sheets[0], unmasked=output.unmasked)
    elif form == "json":
        shown = data() if data is not None else _objects(sheets, unmasked=output.unmasked)
        if data is not None and not output.unmasked:
            shown = json.loads(without_nips(json.dumps(shown, ensure_ascii=False, default=str)))
        Shared(Path(), as_json=True, debug=False).show(shown, lambda: None)
    elif form == "csv":
        _csv(file, sheets[0], unmasked=output.unmasked)
    elif as_text is not None:
        as_text()
    else:
        for place, sheet in enumerate(sheets):
            if place:
                click.echo()
            table(sheet.columns, sheet.shown(unmasked=output.unmasked))


def _objects(sheets: Sequence[Sheet], *, unmasked: bool) -> Any:
    return {
        sheet.name: [dict(zip(sheet.columns, row, strict=True)) for row in sheet.shown(unmasked=unmasked)]
        for sheet in sheets
    }


def _json(file: Any, sheet: Sheet, *, unmasked: bool) -> None:
    """One array, an object a line, in constant memory."""
    before = "["
    for row in sheet.shown(unmasked=unmasked):
        file.write(before + json_text(dict(zip(sheet.columns, row, strict=True))))
        before = ",\n "
    file.write("[]\n" if before == "[" else "]\n")


def _csv(file: Any, sheet: Sheet, *, unmasked: bool) -> None:
    writer = csv.writer(file)
    writer.writerow([guarded(name) for name in sheet.columns])
    for row in sheet.shown(unmasked=unmasked):
        writer.writerow([guarded(_plain(cell)) for cell in row])


def _xlsx(file: Any, sheets: Sequence[Sheet], *, unmasked: bool) -> None:
    from xlsxwriter import Workbook  # no other form has to wait for it

    # Rows go to the disk one by one; no text is ever taken for a formula, an address or a number.
    quiet = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Workbook(file, {"constant_memory": True, **quiet})
    heading = book.add_format({"bold": True, "bottom": 1})
    names: set[str] = set()
    for sheet in sheets:
        rows = sheet.shown(unmasked=unmasked)
        number, full = 0, True
        while full:
            number += 1
            full = _worksheet(book, heading, _title(sheet.name, number, names), sheet.columns, rows)
    book.close()


def _worksheet(book: Any, heading: Any, title: str, columns: Sequence[str], rows: Iterator[list[Any]]) -> bool:
    """One sheet of the workbook; True when there are more rows than it holds."""
    page = book.add_worksheet(title)
    page.freeze_panes(1, 0)
    for place, name in enumerate(columns):
        page.set_column(place, place, min(WIDTH_MAX, max(12, len(name) + 2)))
    for place, name in enumerate(columns):
        page.write_string(0, place, guarded(name), heading)
    number = 0
    for number, row in enumerate(rows, start=1):
        for place, cell in enumerate(row):
            value = _plain(cell)
            if isinstance(value, bool):
                page.write_boolean(number, place, value)
            elif isinstance(value, int | float):
                page.write_number(number, place, value)
            elif value is not None:
                page.write_string(number, place, _cut(NOT_IN_XML.sub("·", guarded(value))))
        if number == ROWS_MAX:
            break
    if number:
        page.autofilter(0, 0, number, len(columns) - 1)
    return number == ROWS_MAX


def _plain(cell: Any) -> Any:
    """Numbers as numbers, as far as a spreadsheet keeps all their digits; everything else as text."""
    if cell is None or isinstance(cell, bool | str):
        return cell
    if isinstance(cell, int | float) and abs(cell) < 10**15:
        return cell
    return str(cell)


def _cut(text: str) -> str:
    return text if len(text) <= CELL_MAX else text[: CELL_MAX - 1] + "…"


def _title(name: str, number: int, taken: set[str]) -> str:
    """A sheet's name: at most 31 letters, without those that a spreadsheet refuses, and no name twice."""
    bare = re.sub(r"[\[\]:*?/\\]", " ", name).strip("' ")[:25] or "sheet"
    title = bare if number == 1 else f"{bare} {number}"
    while title.casefold() in taken:
        number += 1
        title = f"{bare} {number}"
    taken.add(title.casefold())
    return title


@contextlib.contextmanager
def into(path: Path) -> Iterator[Any]:
    """The file appears when it is complete, and is nobody else's to read: it may hold persons."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise OperatorError(f"{path} cannot be written ({error.strerror}); name another file") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).replace(path)
    except OSError as error:
        raise OperatorError(f"{path} cannot be written ({error.strerror}); name another file") from None
    finally:
        Path(name).unlink(missing_ok=True)
