"""What each expression gives, and what it holds instead of guessing."""

import datetime as dt
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from simpeg_sync.domain.change import FeedName, SourceKey
from simpeg_sync.mapping.conditions import ColumnTest, Condition
from simpeg_sync.mapping.expressions import (
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
    RowOf,
    Split,
    Substring,
    Unfit,
    Year,
    clean,
)

WITA, WIT = dt.timezone(dt.timedelta(hours=8)), dt.timezone(dt.timedelta(hours=9))


def value(expression: Expression, column: Any) -> Any:
    return expression.value({"c": column})


def held(expression: Expression, column: Any) -> tuple[str, str]:
    with pytest.raises(Unfit) as unfit:
        value(expression, column)
    return unfit.value.code, unfit.value.detail


@pytest.fixture(params=["UTC", "Asia/Makassar", "America/New_York"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield os.environ["TZ"]
    monkeypatch.undo()
    time.tzset()


# ------------------------------------------------------------------------------------------------------------ dates


@pytest.mark.parametrize(
    "column",
    [
        dt.date(2024, 3, 4),
        dt.datetime(2024, 3, 4),
        dt.datetime(2024, 3, 4, 23, 59, 59),
        dt.datetime(2024, 3, 4, 0, 0, 1, tzinfo=dt.UTC),
        dt.datetime(2024, 3, 4, 0, 0, 1, tzinfo=WITA),
        dt.datetime(2024, 3, 4, 23, 59, tzinfo=WIT),
        "2024-03-04",
        "04-03-2024",
        "04/03/2024",
        " 4/3/2024 ",
        b"2024-03-04",
    ],
    ids=repr,
)
def test_a_date_never_moves(column: Any, zone: str) -> None:
    assert value(Date("c"), column) == "04-03-2024", zone


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2 Maret 2016", "02-03-2016"),
        ("17 AGUSTUS 1999", "17-08-1999"),
        ("05 Nopember 2020", "05-11-2020"),
        ("1 Okt. 2021", "01-10-2021"),
        ("1 December 2021", "01-12-2021"),
    ],
)
def test_months_are_known_by_their_names(written: str, day: str) -> None:
    assert value(Date("c", formats=("%d %B %Y",)), written) == day


@pytest.mark.parametrize("written", ["2 Marzo 2016", "02 03 2016", "31 Februari 2020", "Maret 2016"])
def test_what_is_no_month_by_name_is_held(written: str) -> None:
    assert held(Date("c", formats=("%d %B %Y",)), written) == ("date.unreadable", "c")


def test_the_first_format_that_fits_wins() -> None:
    assert value(Date("c", formats=("%d-%m-%Y", "%m-%d-%Y")), "03-04-2024") == "03-04-2024"
    assert value(Date("c", formats=("%m-%d-%Y", "%d-%m-%Y")), "03-04-2024") == "04-03-2024"
    assert value(Date("c", formats=("%m-%d-%Y", "%d-%m-%Y")), "31-01-2024") == "31-01-2024"


@pytest.mark.parametrize(
    "column",
    [
        None,
        "",
        "  ",
        0,
        "0",
        0.0,
        "0000-00-00",
        "0000-00-00 00:00:00",
        "00-00-0000",
        "1970-01-01",
        "1970-01-01 00:00:00",
        dt.date(1970, 1, 1),
        dt.datetime(1970, 1, 1),
        dt.date(1, 1, 1),
        "01-01-1970",
    ],
    ids=repr,
)
def test_what_stands_for_no_date_is_no_value_and_integer_0_is_not_1970(column: Any) -> None:
    assert value(Date("c"), column) is None
    assert value(Year(Date("c")), column) is None


@pytest.mark.parametrize(
    "column",
    [
        "1980-00-00",
        "0001-13-31",
        "31-02-2024",
        "2023-02-29",
        "29/02/2023",
        "2024-13-01",
        "tahun 2024",
        "04-03-24",
        20240304,
        45355.0,
        "2024-03-04\u200b",
        "2024-03-04 13:00:00 sisanya",
        "\ud800",
        b"\xff",
    ],
    ids=repr,
)
def test_impossible_days_and_unknown_forms_are_held_with_the_column_only(column: Any) -> None:
    assert held(Date("c"), column) == ("date.unreadable", "c")


@pytest.mark.parametrize(
    "column", ["1024-03-04", "1939-12-31", "2204-03-04", dt.date(9999, 12, 31), dt.datetime(1900, 1, 1)], ids=repr
)
def test_years_that_no_career_holds_are_held(column: Any) -> None:
    assert held(Date("c"), column) == ("date.implausible", "c")


@pytest.mark.parametrize("column", ["0000-01-31", "31-01-0000", "0000-05-01 00:00:00", "-0001-11-30", "30-11--0001"])
def test_a_day_of_no_calendars_year_stands_for_none(column: str) -> None:
    """One SIMPEG turns blanks into the year 0; PHP writes 0000-00-00 as the 30th of November of the year before it."""
    assert value(Date("c"), column) is None
    assert held(Date("c", no_date=("1900-01-01",)), column) == ("date.unreadable", "c")


def test_a_feeds_own_stand_ins_replace_the_list() -> None:
    mine = Date("c", no_date=("1900-01-01",))
    assert value(mine, dt.date(1900, 1, 1)) is None
    assert value(mine, "1970-01-01") == "01-01-1970"
    assert held(mine, 0) == ("date.unreadable", "c")


def test_a_leap_day_and_the_year_of_a_date() -> None:
    assert value(Date("c"), "29-02-2024") == "29-02-2024"
    assert value(Year(Date("c")), "29-02-2024") == 2024


# --------------------------------------------------------------------------------------------------------- integers


@pytest.mark.parametrize(
    ("column", "number"),
    [
        (40, 40), (40.0, 40), (Decimal("40.000"), 40), ("40 JP", 40), ("JP: 40", 40), ("11.0", 11), ("40,00 jam", 40),
        ("040", 40), ("0", 0), ("selama 3 hari", 3), (True, 1), ("999999999", 999_999_999), (None, None), ("", None),
        ("  ", None),
    ],
    ids=repr,
)  # fmt: skip
def test_the_first_whole_number_of_the_text(column: Any, number: int | None) -> None:
    assert value(Integer("c"), column) == number


@pytest.mark.parametrize(
    "column",
    [
        "40,5", "40.5", 40.5, Decimal("7.5"), "1.000", "1.000 JP", "1.000,00", "1,000", "-5", -5, "- 5", "\u22125",
        "1234567890", "12345678901234567890", 1e18, float("nan"), float("inf"), 10**5000, "empat puluh", "\x00", b"\xff",
    ],
    ids=lambda column: repr(column) if len(str(type(column))) and not isinstance(column, int) else type(column).__name__,
)  # fmt: skip
def test_broken_negative_huge_and_ambiguous_numbers_are_held(column: Any) -> None:
    assert held(Integer("c"), column) == ("number.unreadable", "c")


# ------------------------------------------------------------------------------------------------------------ codes


CODES = Code(Column("c"), "codes/jenis.csv", {"t": "3", "fung si": "2"})


@pytest.mark.parametrize(("column", "code"), [("T", "3"), (" t ", "3"), ("FUNG  SI", "2"), (None, None), (" ", None)])
def test_local_codes_are_found_whatever_their_case(column: Any, code: str | None) -> None:
    assert value(CODES, column) == code


def test_a_code_that_is_a_number_is_found_as_text() -> None:
    assert value(Code(Column("c"), "x", {"1": "A"}), 1.0) == "A"


def test_an_unknown_code_is_held_with_its_table_and_the_code() -> None:
    assert held(CODES, "ZZ") == ("code.unknown", "codes/jenis.csv: ZZ")


@pytest.mark.parametrize(("row", "code"), [({"c": "7", "j.bkn": "B7"}, "B7"), ({"c": " ", "j.bkn": None}, None)])
def test_a_lookup_gives_what_the_joined_table_has(row: dict[str, Any], code: str | None) -> None:
    assert Lookup(Column("j.bkn"), Column("c")).value(row) == code


@pytest.mark.parametrize("found", [None, " "])
def test_a_local_code_for_which_the_joined_table_has_nothing_is_held(found: Any) -> None:
    with pytest.raises(Unfit) as unfit:
        Lookup(Column("j.bkn"), Column("c")).value({"c": "7", "j.bkn": found})
    assert (unfit.value.code, unfit.value.detail) == ("code.unknown", "j.bkn: 7")


def test_an_unknown_code_is_shown_cut_and_without_what_could_steer_a_screen() -> None:
    _, detail = held(CODES, "\x1b[2J" + "Z" * 500)
    assert detail.isprintable() and len(detail) < 80


# ------------------------------------------------------------------------------------------------------------- text


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("  Manajemen \t\n Arsip ", "Manajemen Arsip"),
        ("a\x00b", "a b"),
        ("a\u200bb", "a b"),
        ("\ufeffNama", "Nama"),
        ("a\x1b[31mb", "a [31mb"),
        ("a\x9b31mb", "a 31mb"),
        ("a\u202eb", "a b"),
        ("\x00", None),
        (None, None),
        ("=HYPERLINK", "=HYPERLINK"),
        ("Café Ünï", "Café Ünï"),
    ],
)
def test_text_is_trimmed_and_what_nobody_sees_is_taken_out(column: Any, text: str | None) -> None:
    assert value(Column("c"), column) == text


@pytest.mark.parametrize("column", ["\ud800", "Caf\ufffd", "Café".encode("latin-1"), float("nan")], ids=repr)
def test_broken_text_is_held_and_never_sent(column: Any) -> None:
    assert held(Column("c"), column) == ("text.unreadable", "c")


def test_case_and_length() -> None:
    assert value(Column("c", case="upper"), "teknis") == "TEKNIS"
    assert value(Column("c", case="lower"), "TEKNIS") == "teknis"
    assert value(Column("c", max_length=3), " abc ") == "abc"
    assert held(Column("c", max_length=3), "abcd") == ("text.too_long", "c")


def test_the_first_expression_that_has_a_value() -> None:
    first = First((Column("a"), Year(Date("b")), Constant("-")))
    assert first.value({"a": " ", "b": "2024-01-31"}) == 2024
    assert first.value({"a": "x", "b": "nonsense"}) == "x"
    assert first.value({}) == "-"
    assert First((Column("a"),)).value({}) is None
    assert first.columns == ["a", "b"]


def test_a_bad_value_of_an_earlier_choice_is_held_and_not_passed_over() -> None:
    with pytest.raises(Unfit):
        First((Date("a"), Date("b"))).value({"a": "31-02-2024", "b": "2024-01-31"})


def test_cleaning_twice_is_cleaning_once() -> None:
    for text in ("a \x00 b", " \u2028 ", "x"):
        assert clean(clean(text)) == clean(text)


# ---------------------------------------------------------------------------------------------------- decimal numbers


@pytest.mark.parametrize(
    ("expression", "column", "given"),
    [
        (Number("c"), "12.500", 12.5),
        (Number("c"), Decimal("91.666"), 91.666),
        (Number("c", places=2), Decimal("91.666"), 91.67),
        (Number("c"), "85", 85),
        (Number("c"), 85.0, 85),
        (Number("c"), "1,234.5", 1234.5),
        (Number("c", decimal=","), "86,5", 86.5),
        (Number("c", decimal=","), "1.234,50", 1234.5),
        (Number("c", decimal=","), Decimal("86.5"), 86.5),
        (Number("c", decimal=",", as_text=True), "12,5", "12.500"),
        (Number("c", places=0, as_text=True), "12", "12"),
        (Number("c"), "", None),
        (Number("c"), None, None),
    ],
)
def test_a_decimal_number_is_read_by_the_mark_that_the_feed_says(
    expression: Expression, column: Any, given: Any
) -> None:
    assert value(expression, column) == given
    assert type(value(expression, column)) is type(given)


@pytest.mark.parametrize("column", ["86,5", "1.2.3", "-4", "abc", "12 poin", "1,23", "9" * 20])
def test_a_number_that_nobody_can_read_for_sure_is_held(column: str) -> None:
    assert held(Number("c"), column) == ("number.unreadable", "c")


# ------------------------------------------------------------------------------------------------------- other rows


def test_a_link_names_the_other_row_by_its_key() -> None:
    link = Linked(FeedName("jabatan"), ("c", "d"))
    assert link.value({"c": 17, "d": " a "}) == RowOf(FeedName("jabatan"), SourceKey('["17","a"]'))
    assert link.value({"c": 17, "d": None}) is None
    assert link.columns == ["c", "d"]


# -------------------------------------------------------------------------------------------- pieces, branches, sums

A, B, C, D = (Column(name) for name in "abcd")


def test_several_texts_in_one_leave_out_what_has_no_value() -> None:
    full = Concat((A, B, C), "/")
    assert full.value({"a": "12", "b": None, "c": " 2020 "}) == "12/2020"
    assert full.value({"a": "", "b": None, "c": " "}) is None
    assert full.columns == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("part", "piece"), [(1, "III/a"), (2, "12"), (3, "6"), (4, None), (-1, "6"), (-3, "III/a"), (-4, None)]
)
def test_a_piece_of_a_text_that_holds_several(part: int, piece: str | None) -> None:
    assert Split(A, ",", part).value({"a": "III/a, 12 ,6"}) == piece
    assert Split(A, ",", part).value({"a": None}) is None


def test_an_expression_within_an_expression() -> None:
    assert Integer(of=Split(A, ",", 2)).value({"a": "III/a,12,6"}) == 12
    assert Date(of=Split(A, ";", 2)).value({"a": "x;2020-04-01"}) == "01-04-2020"
    assert Number(of=Split(A, ";", 1), decimal=",").value({"a": "86,5;x"}) == 86.5
    assert Column("", case="upper", of=Concat((A, B))).value({"a": "ka", "b": "bid"}) == "KA BID"
    with pytest.raises(Unfit) as unfit:
        Integer(of=Split(A, ",", 1)).value({"a": "III/a,12,6x"[4:]})
    assert unfit.value.detail == "a"


def test_some_letters_of_a_text() -> None:
    assert Substring(A, 2, 3).value({"a": "abcdef"}) == "bcd"
    assert Substring(A, 4).value({"a": "abcdef"}) == "def"
    assert Substring(A, 9).value({"a": "abc"}) is None


def test_the_branch_whose_condition_holds() -> None:
    post = Case(
        (
            (Condition(((ColumnTest("jenis", one_of=("1",)),),)), A),
            (Condition(((ColumnTest("jenis", one_of=("2", "3")),),)), B),
        )
    )
    assert post.value({"jenis": 1, "a": "unor", "b": "jft"}) == "unor"
    assert post.value({"jenis": "3", "a": "unor", "b": "jft"}) == "jft"
    with pytest.raises(Unfit) as unfit:
        post.value({"jenis": 9, "a": "unor", "b": "jft"})
    assert (unfit.value.code, unfit.value.detail) == ("case.no_branch", "jenis")
    assert replace(post, otherwise=Constant(None)).value({"jenis": 9}) is None
    assert post.columns == ["jenis", "a", "jenis", "b"]


def test_half_days_are_hours_where_the_feed_reads_them_as_numbers() -> None:
    hours = Hours({"days": Number("c", decimal=",")}, {"days": 8})
    assert value(hours, "2,5") == 20
    assert value(hours, "3") == 24
    assert held(hours, "2,3") == ("number.unreadable", "c")


def test_hours_from_whichever_are_filled_in() -> None:
    hours = Hours(
        {"months": Integer("m"), "days": Integer("d"), "hours": Integer("h")}, {"months": 160, "days": 8, "hours": 1}
    )
    assert hours.value({"m": None, "d": "5 hari", "h": ""}) == 40
    assert hours.value({"m": 1, "d": 2, "h": 3}) == 179
    assert hours.value({"m": None, "d": 0, "h": None}) is None


def test_the_mean_of_those_that_have_a_value() -> None:
    assert Average((Number("a"), Number("b"))).value({"a": "80", "b": "91"}) == 85.5
    assert Average((Number("a"), Number("b"))).value({"a": "80", "b": None}) == 80
    assert Average((Number("a"),)).value({"a": None}) is None


def test_the_month_of_a_date_as_number_or_as_text() -> None:
    assert Month(Date("a")).value({"a": "2020-04-01"}) == 4
    assert Month(Date("a"), as_text=True).value({"a": "2020-04-01"}) == "4"
    assert Year(Date("a"), as_text=True).value({"a": dt.date(2020, 4, 1)}) == "2020"
    assert Month(Date("a")).value({"a": None}) is None


def test_a_text_is_stripped_titled_and_cut_only_if_the_feed_says_so() -> None:
    assert Column("a", strip="'\"").value({"a": "'0123'"}) == "0123"
    assert Column("a", case="title").value({"a": "DINAS PENDIDIKAN"}) == "Dinas Pendidikan"
    assert Column("a", cut=5).value({"a": "Arsip Dinamis"}) == "Arsip"
