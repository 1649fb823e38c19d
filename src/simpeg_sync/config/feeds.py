"""From a feed's YAML file to a Feed. What a person may write, with the errors they may meet."""

import csv
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from simpeg_sync.config.document import YamlFile
from simpeg_sync.config.settings import Section, check
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
    Year,
)
from simpeg_sync.mapping.feed import DocumentRule, Feed, Join

DATE_WORDS = {"dd": "%d", "mm": "%m", "yyyy": "%Y"}
VERBS = ("column", "text", "const", "code", "integer", "date", "year", "first")


class JoinFile(Section):
    table: str
    alias: Annotated[str, Field(alias="as", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    on: Annotated[dict[str, str], Field(min_length=1)]


class DocumentFile(Section):
    file: Any
    directory: str
    required: bool = False


class FeedFile(Section):
    feed: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
    target: str
    table: str
    key: Annotated[list[str], Field(min_length=1)]
    joins: Annotated[list[JoinFile], Field(default_factory=list)]
    person: str
    person_bkn_id: str | None = None
    bkn_id: str | None = None
    scope: Any = None
    verified: Any = None
    deleted: Any = None
    active_person: Any = None
    fields: Annotated[dict[str, Any], Field(min_length=1)]
    required: Annotated[list[str], Field(default_factory=list)]
    natural_key: Annotated[list[str], Field(min_length=1)]
    document: DocumentFile | None = None
    delete: Literal["hold", "delete", "ignore"] = "hold"
    look_before_write: bool = True
    moves_with: Annotated[list[str], Field(default_factory=list)]


class _Bad(Exception):
    """Something in the file that the models cannot see: where, what, remedy."""

    def __init__(self, where: Sequence[str | int], what: str, remedy: str) -> None:
        super().__init__(what)
        self.where, self.what, self.remedy = where, what, remedy


def read_feed(
    file: YamlFile, *, targets: Mapping[str, Collection[str]], base: Path
) -> tuple[Feed | None, list[Problem]]:
    """``targets``: BKN's resources and the fields each takes. ``base``: what relative paths are relative to."""
    model, problems = check(FeedFile, file)
    if model is None:
        return None, problems
    reader = _Reader(file, base, problems)
    feed = reader.feed(model, targets)
    return (None, problems) if problems else (feed, [])


class _Reader:
    """Collects every problem of one file instead of stopping at the first."""

    def __init__(self, file: YamlFile, base: Path, problems: list[Problem]) -> None:
        self.file, self.base, self.problems = file, base, problems
        self.code_files: list[bytes] = []

    def feed(self, model: FeedFile, targets: Mapping[str, Collection[str]]) -> Feed | None:
        self._check_target(model, targets)
        self._check_names(model)
        feed = Feed(
            name=FeedName(model.feed),
            target=model.target,
            table=model.table,
            key=tuple(model.key),
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
            document=self._document(model.document),
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
        return Column(self._name(written[verb], where), case, int(written.get("max_length", 0)))

    def _code(self, written: Mapping[str, Any], where: tuple[str | int, ...]) -> Expression:
        self._only(written, where, "code", "table", "map")
        if ("table" in written) == ("map" in written):
            raise _Bad(where, "a code needs its table", "Name table: codes/FILE.csv, or give a map: {local: BKN}.")
        if "map" in written:
            codes = {str(local): str(national) for local, national in dict(written["map"]).items()}
            label = str(where[-1])
        else:
            label, codes = str(written["table"]), self._code_table(str(written["table"]), (*where, "table"))
        folded = {local.strip().casefold(): national for local, national in codes.items()}
        return Code(self._parsed(written["code"], (*where, "code")), label, folded)

    def _code_table(self, name: str, where: tuple[str | int, ...]) -> dict[str, str]:
        """A CSV with the columns ``local`` and ``bkn``; more columns may follow for people."""
        path = self.base / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise _Bad(where, f"the code table {path} cannot be read ({error.strerror})", "Check the path.") from None
        self.code_files.append(content)
        rows = csv.DictReader(content.decode("utf-8-sig").splitlines())
        if not {"local", "bkn"} <= set(rows.fieldnames or ()):
            raise _Bad(where, f"the code table {path} lacks the columns local and bkn", "Its first line: local,bkn")
        return {row["local"]: row["bkn"].strip() for row in rows if row["local"] and row["bkn"]}

    def _date(self, written: Mapping[str, Any], where: tuple[str | int, ...], verb: str) -> Date:
        self._only(written, where, verb, "formats", "no_date")
        formats = tuple(_strptime(str(form)) for form in written.get("formats", ())) or DEFAULT_DATE_FORMATS
        no_date = tuple(str(text) for text in written.get("no_date", ())) or NO_DATE
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
                return ColumnTest(column, none_of=_texts(wanted["not"]))
            if set(wanted) == {"empty"} and isinstance(wanted["empty"], bool):
                return ColumnTest(column, is_empty=wanted["empty"])
            raise _Bad(where, "unknown kind of test", "Write a value, a list, {not: ...} or {empty: true}.")
        return ColumnTest(column, one_of=_texts(wanted))

    def _document(self, written: DocumentFile | None) -> DocumentRule | None:
        if written is None:
            return None
        file = self._expression(written.file, ("document", "file")) or Constant(None)
        return DocumentRule(file, str(self.base / written.directory), written.required)

    def _check_target(self, model: FeedFile, targets: Mapping[str, Collection[str]]) -> None:
        if model.target not in targets:
            known = ", ".join(sorted(targets))
            self._problem(("target",), f"target {model.target!r} is not a resource of BKN", f"Known: {known}.")
            return
        for place, names in (
            ("fields", model.fields),
            ("natural_key", model.natural_key),
            ("required", model.required),
        ):
            for name in names:
                if name not in targets[model.target]:
                    fields = ", ".join(sorted(targets[model.target]))
                    self._problem((place, name), f"{model.target} has no field {name!r}", f"Its fields: {fields}.")
        for name in (*model.natural_key, *model.required):
            if name not in model.fields:
                self._problem(("natural_key",), f"{name} has no expression in fields", "Add it to fields.")

    def _check_names(self, model: FeedFile) -> None:
        """An allow-list for what becomes an identifier in SQL; the catalogue check follows when the source is opened."""
        for where, name in (
            (("table",), model.table),
            *((("key",), column) for column in model.key),
            *((("joins", index, "table"), join.table) for index, join in enumerate(model.joins)),
        ):
            if not re.fullmatch(r"[^\W\d][\w$ -]*(\.[^\W\d][\w$ -]*){0,2}", name):
                self._problem(where, f"{name!r} is not a name of a table or column", "Write it without quotes or SQL.")

    def _check_columns(self, feed: Feed) -> None:
        aliases = {join.alias for join in feed.joins}
        for column in feed.columns:
            alias, dot, _ = column.partition(".")
            if dot and alias not in aliases:
                self._problem(
                    (), f"{column} names {alias!r}, which no join has", f"Joins: {', '.join(aliases) or 'none'}."
                )

    def _digest(self, content: bytes) -> str:
        return hashlib.blake2b(content, digest_size=16).hexdigest()

    def _problem(self, where: Sequence[str | int], what: str, remedy: str) -> None:
        self.problems.append(Problem(self.file.place(where), what, remedy))


def check_together(feeds: Sequence[tuple[Feed, YamlFile]]) -> list[Problem]:
    """What only shows when all feeds are seen: names that stand twice, moves that lead nowhere."""
    problems: list[Problem] = []
    by_name: dict[str, Feed] = {}
    for feed, file in feeds:
        if feed.name in by_name:
            problems.append(Problem(file.place(("feed",)), f"two feeds are called {feed.name}", "Rename one."))
        by_name[feed.name] = feed
    for feed, file in feeds:
        for name in feed.moves_with:
            other = by_name.get(name)
            if other is None or (other.table, other.key) != (feed.table, feed.key):
                problems.append(
                    Problem(
                        file.place(("moves_with",)),
                        f"moves_with names {name}, which is not a feed of the same table and key",
                        "A row can only move between feeds that read the same table by the same key.",
                    )
                )
    return problems


def _strptime(form: str) -> str:
    """``dd-mm-yyyy`` as a person writes it; formats with % are taken as they are."""
    if "%" in form:
        return form
    for word, code in DATE_WORDS.items():
        form = form.replace(word, code)
    return form


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple("" if item is None else str(int(item)) if isinstance(item, bool) else str(item) for item in values)
