"""What a config asks section 4.6.1 for: every field checked, the data made."""

from typing import NamedTuple

import numpy as np
from ml_collections import ConfigDict

from experiments.conditions import DataSet, check_seeds, different, draw_data, draw_embedding, listed
from rnnjax.datasets import Split
from rnnjax.errors import in_range
from rnnjax.initializers import Sampler, parse_sampler
from rnnjax.landscape import NUM_BEST, Architecture, parse_architecture


class Inputs(NamedTuple):
    """What a config asks for, checked."""

    architectures: list[Architecture]
    samplers: list[Sampler]  # the main one first
    split: Split  # the validation sentences
    embeddings: dict[int, np.ndarray]  # by input dimension


def prepare(config: ConfigDict) -> Inputs:
    """Check every field and make the data.

    Raises:
        UserError: a value that cannot be used.
    """
    wanted = config.landscape
    check_seeds(config)
    in_range("members.tile", config.members.tile, 1, 65_536)
    in_range("landscape.num_settings", wanted.num_settings, 1, 10**9)
    in_range("landscape.settings_per_part", wanted.settings_per_part, 1, 2**24)
    in_range("landscape.settings_per_call", wanted.settings_per_call, 1, 2**20)
    in_range("landscape.audited_settings", wanted.audited_settings, 0, NUM_BEST)
    names = listed(wanted.architectures)
    different("landscape.architectures", names, ", such as gru_2x4")
    architectures = [parse_architecture(name) for name in names]
    samplers = [parse_sampler(spec) for spec in (wanted.sampler, *listed(wanted.compared_samplers))]
    words = config.data.embedding, config.data.embedding_scale, config.data.embedding_margin
    sentences = tuple(config.data.kind_probabilities), config.data.sentence_length
    data = DataSet(config.data.label, config.data.version, *words, *sentences)
    split = draw_data(config, data, 0).validation
    dims = sorted({architecture.input_dim for architecture in architectures})
    embeddings = {dim: draw_embedding(config, data, 0, dim) for dim in dims}
    return Inputs(architectures, list(dict.fromkeys(samplers)), split, embeddings)


def place(sampler: Sampler, architecture: Architecture) -> str:
    """The prefix of their arrays in result.npz, and the folder of their parts."""
    return f"{sampler.spec.replace(':', '_')}/{architecture.name}/"
