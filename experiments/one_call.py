"""Networks of several conditions that one compiled call measures: put together before it, taken apart after it."""

import functools
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from ml_collections import ConfigDict

from experiments.conditions import DataSet, draw_data, draw_embedding


class Job(NamedTuple):
    """Networks of one data set."""

    data: DataSet
    weights: np.ndarray  # [P, n]
    draws: np.ndarray  # [n]


def together(config: ConfigDict, section: str, split: str, dim: int, jobs: Collection[Job]) -> tuple[np.ndarray, ...]:
    """Of all networks of jobs, S: weights [P, S], embedded words [N, T, D, S], both float64, and labels [N, S].

    Each reads the first config.<section>.sentences of its draw's split, "train" or "validation".
    """

    @functools.cache
    def read(data: DataSet, draw: int) -> tuple[np.ndarray, np.ndarray]:
        sentences, number = getattr(draw_data(config, data, draw), split), config[section].sentences
        embedding = draw_embedding(config, data, draw, dim).astype(np.float64)
        return embedding[sentences.words[:number]], sentences.positive[:number]

    words, positive = zip(*(read(job.data, int(draw)) for job in jobs for draw in job.draws), strict=True)
    weights = np.concatenate([job.weights for job in jobs], 1, dtype=np.float64)
    return weights, np.stack(words, -1), np.stack(positive, -1)


def apart(arrays: Mapping[str, np.ndarray], sizes: Sequence[int]) -> list[dict[str, np.ndarray]]:
    """What was measured of all [..., S], job by job; sizes are their numbers of networks."""
    ends = np.cumsum(sizes)[:-1]
    parts = {key: np.split(values, ends, -1) for key, values in arrays.items()}
    return [{key: values[i] for key, values in parts.items()} for i in range(len(sizes))]
