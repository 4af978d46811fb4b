"""The draws' table and CSV from summaries made by hand."""

import json
import re
from pathlib import Path

import pytest
from forked import python

from experiments.landscape_draws import read, table
from rnnjax.errors import UserError


def a_draw(workdir: Path, rnn: int, gru: int, low: float, high: float | None) -> Path:
    row = {"sampler": "uniform:1", "shape": "2x2", "accuracy_above": 0.55, "ratio": "gru/rnn"}
    workdir.mkdir()
    tails = [row | {"rnn_above": rnn, "gru_above": gru, "ratio_low": low, "ratio_high": high}]
    (workdir / "summary.json").write_text(json.dumps({"tails": tails}))
    return workdir


def draws(folder: Path) -> list[Path]:
    return [
        a_draw(folder / "1", 10, 40, 2.0, 8.0),  # GRU clearly ahead
        a_draw(folder / "2", 20, 25, 0.7, 2.2),  # ahead, not clearly
        a_draw(folder / "3", 50, 10, 0.1, 0.4),  # RNN clearly ahead
        a_draw(folder / "4", 0, 30, 8.0, None),  # no RNN at all
        a_draw(folder / "5", 1, 18, 3.0, 99.0),  # 19 in all: does not count
    ]


def test_the_table_counts_draws_with_enough_settings(tmp_path: Path) -> None:
    rows = [row for workdir in draws(tmp_path) for row in read(workdir)]
    _, line = table(rows)
    assert line.split() == ["uniform:1", "2x2", "0.55", "4/5", "3", "(2)", "1", "(1)", "0.2", "to", "inf"]


def test_the_program_prints_it_and_writes_all_counts(tmp_path: Path) -> None:
    output = tmp_path / "out" / "draws.csv"
    done = python("-m", "experiments.landscape_draws", *map(str, draws(tmp_path)), f"--output={output}")
    assert done.returncode == 0 and "4/5" in done.stdout
    lines = output.read_text().splitlines()
    assert lines[0] == "draw,sampler,shape,accuracy_above,rnn_above,gru_above,ratio_low,ratio_high"
    assert lines[4] == "4,uniform:1,2x2,0.55,0,30,8,"
    assert len(lines) == 6


@pytest.mark.parametrize("content", [None, "{", '{"tails": []}', '{"tails": [3]}', '{"tails": [{"ratio": "gru/rnn"}]}'])
def test_a_directory_of_something_else_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "summary.json").write_text(content)
    with pytest.raises(UserError, match=str(tmp_path)):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("sampler", ["a"]), ("shape", 2), ("accuracy_above", None), ("rnn_above", "3"), ("ratio_low", None),
     ("ratio_high", "8")],
)  # fmt: skip
def test_a_value_of_another_type_is_named(tmp_path: Path, name: str, value: object) -> None:
    summary = a_draw(tmp_path / "1", 10, 40, 2.0, 8.0) / "summary.json"
    (row,) = json.loads(summary.read_text())["tails"]
    summary.write_text(json.dumps({"tails": [row | {name: value}]}))
    with pytest.raises(UserError, match=rf"1 is no directory of .*: {name} is {re.escape(repr(value))}\)"):
        read(summary.parent)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["README.md"], "README.md is no directory of a finished experiments.landscape"),
        (["nowhere", "--output=README.md/x.csv"], "--output=README.md/x.csv cannot be written: README.md is a file"),
        (["nowhere", "--output=docs"], "--output=docs is a folder; valid: a file in it"),
    ],
)
def test_a_bad_command_ends_in_one_line(flags: list[str], told: str) -> None:
    done = python("-c", "from experiments import landscape_draws; landscape_draws.main()", *flags)
    assert done.returncode == 2 and done.stderr.startswith(f"error: {told}") and done.stderr.count("\n") == 1
