"""A region's code tables, ``codes/*.csv``: local code, BKN's code, and the line on which they stand."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeLine:
    line: int
    local: str
    national: str


class NoCodeTable(Exception):
    """The text ends the sentence "the code table FILE ..."."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def code_lines(content: bytes) -> Sequence[CodeLine]:
    """The lines that give both codes; columns beside ``local`` and ``bkn`` are for people. Raises NoCodeTable."""
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        if not {"local", "bkn"} <= set(rows.fieldnames or ()):
            raise NoCodeTable("lacks the columns local and bkn", "Its first line: local,bkn")
        lines = [CodeLine(rows.line_num, row["local"], (row["bkn"] or "").strip()) for row in rows if row["local"]]
    except (UnicodeDecodeError, csv.Error):
        raise NoCodeTable("is not CSV in UTF-8", "Save it as CSV, UTF-8.") from None
    return [line for line in lines if line.national]
