"""PyTorch's ways of training: one module after another, and torch.func.vmap over stacked parameters."""

import time
from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.torch_loop import Network
from benchmarks.training_task import LEARNING_RATE, TrainingTask
from benchmarks.worker import Way
from rnnjax.landscape import parse_architecture
from rnnjax.members import num_cores
from rnnjax.parameters import shapes, unflatten

_STEPS = 16  # of all members, a measurement's least


class TorchTraining(Way):
    """The thesis' way: a module and torch.optim.Adam, one network after another."""

    def __init__(self, task: TrainingTask) -> None:
        self._task = task
        self._x = torch.from_numpy(task.embedding[task.dataset.train.words])
        self._labels = torch.from_numpy(task.dataset.train.positive.astype(np.int64))
        tried = {}
        for threads in sorted({1, num_cores()}):
            torch.set_num_threads(threads)
            self.score()
            tried[f"threads: {threads}"] = self.quick_rate()
        form = max(tried, key=lambda form: tried[form])
        torch.set_num_threads(int(form.split()[1]))
        self.facts = {"form": form, "compile_seconds": 0.0, "tried": tried}

    def score(self) -> int:
        batches = min(8 * _STEPS, _batches(self._task.orders, self._task.batch_size))
        self._train(self._task.params[:, 0], self._task.orders[:, 0], batches)
        return batches

    def losses(self, params: np.ndarray, orders: np.ndarray) -> np.ndarray:
        """The mean training loss of an epoch, [S]; starts [P, S], orders of the sentences [N, S]."""
        batches = _batches(orders, self._task.batch_size)
        return np.array([self._train(params[:, i], orders[:, i], batches) for i in range(params.shape[1])])

    def _train(self, flat: np.ndarray, order: np.ndarray, batches: int) -> float:
        network = Network(self._task.name)
        cell, input_dim, hidden_dim = parse_architecture(self._task.name)
        params = unflatten(flat[:, None], shapes(len(cell.gates), input_dim, hidden_dim))
        network.load(params, 0)
        adam, total, seen = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE), 0.0, 0
        for batch in torch.split(torch.from_numpy(order), self._task.batch_size)[:batches]:
            loss = torch.nn.functional.cross_entropy(network(self._x[batch]), self._labels[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
            total, seen = total + loss.item() * len(batch), seen + len(batch)
        return total / seen


class TorchVmapTraining(Way):
    """All members at once: torch.func.vmap of torch.func.grad over stacked parameters, Adam on the stack."""

    def __init__(self, task: TrainingTask) -> None:
        self._task, (cell, self._input_dim, self._hidden_dim) = task, parse_architecture(task.name)
        self._gated = cell.name == "gru"
        self._sizes = shapes(len(cell.gates), self._input_dim, self._hidden_dim)
        self._x = torch.from_numpy(task.embedding[task.dataset.train.words])
        self._labels = torch.from_numpy(task.dataset.train.positive.astype(np.int64))
        self._minibatches = self._split(task.orders)
        gradient = torch.func.vmap(torch.func.grad_and_value(self._loss))
        tried = {}
        for compiled in (True, False):
            self._gradient = torch.compile(gradient, dynamic=False) if compiled else gradient
            for threads in sorted({1, num_cores()}):
                torch.set_num_threads(threads)
                started = time.perf_counter()
                self.score()
                seconds = time.perf_counter() - started
                form = f"compiled: {compiled}, threads: {threads}"
                tried[form] = {"rate": self.quick_rate(), "compile_seconds": seconds}
                if tried[form]["rate"] == max(each["rate"] for each in tried.values()):
                    best, best_threads, best_form = self._gradient, threads, form
        self._gradient = best
        torch.set_num_threads(best_threads)
        self.facts = {"form": best_form, "compile_seconds": tried[best_form]["compile_seconds"], "tried": tried}

    def score(self) -> int:
        timed = self._minibatches[:_STEPS]
        self._train(self._task.params, timed)
        return len(timed) * self._task.params.shape[1]

    def losses(self, params: np.ndarray, orders: np.ndarray) -> np.ndarray:
        """The mean training loss of an epoch, [S]; starts [P, S], orders of the sentences [N, S]."""
        number = params.shape[1]
        filled = np.arange(self._task.params.shape[1]) % number  # what is compiled has its size
        return self._train(params[:, filled], self._split(orders[:, filled]))[:number]

    def _split(self, orders: np.ndarray) -> tuple[torch.Tensor, ...]:
        """An epoch's minibatches, each [S, B]."""
        return torch.split(torch.from_numpy(np.ascontiguousarray(orders.T)), self._task.batch_size, dim=1)

    def _train(self, params: np.ndarray, minibatches: Sequence[torch.Tensor]) -> np.ndarray:
        flat = torch.from_numpy(np.ascontiguousarray(params.T))
        adam, total, seen = torch.optim.Adam([flat.requires_grad_()], lr=LEARNING_RATE), torch.zeros(len(flat)), 0
        for batch in minibatches:
            flat.grad, losses = self._gradient(flat.detach(), self._x[batch], self._labels[batch])
            adam.step()
            total, seen = total + losses.detach() * batch.shape[1], seen + batch.shape[1]
        return (total / seen).numpy()

    def _loss(self, flat: torch.Tensor, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Of one network, [P], on its minibatch, [B, T, D]."""
        p, size = unflatten(flat, self._sizes), self._hidden_dim
        h = x.new_zeros(len(x), size)
        for word in x.unbind(1):
            of_word, of_state = word @ p.w_ih.T + p.b_ih, h @ p.w_hh.T + p.b_hh
            if self._gated:
                r = torch.sigmoid(of_word[:, :size] + of_state[:, :size])
                z = torch.sigmoid(of_word[:, size : 2 * size] + of_state[:, size : 2 * size])
                n = torch.tanh(of_word[:, 2 * size :] + r * of_state[:, 2 * size :])
                h = n + z * (h - n)
            else:
                h = torch.tanh(of_word + of_state)
        return torch.nn.functional.cross_entropy(h @ p.w_oh.T + p.b_oh, labels)


def _batches(orders: np.ndarray, batch_size: int) -> int:
    """Minibatches of an epoch; orders of the sentences [N, ...]."""
    return -(-len(orders) // batch_size)
