"""A UserError is one line with the bad value and the valid ones."""

import math
from typing import Any

import numpy as np
import pytest

from rnnjax.errors import UserError, in_range, lookup, one_of

REGISTRY = {"count": 1, "first": 2, "xor": 3}


def test_a_user_error_is_a_value_error() -> None:
    assert issubclass(UserError, ValueError)


@pytest.mark.parametrize("name", REGISTRY)
def test_lookup_finds_what_is_there(name: str) -> None:
    assert lookup(REGISTRY, name, "label") == REGISTRY[name]


def test_lookup_finds_a_value_that_counts_as_false() -> None:
    assert lookup({"zero": 0}, "zero", "number") == 0


@pytest.mark.parametrize("name", ["", "Count", "count ", "xo", "a\nb"])
def test_lookup_names_the_bad_and_the_valid(name: str) -> None:
    with pytest.raises(UserError) as raised:
        lookup(REGISTRY, name, "label")
    assert str(raised.value) == f"unknown label {name!r}; valid: count, first, xor"
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("value", [-1, -1.0, 0, 0.5, 2])
def test_a_range_holds_its_ends(value: float) -> None:
    in_range("scale", value, -1, 2)


@pytest.mark.parametrize("value", [-1.0000001, 2.0000001, math.inf, -math.inf, math.nan])
def test_outside_a_range_is_an_error_with_the_value_and_the_ends(value: float) -> None:
    with pytest.raises(UserError) as raised:
        in_range("data.scale", value, -1, 2)
    assert str(raised.value) == f"data.scale is {value}; it must be from -1 to 2"


@pytest.mark.parametrize("value", ["1", None, (1,), 1j])
def test_what_is_no_number_is_an_error_with_the_value_and_the_ends(value: Any) -> None:
    with pytest.raises(UserError) as raised:
        in_range("data.scale", value, -1, 2)
    assert str(raised.value) == f"data.scale is {value!r}; it must be a number from -1 to 2"


@pytest.mark.parametrize("value", [0, 1.0, np.int64(2), np.float32(-1)])
def test_a_whole_number_may_be_of_any_type(value: float) -> None:
    in_range("steps", value, -1, 2, whole=True)


@pytest.mark.parametrize("value", [0.5, 1 + 1e-9, np.float32(1.5)])
def test_a_fraction_is_an_error_where_a_whole_number_is_needed(value: float) -> None:
    in_range("steps", value, -1, 2)
    with pytest.raises(UserError) as raised:
        in_range("steps", value, -1, 2, whole=True)
    assert str(raised.value) == f"steps is {value}; it must be a whole number"


def test_one_of_takes_the_valid() -> None:
    one_of("mode", "quick", ("full", "quick"))
    one_of("version", "I", iter(["I", "II"]))


@pytest.mark.parametrize("value", ["fast", "", None, 3])
def test_one_of_names_the_bad_and_the_valid(value: object) -> None:
    with pytest.raises(UserError) as raised:
        one_of("config mode", value, (name for name in ("full", "quick", 7)))
    assert str(raised.value) == f"config mode is {value!r}; valid: full, quick, 7"
