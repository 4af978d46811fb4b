"""How good parameters are that no curve has: a network's start, or perturbed weights."""

import numpy as np

from experiments import runner
from experiments.conditions import Condition, DataSet, draw_data, draw_embedding
from rnnjax.datasets import Dataset
from rnnjax.judging import Exam, Judging, compile_judging, judge, make_exam
from rnnjax.landscape import Architecture
from rnnjax.members import call_size


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

    def grid(self, condition: Condition, weights: np.ndarray, split: str) -> np.ndarray:
        """The share that the networks of a grid classify correctly, [R, S] from weights [P, R, S]."""
        num_draws, num_seeds = weights.shape[1:]
        draws = np.repeat(np.arange(num_draws), num_seeds)
        accuracy, _ = self(condition, weights.reshape(len(weights), -1), draws, split)
        return accuracy.reshape(num_draws, num_seeds)

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
