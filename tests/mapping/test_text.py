"""A value looks the same whatever driver brought it, and a broken one never passes for a good one."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simpeg_sync.mapping.text import UNREADABLE, is_readable, plain

WITA = dt.timezone(dt.timedelta(hours=8))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        ("  2 \t\n", "2"),
        ("\u00a02\u00a0", "2"),
        ("01", "01"),
        (True, "1"),
        (False, "0"),
        (2, "2"),
        (-7, "-7"),
        (2.0, "2"),
        (-0.0, "0"),
        (1.5, "1.5"),
        (Decimal("2"), "2"),
        (Decimal("11.00"), "11"),
        (Decimal("1.50"), "1.5"),
        (Decimal("-0.00"), "0"),
        (Decimal("1E+2"), "100"),
        (Decimal("198501012010012001"), "198501012010012001"),
        (dt.date(2024, 3, 4), "2024-03-04"),
        (dt.datetime(2024, 3, 4), "2024-03-04T00:00:00"),
        (dt.datetime(2024, 3, 4, 0, 30, tzinfo=WITA), "2024-03-04T00:30:00+08:00"),
        (b" 02 ", "02"),
        (bytearray(b"T"), "T"),
        pytest.param(memoryview(b"T"), "T", id="memoryview"),
        (b"\x01", "1"),
        (b"\x00", "0"),
    ],
    ids=repr,
)
def test_every_type_of_a_driver_has_one_plain_text(value: Any, text: str) -> None:
    assert plain(value) == text


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("-Infinity"),
        Decimal("1E+1000000"),
        Decimal("1E-1000000"),
        10**5000,
    ],
    ids=lambda value: str(type(value).__name__),
)
def test_numbers_that_no_column_means_are_unreadable_and_cost_no_memory(value: Any) -> None:
    assert plain(value) == UNREADABLE


def test_bytes_of_another_encoding_are_seen_to_be_broken() -> None:
    assert not is_readable(plain("Diklat Café".encode("latin-1")))
    assert not is_readable("half \ud800 surrogate")
    assert is_readable(plain("Diklat Café".encode()))


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.text(), st.binary(), st.dates(),
                 st.datetimes(), st.times(), st.timedeltas()))  # fmt: skip
def test_plain_never_raises_and_never_pads(value: Any) -> None:
    text = plain(value)
    assert text == text.strip()
