"""`map check`: each feed against the live catalogue and a sample of live rows, with nothing but the source."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simpeg_sync.config.document import YamlFile
from simpeg_sync.config.load import Config
from simpeg_sync.config.places import place_of_column, place_of_join
from simpeg_sync.documents import Documents
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.mapcheck.finding import Finding, has_problems, shown
from simpeg_sync.mapcheck.rows import Counted, Kinds, Reader, Tally
from simpeg_sync.mapcheck.structure import Structure
from simpeg_sync.mapping.conditions import Condition, describe
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import nip_of
from simpeg_sync.reasons import explained
from simpeg_sync.source.feed_survey import FeedSurvey

ROWS = 2000
"""Rows of a feed that are looked at unless all are asked for: seconds, and rare things are seen that one row in 500 has."""
SHOWN_MAX = 5
FILTER_VALUES_MAX = 12
BY_FILTER = ("unverified", "person.inactive")
"""Holds that the feed itself asks for: no fault of the mapping."""
SAID_APART = ("code.unknown", "date.unreadable", "date.implausible", "number.unreadable")
FORMS: Mapping[str, str] = {
    "%d.%m.%Y": "dd.mm.yyyy", "%Y/%m/%d": "yyyy/mm/dd", "%Y.%m.%d": "yyyy.mm.dd", "%d-%m-%Y": "dd-mm-yyyy",
    "%d/%m/%Y": "dd/mm/yyyy", "%Y-%m-%d": "yyyy-mm-dd", "%d %m %Y": "dd mm yyyy", "%d-%m-%y": "dd-mm-yy",
    "%d/%m/%y": "dd/mm/yy", "%Y%m%d": "yyyymmdd", "%Y-%m-%d %H:%M:%S": "yyyy-mm-dd hh:mi:ss",
    "%d-%m-%Y %H:%M:%S": "dd-mm-yyyy hh:mi:ss",
}  # fmt: skip
"""What people write dates in; the first that fits the form of a text is proposed."""


@dataclass(frozen=True, slots=True)
class MapCheck:
    config: Config
    survey: FeedSurvey
    kinds: Kinds
    documents: Documents
    rows: int | None = ROWS
    """None: all of them."""

    def report(self, names: Sequence[FeedName]) -> dict[str, Any]:
        """Plain data: what `map check` shows. Keys of rows may hold NIPs. Raises SourceDown."""
        feeds = {name: self._feed(self.config.feeds[name], self.config.feed_files[name]) for name in names}
        return {"feeds": feeds, "clean": all(one["clean"] for one in feeds.values())}

    def _feed(self, feed: Feed, file: YamlFile) -> dict[str, Any]:
        findings: list[Finding] = []
        head = {"target": feed.target, "table": feed.table}
        try:
            findings += Structure(feed, file, self.survey).findings()
            if any(one.kind in UNREADABLE for one in findings):
                return _report(head, findings, None)
            rows = self.survey.row_count(feed)
            tally = self._sampled(feed, rows)
        except SourceUnfit as unfit:
            remedy = "Correct what it names."
            findings.append(Finding("source.unfit", "problem", file.place(("feed",)), str(unfit), remedy))
            return _report(head, findings, None)
        findings += _Findings(feed, file, tally).all()
        findings += self._links(file, tally)
        return _report({**head, "rows": rows}, findings, tally)

    def _links(self, file: YamlFile, tally: Tally) -> Iterator[Finding]:
        """Whether the rows that are named are there, and are the same person's."""
        for field, pointers in tally.links.items():
            for name in dict.fromkeys(pointer.feed for pointer in pointers):
                named = [pointer for pointer in pointers if pointer.feed == name]
                try:
                    owners = self.survey.source.persons(self.config.feeds[name], [pointer.key for pointer in named])
                except SourceUnfit:
                    continue  # said of that feed
                missing = [one for one in named if one.key not in owners]
                strange = [one for one in named if one.key in owners and nip_of(owners[one.key]) not in (None, one.nip)]
                place = file.place(("fields", field))
                for kind, rows, what in (
                    (
                        "link.no_row",
                        missing,
                        f"{len(missing)} of {len(named)} rows name a row that feed {name} does not have",
                    ),
                    (
                        "link.another_person",
                        strange,
                        f"{len(strange)} of {len(named)} rows name another person's row of {name}",
                    ),
                ):
                    if rows:
                        remedy = f"Look whether `key` of the link is the key of feed {name}, in its order."
                        example = shown(rows[0].row)
                        yield Finding(kind, "problem", place, f"{field}: {what}", remedy, len(rows), example)

    def _sampled(self, feed: Feed, rows: int) -> Tally:
        reader = Reader(feed, self.kinds, self.documents, rows if self.rows is None else min(rows, self.rows))
        for page in self.survey.sample(reader.reading, rows=rows, wanted=self.rows):
            reader.take(page)
        return reader.tally


UNREADABLE = ("table.missing", "column.missing", "source.unfit")


def _report(head: Mapping[str, Any], findings: Sequence[Finding], tally: Tally | None) -> dict[str, Any]:
    ordered = sorted(findings, key=lambda one: one.level != "problem")
    if tally is None:
        return {**head, "rows": None, "sampled": 0, "clean": False, "findings": [one.as_data for one in ordered]}
    held = [
        {"reason": reason, "detail": detail, "count": count, "example": example, **explained(reason)}
        for (reason, detail), count, example in tally.held.most_common()
    ]
    is_clean = not has_problems(findings) and all(one["reason"] in BY_FILTER for one in held)
    return {
        **head,
        "sampled": tally.sampled,
        "would_send": tally.would_send,
        "held": held,
        "not_in_scope": tally.not_in_scope,
        "deleted": tally.deleted,
        "failed": [
            {"what": what, "count": count, "example": example} for what, count, example in tally.failed.most_common()
        ],
        "clean": is_clean and not tally.failed.counts,
        "findings": [one.as_data for one in ordered],
        "persons": dict(tally.persons),
        "filters": _filters(tally),
        "joins": {alias: dict(found) for alias, found in tally.partners.items()},
        "unknown_codes": [
            {"field": field, "table": table, "local": local, "count": count, "example": example}
            for (field, table), counted in tally.unknown_codes.items()
            for local, count, example in counted.most_common()
        ],
        "documents": {"looked_at": tally.documents_seen, "broken": _broken(tally)},
    }


def _broken(tally: Tally) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "reason": reason, "count": count, "example": example}
        for (kind, reason), count, example in tally.documents.most_common()
    ]


def _filters(tally: Tally) -> list[dict[str, Any]]:
    """Each condition in words, how many rows it holds for, and the values it was asked about, where they are few."""
    shown = []
    for name, counts in tally.filters.items():
        condition: Condition = getattr(tally.feed, name)
        values = {
            column: dict(counted.counts.most_common())
            for (of, column), counted in tally.filter_values.items()
            if of == name and len(counted.counts) <= FILTER_VALUES_MAX
        }
        shown.append(
            {
                "filter": name,
                "condition": describe(condition),
                "holds": counts[True],
                "not": counts[False],
                "values": values,
            }
        )
    return shown


@dataclass(frozen=True, slots=True)
class _Findings:
    """What the counts over the rows say about the feed's file."""

    feed: Feed
    file: YamlFile
    tally: Tally

    def all(self) -> Iterator[Finding]:
        yield from self._filters()
        yield from self._persons()
        yield from self._partners()
        yield from self._codes()
        yield from self._unread()
        yield from self._fields()
        yield from self._cut()
        yield from self._natural_key()
        yield from self._documents()

    def _filters(self) -> Iterator[Finding]:
        for name, counts in self.tally.filters.items():
            blocks = counts[True] == 0 if name != "deleted" else counts[False] == 0
            if blocks and self.tally.sampled:
                condition: Condition = getattr(self.feed, name)
                what = f"{name} lets no row through: {describe(condition)} is true for {counts[True]} of {counts.total()} rows"
                remedy = "Compare with the values under `filters`: capitals, and codes like 01, count as they are."
                yield self._wrong(f"{name}.blocks_all", (name,), what, remedy, count=counts.total())

    def _persons(self) -> Iterator[Finding]:
        persons, column = self.tally.persons, self.feed.person
        place = place_of_column(self.file, self.feed, column)
        if persons["empty"]:
            what = f"{column} is empty, so nobody knows whose rows these are"
            remedy = "Correct the join to the person, or the rows in SIMPEG."
            yield Finding("person.empty", "problem", place, what, remedy, persons["empty"])
        if persons["unknown_form"]:
            forms = _top(self.tally.person_forms)
            what = f"{column} is no NIP of 18 digits: {forms}"
            remedy = "Name the column with the new NIP; floating-point columns lose digits."
            example = next(iter(self.tally.person_forms.examples.values()), "")
            yield Finding("person.unknown_form", "problem", place, what, remedy, persons["unknown_form"], example)
        if persons["doubtful"]:
            what = f"{column} has 18 digits, but its first eight are no day of birth"
            yield Finding(
                "person.doubtful", "note", place, what, "Look whether it is a NIP at all.", persons["doubtful"]
            )

    def _partners(self) -> Iterator[Finding]:
        for join in self.feed.joins:
            found = self.tally.partners.get(join.alias) or Counter[str]()
            missing, place = found["missing"], place_of_join(self.file, self.feed, join.alias)
            pairs = " and ".join(f"{join.table}.{its} = {known}" for its, known in join.on)
            if missing and not found["found"]:
                what = f"join {join.alias} never finds a partner by {pairs}"
                remedy = "Look at both columns: padding, leading zeros, capitals, or the wrong column."
                yield Finding("join.finds_nobody", "problem", place, what, remedy, missing)
            elif missing:
                what = f"join {join.alias} does not find a partner for every row by {pairs}"
                yield Finding(
                    "join.partner_missing", "note", place, what, "Its columns are empty for these rows.", missing
                )

    def _codes(self) -> Iterator[Finding]:
        for (field, table), counted in self.tally.unknown_codes.items():
            what = f"{field}: {len(counted.counts)} local codes are not in {table}: {_top(counted)}"
            remedy = f"Add them to {table} with BKN's codes; `--json` lists all."
            example = next(iter(counted.examples.values()))
            yield self._wrong(
                "code.unknown", ("fields", field), what, remedy, count=counted.counts.total(), example=example
            )

    def _unread(self) -> Iterator[Finding]:
        for (field, reason, columns), counted in self.tally.unread.items():
            what = f"{field}: {columns} {WORDS[reason]}: {_top(counted)}"
            example = next(iter(counted.examples.values()))
            remedy = (
                _proposal(counted)
                if reason == "date.unreadable"
                else "Correct the rows in SIMPEG, or map the column otherwise."
            )
            yield self._wrong(reason, _where(field), what, remedy, count=counted.counts.total(), example=example)

    def _fields(self) -> Iterator[Finding]:
        for (field, reason, detail), count, example in self.tally.unfit.most_common():
            if reason not in SAID_APART:
                what = f"{field}: {reason}" + (f" ({detail})" if detail else "")
                yield self._wrong(reason, _where(field), what, explained(reason)["todo"], count=count, example=example)

    def _cut(self) -> Iterator[Finding]:
        for (field, length), count, example in self.tally.cut.most_common():
            what, place = (
                f"{field}: longer than {length} letters, the rest is not sent",
                self.file.place(("fields", field)),
            )
            yield Finding("field.cut", "note", place, what, "Raise `cut`, or leave it.", count, example)
        for (field, length), count, example in self.tally.cut_at_bkn.most_common():
            what, place = (
                f"{field}: BKN keeps {length} letters of it (bkn.choices.cuts)",
                self.file.place(("fields", field)),
            )
            yield Finding("field.cut_at_bkn", "note", place, what, "The rest is sent and not compared.", count, example)

    def _natural_key(self) -> Iterator[Finding]:
        tally, names = self.tally, ", ".join(self.feed.natural_key)
        where = ("natural_key",) if self.feed.natural_key else ("target",)
        if tally.doubles and tally.resource.is_single:
            what = f"BKN has one row of {self.feed.target} a person, SIMPEG several"
            remedy = "Choose the one that counts by `scope`."
            yield self._wrong(
                "person.several_rows", where, what, remedy, count=tally.doubles, example=tally.double_example
            )
        elif tally.doubles:
            what = f"rows of one person agree in the natural key ({names}); at BKN they would be one row"
            remedy = "Add fields that tell them apart, or remove the doubles in SIMPEG."
            yield self._wrong(
                "natural_key.double", where, what, remedy, count=tally.doubles, example=tally.double_example
            )
        if tally.without_natural_key:
            what = f"every field of the natural key ({names}) is empty: such rows are not found at BKN, and may be made twice"
            remedy = "Choose fields that are always filled, or name one of them in `required`."
            count, example = tally.without_natural_key, tally.without_example
            yield self._wrong("natural_key.empty", where, what, remedy, count=count, example=example)

    def _documents(self) -> Iterator[Finding]:
        for index, rule in enumerate(self.feed.documents):
            if rule.directory and not Path(rule.fixed_folder).is_dir():
                what = f"the folder {rule.fixed_folder} of the certificates is not there, or may not be read"
                where = ("document", index) if isinstance(self.file.data["document"], list) else ("document",)
                yield self._wrong(
                    "document.no_folder", (*where, "directory"), what, "Correct `directory`, or its rights."
                )
        for (kind, reason), count, example in self.tally.documents.most_common():
            of = f"{count} of {self.tally.documents_seen} certificates that were looked at"
            what = f"{reason}{f' (kind {kind})' if kind else ''}: {of}"
            yield self._wrong(reason, ("document",), what, explained(reason)["todo"], count=count, example=example)

    def _wrong(
        self,
        kind: str,
        where: Sequence[str | int],
        what: str,
        remedy: str,
        *,
        count: int | None = None,
        example: str = "",
    ) -> Finding:
        return Finding(kind, "problem", self.file.place(where), what, remedy, count, example)


WORDS = {
    "date.unreadable": "holds texts in none of its formats (9 a digit, a a letter)",
    "date.implausible": "holds days before 1940 or after 2100",
    "number.unreadable": "holds texts that are no sure number (9 a digit, a a letter)",
}


def _where(field: str) -> tuple[str, ...]:
    return ("document", "file") if field.startswith("document") else ("fields", field)


def _top(counted: Counted) -> str:
    most = counted.most_common()[:SHOWN_MAX]
    more = len(counted.counts) - len(most)
    texts = ", ".join(f"{what!r} ({count})" for what, count, _ in most)
    return texts + (f" and {more} more" if more else "")


def _proposal(counted: Counted) -> str:
    """The formats that would read most of what could not be read."""
    fitting = dict.fromkeys(form for shape, _, _ in counted.most_common() if (form := _form(shape)))
    if not fitting:
        return "Add their form to `formats`, or to `no_date` where it stands for none; else correct the rows in SIMPEG."
    return f"Perhaps add {', '.join(fitting)} to `formats`; look at the rows first."


def _form(shape: str) -> str | None:
    """``99.99.9999`` is tried with the digits of a day that every form can tell from every other."""
    if named := re.fullmatch(r"99?([ ./-]+)[Aa]{3,}([ ./-]+)9999", shape):
        return f"dd{named[1]}month{named[2]}yyyy"
    day = dt.datetime(2011, 11, 11, 11, 11, 11)
    return next(
        (
            words
            for form, words in FORMS.items()
            if "".join("9" if c.isdigit() else c for c in day.strftime(form)) == shape
        ),
        None,
    )
