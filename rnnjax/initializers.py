"""Where random parameters come from: a registry of distributions, each a function of a key and a scale.

A sampler is written as its name and its scale: "pytorch", "uniform:1", "normal:0.5", "identity:1".
Without a scale it has the scale 1. The scale is an argument of the distribution, not a part of it, so
that samplers of one name share one compiled program.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from rnnjax.cells import Cell
from rnnjax.errors import UserError, in_range, lookup
from rnnjax.parameters import Params, count, shapes, unflatten

# (key, scale, cell, input dimension D, hidden dimension H) -> the parameters of one network.
Distribution = Callable[[jax.Array, float | jax.Array, Cell, int, int], Params]


class Sampler(NamedTuple):
    """A distribution and its scale."""

    name: str
    scale: float

    @property
    def spec(self) -> str:
        """The string that parse_sampler reads; every digit of the scale is in it."""
        return f"{self.name}:{repr(float(self.scale)).removesuffix('.0')}"

    @property
    def title(self) -> str:
        """The distribution in mathematical notation, for figures."""
        return _TITLES[self.name].format(f"{self.scale:g}")

    def __call__(self, key: jax.Array, cell: Cell, input_dim: int, hidden_dim: int) -> Params:
        """The parameters of one network; consumes the key."""
        return SAMPLERS[self.name](key, self.scale, cell, input_dim, hidden_dim)


def parse_sampler(spec: str) -> Sampler:
    """The sampler that a string like "normal:0.5" names.

    Raises:
        UserError: an unknown name, or a scale that is no number from 1e-6 to 1e6.
    """
    name, colon, number = spec.partition(":")
    lookup(SAMPLERS, name, "sampler")
    try:
        scale = float(number) if colon else 1.0
    except ValueError:
        raise UserError(
            f"sampler {spec!r}: its scale {number!r} is no number; valid is, for example, {name}:1"
        ) from None
    in_range(f"sampler {spec!r}: the scale", scale, 1e-6, 1e6)
    return Sampler(name, scale)


def pytorch(key: jax.Array, scale: float | jax.Array, cell: Cell, input_dim: int, hidden_dim: int) -> Params:
    """U(±scale/√H) for every parameter: with scale 1 what torch.nn.RNN, GRU and Linear start from."""
    return uniform(key, scale / math.sqrt(hidden_dim), cell, input_dim, hidden_dim)


def uniform(key: jax.Array, scale: float | jax.Array, cell: Cell, input_dim: int, hidden_dim: int) -> Params:
    """U(±scale) for every parameter."""
    sizes = shapes(len(cell.gates), input_dim, hidden_dim)
    return unflatten(scale * jax.random.uniform(key, (count(sizes),), minval=-1.0), sizes)


def normal(key: jax.Array, scale: float | jax.Array, cell: Cell, input_dim: int, hidden_dim: int) -> Params:
    """N(0, scale²) for every parameter."""
    sizes = shapes(len(cell.gates), input_dim, hidden_dim)
    return unflatten(scale * jax.random.normal(key, (count(sizes),)), sizes)


def identity(key: jax.Array, scale: float | jax.Array, cell: Cell, input_dim: int, hidden_dim: int) -> Params:
    """Le, Jaitly and Hinton 2015 as section 4.4.1 has it: recurrent weights scale · I, biases 0.

    Thesis leaves open: the other weights; here: PyTorch's default. A gated cell has the identity in
    its candidate's block, PyTorch's default in its gates' blocks. The readout's bias is 0 too.
    """
    params = pytorch(key, 1.0, cell, input_dim, hidden_dim)
    gates = params.w_hh[:-hidden_dim]
    return params.replace(
        w_hh=jnp.concatenate([gates, scale * jnp.eye(hidden_dim)]),
        b_ih=jnp.zeros_like(params.b_ih),
        b_hh=jnp.zeros_like(params.b_hh),
        b_oh=jnp.zeros_like(params.b_oh),
    )


SAMPLERS: dict[str, Distribution] = {
    "pytorch": pytorch,
    "uniform": uniform,
    "normal": normal,
    "identity": identity,
}

_TITLES = {"pytorch": "U(±{}/√H)", "uniform": "U(±{})", "normal": "N(0, {}²)", "identity": "W_hh = {}·I, b = 0"}
