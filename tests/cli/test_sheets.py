"""Tables for a spreadsheet: what it would run is plain text, persons are masked, and the file is whole or not there."""

import csv
import json
import re
import stat
import zipfile
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import click
import pytest

from simpeg_sync.cli import sheets
from simpeg_sync.cli.common import Shared
from simpeg_sync.cli.sheets import Output, Sheet
from simpeg_sync.domain.errors import OperatorError

NIP = "198501012010012001"
SHARED = Shared(Path(), as_json=False, debug=False)
BAD = ["=1+1", "+62", "-5", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1", "\n=1", "\u200b=cmd"]


def nobody_asked() -> None:
    raise AssertionError("nothing was unmasked")


def shown(sheet: Sheet, form: Any, path: Path | None = None, **given: Any) -> None:
    sheets.show(SHARED, Output(form, path), [sheet], note_unmasked=nobody_asked, **given)


def cells_of(path: Path) -> list[list[str]]:
    """The texts of a workbook's first sheet, as they stand in its XML."""
    with zipfile.ZipFile(path) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml, "a formula"
    rows = re.findall(r"<row [^>]*>(.*?)</row>", xml, re.S)
    inside = r"<c [^>]*?(?:/>|>(?:<is><t[^>]*>(.*?)</t></is>|<v>(.*?)</v>)</c>)"
    return [[unescape(text or number) for text, number in re.findall(inside, row, re.S)] for row in rows]


@pytest.mark.parametrize("text", BAD, ids=ascii)
def test_what_a_spreadsheet_would_run_is_plain_text(text: str, tmp_path: Path) -> None:
    sheet = Sheet("one", ["name", "number"], [[text, -5]])
    shown(sheet, "csv", tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [["name", "number"], [f"'{text}", "-5"]]
    shown(sheet, "xlsx", tmp_path / "a.xlsx")
    [_, [cell, number]] = cells_of(tmp_path / "a.xlsx")
    assert cell[0] == "'"
    assert number == "-5"


def test_an_address_and_a_long_number_stay_texts(tmp_path: Path) -> None:
    rows = [["http://example.org/x", "00123", 123456789012345678, 1.5, None, True]]
    shown(Sheet("one", list("abcdef"), rows), "xlsx", tmp_path / "a.xlsx")
    [_, cells] = cells_of(tmp_path / "a.xlsx")
    assert cells == ["http://example.org/x", "00123", "123456789012345678", "1.5", "1"]
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert "hyperlink" not in archive.read("xl/worksheets/sheet1.xml").decode()


def test_letters_that_no_workbook_holds_do_not_break_it(tmp_path: Path) -> None:
    shown(Sheet("a/b:c", ["x"], [["a\x00b\x1bc\ud800"], ["z" * 40_000]]), "xlsx", tmp_path / "a.xlsx")
    [_, [cell], [long]] = cells_of(tmp_path / "a.xlsx")
    assert cell == "a·b·c·"
    assert (len(long), long[-1]) == (sheets.CELL_MAX, "…")


@pytest.mark.parametrize("form", ["table", "json", "csv", "xlsx"])
def test_persons_are_masked_unless_whoever_asks_is_noted(form: Any, tmp_path: Path) -> None:
    noted: list[str] = []
    sheet = Sheet("one", ["person", "key"], [[NIP, f'["{NIP}","7"]']])
    for unmasked in (False, True):
        path = tmp_path / f"{unmasked}.{form}"
        note: Callable[[], None] = lambda: noted.append("noted")  # noqa: E731 - one word
        sheets.show(SHARED, Output(form, path, unmasked), [sheet], note_unmasked=note)
        content = path.read_bytes()
        if form == "xlsx":
            with zipfile.ZipFile(path) as archive:
                content = b"".join(archive.read(name) for name in archive.namelist())
        assert (NIP.encode() in content) is unmasked
        assert (b"1985" in content) is True
    assert noted == ["noted"]


def test_what_json_shows_beside_the_rows_is_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    shown(Sheet("one", ["a"], []), "json", data=lambda: {"key": NIP})
    assert json.loads(capsys.readouterr().out) == {"key": "1985…2001"}


def test_several_sheets_are_one_workbook_and_one_json_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = [Sheet("one", ["a"], [[1]]), Sheet("One", ["b"], [["x"]])]
    sheets.show(SHARED, Output("xlsx", tmp_path / "a.xlsx"), two, note_unmasked=nobody_asked)
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert len([name for name in archive.namelist() if name.startswith("xl/worksheets/")]) == 2
    two = [Sheet("one", ["a"], [[1]]), Sheet("two", ["b"], [["x"]])]
    capsys.readouterr()
    sheets.show(SHARED, Output("json"), two, note_unmasked=nobody_asked)
    assert json.loads(capsys.readouterr().out) == {"one": [{"a": 1}], "two": [{"b": "x"}]}


def test_a_file_is_the_owners_alone_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("before")

    def broken() -> Any:
        yield ["1"]
        raise RuntimeError("the ledger is gone")

    with pytest.raises(RuntimeError):
        shown(Sheet("one", ["a"], broken()), "csv", path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    shown(Sheet("one", ["a"], [["1"]]), "csv", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(OperatorError, match="cannot be written"):
        shown(Sheet("one", ["a"], []), "csv", tmp_path / "no" / "a.csv")


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "ROWS_MAX", 3)
    shown(Sheet("one", ["a"], ([n] for n in range(7))), "xlsx", tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        names = re.findall(r'<sheet name="([^"]+)"', archive.read("xl/workbook.xml").decode())
    assert names == ["one", "one 2", "one 3"]


def test_the_form_follows_the_files_name_and_a_workbook_wants_a_file() -> None:
    @click.command()
    @sheets.options
    def command(output: Output) -> None:
        click.echo(repr((output.form, output.unmasked)))

    from click.testing import CliRunner

    runner = CliRunner()
    assert "('xlsx', False)" in runner.invoke(command, ["--output", "a.xlsx"]).output
    assert "('csv', True)" in runner.invoke(command, ["--output", "a", "--format", "csv", "--unmasked"]).output
    assert runner.invoke(command, ["--output", "a.doc"]).exit_code == 2
    with pytest.raises(click.UsageError, match="--output"):
        shown(Sheet("one", ["a"], []), "xlsx")
