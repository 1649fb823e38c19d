"""What do a feed's rows come to? Counts over a sample: who would be sent, what is held and why, which values do not fit.

Every field is computed by the daemon's own expressions. Other than the daemon, which stops at the first field that does not
fit, this goes on to the last, so that a file is corrected once.
"""

import dataclasses
import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from simpeg_sync.decide.fields import Resource
from simpeg_sync.documents import Documents
from simpeg_sync.domain.change import TWICE, FeedName, Nip, Row, SourceKey
from simpeg_sync.domain.record import BknId
from simpeg_sync.mapcheck.finding import shown
from simpeg_sync.mapcheck.shapes import shape
from simpeg_sync.mapping.conditions import Condition
from simpeg_sync.mapping.expressions import Column, RowOf, Unfit, linked
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, Rendered, Unready, Wanted, nip_of, render
from simpeg_sync.mapping.text import plain
from simpeg_sync.ports import Complaint, Document

DISTINCT_MAX = 10_000
"""Different values that are counted of one thing; what comes after is counted together."""
DOUBLES_MAX = 500_000
"""Rows in which doubles of the natural key are looked for: their digests are kept in memory."""
DOCUMENTS_MAX = 500
LINKS_MAX = 500
FILTERS = ("deleted", "scope", "verified", "active_person")
"""In the order in which they are asked."""


class Kinds(Protocol):
    """What BKN wants of each kind of row, as far as that is known without asking it."""

    def resource(self, name: str) -> Resource: ...

    def check(self, name: str, body: Mapping[str, Any]) -> Complaint | None: ...


@dataclass(slots=True)
class Counted:
    """Different things and how often, each with a row that shows it; bounded."""

    counts: Counter[Any] = field(default_factory=Counter)
    examples: dict[Any, str] = field(default_factory=dict)
    others: int = 0

    def add(self, what: Any, key: SourceKey) -> None:
        if what not in self.counts and len(self.counts) >= DISTINCT_MAX:
            self.others += 1
            return
        self.counts[what] += 1
        if what not in self.examples:
            self.examples[what] = shown(key)

    def most_common(self) -> list[tuple[Any, int, str]]:
        return [(what, count, self.examples[what]) for what, count in self.counts.most_common()]


@dataclass(frozen=True, slots=True)
class Cut:
    """A text of the feed that is cut to a length."""

    field: str
    whole: Column
    length: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """A row that names a row of another feed."""

    row: SourceKey
    nip: Nip
    feed: FeedName
    key: SourceKey


@dataclass(slots=True)
class Tally:
    feed: Feed
    resource: Resource
    sampled: int = 0
    would_send: int = 0
    not_in_scope: int = 0
    deleted: int = 0
    held: Counted = field(default_factory=Counted)
    """(reason, detail)"""
    failed: Counted = field(default_factory=Counted)
    """What the program itself stumbled over."""
    unfit: Counted = field(default_factory=Counted)
    """(field, reason, detail), of every field of every row of the feed, also of rows that may not leave yet."""
    unknown_codes: dict[tuple[str, str], Counted] = field(default_factory=dict)
    """(field, code table) -> local codes"""
    unread: dict[tuple[str, str, str], Counted] = field(default_factory=dict)
    """(field, reason, column) -> forms of the texts that could not be read"""
    cut: Counted = field(default_factory=Counted)
    """(field, length)"""
    cut_at_bkn: Counted = field(default_factory=Counted)
    persons: Counter[str] = field(default_factory=Counter)
    """valid, doubtful, empty, unknown_form"""
    person_forms: Counted = field(default_factory=Counted)
    filters: dict[str, Counter[bool]] = field(default_factory=dict)
    filter_values: dict[tuple[str, str], Counted] = field(default_factory=dict)
    partners: dict[str, Counter[str]] = field(default_factory=dict)
    """Join -> found, missing (there is something to join by, and nobody is there), empty (nothing to join by)"""
    documents: Counted = field(default_factory=Counted)
    documents_seen: int = 0
    doubles: int = 0
    """Rows whose natural key another row of the same person has too."""
    double_example: str = ""
    without_natural_key: int = 0
    without_example: str = ""
    keys_seen: dict[bytes, bool] = field(default_factory=dict)
    links: dict[str, list[Pointer]] = field(default_factory=dict)
    """Field -> rows of another feed that rows of this one name, the first so many that are named from all over the sample."""


@dataclass(slots=True)
class Reader:
    """Fills a tally, row by row."""

    feed: Feed
    kinds: Kinds
    documents: Documents
    rows_expected: int
    tally: Tally = field(init=False)
    cuts: Sequence[Cut] = field(init=False)
    linking: Sequence[str] = field(init=False)
    natural: Sequence[Callable[[Mapping[str, Any]], str]] = field(init=False)
    reading: Feed = field(init=False)
    """The feed, with the columns beside that tell whether a join found its partner."""

    def __post_init__(self) -> None:
        resource = self.kinds.resource(self.feed.target)
        self.tally = Tally(self.feed, resource)
        self.cuts = [
            Cut(name, replace(part, cut=0), part.cut)
            for name, expression in self.feed.fields.items()
            for part in parts(expression)
            if isinstance(part, Column) and part.cut
        ]
        self.linking = [name for name, expression in self.feed.fields.items() if linked(expression)]
        self.natural = [] if resource.is_single else [_normal(resource, name) for name in self.feed.natural_key]
        partners = [
            Column(name)
            for join in self.feed.joins
            for its, known in join.on
            for name in (f"{join.alias}.{its}", known)
        ]
        self.reading = replace(self.feed, fields={**self.feed.fields, "": BesideFields(tuple(partners))})

    def take(self, page: Sequence[tuple[SourceKey, tuple[Any, ...]]]) -> None:
        """Rows in the order of the source, with the columns of ``reading``."""
        names = self.reading.columns
        for number, (key, values) in enumerate(page):
            if number and page[number - 1][0] == key and not self.feed.key_is_natural:
                continue  # the same row once more, with another partner
            is_twice = any(0 <= n < len(page) and page[n][0] == key for n in (number - 1, number + 1))
            self.take_row(key, TWICE if is_twice else dict(zip(names, values, strict=True)))

    def take_row(self, key: SourceKey, row: Row) -> None:
        self.tally.sampled += 1
        try:
            self._row(key, row)
        except Exception as error:
            # Ours: the sample goes on, and the count says that something is wrong with the program.
            self.tally.failed.add(type(error).__name__, key)

    def _row(self, key: SourceKey, row: Row) -> None:
        if row is TWICE:
            self.tally.held.add((_why_several(self.feed), ""), key)
            return
        self._filters(key, row)
        rendered = render(self.feed, row, link_of=stand_in)
        match rendered:
            case Gone("row.soft_deleted"):
                self.tally.deleted += 1
                return
            case Gone():
                self.tally.not_in_scope += 1
                return
            case Unready():
                self._fields(key, row)
        self._person(key, row)
        self._partners(row)
        reason = self._reason(key, row, rendered)
        if reason is None:
            self.tally.would_send += 1
        else:
            self.tally.held.add(reason, key)

    def _reason(self, key: SourceKey, row: Row, rendered: Rendered) -> tuple[str, str] | None:
        """Why the daemon would hold the row."""
        if isinstance(rendered, Unready):
            return rendered.reason, rendered.detail
        assert isinstance(rendered, Wanted), "what is gone never comes here"
        self._cuts(key, row, rendered.body)
        self._links(key, row, rendered.nip)
        self._natural_key(key, rendered)
        files = self._documents(key, rendered)
        missing = self.documents.not_named(self.feed, self.tally.resource, files) if files is not None else None
        if missing is not None:
            return "document.not_named", missing
        complaint = self.kinds.check(self.feed.target, rendered.body)
        if complaint is not None:
            self.tally.unfit.add((complaint.field, complaint.reason, ""), key)
            return complaint.reason, complaint.field
        broken = [document.state.problem for document in (files or {}).values() if document.state.problem]
        return (broken[0], "") if broken and self.tally.resource.takes_files_with_save else None

    # ------------------------------------------------------------------------------------------------------ one by one

    def _filters(self, key: SourceKey, row: Row) -> None:
        """Each condition of the rows that those before it let through."""
        for name in FILTERS:
            condition: Condition | None = getattr(self.feed, name)
            if condition is None:
                continue
            holds = condition.holds(row)
            self.tally.filters.setdefault(name, Counter())[holds] += 1
            for column in compared_columns(condition):
                self.tally.filter_values.setdefault((name, column), Counted()).add(plain(row.get(column))[:40], key)
            if holds == (name == "deleted"):
                return

    def _person(self, key: SourceKey, row: Row) -> None:
        value = row.get(self.feed.person)
        text = plain(value)
        nip = None if isinstance(value, float) else nip_of(text)
        if nip is not None:
            self.tally.persons["valid" if _begins_with_birthday(nip) else "doubtful"] += 1
        elif not text:
            self.tally.persons["empty"] += 1
        else:
            self.tally.persons["unknown_form"] += 1
            self.tally.person_forms.add("a floating-point number" if isinstance(value, float) else shape(text), key)

    def _partners(self, row: Row) -> None:
        for join in self.feed.joins:
            found = self.tally.partners.setdefault(join.alias, Counter())
            if any(plain(row.get(known)) == "" for _, known in join.on):
                found["empty"] += 1
            else:
                is_there = all(row.get(f"{join.alias}.{its}") is not None for its, _ in join.on)
                found["found" if is_there else "missing"] += 1

    def _fields(self, key: SourceKey, row: Row) -> None:
        rules = {f"document {rule.kind}".strip(): rule.file for rule in self.feed.documents}
        for name, expression in {**self.feed.fields, **rules}.items():
            try:
                value = expression.value(row)
            except Unfit as unfit:
                self._unfit(key, row, name, unfit)
                continue
            if value is None and name in self.feed.required:
                self.tally.unfit.add((name, "field.required", ""), key)

    def _unfit(self, key: SourceKey, row: Row, name: str, unfit: Unfit) -> None:
        if unfit.code == "code.unknown":
            table, _, local = unfit.detail.partition(": ")
            self.tally.unknown_codes.setdefault((name, table), Counted()).add(local, key)
        elif unfit.code in ("date.unreadable", "date.implausible", "number.unreadable"):
            text = " ".join(shape(row.get(column)) for column in unfit.detail.split(", "))
            self.tally.unread.setdefault((name, unfit.code, unfit.detail), Counted()).add(text, key)
        self.tally.unfit.add((name, unfit.code, unfit.detail if unfit.code != "code.unknown" else ""), key)

    def _cuts(self, key: SourceKey, row: Row, body: Mapping[str, Any]) -> None:
        for cut in self.cuts:
            if len(cut.whole.value(row) or "") > cut.length:
                self.tally.cut.add((cut.field, cut.length), key)
        for one in self.tally.resource.fields:
            if one.cut_at and len(plain(body.get(one.write))) > one.cut_at:
                self.tally.cut_at_bkn.add((one.write, one.cut_at), key)

    def _links(self, key: SourceKey, row: Row, nip: Nip) -> None:
        stride = max(1, self.rows_expected // LINKS_MAX)
        if self.tally.sampled % stride:
            return
        for name in self.linking:
            value = self.feed.fields[name].value(row)
            if isinstance(value, RowOf):
                self.tally.links.setdefault(name, []).append(Pointer(key, nip, value.feed, value.key))

    def _natural_key(self, key: SourceKey, wanted: Wanted) -> None:
        if len(self.tally.keys_seen) >= DOUBLES_MAX or not (self.natural or self.tally.resource.is_single):
            return
        texts = [normal(wanted.body) for normal in self.natural]
        if self.natural and not any(texts):
            self.tally.without_natural_key += 1
            self.tally.without_example = self.tally.without_example or shown(key)
            return
        digest = hashlib.blake2b("\0".join([wanted.nip, *texts]).encode(errors="surrogatepass"), digest_size=8).digest()
        if digest in self.tally.keys_seen:
            # The first of them counts too, once.
            self.tally.doubles += 1 if self.tally.keys_seen[digest] else 2
            self.tally.double_example = self.tally.double_example or shown(key)
        self.tally.keys_seen[digest] = digest in self.tally.keys_seen

    def _documents(self, key: SourceKey, wanted: Wanted) -> Mapping[str, Document] | None:
        """Looks at some rows only, and says None of the others: each costs reading its certificates."""
        stride = max(1, self.rows_expected // DOCUMENTS_MAX)
        if not self.feed.documents or self.tally.sampled % stride:
            return None
        found = self.documents.of(self.feed, self.tally.resource, key, wanted)
        for kind, document in found.items():
            self.tally.documents_seen += 1
            if document.state.problem:
                self.tally.documents.add((kind, document.state.problem), key)
        return found


def _why_several(feed: Feed) -> str:
    if feed.key_is_natural:
        return "identity.twice"
    return "join.several" if feed.joins else "source.unfit"


@dataclass(frozen=True, slots=True)
class BesideFields:
    """Columns that are read beside the fields."""

    of: tuple[Column, ...]

    @property
    def columns(self) -> list[str]:
        return [one.column for one in self.of]

    def value(self, row: Row) -> Any:
        return None


def parts(expression: Any) -> Iterator[Any]:
    """The expression and all that it is made of, however deep."""
    yield expression
    if dataclasses.is_dataclass(expression):
        for one in dataclasses.fields(expression):
            yield from _inside(getattr(expression, one.name))


def _inside(value: Any) -> Iterator[Any]:
    match value:
        case tuple():
            for inner in value:
                yield from _inside(inner)
        case Mapping():
            for inner in value.values():
                yield from _inside(inner)
        case _ if hasattr(value, "value") and hasattr(value, "columns"):
            yield from parts(value)


def compared_columns(condition: Condition) -> list[str]:
    """Columns whose values the condition names: codes. What is only asked whether it is empty may be anything."""
    tests = [test for tests in condition.alternatives for test in tests]
    return list(dict.fromkeys(test.column for test in tests if test.one_of or test.none_of))


def _normal(resource: Resource, name: str) -> Callable[[Mapping[str, Any]], str]:
    form = next((one.normal for one in resource.fields if one.write == name), plain)
    return lambda body: form(body.get(name))


def stand_in(feed: object, key: object, nip: object) -> BknId:
    """What another feed's rows are called at BKN, nobody knows yet: a link counts as one that will be there."""
    return BknId("0" * 32)


def _begins_with_birthday(nip: Nip) -> bool:
    try:
        born = dt.datetime.strptime(nip[:8], "%Y%m%d").date()
    except ValueError:
        return False
    return dt.date(1900, 1, 1) <= born <= dt.date(2100, 1, 1)
