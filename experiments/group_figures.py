"""How figures show groups of networks: a colour and a line style each, and their order."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from matplotlib.lines import Line2D

BEFORE = "before training"
FEWEST = 5  # networks of a line, band or interval; of fewer none is drawn
SMALLER = f"(groups of fewer than {FEWEST} networks are in the table alone)"  # under a title, where large_enough chose
# By the first word of the group's name (see success_groups); "": what lies between successes and failures.
_LINES = {"before": ("0.55", "-."), "above": ("#009E73", "-"), "": ("#E69F00", "--"), "below": ("#CC79A7", ":")}


_Key = TypeVar("_Key")
_Group = TypeVar("_Group")


def large_enough(groups: Mapping[_Key, _Group], numbers: Mapping[_Key, int]) -> dict[_Key, _Group]:
    """The groups of FEWEST networks or more, by their numbers of networks; all, if none is."""
    return {key: group for key, group in groups.items() if numbers[key] >= FEWEST} or dict(groups)


def line_of(name: str) -> tuple[str, str]:
    """Colour and line style of a group."""
    return _LINES[_kind(name)]


def in_order(names: Iterable[str]) -> list[str]:
    """Different groups: before training, successes, what lies between, failures."""
    return sorted(set(names), key=lambda name: [*_LINES].index(_kind(name)))


def handle(name: str, label: str = "") -> Line2D:
    """A legend's entry for a group; the label is its name unless another is given."""
    colour, line = line_of(name)
    return Line2D([], [], color=colour, ls=line, label=label or name)


def _kind(name: str) -> str:
    word = name.split()[0]
    return word if word in _LINES else ""
