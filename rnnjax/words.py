"""The vocabulary of section 3.1: ten words, of which six are stop words, two positive, two negative.

A word is its index 0..9; a sentence is a row of T such indices.
"""

from collections.abc import Sequence

import numpy as np

from rnnjax.errors import UserError

KINDS = ("stop", "positive", "negative")
STOP, POSITIVE, NEGATIVE = range(3)
WORD_KINDS = np.repeat([STOP, POSITIVE, NEGATIVE], [6, 2, 2])
NUM_WORDS = len(WORD_KINDS)


def words_of(kind: int) -> np.ndarray:
    """The indices of the words of a kind."""
    return np.flatnonzero(WORD_KINDS == kind)


def word_probabilities(kind_probabilities: Sequence[float]) -> np.ndarray:
    """Each word's chance at any place of a sentence, [V].

    Thesis leaves open: how often each kind of word occurs; here: the caller says, and words of one
    kind are equally likely.

    Args:
        kind_probabilities: the chance of a stop, a positive and a negative word; they sum to 1.

    Raises:
        UserError: not three chances in [0, 1] with sum 1, or no sentiment word of a kind.
    """
    try:
        chances = np.array([float(chance) for chance in kind_probabilities])
    except (TypeError, ValueError):
        chances = np.zeros(0)
    if chances.shape != (3,) or not np.isfinite(chances).all() or abs(chances.sum() - 1) > 1e-6:
        raise UserError(
            f"kind_probabilities is {kind_probabilities}; it must be three numbers, for {', '.join(KINDS)}, with sum 1"
        )
    if not (chances[STOP] >= 0 and chances[POSITIVE] > 0 and chances[NEGATIVE] > 0):
        raise UserError(
            f"kind_probabilities is {tuple(kind_probabilities)}; positive and negative words need"
            " a chance above 0, stop words one of at least 0"
        )
    return chances[WORD_KINDS] / np.bincount(WORD_KINDS)[WORD_KINDS]
