"""The best that we know for PyTorch: all members in one tensor, compiled by inductor.

As in rnnjax, members are the last, contiguous axis and sums over inputs and hidden units are written
out, so that inductor makes vector code of everything; the words' projections are computed once a word.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from benchmarks.task import Task
from rnnjax.landscape import parse_architecture


class Tensors(NamedTuple):
    """rnnjax's Params, as tensors."""

    w_ih: torch.Tensor
    w_hh: torch.Tensor
    b_ih: torch.Tensor
    b_hh: torch.Tensor
    w_oh: torch.Tensor
    b_oh: torch.Tensor


class Stage(NamedTuple):
    """R rows that start from rows of the stage before and read L words each."""

    parents: np.ndarray  # [R]
    words: np.ndarray  # [L, R]


class Form(NamedTuple):
    """One way of writing the program."""

    compiled: str  # "all": from projection to count in one piece; "word": one word, called T times
    activations: str  # "torch": torch.tanh and torch.sigmoid; "exp": both written with torch.exp
    size: int  # settings a call

    def __str__(self) -> str:
        return f"compiled: {self.compiled}, activations: {self.activations}, {self.size} settings a call"


class Activations(NamedTuple):
    """The two functions in which most of the time is spent."""

    sigmoid: Callable[[torch.Tensor], torch.Tensor]
    tanh: Callable[[torch.Tensor], torch.Tensor]


# inductor's tanh is three times slower than its exp.
ACTIVATIONS = {
    "torch": Activations(torch.sigmoid, torch.tanh),
    "exp": Activations(lambda x: 1 / (1 + torch.exp(-x)), lambda x: 2 / (1 + torch.exp(-2 * x)) - 1),
}


def build(task: Task, form: Form, stages: Sequence[Stage]) -> Callable[[Tensors], torch.Tensor]:
    """A function of the parameters of form.size settings -> correct sentences, [S].

    Args:
        task: what to score.
        form: how the program is written.
        stages: which rows are read word by word; the last stage has one row a sentence.
    """
    gated = parse_architecture(task.name).cell.name == "gru"
    advance, functions = (gru if gated else rnn), ACTIVATIONS[form.activations]
    embedding = torch.from_numpy(task.embedding)
    plan = [tuple(torch.from_numpy(array.astype(np.int64)) for array in stage) for stage in stages]
    positive = torch.from_numpy(task.split.positive)

    def compiled(function: Callable[..., Any], wanted: bool) -> Callable[..., Any]:
        return torch.compile(function, fullgraph=True, dynamic=False) if wanted else function

    by_word = form.compiled == "word"
    first = compiled(project, by_word)
    read = compiled(lambda p, h, projected, words: advance(functions, p, h, projected[words]), by_word)
    last = compiled(count_correct, by_word)

    def count(p: Tensors) -> torch.Tensor:
        projected = first(p, embedding, gated)
        h = torch.zeros(1, *p.w_hh.shape[1:])
        for parents, words in plan:
            h = h[parents]
            for row in words:
                h = read(p, h, projected, row)
        return last(p, h, positive)

    return compiled(count, not by_word)


def project(p: Tensors, embedding: torch.Tensor, gated: bool) -> torch.Tensor:
    """What of the gates' arguments depends on the word alone, [V, gates·H, S]."""
    size = p.w_hh.shape[1]
    bias = torch.cat([p.b_ih[:-size] + p.b_hh[:-size], p.b_ih[-size:]]) if gated else p.b_ih + p.b_hh
    return _affine(bias, p.w_ih, embedding[:, :, None])


def rnn(functions: Activations, p: Tensors, h: torch.Tensor, projected: torch.Tensor) -> torch.Tensor:
    """(1.1), for rows and members: [R, H, S]."""
    return functions.tanh(_affine(projected, p.w_hh, h))


def gru(functions: Activations, p: Tensors, h: torch.Tensor, projected: torch.Tensor) -> torch.Tensor:
    """(1.3)-(1.6), for rows and members: [R, H, S]."""
    size = h.shape[1]
    reset, update, candidate = (slice(i * size, (i + 1) * size) for i in range(3))
    r = functions.sigmoid(_affine(projected[:, reset], p.w_hh[reset], h))
    z = functions.sigmoid(_affine(projected[:, update], p.w_hh[update], h))
    n = functions.tanh(projected[:, candidate] + r * _affine(p.b_hh[candidate], p.w_hh[candidate], h))
    return n + z * (h - n)


def count_correct(p: Tensors, h: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
    """(1.2): [S] from the last states [N, H, S]."""
    margins = p.b_oh[1] - p.b_oh[0]
    for k in range(h.shape[1]):
        margins = margins + (p.w_oh[1, k] - p.w_oh[0, k]) * h[:, k]
    return ((margins > 0) == positive[:, None]).sum(0)


def _affine(start: torch.Tensor, matrix: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
    """start + matrix @ vector for [J, S], [J, K, S], [R, K, S] -> [R, J, S]."""
    for k in range(matrix.shape[1]):
        start = start + matrix[:, k] * vector[:, k, None]
    return start
