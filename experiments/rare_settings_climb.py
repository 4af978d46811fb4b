"""One climb of experiments.rare_settings: an architecture under a sampler, in one draw of sentences and words."""

import time
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments import landscape_audit, runner
from experiments.conditions import DataSet, draw_data, draw_embedding
from experiments.rare_settings_tables import NAME, accuracies, wanted_level
from rnnjax import landscape, splitting
from rnnjax.datasets import Dataset
from rnnjax.initializers import Sampler
from rnnjax.landscape import Architecture
from rnnjax.parameters import count, unflatten
from rnnjax.prefixes import make_plan
from rnnjax.streams import stream


class _Law(NamedTuple):
    """How a sampler's parameters come from a prior of splitting: times a scale."""

    prior: str
    scale: Callable[[Sampler, Architecture], float]


LAWS = {
    "pytorch": _Law("uniform", lambda sampler, of: sampler.scale / np.sqrt(of.hidden_dim)),
    "uniform": _Law("uniform", lambda sampler, _: sampler.scale),
    "normal": _Law("normal", lambda sampler, _: sampler.scale),
}


class Inputs(NamedTuple):
    """What a config asks for, checked."""

    architectures: list[Architecture]
    samplers: list[Sampler]
    data: DataSet
    num_sentences: int  # of validation


class Climb:
    """One architecture under one sampler, draw by draw: each of them a few arrays of result.npz.

    It is compiled before it is called.
    """

    def __init__(self, run: runner.Run, inputs: Inputs, sampler: Sampler, architecture: Architecture) -> None:
        self._run, self._inputs, self._sampler, self._architecture = run, inputs, sampler, architecture
        self._programs: splitting.Programs | None = None

    def compile(self) -> None:
        """Once, for all draws: their sentences and words are arguments."""
        if self._programs is not None:
            return
        started, wanted, law = time.monotonic(), self._run.config[NAME], LAWS[self._sampler.name]
        self._programs = splitting.make_programs(
            splitting.PRIORS[law.prior], count(self._architecture.sizes), self._score, wanted.particles,
            self._run.mesh, self._run.config.members.tile, *self._shared(0),
        )  # fmt: skip
        self._run.seconds["compile"] += time.monotonic() - started

    def __call__(self, draw: int, repetition: int = 0) -> dict[str, np.ndarray]:
        """Climb once.

        Args:
            draw: of sentences and words.
            repetition: others are other particles and moves in the same draw.
        """
        assert self._programs is not None
        wanted, ladder = self._run.config[NAME], None
        key = stream(jax.random.key(self._run.config.seed + draw), "perturb")
        here = zlib.crc32(f"{self._sampler.spec} {self._architecture.name} {repetition}".encode())
        sentences = self._inputs.num_sentences
        levels = [wanted_level(accuracy, sentences) for accuracy in accuracies(wanted.highest)]
        climb = splitting.climb(
            self._programs, jax.random.fold_in(key, here), levels, wanted.keep, wanted.moves, wanted.rarest,
            self._shared(draw),
        )  # fmt: skip
        for ladder in climb:
            self._run.log.debug("draw %d: above %d with probability %.3g", draw, ladder.levels[-1], ladder.rates[-1])
        assert ladder is not None
        order = np.argsort(-ladder.scores, kind="stable")
        settings, scores = np.float32(self._scale) * ladder.vectors[:, order], ladder.scores[order].astype(np.int64)
        found = {name: getattr(ladder, name) for name in ("levels", "rates", "shares", "taken")}
        found |= {"best": settings[:, 0], "best_count": scores[:1]}
        return found if draw else found | {"audit": self._audit(settings, scores)}

    def oracle(self, draw: int) -> Callable[[np.ndarray], np.ndarray]:
        """A function of settings [P, S] -> margins [S, N] by landscape.plain_margins."""
        data, embedding = self._draw(draw)
        margins = landscape.plain_margins(self._architecture, data.validation, embedding)

        def of(settings: np.ndarray) -> np.ndarray:
            members_last = unflatten(settings, self._architecture.sizes)
            return margins(jax.tree.map(lambda leaf: np.moveaxis(leaf, -1, 0), members_last))

        return of

    def labels(self, draw: int) -> np.ndarray:
        """Those of the validation sentences, [N]."""
        return np.asarray(self._draw(draw)[0].validation.positive)

    def _audit(self, settings: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Some of the last particles of the first draw, scored by the oracle."""
        number, oracle = min(self._run.config[NAME].audited_settings, len(scores)), self.oracle(0)
        best = np.arange(number)
        tally = landscape.empty_tally(self._inputs.num_sentences)._replace(best=best, best_counts=scores[:number])
        what = f"{self._architecture.name} under {self._sampler.spec}, splitting"
        return landscape_audit.audit(lambda indices: oracle(settings[:, indices]), self.labels(0), tally, number, what)

    @property
    def _scale(self) -> float:
        return float(LAWS[self._sampler.name].scale(self._sampler, self._architecture))

    def _score(self, vectors: jax.Array, plan: Any, embedding: jax.Array, positive: jax.Array) -> jax.Array:
        params = unflatten(jnp.float32(self._scale) * vectors, self._architecture.sizes)
        return landscape.count_correct(self._architecture.cell, params, plan, embedding, positive)

    def _shared(self, draw: int) -> tuple[Any, ...]:
        data, embedding = self._draw(draw)
        return make_plan(data.validation.words), embedding, data.validation.positive

    def _draw(self, draw: int) -> tuple[Dataset, np.ndarray]:
        config, data = self._run.config, self._inputs.data
        return draw_data(config, data, draw), draw_embedding(config, data, draw, self._architecture.input_dim)
