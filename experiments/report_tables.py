"""A CSV file as a table for people: intervals beside their estimates, decimals that line up, long tables cut."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROWS = 40  # of a table, at most; the file has the others
_ENDS = "_low", "_high"
_NONE = "–"


class Table(NamedTuple):
    """What is shown of a table."""

    path: str  # of the file it is from, relative to the working directory; empty if there is none
    caption: str
    headings: list[str]
    rows: list[list[str]]
    numeric: list[bool]  # by column
    left_out: int  # rows that the file has and rows has not


def read_table(path: Path, name: str, caption: str) -> Table | None:
    """A CSV file's table; None where there is no such file or nothing in it.

    Args:
        path: the file.
        name: its path as shown.
        caption: what it holds.
    """
    if not path.is_file():
        return None
    with path.open(newline="") as file:
        lines = [line for line in csv.reader(file) if line]
    return make_table(lines[0], lines[1:], name, caption) if len(lines) > 1 else None


def make_table(headings: Sequence[str], lines: Sequence[Sequence[str]], name: str, caption: str) -> Table:
    """The table of these columns: x, or x_estimate, with x_low and x_high become one, "x [low, high]".

    Columns of which every cell is empty are left out.
    """
    shown = lines[:ROWS]
    cells = {heading: [line[i] if i < len(line) else "" for line in shown] for i, heading in enumerate(headings)}
    columns = {}
    for heading in headings:
        if heading.endswith(_ENDS) or heading in ("low", "high"):
            continue
        low, high = _ends_of(heading, headings)
        own = _column(heading, [cells[heading]] + ([cells[low], cells[high]] if low else []))
        if any(cell != _NONE for cell in own):
            columns[_heading(heading, bool(low))] = own
    numeric = [all(_is_number(cell) for cell in column) for column in columns.values()]
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return Table(name, caption, list(columns), rows, numeric, len(lines) - len(shown))


def number(value: float) -> str:
    """A number by itself, to three significant digits or, above 1,000, to the unit."""
    if value != value:
        return _NONE
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text.replace("-", "−")


def interval(estimate: float, low: float, high: float) -> str:
    """An estimate with its interval."""
    return f"{number(estimate)} [{number(low)}, {number(high)}]"


def _ends_of(heading: str, headings: Sequence[str]) -> tuple[str, str]:
    """The columns with the ends of this one's interval; empty if it has none."""
    stem = heading.removesuffix("_estimate")
    named = stem + _ENDS[0], stem + _ENDS[1]
    if named[0] in headings and named[1] in headings:
        return named
    following = list(headings[headings.index(heading) + 1 :][:2])
    return ("low", "high") if following == ["low", "high"] else ("", "")


def _heading(column: str, has_interval: bool) -> str:
    words = column.removesuffix("_estimate").replace("_", " ").removeprefix("estimate ")
    return f"{words} [95 %]" if has_interval else words


def _column(heading: str, values: list[list[str]]) -> list[str]:
    """The cells of a column: of the estimates alone, or of estimates, lower and upper ends."""
    if heading.startswith("thesis"):
        return [cell or _NONE for cell in values[0]]  # as it is printed
    known = [float(cell) for each in values for cell in each if _is_float(cell)]
    decimals = _decimals([value for value in known if abs(value) != float("inf")])
    shown = [[_cell(cell, decimals) for cell in each] for each in values]
    if len(shown) == 1:
        return shown[0]
    return [_NONE if e == _NONE else f"{e} [{low}, {high}]" for e, low, high in zip(*shown, strict=True)]


def _decimals(values: list[float]) -> int | None:
    """How many decimals tell a column's values: none for whole numbers; None where their sizes differ too much."""
    sizes = [abs(value) for value in values if value]
    if all(value == int(value) for value in values):
        return 0
    if min(sizes) >= 0.095:
        return 2 if max(sizes) > 1 else 3
    return 4 if min(sizes) >= 0.00095 and max(sizes) < 10 else None


def _cell(text: str, decimals: int | None) -> str:
    if not _is_float(text):
        return text or _NONE
    value = float(text)
    if decimals is None or value != value or abs(value) == float("inf"):
        return number(value)
    return f"{value:.{decimals}f}".replace("-", "−")


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_number(cell: str) -> bool:
    first = cell.split(" [")[0].replace("−", "-").replace("∞", "inf").replace(",", "")
    return cell == _NONE or _is_float(first)
