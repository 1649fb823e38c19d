"""What must an edge be able to do? The pipeline and the daemon know their neighbours only by these protocols."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

from simpeg_sync.decide.fields import DocumentForm, Resource
from simpeg_sync.decide.look import BknRow
from simpeg_sync.decide.plan import FileState
from simpeg_sync.domain.change import Change, FeedName, KeyEdit, Nip, Row, SourceKey
from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.domain.move import Intent, Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import Attempt, BknId, Digest, Identity, Record, RecordId
from simpeg_sync.domain.situation import Finding, SeenEqual
from simpeg_sync.mapping.feed import DocumentRule, Feed


@dataclass(frozen=True, slots=True)
class Range:
    """What a scan saw of a feed's rows between two keys, in the order of the source."""

    feed: FeedName
    after: str
    """The key behind which the range begins; empty for the first range."""
    until: str
    """Its last key; empty when it reaches to the end."""
    shape: str
    """Of what the digests were made: with other columns they say nothing."""
    digest: str
    """Of the entries, so that an unchanged range is known without reading them."""
    count: int
    entries: bytes = field(default=b"", repr=False)
    """Keys and digests of the rows, packed; absent where only the range is asked for."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a scan wants remembered together with the changes that it found."""

    ranges: Sequence[Range] = ()
    merged: Sequence[tuple[FeedName, str]] = ()
    """Ranges, by feed and ``after``, that another one covers now."""
    finished: tuple[FeedName, str] | None = None
    """A feed that was scanned to its end, and the shape: what was seen in other shapes may be forgotten."""


class ScanMemory(Protocol):
    """What the scans before have seen."""

    def range_after(self, feed: FeedName, after: str) -> Range | None:
        """The range that begins behind this key, without its entries."""
        ...

    def range_entries(self, feed: FeedName, after: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class CaptureState:
    """How one way of noticing changes stands, for people."""

    facts: Mapping[str, str | int | float | None]
    problems: Sequence[str] = ()
    """What keeps it from seeing all that it could; empty when all is well."""
    polled_because: str = ""
    """Why changes are noticed by polling alone where the settings want to be told of them; empty where it is as wanted."""


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """What one look into the change log gave: the records to mark, and the cursor to store with them."""

    changes: Sequence[Change]
    cursor: str
    """Opaque text of the capture; stored in the same transaction as the changes it passes."""
    more: bool
    """True when another look at once would find more."""
    sweep: Sequence[FeedName] = ()
    """Feeds of which everything may have changed (a TRUNCATE, or a lookup row that touches too many): sweep them, before
    the cursor moves."""
    persons: Sequence[tuple[FeedName, Nip]] = ()
    """Persons of whom any record of the feed may have changed, also those whose rows are gone."""
    unfit: Mapping[FeedName, SourceUnfit] = field(default_factory=dict)
    """Feeds that could not be looked at, while the others were."""
    is_bulk: bool = False
    """So many that fresh single edits go before them."""
    is_paced: bool = False
    """More is to be looked at, but not at once: the capture keeps its pace."""
    seen: Seen | None = None
    """Stored in the same transaction as the changes."""
    edits: Sequence[KeyEdit] = ()
    """Rows whose key was edited, in the order in which that happened; both keys are among the changes."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A certificate or a page of one, as the row of a table names or holds it."""

    row: Row
    """What names the file, by the columns that the feed uses."""
    size: int | None = None
    """Bytes in the column that holds it; None for an empty column, or where a file is named."""
    content: Any = field(default=None, repr=False)
    """As the database keeps it, bytes or text. None also where it is too large to be read."""


class Source(Protocol):
    """SIMPEG, read-only. Every method may raise SourceDown or SourceUnfit, never a driver's own error."""

    def read(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Row]:
        """The rows as they are now; a key without a row is absent from the answer."""
        ...

    def persons(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Nip]:
        """Whose rows these are, as far as SIMPEG knows."""
        ...

    def is_twice(self, feed: Feed, nip: Nip) -> bool:
        """Whether several rows of the table that the feed takes the NIP from have this one."""
        ...

    def keys(self, feed: Feed, *, page_size: int) -> Iterator[Sequence[SourceKey]]:
        """All keys of the feed's table in pages by key order, in constant memory."""
        ...


class SourceOfDocuments(Source, Protocol):
    """SIMPEG for whoever sends: also its certificates, one record's at a time."""

    def pieces(self, feed: Feed, rule: DocumentRule, key: SourceKey) -> Sequence[Piece]:
        """What the row itself, or the rows of another table, hold or name as its certificate, in their order."""
        ...


class IdColumn(Protocol):
    """Where SIMPEG keeps BKN's ids of its rows, for feeds that want them written. Raises SourceDown or SourceUnfit."""

    def write(self, feed: Feed, key: SourceKey, bkn_id: str) -> bool:
        """False when there is nothing to change."""
        ...

    def clear(self, feed: Feed, key: SourceKey, bkn_id: str) -> bool:
        """Takes this id away if it is still there."""
        ...


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A record whose id at BKN is not what SIMPEG was told last."""

    record_id: int
    key: SourceKey
    bkn_id: BknId | None
    written: BknId | None
    """What SIMPEG was told last."""


class WrittenBack(Protocol):
    """What the ledger knows of the ids that SIMPEG was told."""

    def unwritten(self, feed: FeedName, *, after: int, limit: int) -> Sequence[Unwritten]:
        """A page of the feed's proved records, by number behind ``after``."""
        ...

    def note_written(self, told: Sequence[Unwritten]) -> None: ...


class Capture(Protocol):
    """Where changes come from."""

    def start(self) -> str:
        """The cursor that lies at the end of the log now; what came before is for a sweep to find."""
        ...

    def changes(self, cursor: str, *, limit: int) -> ChangeBatch:
        """What the log holds behind the cursor.

        Raises HistoryLost when rows the cursor has not passed are gone.
        """
        ...

    def purge(self, cursor: str, *, keep_s: float, limit: int) -> int:
        """Deletes at most ``limit`` old log rows of ours that the cursor has passed; gives their number."""
        ...

    def state(self, cursor: str | None) -> CaptureState:
        """For `source status`. ``cursor`` is None before the first start. Raises SourceError."""
        ...


@runtime_checkable
class Waits(Protocol):
    """A capture that is told when there may be something to look at."""

    def wait(self, timeout_s: float) -> bool:
        """Until a look may find something, and no longer than ``timeout_s``; False when it was only the time. Never
        raises: where nobody tells us, it is a pause."""
        ...

    def interrupt(self) -> None:
        """Ends the wait of another thread, and every later one, at once."""
        ...


class Bkn(Protocol):
    """BKN in one of its dialects. Methods raise BknDown or LoginRefused only when nothing was executed."""

    def resource(self, name: str) -> Resource: ...

    def check(self, name: str, body: Mapping[str, Any]) -> "Complaint | None":
        """What BKN would refuse about the body, found before a call is spent."""
        ...

    def person(self, nip: Nip) -> BknId | None:
        """None when BKN does not know the NIP."""
        ...

    def rows(self, name: str, nip: Nip, *, pns_id: BknId | None = None) -> Sequence[BknRow]:
        """BKN's rows of one kind of one person. ``pns_id``: whose rows they must be, where they name nobody by NIP."""
        ...

    def about_to_write(self, *, leaves_before: Callable[[], float] | None = None) -> AbstractContextManager[None]:
        """Entered before the intent is stored: waits for hours, tokens and pace, so that the write inside leaves in a
        moment. ``leaves_before``: gives the monotonic seconds after which it does not leave, but raises BknDown; the end
        of the worker's lease."""
        ...

    def save(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        pns_id: BknId,
        bkn_id: BknId | None,
        files: "Mapping[str, Certificate]",
    ) -> Outcome:
        """``files``: by kind, for resources that take them inside the save; else empty."""
        ...

    def follow_up(self, name: str, pns_id: BknId) -> Outcome:
        """The call that BKN wants after a save. May be repeated."""
        ...

    def delete(self, name: str, bkn_id: BknId) -> Outcome: ...

    def upload(self, name: str, bkn_id: BknId, kind: str, certificate: "Certificate") -> Outcome: ...

    def document(self, name: str, row: BknRow, kind: str) -> bytes | None:
        """The certificate of that kind that BKN serves for the row."""
        ...


class Complaint(Protocol):
    @property
    def field(self) -> str: ...

    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Document:
    """A certificate as SIMPEG has it now."""

    state: FileState
    content: bytes = field(default=b"", repr=False)
    file_name: str = field(default="", repr=False)
    """Under which it goes to BKN."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A document on its way to BKN."""

    file_name: str = field(repr=False)
    content: bytes = field(repr=False)


class Files(Protocol):
    """Where certificates lie, and what they are."""

    def read(self, directory: str, name: str, *, form: DocumentForm = "pdf") -> Document:
        """Never raises for what is wrong with the file: that is a FileState with a problem."""
        ...

    def stored(self, content: Any, *, form: DocumentForm = "pdf") -> Document:
        """A certificate from a column: bytes as they are, or base64. Never raises either."""
        ...

    def together(self, pages: Sequence[Document]) -> Document:
        """Several PDFs as one, in their order. Never raises either."""
        ...

    def digest(self, content: bytes) -> Digest: ...


@dataclass(frozen=True, slots=True)
class Claim:
    """One person's lane, held by one worker until it is released or its lease ends."""

    lane: str
    owner: str
    fence: int
    """Raised with every claim: what an overtaken worker writes under an older fence is refused."""
    records: Sequence[Record]
    person: BknId | None = None
    """BKN's id of the person, if the ledger knows it."""
    owned: Sequence[tuple[FeedName, BknId]] = ()
    """What BKN has of this person's records, by feed; also under another NIP that BKN knows as the same person."""
    opened: frozenset[FeedName] = frozenset()
    """Feeds of this person with an attempt that is not decided yet."""
    braked: Mapping[FeedName, str] = field(default_factory=dict)
    """Feeds whose brake is pulled, and by what."""


@dataclass(frozen=True, slots=True)
class Link:
    """A record as the owner of a row of BKN."""

    record: Record
    has_open_attempt: bool


@dataclass(frozen=True, slots=True)
class ListOf:
    """Which of BKN's lists shows the rows of a feed."""

    feed: FeedName
    list: str

    ASKED: ClassVar[int] = 0
    SENT: ClassVar[int] = 1
    ROUTINE: ClassVar[int] = 2
    """How urgent a comparison is: an operator waits for it, something was just sent, or it is a long time ago."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One person by one of BKN's lists, compared."""

    lane: str
    list: str
    records: Sequence[Record]
    """As they were when it began."""
    findings: Sequence[Finding] | None
    """None where nothing can be said: BKN's answer made no sense, or a table of SIMPEG does not fit."""
    calls: int
    untold: frozenset[tuple[FeedName, str]] = frozenset()
    """Records, by feed and key, of which nothing can be said yet: what was sent for them a moment ago BKN may not show."""


class Compared(Protocol):
    """What comparing knows and leaves behind. Every method is one transaction; raises LedgerDown."""

    def remember_lists(self, lists: Sequence[ListOf], *, lane: str = "") -> None: ...

    def ask_to_compare(
        self, lists: Sequence[ListOf], *, lanes: Sequence[str] = (), before: float, priority: int = ListOf.ASKED
    ) -> int: ...

    def take_comparisons(self, *, priority: int, limit: int) -> Sequence[tuple[str, str]]: ...

    def give_back_comparisons(self, taken: Sequence[tuple[str, str]]) -> None: ...

    def comparisons_left(self, *, priority: int) -> int: ...

    def compare_calls_since(self, since: float) -> int: ...

    def all_seen_equal(self, lanes: Sequence[str]) -> Mapping[tuple[FeedName, str], SeenEqual]: ...

    def records_of(self, lanes: Sequence[str]) -> Mapping[str, Sequence[Record]]: ...

    def say_reads(self, actor: str) -> None:
        """What was read of persons at BKN since stands in the trail when this returns."""
        ...

    def note_comparisons(self, compared: Sequence[Comparison], *, again_s: float) -> int: ...


class Intake(Protocol):
    """Where changes are noted as records that are dirty."""

    def take_changes(
        self,
        changes: Sequence[Change],
        persons: Mapping[Change, Nip],
        *,
        cursor: tuple[str, str] | None = None,
        priority: int = 0,
        seen: Seen | None = None,
        edits: Sequence[KeyEdit] = (),
    ) -> None:
        """Marks the records and moves the cursor (its name and text) past their changes, in one transaction. Before that
        records follow their rows to edited keys."""
        ...

    def changes_of_person(self, feed: FeedName, nip: Nip, *, limit: int) -> Sequence[Change]:
        """The records of the feed that the person has."""
        ...

    def cursor(self, name: str) -> str | None: ...

    def start_sweep(self, feed: FeedName, *, why: str) -> float:
        """The time of the start, by which records that the sweep does not meet are told afterwards."""
        ...

    def unseen(
        self, feed: FeedName, started_at: float, *, after: SourceKey | None = None, limit: int
    ) -> Sequence[tuple[Change, str]]:
        """Records that the sweep did not meet, with their lanes; a page of them, by key behind ``after``."""
        ...

    def end_sweep(self, feed: FeedName, row_count: int) -> None: ...

    def sweep_is_done(self, feed: FeedName) -> bool: ...

    def last_sweep_at(self) -> float | None:
        """When the feed that was swept longest ago was done; None before the first sweep."""
        ...

    def note(self, name: str) -> str | None: ...

    def set_note(self, name: str, value: str) -> None:
        """A small thing to remember over a restart."""
        ...


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain of the trail at some moment. Whoever keeps its hash elsewhere can tell later that nothing before it
    is gone."""

    chain: int
    number: int
    hash: str


class Work(Protocol):
    """The lanes that want a turn."""

    def claim_many(self, limit: int) -> Sequence[Claim]:
        """The most urgent due lanes with their due records. What this process has is never taken from it, however old its
        lease."""
        ...

    def release(self, claim: Claim) -> None: ...

    def release_many(self, claims: Sequence[Claim]) -> None: ...

    def next_due_at(self) -> float | None:
        """When the earliest free lane wants its turn, in Unix seconds."""
        ...

    def keep_leases(self) -> None:
        """Told every so often that this process lives."""
        ...

    def leads(self) -> bool:
        """Whether this process is the one of all that looks after the change log and the calendar, for one more while."""
        ...

    def stop_leading(self) -> None: ...

    def seal(self) -> Head:
        """Ties the ends of all chains of the trail together; whoever notes the head elsewhere is its witness."""
        ...

    def recover(self, claim: Claim | None = None) -> int:
        """Makes states true again: what may have left becomes uncertain, what had not left waits again."""
        ...

    def has_work(self) -> bool:
        """Whether any record is dirty, on its way or uncertain."""
        ...

    def has_turns_left(self, *, looks_until: float) -> bool:
        """Whether turns are to be dealt out still: for records that are dirty, on their way or uncertain, or held ones that
        were to be looked at again by ``looks_until`` (Unix seconds)."""
        ...


class Ledger(Protocol):
    """What the pipeline writes down. Every method is one transaction; raises LedgerDown, or LostClaim when overtaken."""

    def lease_ends_at(self, claim: Claim) -> float:
        """Monotonic seconds after which nothing of this turn may leave: another worker may have the lane then."""
        ...

    def finish(self, claim: Claim, record: Record, move: Move) -> Record:
        """The record after the move; its new status is in effect when this returns."""
        ...

    def begin_attempt(self, claim: Claim, intent: Intent) -> Attempt:
        """The intent is durable when this returns. Moves the record from working to sending. Raises FeedBraked when the
        feed's brake is pulled, now or before; the record stays as it was."""
        ...

    def braked(self) -> Mapping[FeedName, str]:
        """Feeds whose brake is pulled, and by what: ``vanish`` (its deletes stop) or ``change`` (everything stops)."""
        ...

    def end_attempt(self, claim: Claim, record: Record, attempt: Attempt, outcome: Outcome, move: Move) -> Record:
        """Closes the attempt, or leaves it open when the outcome is unclear, together with the record's move."""
        ...

    def note_absent(self, claim: Claim, record: Record, attempt: Attempt, move: Move) -> None:
        """A read-back found no trace for the first time; the time of it counts."""
        ...

    def settle_attempt(self, claim: Claim, record: Record, attempt: Attempt, verdict: str, move: Move) -> None:
        """The read-back has decided, or a person must."""
        ...

    def open_attempt(self, record: Record) -> Attempt | None: ...

    def note_read(self, lane: str, what: str, why: str) -> None:
        """Something of the person was read at BKN: stored with what is written next of the lane."""
        ...

    def say_reads(self, actor: str) -> None:
        """Stores what was read outside of a turn, at the word of ``actor``."""
        ...

    def links(self, lane: str) -> Sequence[Link]:
        """The person's records that own a row of BKN or have an attempt under way; also under another NIP that BKN knows
        as the same person."""
        ...

    def has_unlinked_work(self, lane: str, *, but: Record, not_for: str | None = None) -> bool:
        """Whether another record of the person is dirty and has no row at BKN yet. ``not_for``: one that was put back for
        this reason does not count; who waits for it for the same reason would wait for ever."""
        ...

    def held_without_row(self, lane: str) -> Sequence[Record]:
        """The person's held records that have no row at BKN."""
        ...

    def held_elsewhere(self, lane: str, digest: Digest) -> Sequence[Record]:
        """Held records of other persons without a row at BKN that want this content."""
        ...

    def deleted_since(self, lane: str, since: float) -> Sequence[str]:
        """BKN's ids of the person's rows that we have deleted since then."""
        ...

    def find(self, feed: FeedName, key: SourceKey) -> Record | None: ...

    def seen_equal(self, feed: FeedName, key: SourceKey) -> SeenEqual | None:
        """What both sides held when a comparison last found the row equal; None where none ever did."""
        ...

    def records_of(self, lanes: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        """All records of these persons."""
        ...

    def are_linked_elsewhere(self, lane: str, bkn_ids: Collection[str]) -> bool:
        """Whether one of these rows of BKN belongs to a record of another person."""
        ...

    def break_off(self, claim: Claim, record: Record, reason: str, detail: str) -> None:
        """The program failed on this record: held when nothing had left, uncertain when something may have."""
        ...

    def void(self, claim: Claim, record: Record, reason: str, detail: str) -> Record:
        """The permission of a plan holds no more: its item says why, and the record goes on as ``record`` without it."""
        ...

    def change_lane(self, claim: Claim, record: Record, lane: str) -> None:
        """The row turned out to be another person's; its turn comes in that person's lane."""
        ...

    def person(self, nip: Nip) -> BknId | None:
        """BKN's id of the person, as BKN once told us."""
        ...

    def remember_person(self, nip: Nip, bkn_id: BknId) -> None: ...

    def identity(self, record: Record) -> Identity:
        """What a record that says who a person is has told so far."""
        ...

    def note_identity(self, claim: Claim, record: Record, identity: Identity | None) -> None:
        """None: the record tells nothing any more."""
        ...

    def doubted_by(self, lane: str) -> RecordId | None:
        """The record by which the lane's NIP may be another person at BKN, and nobody has said otherwise."""
        ...
