"""Which of BKN's kinds is a table, and which column is which of its fields? By names and by contents together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simpeg_sync.discover.looks import SeenColumn, SeenTable
from simpeg_sync.discover.shapes import FieldShape, Shape
from simpeg_sync.discover.words import Lexicon, Name, likeness

SURE, MENTIONED = 0.5, 0.3
"""From here on a column is written down, or at least named in a comment."""
KIND_MIN = 0.5
KINDS_WITHOUT_NAME_MIN = 0.72
"""Of the telling fields, where the table's name says nothing."""


@dataclass(frozen=True, slots=True)
class Match:
    column: str
    score: float


_NUMBERED = re.compile("nomor|no|nip")

Matches = Mapping[str, Sequence[Match]]
"""Field -> columns, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Recognised:
    target: str
    score: float
    matches: Matches


def recognise(
    table: SeenTable, shapes: Mapping[str, Shape], lexicon: Lexicon, *, skip: frozenset[str]
) -> Sequence[Recognised]:
    """Kinds that the table may be, the likeliest first. ``skip``: columns that lead to the person."""
    found: list[Recognised] = []
    for target, kind in lexicon.kinds.items():
        matches = match(table, shapes[target], lexicon, skip=skip)
        weights = [kind.table.get(word, 0.0) for word in sorted(table.called.words)]
        by_name = max([*weights, 0.0]) + sum(weight for weight in weights if weight < 0)
        best = [matches[field][0].score if matches.get(field) else 0.0 for field in kind.core]
        by_fields = sum(best) / len(best)
        score = 0.55 * by_name + 0.45 * by_fields if by_name > 0 else 0.0
        if by_name <= 0 and by_fields >= KINDS_WITHOUT_NAME_MIN and sum(weights) >= 0:
            score = 0.7 * by_fields
        if score >= KIND_MIN and any(best):
            found.append(Recognised(target, round(score, 2), matches))
    return sorted(found, key=lambda one: (-one.score, one.target))


def match(table: SeenTable, shape: Shape, lexicon: Lexicon, *, skip: frozenset[str]) -> Matches:
    kind = lexicon.kinds[shape.target]
    own = table.called.words | {word for word, weight in kind.table.items() if weight > 0.5}
    found: dict[str, list[Match]] = {}
    for field in shape.fields.values():
        called = kind.fields.get(field.name)
        if called is None:
            # A field whose own name is half understood would take the columns of its neighbours.
            itself = lexicon.name(field.name)
            called = (itself.words - lexicon.neutral,) if itself.strange < 0.15 else ()
        scored = [
            Match(column.name, round(_score(column, field, called, own, lexicon), 2))
            for column in table.columns.values()
            if column.name not in skip
        ]
        good = sorted((one for one in scored if one.score >= MENTIONED), key=lambda one: (-one.score, one.column))
        if good:
            found[field.name] = good[:4]
    return _settled(found, shape)


def _score(
    column: SeenColumn, field: FieldShape, called: Sequence[frozenset[str]], own: frozenset[str], lexicon: Lexicon
) -> float:
    if column.called.words & {"dibuat", "hapus", "verifikasi", "sinkron", "berkas"} and not any(
        column.called.words & wanted & {"hapus", "verifikasi", "berkas"} for wanted in called
    ):
        return 0.0
    itself = column.called
    is_national = field.form == "code" and "bkn" in itself.words and column.look.id > 0.5
    if is_national:
        itself = Name(itself.words - {"bkn"}, itself.strange)
    name = likeness([one for one in called if one], itself, own=own, lexicon=lexicon)
    if is_national:
        return min(1.0, name * 1.1)  # before the local code of the same thing
    if name == 0.0:
        return 0.0
    return name * (0.3 + 0.7 * fit(column, field))


def fit(column: SeenColumn, field: FieldShape) -> float:
    """Whether the values can be what BKN wants there, 0 to 1."""
    look = column.look
    if column.is_binary or look.base64 > 0.5:
        return 0.0
    if look.is_empty:
        return _fit_by_type(column, field)
    if look.nip > 0.5 and "nip" not in field.name.lower():
        return 0.0
    match field.form:
        case "date":
            return look.date
        case "year":
            return max(look.year, 0.9 * look.date)
        case "month":
            return max(look.whole * (1 - look.year), 0.9 * look.date)
        case "number" if field.code_table is not None:
            return 0.2 if look.date > 0.5 or not look.is_few else 1.0
        case "number" | "amount":
            return 0.1 if look.date > 0.5 or look.year > 0.9 else max(look.decimal, look.counted, 0.15)
        case "code" | "flag":
            if look.is_unique and look.id < 0.5 and look.rows >= 10:
                return 0.1  # a key of the row
            if look.decimal > 0.9 and look.whole < 0.5:
                return 0.1  # a mark
            return 0.1 if look.date > 0.5 or look.pdf > 0.5 else 1.0
        case "text":
            if look.date > 0.5 or look.pdf > 0.5 or look.id > 0.5:
                return 0.1
            # A text of BKN is seldom a bare number; a number of a decree may be one.
            return 0.4 if look.whole > 0.9 and not _NUMBERED.search(field.name.lower()) else 1.0


def _fit_by_type(column: SeenColumn, field: FieldShape) -> float:
    match field.form:
        case "date":
            return 1.0 if column.is_date else 0.4 if not column.is_number else 0.1
        case "year" | "month":
            return 0.8
        case "number" | "amount":
            return 0.3 if column.is_date else 0.8
        case _:
            return 0.2 if column.is_date else 0.7


def _settled(found: Mapping[str, Sequence[Match]], shape: Shape) -> Matches:
    """A column serves one text, one code and one date; the field that it fits best keeps it at the head of its list."""
    taken: dict[tuple[str, str], str] = {}
    order = sorted(
        ((one.score, shape.fields[name].is_required, name, one) for name, matches in found.items() for one in matches),
        key=lambda item: (-item[0], not item[1], item[2], item[3].column),
    )
    chosen: dict[str, Match] = {}
    for _, _, name, one in order:
        use = _use(shape.fields[name])
        if name in chosen or taken.get((one.column, use), name) != name:
            continue
        chosen[name], taken[one.column, use] = one, name
    return {
        name: [chosen[name], *(one for one in matches if one != chosen[name])]
        for name, matches in found.items()
        if name in chosen
    }


def _use(field: FieldShape) -> str:
    """Parts of one date may all come from one column, and so may codes of several tables."""
    return (
        f"code {field.code_table or field.name}"
        if field.form == "code"
        else field.form
        if field.form in ("date", "text")
        else field.name
    )
