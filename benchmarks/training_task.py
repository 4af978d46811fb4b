"""What is trained: members of one architecture on CountII's 5,000 sentences."""

from typing import NamedTuple

import jax
import numpy as np

from benchmarks.task import SEED
from rnnjax.datasets import Dataset, make_dataset
from rnnjax.embeddings import make_embedding
from rnnjax.initializers import parse_sampler
from rnnjax.landscape import parse_architecture
from rnnjax.parameters import flatten
from rnnjax.streams import stream

LEARNING_RATE = 1e-3


class TrainingTask(NamedTuple):
    """Plain arrays and names, so that every way gets the same, in whatever process it lives."""

    name: str  # of the architecture, such as gru_2x4
    batch_size: int
    dataset: Dataset
    embedding: np.ndarray  # [V, D] float32
    params: np.ndarray  # [P, S] float32, the members' starts
    orders: np.ndarray  # [N, S], an order of the training sentences for each, for ways that are given one


def make_task(name: str, batch_size: int, num_members: int) -> TrainingTask:
    """The task on configs/count_ii.py's data.

    Raises:
        UserError: a name that stands for no architecture.
    """
    architecture, key = parse_architecture(name), jax.random.key(SEED)
    dataset = make_dataset(stream(key, "data"), "count", "II")
    embedding = make_embedding(stream(key, "embedding"), "embedding_2", architecture.input_dim)
    sample, init = parse_sampler("pytorch"), stream(key, "init")
    keys = jax.vmap(lambda i: jax.random.fold_in(init, i))(np.arange(num_members))
    draw = jax.vmap(
        lambda key: flatten(sample(key, architecture.cell, architecture.input_dim, architecture.hidden_dim))
    )
    number = len(dataset.train.words)
    orders = np.stack([np.random.default_rng(i).permutation(number) for i in range(num_members)], 1)
    return TrainingTask(name, batch_size, dataset, embedding, np.asarray(draw(keys)).T, orders)
