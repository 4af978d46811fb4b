"""The one kind of error that is the user's to mend: shown as a line, never as a traceback."""

from collections.abc import Iterable, Mapping
from numbers import Real
from typing import TypeVar

T = TypeVar("T")


class UserError(ValueError):
    """A value that cannot be used. The message is one line: the bad value and the valid ones."""


def lookup(registry: Mapping[str, T], name: str, what: str) -> T:
    """registry[name], or a UserError that lists the valid names."""
    if name not in registry:
        raise UserError(f"unknown {what} {name!r}; valid: {', '.join(registry)}")
    return registry[name]


def in_range(what: str, value: float, low: float, high: float, whole: bool = False) -> None:
    """Raise a UserError unless low <= value <= high, and it is a whole number if it must be."""
    if not isinstance(value, Real):
        raise UserError(f"{what} is {value!r}; it must be a number from {low} to {high}")
    if not low <= value <= high:
        raise UserError(f"{what} is {value}; it must be from {low} to {high}")
    if whole and value != int(value):
        raise UserError(f"{what} is {value}; it must be a whole number")


def one_of(what: str, value: object, valid: Iterable[object]) -> None:
    """Raise a UserError unless value is among the valid ones."""
    valid = list(valid)
    if value not in valid:
        raise UserError(f"{what} is {value!r}; valid: {', '.join(map(str, valid))}")
