"""What is left of the differences between states when one word is repeated: is there a line of slow points?

Of one network; see members.each for many. The states are those that occur in sentences, and their spread is the root
mean square distance from their mean. Two stable points hold a part of it for good; a line of slow points (a near-line
attractor) holds it for long, though in the end there may be one point alone.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rnnjax.cells import Cell
from rnnjax.classifier import hidden_states
from rnnjax.fixed_points import Step, repeat
from rnnjax.parameters import Params
from rnnjax.statistics import quotient

LONG = 1000  # words after which a state counts as settled
FAR, SLOWLY = 0.5, 0.1  # in units of the spread: on its way is what has so far to go, and goes at most so fast


class Relaxation(NamedTuple):
    """N states, and the same ones after a word has been repeated."""

    before: jax.Array  # [H, H], covariance of the states
    after: jax.Array  # [H, H], after `times` words
    settled: jax.Array  # [H, H], after LONG more
    on_way: jax.Array  # share of the states that are on their way after `times` words


def visited(cell: Cell, params: Params, embedding: jax.Array, sentences: jax.Array) -> jax.Array:
    """The states after every word of N sentences, [N·T, H].

    Args:
        cell: an entry of CELLS.
        params: of one network.
        embedding: the words' places, [V, D].
        sentences: indices of words, [N, T].
    """
    states = jax.vmap(lambda sentence: hidden_states(cell, params, embedding[sentence]))(sentences)
    return states.reshape(-1, states.shape[-1])


def relax(step: Step, states: jax.Array, times: int) -> Relaxation:
    """What is left of the differences between states.

    Args:
        step: what the word does, [H] -> [H].
        states: [N, H].
        times: words after which one looks, such as a sentence's length.
    """
    later = repeat(step, states, times)
    settled = repeat(step, later, LONG)
    before = _covariance(states)
    spread = jnp.sqrt(jnp.trace(before))
    speed = jnp.linalg.norm(jax.vmap(step)(later) - later, axis=-1)
    to_go = jnp.linalg.norm(settled - later, axis=-1)
    on_way = (to_go > FAR * spread) & (speed <= SLOWLY * spread)
    return Relaxation(before, _covariance(later), _covariance(settled), on_way.mean())


def spread_ratio(later: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The spread of one covariance [..., H, H] over that of another, [...]."""
    one, other = (np.trace(each, axis1=-2, axis2=-1) for each in (later, before))
    return np.sqrt(quotient(one, other))


def axis_share(covariance: np.ndarray) -> np.ndarray:
    """The share of the variance [..., H, H] on the first principal axis, [...]: 1 on a line; NaN without any."""
    share = np.full(covariance.shape[:-2], np.nan)
    there = np.trace(covariance, axis1=-2, axis2=-1) > 0
    values = np.linalg.eigvalsh(covariance[there])
    share[there] = values[..., -1] / values.sum(-1)
    return share


def _covariance(states: jax.Array) -> jax.Array:
    centred = states - states.mean(0)[None]
    return jnp.sum(centred[:, :, None] * centred[:, None, :], 0) / len(states)
