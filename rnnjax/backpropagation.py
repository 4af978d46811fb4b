"""The gradient of a minibatch's loss for many networks at once: backpropagation through time by hand.

jax.grad of the same loss gives the same numbers (the tests compare), but XLA:CPU fuses its unrolled
graph until most of the work is done many times over: 28 to 380 us a member's minibatch of 8 sentences for
a GRU 2x4 against 0.5 us here. So each word's forward and backward step is kept apart from the others
(members.apart), and only what is elementwise, the cell's update, is differentiated by JAX. The products that make
the gradient of the weights are summed over all words and sentences at once, in one pass over the weights' memory.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rnnjax.activations import LOG2_E, sigmoid2
from rnnjax.cells import Cell, Sums
from rnnjax.classifier import margin
from rnnjax.members import apart, kept_apart
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
    forward, back = (kept_apart(functools.partial(step, cell)) for step in (_forward, _back))
    states = [jnp.zeros((batch_size, params.w_hh.shape[1], members), batch.x.dtype)]
    kept = []
    for t in range(length):
        word, h = forward(one, prepared, states[-1], batch.x[t])
        kept.append(word)
        states.append(h)
    loss, of_readout, of_h = apart(_read_out, one, params, states[-1], batch.positive, batch.weight)
    pulled = [apart(functools.partial(_pull_back, cell), one, kept[-1], states[-2], of_h)]
    for t in reversed(range(length - 1)):
        pulled.append(back(one, prepared, pulled[-1], kept[t], states[t]))
    gradient = apart(functools.partial(_accumulate, cell), one, pulled[::-1], states[:-1], batch.x, of_readout)
    return loss, cell.prepare(gradient)


class Word(NamedTuple):
    """What the forward pass keeps of a word: all that the cell's update saw but the state."""

    sums: Sums  # in front of the activations, [B, H, S] each
    of_word: Any  # [B, H, S], the word's part of the candidate's


class Pulled(NamedTuple):
    """Gradients at one word, [B, H, S] each."""

    sums: Sums
    of_word: Any
    direct: Any  # with respect to the state before it, where the update uses that directly


def _forward(cell: Cell, prepared: Params, h: jax.Array, x: jax.Array) -> tuple[Word, jax.Array]:
    """A word [B, D, S] is read: what is kept of it, and the state after it."""
    projected = jax.vmap(cell.project, in_axes=(None, 0))(prepared, x)
    sums = jax.vmap(cell.sums, in_axes=(None, 0, 0))(prepared, h, projected)
    word = Word(sums, projected[:, -h.shape[1] :])
    return word, cell.update(*word, h)


def _read_out(params: Params, h: jax.Array, positive: jax.Array, weight: jax.Array) -> tuple[Loss, Params, jax.Array]:
    """The loss, its gradient with respect to the readout (the other leaves None), and to the last state h [B, H, S]."""
    margins = jax.vmap(margin, in_axes=(None, 0))(params, h)
    right = ((margins > 0) == positive) & (weight > 0)[:, None]
    loss = Loss((weight[:, None] * cross_entropy(margins, positive)).sum(0), right.sum(0, dtype=jnp.int32))
    # The derivative of the cross-entropy: the probability of "positive", less 1 where that is right.
    of_margins = weight[:, None] * (sigmoid2(margins * LOG2_E) - positive)
    of_row = _outer(of_margins[:, None], h)[0]
    of_bias = of_margins.sum(0)
    readout = Params(None, None, None, None, jnp.stack([-of_row, of_row]), jnp.stack([-of_bias, of_bias]))
    return loss, readout, of_margins[:, None] * (params.w_oh[1] - params.w_oh[0])[None]


def _pull_back(cell: Cell, word: Word, h: jax.Array, of_next: jax.Array) -> Pulled:
    """From the gradient with respect to the state after a word, [B, H, S]."""
    _, pull = jax.vjp(cell.update, *word, h)
    return Pulled(*pull(of_next))


def _back(cell: Cell, prepared: Params, after: Pulled, word: Word, h: jax.Array) -> Pulled:
    """From the gradients at the next word."""
    return _pull_back(cell, word, h, _through_weights(prepared, after))


def _accumulate(cell: Cell, pulled: list[Pulled], states: list[jax.Array], x: jax.Array, of_readout: Params) -> Params:
    """The gradient with respect to prepared parameters, over all words and sentences."""
    of_sums = [jnp.concatenate(gates) for gates in zip(*(word.sums for word in pulled), strict=True)]
    of_words = [*of_sums[:-1], jnp.concatenate([word.of_word for word in pulled])] if cell.resets else of_sums
    before, words = jnp.concatenate(states), x.reshape(-1, *x.shape[2:])
    return of_readout.replace(
        w_ih=jnp.concatenate([_outer(gate, words) for gate in of_words]),
        w_hh=jnp.concatenate([_outer(gate, before) for gate in of_sums]),
        b_ih=jnp.concatenate([sum(gate) for gate in of_words]),
        b_hh=jnp.concatenate([sum(gate) for gate in of_sums]),
    )


def _through_weights(prepared: Params, after: Pulled) -> jax.Array:
    """The gradient with respect to the state before a word, [B, H, S]."""
    of_h, size = after.direct, after.direct.shape[1]
    for i, of_sum in enumerate(after.sums):
        for j in range(size):
            of_h = of_h + prepared.w_hh[None, i * size + j] * of_sum[:, j, None]
    return of_h


def _outer(rows: jax.Array, columns: jax.Array) -> jax.Array:
    """The sum over sentences of rows ⊗ columns: [J, K, S] from [B, J, S] and [B, K, S]."""
    return sum(row[:, None] * column[None] for row, column in zip(rows, columns, strict=True))
