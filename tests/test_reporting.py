"""Tables: CSV that reads back, text whose columns line up."""

import csv
import io
from typing import Any

import numpy as np
import pytest

from experiments.reporting import columns, to_csv, to_text

ROWS: list[dict[str, Any]] = [
    {"data": "CountII", "networks": 10, "mean": 87.123456789, "thesis": None},
    {"data": "First, II", "networks": 7, "mean": np.float64(0.5), "gain": -1.5e-7, "thesis": 91.0},
    {"data": 'a "word"', "mean": float("nan")},
]


def test_the_columns_are_all_that_any_row_has_in_order_of_appearance() -> None:
    assert columns(ROWS) == ["data", "networks", "mean", "thesis", "gain"]
    assert columns([]) == []


def test_a_csv_reads_back_with_six_digits_and_nothing_for_what_is_missing() -> None:
    text = to_csv(ROWS)
    assert "\r" not in text and text.endswith("\n")
    read = list(csv.DictReader(io.StringIO(text)))
    assert read == [
        {"data": "CountII", "networks": "10", "mean": "87.1235", "thesis": "", "gain": ""},
        {"data": "First, II", "networks": "7", "mean": "0.5", "thesis": "91", "gain": "-1.5e-07"},
        {"data": 'a "word"', "networks": "", "mean": "nan", "thesis": "", "gain": ""},
    ]


def test_random_numbers_survive_a_csv_to_six_digits() -> None:
    numbers = np.random.default_rng(0).lognormal(sigma=8, size=50)
    read = csv.DictReader(io.StringIO(to_csv([{"x": float(x)} for x in numbers])))
    np.testing.assert_allclose([float(row["x"]) for row in read], numbers, rtol=5e-6)


def test_text_lines_up_numbers_to_the_right_words_to_the_left() -> None:
    rows: list[dict[str, Any]] = [
        {"data": "CountII", "n": 10, "mean": 87.126, "printed": None},
        {"data": "XorI", "n": 7, "mean": 5.0, "printed": 91.0},
        {"data": "FirstII", "n": 123, "mean": float("nan")},
    ]
    assert list(to_text(rows)) == [
        "data       n   mean  printed",
        "CountII   10  87.13        -",
        "XorI       7   5.00    91.00",
        "FirstII  123      -",
    ]


def test_what_is_too_wide_goes_on_below_with_its_first_words() -> None:
    rows = [{"data": data, "cell": "gru", **{f"number_{i:02}": float(i) for i in range(20)}} for data in ("XorI", "A")]
    lines = list(to_text(rows))
    blocks = [lines[:3], lines[4:7]]
    assert lines[3] == "" and len(lines) == 7
    for heading, first, second in blocks:
        assert max(map(len, (heading, first, second))) <= 160
        assert (
            heading.startswith("data  cell  number")
            and first.startswith("XorI  gru ")
            and second.startswith("A     gru")
        )
    shown = [name for heading, *_ in blocks for name in heading.split()[2:]]
    assert shown == [f"number_{i:02}" for i in range(20)]
    assert [value for _, first, _ in blocks for value in first.split()[2:]] == [f"{i:.2f}" for i in range(20)]
    numbers = [{f"number_{i:02}": float(i) for i in range(20)}]  # without words there is nothing to say again
    assert " ".join(to_text(numbers)).split()[0] == "number_00" and len(list(to_text(numbers))) == 5


def test_what_goes_on_below_begins_with_what_tells_its_rows_apart() -> None:
    numbers = {f"number_{i:02}": float(i) for i in range(20)}
    rows = [{"data": "XorI", "hidden": hidden, "to": to, "n": 7, **numbers} for hidden in (2, 4) for to in ("gru", "x")]
    lines = list(to_text(rows))
    assert [lines[i].split()[:4] for i in (0, 6)] == [
        ["data", "hidden", "to", "n"],
        ["data", "hidden", "to", "number_12"],
    ]
    assert [line.split()[:3] for line in lines[7:]] == [["XorI", h, to] for h in "24" for to in ("gru", "x")]


def test_a_column_with_a_word_in_it_is_a_column_of_words() -> None:
    rows: list[dict[str, Any]] = [{"seed": 12, "n": 1}, {"seed": "none", "n": 20}]
    assert list(to_text(rows)) == ["seed   n", "12     1", "none  20"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0.00"), (99.999, "100.00"), (0.1, "0.10"), (-0.0123, "-0.012"), (0.001, "0.001"), (1e-6, "1e-06"),
     (True, "True"), (None, "-"), (float("nan"), "-"), (float("inf"), "inf"), (3, "3"), ("word", "word")],
)  # fmt: skip
def test_how_a_value_is_shown(value: Any, shown: str) -> None:
    assert [line.strip() for line in to_text([{"x": value}])] == ["x", shown]


def test_a_table_without_rows() -> None:
    assert to_csv([]).strip() == "" and "".join(to_text([])) == ""
