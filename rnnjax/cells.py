"""The recurrent cells: equations (1.1), (1.3)-(1.6), (4.1)-(4.8).

A cell is three pure functions of one network. `prepare` multiplies its weights so that the sums in
front of sigmoid and tanh are exponents of 2 (see activations). `project` is the part of all gates'
arguments that does not depend on the state: over a small vocabulary it is computed once a word.
`advance` is the rest of the equation. All use sums of elementwise products, never a dot, so that the
same functions serve thousands of networks: parameters, states and projections may all carry one more
axis at the end, S members. (An embedded word is then [D, 1].)
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rnnjax.activations import LOG2_E, Activation, gate2, interpolate2, relu, tanh2
from rnnjax.parameters import Params

Advance = Callable[[Params, jax.Array, jax.Array], jax.Array]


class Gate(NamedTuple):
    """One row block of w_ih and w_hh."""

    name: str
    scale: float  # what its argument is multiplied by before its activation sees it


_RESET, _UPDATE = Gate("reset", LOG2_E), Gate("update", LOG2_E)
_CANDIDATE, _UNBOUNDED = Gate("candidate", 2 * LOG2_E), Gate("candidate", 1.0)


class Cell(NamedTuple):
    """One kind of recurrent network."""

    name: str
    title: str  # as figures show it
    gates: tuple[Gate, ...]  # top to bottom
    project: Callable[[Params, jax.Array], jax.Array]  # (prepared params, x [D]) -> [gates·H]
    advance: Advance  # (prepared params, h [H], projected) -> [H]

    def prepare(self, params: Params) -> Params:
        """The parameters that `project` and `advance` take: each gate's rows times its scale."""
        scales = np.repeat([gate.scale for gate in self.gates], params.w_hh.shape[1])

        def scaled(leaf: jax.Array) -> jax.Array:
            return leaf * jnp.asarray(scales, leaf.dtype).reshape(-1, *[1] * (leaf.ndim - 1))

        recurrent = {name: scaled(getattr(params, name)) for name in ("w_ih", "w_hh", "b_ih", "b_hh")}
        return params.replace(**recurrent)

    def step(self, params: Params, h: jax.Array, x: jax.Array) -> jax.Array:
        """The state [H] after one word.

        Args:
            params: of one network.
            h: the state before the word, [H].
            x: the embedded word, [D].
        """
        prepared = self.prepare(params)
        return self.advance(prepared, h, self.project(prepared, x))


def rnn_advance(activation: Activation) -> Advance:
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
    gated = gate2(r_argument, _affine(params.b_hh[candidate], params.w_hh[candidate], h))
    return interpolate2(z_argument, projected[candidate] + gated, h)


def update_gate_gru_advance(params: Params, h: jax.Array, projected: jax.Array) -> jax.Array:
    """(4.1)-(4.4): the GRU with r = 1."""
    size = h.shape[0]
    z_argument = _affine(projected[:size], params.w_hh[:size], h)
    n_argument = _affine(projected[size:], params.w_hh[size:], h)
    return interpolate2(z_argument, n_argument, h)


def reset_gate_gru_advance(params: Params, h: jax.Array, projected: jax.Array) -> jax.Array:
    """(4.5)-(4.8): the GRU with z = 0."""
    size = h.shape[0]
    r_argument = _affine(projected[:size], params.w_hh[:size], h)
    gated = gate2(r_argument, _affine(params.b_hh[size:], params.w_hh[size:], h))
    return tanh2(projected[size:] + gated)


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
        Cell("rnn", "RNN", (_CANDIDATE,), project_all, rnn_advance(tanh2)),
        Cell("relu_rnn", "ReLU RNN", (_UNBOUNDED,), project_all, rnn_advance(relu)),
        Cell("gru", "GRU", (_RESET, _UPDATE, _CANDIDATE), project_gates, gru_advance),
        Cell("update_gate_gru", "Update-gate GRU", (_UPDATE, _CANDIDATE), project_all, update_gate_gru_advance),
        Cell("reset_gate_gru", "Reset-gate GRU", (_RESET, _CANDIDATE), project_gates, reset_gate_gru_advance),
    )
}


def _affine(start: jax.Array, matrix: jax.Array, vector: jax.Array) -> jax.Array:
    """start + matrix @ vector for [J], [J, K], [K], all with an axis S at the end or none."""
    for k in range(matrix.shape[1]):
        start = start + matrix[:, k] * vector[k][None]
    return start
