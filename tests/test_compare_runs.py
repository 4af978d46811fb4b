"""Runs are compared network by network, and only where they are of the same networks."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forked import python

from experiments.compare_runs import changed, compare, read, told_apart
from rnnjax import resampling
from rnnjax.errors import UserError

FLAT = '{"conditions": {"a": {"accuracy": [0.5, 0.6]}}}'
RAGGED = '{"conditions": {"a": {"accuracy": [[0.5], [0.5, 0.6]]}}}'
NAME = "FirstII/rnn_2x4"
BEFORE = np.random.default_rng(0).uniform(0.5, 0.99, (4, 6)).round(3)
GAIN = 0.01 * np.arange(1, 4)[:, None]  # of each of three draws


def a_run(workdir: Path, conditions: dict[str, Any], seed: int = 0, **training: Any) -> Path:
    workdir.mkdir()
    config = {"seed": seed, "data": {"seed": 0}, "training": {"sampler": "pytorch:1", **training}}
    (workdir / "config.json").write_text(json.dumps(config))
    found = {name: {"accuracy": np.asarray(accuracy).tolist()} for name, accuracy in conditions.items()}
    (workdir / "summary.json").write_text(json.dumps({"conditions": found}))
    return workdir


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return a_run(tmp_path / "first", {NAME: BEFORE, "FirstII/gru_2x4": BEFORE})


def test_the_networks_that_both_have_are_compared_one_by_one(first: Path, tmp_path: Path) -> None:
    after = BEFORE[:3, :5] + GAIN
    other = a_run(tmp_path / "other", {"CountII/rnn_2x4": BEFORE, NAME: after}, factor=1.0)
    (row,) = compare(read(first), read(other))
    assert (row["run"], row["condition"], row["draws"], row["seeds"]) == ("other", NAME, 3, 5)
    assert row["first_mean"] == pytest.approx(100 * BEFORE[:3, :5].mean())
    assert row["mean"] == pytest.approx(100 * after.mean())
    # All of a draw gain the same, so the interval is that of three draws' gains, however far apart accuracies are.
    gained = resampling.mean([np.full(5, gain) for gain in GAIN[:, 0]])
    found = [row[f"minus_first{end}"] for end in ("", "_low", "_high")]
    np.testing.assert_allclose(found, 100 * np.array(gained), rtol=1e-6)
    assert found == [pytest.approx(2), pytest.approx(1), pytest.approx(3)]
    rates = [list(accuracy > 0.9) for accuracy in (BEFORE[:3, :5], after)]
    assert np.mean(rates[0]) != np.mean(rates[1])
    assert row["first_above_90"] == pytest.approx(100 * np.mean(rates[0]))
    exact = resampling.difference(rates[1], rates[0])
    found = [row[f"above_90_minus_first{end}"] for end in ("", "_low", "_high")]
    np.testing.assert_allclose(found, 100 * np.array(exact), rtol=1e-6)


def test_a_run_beside_itself_has_changed_nothing(first: Path) -> None:
    for row in compare(read(first), read(first)):
        assert row["minus_first"] == row["minus_first_low"] == row["minus_first_high"] == 0
        assert row["above_90_minus_first"] == 0 and row["mean"] == row["first_mean"]


def test_what_else_was_changed_is_told(first: Path, tmp_path: Path) -> None:
    other = a_run(tmp_path / "other", {NAME: BEFORE}, factor=1.0, max_epochs=3, tile=7)
    told = ["training.factor is 1.0 instead of None", "training.max_epochs is 3 instead of None"]
    assert [*changed(read(first), read(other))] == told and not [*changed(read(first), read(first))]
    done = python("-m", "experiments.compare_runs", str(first), str(other))
    assert f"other: {', '.join(told)}" in done.stdout, done.stderr


def test_the_program_prints_it_and_writes_it(first: Path, tmp_path: Path) -> None:
    others = [a_run(tmp_path / name, {NAME: BEFORE + 0.001}) for name in ("one", "two")]
    output = tmp_path / "out" / "table.csv"
    done = python("-m", "experiments.compare_runs", str(first), *map(str, others), f"--output={output}")
    assert done.returncode == 0 and NAME in done.stdout, done.stderr
    lines = output.read_text().splitlines()
    assert lines[0].startswith("run,condition,draws,seeds,first_mean,mean,") and len(lines) == 3
    assert [line.split(",")[0] for line in lines[1:]] == ["one", "two"]


def test_runs_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    assert told_apart([tmp_path / "one" / "capacity"]) == ["capacity"]
    same = [tmp_path / "batch_2" / "capacity", tmp_path / "x" / ".." / "batch_4" / "capacity"]
    assert told_apart(same) == ["batch_2/capacity", "batch_4/capacity"]
    assert told_apart([tmp_path / "runs", tmp_path / "runs" / "again"]) == ["runs", "runs/again"]


def test_other_networks_are_refused(first: Path, tmp_path: Path) -> None:
    seeds = read(a_run(tmp_path / "seeds", {NAME: BEFORE}, seed=7))
    with pytest.raises(UserError, match="seed is 7 in seeds, 0 in first: these are other networks"):
        list(compare(read(first), seeds))
    starts = read(a_run(tmp_path / "starts", {NAME: BEFORE}, sampler="uniform:1"))
    with pytest.raises(UserError, match=r"training\.sampler is 'uniform:1' in starts"):
        list(compare(read(first), starts))
    with pytest.raises(UserError, match=f"else has no condition that first has: {NAME}"):
        list(compare(read(first), read(a_run(tmp_path / "else", {"XorI/rnn_2x4": BEFORE}))))


@pytest.mark.parametrize("content", ["[]", '{"data": 3, "training": []}'])
def test_a_config_of_something_else_is_named(first: Path, content: str) -> None:
    (first / "config.json").write_text(content)
    with pytest.raises(UserError, match=f"{first} is no directory of a finished experiment that trains"):
        read(first)


def test_nothing_is_read_for_a_table_that_cannot_be_written(first: Path) -> None:
    done = python(
        "-m", "experiments.compare_runs", str(first), "nowhere", f"--output={first / 'config.json' / 'x.csv'}"
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and done.stdout == ""
    assert f"config.json/x.csv cannot be written: {first / 'config.json'} is a file" in done.stderr


@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_what_is_no_file_is_not_replaced_by_the_table(first: Path, tmp_path: Path, kind: str) -> None:
    output = tmp_path / "output"
    if kind == "pipe":
        os.mkfifo(output)
    else:
        output.symlink_to(first / "config.json")
    done = python("-m", "experiments.compare_runs", str(first), str(first), f"--output={output}")
    told = f"error: --output={output} is a link, device or pipe; valid: a file, or a name that nothing has\n"
    assert (done.returncode, done.stderr, done.stdout) == (2, told, "")
    assert output.is_fifo() if kind == "pipe" else output.is_symlink()


@pytest.mark.parametrize("content", [None, "{", "[]", '{"tails": []}', '{"conditions": {"a": {}}}', RAGGED, FLAT])
def test_a_directory_of_something_else_ends_in_one_line(first: Path, content: str | None) -> None:
    if content is None:
        (first / "config.json").unlink()
    else:
        (first / "summary.json").write_text(content)
    done = python("-m", "experiments.compare_runs", str(first), str(first))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"error: {first} is no directory of a finished experiment that trains")
