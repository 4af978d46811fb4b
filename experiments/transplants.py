"""What sections 4.4.2 and 4.4.3 share: donors' final weights become other networks' starts."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from experiments.conditions import Condition, DataSet, draw_starts, make
from experiments.outcomes import Outcome
from rnnjax.landscape import Architecture
from rnnjax.parameters import Params, flatten_members, unflatten
from rnnjax.transplant import INPUT_WEIGHTS

Transplant = Callable[[Params, Params, str], Params]


def transplanted(
    config: ConfigDict, section: str, data: DataSet, donor: Outcome, shape: Architecture, transplant: Transplant
) -> list[Condition]:
    """One condition for each reading of which input weights are copied; every donor has a network of its own.

    Args:
        config: of the run.
        section: the experiment's.
        data: the data set.
        donor: trained networks.
        shape: of the networks that start from them.
        transplant: an entry of rnnjax.transplant.
    """
    plain = make(config, section, data, shape)
    seeds = np.arange(plain.num_seeds)
    own = np.stack([draw_starts(config, plain, draw, seeds) for draw in range(plain.num_draws)], 1)
    final = donor["final"].reshape(len(donor["final"]), -1)
    trained, random = (
        unflatten(jnp.asarray(flat), sizes)
        for flat, sizes in ((final, donor.condition.architecture.sizes), (own.reshape(len(own), -1), shape.sizes))
    )
    found = []
    for input_weights in INPUT_WEIGHTS:
        start = transplant(trained, random, input_weights)
        given = np.asarray(flatten_members(start)).reshape(own.shape)
        found.append(make(config, section, data, shape, f"input_weights_{input_weights}", start=given))
    return found
