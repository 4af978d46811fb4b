"""Section 4.6.1's compiled functions: settings drawn, scored as the sweep does it, and scored by the oracle."""

import concurrent.futures
import time
from collections.abc import Callable, Iterator

import jax
import numpy as np

from experiments import runner
from experiments.landscape_inputs import Inputs
from rnnjax import landscape
from rnnjax.initializers import Sampler
from rnnjax.landscape import Architecture
from rnnjax.members import call_size
from rnnjax.parameters import Params
from rnnjax.streams import stream


class Programs:
    """Each is compiled when it is first needed and used for all samplers that can."""

    def __init__(self, run: runner.Run, inputs: Inputs, settings: int) -> None:
        """For so many settings of an architecture and sampler."""
        self._run, self._inputs, self._key = run, inputs, stream(run.key, "init")
        wanted = min(run.config.landscape.settings_per_call, settings)
        self._size = call_size(run.mesh, run.config.members.tile, wanted)
        self._drawers: dict[tuple[str, str], landscape.Drawer] = {}
        self._counters: dict[str, Callable[[Params], jax.Array]] = {}
        self._draws: dict[tuple[str, str], Callable[..., Params]] = {}
        self._plain: dict[str, Callable[[Params], np.ndarray]] = {}

    def counts(self, sampler: Sampler, architecture: Architecture, start: int, stop: int) -> Iterator[np.ndarray]:
        """How many sentences the settings start..stop classify correctly, a call's after the other.

        What it needs is compiled when it returns, and nothing is scored yet.
        """
        self._compile(sampler, architecture)
        drawer, counter = self._drawers[sampler.name, architecture.name], self._counters[architecture.name]
        return landscape.counts(drawer, counter, self._key, sampler.scale, start, stop)

    def settings(self, sampler: Sampler, architecture: Architecture, indices: np.ndarray) -> Params:
        """The parameters of some settings [S], members first."""
        kind = (sampler.name, architecture.name)
        if kind not in self._draws:

            def one(index: jax.Array, scale: jax.Array) -> Params:
                of_this_scale = Sampler(sampler.name, scale)  # type: ignore[arg-type]
                return landscape.setting(self._key, architecture, of_this_scale, index)

            self._draws[kind] = jax.jit(jax.vmap(one, in_axes=(0, None)))
        return self._draws[kind](indices.astype(np.uint32), np.float32(sampler.scale))

    def margins(self, sampler: Sampler, architecture: Architecture, indices: np.ndarray) -> np.ndarray:
        """The oracle's margins [S, N] of some settings: each network alone, each sentence alone."""
        if architecture.name not in self._plain:
            embedding = self._inputs.embeddings[architecture.input_dim]
            self._plain[architecture.name] = landscape.plain_margins(architecture, self._inputs.split, embedding)
        return self._plain[architecture.name](self.settings(sampler, architecture, indices))

    def _compile(self, sampler: Sampler, architecture: Architecture) -> None:
        started, kind = time.monotonic(), (sampler.name, architecture.name)
        with concurrent.futures.ThreadPoolExecutor() as pool:  # XLA compiles without Python's lock
            if kind not in self._drawers:
                drawer = pool.submit(self._compile_drawer, sampler, architecture)
            if architecture.name not in self._counters:
                self._counters[architecture.name] = self._compile_counter(architecture)
            if kind not in self._drawers:
                self._drawers[kind] = drawer.result()
        self._run.seconds["compile"] += time.monotonic() - started

    def _compile_drawer(self, sampler: Sampler, architecture: Architecture) -> landscape.Drawer:
        return landscape.make_drawer(self._key, architecture, sampler.name, self._run.mesh, self._size)

    def _compile_counter(self, architecture: Architecture) -> Callable[[Params], jax.Array]:
        split, embedding = self._inputs.split, self._inputs.embeddings[architecture.input_dim]
        tile = self._run.config.members.tile
        return landscape.make_counter(architecture, split, embedding, self._run.mesh, tile, self._size)
