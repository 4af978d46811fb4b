"""The thesis' way: a PyTorch module, its parameters drawn anew in a loop, all sentences one batch."""

from collections.abc import Iterator

import numpy as np
import torch

from benchmarks.task import Task
from benchmarks.worker import Way
from rnnjax.landscape import NEAR_TIE, parse_architecture
from rnnjax.members import num_cores
from rnnjax.parameters import Params


class Network(torch.nn.Module):
    """torch.nn.RNN or torch.nn.GRU, and a linear readout of its last state."""

    def __init__(self, name: str) -> None:
        super().__init__()
        cell, input_dim, hidden_dim = parse_architecture(name)
        kind = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU}[cell.name]
        self.recurrent = kind(input_dim, hidden_dim, batch_first=True)
        self.readout = torch.nn.Linear(hidden_dim, 2)

    def forward(self, sentences: torch.Tensor) -> torch.Tensor:
        """[N, T, D] -> logits [N, K]."""
        return self.readout(self.recurrent(sentences)[1][0])

    def draw(self) -> None:
        """U(±1/√H) for every parameter: PyTorch's default."""
        self.recurrent.reset_parameters()
        self.readout.reset_parameters()

    def load(self, params: Params, member: int) -> None:
        """Take one member's parameters: the layouts are the same."""
        ours = (params.w_ih, params.w_hh, params.b_ih, params.b_hh, params.w_oh, params.b_oh)
        for theirs, leaf in zip(self.parameters(), ours, strict=True):
            theirs.data.copy_(torch.from_numpy(leaf[..., member].copy()))


class TorchLoop(Way):
    """One setting after another, with as many threads as are fastest."""

    def __init__(self, task: Task, _: float) -> None:
        words, positive = task.split
        self._name, self._network = task.name, Network(task.name)
        self._sentences = torch.from_numpy(task.embedding[words])
        self._positive, self._answers = torch.from_numpy(positive), torch.from_numpy(positive).long()
        tried = {}
        for threads in sorted({1, num_cores()}):
            torch.set_num_threads(threads)
            self.score()
            tried[threads] = self.quick_rate()
        best = max(tried, key=lambda threads: tried[threads])
        torch.set_num_threads(best)
        form = f"threads: {best}"
        self.facts = {"form": form, "compile_seconds": 0.0, "tried": {f"threads: {n}": tried[n] for n in tried}}

    @torch.inference_mode()
    def score(self) -> int:
        for _ in range(32):
            self._network.draw()
            self._network(self._sentences).argmax(1).eq(self._answers).sum().item()
        return 32

    def counts(self, params: Params) -> np.ndarray:
        return np.array([(margins > 0).eq(self._positive).sum() for margins in self._margins(params, torch.float32)])

    def reference(self, params: Params) -> tuple[np.ndarray, np.ndarray]:
        """In float64, of each of S settings: the correct sentences, and those whose two logits nearly tie."""
        every = list(self._margins(params, torch.float64))
        correct = np.array([(margins > 0).eq(self._positive).sum() for margins in every])
        return correct, np.array([(margins.abs() <= NEAR_TIE).sum() for margins in every])

    @torch.inference_mode()
    def _margins(self, params: Params, dtype: torch.dtype) -> Iterator[torch.Tensor]:
        """The positive logit minus the negative one, [N], of each setting."""
        network, sentences = Network(self._name).to(dtype), self._sentences.to(dtype)
        for member in range(params.b_oh.shape[-1]):
            network.load(params, member)
            logits = network(sentences)
            yield logits[:, 1] - logits[:, 0]
