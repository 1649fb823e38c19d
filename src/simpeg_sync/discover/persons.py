"""Whose rows are these? NIPs are known by what they look like, and persons' keys by leading to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simpeg_sync.discover.looks import SeenColumn, SeenTable
from simpeg_sync.mapping.expressions import clean
from simpeg_sync.mapping.text import plain
from simpeg_sync.source.survey import Survey

NIP_SHARE_MIN = 0.5
FOUND_MIN = 0.9
"""Of a history's person keys that must stand in the master."""
OTHERS = frozenset({"penilai", "atasan", "pejabat", "pasangan", "anak", "ortu", "keluarga", "depan"})
"""Whose NIP it may be besides the employee's."""


@dataclass(frozen=True, slots=True)
class Master:
    """A table with one row a person."""

    table: SeenTable
    nip: str
    score: float
    bkn_id: str | None


@dataclass(frozen=True, slots=True)
class Road:
    """How one gets from a row to the NIP."""

    column: str
    """The NIP itself, or the person's key."""
    master: Master | None
    """Where the NIP is to be found, or BKN's id of the person."""
    master_column: str
    is_nip: bool
    """Whether ``column`` is the NIP itself."""
    score: float
    over: "Over | None" = None
    """The table between, where the person is two steps away."""


@dataclass(frozen=True, slots=True)
class Over:
    table: str
    its: str
    """Its column to which the row's column leads."""
    way: Road
    """From there to the NIP."""


def masters(tables: Sequence[SeenTable]) -> Sequence[Master]:
    """The best first."""
    found = [master for table in tables for master in [_master(table)] if master is not None]
    return sorted(found, key=lambda master: (-master.score, master.table.name))


def _master(table: SeenTable) -> Master | None:
    nips = nip_columns(table)
    if not nips or "staging" in table.called.words:
        return None
    nip = nips[0]
    if nip.look.filled < 2 or nip.look.different < 0.97 * nip.look.filled:
        return None
    words = set().union(*(column.called.words for column in table.columns.values()))
    score = nip.look.nip * 0.5 + 0.25 * ("nama" in words) + 0.25 * (table.table.key == (nip.name,))
    score += 0.2 * ("pegawai" in table.called.words) + 0.15 * ("lahir" in words)
    # A history of one row a person is none: it tells of a decree, a certificate.
    score -= 0.3 * bool(words & {"sertifikat", "ijazah", "skp"}) + 0.3 * (
        "riwayat" in table.called.words and "pegawai" not in table.called.words and len(table.called.words) > 1
    )
    return Master(table, nip.name, score, _bkn_id(table)) if score >= 0.6 else None


def names_of(known: Sequence[Master]) -> frozenset[str]:
    """Of the persons in the sample, in small letters."""
    return frozenset(
        clean(plain(value)).casefold()
        for master in known
        for column in master.table.columns.values()
        if "nama" in column.called.words and not column.called.words & {"jabatan", "unit", "golongan"}
        for value in master.table.values(column.name, limit=10_000)
    )


def nip_columns(table: SeenTable) -> Sequence[SeenColumn]:
    """Columns with the employee's NIP, the likeliest first. By name alone only where there are no rows to look at."""
    found = [
        column
        for column in table.columns.values()
        if not column.called.words & OTHERS
        and (column.look.nip >= NIP_SHARE_MIN or (column.look.is_empty and column.called.words == {"nip"}))
    ]
    return sorted(
        found, key=lambda column: (-("nip" in column.called.words), -column.look.nip, len(column.name), column.name)
    )


def _bkn_id(table: SeenTable) -> str | None:
    """The column with BKN's id of the person."""
    best: list[tuple[float, str]] = []
    for column in table.columns.values():
        words = column.called.words
        speaks = "bkn" in words or ("pegawai" in words and "id" in words)
        if (
            speaks
            and words <= {"bkn", "id", "pegawai", "kode"}
            and (column.look.id >= 0.5 or (column.look.is_empty and "bkn" in words))
        ):
            best.append((-column.look.id, column.name))
    return min(best)[1] if best else None


def road(table: SeenTable, known: Sequence[Master], survey: Survey) -> Road | None:
    """Raises SourceError."""
    others = [master for master in known if master.table.name != table.name]
    nips = nip_columns(table)
    if nips:
        nip = nips[0]
        values = table.values(nip.name)
        for master in others:
            if not values or survey.share_found(master.table.name, master.nip, values) >= 0.5:
                return Road(nip.name, master, master.nip, True, max(nip.look.nip, 0.5))
        return Road(nip.name, None, "", True, max(nip.look.nip, 0.5))
    for master in others:
        for score, column, theirs in _keys(table, master):
            values = table.values(column)
            if values and survey.share_found(master.table.name, theirs, values) >= FOUND_MIN:
                return Road(column, master, theirs, False, score)
            if not values and score >= 0.9:
                return Road(column, master, theirs, False, 0.5)
    return None


def _keys(table: SeenTable, master: Master) -> Sequence[tuple[float, str, str]]:
    """Columns that may lead to the master, with the master's column: declared, of the same name, or called after it."""
    theirs = _unique(master)
    found: dict[tuple[str, str], float] = {}
    for column in table.columns.values():
        declared = table.table.partners.get(column.name)
        if declared and declared[0].rpartition(".")[2] == master.table.name.rpartition(".")[2]:
            found[column.name, declared[1]] = 1.0
            continue
        if (column.name,) == table.table.key:
            continue
        for name in theirs:
            if column.name.lower() == name.lower() and column.called.words - {"id", "kode"}:
                found[column.name, name] = 0.95
            elif "pegawai" in column.called.words and column.called.words <= {"pegawai", "id", "kode", "riwayat"}:
                found[column.name, name] = 0.8 if (name,) == master.table.table.key else 0.7
    return sorted(((score, *names) for names, score in found.items()), key=lambda one: (-one[0], one[1], one[2]))


def _unique(master: Master) -> Sequence[str]:
    key = master.table.table.key
    others = [name for name, column in master.table.columns.items() if column.look.is_unique and not column.is_date]
    return list(dict.fromkeys([*(key if len(key) == 1 else ()), *others]))


def roads(tables: Sequence[SeenTable], known: Sequence[Master], survey: Survey) -> Mapping[str, Road]:
    """By table. Raises SourceError."""
    found = {table.name: road(table, known, survey) for table in tables}
    near = {name: one for name, one in found.items() if one is not None}
    between = [table for table in tables if table.name in near and _is_one_a_person(table, near[table.name])]
    far = {table.name: _longer_road(table, between, near, survey) for table in tables if table.name not in near}
    return {**near, **{name: one for name, one in far.items() if one is not None}}


def _is_one_a_person(table: SeenTable, way: Road) -> bool:
    """Of a history with several rows a person nobody can tell which one is meant."""
    look = table.columns[way.column].look
    return look.filled >= 2 and look.is_unique


def _longer_road(
    table: SeenTable, between: Sequence[SeenTable], near: Mapping[str, Road], survey: Survey
) -> Road | None:
    for step in between:
        for score, column, theirs in _keys(table, Master(step, "", 0.0, None)):
            values = table.values(column)
            if values and survey.share_found(step.name, theirs, values) >= FOUND_MIN:
                way = near[step.name]
                return Road(
                    column, way.master, way.master_column, False, score * way.score, Over(step.name, theirs, way)
                )
    return None
