"""The language of feeds: what stands in YAML becomes an expression or a condition, or one problem with its line.

An expression is a column name, or one verb with its words. docs/configuration.md shows them all.
"""

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from simpeg_sync.config.code_tables import NoCodeTable, code_lines
from simpeg_sync.config.document import YamlFile
from simpeg_sync.config.settings import likely
from simpeg_sync.config.words import WORDS
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import Problem
from simpeg_sync.mapping.conditions import ColumnTest, Condition
from simpeg_sync.mapping.expressions import (
    DEFAULT_DATE_FORMATS,
    NO_DATE,
    Average,
    Case,
    Code,
    Column,
    Concat,
    Constant,
    Date,
    Expression,
    First,
    Hours,
    Integer,
    Linked,
    Lookup,
    Month,
    Number,
    Split,
    Substring,
    Year,
    clean,
)
from simpeg_sync.mapping.text import plain

Where = tuple[str | int, ...]
T = TypeVar("T")

DATE_WORDS = {"month": "%B", "dd": "%d", "mm": "%m", "yyyy": "%Y", "yy": "%y", "hh": "%H", "mi": "%M", "ss": "%S"}
NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
DEEPEST = 8
"""An expression within an expression within ...: nobody reads more, and a file must not exhaust us."""


class Bad(Exception):
    """Something in the file that the models cannot see: where, what, remedy."""

    def __init__(self, where: Sequence[str | int], what: str, remedy: str) -> None:
        super().__init__(what)
        self.where, self.what, self.remedy = where, what, remedy


class Grammar:
    """Reads the expressions and conditions of one file; collects problems instead of stopping at the first."""

    def __init__(self, file: YamlFile, base: Path, problems: list[Problem]) -> None:
        self.file, self.base, self.problems = file, base, problems
        self.code_files: list[bytes] = []
        """Contents of the code tables that were read: extending one releases what it held."""

    # ------------------------------------------------------------------------------------------------------ two doors

    def expression(self, written: Any, where: Where) -> Expression | None:
        return self._or_problem(lambda: self._parsed(written, where))

    def condition(self, written: Any, where: Where) -> Condition | None:
        return None if written is None else self._or_problem(lambda: self._alternatives(written, where))

    def _or_problem(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except Bad as bad:
            self.problems.append(Problem(self.file.place(bad.where), bad.what, bad.remedy))
            return None

    # ---------------------------------------------------------------------------------------------------- expressions

    def _parsed(self, written: Any, where: Where) -> Expression:
        if len(where) > 2 * DEEPEST:
            raise Bad(where, "this expression is too deep", "Make a simpler one.")
        if isinstance(written, str):
            return Column(written)
        if not isinstance(written, Mapping):
            raise Bad(where, "an expression is a column name or a verb with its column", f"Verbs: {', '.join(VERBS)}.")
        verb = next((word for word in VERBS if word in written), None)
        if verb is None:
            words = ", ".join(str(word) for word in written)
            guess = next((likely(str(word), VERBS) for word in written if likely(str(word), VERBS)), "")
            raise Bad(where, f"no known verb among {words}", f"{guess} Verbs: {', '.join(VERBS)}.".strip())
        return VERBS[verb](self, written, where)

    def _text(self, written: Mapping[str, Any], where: Where) -> Expression:
        verb = "column" if "column" in written else "text"
        self._only(written, where, verb)
        case, strip = written.get("case", ""), written.get("strip", "")
        if case not in ("", "upper", "lower", "title"):
            raise Bad((*where, "case"), f"case is {case!r}", "Write upper, lower or title.")
        if not isinstance(strip, str):
            raise Bad((*where, "strip"), "strip is not a text", 'Write strip: "\'".')
        longest, cut = (self._length(written, word, where) for word in ("max_length", "cut"))
        column, of = self._column_or(written, verb, where)
        return Column(column, case, longest, cut, strip, of)

    def _constant(self, written: Mapping[str, Any], where: Where) -> Expression:
        return Constant(self._only(written, where, "const")["const"])

    def _code(self, written: Mapping[str, Any], where: Where) -> Expression:
        self._only(written, where, "code")
        if ("table" in written) == ("map" in written):
            raise Bad(where, "a code needs its table", "Name table: codes/FILE.csv, or give a map: {local: BKN}.")
        if "map" in written:
            codes = self._map(written["map"], (*where, "map"))
            label = str(where[-1])
        else:
            label, codes = str(written["table"]), self._code_table(str(written["table"]), (*where, "table"))
        return Code(self._parsed(written["code"], (*where, "code")), label, codes)

    def _lookup(self, written: Mapping[str, Any], where: Where) -> Expression:
        self._only(written, where, "lookup")
        found = self._name(written["lookup"], where)
        if "." not in found or "of" not in written:
            remedy = "Write lookup: ALIAS.COLUMN of a join, and of: the column that holds the local code."
            raise Bad(where, "a lookup needs a joined column and the local code", remedy)
        return Lookup(Column(found), self._parsed(written["of"], (*where, "of")))

    def _integer(self, written: Mapping[str, Any], where: Where) -> Expression:
        self._only(written, where, "integer")
        column, of = self._column_or(written, "integer", where)
        return Integer(column, of, self._yes_or_no(written, "as_text", where))

    def _number(self, written: Mapping[str, Any], where: Where) -> Expression:
        self._only(written, where, "number")
        mark = written.get("decimal", ".")
        if mark not in (".", ","):
            raise Bad((*where, "decimal"), f"decimal is {mark!r}", "Write decimal: ',' or '.', as SIMPEG has it.")
        column, of = self._column_or(written, "number", where)
        places, as_text = self._places(written, where, 3), self._yes_or_no(written, "as_text", where)
        return Number(column, mark, places, as_text, of)

    def _average(self, written: Mapping[str, Any], where: Where) -> Expression:
        self._only(written, where, "average")
        return Average(self._several(written, "average", where), self._places(written, where, 2))

    def _hours(self, written: Mapping[str, Any], where: Where) -> Expression:
        self._only(written, where, "hours")
        parts = written["hours"]
        if not isinstance(parts, Mapping) or not parts or not set(parts) <= {"months", "days", "hours"}:
            what = "hours wants the columns of months, days and hours, as far as there are any"
            raise Bad((*where, "hours"), what, "Write hours: {days: lama_hari, hours: lama_jam}.")
        worth = {"hours": 1}
        for name, word in (("days", "per_day"), ("months", "per_month")):
            hours = written.get(word)
            if name in parts and (not isinstance(hours, int) or isinstance(hours, bool) or not 1 <= hours <= 1000):
                raise Bad(where, f"{name} are given, but not how many hours one is worth", f"Write {word}: 8.")
            worth[name] = hours or 0
        read: dict[str, Expression] = {}
        for name, one in parts.items():
            inner = (*where, "hours", name)
            number = Integer(one) if isinstance(one, str) else self._parsed(one, inner)
            # Who writes `number` means half days too.
            read[name] = number if isinstance(number, Integer | Number) else Integer(of=number)
        return Hours(read, worth)

    def _date(self, written: Mapping[str, Any], where: Where) -> Expression:
        return self._date_of(written, "date", where)

    def _year(self, written: Mapping[str, Any], where: Where) -> Expression:
        return Year(self._date_of(written, "year", where), self._yes_or_no(written, "as_text", where))

    def _month(self, written: Mapping[str, Any], where: Where) -> Expression:
        return Month(self._date_of(written, "month", where), self._yes_or_no(written, "as_text", where))

    def _date_of(self, written: Mapping[str, Any], verb: str, where: Where) -> Date:
        self._only(written, where, verb)
        for word in ("formats", "no_date"):
            if word in written and not isinstance(written[word], list):
                raise Bad((*where, word), f"{word} wants a list", f"Write {word}: [one, other].")
        formats = []
        for form in map(str, written.get("formats", ())):
            formats.append(_strptime(form))
            if not _reads_dates(formats[-1]):
                remedy = "Write it like dd-mm-yyyy, with dd, mm, month (its name), yyyy, yy, hh, mi and ss, each once."
                raise Bad((*where, "formats"), f"{form!r} is not a form of a date", remedy)
        no_date = tuple(plain(text) for text in written.get("no_date", NO_DATE))
        column, of = self._column_or(written, verb, where)
        return Date(column, tuple(formats) or DEFAULT_DATE_FORMATS, no_date, of)

    def _link(self, written: Mapping[str, Any], where: Where) -> Expression:
        self._only(written, where, "link")
        key = written.get("key")
        columns = key if isinstance(key, list) else [key]
        if key is None or not columns or not isinstance(written["link"], str):
            raise Bad(where, "a link needs a feed and its key", "Write link: FEED with key: [column, ...].")
        return Linked(FeedName(written["link"]), tuple(self._name(column, (*where, "key")) for column in columns))

    def _first(self, written: Mapping[str, Any], where: Where) -> Expression:
        self._only(written, where, "first")
        return First(self._several(written, "first", where))

    def _when(self, written: Mapping[str, Any], where: Where) -> Expression:
        self._only(written, where, "when")
        branches = written["when"]
        if not isinstance(branches, list) or not branches:
            raise Bad(where, "when wants a list of branches", "Write when: [{if: {column: value}, then: expression}].")
        read = tuple(self._branch(one, (*where, "when", index)) for index, one in enumerate(branches))
        otherwise = self._parsed(written["else"], (*where, "else")) if "else" in written else None
        return Case(read, otherwise)

    def _branch(self, written: Any, where: Where) -> tuple[Condition, Expression]:
        if not isinstance(written, Mapping) or set(written) != {"if", "then"}:
            raise Bad(where, "a branch has an if and a then", "Write {if: {column: value}, then: expression}.")
        return self._alternatives(written["if"], (*where, "if")), self._parsed(written["then"], (*where, "then"))

    def _concat(self, written: Mapping[str, Any], where: Where) -> Expression:
        self._only(written, where, "concat")
        between = written.get("with", " ")
        if not isinstance(between, str):
            raise Bad((*where, "with"), "with is not a text", "Write with: ', '.")
        return Concat(self._several(written, "concat", where), between)

    def _split(self, written: Mapping[str, Any], where: Where) -> Expression:
        self._only(written, where, "split")
        by, part = written.get("by"), written.get("part")
        if not isinstance(by, str) or not by:
            raise Bad(where, "split wants the mark between the pieces", "Write by: ','.")
        if not isinstance(part, int) or isinstance(part, bool) or part == 0 or abs(part) > 100:
            raise Bad(where, "split wants to know which piece", "Write part: 1 for the first, -1 for the last.")
        return Split(self._parsed(written["split"], (*where, "split")), by, part)

    def _substring(self, written: Mapping[str, Any], where: Where) -> Expression:
        self._only(written, where, "substring")
        start = self._length(written, "from", where) or 1
        return Substring(
            self._parsed(written["substring"], (*where, "substring")), start, self._length(written, "length", where)
        )

    # ----------------------------------------------------------------------------------------------------- code tables

    def _map(self, written: Any, where: Where) -> dict[str, str]:
        if not isinstance(written, Mapping) or any(
            one is None or isinstance(one, Mapping | list) for one in written.values()
        ):
            raise Bad(where, "map wants one national code for each local code", "Write map: {LOCAL: BKN}.")
        return self._folded([(str(local), plain(national)) for local, national in written.items()], "the map", where)

    def _folded(self, codes: Sequence[tuple[str, str]], name: str, where: Where) -> dict[str, str]:
        """Local codes are found whatever their case and blanks, so no two may differ in these alone."""
        found: dict[str, str] = {}
        for local, national in codes:
            if found.setdefault(folded := clean(local).casefold(), national) != national:
                raise Bad(where, f"{name} has two national codes for {folded!r}", "Keep one of them.")
        return found

    def _code_table(self, name: str, where: Where) -> dict[str, str]:
        """A CSV with the columns ``local`` and ``bkn``; more columns may follow for people."""
        path = self.base / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Bad(where, f"the code table {path} cannot be read ({error.strerror})", "Check the path.") from None
        self.code_files.append(content)
        try:
            codes = [(line.local, line.national) for line in code_lines(content)]
        except NoCodeTable as bad:
            raise Bad(where, f"the code table {path} {bad.what}", bad.remedy) from None
        return self._folded(codes, f"the code table {path}", where)

    # ------------------------------------------------------------------------------------------------------ conditions

    def _alternatives(self, written: Any, where: Where) -> Condition:
        """A mapping column -> value, list, or {not: ...}; a list of such mappings means any of them."""
        alternatives = written if isinstance(written, list) else [written]
        return Condition(tuple(self._tests(one, where) for one in alternatives))

    def _tests(self, written: Any, where: Where) -> tuple[ColumnTest, ...]:
        if not isinstance(written, Mapping) or not written:
            raise Bad(where, "a condition names columns and values", "Write column: value, or column: {not: value}.")
        return tuple(self._test(str(column), wanted, (*where, column)) for column, wanted in written.items())

    def _test(self, column: str, wanted: Any, where: Where) -> ColumnTest:
        if isinstance(wanted, Mapping):
            for word in ("is", "not"):
                if set(wanted) in ({word}, {word, "any_case"}):
                    values, folds = (
                        self._values(wanted[word], (*where, word)),
                        self._yes_or_no(wanted, "any_case", where),
                    )
                    one_of, none_of = (values, ()) if word == "is" else ((), values)
                    return ColumnTest(column, one_of, none_of, folds=folds)
            if set(wanted) == {"empty"} and isinstance(wanted["empty"], bool):
                return ColumnTest(column, is_empty=wanted["empty"])
            if wanted and set(wanted) <= {"from", "to"}:
                bounds = {word: self._bound(value, (*where, word)) for word, value in wanted.items()}
                return ColumnTest(column, at_least=bounds.get("from"), at_most=bounds.get("to"))
            remedy = "Write a value, a list, {is: ...}, {not: ...}, {from: ..., to: ...} or {empty: true}."
            raise Bad(where, "unknown kind of test", remedy)
        return ColumnTest(column, one_of=self._values(wanted, where))

    def _bound(self, written: Any, where: Where) -> Decimal:
        text = plain(written)
        if isinstance(written, Mapping | list) or not NUMBER.fullmatch(text):
            raise Bad(where, "a bound is a number", "Write it like {from: 2022}.")
        return Decimal(text)

    def _values(self, wanted: Any, where: Where) -> tuple[str, ...]:
        """At least one: a test without a value would hold for every row."""
        values = wanted if isinstance(wanted, list) else [wanted]
        if wanted is None or not values or any(isinstance(value, Mapping | list) for value in values):
            raise Bad(where, "the value is missing", "Write a value or a list of values, or {empty: true}.")
        return tuple(plain(value) for value in values)

    # ----------------------------------------------------------------------------------------------------------- words

    def _only(self, written: Mapping[str, Any], where: Where, verb: str) -> Mapping[str, Any]:
        allowed = WORDS[verb]
        for key in written:
            if key not in allowed:
                guess = likely(str(key), [word for word in allowed if word != verb])
                remedy = f"{guess} Known here: {', '.join(allowed)}.".strip()
                raise Bad((*where, key), f"{key!r} does not belong to {verb}", remedy)
        return written

    def _column_or(self, written: Mapping[str, Any], verb: str, where: Where) -> tuple[str, Expression | None]:
        """A column, whose value is read as the driver gives it, or an expression."""
        of = written[verb]
        if isinstance(of, Mapping):
            return "", self._parsed(of, (*where, verb))
        return self._name(of, where), None

    def _several(self, written: Mapping[str, Any], verb: str, where: Where) -> tuple[Expression, ...]:
        items = written[verb]
        if not isinstance(items, list) or not items:
            raise Bad(where, f"{verb} wants a list of expressions", f"Write {verb}: [one, other].")
        return tuple(self._parsed(item, (*where, verb, index)) for index, item in enumerate(items))

    def _name(self, written: Any, where: Where) -> str:
        if not isinstance(written, str):
            raise Bad(where, "a column name is wanted here", "Write column or alias.column.")
        return written

    def _length(self, written: Mapping[str, Any], word: str, where: Where) -> int:
        given = written.get(word, 0)
        if not isinstance(given, int) or isinstance(given, bool) or given < 0:
            raise Bad((*where, word), f"{word} is not a number of letters", f"Write {word}: 100.")
        return given

    def _places(self, written: Mapping[str, Any], where: Where, usual: int) -> int:
        places = written.get("places", usual)
        if not isinstance(places, int) or isinstance(places, bool) or not 0 <= places <= 6:
            raise Bad((*where, "places"), "places is not a number from 0 to 6", "Write places: 2.")
        return places

    def _yes_or_no(self, written: Mapping[str, Any], word: str, where: Where) -> bool:
        given = written.get(word, False)
        if not isinstance(given, bool):
            raise Bad((*where, word), f"{word} is not true or false", f"Write {word}: true.")
        return given


Verb = Callable[[Grammar, Mapping[str, Any], Where], Expression]

VERBS: Mapping[str, Verb] = {
    "column": Grammar._text,
    "text": Grammar._text,
    "const": Grammar._constant,
    "code": Grammar._code,
    "lookup": Grammar._lookup,
    "integer": Grammar._integer,
    "number": Grammar._number,
    "average": Grammar._average,
    "hours": Grammar._hours,
    "date": Grammar._date,
    "year": Grammar._year,
    "month": Grammar._month,
    "first": Grammar._first,
    "when": Grammar._when,
    "concat": Grammar._concat,
    "split": Grammar._split,
    "substring": Grammar._substring,
    "link": Grammar._link,
}
"""Each verb stands for itself; the other words beside it belong to it."""


def verbs() -> Collection[str]:
    return VERBS.keys()


def _strptime(form: str) -> str:
    """``dd-mm-yyyy`` as a person writes it; formats with % are taken as they are."""
    if "%" in form:
        return form
    form = form.lower()
    for word, code in DATE_WORDS.items():
        form = form.replace(word, code)
    return form


def _reads_dates(form: str) -> bool:
    """A year, no word that stands for nothing but ISO's T and Z, and a date written so can be read again."""
    if not re.search("%[Yy]", form) or re.search(r"[^\W\d_TZtz]", re.sub("%.", "", form)):
        return False
    try:
        dt.datetime.strptime(dt.datetime(2011, 11, 11, 11, 11, 11).strftime(form), form)
    except (ValueError, re.error):
        return False
    return True
