"""Count, First and Xor in versions I and II (section 3.1): drawn, labelled, balanced, split."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import numpy as np

from rnnjax.errors import UserError, in_range, lookup
from rnnjax.labels import LABELS, Labels
from rnnjax.words import NUM_WORDS, WORD_KINDS, word_probabilities

# Sizes of the training, validation and test sets.
VERSIONS = {"I": (8000, 2000, 3000), "II": (5000, 1000, 1000)}

_MAX_ROUNDS = 64


class Split(NamedTuple):
    """Sentences and their labels."""

    words: np.ndarray  # [N, T] int32
    positive: np.ndarray  # [N] bool


class Dataset(NamedTuple):
    """The three splits; no sentence occurs twice, within a split or between them."""

    train: Split
    validation: Split
    test: Split


def make_dataset(
    key: jax.Array,
    label: str,
    version: str,
    kind_probabilities: Sequence[float] = (0.6, 0.2, 0.2),
    sentence_length: int = 10,
) -> Dataset:
    """Draw a data set; the same key gives the same data on every platform.

    Words are independent, given that the sentence has a label. Thesis leaves open: the class
    balance; here: half of each split is positive (exactly).

    Args:
        key: consumed.
        label: an entry of LABELS.
        version: an entry of VERSIONS.
        kind_probabilities: the chance of a stop, a positive and a negative word.
        sentence_length: T, in words.

    Raises:
        UserError: an unknown name, a length outside 1..18, or word frequencies under which there
            are too few different sentences.
    """
    rule = lookup(LABELS, label, "label")
    sizes = lookup(VERSIONS, version, "data set version")
    in_range("sentence_length", sentence_length, 1, 18)
    pools = _draw_pools(key, rule, sum(sizes) // 2, word_probabilities(kind_probabilities), sentence_length)
    orders = jax.random.split(jax.random.fold_in(key, _MAX_ROUNDS), len(sizes))
    splits, start = [], 0
    for size, order in zip(sizes, orders, strict=True):
        half = slice(start, start + size // 2)
        words = np.concatenate([pool[half] for pool in pools])
        positive = np.repeat([False, True], size // 2)
        shuffled = np.asarray(jax.random.permutation(order, size))
        splits.append(Split(words[shuffled], positive[shuffled]))
        start = half.stop
    return Dataset(*splits)


def _draw_pools(
    key: jax.Array,
    rule: Callable[[np.ndarray], Labels],
    size: int,
    probabilities: np.ndarray,
    length: int,
) -> tuple[np.ndarray, np.ndarray]:
    """`size` different negative sentences and as many positive ones, in the order drawn."""
    edges = np.cumsum(probabilities)[:-1]
    words = np.zeros((0, length), np.int32)
    for round_key in (jax.random.fold_in(key, i) for i in range(_MAX_ROUNDS)):
        uniform = np.asarray(jax.random.uniform(round_key, (4 * size, length)))
        words = np.concatenate([words, np.searchsorted(edges, uniform, "right").astype(np.int32)])
        words = _without_repeats(words)
        labels = rule(WORD_KINDS[words])
        pools = words[labels.defined & ~labels.positive], words[labels.defined & labels.positive]
        if min(map(len, pools)) >= size:
            return pools[0][:size], pools[1][:size]
    fewest = min(map(len, pools))
    raise UserError(
        f"sentences of {length} words with these word frequencies: only {fewest} different ones of a"
        f" class were found, {size} are needed; try longer sentences or more even kind_probabilities"
    )


def _without_repeats(words: np.ndarray) -> np.ndarray:
    """The first occurrence of every row, in order."""
    codes = words.astype(np.int64) @ NUM_WORDS ** np.arange(words.shape[1], dtype=np.int64)
    return words[np.sort(np.unique(codes, return_index=True)[1])]
