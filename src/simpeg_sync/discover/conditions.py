"""Which rows may leave, which count as deleted, which are structural training: guesses that let less leave, not more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simpeg_sync.discover.looks import SeenColumn, SeenTable
from simpeg_sync.discover.lookups import LocalCode
from simpeg_sync.discover.words import Lexicon
from simpeg_sync.mapping.expressions import clean
from simpeg_sync.mapping.text import plain

UNDECIDED = "TODO"
"""No row has this value: until a person writes the right one, nothing leaves."""
VALUES_MAX = 8


@dataclass(frozen=True, slots=True)
class Guess:
    column: str
    condition: Any
    score: float
    values: tuple[str, ...] = ()
    """The different values that were seen; codes of a state, never of persons."""


def verified(table: SeenTable, lexicon: Lexicon) -> Guess | None:
    """The column by which somebody approves rows, with the value that says so as far as it can be told."""
    best: list[tuple[float, str, Guess]] = []
    for column in table.columns.values():
        values, speaks = _values(table, column), _speaks_of_approval(table, column)
        if not speaks or len(values) > VALUES_MAX:
            continue
        seen = tuple(value for value in values if _may_be_shown(value, lexicon))
        yes = [value for value in values if value.casefold() in lexicon.approved]
        if yes and len(yes) < max(2, len(values)):
            guess = Guess(column.name, {column.name: yes if len(yes) > 1 else yes[0]}, 0.9 * speaks, seen)
        elif speaks == 1.0 and values and set(values) <= {"0", "1", "True", "False"}:
            guess = Guess(column.name, {column.name: 1}, 0.7, seen)
        else:
            guess = Guess(column.name, {column.name: UNDECIDED}, 0.4 * speaks, seen)
        best.append((-guess.score, column.name, guess))
    return min(best)[2] if best else None


def _speaks_of_approval(table: SeenTable, column: SeenColumn) -> float:
    """By its name, 0 to 1; 0 for one that says when or by whom, and for other states."""
    words, look = column.called.words, column.look
    if column.is_date or look.date > 0.5 or look.nip > 0 or look.spaced > 0.8:
        return 0.0
    if words & {"bkn", "sinkron", "aktif", "hapus", "nama", "nip", "tanggal", "pegawai"} or column.called.strange > 0.3:
        return 0.0
    if "verifikasi" in words:
        return 1.0
    return 0.5 if "status" in words and words <= {"status", "riwayat", *table.called.words} else 0.0


def _may_be_shown(value: str, lexicon: Lexicon) -> bool:
    """Numbers and known words of states: what else stands there could be who approved."""
    return (value.isdigit() and len(value) <= 3) or value.casefold() in lexicon.approved | lexicon.states


def deleted(table: SeenTable) -> Guess | None:
    for column in sorted(table.columns.values(), key=lambda one: one.name):
        words = column.called.words - {"status", "tanggal", "riwayat"} - table.called.words
        values = _values(table, column)
        if words == {"hapus"}:
            if column.is_date or column.look.date > 0.5 or (column.look.is_empty and not column.is_number):
                return Guess(column.name, {column.name: {"empty": False}}, 0.9)
            if set(values) <= {"0", "1", "True", "False"}:
                return Guess(column.name, {column.name: 1}, 0.9, values)
        if words == {"aktif"} and column.called.words & {"status", "aktif"} and values and set(values) <= {"0", "1"}:
            return Guess(column.name, {column.name: 0}, 0.6, values)
    return None


def structural(codes: Sequence[LocalCode], lexicon: Lexicon) -> tuple[str, ...]:
    """The local codes of kinds of training that mean the structural one; () when none or all do."""
    found = tuple(
        code.local
        for code in codes
        if set(lexicon_words(f"{code.local} {code.text}")) & lexicon.structural
        or "struktural" in lexicon.name(code.text or code.local).words
    )
    return found if 0 < len(found) < len(codes) else ()


def lexicon_words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in text.casefold()).split()


def _values(table: SeenTable, column: SeenColumn) -> tuple[str, ...]:
    if column.is_binary:
        return ()
    found = {clean(plain(row[column.name])) for row in table.table.rows if row.get(column.name) is not None}
    return tuple(sorted(value for value in found if value))
