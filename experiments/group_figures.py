"""How figures show groups of networks: a colour and a line style each, and their order."""

from collections.abc import Iterable

from matplotlib.lines import Line2D

BEFORE = "before training"
FEWEST = 5  # networks of a line, band or interval; of fewer none is drawn
# By the first word of the group's name (see success_groups); "": what lies between successes and failures.
_LINES = {"before": ("0.55", "-."), "above": ("#009E73", "-"), "": ("#E69F00", "--"), "below": ("#CC79A7", ":")}


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
