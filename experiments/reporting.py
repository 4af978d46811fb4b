"""Tables as CSV and as aligned text."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rnnjax.statistics import Interval

_WIDE = 160  # characters of a line

Rows = Sequence[Mapping[str, Any]]


def to_csv(rows: Rows) -> str:
    """The rows as CSV, with every column that any of them has."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(rows), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: f"{value:.6g}" if isinstance(value, float) else value for name, value in row.items()})
    return text.getvalue()


def to_text(rows: Rows) -> Iterator[str]:
    """The rows as aligned lines, headings first; numbers to the right.

    What is wider than a terminal goes on below, after an empty line, with what tells its rows apart again.
    """
    names = columns(rows)
    padded = []
    for name in names:
        cells = [name, *(_shown(row.get(name, "")) for row in rows)]
        width, numbers = max(map(len, cells)), all(not isinstance(row.get(name, 0.0), str) for row in rows)
        padded.append([cell.rjust(width) if numbers else cell.ljust(width) for cell in cells])
    for number, block in enumerate(_blocks(padded, _leading(rows, names))):
        if number:
            yield ""
        yield from ("  ".join(line).rstrip() for line in zip(*block, strict=True))


def _leading(rows: Rows, names: Sequence[str]) -> int:
    """How many columns are words, or words and whole numbers until no two rows are the same."""
    words = next((i for i, name in enumerate(names) if not isinstance(rows[0].get(name), str)), 0)
    whole = next((i for i, name in enumerate(names) if any(isinstance(row.get(name), float) for row in rows)), 0)
    for number in range(words, whole + 1) if words else ():
        if len({tuple(str(row.get(name)) for name in names[:number]) for row in rows}) == len(rows):
            return number
    return words


def _blocks(padded: Sequence[Sequence[str]], leading: int) -> Iterator[list[Sequence[str]]]:
    """The columns in groups that are at most _WIDE together, each with the first `leading` of them."""
    head, block = list(padded[:leading]), list[Sequence[str]]()
    for column in padded[leading:]:
        if block and sum(len(each[0]) + 2 for each in [*head, *block, column]) - 2 > _WIDE:
            yield [*head, *block]
            block = []
        block.append(column)
    yield [*head, *block]


def interval_columns(name: str, interval: Interval) -> dict[str, float]:
    """An interval as three columns: name, name_low, name_high."""
    return {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}


def percent_columns(name: str, interval: Interval) -> dict[str, float]:
    """As interval_columns, in per cent."""
    return interval_columns(name, Interval(*(100 * value for value in interval)))


def estimate_columns(name: str, interval: Interval, scale: float = 1) -> dict[str, float]:
    """An interval as name_estimate, name_low, name_high; in per cent with a scale of 100."""
    return {f"{name}_{end}": scale * value for end, value in interval._asdict().items()}


def columns(rows: Rows) -> list[str]:
    """Every column that any row has, in order of appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _shown(value: Any) -> str:
    if value is None or value != value:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 1e-16 or abs(value) >= 0.1 else f"{value:.2g}"
    return str(value)
