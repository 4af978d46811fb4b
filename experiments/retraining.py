"""Perturbed networks of section 4.6.3: their noise, how good they are before they train on, and that they train on."""

import zlib

import jax
import numpy as np
from ml_collections import ConfigDict

from experiments import runner
from experiments.analysis import Measured
from experiments.conditions import Condition, DataSet, draw_data, draw_embedding, protocol
from experiments.training_sweep import Sweep
from rnnjax import perturbation
from rnnjax.datasets import VERSIONS, Dataset
from rnnjax.judging import Exam, Judging, compile_judging, judge, make_exam
from rnnjax.landscape import Architecture
from rnnjax.members import call_size
from rnnjax.parameters import count
from rnnjax.streams import of_members, stream


class Judge:
    """Networks judged by a split's sentences; what is drawn and compiled serves every condition that needs it."""

    def __init__(self, run: runner.Run) -> None:
        self._run = run
        self._datasets: dict[tuple[DataSet, int], Dataset] = {}
        self._compiled: dict[tuple[str, int], Judging] = {}

    def __call__(
        self, condition: Condition, weights: np.ndarray, draws: np.ndarray, split: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """The share that m networks classify correctly and their mean loss in nats, [m] each.

        Args:
            condition: of the networks.
            weights: [P, m].
            draws: [m].
            split: "train", "validation" or "test".
        """
        accuracy, loss = np.zeros(len(draws)), np.zeros(len(draws))
        for draw in np.unique(draws):
            exam = self._exam(condition, int(draw), split)
            judging = self._judging(condition.architecture, exam)
            own = np.flatnonzero(draws == draw)
            for some in np.split(own, range(judging.size, len(own), judging.size)):
                correct, loss[some] = judge(judging, weights[:, some], exam)
                accuracy[some] = correct / len(exam.labels)
        return accuracy, loss

    def _exam(self, condition: Condition, draw: int, split: str) -> Exam:
        data, config = condition.data, self._run.config
        if (data, draw) not in self._datasets:
            self._datasets[data, draw] = draw_data(config, data, draw)
        embedding = draw_embedding(config, data, draw, condition.architecture.input_dim)
        return make_exam(getattr(self._datasets[data, draw], split), embedding)

    def _judging(self, shape: Architecture, exam: Exam) -> Judging:
        key, wanted, mesh = (shape.name, len(exam.labels)), self._run.config.training, self._run.mesh
        if key not in self._compiled:
            size = call_size(mesh, wanted.tile, wanted.members_per_call)
            self._compiled[key] = compile_judging(shape, mesh, wanted.tile, size, exam)
        return self._compiled[key]


def noises(config: ConfigDict, shape: Architecture, draws: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Standard normal, [P, n]: a function of the config's seed, the architecture, a network's draw and its seed."""
    found = np.zeros((count(shape.sizes), len(seeds)))
    for draw in np.unique(draws):
        key = stream(jax.random.key(config.seed + int(draw)), "perturb")
        keys = of_members(jax.random.fold_in(key, zlib.crc32(shape.name.encode())), seeds[draws == draw])
        found[:, draws == draw] = perturbation.noises(keys, len(found))
    return found


def train_on(
    config: ConfigDict,
    sweep: Sweep,
    condition: Condition,
    starts: np.ndarray,
    draws: np.ndarray,
    seeds: np.ndarray,
    rates: np.ndarray,
) -> Measured:
    """Curves [E, m] and history [E + 1, P, m] of m networks; whoever has ended keeps its last values.

    Args:
        config: of the run; its perturbation.learning_rate, or 0 for a rate of each network's own.
        sweep: that trains.
        condition: of the networks.
        starts: [P, m], their weights.
        draws: [m].
        seeds: [m].
        rates: [m], their own rates.
    """
    wanted = config.perturbation
    found: Measured = {}
    if wanted.learning_rate != 0:
        rates = np.full(len(seeds), wanted.learning_rate)
    for rate in np.unique(rates):
        mine = rates == rate
        rules = protocol(config, learning_rate=float(rate), factor=wanted.factor, early_stop=wanted.early_stop)
        changed = condition._replace(protocol=rules._replace(max_epochs=wanted.epochs))
        arrays = sweep.train_members("perturbed", changed, draws[mine], seeds[mine], starts[:, mine])
        kept = {name: arrays[name] for name in ("validation_loss", "train_loss", "history")}
        kept["accuracy"] = arrays["correct"] / VERSIONS[condition.data.version][1]
        for name, values in kept.items():
            last = wanted.epochs - 1 + (name == "history")
            values = values[np.minimum(np.arange(last + 1), len(values) - 1)]
            found.setdefault(name, np.zeros((*values.shape[:-1], len(seeds))))[..., mine] = values
    return found
