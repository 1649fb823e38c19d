"""What values look like; no value goes further."""

import datetime as dt
from typing import Any

import pytest

from simpeg_sync.discover.contents import is_nip, look_at


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("198501012010012001", True),
        ("'19850101 201001 2 001", True),
        ("19850101.201001.2.001", True),
        ("199203152022211004", True),  # of a contract: 21 instead of a month
        ("198513012010012001", False),  # no month 13
        ("198501012010012", False),
        ("198501011985012001", False),  # appointed as a baby
        ("123456789012345678", False),
        ("", False),
    ],
)
def test_a_nip_is_known_by_its_parts(text: str, expected: bool) -> None:
    assert is_nip(text) is expected


def test_several_forms_of_dates_in_one_column_are_all_found() -> None:
    look = look_at(["31-01-2020", "2020-02-28", "15-03-2021", "0000-00-00", "", None])
    assert look.forms == ("dd-mm-yyyy", "yyyy-mm-dd")
    assert look.date == 1.0
    assert look.no_dates == ("0000-00-00",)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([dt.date(2020, 1, 1), None], "date", 1.0),
        (["40 JP", "24 JP"], "counted", 1.0),
        (["2019", 2020, 2021.0], "year", 1.0),
        (["a" * 32, "0123456789abcdef0123456789ABCDEF"], "id", 1.0),
        (["sk_1.pdf", "SK 2.PDF"], "pdf", 1.0),
        (["JVBERi0xLjQK" + "A" * 300], "base64", 1.0),
        (["12,5", "7"], "decimal", 1.0),
        ([b"\x00\x01"], "filled", 0),
        (["198501012010012001"], "date", 0.0),
    ],
)
def test_what_values_are_is_seen(values: list[Any], share: str, expected: float) -> None:
    assert getattr(look_at(values), share) == expected
