"""Perturbed networks of section 4.6.3: noise is put on their weights, and they are trained on."""

import zlib

import jax
import numpy as np
from ml_collections import ConfigDict

from experiments.analysis import Measured
from experiments.conditions import Condition, protocol
from experiments.training_sweep import Sweep
from rnnjax import perturbation
from rnnjax.datasets import VERSIONS
from rnnjax.landscape import Architecture
from rnnjax.parameters import count
from rnnjax.streams import of_members, stream


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
        trained, validated, _ = VERSIONS[condition.data.version]
        kept |= {"train_accuracy": arrays["train_correct"] / trained, "accuracy": arrays["correct"] / validated}
        for name, values in kept.items():
            last = wanted.epochs - 1 + (name == "history")
            values = values[np.minimum(np.arange(last + 1), len(values) - 1)]
            found.setdefault(name, np.zeros((*values.shape[:-1], len(seeds))))[..., mine] = values
    return found
