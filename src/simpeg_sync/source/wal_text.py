"""One line of `test_decoding` as table, operation and images. Text in, values out; nothing is asked here.

The plugin writes ``table public."Kursus": UPDATE: old-key: id[integer]:1 new-tuple: id[integer]:2 nama[text]:'a''b'``.
Names are quoted where SQL would want it, values are the type's own output: numbers bare, all else in single quotes
with only the quote doubled. So a line is read from its start, token by token, and whatever does not fit to its end is
refused: nothing is searched for inside, where a value could say anything.
"""

import re
from dataclasses import dataclass

from simpeg_sync.source.marking import Image

UNCHANGED = "unchanged-toast-datum"

_NAME = r'(?:"(?:[^"]|"")+"|[^\s".,:\[]+)'
_TABLE = rf"{_NAME}\.{_NAME}"
_ROW = re.compile(rf"table ({_TABLE}): (INSERT|UPDATE|DELETE):")
_TRUNCATE = re.compile(rf"table ({_TABLE}(?:, {_TABLE})*): TRUNCATE: [a-z_() -]+")
_COLUMN = re.compile(
    rf" ({_NAME})"
    r'\[((?:"(?:[^"]|"")*"|\[\]|[^"\[\]])+)\]'  # a type's name may be quoted, and an array's ends in []
    r":(B?'(?:[^']|'')*'|[^\s']+)"
)


class Unreadable(ValueError):
    """The line is not what the plugin is known to write. Carries no text: it holds values of rows."""


@dataclass(frozen=True, slots=True)
class RowLine:
    table: str
    """As SQL spells it, schema first."""
    operation: str
    """INSERT, UPDATE or DELETE."""
    old: Image | None
    """What the replica identity told of the row before, without its NULLs; None where it told nothing."""
    new: Image | None
    """Without the columns whose value the server did not repeat (unchanged and stored aside)."""


def truncated(line: str) -> tuple[str, ...]:
    """The tables that the line empties; none where it is a line of another kind."""
    match = _TRUNCATE.fullmatch(line)
    return tuple(re.findall(_TABLE, match[1])) if match else ()


def row_line(line: str) -> RowLine:
    head = _ROW.match(line)
    if head is None:
        raise Unreadable
    rest = _Rest(line, head.end())
    table, operation = head[1], head[2]
    old: Image | None = None
    new: Image | None = None
    match operation:
        case "INSERT":
            new = rest.columns()
        case "UPDATE":
            if rest.takes(" old-key:"):
                old = rest.columns()
                rest.must(" new-tuple:")
            new = rest.columns()
        case _ if not rest.takes(" (no-tuple-data)"):
            old = rest.columns()
    rest.must_end()
    return RowLine(table, operation, old, new)


class _Rest:
    """What of the line is still to be read."""

    def __init__(self, line: str, at: int) -> None:
        self._line = line
        self._at = at

    def takes(self, word: str) -> bool:
        if not self._line.startswith(word, self._at):
            return False
        self._at += len(word)
        return True

    def must(self, word: str) -> None:
        if not self.takes(word):
            raise Unreadable

    def must_end(self) -> None:
        if self._at != len(self._line):
            raise Unreadable

    def columns(self) -> Image:
        found: dict[str, str | None] = {}
        while match := _COLUMN.match(self._line, self._at):
            self._at = match.end()
            if match[3] != UNCHANGED:
                found[_unquoted(match[1])] = _value(match[2], match[3])
        return found


def _value(its: str, text: str) -> str | None:
    if text == "null":
        return None
    value = text.removeprefix("B") if text.startswith("B'") else text
    if value.startswith("'"):
        value = value[1:-1].replace("''", "'")
    # A cast to text, by which keys are written everywhere else, drops the blanks that fill a CHAR(n).
    return value.rstrip(" ") if its == "character" else value


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
