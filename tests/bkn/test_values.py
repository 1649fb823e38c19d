"""One value at a time: BKN's spellings of dates, numbers, flags, ids and nothing (bkn-api section 2, Conventions)."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from simpeg_sync.bkn.reads import values
from simpeg_sync.bkn.reads.values import OddityKind

TYPE, FORM, RANGE = OddityKind.TYPE, OddityKind.FORM, OddityKind.RANGE
DAY = dt.date(2020, 12, 31)
MIDNIGHT = dt.datetime(2020, 12, 31, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("31-12-2020", DAY),
        (" 31-12-2020 ", DAY),
        ("2020-12-31", DAY),
        ("2020-12-31T00:00:00Z", DAY),
        ("2020-12-31T23:59:59+07:00", DAY),
        ("2020-12-31 00:00:00", DAY),
        ("31-12-2020 10:00:00", DAY),
        ("", None),
        (None, None),
        ("01-01-0001", None),
        ("0001-01-01", None),
        ("0001-01-01T00:00:00Z", None),
        ("0000-12-31T16:52:48Z", None),  # the same in another zone
        ("00-00-0000", None),
        ("31-02-2020", FORM),
        ("1-2-2020", FORM),
        ("31/12/2020", FORM),
        ("2020", FORM),
        ("-", FORM),
        ("\u0663\u0661-12-2020", FORM),
        (20201231, TYPE),
        (True, TYPE),
        ({}, TYPE),
        ([], TYPE),
    ],
)
def test_a_date(said: Any, value: Any) -> None:
    assert values.date(said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("2020-12-31T00:00:00Z", MIDNIGHT),
        ("2020-12-31T07:00:00+07:00", MIDNIGHT),
        ("2020-12-31T00:00:00", MIDNIGHT),
        ("2020-12-31 00:00:00", MIDNIGHT),
        ("2020-12-31T10:20:30.123456789Z", dt.datetime(2020, 12, 31, 10, 20, 30, 123456, tzinfo=dt.UTC)),
        ("31-12-2020", MIDNIGHT),  # list-pengadaan-instansi was seen with either
        ("2020-12-31", MIDNIGHT),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
        ("2020-12-31T25:00:00Z", FORM),
        ("2020-12-31T00:00:00+99:99", FORM),
        ("2020-12-31Tsiang", FORM),
        ("besok", FORM),
        (1609372800, TYPE),
    ],
)
def test_a_moment_always_has_an_offset(said: Any, value: Any) -> None:
    assert values.datetime(said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (40, 40),
        ("40", 40),
        (" 40 ", 40),
        ("040", 40),
        ("-1", -1),
        (40.0, 40),
        ("40.0", 40),
        (0, 0),
        ("0", 0),
        ("", None),
        (None, None),
        ("4O", FORM),
        ("1.5", FORM),
        (1.5, FORM),
        (float("nan"), FORM),
        (float("inf"), FORM),
        ("\u0664\u0660", FORM),
        (10**15, RANGE),
        (1e300, RANGE),
        (True, TYPE),
        ([40], TYPE),
    ],
)
def test_an_integer(said: Any, value: Any) -> None:
    assert values.integer(said) == value
    assert type(values.integer(said)) is type(value)


@pytest.mark.parametrize(
    ("said", "value"), [("1", 1), ("12", 12), (7, 7), ("0", RANGE), ("13", RANGE), ("", None), ("Mei", FORM)]
)
def test_a_month(said: Any, value: Any) -> None:
    assert values.month(said) == value


@pytest.mark.parametrize(
    ("said", "text"),
    [("13.250", "13.250"), (" 85.00 ", "85.00"), ("85", "85"), (85, "85"), (30.5, "30.5"), ("-0.5", "-0.5")],
)
def test_a_decimal_keeps_its_digits(said: Any, text: str) -> None:
    assert str(values.decimal(said)) == text
    assert isinstance(values.decimal(said), Decimal)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("", None),
        (None, None),
        ("13,250", FORM),
        ("1e5", FORM),
        ("NaN", FORM),
        (float("nan"), RANGE),
        (float("-inf"), RANGE),
        (True, TYPE),
        ({}, TYPE),
    ],
)
def test_what_is_no_decimal(said: Any, value: Any) -> None:
    assert values.decimal(said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("1", True),
        ("0", False),
        ("", None),
        (None, None),
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        ("true", True),
        ("2", FORM),
        ("ya", FORM),
        ([], TYPE),
    ],
)
def test_a_flag(said: Any, value: Any) -> None:
    assert values.flag(said) is value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("0b6c1d7e-1111-4222-8333-444455556666", "0b6c1d7e-1111-4222-8333-444455556666"),
        ("A8ACA7B90001", "A8ACA7B90001"),  # as BKN wrote it
        (" 01 ", "01"),
        (31, "31"),
        ("0", None),
        (0, None),
        ("", None),
        (None, None),
        (1.5, TYPE),
        (False, TYPE),
        ({}, TYPE),
    ],
)
def test_an_id(said: Any, value: Any) -> None:
    assert values.identifier(said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("DINAS REKAAN     ", "DINAS REKAAN"),
        ("dua  kata", "dua  kata"),
        ("undefined", "undefined"),  # bkn-api section 5.10: it is text, who compares may know better
        ("0", "0"),
        ("   ", None),
        (7, "7"),
        (10**40, RANGE),
        ("a\0b", FORM),
        ("a\ud800", FORM),
        (1.0, TYPE),
        (["a"], TYPE),
    ],
)
def test_a_text(said: Any, value: Any) -> None:
    assert values.text(said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("199001012020011001", "199001012020011001"),
        (199001012020011001, "199001012020011001"),
        (" 199001012020011001", "199001012020011001"),
        ("19900101 202001 1 001", FORM),
        ("19900101202001100", FORM),
        ("", None),
        (None, None),
    ],
)
def test_a_nip(said: Any, value: Any) -> None:
    assert values.nip(said) == value
