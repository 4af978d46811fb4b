"""A CSV file as a table for people: intervals beside their estimates, decimals that line up, long tables cut."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from experiments.reporting import Rows, to_csv

ROWS = 40  # of a table, at most; the file has the others
# A long table whose rows are shown by this column, small values first: above 55 % all cells, not all levels of one.
_BY = {"tails_4_6_1.csv": "accuracy_above"}
_ENDS = "_low", "_high"
NONE = "–"


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
    try:
        lines = _lines(path.read_text())
    except (OSError, UnicodeDecodeError):
        return None
    if len(lines) < 2:
        return None
    headings, *rows = lines
    if (by := _BY.get(path.name)) in headings:
        place = headings.index(by)
        rows.sort(key=lambda row: row[place : place + 1])  # decimals from 0 to 1 are in order as text
    return _table(headings, rows, rows[:ROWS], name, caption)


def make_table(rows: Rows, caption: str) -> Table | None:
    """The whole table of rows that are in no file; None where there is none."""
    lines = _lines(to_csv(rows))
    return _table(lines[0], lines[1:], lines[1:], "", caption) if len(lines) > 1 else None


def number(value: float) -> str:
    """A number by itself, to three significant digits or, from 1,000 to a million, to the unit."""
    if value != value:
        return NONE
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.0f}" if 999.5 <= abs(value) < 999_999.5 else f"{value:.3g}"
    if abs(value) < 1 and text in ("1", "-1"):
        text = f"{value:.4f}"  # nearly 1 is not 1
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", "−")


def interval(estimate: float, low: float, high: float) -> str:
    """An estimate with its interval; none of a ratio that may be anything."""
    if _is_open(estimate, low, high):
        return NONE
    return f"{number(estimate)} [{number(low)}, {number(high)}]"


def _is_open(estimate: float, low: float, high: float) -> bool:
    """Whether a quotient of two rates of which one was never seen says nothing: "0 [0, ∞]", "∞ [0, ∞]"."""
    return estimate in (0, math.inf) and low == 0 and high == math.inf


def _lines(text: str) -> list[list[str]]:
    return [line for line in csv.reader(io.StringIO(text)) if line]


def _table(
    headings: Sequence[str],
    lines: Sequence[Sequence[str]],
    shown: Sequence[Sequence[str]],
    name: str,
    caption: str,
) -> Table:
    """Of these columns x, or x_estimate, with x_low and x_high becomes one; empty ones are left out."""
    cells = {heading: [line[i] if i < len(line) else "" for line in shown] for i, heading in enumerate(headings)}
    columns = {}
    for heading in headings:
        low, high = _ends_of(heading, headings)
        if _is_end(heading, headings):
            continue
        own = _column(heading, [cells[heading]] + ([cells[low], cells[high]] if low else []))
        if any(cell != NONE for cell in own):
            columns[_heading(heading, bool(low))] = own
    numeric = [all(_is_number(cell) for cell in column) for column in columns.values()]
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return Table(name, caption, list(columns), rows, numeric, len(lines) - len(shown))


def _is_end(heading: str, headings: Sequence[str]) -> bool:
    """Whether it is an end of another column's interval."""
    return any(heading in _ends_of(other, headings) for other in headings)


def _ends_of(heading: str, headings: Sequence[str]) -> tuple[str, str]:
    """The columns with the ends of this one's interval; empty if it has none.

    They are named x_low and x_high of x or x_estimate, or stand right behind it: p_value, p_low, p_high.
    """
    stem = heading.removesuffix("_estimate")
    if stem == heading and f"{stem}_estimate" in headings:
        return "", ""
    if {stem + end for end in _ENDS} <= set(headings):
        return stem + _ENDS[0], stem + _ENDS[1]
    low, high = [*headings[headings.index(heading) + 1 :], "", ""][:2]
    start = low.removesuffix("low")
    behind = low.endswith("low") and high == f"{start}high" and heading.startswith(start)
    return (low, high) if behind else ("", "")


def _heading(column: str, has_interval: bool) -> str:
    words = column.removesuffix("_estimate").replace("_", " ").removeprefix("estimate ")
    return f"{words} [95 %]" if has_interval else words


def _column(heading: str, values: list[list[str]]) -> list[str]:
    """The cells of a column: of the estimates alone, or of estimates, lower and upper ends."""
    if heading.startswith("thesis"):
        return [cell or NONE for cell in values[0]]  # as it is printed
    known = [float(cell) for each in values for cell in each if _is_float(cell)]
    decimals = _decimals([value for value in known if math.isfinite(value)], counts=len(values) == 1)
    shown = [[_cell(cell, decimals) for cell in each] for each in values]
    if len(shown) == 1:
        return shown[0]
    return [
        _with_ends(*cells, *own) for cells, own in zip(zip(*values, strict=True), zip(*shown, strict=True), strict=True)
    ]


def _with_ends(estimate: str, low: str, high: str, *shown: str) -> str:
    """A cell with its interval; one of no width is of a single network, and says nothing of others.

    Where there is no estimate the ends are told, as far as they tell anything.
    """
    if shown[0] == NONE:
        return _bounds(low, high, *shown[1:])
    if all(map(_is_float, (estimate, low, high))) and _is_open(*map(float, (estimate, low, high))):
        return NONE
    ends = NONE if low == high else f"{shown[1]}, {shown[2]}"
    return f"{shown[0]} [{ends}]"


def _bounds(low: str, high: str, *shown: str) -> str:
    """Of what has ends alone: infinity says nothing, nor does 0 as the lower end, of a rate or a ratio."""
    least, most = (float(end) if _is_float(end) else math.inf for end in (low, high))
    below = math.isfinite(least) and least != 0
    above = math.isfinite(most) and (most != 0 or below)
    if below and above:
        return f"[{shown[0]}, {shown[1]}]"
    return f"≥ {shown[0]}" if below else f"≤ {shown[1]}" if above else NONE


def _decimals(values: list[float], counts: bool) -> int | None:
    """How many decimals tell a column's values, as few as do; None where they are large or differ too much in size.

    Args:
        values: of estimates and ends.
        counts: these may be whole numbers of any size.
    """
    for exact in range(3):
        if all(abs(value - round(value, exact)) < 1e-9 for value in values):
            large = any(abs(value) >= 10_000 for value in values)
            return None if large and not (counts and exact == 0) else exact
    sizes = [abs(value) for value in values if value]
    if min(sizes) >= 0.095 and max(sizes) < 10_000:
        return 2 if max(sizes) > 1 else 3
    return 4 if min(sizes) >= 0.00095 and max(sizes) < 10 else None


def _cell(text: str, decimals: int | None) -> str:
    if not _is_float(text):
        return text or NONE
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
    first = cell.split(" [")[0].replace("−", "-").replace("∞", "inf").strip("≤≥[] ").split(", ")[0].replace(",", "")
    return cell == NONE or _is_float(first)
