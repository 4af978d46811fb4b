"""The way of a network's state through a sentence, and how long it tells two sentences apart: section 4.3.2.

All are functions of one network, see members.each for many.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rnnjax.cells import Cell
from rnnjax.classifier import margin
from rnnjax.noise import NO_WORD
from rnnjax.parameters import Params


class Trajectory(NamedTuple):
    """What one network does with N sentences of T words."""

    states: jax.Array  # [N, T, H], after each word
    margins: jax.Array  # [N, T], of the readout at each state: above 0 it would call the sentence positive


def follow(
    cell: Cell, params: Params, embedding: jax.Array | np.ndarray, sentences: jax.Array | np.ndarray
) -> Trajectory:
    """The states after each word, from 0 on; NO_WORD leaves the state as it is.

    Args:
        cell: an entry of CELLS.
        params: of one network.
        embedding: the words' places, [V, D].
        sentences: indices of words, [N, T].
    """
    prepared = cell.prepare(params)
    projected = jax.vmap(lambda x: cell.project(prepared, x))(embedding)

    def read(h: jax.Array, word: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = jnp.where(word == NO_WORD, h, cell.advance(prepared, h, projected[word]))
        return h, h

    def one(sentence: jax.Array) -> jax.Array:
        return jax.lax.scan(read, jnp.zeros(params.w_hh.shape[1], embedding.dtype), sentence)[1]

    states = jax.vmap(one)(jnp.asarray(sentences))
    return Trajectory(states, jax.vmap(jax.vmap(lambda h: margin(params, h)))(states))


def first_wrong(margins: jax.Array, positive: jax.Array, start: int = 1) -> jax.Array:
    """The first step, counted from 1, after which one of N sentences is called wrongly; T + 1: none ever is.

    Args:
        margins: [N, T]; as everywhere, 0 and NaN call a sentence negative.
        positive: the labels, [N] bool, the same after each step.
        start: the first step that counts; what a network calls shorter sentences does not.
    """
    wrong = ((margins > 0) != positive[:, None]).any(0) & (jnp.arange(1, margins.shape[1] + 1) >= start)
    return _first(wrong)


def meeting(states: jax.Array, tolerance: float) -> jax.Array:
    """The first step, counted from 1, from which on two paths stay within a distance to the end; T + 1: never.

    Args:
        states: of the two, [2, T, H]; where they are not numbers they are apart.
        tolerance: the distance, in units of the state.
    """
    near = jnp.linalg.norm(states[0] - states[1], axis=-1) <= tolerance
    return near.shape[0] + 1 - _first(~near[::-1]) + 1


def _first(true: jax.Array) -> jax.Array:
    """The place, counted from 1, of the first True of [T]; T + 1 if there is none."""
    return jnp.where(true.any(), jnp.argmax(true), true.shape[0]) + 1
