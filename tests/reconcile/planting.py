"""Plants the table of plants among invented employees, and keeps the list of what was planted.

Two bundles of work for each side come out: the past, in which both sides are equal, and the differences that are made
later. Whoever plays them stands elsewhere (`region.py`).
"""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from simpeg_sync.domain.situation import Drift, Match, Situation
from tests.reconcile import people
from tests.reconcile.kinds import KINDS, LOOKUPS, Kind
from tests.reconcile.people import Employee
from tests.reconcile.plants import LONG, LONG_NAMES, PLANTS, Change, Of, Past, Plant, RowPlan, Write


@dataclass(slots=True)
class Work:
    """What is done to both sides, in this order."""

    inserts: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """SIMPEG's rows by table."""
    updates: list[tuple[str, int, Mapping[str, Any]]] = field(default_factory=list)
    deletes: list[tuple[str, int]] = field(default_factory=list)
    persons: list[dict[str, Any]] = field(default_factory=list)
    """BKN's."""
    rows: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)
    """BKN's: id, kind, NIP, fields by BKN's names on the writing side."""
    patches: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    removals: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Planted:
    """One thing of one person as the list has it: a pair, a single, or a group of rows that are the same."""

    plant: str
    feed: str
    nip: str
    keys: tuple[int, ...]
    bkn_ids: tuple[str, ...]
    situation: Situation
    may: tuple[Situation, ...] = ()
    equal_keys: tuple[int, ...] = ()
    """Of a group: SIMPEG's rows that are equal to one of BKN's."""
    fields: tuple[str, ...] = ()
    drift: Drift = Drift.NONE
    by: tuple[Match, ...] = ()
    write: Write = ""
    sticks: bool = True
    past: Past = ""
    sent: str = ""
    """For a row that the daemon itself enters: its number, by which its id at BKN is found afterwards."""
    pending: Mapping[str, Any] | None = None
    """What another hand makes of such a row, once its id is known."""

    @property
    def other_hand(self) -> bool:
        """Whether somebody else changed it at BKN after we had it."""
        return self.drift in (Drift.BKN, Drift.BOTH)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "other_hand": self.other_hand}


@dataclass(slots=True)
class Planting:
    seed: int
    count: int
    copies: int
    """Of every plant."""
    plants: Sequence[Plant] = PLANTS
    employees: list[Employee] = field(init=False)
    past: Work = field(default_factory=Work)
    now: Work = field(default_factory=Work)
    planted: list[Planted] = field(default_factory=list)
    _rng: Random = field(init=False)
    _keys: dict[str, Iterator[int]] = field(default_factory=lambda: defaultdict(lambda: itertools.count(1)))

    def __post_init__(self) -> None:
        self._rng = Random(self.seed)
        self.employees = people.invent(self._rng, self.count)
        self._plant_persons()
        slots = self._slots()
        for employee in self.employees:
            for kind in KINDS:
                numbers = iter(range(60))
                for plant, person, alike in slots.get((employee.id, kind.feed), ()):
                    self._plant(plant, person, alike, employee, kind, numbers)
                self._ordinary(employee, kind, numbers)

    @property
    def by_situation(self) -> dict[Situation, int]:
        found: dict[Situation, int] = defaultdict(int)
        for one in self.planted:
            found[one.situation] += 1
        return dict(found)

    def write(self, path: Path) -> Path:
        """The list, one line for each thing."""
        path.write_text("".join(f"{json.dumps(one.as_json())}\n" for one in self.planted), encoding="utf-8")
        return path

    # ----------------------------------------------------------------------------------------------------- persons

    def _plant_persons(self) -> None:
        for table, rows in LOOKUPS.items():
            self.past.inserts[table] += rows
        for one in self.employees:
            self.past.inserts["pegawai"].append(
                {
                    "id": one.id,
                    "nip": one.nip,
                    "nama": one.name,
                    "lahir": f"{one.born:%Y-%m-%d}",
                    "status": "pensiun" if one.state == "inactive" else "aktif",
                    "pns_id": one.pns_id if one.is_at_bkn else None,
                }
            )
            if one.is_at_bkn:
                born = f"{one.born:%d-%m-%Y}"
                self.past.persons.append({"id": one.pns_id, "nipBaru": one.nip, "nama": one.name, "tglLahir": born})
            if one.state == "retires":
                self.now.updates.append(("pegawai", one.id, {"status": "pensiun"}))

    # ------------------------------------------------------------------------------------------- who gets which plant

    def _slots(self) -> dict[tuple[int, str], list[tuple[Plant, int, dict[str, Any]]]]:
        """For each person and kind at most one plant: two could be taken for one another."""
        free = {kind.feed: [one for one in self.employees if one.state == "active"] for kind in KINDS}
        for waiting in free.values():
            self._rng.shuffle(waiting)
        slots: dict[tuple[int, str], list[tuple[Plant, int, dict[str, Any]]]] = {}
        for plant in self.plants:
            for _ in range(self.copies):
                if len(free[plant.feed]) < plant.persons:
                    raise ValueError(
                        f"{self.count} employees are too few for {self.copies} of each plant of {plant.feed}"
                    )
                alike: dict[str, Any] = {}
                for person in range(plant.persons):
                    employee = free[plant.feed].pop()
                    slots[employee.id, plant.feed] = [(plant, person, alike)]
        return slots

    # -------------------------------------------------------------------------------------------------- one person's rows

    def _ordinary(self, employee: Employee, kind: Kind, numbers: Iterator[int]) -> None:
        """What is the same on both sides, and of persons who are not compared what shows that they are not."""
        for _ in range(kind.usual - (self._rng.random() < 0.3)):
            number = next(numbers)
            if kind.feed == "skp22" and number > 3:
                return  # a year each, and the years end
            columns = kind.invent(self._rng, number, employee)
            match employee.state:
                case "unknown":
                    row = RowPlan(Situation.PERSON_UNKNOWN, bkn=())
                case "inactive":
                    row = RowPlan(Situation.PERSON_INACTIVE, bkn=({},) if number % 2 else ())
                case "retires":
                    row = RowPlan(Situation.PERSON_INACTIVE, past="linked")
                case "active":
                    row = RowPlan(Situation.EQUAL, by=("natural_key",))
            self._row(f"ordinary, {employee.state}", row, employee, kind, columns, {0: columns})

    def _plant(
        self,
        plant: Plant,
        person: int,
        alike: dict[str, Any],
        employee: Employee,
        kind: Kind,
        numbers: Iterator[int],
    ) -> None:
        planned: dict[int, dict[str, Any]] = {}
        for at, row in enumerate(plant.rows):
            if row.person != person:
                continue
            number = next(numbers)
            columns = kind.invent(self._rng, number, employee)
            while at == 1 and any(columns[name] == planned[0][name] for name in ("nama", "jam") if name in columns):
                columns = kind.invent(self._rng, number, employee)  # what is to change places must differ
            if plant.name in LONG_NAMES:
                columns["nama"] = LONG
            columns |= {name: alike.setdefault(name, columns[name]) for name in plant.alike}
            planned[at] = columns if row.copy_of is None else dict(planned[row.copy_of])
        for at, columns in planned.items():
            self._row(plant.name, plant.rows[at], employee, kind, columns, planned)

    def _row(
        self,
        plant: str,
        row: RowPlan,
        employee: Employee,
        kind: Kind,
        usual: dict[str, Any],
        planned: Mapping[int, Mapping[str, Any]],
    ) -> None:
        at_bkn = kind.at_bkn(usual) if row.bkn or row.past else {}
        ids = [self._bkn_id() for _ in row.bkn]
        if row.stored_id:
            usual = {**usual, "id_bkn": ids[0].lower()}
        keys = [next(self._keys[kind.table]) for _ in row.simpeg]
        texts = [_changed(usual, change, planned) for change in row.simpeg]
        others = {at: kind.at_bkn(columns) for at, columns in planned.items()} if _names_another(row.bkn) else {}
        theirs = [_changed(at_bkn, change, others) for change in row.bkn]
        one = Planted(
            plant=plant,
            feed=kind.feed,
            nip=employee.nip,
            keys=tuple(keys),
            bkn_ids=tuple(ids),
            situation=row.found,
            may=row.may,
            equal_keys=tuple(key for key, change in zip(keys, row.simpeg, strict=True) if not change),
            fields=row.fields,
            drift=row.drift,
            by=row.by,
            write=row.write,
            sticks=row.sticks,
            past=row.past,
        )
        self.planted.append(one)
        if row.past:
            self._with_a_past(one, row, employee, kind, usual, at_bkn, texts, theirs)
            keys, texts, ids, theirs = keys[1:], texts[1:], ids[1:], theirs[1:]
        self.now.inserts[kind.table] += [{"id": key, **columns} for key, columns in zip(keys, texts, strict=True)]
        self.now.rows += [(id_, kind.feed, employee.nip, body) for id_, body in zip(ids, theirs, strict=True)]

    def _with_a_past(
        self,
        one: Planted,
        row: RowPlan,
        employee: Employee,
        kind: Kind,
        usual: Mapping[str, Any],
        at_bkn: dict[str, Any],
        texts: Sequence[Mapping[str, Any]],
        theirs: Sequence[Mapping[str, Any]],
    ) -> None:
        """The first row of each side: as it was when both were equal, and what was made of it since."""
        key = one.keys[0] if one.keys else next(self._keys[kind.table])
        self.past.inserts[kind.table].append({"id": key, **usual})
        if not texts:
            self.now.deletes.append((kind.table, key))
        elif texts[0] != usual:
            changes = {name: value for name, value in texts[0].items() if value != usual[name]}
            self.now.updates.append((kind.table, key, changes))
        if row.past == "sent":
            one.sent = str(at_bkn[kind.natural_key[0]])
            one.bkn_ids = ()
            one.pending = {name: value for name, value in theirs[0].items() if value != at_bkn[name]}
            return
        was = self._bkn_id() if row.is_anew or not theirs else one.bkn_ids[0]
        self.past.rows.append((was, kind.feed, employee.nip, at_bkn))
        if row.is_anew:
            self.now.removals.append(was)
            self.now.rows.append((one.bkn_ids[0], kind.feed, employee.nip, dict(theirs[0])))
        elif not theirs:
            self.now.removals.append(was)
        elif theirs[0] != at_bkn:
            self.now.patches.append((was, {name: value for name, value in theirs[0].items() if value != at_bkn[name]}))

    def _bkn_id(self) -> str:
        """Newer rows have a UUID, older ones 32 letters in either case."""
        digits = f"{self._rng.getrandbits(128):032x}"
        match self._rng.randrange(4):
            case 0:
                return digits.upper()
            case 1:
                return digits
            case _:
                return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _changed(usual: Mapping[str, Any], change: Change, others: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    made = {name: others[how.row][name] if isinstance(how, Of) else how(usual[name]) for name, how in change.items()}
    return {**usual, **made}


def _names_another(changes: Sequence[Change]) -> bool:
    return any(isinstance(how, Of) for change in changes for how in change.values())
