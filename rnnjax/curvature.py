"""How the loss of one network curves: its exact Hessian, and the directions along which nothing ever changes.

The surface of section 4.6, looked at in the second order: the thesis asks for basins and minima, and a minimum's
Hessian has no negative eigenvalue. All functions are of one network; members.each maps them over many.
"""

import jax
import jax.numpy as jnp
import numpy as np

from rnnjax.backpropagation import cross_entropy
from rnnjax.classifier import margin
from rnnjax.landscape import Architecture
from rnnjax.parameters import count, unflatten


def mean_loss(architecture: Architecture, flat: jax.Array, sentences: jax.Array, positive: jax.Array) -> jax.Array:
    """The mean cross-entropy, in nats.

    Args:
        architecture: the network's.
        flat: its parameters, [P].
        sentences: their embedded words, [N, T, D].
        positive: their labels, [N] bool.
    """
    return _losses(architecture, flat, jnp.transpose(sentences, (1, 2, 0)), positive).mean()


def hessian(
    architecture: Architecture, flat: jax.Array, sentences: jax.Array, positive: jax.Array, at_once: int = 64
) -> jax.Array:
    """The second derivatives of mean_loss with respect to the flat parameters, [P, P].

    Exact but for rounding: the backward pass is differentiated backwards, once for each of the P derivatives, all at
    once. The Hessian of a mean is the mean of Hessians, so sentences are taken in portions and memory does not grow
    with their number.

    Args:
        architecture: as in mean_loss, like the next three.
        flat: [P].
        sentences: [N, T, D].
        positive: [N].
        at_once: sentences of a portion; the last one is filled up with sentences of weight 0.
    """
    number = len(sentences)
    portions = -(-number // at_once)
    places = jnp.arange(portions * at_once) % number
    weights = (jnp.arange(portions * at_once) < number).astype(flat.dtype) / number
    x = sentences[places].reshape(portions, at_once, *sentences.shape[1:]).transpose(0, 2, 3, 1)
    labels, weights = (array.reshape(portions, at_once) for array in (positive[places], weights))

    def weighted(flat: jax.Array, x: jax.Array, labels: jax.Array, weights: jax.Array) -> jax.Array:
        return (weights * _losses(architecture, flat, x, labels)).sum()

    second = jax.jacrev(jax.grad(weighted))  # for these shapes a third faster than jax.hessian, and compiled sooner

    def add(total: jax.Array, portion: tuple[jax.Array, ...]) -> tuple[jax.Array, None]:
        return total + second(flat, *portion), None

    nothing = jnp.zeros((len(flat), len(flat)), flat.dtype)
    return jax.lax.scan(add, nothing, (x, labels, weights))[0]


def flat_directions(architecture: Architecture) -> np.ndarray:
    """An orthonormal basis [P, F] of the straight lines along which no network's loss changes.

    F = H + 1 for the readout, for softmax sees the difference of the two logits alone: one vector may be added to both
    rows of W_oh, one number to both entries of b_oh. And one for every entry of b_ih whose sum with that of b_hh
    is all that the cell sees: H of an RNN, 2 H of a GRU (gates r and z). Along them the Hessian is 0 at every point.
    """
    sizes, hidden = architecture.sizes, range(architecture.hidden_dim)
    added = range(sizes.b_ih[0] - (architecture.hidden_dim if architecture.cell.resets else 0))
    at = unflatten(np.arange(count(sizes)), sizes)
    pairs = [(at.w_oh[0, k], at.w_oh[1, k], 1.0) for k in hidden]
    pairs += [(at.b_oh[0], at.b_oh[1], 1.0)]
    pairs += [(at.b_ih[row], at.b_hh[row], -1.0) for row in added]
    lines = np.zeros((count(sizes), len(pairs)))
    for line, (one, other, sign) in zip(lines.T, pairs, strict=True):
        line[one], line[other] = np.sqrt(0.5), sign * np.sqrt(0.5)
    return lines


def spectrum(matrices: np.ndarray, flats: np.ndarray) -> np.ndarray:
    """The eigenvalues [P - F, ...] of Hessians [P, P, ...], ascending, without the F zeros of flat_directions.

    Args:
        matrices: of hessian; what is not symmetric in them, by rounding, is averaged out. One with an entry that is
            no finite number has NaN as eigenvalues.
        flats: [P, F] of flat_directions.
    """
    rest, last = complement(flats), np.moveaxis(np.asarray(matrices, float), (0, 1), (-2, -1))
    finite = np.isfinite(last).all((-2, -1))
    symmetric = np.where(finite[..., None, None], last, 0)
    symmetric = (symmetric + np.swapaxes(symmetric, -1, -2)) / 2
    values = np.linalg.eigvalsh(rest.T @ symmetric @ rest)
    return np.moveaxis(np.where(finite[..., None], values, np.nan), -1, 0)


def complement(flats: np.ndarray) -> np.ndarray:
    """An orthonormal basis [P, P - F] of all that is orthogonal to the columns of an orthonormal [P, F]."""
    return np.linalg.svd(flats)[0][:, flats.shape[1] :]


def _losses(architecture: Architecture, flat: jax.Array, x: jax.Array, positive: jax.Array) -> jax.Array:
    """Each sentence's loss [N]; sentences are the last axis of everything, x [T, D, N], as members are elsewhere."""
    cell = architecture.cell
    prepared = cell.prepare(unflatten(flat[:, None], architecture.sizes))

    def read(h: jax.Array, x: jax.Array) -> tuple[jax.Array, None]:
        return cell.advance(prepared, h, cell.project(prepared, x)), None

    start = jnp.zeros((architecture.hidden_dim, x.shape[-1]), x.dtype)
    return cross_entropy(margin(prepared, jax.lax.scan(read, start, x)[0]), positive)
