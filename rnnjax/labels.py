"""The three labelling functions of section 3.1, each with a mask of the sentences that have a label.

Thesis leaves open: Count's ties, First without a sentiment word, Xor with fewer than two; here: such
sentences are undefined and never drawn.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnjax.words import NEGATIVE, POSITIVE, STOP


class Labels(NamedTuple):
    """Labels of N sentences; `positive` means nothing where `defined` is False."""

    positive: np.ndarray  # [N] bool
    defined: np.ndarray  # [N] bool


def count(kinds: np.ndarray) -> Labels:
    """Positive when positive words outnumber negative ones; undefined at a tie.

    Args:
        kinds: the kind of each word, [N, T].
    """
    surplus = (kinds == POSITIVE).sum(1) - (kinds == NEGATIVE).sum(1)
    return Labels(surplus > 0, surplus != 0)


def first(kinds: np.ndarray) -> Labels:
    """Positive when the first sentiment word is positive; undefined without one.

    Args:
        kinds: the kind of each word, [N, T].
    """
    sentiment = kinds != STOP
    leading = _kind_of_nth_sentiment_word(kinds, sentiment, 1)
    return Labels(leading == POSITIVE, sentiment.any(1))


def xor(kinds: np.ndarray) -> Labels:
    """Positive when the first two sentiment words differ in kind; undefined with fewer than two.

    Args:
        kinds: the kind of each word, [N, T].
    """
    sentiment = kinds != STOP
    one = _kind_of_nth_sentiment_word(kinds, sentiment, 1)
    two = _kind_of_nth_sentiment_word(kinds, sentiment, 2)
    return Labels(one != two, sentiment.sum(1) >= 2)


LABELS: dict[str, Callable[[np.ndarray], Labels]] = {"count": count, "first": first, "xor": xor}


def _kind_of_nth_sentiment_word(kinds: np.ndarray, sentiment: np.ndarray, n: int) -> np.ndarray:
    """[N]; any kind where a sentence has fewer than n sentiment words."""
    place = np.argmax(np.cumsum(sentiment, 1) >= n, 1)
    return kinds[np.arange(len(kinds)), place]
