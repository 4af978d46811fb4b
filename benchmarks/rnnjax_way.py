"""This library's way: members last in tiles, shared prefixes, one device a core."""

import time
from collections.abc import Callable

import jax
import numpy as np

from benchmarks.task import SEED, Task
from benchmarks.worker import Way
from rnnjax import landscape, members
from rnnjax.initializers import parse_sampler
from rnnjax.parameters import Params
from rnnjax.streams import stream

SAMPLER = parse_sampler("pytorch")  # U(±1/√H)
_TILE = 80
_SETTINGS_PER_CALL = 8192


class Programs:
    """One architecture's compiled drawing and counting, on all cores."""

    def __init__(self, task: Task) -> None:
        self._key = stream(jax.random.key(SEED), "init")
        architecture, mesh = landscape.parse_architecture(task.name), members.make_mesh()
        started = time.perf_counter()
        size = members.call_size(mesh, _TILE, _SETTINGS_PER_CALL)
        self._drawer = landscape.make_drawer(self._key, architecture, SAMPLER.name, mesh, size)
        self.size = self._drawer.size
        self._counter = landscape.make_counter(architecture, task.split, task.embedding, mesh, _TILE, self.size)
        self.compile_seconds = time.perf_counter() - started
        self.form = f"tiles of {_TILE}, {self.size} settings a call, {mesh.size} devices"

    def counts(self, start: int, stop: int, take: Callable[[np.ndarray], None]) -> None:
        """Hand out the counts of settings start..stop-1, a call's worth at a time."""
        for new in landscape.counts(self._drawer, self._counter, self._key, SAMPLER.scale, start, stop):
            take(new)

    def draw(self, number: int) -> Params:
        """The first settings."""
        indices = np.arange(self.size, dtype=np.uint32)
        params = self._drawer.draw(indices, self._key, np.float32(SAMPLER.scale))
        return jax.tree.map(lambda leaf: np.asarray(leaf)[..., :number], params)


class Rnnjax(Way):
    """As the experiment calls it."""

    def __init__(self, task: Task, _: float) -> None:
        members.use_all_cores()
        self._programs, self._next = Programs(task), 0
        self.facts = {"form": self._programs.form, "compile_seconds": self._programs.compile_seconds}

    def score(self) -> int:
        start = self._next
        self._next += 4 * self._programs.size
        self._programs.counts(start, self._next, lambda _: None)
        return self._next - start

    def shared(self, number: int) -> tuple[Params, np.ndarray]:
        """The first settings' parameters, on which the other ways are checked, and their counts."""
        found: list[np.ndarray] = []
        self._programs.counts(0, number, found.append)
        return self._programs.draw(number), np.concatenate(found)
