"""What came out of a condition: arrays over draws and seeds, and their places in result.npz.

Of every condition, such as "CountII/gru_2x4/", with R draws, S seeds, P parameters, E epochs: `initial` and `final`
[P, R, S] float32 parameters (parameters.flatten); `test_correct` [R, S] int32, test sentences that the final
parameters classify correctly; `epochs_run` [R, S]; `finite` [R, S] bool, whether every loss was a number;
the curves `correct` (validation sentences), `validation_loss`, `train_correct`, `train_loss`, `learning_rate`
[E, R, S], which after a network's last epoch repeat it, and `trained` bool; `history` [E + 1, P, R, S], the
parameters from the start on, if config.training.history; and `trained_by`, a fingerprint of the condition, starts
included, and of the sources that trained it: what others trained is not read.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from experiments.conditions import Condition, fingerprint
from experiments.store import engine
from rnnjax import results
from rnnjax.datasets import VERSIONS
from rnnjax.parameters import count
from rnnjax.training import Epoch

_NAMES = ("initial", "final", "test_correct", "epochs_run", "finite", *Epoch._fields)
_MAKER = "trained_by"
_OVER_EPOCHS = (*Epoch._fields, "history")


class OtherNetworks(results.Damaged):
    """A result is whole, but of other sources or starts."""


class Outcome:
    """One condition's arrays."""

    def __init__(self, condition: Condition, arrays: dict[str, np.ndarray] | None = None) -> None:
        self.condition = condition
        self._arrays: dict[str, np.ndarray] = arrays or {}

    def put(self, name: str, draw: int, seeds: np.ndarray, values: np.ndarray) -> None:
        """Set [..., S] values of some seeds of one draw; what other members lack of epochs repeats their last."""
        where = self._arrays.get(name)
        shape = (*values.shape[:-1], self.condition.num_draws, self.condition.num_seeds)
        if where is None:
            where = np.zeros(shape, values.dtype)
        elif name in _OVER_EPOCHS and len(values) != len(where):
            length = max(len(values), len(where))
            where, values = (_longer(name, part, length) for part in (where, values))
        where[..., draw, seeds] = values
        self._arrays[name] = where

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[name]

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """All of them, by name."""
        return self._arrays

    def accuracy(self, report: str) -> np.ndarray:
        """Validation accuracy [R, S] in [0, 1], of the last or the best epoch.

        A network whose parameters are no numbers calls every sentence negative: one half. (See `finite`.)
        """
        correct = self["correct"][-1] if report == "last" else self["correct"].max(0)
        return np.asarray(correct / VERSIONS[self.condition.data.version][1])

    @property
    def test_accuracy(self) -> np.ndarray:
        """Test accuracy [R, S] of the final parameters."""
        return np.asarray(self["test_correct"] / VERSIONS[self.condition.data.version][2])

    def items(self) -> Iterator[tuple[str, np.ndarray]]:
        """What result.npz has of it, with its names there."""
        for name, array in (self._arrays | {_MAKER: np.array(_trained_by(self.condition))}).items():
            yield f"{self.condition.name}/{name}", array


def read(path: Path, conditions: list[Condition]) -> dict[str, Outcome]:
    """The outcomes that a result.npz holds.

    Raises:
        Damaged: the file is damaged, or lacks a condition.
        OtherNetworks: it has networks of other sources or starts.
        FileNotFoundError: there is none.
    """
    stored = results.read_npz(path)
    outcomes = {}
    for condition in conditions:
        here = f"{condition.name}/"
        # A condition's name may be the beginning of another's.
        arrays = {name: array for name, array in below(stored, condition.name).items() if "/" not in name}
        maker = str(arrays.pop(_MAKER, ""))
        if not set(_NAMES) <= set(arrays):
            raise results.Damaged(f"{path}: it lacks {here}{sorted(set(_NAMES) - set(arrays))[0]}")
        needed = count(condition.architecture.sizes), condition.num_draws, condition.num_seeds
        if arrays["final"].shape != needed:
            raise results.Damaged(f"{path}: {here}final is {arrays['final'].shape}, not {needed}: other networks'")
        if maker != _trained_by(condition):
            raise OtherNetworks(f"{path}: another version trained {condition.name}, or from other starts")
        outcomes[condition.name] = Outcome(condition, arrays)
    return outcomes


def below(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The arrays whose names begin with "<prefix>/", by what follows it."""
    return {name.removeprefix(f"{prefix}/"): array for name, array in arrays.items() if name.startswith(f"{prefix}/")}


def _trained_by(condition: Condition) -> str:
    return f"{fingerprint(condition)} {engine()}"


def _longer(name: str, array: np.ndarray, length: int) -> np.ndarray:
    missing = length - len(array)
    if not missing:
        return array
    last: Any = np.zeros_like(array[-1:]) if name == "trained" else array[-1:]
    return np.concatenate([array, np.repeat(last, missing, 0)])
