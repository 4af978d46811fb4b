"""One network reads one sentence: the cell scanned over its words, then the readout (1.2)."""

import jax
import jax.numpy as jnp

from rnnjax.cells import Cell
from rnnjax.parameters import Params


def hidden_states(cell: Cell, params: Params, sentence: jax.Array) -> jax.Array:
    """The state after every word, [T, H]; the start, before the first word, is 0.

    Args:
        cell: an entry of CELLS.
        params: of one network.
        sentence: its embedded words, [T, D].
    """

    prepared = cell.prepare(params)

    def read(h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = cell.advance(prepared, h, cell.project(prepared, x))
        return h, h

    start = jnp.zeros(params.w_hh.shape[1], sentence.dtype)
    return jax.lax.scan(read, start, sentence)[1]


def readout(params: Params, h: jax.Array) -> jax.Array:
    """(1.2): the logits W_oh h + b_oh, [K], of one state [H]."""
    # TPUs and some GPUs would otherwise round the factors to fewer bits.
    return jnp.dot(params.w_oh, h, precision="highest") + params.b_oh


def logits(cell: Cell, params: Params, sentence: jax.Array) -> jax.Array:
    """The logits [K] after the last word of a sentence [T, D]."""
    return readout(params, hidden_states(cell, params, sentence)[-1])


def margin(params: Params, h: jax.Array) -> jax.Array:
    """The positive logit minus the negative one; a sentence is called positive when it is above 0.

    Softmax keeps the order of the logits, so this decides as the thesis' softmax does. At 0 exactly
    the call is negative.

    Args:
        params: of one network, or of S with the members last.
        h: a state [H], or [H, S].
    """
    value = params.b_oh[1] - params.b_oh[0]
    for k in range(h.shape[0]):
        value = value + (params.w_oh[1, k] - params.w_oh[0, k]) * h[k]
    return value
