"""Conditions mean the same on every database."""

from decimal import Decimal
from typing import Any

import pytest

from simpeg_sync.mapping.conditions import ColumnTest, Condition, describe


def only(**test: Any) -> Condition:
    return Condition(((ColumnTest("status", **test),),))


@pytest.mark.parametrize("value", [2, 2.0, "2", " 2", "2   ", Decimal("2.00"), b"2", "2\n"], ids=repr)
def test_a_two_is_a_two_as_number_as_text_and_padded(value: Any) -> None:
    assert only(one_of=("2",)).holds({"status": value})
    assert not only(none_of=("2",)).holds({"status": value})


@pytest.mark.parametrize("value", [None, "", "   ", "\t"], ids=repr)
def test_null_and_blank_are_both_no_value(value: Any) -> None:
    assert only(is_empty=True).holds({"status": value})
    assert not only(is_empty=False).holds({"status": value})
    assert not only(one_of=("2",)).holds({"status": value})
    assert only(none_of=("2",)).holds({"status": value})
    assert only(one_of=("", "2")).holds({"status": value})


@pytest.mark.parametrize("value", ["Struktural", "STRUKTURAL ", "  struktural", "struktural"], ids=repr)
def test_texts_that_people_typed_may_be_compared_whatever_their_capitals(value: str) -> None:
    assert only(one_of=("pim", "Struktural"), folds=True).holds({"status": value})
    assert not only(none_of=("Struktural",), folds=True).holds({"status": value})
    assert only(one_of=("DIKLAT PIM",), folds=True).holds({"status": "diklat  Pim"})
    assert not only(one_of=("struktural",), folds=True).holds({"status": "fungsional"})
    assert not only(one_of=("STRUKTURAl",)).holds({"status": value})


def test_a_column_that_the_row_lacks_has_no_value() -> None:
    assert only(is_empty=True).holds({})


@pytest.mark.parametrize(("value", "holds"), [("11.0", False), (11.0, True), ("11", True), (Decimal("11.0"), True)])
def test_whole_floats_lose_their_point_and_texts_stay_as_they_are(value: Any, holds: bool) -> None:
    assert only(one_of=("11",)).holds({"status": value}) is holds


@pytest.mark.parametrize(("value", "holds"), [(1, True), ("2", True), (3, False), (None, False), ("12", False)])
def test_a_list_means_any_of_its_values(value: Any, holds: bool) -> None:
    assert only(one_of=("1", "2")).holds({"status": value}) is holds


def test_capitals_count() -> None:
    assert not only(one_of=("ya",)).holds({"status": "Ya"})


def test_bits_and_booleans_are_one_and_zero() -> None:
    assert all(only(one_of=("1",)).holds({"status": value}) for value in (True, 1, b"\x01", "1"))
    assert all(only(one_of=("0",)).holds({"status": value}) for value in (False, 0, b"\x00", "0"))


def test_all_tests_of_any_one_alternative_have_to_hold() -> None:
    both = (ColumnTest("a", one_of=("1",)), ColumnTest("b", none_of=("9",)))
    condition = Condition((both, (ColumnTest("c", is_empty=False),)))
    assert condition.holds({"a": 1, "b": 2})
    assert not condition.holds({"a": 1, "b": 9})
    assert not condition.holds({"a": 2, "b": 2})
    assert condition.holds({"a": 2, "b": 9, "c": "x"})


def test_a_condition_can_be_said_in_words() -> None:
    condition = Condition(
        ((ColumnTest("a", one_of=("1", "2")), ColumnTest("b", none_of=("9",))), (ColumnTest("c", is_empty=True),))
    )
    assert describe(condition) == "a is one of 1, 2 and b is none of 9 or c is empty"
    assert condition.columns == ["a", "b", "c"]
