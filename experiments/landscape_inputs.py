"""What a config asks section 4.6.1 for: every field checked, the data made."""

from typing import NamedTuple

import jax
import numpy as np
from ml_collections import ConfigDict

from experiments.conditions import check_seeds, listed
from rnnjax.datasets import Split, make_dataset
from rnnjax.embeddings import make_embedding
from rnnjax.errors import UserError, in_range
from rnnjax.initializers import Sampler, parse_sampler
from rnnjax.landscape import NUM_BEST, Architecture, parse_architecture
from rnnjax.streams import stream


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
    wanted, data = config.landscape, config.data
    check_seeds(config)
    in_range("members.tile", config.members.tile, 1, 65_536)
    in_range("landscape.num_settings", wanted.num_settings, 1, 10**9)
    in_range("landscape.settings_per_part", wanted.settings_per_part, 1, 2**24)
    in_range("landscape.settings_per_call", wanted.settings_per_call, 1, 2**20)
    in_range("landscape.audited_settings", wanted.audited_settings, 0, NUM_BEST)
    names = listed(wanted.architectures)
    if not names or len(set(names)) < len(names):
        raise UserError(
            f"landscape.architectures is {tuple(names)}; valid: one or more different ones, such as gru_2x4"
        )
    architectures = [parse_architecture(name) for name in names]
    samplers = [parse_sampler(spec) for spec in (wanted.sampler, *listed(wanted.compared_samplers))]
    dataset = make_dataset(
        stream(jax.random.key(data.seed), "data"),
        data.label,
        data.version,
        data.kind_probabilities,
        data.sentence_length,
    )
    key = stream(jax.random.key(data.embedding_seed), "embedding")
    embeddings = {
        dim: make_embedding(key, data.embedding, dim, data.embedding_scale, data.embedding_margin)
        for dim in sorted({architecture.input_dim for architecture in architectures})
    }
    return Inputs(architectures, list(dict.fromkeys(samplers)), dataset.validation, embeddings)


def place(sampler: Sampler, architecture: Architecture) -> str:
    """The prefix of their arrays in result.npz, and the folder of their parts."""
    return f"{sampler.spec.replace(':', '_')}/{architecture.name}/"
