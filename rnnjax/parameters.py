"""One struct of parameters for every cell, in PyTorch's layout, so that parity is a copy."""

import math
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np


class Params(flax.struct.PyTreeNode):
    """The parameters of one network; for many, every array has a last axis S.

    A cell with several gates stacks their rows in PyTorch's order: reset, update, candidate.
    """

    w_ih: Any  # [gates·H, D]
    w_hh: Any  # [gates·H, H]
    b_ih: Any  # [gates·H]
    b_hh: Any  # [gates·H]
    w_oh: Any  # [K, H]
    b_oh: Any  # [K]


NUM_CLASSES = 2  # K: negative, positive


def shapes(num_gates: int, input_dim: int, hidden_dim: int, num_classes: int = NUM_CLASSES) -> Params:
    """The shape of every leaf, as a Params of tuples."""
    rows = num_gates * hidden_dim
    return Params(
        w_ih=(rows, input_dim),
        w_hh=(rows, hidden_dim),
        b_ih=(rows,),
        b_hh=(rows,),
        w_oh=(num_classes, hidden_dim),
        b_oh=(num_classes,),
    )


def count(leaf_shapes: Params) -> int:
    """P, how many numbers the network has (RNN 2x2: 18, GRU 2x2: 42)."""
    return sum(math.prod(shape) for shape in _leaves(leaf_shapes))


def unflatten(flat: jax.Array | np.ndarray, leaf_shapes: Params) -> Params:
    """The struct from a vector, [P] or [P, S], leaf after leaf in the struct's order."""
    leaves, start = [], 0
    for shape in _leaves(leaf_shapes):
        size = math.prod(shape)
        leaves.append(flat[start : start + size].reshape(*shape, *flat.shape[1:]))
        start += size
    return Params(*leaves)


def flatten(params: Params) -> jax.Array:
    """The vector [P] of one network: the inverse of unflatten."""
    return jnp.concatenate([jnp.ravel(leaf) for leaf in _leaves(params)])


def flatten_members(params: Params) -> jax.Array:
    """The vectors [P, S] of S networks, members last."""
    return jnp.concatenate([leaf.reshape(-1, leaf.shape[-1]) for leaf in _leaves(params)])


def with_inputs(flat: np.ndarray, leaf_shapes: Params, input_dim: int) -> np.ndarray:
    """The vectors [P, ...] of networks with more or fewer inputs; added input weights are 0.

    A network with added inputs computes the same where its words have zeros there, and such weights stay 0 in
    training: so networks of several input dimensions can share a compiled program.

    Args:
        flat: [P, ...].
        leaf_shapes: of these networks.
        input_dim: that of the others.
    """
    rows, here = leaf_shapes.w_ih
    w_ih = flat[: rows * here].reshape(rows, here, *flat.shape[1:])[:, :input_dim]
    wider = np.zeros((rows, input_dim, *flat.shape[1:]), flat.dtype)
    wider[:, : w_ih.shape[1]] = w_ih
    return np.concatenate([wider.reshape(rows * input_dim, *flat.shape[1:]), flat[rows * here :]])


def _leaves(params: Params) -> list[Any]:
    return [params.w_ih, params.w_hh, params.b_ih, params.b_hh, params.w_oh, params.b_oh]
