"""What is scored: an architecture, FirstI's 2,000 validation sentences and where their words lie."""

from typing import NamedTuple

import jax
import numpy as np

from rnnjax.datasets import Split, make_dataset
from rnnjax.embeddings import make_embedding
from rnnjax.landscape import parse_architecture
from rnnjax.streams import stream

SEED = 0
ARCHITECTURES = ("rnn_2x2", "rnn_2x4", "rnn_4x2", "rnn_4x4", "gru_2x2", "gru_2x4", "gru_4x2", "gru_4x4")


class Task(NamedTuple):
    """Plain arrays and a name, so that every way gets the same, in whatever process it lives."""

    name: str  # of the architecture, such as gru_2x4
    split: Split  # N sentences of T words, and their labels
    embedding: np.ndarray  # [V, D] float32


def make_tasks(names: list[str]) -> list[Task]:
    """One task an architecture, on the data of configs/first_i.py.

    Raises:
        UserError: a name that stands for no architecture.
    """
    key = jax.random.key(SEED)
    dims = [parse_architecture(name).input_dim for name in names]
    split = make_dataset(stream(key, "data"), "first", "I").validation
    place = stream(key, "embedding")
    return [Task(name, split, make_embedding(place, "embedding_2", dim)) for name, dim in zip(names, dims, strict=True)]
