"""The gradient of a minibatch's loss for many networks at once: backpropagation through time by hand.

jax.grad of the same loss gives the same numbers (the tests compare), but XLA:CPU fuses its unrolled
graph until most of the work is done many times over: 28 to 380 us a member's minibatch of 8 sentences for
a GRU 2x4 against 0.5 us here. So each word's forward and backward step is kept apart from the others
(members.apart), and only what is elementwise, the cell's update, is differentiated by JAX.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rnnjax.activations import LOG2_E, sigmoid2
from rnnjax.cells import Cell, Sums
from rnnjax.classifier import margin
from rnnjax.members import apart
from rnnjax.parameters import Params


class Batch(NamedTuple):
    """Some sentences of S members, each member's its own."""

    x: Any  # [T, B, D, S] float32, the embedded words
    positive: Any  # [B, S] bool
    weight: Any  # [B] float32: what the sentence's loss counts


class Loss(NamedTuple):
    """Of a batch, [S] each."""

    total: Any  # float32, sum of weight x cross-entropy, in nats
    correct: Any  # int32, sentences with a weight above 0 that are classified correctly


def cross_entropy(margins: jax.Array, positive: jax.Array) -> jax.Array:
    """Of the softmax of two logits, from their difference (classifier.margin); elementwise."""
    return jax.nn.softplus(jnp.where(positive, -margins, margins))


def loss_and_gradient(cell: Cell, params: Params, batch: Batch, one: jax.Array | np.ndarray) -> tuple[Loss, Params]:
    """The loss of a batch and the gradient of its total, for S networks.

    Args:
        cell: an entry of CELLS.
        params: of S networks, members last.
        batch: their sentences.
        one: 1, as an argument of the compiled function (see members.apart).
    """
    prepared = cell.prepare(params)
    length, batch_size, _, members = batch.x.shape
    project = jax.vmap(cell.project, in_axes=(None, 0))
    advance = jax.vmap(cell.advance, in_axes=(None, 0, 0))

    def forward(h: jax.Array, x: jax.Array) -> jax.Array:
        return advance(prepared, h, project(prepared, x))

    states = [jnp.zeros((batch_size, params.w_hh.shape[1], members), batch.x.dtype)]
    for t in range(length):
        states.append(apart(forward, one, states[-1], batch.x[t]))
    loss, of_readout, of_h = apart(_read_out, one, params, states[-1], batch.positive, batch.weight)
    blocks = _blocks(cell, prepared)
    rows = Rows(*([getattr(prepared, name)[block] * 0 for block in blocks] for name in Rows._fields))
    pull_back, accumulate = functools.partial(_pull_back, cell), functools.partial(_accumulate, cell)
    for t in reversed(range(length)):
        of_sums, of_word, direct = apart(pull_back, one, prepared, states[t], batch.x[t], of_h)
        rows = apart(accumulate, one, rows, of_sums, of_word, states[t], batch.x[t])
        if t:
            of_h = apart(_through_weights, one, prepared, of_sums, direct)
    gradient = of_readout.replace(**{name: jnp.concatenate(gates) for name, gates in rows._asdict().items()})
    return loss, cell.prepare(gradient)


class Rows(NamedTuple):
    """The gradient with respect to prepared parameters, each leaf's row blocks apart: one array a gate."""

    w_ih: Any
    w_hh: Any
    b_ih: Any
    b_hh: Any


def _read_out(params: Params, h: jax.Array, positive: jax.Array, weight: jax.Array) -> tuple[Loss, Params, jax.Array]:
    """The loss, its gradient with respect to the readout (the other leaves None), and to the last state h [B, H, S]."""
    margins = jax.vmap(margin, in_axes=(None, 0))(params, h)
    right = ((margins > 0) == positive) & (weight > 0)[:, None]
    loss = Loss((weight[:, None] * cross_entropy(margins, positive)).sum(0), right.sum(0, dtype=jnp.int32))
    # The derivative of the cross-entropy: the probability of "positive", less 1 where that is right.
    of_margins = weight[:, None] * (sigmoid2(margins * LOG2_E) - positive)
    of_row = _outer(jnp.zeros_like(params.w_oh[:1]), of_margins[:, None], h)[0]
    of_bias = of_margins.sum(0)
    readout = Params(None, None, None, None, jnp.stack([-of_row, of_row]), jnp.stack([-of_bias, of_bias]))
    return loss, readout, of_margins[:, None] * (params.w_oh[1] - params.w_oh[0])[None]


def _pull_back(
    cell: Cell, prepared: Params, h: jax.Array, x: jax.Array, of_next: jax.Array
) -> tuple[Sums, jax.Array, jax.Array]:
    """Gradients with respect to the sums, the word's part of the candidate's, and h where it is used directly."""
    projected = jax.vmap(cell.project, in_axes=(None, 0))(prepared, x)
    sums = jax.vmap(cell.sums, in_axes=(None, 0, 0))(prepared, h, projected)
    _, pull = jax.vjp(cell.update, sums, projected[:, -h.shape[1] :], h)
    return pull(of_next)


def _accumulate(cell: Cell, rows: Rows, of_sums: Sums, of_word: jax.Array, h: jax.Array, x: jax.Array) -> Rows:
    """What a word adds to the gradient."""
    of_words = (*of_sums[:-1], of_word) if cell.resets else of_sums
    return Rows(
        w_ih=[_outer(leaf, gate, x) for leaf, gate in zip(rows.w_ih, of_words, strict=True)],
        w_hh=[_outer(leaf, gate, h) for leaf, gate in zip(rows.w_hh, of_sums, strict=True)],
        b_ih=[_outer(leaf, gate, None) for leaf, gate in zip(rows.b_ih, of_words, strict=True)],
        b_hh=[_outer(leaf, gate, None) for leaf, gate in zip(rows.b_hh, of_sums, strict=True)],
    )


def _through_weights(prepared: Params, of_sums: Sums, direct: jax.Array) -> jax.Array:
    """The gradient with respect to the state before the word, [B, H, S]."""
    size = direct.shape[1]
    for i, of_sum in enumerate(of_sums):
        for j in range(size):
            direct = direct + prepared.w_hh[None, i * size + j] * of_sum[:, j, None]
    return direct


def _blocks(cell: Cell, params: Params) -> list[slice]:
    size = params.w_hh.shape[1]
    return [slice(i * size, (i + 1) * size) for i in range(len(cell.gates))]


def _outer(start: jax.Array, rows: jax.Array, columns: jax.Array | None) -> jax.Array:
    """start + the sum over sentences of rows ⊗ columns: [J, K, S] from [B, J, S] and [B, K, S]; [J, S] without."""
    for b in range(len(rows)):
        start = start + (rows[b] if columns is None else rows[b, :, None] * columns[b, None])
    return start
