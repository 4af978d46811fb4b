"""Trained networks on the disk, found again by whoever needs the same ones: a killed sweep, or another experiment.

A file holds some seeds of one draw of a condition. It is bound to all that its networks depend on: the condition
(not its name, nor how many networks of it are wanted), the config's seeds and tile, JAX's version, and the source of
what draws the data and trains. So nothing is taken over from another version; what is not found is trained.
"""

import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
from ml_collections import ConfigDict

import rnnjax
from experiments import conditions
from experiments.conditions import Condition, fingerprint
from rnnjax.results import Part

# What looks at networks, or draws figures, may change and leave trained ones as they are.
_ENGINE = (
    "activations", "backpropagation", "cells", "classifier", "datasets", "embeddings", "freezing", "initializers",
    "judging", "labels", "landscape", "members", "parameters", "prefixes", "schedule", "streams", "sweeps", "training",
    "words",
)  # fmt: skip

# Sources that give the same networks, bit by bit, as an earlier one, which stands for them: what that one trained is
# theirs too (BUILD_NOTES.md, "One command, and verdicts: choices").
_SAME_AS = {"4bd26655ab05402c": "821da1a06c85b07d"}


class Store:
    """A folder of trained networks, seen by one config."""

    def __init__(self, root: Path, config: ConfigDict) -> None:
        self._root = root
        seeds = config.seed, config.data.seed, config.data.embedding_seed
        self._of_config = f"seeds {seeds} tile {config.training.tile} {engine()}"

    def parts(self, condition: Condition, draw: int, history: bool) -> Iterator[Part]:
        """What is there of a condition's draw; an array `keys` [S] in each says which networks (Block.keys).

        With `history` what has each epoch's parameters alone; without, that too, after what has not.
        """
        for kept in (True,) if history else (False, True):
            for path in sorted(self._folder(condition, kept).glob(f"draw_{draw}_*.npz")):
                yield Part(path, self._identity(condition, kept, draw))

    def part(self, condition: Condition, draw: int, history: bool, keys: np.ndarray) -> Part:
        """Where some networks of a condition's draw belong."""
        name = f"draw_{draw}_{hashlib.sha256(keys.tobytes()).hexdigest()[:12]}.npz"
        return Part(self._folder(condition, history) / name, self._identity(condition, history, draw))

    def _folder(self, condition: Condition, history: bool) -> Path:
        digest = hashlib.sha256(self._identity(condition, history, None).encode()).hexdigest()[:12]
        return self._root / f"{condition.data.title}_{condition.architecture.name}_{digest}"

    def _identity(self, condition: Condition, history: bool, draw: int | None) -> str:
        return f"{fingerprint(condition)} {self._of_config} history {history} draw {draw}"


@functools.cache
def engine() -> str:
    """A fingerprint of what decides how networks are trained."""
    files = [Path(rnnjax.__path__[0], f"{name}.py") for name in _ENGINE] + [Path(conditions.__file__)]
    source = b"".join(path.read_bytes() for path in files)
    digest = hashlib.sha256(source).hexdigest()[:16]
    return f"source {_SAME_AS.get(digest, digest)} jax {jax.__version__}"
