"""Plain JAX: vmap over settings of vmap over sentences of the scanned cell, compiled with XLA's defaults."""

import time

import jax
import numpy as np

from benchmarks.rnnjax_way import SAMPLER
from benchmarks.task import SEED, Task
from benchmarks.worker import Way
from rnnjax.classifier import logits
from rnnjax.landscape import parse_architecture, setting
from rnnjax.parameters import Params
from rnnjax.streams import stream

_SIZES = (16, 64, 256, 1024)  # settings a call


class JaxVmap(Way):
    """One network reads one sentence; JAX makes many of both."""

    def __init__(self, task: Task, _: float) -> None:
        self._task, self._architecture = task, parse_architecture(task.name)
        self._next = 0
        self._given = jax.jit(jax.vmap(self._count))
        self._drawn = jax.jit(jax.vmap(lambda index: self._count(self._draw(index))))
        tried = {}
        for self._size in _SIZES:
            started = time.perf_counter()
            self.score()
            compile_seconds = time.perf_counter() - started
            tried[f"{self._size} settings a call"] = {"rate": self.quick_rate(), "compile_seconds": compile_seconds}
        form = max(tried, key=lambda form: tried[form]["rate"])
        self._size = _SIZES[list(tried).index(form)]
        self.facts = {"form": form, "compile_seconds": tried[form]["compile_seconds"], "tried": tried}

    def score(self) -> int:
        indices = np.arange(self._next, self._next + self._size, dtype=np.uint32)
        np.asarray(self._drawn(indices))
        self._next += self._size
        return self._size

    def counts(self, params: Params) -> np.ndarray:
        return np.asarray(self._given(jax.tree.map(lambda leaf: np.moveaxis(leaf, -1, 0), params)))

    def _draw(self, index: jax.Array) -> Params:
        return setting(stream(jax.random.key(SEED), "init"), self._architecture, SAMPLER, index)

    def _count(self, params: Params) -> jax.Array:
        words, positive = self._task.split
        sentences = self._task.embedding[words]
        pairs = jax.vmap(lambda sentence: logits(self._architecture.cell, params, sentence))(sentences)
        return ((pairs[:, 1] > pairs[:, 0]) == positive).sum()
