"""Where random parameters come from: the registry of samplers, each a function of a key and a shape.

A sampler is named by a string: "pytorch", "uniform:1", "normal:0.5", "identity:1". What follows the
colon is its scale; each has a default.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from rnnjax.cells import Cell
from rnnjax.errors import UserError, in_range, lookup
from rnnjax.parameters import Params, count, shapes, unflatten

Sampler = Callable[[jax.Array, Cell, int, int], Params]


def pytorch(scale: float) -> Sampler:
    """U(±scale/√H) for every parameter: the default of torch.nn.RNN, torch.nn.GRU and torch.nn.Linear."""

    def sample(key: jax.Array, cell: Cell, input_dim: int, hidden_dim: int) -> Params:
        return _uniform(key, cell, input_dim, hidden_dim, scale / math.sqrt(hidden_dim))

    return sample


def uniform(scale: float) -> Sampler:
    """U(±scale) for every parameter."""

    def sample(key: jax.Array, cell: Cell, input_dim: int, hidden_dim: int) -> Params:
        return _uniform(key, cell, input_dim, hidden_dim, scale)

    return sample


def normal(scale: float) -> Sampler:
    """N(0, scale²) for every parameter."""

    def sample(key: jax.Array, cell: Cell, input_dim: int, hidden_dim: int) -> Params:
        sizes = shapes(len(cell.gates), input_dim, hidden_dim)
        return unflatten(scale * jax.random.normal(key, (count(sizes),)), sizes)

    return sample


def identity(scale: float) -> Sampler:
    """Le, Jaitly and Hinton 2015 as section 4.4.1 has it: recurrent weights scale · I, biases 0.

    Thesis leaves open: the other weights; here: PyTorch's default. A gated cell has the identity in
    its candidate's block, PyTorch's default in its gates' blocks. The readout's bias is 0 too.
    """

    def sample(key: jax.Array, cell: Cell, input_dim: int, hidden_dim: int) -> Params:
        params = pytorch(1.0)(key, cell, input_dim, hidden_dim)
        gates = params.w_hh[:-hidden_dim]
        return params.replace(
            w_hh=jnp.concatenate([gates, scale * jnp.eye(hidden_dim)]),
            b_ih=jnp.zeros_like(params.b_ih),
            b_hh=jnp.zeros_like(params.b_hh),
            b_oh=jnp.zeros_like(params.b_oh),
        )

    return sample


class Entry(NamedTuple):
    """A registered kind of sampler."""

    make: Callable[[float], Sampler]
    default_scale: float
    title: str  # with {} for the scale


SAMPLERS: dict[str, Entry] = {
    "pytorch": Entry(pytorch, 1.0, "U(±{}/√H)"),
    "uniform": Entry(uniform, 1.0, "U(±{})"),
    "normal": Entry(normal, 1.0, "N(0, {}²)"),
    "identity": Entry(identity, 1.0, "W_hh = {}·I, biases 0"),
}


def make_sampler(spec: str) -> Sampler:
    """The sampler that a string like "normal:0.5" names.

    Raises:
        UserError: an unknown name, or a scale that is no number from 1e-6 to 1e6.
    """
    entry, scale = _parse(spec)
    return entry.make(scale)


def sampler_title(spec: str) -> str:
    """The distribution in mathematical notation, for figures."""
    entry, scale = _parse(spec)
    return entry.title.format(f"{scale:g}")


def _parse(spec: str) -> tuple[Entry, float]:
    name, _, number = spec.partition(":")
    entry = lookup(SAMPLERS, name, "sampler")
    try:
        scale = float(number) if number else entry.default_scale
    except ValueError:
        raise UserError(f"sampler {spec!r}: {number!r} is no number; write {name}:{entry.default_scale:g}") from None
    in_range(f"sampler {spec!r}: the scale", scale, 1e-6, 1e6)
    return entry, scale


def _uniform(key: jax.Array, cell: Cell, input_dim: int, hidden_dim: int, bound: float) -> Params:
    sizes = shapes(len(cell.gates), input_dim, hidden_dim)
    return unflatten(jax.random.uniform(key, (count(sizes),), minval=-bound, maxval=bound), sizes)
