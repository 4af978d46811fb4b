"""The recurrent cells: equations (1.1), (1.3)-(1.6), (4.1)-(4.8).

What a cell does with a word is one elementwise function, `update`, of the sums in front of its
activations. The rest is the same for all: `prepare` multiplies the weights so that the sums are exponents
of 2 (see activations); `project` is the part of the sums that does not depend on the state, over a small
vocabulary computed once a word; `sums` adds the state's part; `advance` is both and the update. All are
pure functions of one network, with sums of products, never a dot, so that the same functions
serve thousands of networks: parameters, states and projections may all carry one more axis at the end,
S members. (An embedded word is then [D, 1].)
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rnnjax.activations import LOG2_E, Activation, gate2, interpolate2, relu, tanh2
from rnnjax.parameters import Params

Sums = tuple[jax.Array, ...]


class Gate(NamedTuple):
    """One row block of w_ih and w_hh."""

    name: str
    scale: float  # what its sum is multiplied by before its activation sees it


_RESET, _UPDATE = Gate("reset", LOG2_E), Gate("update", LOG2_E)
_CANDIDATE, _UNBOUNDED = Gate("candidate", 2 * LOG2_E), Gate("candidate", 1.0)


class Cell(NamedTuple):
    """One kind of recurrent network."""

    name: str
    title: str  # as figures show it
    gates: tuple[Gate, ...]  # top to bottom
    # Whether the state's part of the candidate's sum, W_hn h + b_hn, passes the reset gate before the word's
    # part, W_in x + b_in, is added: then the two come to `update` apart.
    resets: bool
    update: Callable[[Sums, jax.Array, jax.Array], jax.Array]  # (sums, the word's part of the candidate's, h) -> [H]

    def prepare(self, params: Params) -> Params:
        """The parameters that all below take: each gate's rows times its scale. Linear, and its own transpose."""
        scales = np.repeat([gate.scale for gate in self.gates], params.w_hh.shape[1])

        def scaled(leaf: jax.Array) -> jax.Array:
            return leaf * jnp.asarray(scales, leaf.dtype).reshape(-1, *[1] * (leaf.ndim - 1))

        recurrent = {name: scaled(getattr(params, name)) for name in ("w_ih", "w_hh", "b_ih", "b_hh")}
        return params.replace(**recurrent)

    def project(self, prepared: Params, x: jax.Array) -> jax.Array:
        """[gates·H] from an embedded word [D]: W_ih x + b_ih, and b_hh wherever it is simply added."""
        added = prepared.b_hh
        if self.resets:
            size = prepared.w_hh.shape[1]
            added = jnp.concatenate([added[:-size], jnp.zeros_like(added[-size:])])
        return _affine(prepared.b_ih + added, prepared.w_ih, x)

    def sums(self, prepared: Params, h: jax.Array, projected: jax.Array) -> Sums:
        """One [H] a gate: projected + W_hh h; of a candidate whose state's part is reset that part alone."""
        size = h.shape[0]
        blocks = [slice(i * size, (i + 1) * size) for i in range(len(self.gates))]
        starts = [projected[block] for block in blocks]
        if self.resets:
            starts[-1] = prepared.b_hh[blocks[-1]]
        return tuple(_affine(start, prepared.w_hh[block], h) for start, block in zip(starts, blocks, strict=True))

    def advance(self, prepared: Params, h: jax.Array, projected: jax.Array) -> jax.Array:
        """The state [H] after a word, from the state before it and the word's projection."""
        return self.update(self.sums(prepared, h, projected), projected[-h.shape[0] :], h)

    def step(self, params: Params, h: jax.Array, x: jax.Array) -> jax.Array:
        """The state [H] after one word.

        Args:
            params: of one network, as they are.
            h: the state before the word, [H].
            x: the embedded word, [D].
        """
        prepared = self.prepare(params)
        return self.advance(prepared, h, self.project(prepared, x))


def rnn_update(activation: Activation) -> Callable[[Sums, jax.Array, jax.Array], jax.Array]:
    """(1.1): h' = activation(W_ih x + b_ih + W_hh h + b_hh)."""
    return lambda sums, _of_word, _h: activation(*sums)


def gru_update(sums: Sums, of_word: jax.Array, h: jax.Array) -> jax.Array:
    """(1.3)-(1.6): a reset gate r, an update gate z, a candidate n; h' = (1 - z) ⊙ n + z ⊙ h."""
    r_sum, z_sum, of_state = sums
    return interpolate2(z_sum, of_word + gate2(r_sum, of_state), h)


def update_gate_gru_update(sums: Sums, _of_word: jax.Array, h: jax.Array) -> jax.Array:
    """(4.1)-(4.4): the GRU with r = 1."""
    z_sum, n_sum = sums
    return interpolate2(z_sum, n_sum, h)


def reset_gate_gru_update(sums: Sums, of_word: jax.Array, _h: jax.Array) -> jax.Array:
    """(4.5)-(4.8): the GRU with z = 0."""
    r_sum, of_state = sums
    return tanh2(of_word + gate2(r_sum, of_state))


CELLS: dict[str, Cell] = {
    cell.name: cell
    for cell in (
        Cell("rnn", "RNN", (_CANDIDATE,), False, rnn_update(tanh2)),
        Cell("relu_rnn", "ReLU RNN", (_UNBOUNDED,), False, rnn_update(relu)),
        Cell("gru", "GRU", (_RESET, _UPDATE, _CANDIDATE), True, gru_update),
        Cell("update_gate_gru", "Update-gate GRU", (_UPDATE, _CANDIDATE), False, update_gate_gru_update),
        Cell("reset_gate_gru", "Reset-gate GRU", (_RESET, _CANDIDATE), True, reset_gate_gru_update),
    )
}


def _affine(start: jax.Array, matrix: jax.Array, vector: jax.Array) -> jax.Array:
    """start + matrix @ vector for [J], [J, K], [K], all with an axis S at the end or none."""
    for k in range(matrix.shape[1]):
        start = start + matrix[:, k] * vector[k][None]
    return start
