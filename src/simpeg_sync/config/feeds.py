"""From a feed's YAML file to a Feed. What a person may write, with the errors they may meet."""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from simpeg_sync.config.code_tables import NoCodeTable, code_lines
from simpeg_sync.config.document import YamlFile
from simpeg_sync.config.settings import Section, check, likely
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import Problem
from simpeg_sync.mapping.conditions import ColumnTest, Condition
from simpeg_sync.mapping.expressions import (
    DEFAULT_DATE_FORMATS,
    NO_DATE,
    Code,
    Column,
    Constant,
    Date,
    Expression,
    First,
    Integer,
    Linked,
    Number,
    Year,
    clean,
)
from simpeg_sync.mapping.feed import DocumentRule, Feed, Join
from simpeg_sync.mapping.text import plain

DATE_WORDS = {"dd": "%d", "mm": "%m", "yyyy": "%Y"}
VERBS = ("column", "text", "const", "code", "integer", "number", "date", "year", "link", "first")


@dataclass(frozen=True, slots=True)
class Target:
    """What a feed may name of one of BKN's resources."""

    fields: Collection[str]
    document_kinds: tuple[str, ...] = ()
    needs_natural_key: bool = True
    """False where BKN has one row a person, or shows none to be found."""
    switched_off: str = ""
    """Why no feed may write it in this region, and what would change that."""


Targets = Mapping[str, Target]


class JoinFile(Section):
    table: str
    alias: Annotated[str, Field(alias="as", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    on: Annotated[dict[str, str], Field(min_length=1)]


class DocumentFile(Section):
    file: Any
    directory: str
    required: bool = False
    kind: Annotated[str, Field(pattern=r"^[0-9a-z]*$")] = ""


class FeedFile(Section):
    feed: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
    target: str
    table: str
    key: Annotated[list[str], Field(default_factory=list)]
    identity: Annotated[list[str], Field(default_factory=list)]
    """Instead of a key, where the table has none."""
    joins: Annotated[list[JoinFile], Field(default_factory=list)]
    person: str
    person_bkn_id: str | None = None
    bkn_id: str | None = None
    scope: Any = None
    verified: Any = None
    deleted: Any = None
    active_person: Any = None
    fields: Annotated[dict[str, Any], Field(default_factory=dict)]
    required: Annotated[list[str], Field(default_factory=list)]
    natural_key: Annotated[list[str], Field(default_factory=list)]
    document: DocumentFile | list[DocumentFile] | None = None
    delete: Literal["hold", "delete", "ignore"] = "hold"
    look_before_write: bool = True
    moves_with: Annotated[list[str], Field(default_factory=list)]


class _Bad(Exception):
    """Something in the file that the models cannot see: where, what, remedy."""

    def __init__(self, where: Sequence[str | int], what: str, remedy: str) -> None:
        super().__init__(what)
        self.where, self.what, self.remedy = where, what, remedy


def read_feed(file: YamlFile, *, targets: Targets, base: Path) -> tuple[Feed | None, list[Problem]]:
    """``targets``: BKN's resources by name. ``base``: what relative paths are relative to."""
    model, problems = check(FeedFile, file)
    unread: frozenset[str] = frozenset()
    if model is None:
        model, unread = _legible_part(file)
    reader = _Reader(file, base, problems, unread)
    feed = reader.feed(model, targets)
    return (None, problems) if problems else (feed, [])


STAND_INS: Mapping[str, Any] = {
    "feed": "x", "target": "", "table": "x", "person": "x",
}  # fmt: skip
"""For required words that are missing or wrong, so that the others can be looked at all the same."""


def _legible_part(file: YamlFile) -> tuple[FeedFile, frozenset[str]]:
    """The feed as far as its words are right, and the words that are not."""
    data = {name: value for name, value in _mapping(file).items() if value is not None}
    try:
        FeedFile.model_validate(data)
        bad = set()
    except ValidationError as errors:
        bad = {str(error["loc"][0]) for error in errors.errors(include_input=False, include_url=False)}
    kept = {name: value for name, value in data.items() if name not in bad}
    return FeedFile.model_validate({**STAND_INS, **kept}), frozenset(bad)


def _mapping(file: YamlFile) -> Mapping[str, Any]:
    return file.data if isinstance(file.data, Mapping) else {}


class _Reader:
    """Collects every problem of one file instead of stopping at the first."""

    def __init__(self, file: YamlFile, base: Path, problems: list[Problem], unread: Collection[str]) -> None:
        self.file, self.base, self.problems, self.unread = file, base, problems, unread
        self.code_files: list[bytes] = []

    def feed(self, model: FeedFile, targets: Targets) -> Feed | None:
        self._check_conditions()
        self._check_target(model, targets)
        self._check_key(model)
        self._check_names(model)
        feed = Feed(
            name=FeedName(model.feed),
            target=model.target,
            table=model.table,
            key=tuple(model.key or model.identity),
            key_is_natural=not model.key,
            person=model.person,
            fields={name: self._field(model, name) for name in model.fields},
            required=tuple(model.required),
            joins=tuple(Join(join.table, join.alias, tuple(join.on.items())) for join in model.joins),
            scope=self._condition(model.scope, ("scope",)),
            verified=self._condition(model.verified, ("verified",)),
            deleted=self._condition(model.deleted, ("deleted",)),
            active_person=self._condition(model.active_person, ("active_person",)),
            person_bkn_id=model.person_bkn_id,
            bkn_id=model.bkn_id,
            natural_key=tuple(model.natural_key),
            documents=self._documents(model.document),
            delete_policy=model.delete,
            look_before_write=model.look_before_write,
            moves_with=tuple(FeedName(name) for name in model.moves_with),
            digest=self._digest(self.file.path.read_bytes()),
            codes_digest=self._digest(b"\0".join(self.code_files)),
        )
        self._check_columns(feed)
        return feed

    def _field(self, model: FeedFile, name: str) -> Expression:
        return self._expression(model.fields[name], ("fields", name)) or Constant(None)

    def _expression(self, written: Any, where: tuple[str | int, ...]) -> Expression | None:
        try:
            return self._parsed(written, where)
        except _Bad as bad:
            self.problems.append(Problem(self.file.place(bad.where), bad.what, bad.remedy))
            return None

    def _parsed(self, written: Any, where: tuple[str | int, ...]) -> Expression:
        if isinstance(written, str):
            return Column(written)
        if not isinstance(written, Mapping):
            raise _Bad(where, "an expression is a column name or a verb with its column", f"Verbs: {', '.join(VERBS)}.")
        verb = next((word for word in VERBS if word in written), None)
        if verb is None:
            raise _Bad(where, f"no known verb among {', '.join(written)}", f"Verbs: {', '.join(VERBS)}.")
        match verb:
            case "column" | "text":
                return self._text(written, verb, where)
            case "const":
                return Constant(self._only(written, where, verb)[verb])
            case "code":
                return self._code(written, where)
            case "integer":
                return Integer(self._name(self._only(written, where, verb)[verb], where))
            case "number":
                return self._number(written, where)
            case "link":
                return self._link(written, where)
            case "date":
                return self._date(written, where, verb)
            case "year":
                return Year(self._date(written, where, verb))
            case _:
                return self._first(written, where)

    def _text(self, written: Mapping[str, Any], verb: str, where: tuple[str | int, ...]) -> Expression:
        self._only(written, where, verb, "case", "max_length")
        case = written.get("case", "")
        if case not in ("", "upper", "lower"):
            raise _Bad((*where, "case"), f"case is {case!r}", "Write upper or lower.")
        longest = written.get("max_length", 0)
        if not isinstance(longest, int) or isinstance(longest, bool) or longest < 0:
            raise _Bad((*where, "max_length"), "max_length is not a number of letters", "Write max_length: 100.")
        return Column(self._name(written[verb], where), case, longest)

    def _code(self, written: Mapping[str, Any], where: tuple[str | int, ...]) -> Expression:
        self._only(written, where, "code", "table", "map")
        if ("table" in written) == ("map" in written):
            raise _Bad(where, "a code needs its table", "Name table: codes/FILE.csv, or give a map: {local: BKN}.")
        if "map" in written:
            codes = self._map(written["map"], (*where, "map"))
            label = str(where[-1])
        else:
            label, codes = str(written["table"]), self._code_table(str(written["table"]), (*where, "table"))
        return Code(self._parsed(written["code"], (*where, "code")), label, codes)

    def _map(self, written: Any, where: tuple[str | int, ...]) -> dict[str, str]:
        if not isinstance(written, Mapping) or any(
            one is None or isinstance(one, Mapping | list) for one in written.values()
        ):
            raise _Bad(where, "map wants one national code for each local code", "Write map: {LOCAL: BKN}.")
        return self._folded([(str(local), plain(national)) for local, national in written.items()], "the map", where)

    def _folded(self, codes: Sequence[tuple[str, str]], name: str, where: tuple[str | int, ...]) -> dict[str, str]:
        """Local codes are found whatever their case and blanks, so no two may differ in these alone."""
        found: dict[str, str] = {}
        for local, national in codes:
            if found.setdefault(folded := clean(local).casefold(), national) != national:
                raise _Bad(where, f"{name} has two national codes for {folded!r}", "Keep one of them.")
        return found

    def _code_table(self, name: str, where: tuple[str | int, ...]) -> dict[str, str]:
        """A CSV with the columns ``local`` and ``bkn``; more columns may follow for people."""
        path = self.base / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise _Bad(where, f"the code table {path} cannot be read ({error.strerror})", "Check the path.") from None
        self.code_files.append(content)
        try:
            codes = [(line.local, line.national) for line in code_lines(content)]
        except NoCodeTable as bad:
            raise _Bad(where, f"the code table {path} {bad.what}", bad.remedy) from None
        return self._folded(codes, f"the code table {path}", where)

    def _number(self, written: Mapping[str, Any], where: tuple[str | int, ...]) -> Number:
        self._only(written, where, "number", "decimal", "places", "as_text")
        point, places, as_text = written.get("decimal", "."), written.get("places", 3), written.get("as_text", False)
        if point not in (".", ","):
            raise _Bad((*where, "decimal"), f"decimal is {point!r}", "Write decimal: ',' or '.', as SIMPEG has it.")
        if not isinstance(places, int) or isinstance(places, bool) or not 0 <= places <= 6:
            raise _Bad((*where, "places"), "places is not a number from 0 to 6", "Write places: 2.")
        if not isinstance(as_text, bool):
            raise _Bad((*where, "as_text"), "as_text is not true or false", "Write as_text: true.")
        return Number(self._name(written["number"], where), point, places, as_text)

    def _link(self, written: Mapping[str, Any], where: tuple[str | int, ...]) -> Linked:
        self._only(written, where, "link", "key")
        key = written.get("key")
        columns = key if isinstance(key, list) else [key]
        if key is None or not columns or not isinstance(written["link"], str):
            raise _Bad(where, "a link needs a feed and its key", "Write link: FEED with key: [column, ...].")
        return Linked(FeedName(written["link"]), tuple(self._name(column, (*where, "key")) for column in columns))

    def _date(self, written: Mapping[str, Any], where: tuple[str | int, ...], verb: str) -> Date:
        self._only(written, where, verb, "formats", "no_date")
        for word in ("formats", "no_date"):
            if word in written and not isinstance(written[word], list):
                raise _Bad((*where, word), f"{word} wants a list", f"Write {word}: [one, other].")
        formats = tuple(_strptime(str(form)) for form in written.get("formats", ())) or DEFAULT_DATE_FORMATS
        for form in formats:
            if not re.search("%[Yy]", form):
                raise _Bad((*where, "formats"), f"{form!r} is not a form of a date", "Write it like dd-mm-yyyy.")
        no_date = tuple(plain(text) for text in written.get("no_date", NO_DATE))
        return Date(self._name(written[verb], where), formats, no_date)

    def _first(self, written: Mapping[str, Any], where: tuple[str | int, ...]) -> Expression:
        items = self._only(written, where, "first")["first"]
        if not isinstance(items, list) or not items:
            raise _Bad(where, "first wants a list of expressions", "Write first: [one, other].")
        return First(tuple(self._parsed(item, (*where, "first", index)) for index, item in enumerate(items)))

    def _only(self, written: Mapping[str, Any], where: tuple[str | int, ...], *allowed: str) -> Mapping[str, Any]:
        for key in written:
            if key not in allowed:
                raise _Bad(
                    (*where, key), f"{key!r} does not belong to {allowed[0]}", f"Known here: {', '.join(allowed)}."
                )
        return written

    def _name(self, written: Any, where: tuple[str | int, ...]) -> str:
        if not isinstance(written, str):
            raise _Bad(where, "a column name is wanted here", "Write column or alias.column.")
        return written

    def _condition(self, written: Any, where: tuple[str | int, ...]) -> Condition | None:
        """A mapping column -> value, list, or {not: ...}; a list of such mappings means any of them."""
        if written is None:
            return None
        alternatives = written if isinstance(written, list) else [written]
        try:
            return Condition(tuple(self._tests(one, where) for one in alternatives))
        except _Bad as bad:
            self.problems.append(Problem(self.file.place(bad.where), bad.what, bad.remedy))
            return None

    def _tests(self, written: Any, where: tuple[str | int, ...]) -> tuple[ColumnTest, ...]:
        if not isinstance(written, Mapping) or not written:
            raise _Bad(where, "a condition names columns and values", "Write column: value, or column: {not: value}.")
        return tuple(self._test(str(column), wanted, (*where, column)) for column, wanted in written.items())

    def _test(self, column: str, wanted: Any, where: tuple[str | int, ...]) -> ColumnTest:
        if isinstance(wanted, Mapping):
            if set(wanted) == {"not"}:
                return ColumnTest(column, none_of=self._values(wanted["not"], (*where, "not")))
            if set(wanted) == {"empty"} and isinstance(wanted["empty"], bool):
                return ColumnTest(column, is_empty=wanted["empty"])
            if wanted and set(wanted) <= {"from", "to"}:
                bounds = {word: self._bound(value, (*where, word)) for word, value in wanted.items()}
                return ColumnTest(column, at_least=bounds.get("from"), at_most=bounds.get("to"))
            raise _Bad(
                where,
                "unknown kind of test",
                "Write a value, a list, {not: ...}, {from: ..., to: ...} or {empty: true}.",
            )
        return ColumnTest(column, one_of=self._values(wanted, where))

    def _bound(self, written: Any, where: tuple[str | int, ...]) -> Decimal:
        text = plain(written)
        if isinstance(written, Mapping | list) or not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
            raise _Bad(where, "a bound is a number", "Write it like {from: 2022}.")
        return Decimal(text)

    def _values(self, wanted: Any, where: tuple[str | int, ...]) -> tuple[str, ...]:
        """At least one: a test without a value would hold for every row."""
        values = wanted if isinstance(wanted, list) else [wanted]
        if wanted is None or not values or any(isinstance(value, Mapping | list) for value in values):
            raise _Bad(where, "the value is missing", "Write a value or a list of values, or {empty: true}.")
        return tuple(plain(value) for value in values)

    def _documents(self, written: DocumentFile | list[DocumentFile] | None) -> tuple[DocumentRule, ...]:
        if not isinstance(written, list):
            return () if written is None else (self._document(written, ("document",)),)
        return tuple(self._document(one, ("document", index)) for index, one in enumerate(written))

    def _document(self, written: DocumentFile, where: tuple[str | int, ...]) -> DocumentRule:
        file = self._expression(written.file, (*where, "file")) or Constant(None)
        return DocumentRule(file, str(self.base / written.directory), written.required, written.kind)

    def _check_conditions(self) -> None:
        """A condition whose lines are all comments would let every row through."""
        for name in ("scope", "verified", "deleted", "active_person"):
            if name in _mapping(self.file) and self.file.data[name] is None:
                self._problem((name,), f"{name} says nothing", "Write the condition, or remove the word.")

    def _check_target(self, model: FeedFile, targets: Targets) -> None:
        if model.target not in targets:
            known = ", ".join(sorted(targets))
            remedy = f"{likely(model.target, targets)} Known: {known}.".strip()
            if "target" not in self.unread:
                self._problem(("target",), f"target {model.target!r} is not a resource of BKN", remedy)
            return
        target = targets[model.target]
        if target.switched_off:
            self._problem(("target",), f"target {model.target!r} is switched off", target.switched_off)
        if target.fields and not model.fields and "fields" not in self.unread:
            self._problem(("fields",), "fields is empty", f"Its fields: {', '.join(sorted(target.fields))}.")
        if target.needs_natural_key and not model.natural_key and "natural_key" not in self.unread:
            what = "natural_key is missing: without it rows that BKN has already would be made twice"
            self._problem(("natural_key",), what, "Name the fields by which a row is known, e.g. [nomorSertipikat].")
        self._check_documents(model, target)
        for place, names in (
            ("fields", model.fields),
            ("natural_key", model.natural_key),
            ("required", model.required),
        ):
            for index, name in enumerate(names):
                if place not in self.unread and name not in target.fields:
                    fields = ", ".join(sorted(target.fields))
                    remedy = f"{likely(name, target.fields)} Its fields: {fields}.".strip()
                    where = (place, name if place == "fields" else index)
                    self._problem(where, f"{model.target} has no field {name!r}", remedy)
        for place, names in (("natural_key", model.natural_key), ("required", model.required)):
            for index, name in enumerate(names):
                if {place, "fields"} & set(self.unread) or name in model.fields or name not in target.fields:
                    continue
                self._problem((place, index), f"{name} has no expression in fields", "Add it to fields.")

    def _check_documents(self, model: FeedFile, target: Target) -> None:
        written = model.document if isinstance(model.document, list) else [model.document] if model.document else []
        kinds = [one.kind or next(iter(target.document_kinds), "") for one in written]
        for index, kind in enumerate(kinds):
            where: tuple[str | int, ...] = ("document", index) if isinstance(model.document, list) else ("document",)
            known = ", ".join(target.document_kinds)
            if kind not in target.document_kinds:
                what = (
                    f"{model.target} takes no certificate of kind {kind!r}"
                    if known
                    else f"{model.target} takes no certificates"
                )
                self._problem(where, what, f"Kinds: {known}." if known else "Remove document.")
            elif kind in kinds[:index]:
                self._problem(where, f"two certificates of kind {kind!r}", f"Give each its kind: {known}.")

    def _check_key(self, model: FeedFile) -> None:
        if {"key", "identity"} & set(self.unread) or bool(model.key) != bool(model.identity):
            return
        if model.key:
            remedy = "Keep key where the table has one; identity is for tables without."
            self._problem(("identity",), "key and identity are both named", remedy)
        else:
            remedy = "Name the columns that tell its rows apart; where the table has no key, name them as identity."
            self._problem(("key",), "key is missing", remedy)

    def _check_names(self, model: FeedFile) -> None:
        """An allow-list for what becomes an identifier in SQL; the catalogue check follows when the source is opened."""
        for where, name in (
            (("table",), model.table),
            *((("key", index), column) for index, column in enumerate(model.key)),
            *((("identity", index), column) for index, column in enumerate(model.identity)),
            *((("joins", index, "table"), join.table) for index, join in enumerate(model.joins)),
        ):
            self._check_name(where, name)

    def _check_columns(self, feed: Feed) -> None:
        """Every column once, at the first place that names it; an alias has to be known there."""
        for index, join in enumerate(feed.joins):
            for column, partner in join.on:
                self._check_name(("joins", index, "on"), column)
                self._check_column(("joins", index, "on", column), partner, feed.joins[:index])
        seen: set[str] = set(feed.key)
        for where, column in _columns(feed):
            if column not in seen:
                seen.add(column)
                self._check_column(where, column, feed.joins)

    def _check_column(self, where: Sequence[str | int], column: str, joins: Sequence[Join]) -> None:
        self._check_name(where, column)
        alias, dot, _ = column.partition(".")
        aliases = [join.alias for join in joins]
        if dot and alias not in aliases and "joins" not in self.unread:
            remedy = f"{likely(alias, aliases)} Joins: {', '.join(aliases) or 'none'}.".strip()
            self._problem(where, f"{column} names {alias!r}, which no join has", remedy)

    def _check_name(self, where: Sequence[str | int], name: str) -> None:
        if not re.fullmatch(r"[^\W\d][\w$# -]*(\.[^\W\d][\w$# -]*){0,2}", name):
            self._problem(where, f"{name!r} is not a name of a table or column", "Write it without quotes or SQL.")

    def _digest(self, content: bytes) -> str:
        return hashlib.blake2b(content, digest_size=16).hexdigest()

    def _problem(self, where: Sequence[str | int], what: str, remedy: str) -> None:
        self.problems.append(Problem(self.file.place(where), what, remedy))


def _columns(feed: Feed) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every column that the feed reads, with the place in its file that names it."""
    for word in ("person", "person_bkn_id", "bkn_id"):
        if column := getattr(feed, word):
            yield (word,), column
    for word in ("scope", "verified", "deleted", "active_person"):
        condition: Condition | None = getattr(feed, word)
        for column in condition.columns if condition is not None else ():
            yield (word, column), column
    for name, expression in feed.fields.items():
        for column in expression.columns:
            yield ("fields", name), column
    for document in feed.documents:
        for column in document.file.columns:
            yield ("document", "file"), column


def check_together(feeds: Sequence[tuple[Feed, YamlFile]], *, are_all: bool) -> list[Problem]:
    """What only shows when all feeds are seen: names that stand twice, moves that lead nowhere. ``are_all``: no feed
    is missing because of its own problems."""
    problems: list[Problem] = []
    by_name: dict[str, Feed] = {}
    for feed, file in feeds:
        if feed.name in by_name:
            problems.append(Problem(file.place(("feed",)), f"two feeds are called {feed.name}", "Rename one."))
        by_name[feed.name] = feed
    for feed, file in feeds:
        for field, expression in feed.fields.items():
            for name, parts in _links_in(expression):
                other = by_name.get(name)
                if (other is not None or are_all) and (other is None or len(other.key) != parts):
                    what = f"the link names {name}, which is not a feed with a key of {parts} columns"
                    problems.append(
                        Problem(file.place(("fields", field)), what, "Name a feed, and a column for each of its key's.")
                    )
    for feed, file in feeds:
        for name in feed.moves_with:
            other = by_name.get(name)
            if other is None and not are_all:
                continue
            if other is None or other is feed or (other.table, other.key) != (feed.table, feed.key):
                problems.append(
                    Problem(
                        file.place(("moves_with",)),
                        f"moves_with names {name}, which is not a feed of the same table and key",
                        "A row can only move between feeds that read the same table by the same key.",
                    )
                )
    return problems


def _links_in(expression: Expression) -> Iterator[tuple[FeedName, int]]:
    """The feeds that an expression names, each with the number of columns it gives for the key."""
    match expression:
        case Linked(feed, key):
            yield feed, len(key)
        case First(expressions):
            for one in expressions:
                yield from _links_in(one)


def _strptime(form: str) -> str:
    """``dd-mm-yyyy`` as a person writes it; formats with % are taken as they are."""
    if "%" in form:
        return form
    form = form.lower()
    for word, code in DATE_WORDS.items():
        form = form.replace(word, code)
    return form
