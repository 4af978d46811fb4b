"""The one kind of error that is the user's to mend: shown as a line, never as a traceback."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


class UserError(ValueError):
    """A value that cannot be used. The message is one line: the bad value and the valid ones."""


def lookup(registry: Mapping[str, T], name: str, what: str) -> T:
    """registry[name], or a UserError that lists the valid names."""
    if name not in registry:
        raise UserError(f"unknown {what} {name!r}; valid: {', '.join(registry)}")
    return registry[name]


def in_range(what: str, value: float, low: float, high: float) -> None:
    """Raise a UserError unless low <= value <= high."""
    if not low <= value <= high:
        raise UserError(f"{what} is {value}; it must be from {low} to {high}")


def one_of(what: str, value: object, valid: Iterable[object]) -> None:
    """Raise a UserError unless value is among the valid ones."""
    valid = list(valid)
    if value not in valid:
        raise UserError(f"{what} is {value!r}; valid: {', '.join(map(str, valid))}")
