"""From a feed's YAML file to a Feed. What a person may write, with the errors they may meet."""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from simpeg_sync.config.beside import Beside, JoinFile, Written
from simpeg_sync.config.document import YamlFile
from simpeg_sync.config.grammar import Grammar
from simpeg_sync.config.settings import BrakeSettings, Section, check, likely
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import Problem
from simpeg_sync.domain.situation import Policy
from simpeg_sync.mapping.conditions import Condition
from simpeg_sync.mapping.expressions import Constant, Expression, linked
from simpeg_sync.mapping.feed import Feed, Join


@dataclass(frozen=True, slots=True)
class Target:
    """What a feed may name of one of BKN's resources."""

    fields: Collection[str]
    document_kinds: tuple[str, ...] = ()
    needs_natural_key: bool = True
    """False where BKN has one row a person, or shows none to be found."""
    says_who: bool = False
    """Whether its rows say who a person is."""
    switched_off: str = ""
    """Why no feed may write it in this region, and what would change that."""


Targets = Mapping[str, Target]


class WriteBackFile(Section):
    column: str


class PolicyFile(Section):
    missing_at_bkn: Literal["push", "report", "hold"] = "push"
    differs: Literal["push", "keep_bkn", "report", "hold"] = "push"
    changed_at_bkn: Literal["hold", "keep_bkn", "report"] = "hold"
    gone_at_bkn: Literal["hold", "keep_bkn", "report"] = "hold"
    alike: Literal["hold", "adopt", "push"] = "hold"
    twice_at_bkn: Literal["hold", "adopt", "report"] = "hold"


class FeedFile(Section):
    feed: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}(?!\n)$")]
    target: str
    table: str
    key: Annotated[list[str], Field(default_factory=list)]
    identity: Annotated[list[str], Field(default_factory=list)]
    """Instead of a key, where the table has none."""
    joins: Annotated[list[JoinFile], Field(default_factory=list)]
    person: str
    person_bkn_id: str | None = None
    bkn_id: str | None = None
    write_back: WriteBackFile | None = None
    scope: Any = None
    verified: Any = None
    deleted: Any = None
    active_person: Any = None
    unit: Any = None
    unit_name: Any = None
    fields: Annotated[dict[str, Any], Field(default_factory=dict)]
    required: Annotated[list[str], Field(default_factory=list)]
    natural_key: Annotated[list[str], Field(default_factory=list)]
    document: Any = None
    delete: Literal["hold", "delete", "ignore"] = "hold"
    look_before_write: bool = True
    policy: PolicyFile = PolicyFile()
    brake: BrakeSettings = BrakeSettings()
    moves_with: Annotated[list[str], Field(default_factory=list)]


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
        self.grammar = Grammar(file, base, problems)
        self.beside = Beside(file, base, problems, self.grammar)

    def feed(self, model: FeedFile, targets: Targets) -> Feed | None:
        self._check_conditions()
        documents = self.beside.documents(model.document)
        self._check_target(model, targets, documents)
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
            joins=tuple(self.beside.join(join, ("joins", index)) for index, join in enumerate(model.joins)),
            scope=self.grammar.condition(model.scope, ("scope",)),
            verified=self.grammar.condition(model.verified, ("verified",)),
            deleted=self.grammar.condition(model.deleted, ("deleted",)),
            active_person=self.grammar.condition(model.active_person, ("active_person",)),
            person_bkn_id=model.person_bkn_id,
            bkn_id=model.bkn_id,
            write_back=self._write_back(model),
            natural_key=tuple(model.natural_key),
            unit=self._unit(model.unit, "unit"),
            unit_name=self._unit(model.unit_name, "unit_name"),
            documents=tuple(self.beside.document(one, where) for one, where in documents),
            delete_policy=model.delete,
            look_before_write=model.look_before_write,
            policy=self._policy(model),
            brake=_brake(model.brake),
            moves_with=tuple(FeedName(name) for name in model.moves_with),
            digest=self._digest(self.file.path.read_bytes()),
            codes_digest=self._digest(b"\0".join(self.grammar.code_files)),
        )
        self._check_columns(feed)
        return feed

    def _field(self, model: FeedFile, name: str) -> Expression:
        return self.grammar.expression(model.fields[name], ("fields", name)) or Constant(None)

    def _unit(self, written: Any, word: str) -> Expression | None:
        return self.grammar.expression(written, (word,)) if written is not None else None

    def _check_conditions(self) -> None:
        """A condition whose lines are all comments would let every row through."""
        for name in ("scope", "verified", "deleted", "active_person"):
            if name in _mapping(self.file) and self.file.data[name] is None:
                self._problem((name,), f"{name} says nothing", "Write the condition, or remove the word.")

    def _check_target(self, model: FeedFile, targets: Targets, documents: Sequence[Written]) -> None:
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
        self._check_documents(model, target, documents)
        for word, written in (("unit", model.unit), ("unit_name", model.unit_name)):
            if written is not None and not target.says_who:
                known = ", ".join(sorted(name for name, one in targets.items() if one.says_who))
                self._problem((word,), f"{model.target} does not say who people are", f"Write it in a feed of {known}.")
        if model.unit_name is not None and model.unit is None and "unit" not in self.unread:
            self._problem(("unit_name",), "unit_name has no unit", "Name the unit's code as unit.")
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

    def _check_documents(self, model: FeedFile, target: Target, documents: Sequence[Written]) -> None:
        kinds = [one.kind or next(iter(target.document_kinds), "") for one, _ in documents]
        for index, (kind, (_, where)) in enumerate(zip(kinds, documents, strict=True)):
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

    def _policy(self, model: FeedFile) -> Policy:
        changed = [name for name, value in model.policy if value != getattr(PolicyFile(), name)]
        if changed and not model.look_before_write:
            what = f"policy.{changed[0]} cannot be kept: without a look nobody knows what BKN has"
            self._problem(("policy", changed[0]), what, "Remove look_before_write: false, or the policy.")
        return Policy(**dict(model.policy))

    def _write_back(self, model: FeedFile) -> str | None:
        if model.write_back is None:
            return None
        where, column = ("write_back", "column"), model.write_back.column
        self._check_name(where, column)
        if "." in column:
            self._problem(where, f"{column} is not a column of {model.table}", "Name one of the feed's own table.")
        if not model.key:
            self._problem(("write_back",), "write_back needs a key", "A table without a key has no row to write to.")
        if column in model.key or column == model.person:
            self._problem(where, f"{column} names the row or its person", "Name the column that holds BKN's id.")
        return column

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
        known: list[str] = []
        for index, join in enumerate(feed.joins):
            self._check_join(("joins", index), join, known)
            known.append(join.alias)
        seen: set[str] = set(feed.key)
        for where, column in _columns(feed):
            if column not in seen:
                seen.add(column)
                self._check_column(where, column, known)
        for place, rule in self.beside.rules:
            # What its rows hold is known to this certificate alone.
            rows = rule.rows
            if rows is not None:
                self._check_name((*place, "rows", "table"), rows.join.table)
                self._check_join((*place, "rows"), rows.join, known)
            own = [*known, rows.join.alias] if rows is not None else known
            for column in dict.fromkeys([*rule.piece_columns, *([rule.content] if rule.content else [])]):
                self._check_column(self.beside.place_of(place, rule, column), column, own)
        aliases = [join.alias for join in feed.roads]
        for alias in dict.fromkeys(alias for alias in aliases if aliases.count(alias) > 1):
            self._problem(("joins",), f"two tables are called {alias!r}", "Give each another name after `as`.")

    def _check_join(self, where: tuple[str | int, ...], join: Join, known: Sequence[str]) -> None:
        for column, partner in join.on:
            self._check_name((*where, "on"), column)
            self._check_column((*where, "on", column), partner, known)
        for column in (*(column for column, _ in join.where), *([join.pick.column] if join.pick is not None else [])):
            self._check_name((*where, "on", column), column)

    def _check_column(self, where: Sequence[str | int], column: str, aliases: Sequence[str]) -> None:
        self._check_name(where, column)
        alias, dot, _ = column.partition(".")
        if dot and alias not in aliases and "joins" not in self.unread:
            remedy = f"{likely(alias, aliases)} Joins: {', '.join(aliases) or 'none'}.".strip()
            self._problem(where, f"{column} names {alias!r}, which no join has", remedy)

    def _check_name(self, where: Sequence[str | int], name: str) -> None:
        if not re.fullmatch(r"[^\W\d][\w$# -]*(\.[^\W\d][\w$# -]*){0,2}", name):
            remedy = "Write it without quotes or SQL: letters, digits, blanks, _ $ # -. Another name needs a view."
            self._problem(where, f"{name!r} is not a name of a table or column", remedy)

    def _digest(self, content: bytes) -> str:
        return hashlib.blake2b(content, digest_size=16).hexdigest()

    def _problem(self, where: Sequence[str | int], what: str, remedy: str) -> None:
        self.problems.append(Problem(self.file.place(where), what, remedy))


def _brake(written: BrakeSettings) -> Mapping[str, Any]:
    """What the feed says, in the words of `domain/brake.py`; the rest is as in the settings."""
    said = written.model_dump(exclude_unset=True)
    return {("window_s" if name == "window" else name): value for name, value in said.items()}


def _columns(feed: Feed) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every column that the feed reads, with the place in its file that names it."""
    for word in ("person", "person_bkn_id", "bkn_id"):
        if column := getattr(feed, word):
            yield (word,), column
    for word in ("scope", "verified", "deleted", "active_person"):
        condition: Condition | None = getattr(feed, word)
        for column in condition.columns if condition is not None else ():
            yield (word, column), column
    for word in ("unit", "unit_name"):
        of_unit: Expression | None = getattr(feed, word)
        for column in of_unit.columns if of_unit is not None else ():
            yield (word,), column
    for name, expression in feed.fields.items():
        for column in expression.columns:
            yield ("fields", name), column
    for document in feed.documents:
        for column in document.changes_with:
            yield ("document", "changes_with"), column


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
            for name, parts in ((link.feed, len(link.key)) for link in linked(expression)):
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
