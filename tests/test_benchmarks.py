"""The benchmark of training compares ways that train alike, and says so when one does not."""

import argparse
import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from benchmarks import landscape, training
from benchmarks.training_task import make_task
from benchmarks.worker import Worker

CHECKED = 2  # members


@pytest.fixture(scope="module")
def workers() -> Iterator[dict[str, Worker]]:
    """All ways but the one that PyTorch compiles, which takes half a minute."""
    task = make_task("rnn_2x2", 1000, CHECKED)
    with contextlib.ExitStack() as stack:
        found = {}
        for name in ("torch_loop", "jax_vmap", training._OURS):
            arguments = (task, 16) if name == training._OURS else (task,)
            worker = Worker(training._WAYS[name], training._JAX, *arguments)
            found[name] = stack.enter_context(contextlib.closing(worker))
        yield found


def test_all_ways_train_alike(workers: dict[str, Worker]) -> None:
    assert 0 < training._check(workers, CHECKED) < 1e-5


class Shifted:
    """A way whose losses are larger than another's."""

    def __init__(self, worker: Worker, shift: float) -> None:
        self._worker, self._shift = worker, shift

    def call(self, *arguments: Any) -> np.ndarray:
        return np.asarray(self._worker.call(*arguments)) + self._shift


@pytest.mark.parametrize("shift", [3e-3, -3e-3, np.nan])
def test_a_way_that_trains_otherwise_is_told(workers: dict[str, Worker], shift: float) -> None:
    other: Any = Shifted(workers["jax_vmap"], shift)
    with pytest.raises(RuntimeError, match="jax_vmap trains otherwise"):
        training._check(workers | {"jax_vmap": other}, CHECKED)


def test_each_way_measures_its_steps(workers: dict[str, Worker]) -> None:
    for worker in workers.values():
        assert worker.call("measure", 0.01).rate > 0


@pytest.mark.parametrize("text", ["nan", "-1", "0", "inf", "soon"])
@pytest.mark.parametrize(
    ("parser", "flag"),
    [(landscape._parser(), "seconds"), (landscape._parser(), "search_seconds"), (training._parser(), "seconds")],
)
def test_a_duration_is_a_finite_number_above_0(
    parser: argparse.ArgumentParser, flag: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert getattr(parser.parse_args([f"--{flag}=0.5"]), flag) == 0.5
    with pytest.raises(SystemExit, match="2"):
        parser.parse_args([f"--{flag}={text}"])
    told = capsys.readouterr().err.splitlines()[-1]
    assert f"argument --{flag}: " in told and text in told
