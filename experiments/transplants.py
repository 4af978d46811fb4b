"""What sections 4.4.2 and 4.4.3 share: donors' final weights become other networks' starts."""

from collections.abc import Callable, Mapping, Sequence

import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from experiments.conditions import Condition, DataSet, architectures, data_sets, different, draw_starts, listed, make
from experiments.outcomes import Outcome
from rnnjax.errors import one_of
from rnnjax.landscape import Architecture
from rnnjax.parameters import Params, flatten_members, unflatten
from rnnjax.transplant import INPUT_WEIGHTS

Transplant = Callable[[Params, Params, str], Params]


def both_cells(config: ConfigDict, section: str) -> list[Architecture]:
    """The RNN and the GRU of the section's size."""
    return architectures(("rnn", "gru"), (2,), (config[section].hidden_dim,))


def readings(config: ConfigDict, section: str) -> list[str]:
    """What becomes of the input weights, as the section's field says: "random", "copied", or one beside the other.

    Raises:
        UserError: none, one twice, or another word.
    """
    found = listed(config[section].input_weights)
    different(f"{section}.input_weights", found, ", such as random")
    for each in found:
        one_of(f"{section}.input_weights", each, INPUT_WEIGHTS)
    return found


def name_of(data: DataSet, input_weights: str, shape: Architecture) -> str:
    """The name of transplanted's condition under one reading."""
    return f"{data.title}/input_weights_{input_weights}/{shape.name}"


def random_starts(config: ConfigDict, section: str) -> list[Condition]:
    """Both cells on all data sets from random starts: one is the donor, the other the control.

    Raises:
        UserError: a value that cannot be used.
    """
    readings(config, section)  # which are checked before anything is trained
    shapes = both_cells(config, section)
    return [make(config, section, data, shape) for data in data_sets(config, section) for shape in shapes]


def from_donors(
    config: ConfigDict,
    section: str,
    outcomes: Mapping[str, Outcome],
    donor: Architecture,
    shape: Architecture,
    transplant: Transplant,
) -> list[Condition]:
    """On every data set a network of a shape from every donor, under each reading of what is copied."""
    found = []
    for data in data_sets(config, section):
        of = outcomes[f"{data.title}/{donor.name}"]
        found += transplanted(config, make(config, section, data, shape), of, transplant, readings(config, section))
    return found


def transplanted(
    config: ConfigDict, like: Condition, donor: Outcome, transplant: Transplant, input_weights: Sequence[str]
) -> list[Condition]:
    """One condition for each reading of which input weights are copied; every donor has a network of its own.

    Args:
        config: of the run.
        like: the condition of the networks that start from the donors, which is their control: all but the name and
            the start are its own.
        donor: trained networks.
        transplant: an entry of rnnjax.transplant.
        input_weights: the readings, of INPUT_WEIGHTS.
    """
    seeds, shape = np.arange(like.num_seeds), like.architecture
    own = np.stack([draw_starts(config, like, draw, seeds) for draw in range(like.num_draws)], 1)
    final = donor["final"].reshape(len(donor["final"]), -1)
    trained, random = (
        unflatten(jnp.asarray(flat), sizes)
        for flat, sizes in ((final, donor.condition.architecture.sizes), (own.reshape(len(own), -1), shape.sizes))
    )
    found = []
    for each in input_weights:
        start = transplant(trained, random, each)
        given = np.asarray(flatten_members(start)).reshape(own.shape)
        found.append(like._replace(name=name_of(like.data, each, shape), start=given))
    return found
