"""How much of the gradient reaches a sentence's early words: chapter 1's vanishing and exploding gradients, measured.

h_0 = 0 is the state before the first word, h_T the one that decides. The loss L of one sentence depends on h_t through
h_T alone, so dL/dh_t is dL/dh_T times the product of the steps' Jacobians after t. With two classes dL/dh_T is the
difference of the readout's rows times (p - y): a network that has decided has a small gradient everywhere. What is
relative to |dL/dh_T| does not depend on that, nor on the label: it is how the way back shrinks the readout's direction.

Best in float64 (jax.enable_x64): in float32 a saturated unit's 1 - tanh² is rounding, and products of ten end at 0.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from rnnjax.backpropagation import cross_entropy
from rnnjax.cells import Cell
from rnnjax.classifier import margin
from rnnjax.parameters import Params
from rnnjax.singular import singular_values


class Flow(NamedTuple):
    """Of one network and one sentence."""

    steps: Any  # [T, H, H], dh_t/dh_{t-1} of t = 1 .. T; rows are those of h_t
    to_end: Any  # [T + 1, H, H], dh_T/dh_t of t = 0 .. T; the last is the identity
    gradients: Any  # [T + 1, H], dL/dh_t of t = 0 .. T


class Profile(NamedTuple):
    """Of one network: over its sentences."""

    mean: Any  # [T + 1], of |dL/dh_t|, t = 0 .. T
    median: Any  # [T + 1], likewise
    relative: Any  # [T + 1], median of |dL/dh_t| / |dL/dh_T|; NaN if a sentence has |dL/dh_T| = 0
    singular: Any  # [T + 1, H], medians of the singular values of dh_T/dh_t, descending


def flow(cell: Cell, params: Params, sentence: jax.Array, positive: jax.Array) -> Flow:
    """Jacobians and gradients along a sentence.

    Args:
        cell: an entry of CELLS.
        params: of one network.
        sentence: its embedded words, [T, D].
        positive: its label.
    """
    prepared = cell.prepare(params)

    def read(h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        projected = cell.project(prepared, x)
        return cell.advance(prepared, h, projected), jax.jacfwd(lambda h: cell.advance(prepared, h, projected))(h)

    start = jnp.zeros(params.w_hh.shape[1], sentence.dtype)
    last, steps = jax.lax.scan(read, start, sentence)
    to_end = _products(steps)
    of_last = jax.grad(lambda h: cross_entropy(margin(params, h), positive))(last)
    return Flow(steps, to_end, jnp.einsum("tij,i->tj", to_end, of_last, precision="highest"))


def profile(cell: Cell, params: Params, sentences: jax.Array, positive: jax.Array) -> Profile:
    """Norms of gradients and singular values over several sentences.

    Args:
        cell: an entry of CELLS.
        params: of one network.
        sentences: their embedded words, [N, T, D].
        positive: their labels, [N].
    """
    flows = jax.vmap(flow, in_axes=(None, None, 0, 0))(cell, params, sentences, positive)
    norms = jnp.linalg.norm(flows.gradients, axis=-1)
    return Profile(
        mean=norms.mean(0),
        median=jnp.median(norms, 0),
        relative=jnp.median(norms / norms[:, -1:], 0),
        singular=jnp.median(jax.vmap(jax.vmap(singular_values))(flows.to_end), 0),
    )


def _products(steps: jax.Array) -> jax.Array:
    """[T + 1, H, H], the products of the steps [T, H, H] after each time, later ones on the left."""

    def back(after: jax.Array, step: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jnp.matmul(after, step, precision="highest"), after

    first, later = jax.lax.scan(back, jnp.eye(steps.shape[-1], dtype=steps.dtype), steps, reverse=True)
    return jnp.concatenate([first[None], later])
