"""Different weights of one function: copies of a network, and directions in which its outputs do not change.

Hidden units may change places, and where the candidate's activation is odd each may change its sign: of tanh cells
2^H H! copies compute the same. A unit that flips takes along its candidate's rows of W_ih, W_hh, b_ih, b_hh and its
column in every W_hh and in the readout; its gates' rows keep their sign, for a gate of -h is the gate of h. Beyond
copies there are idle directions: two biases that are simply added, and what all classes' logits have in common.
Whatever distance is measured between networks, the least over all of these is a distance between functions.
NumPy, in float64; weights are flat (parameters.flatten) with members last.
"""

from itertools import combinations, permutations, product
from typing import NamedTuple

import jax
import numpy as np

from rnnjax.errors import lookup
from rnnjax.landscape import Architecture
from rnnjax.parameters import count, unflatten

EXACT_UP_TO = 4  # hidden units: 384 copies; five have ten times as many
_STARTS = 8
# Whether the candidate's activation is odd. A ReLU's units may also be rescaled, which is not looked at.
_ODD = {"rnn": True, "gru": True, "update_gate_gru": True, "reset_gate_gru": True, "relu_rnn": False}


class Copies(NamedTuple):
    """C ways to write a network of P weights as another one: weight i of copy c is signs[c, i] · w[places[c, i]]."""

    places: np.ndarray  # [C, P] int
    signs: np.ndarray  # [C, P], 1 or -1

    def of(self, weights: np.ndarray) -> np.ndarray:
        """All copies of one network [P], [C, P]."""
        return np.asarray(self.signs * weights[self.places])


def copies(architecture: Architecture, orders: np.ndarray, signs: np.ndarray) -> Copies:
    """The copies whose unit i is the network's unit orders[c, i] times signs[c, i].

    Args:
        architecture: of the network.
        orders: [C, H], each a permutation.
        signs: [C, H], 1 or -1; of a cell whose activation is not odd all 1.
    """
    index = np.arange(count(architecture.sizes))
    places = [_copy(architecture, index, order, np.ones_like(order)) for order in orders]
    of_one = [_copy(architecture, np.ones_like(index), *pair) for pair in zip(orders, signs, strict=True)]
    return Copies(np.array(places), np.array(of_one, float))


def all_copies(architecture: Architecture) -> Copies:
    """All 2^H H! copies, or H! of a cell whose activation is not odd; the network itself is the first."""
    hidden = architecture.hidden_dim
    pairs = list(product(permutations(range(hidden)), product(_signs(architecture), repeat=hidden)))
    return copies(architecture, *(np.array(part) for part in zip(*pairs, strict=True)))


def align(architecture: Architecture, weights: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Each network's copy that lies nearest to a reference, [..., P, S]; see geometry.distance.

    Up to EXACT_UP_TO hidden units all copies are compared. With more a copy is improved by the best flip of a unit
    or exchange of two until none helps, from the network as it is and from seven random copies: its distance
    is an upper bound of the least, and never above that of the network as it is.

    Args:
        architecture: of all.
        weights: [..., P, S].
        reference: [P, S], of each member its own.
    """
    exact = architecture.hidden_dim <= EXACT_UP_TO
    steps = all_copies(architecture) if exact else _moves(architecture)
    starts = _random_copies(architecture, 0 if exact else _STARTS - 1)
    reference = np.asarray(reference, float)
    flat = np.asarray(weights, float).reshape(-1, *reference.shape)
    found = _nearest(steps, starts, flat.transpose(2, 0, 1), reference.T)
    return found.transpose(1, 2, 0).reshape(weights.shape)


def without_idle(architecture: Architecture, weights: np.ndarray) -> np.ndarray:
    """The weights less their part in idle directions, which no probability depends on: an orthogonal projection.

    Where b_ih and b_hh are simply added both become their mean; the readout loses its mean over the classes.
    Training leaves idle parts alone: two biases that are added have one gradient, and the logits' common part has none.

    Args:
        architecture: of all.
        weights: [..., P, S].
    """
    unit = unflatten(np.eye(count(architecture.sizes)), architecture.sizes)
    shared = slice(None, -architecture.hidden_dim if architecture.cell.resets else None)
    mean = (unit.b_ih[shared] + unit.b_hh[shared]) / 2
    b_ih, b_hh = unit.b_ih.copy(), unit.b_hh.copy()
    b_ih[shared] = b_hh[shared] = mean
    w_oh, b_oh = (leaf - leaf.mean(0, keepdims=True) for leaf in (unit.w_oh, unit.b_oh))
    projection = unit.replace(b_ih=b_ih, b_hh=b_hh, w_oh=w_oh, b_oh=b_oh)
    matrix = np.concatenate([leaf.reshape(-1, leaf.shape[-1]) for leaf in jax.tree.leaves(projection)])
    return np.asarray(matrix @ np.asarray(weights, float))


def _copy(architecture: Architecture, weights: np.ndarray, order: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """One copy of one network [P]."""
    params, hidden = unflatten(weights, architecture.sizes), architecture.hidden_dim
    gates = len(architecture.cell.gates)
    rows = np.concatenate([gate * hidden + order for gate in range(gates)])
    of_rows = np.concatenate([np.ones((gates - 1) * hidden, sign.dtype), sign])
    w_ih, w_hh = (leaf[rows] * of_rows[:, None] for leaf in (params.w_ih, params.w_hh))
    b_ih, b_hh = (leaf[rows] * of_rows for leaf in (params.b_ih, params.b_hh))
    w_hh, w_oh = (leaf[:, order] * sign[None] for leaf in (w_hh, params.w_oh))
    copy = params.replace(w_ih=w_ih, w_hh=w_hh, b_ih=b_ih, b_hh=b_hh, w_oh=w_oh)
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(copy)])


def _moves(architecture: Architecture) -> Copies:
    """Each unit flipped, each two exchanged with any signs; every move's inverse is among them."""
    hidden, signs = architecture.hidden_dim, _signs(architecture)
    orders, of_units = [], []
    for unit in range(hidden if len(signs) > 1 else 0):
        orders.append(np.arange(hidden))
        of_units.append(np.where(np.arange(hidden) == unit, -1, 1))
    for (one, other), pair in product(combinations(range(hidden), 2), product(signs, repeat=2)):
        order, sign = np.arange(hidden), np.ones(hidden, int)
        order[[one, other]], sign[[one, other]] = (other, one), pair
        orders.append(order)
        of_units.append(sign)
    return copies(architecture, np.array(orders), np.array(of_units))


def _random_copies(architecture: Architecture, number: int) -> Copies:
    rng, hidden = np.random.default_rng(0), architecture.hidden_dim
    orders = np.array([rng.permutation(hidden) for _ in range(number)], int).reshape(number, hidden)
    return copies(architecture, orders, rng.choice(_signs(architecture), (number, hidden)))


def _nearest(moves: Copies, starts: Copies, weights: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The copies of networks [S, Q, P] nearest to references [S, P] that moves reach from themselves or `starts`."""
    found = _moved(moves, weights, reference)
    for start in range(len(starts.places)):
        other = _moved(moves, starts.signs[start] * weights[..., starts.places[start]], reference)
        better = _products(other, reference) > _products(found, reference)
        found[better] = other[better]
    return found


def _moved(moves: Copies, weights: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Every network [S, Q, P] moved, by what brings it nearest to its reference [S, P], until no move does.

    All copies are equally long, so the nearest has the largest product with the reference; and that of a copy of the
    network is that of the network with the inverse copy of the reference.
    """
    found, references = weights.copy(), moves.signs * reference[:, moves.places]  # [S, C, P]
    rounding = 1e-12 * np.linalg.norm(reference, axis=-1)[:, None] * np.linalg.norm(weights, axis=-1)
    while True:
        gains = found @ references.transpose(0, 2, 1) - _products(found, reference)[..., None]
        best = gains.argmax(-1)  # [S, Q]
        better = np.nonzero(gains.max(-1) > rounding)
        if not len(better[0]):
            return found
        chosen = best[better]
        moved = np.empty((len(chosen), found.shape[-1]))
        np.put_along_axis(moved, moves.places[chosen], moves.signs[chosen] * found[better], 1)
        found[better] = moved


def _products(networks: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """[S, Q]: of networks [S, Q, P] with their references [S, P]."""
    return (networks @ reference[..., None])[..., 0]


def _signs(architecture: Architecture) -> tuple[int, ...]:
    return (1, -1) if lookup(_ODD, architecture.cell.name, "cell") else (1,)
