"""Tables as CSV and as aligned text."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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
    """The rows as aligned lines, headings first; numbers to the right."""
    names = columns(rows)
    cells = [[_shown(row.get(name, "")) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    right = [all(not isinstance(row.get(name, 0.0), str) for row in rows) for name in names]
    for line in (names, *cells):
        padded = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        yield "  ".join(padded).rstrip()


def columns(rows: Rows) -> list[str]:
    """Every column that any row has, in order of appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _shown(value: Any) -> str:
    if value is None or value != value:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 1e-9 or abs(value) >= 0.1 else f"{value:.2g}"
    return str(value)
