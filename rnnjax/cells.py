"""The recurrent cells: equations (1.1), (1.3)-(1.6), (4.1)-(4.8).

A cell is two pure functions of one network and one word. `project` is the part of all gates'
arguments that does not depend on the state: over a small vocabulary it is computed once a word.
`advance` is the rest of the equation. Both use sums of elementwise products, never a dot, so that the
same functions serve thousands of networks: parameters, states and projections may all carry one more
axis at the end, S members. (An embedded word is then [D, 1].)
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from rnnjax.activations import Activation, gate, interpolate, relu, tanh
from rnnjax.parameters import Params


class Cell(NamedTuple):
    """One kind of recurrent network."""

    name: str
    title: str  # as figures show it
    gates: tuple[str, ...]  # what w_ih's and w_hh's row blocks are, top to bottom
    project: Callable[[Params, jax.Array], jax.Array]  # (params, x [D]) -> [gates·H]
    advance: Callable[[Params, jax.Array, jax.Array], jax.Array]  # (params, h [H], projected) -> [H]

    def step(self, params: Params, h: jax.Array, x: jax.Array) -> jax.Array:
        """The state [H] after one word.

        Args:
            params: of one network.
            h: the state before the word, [H].
            x: the embedded word, [D].
        """
        return self.advance(params, h, self.project(params, x))


def rnn_advance(activation: Activation) -> Callable[[Params, jax.Array, jax.Array], jax.Array]:
    """(1.1): h' = activation(W_ih x + b_ih + W_hh h + b_hh)."""

    def advance(params: Params, h: jax.Array, projected: jax.Array) -> jax.Array:
        return activation(_affine(projected, params.w_hh, h))

    return advance


def gru_advance(params: Params, h: jax.Array, projected: jax.Array) -> jax.Array:
    """(1.3)-(1.6): a reset gate r, an update gate z, a candidate n; h' = (1 - z) ⊙ n + z ⊙ h."""
    size = h.shape[0]
    reset, update, candidate = (slice(i * size, (i + 1) * size) for i in range(3))
    r_argument = _affine(projected[reset], params.w_hh[reset], h)
    z_argument = _affine(projected[update], params.w_hh[update], h)
    gated = gate(r_argument, _affine(params.b_hh[candidate], params.w_hh[candidate], h))
    n_argument = projected[candidate] + gated
    return interpolate(z_argument, n_argument, h)


def update_gate_gru_advance(params: Params, h: jax.Array, projected: jax.Array) -> jax.Array:
    """(4.1)-(4.4): the GRU with r = 1."""
    size = h.shape[0]
    z_argument = _affine(projected[:size], params.w_hh[:size], h)
    n_argument = _affine(projected[size:], params.w_hh[size:], h)
    return interpolate(z_argument, n_argument, h)


def reset_gate_gru_advance(params: Params, h: jax.Array, projected: jax.Array) -> jax.Array:
    """(4.5)-(4.8): the GRU with z = 0."""
    size = h.shape[0]
    r_argument = _affine(projected[:size], params.w_hh[:size], h)
    gated = gate(r_argument, _affine(params.b_hh[size:], params.w_hh[size:], h))
    return tanh(projected[size:] + gated)


def project_all(params: Params, x: jax.Array) -> jax.Array:
    """W_ih x + b_ih + b_hh, for cells whose hidden bias is simply added."""
    return _affine(params.b_ih + params.b_hh, params.w_ih, x)


def project_gates(params: Params, x: jax.Array) -> jax.Array:
    """W_ih x + b_ih, and b_hh in the gates' rows; the candidate's b_hh stays inside r ⊙ ( ) of (1.4)."""
    size = params.w_hh.shape[1]
    in_gates = jnp.concatenate([params.b_hh[:-size], jnp.zeros_like(params.b_hh[-size:])])
    return _affine(params.b_ih + in_gates, params.w_ih, x)


CELLS: dict[str, Cell] = {
    cell.name: cell
    for cell in (
        Cell("rnn", "RNN", ("candidate",), project_all, rnn_advance(tanh)),
        Cell("relu_rnn", "ReLU RNN", ("candidate",), project_all, rnn_advance(relu)),
        Cell("gru", "GRU", ("reset", "update", "candidate"), project_gates, gru_advance),
        Cell("update_gate_gru", "Update-gate GRU", ("update", "candidate"), project_all, update_gate_gru_advance),
        Cell("reset_gate_gru", "Reset-gate GRU", ("reset", "candidate"), project_gates, reset_gate_gru_advance),
    )
}


def _affine(start: jax.Array, matrix: jax.Array, vector: jax.Array) -> jax.Array:
    """start + matrix @ vector for [J], [J, K], [K], all with an axis S at the end or none."""
    for k in range(matrix.shape[1]):
        start = start + matrix[:, k] * vector[k][None]
    return start
