"""SIMPEG, BKN, the folder of certificates and the clock, in memory."""

import itertools
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from simpeg_sync.bkn.resources import RESOURCES
from simpeg_sync.bkn.resources.base import BadField
from simpeg_sync.clock import Clock
from simpeg_sync.decide.fields import DocumentForm, Resource, identifier
from simpeg_sync.decide.look import BknRow
from simpeg_sync.decide.plan import FileState
from simpeg_sync.domain.change import FeedName, Nip, Row, SourceKey, source_key
from simpeg_sync.domain.errors import BknDown, SourceDown
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import BknId, Digest
from simpeg_sync.files import FolderFiles
from simpeg_sync.mapping.feed import DocumentRule, Feed
from simpeg_sync.ports import Certificate, Document, Piece

Trouble = Literal[
    "fine",
    "lost_after",
    "lost_before",
    "not_executed",
    "down",
    "refused",
    "wrong_id",
    "other_id",
    "no_id",
    "dies_after",
    "dies_before",
]
"""What the next write meets. ``dies_*``: the whole process ends before the answer is stored."""


class ProcessDied(BaseException):
    """Stands for kill -9: nothing may catch it on its way out."""


@dataclass(slots=True)
class FakeClock(Clock):
    time_s: float = 1_000_000.0
    wall_ahead_s: float = 0.0

    def now(self) -> float:
        return self.time_s + self.wall_ahead_s

    def monotonic(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> bool:
        self.time_s += max(0.0, seconds)
        return False

    def jitter(self) -> float:
        return 0.0


@dataclass(slots=True)
class MemorySource:
    """Rows by table; every feed of a table sees all of them, as in a database."""

    tables: dict[str, dict[SourceKey, dict[str, Any]]] = field(default_factory=dict)
    is_down: bool = False

    def put(self, table: str, key: str, **columns: Any) -> SourceKey:
        name = source_key([key])
        self.tables.setdefault(table, {})[name] = {"id": key, **columns}
        return name

    def drop(self, table: str, key: SourceKey) -> None:
        self.tables.setdefault(table, {}).pop(key, None)

    def read(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Row]:
        if self.is_down:
            raise SourceDown("the source is not reachable")
        rows = self.tables.get(feed.table, {})
        return {key: dict(rows[key]) for key in keys if key in rows}

    def pieces(self, feed: Feed, rule: DocumentRule, key: SourceKey) -> Sequence[Piece]:
        """Of the row itself; tables of certificates are for real databases."""
        assert rule.rows is None, "no table of certificates is kept here"
        return [
            Piece(row, None if row.get(rule.content) is None else len(row[rule.content]), row.get(rule.content))
            for row in self.read(feed, [key]).values()
        ]

    def persons(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Nip]:
        return {key: Nip(str(row[feed.person])) for key, row in self.read(feed, keys).items() if row.get(feed.person)}

    def is_twice(self, feed: Feed, nip: Nip) -> bool:
        return False

    def keys(self, feed: Feed, *, page_size: int) -> Iterator[Sequence[SourceKey]]:
        names = sorted(self.tables.get(feed.table, {}))
        for start in range(0, len(names), page_size):
            yield names[start : start + page_size]


@dataclass(slots=True)
class Effect:
    kind: str
    resource: str
    bkn_id: str
    body: Mapping[str, Any]


@dataclass(slots=True)
class MemoryBkn:
    """Implements ports.Bkn. Keeps its own books; never checks for doubles, as the real one."""

    persons: dict[Nip, BknId] = field(default_factory=dict)
    stored: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {name: {} for name in RESOURCES})
    """resource -> id -> row in read names."""
    documents: dict[str, bytes] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    troubles: deque[Trouble] = field(default_factory=deque)
    reads: Counter[str] = field(default_factory=Counter)
    writes: int = 0
    is_down: bool = False
    clock: Clock = field(default_factory=FakeClock)
    hidden_until: dict[str, float] = field(default_factory=dict)
    """New rows that a look does not show yet: a reading side that lags."""
    lag_s: float = 0.0
    keeps: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    """Fields, by their write names, of which another form is stored than was sent."""
    refuses: set[str] = field(default_factory=set)
    """Certificate numbers that a rule of BKN refuses."""
    before_write: Any = None
    """Called as a write arrives, e.g. to look whether its intent is stored."""
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def know(self, *nips: str) -> None:
        for nip in nips:
            self.persons[Nip(nip)] = BknId(f"{nip}{'0' * 14}")

    def enter(self, name: str, nip: str, **fields: Any) -> BknId:
        """A row that another hand enters, by BKN's own pages; in write names."""
        resource = RESOURCES[name].resource
        bkn_id = self._new_id()
        self.stored[name][bkn_id] = self._as_read(resource, fields) | {"id": bkn_id, "nipBaru": nip, "path": None}
        return BknId(bkn_id)

    def change(self, name: str, bkn_id: str, **read_fields: Any) -> None:
        self.stored[name][identifier(bkn_id)].update(read_fields)

    # ------------------------------------------------------------------------------------------------ ports.Bkn

    def resource(self, name: str) -> Resource:
        return RESOURCES[name].resource

    def check(self, name: str, body: Mapping[str, Any]) -> BadField | None:
        return RESOURCES[name].check(body)

    def person(self, nip: Nip) -> BknId | None:
        self._be_up()
        self.reads["person"] += 1
        return self.persons.get(nip)

    def rows(self, name: str, nip: Nip, *, pns_id: BknId | None = None) -> Sequence[BknRow]:
        self._be_up()
        self.reads[name] += 1
        shown = []
        for bkn_id, row in self.stored[name].items():
            if row["nipBaru"] == nip and self.hidden_until.get(bkn_id, 0.0) <= self.clock.now():
                shown.append(dict(row))
        return shown

    @contextmanager
    def about_to_write(self, *, leaves_before: Callable[[], float] | None = None) -> Iterator[None]:
        self._be_up()
        yield

    def save(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        pns_id: BknId,
        bkn_id: BknId | None,
        files: Mapping[str, Certificate],
    ) -> Outcome:
        complete = RESOURCES[name].complete(body, pns_id=pns_id, bkn_id=bkn_id)
        nip = next(nip for nip, known in self.persons.items() if known == pns_id)
        number = complete.get("nomorSertipikat") or complete.get("nomor")

        def store() -> Outcome:
            if number in self.refuses:
                return Outcome.refused("bkn.refused.200", "tidak terdaftar", http_status=200)
            row_id = identifier(bkn_id) or self._new_id()
            kept = {"path": self.stored[name].get(row_id, {}).get("path")}
            formed = {field: self.keeps.get(field, lambda said: said)(said) for field, said in complete.items()}
            row = self._as_read(RESOURCES[name].resource, formed) | kept | {"id": row_id, "nipBaru": nip}
            self.stored[name][row_id] = row
            if bkn_id is None:
                self.hidden_until[row_id] = self.clock.now() + self.lag_s
            self.effects.append(Effect("update" if bkn_id else "create", name, row_id, complete))
            return Outcome.accepted(BknId(row_id))

        return self._written(store, name)

    def delete(self, name: str, bkn_id: BknId) -> Outcome:
        def remove() -> Outcome:
            if self.stored[name].pop(identifier(bkn_id), None) is None:
                return Outcome.refused("bkn.refused.200", "Data tidak ditemukan", http_status=200)
            self.effects.append(Effect("delete", name, identifier(bkn_id), {}))
            return Outcome.accepted(None)

        return self._written(remove, name)

    def follow_up(self, name: str, pns_id: BknId) -> Outcome:
        def sync() -> Outcome:
            self.effects.append(Effect("sync", name, pns_id, {}))
            return Outcome.accepted(None)

        return self._written(sync, name)

    def upload(self, name: str, bkn_id: BknId, kind: str, certificate: Certificate) -> Outcome:
        def keep() -> Outcome:
            row = self.stored[name][identifier(bkn_id)]
            uri = f"peremajaan/{kind}_{bkn_id}.pdf"
            row["path"] = {**(row["path"] or {}), kind: {"dok_uri": uri}}
            self.documents[uri] = certificate.content
            self.effects.append(Effect("upload", name, identifier(bkn_id), {}))
            return Outcome.accepted(None)

        return self._written(keep, name)

    def document(self, name: str, row: BknRow, kind: str) -> bytes | None:
        self._be_up()
        self.reads["document"] += 1
        entry = (row.get("path") or {}).get(kind)
        return self.documents.get(entry["dok_uri"]) if entry else None

    # ------------------------------------------------------------------------------------------------- inside

    def _written(self, effect: Any, name: str) -> Outcome:
        if self.before_write is not None:
            self.before_write()
        self.writes += 1
        match self.troubles.popleft() if self.troubles else None:
            case None | "fine":
                return self._done(effect)
            case "lost_after":
                self._done(effect)
                return Outcome.unclear("net.reset")
            case "lost_before":
                return Outcome.unclear("net.deadline")
            case "not_executed":
                return Outcome.not_executed("http.500")
            case "down":
                return Outcome.not_executed("net.refused", stops_all=True)
            case "refused":
                return Outcome.refused("bkn.refused.200", "ditolak", http_status=200)
            case "wrong_id":
                self._done(effect)
                return Outcome.accepted(BknId(next(iter(self.stored[name]), "0" * 32)))
            case "other_id":
                self._done(effect)
                return Outcome.accepted(BknId("f" * 32))
            case "no_id":
                self._done(effect)
                return Outcome.accepted(None)
            case "dies_after":
                self._done(effect)
                raise ProcessDied
            case _:
                raise ProcessDied

    def _done(self, effect: Any) -> Outcome:
        outcome: Outcome = effect()
        return outcome

    def _as_read(self, resource: Resource, body: Mapping[str, Any]) -> dict[str, Any]:
        return {field.read: body.get(field.write) for field in resource.fields if field.read is not None}

    def _new_id(self) -> str:
        return f"{next(self.ids):032x}"

    def _be_up(self) -> None:
        if self.is_down:
            raise BknDown("BKN is down")


@dataclass(slots=True)
class MemoryFiles:
    """Implements ports.Files."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def read(self, directory: str, name: str, *, form: DocumentForm = "pdf") -> Document:
        if name not in self.contents:
            return Document(FileState(problem="document.missing"))
        content = self.contents[name]
        return Document(FileState(self.digest(content)), content)

    def stored(self, content: Any, *, form: DocumentForm = "pdf") -> Document:
        return FolderFiles().stored(content, form=form)

    def together(self, pages: Sequence[Document]) -> Document:
        return FolderFiles().together(pages)

    def digest(self, content: bytes) -> Digest:
        return FolderFiles().digest(content)


KURSUS, DIKLAT = FeedName("kursus"), FeedName("diklat")
