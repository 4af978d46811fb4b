"""Sentences and the same with stop words between their words: the noise of section 4.3.2.

Rows of word indices; a shorter sentence is filled up with NO_WORD behind its end.
"""

from collections.abc import Sequence
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np

from rnnjax.errors import UserError
from rnnjax.streams import of_members
from rnnjax.words import KINDS, NEGATIVE, POSITIVE, STOP, WORD_KINDS, words_of

NO_WORD = -1
_LETTERS = {kind[0].upper(): number for number, kind in enumerate(KINDS)}  # S, P, N as the thesis writes them


def sentiment_sentences(longest: int) -> np.ndarray:
    """All sentences of 1 to `longest` sentiment words, [N, longest]."""
    sentiments = np.concatenate([words_of(POSITIVE), words_of(NEGATIVE)])
    rows = [
        sentence + (NO_WORD,) * (longest - length)
        for length in range(1, longest + 1)
        for sentence in product(sentiments, repeat=length)
    ]
    return np.array(rows, np.int32)


def kinds_of(sentences: np.ndarray) -> np.ndarray:
    """The kind of each word [N, L], of the same shape, as labels take them; NO_WORD counts as a stop word."""
    return np.where(sentences == NO_WORD, STOP, WORD_KINDS[sentences])


def with_stop_words(key: jax.Array, sentences: np.ndarray, number: int) -> np.ndarray:
    """The sentences with this many stop words put in, [N, L + number]; all places are equally likely.

    Args:
        key: consumed.
        sentences: [N, L], each one's words first, then NO_WORD.
        number: of stop words, each drawn from all six.
    """
    places_key, words_key = jax.random.split(key)
    num_sentences, longest = sentences.shape
    shape = num_sentences, longest + number
    lots = np.asarray(jax.random.uniform(places_key, shape)).copy()
    lots[np.arange(shape[1]) >= (sentences != NO_WORD).sum(1, keepdims=True) + number] = np.inf
    added = np.argsort(lots, 1, kind="stable") < number
    own = np.cumsum(~added, 1) - 1
    stops = np.asarray(jax.random.choice(words_key, words_of(STOP), shape))
    return np.where(added, stops, np.take_along_axis(sentences, own.clip(0), 1)).astype(np.int32)


def filled(groups: Sequence[np.ndarray]) -> np.ndarray:
    """Groups of sentences [N, T_c], T_c each its own, as one array [C, N, T], filled up with NO_WORD."""
    longest = max(group.shape[1] for group in groups)
    widths = [((0, 0), (0, longest - group.shape[1])) for group in groups]
    return np.stack([np.pad(group, w, constant_values=NO_WORD) for group, w in zip(groups, widths, strict=True)])


def spell(key: jax.Array, letters: str) -> np.ndarray:
    """Words [T] of kinds such as "SPSN", with one key the same sentiment words for "PN" as for "SPSSN".

    The n-th sentiment word is drawn by the key, its kind and n alone, and so is the n-th stop word.

    Args:
        key: consumed, but for other strings that shall share their words.
        letters: of P, N and S.

    Raises:
        UserError: another letter, or none.
    """
    if not letters or set(letters) - set(_LETTERS):
        raise UserError(f"a sentence of kinds is {letters!r}; valid: letters {', '.join(_LETTERS)}, such as 'SPSN'")
    sentiment_key, stop_key = jax.random.split(key)
    kinds = np.array([_LETTERS[letter] for letter in letters])
    found = np.zeros(len(kinds), np.int32)
    for own, theirs in ((sentiment_key, kinds != STOP), (stop_key, kinds == STOP)):
        lots = np.asarray(jax.vmap(jax.random.uniform)(of_members(own, np.arange(theirs.sum()))))
        choices = [words_of(kind) for kind in kinds[theirs]]
        found[theirs] = [words[int(lot * len(words))] for words, lot in zip(choices, lots, strict=True)]
    return found


def first_word_then_noise(key: jax.Array, length: int, repeated: bool) -> jax.Array:
    """Figure 4.9's sentences, [2, length]: a negative, a positive word, then the same stop words in both.

    Args:
        key: consumed.
        length: T, in words.
        repeated: one drawn stop word over and over, instead of each drawn from all six.
    """
    one, other, rest = jax.random.split(key, 3)
    firsts = [jax.random.choice(k, words_of(kind), (1,)) for k, kind in ((one, NEGATIVE), (other, POSITIVE))]
    drawn = jax.random.choice(rest, words_of(STOP), (1 if repeated else length - 1,))
    stops = jnp.broadcast_to(drawn, (length - 1,))
    return jnp.stack([jnp.concatenate([first, stops]) for first in firsts])
