"""Singular values of small matrices by one-sided Jacobi rotations: elementwise, so that any number can be done at once.

jnp.linalg.svd is LAPACK's, one matrix after another; and a batch of them inside of a computation that is spread over
all CPU devices never ends: XLA's threads, one a device, wait there for a thread that would do the work.
"""

import jax
import jax.numpy as jnp
import numpy as np

_SWEEPS = 10  # in which all pairs of columns meet once; convergence is quadratic


def singular_values(matrix: jax.Array) -> jax.Array:
    """The singular values [H], descending, of a matrix [J, H] with J >= H (Hestenes 1958).

    Rotations make every two columns orthogonal; their lengths are then the singular values. Disjoint pairs are
    rotated at once and change partners as in a round robin. Those below 1e-150 of the largest may come out as 0.
    """
    largest = jnp.abs(matrix).max()
    columns = matrix / jnp.where(largest > 0, largest, 1)
    number = matrix.shape[1] + matrix.shape[1] % 2
    columns = jnp.pad(columns, ((0, 0), (0, number - matrix.shape[1])))
    partners = next_partners(number)
    columns = jax.lax.fori_loop(0, _SWEEPS * (number - 1), lambda _, a: _rotated(a)[:, partners], columns)
    lengths = jnp.sort(jnp.sqrt((columns**2).sum(0)), descending=True)
    return largest * lengths[: matrix.shape[1]]


def next_partners(number: int) -> np.ndarray:
    """The order of an even number of columns after which others are neighbours, as pairs (0, 1), (2, 3), ...

    Applied number - 1 times every two have been a pair once, and all are where they were.
    """
    ring = [*range(2, number, 2), *range(number - 1, 0, -2)]  # the first column stays, the others go round
    order = np.arange(number)
    order[ring] = np.roll(ring, 1)
    return order


def _rotated(columns: jax.Array) -> jax.Array:
    """The columns after each neighbouring pair has been turned until its two are orthogonal."""
    p, q = columns[:, 0::2], columns[:, 1::2]
    pp, qq, pq = (p * p).sum(0), (q * q).sum(0), (p * q).sum(0)
    cotangent = (qq - pp) / jnp.where(pq != 0, 2 * pq, 1)  # of twice the angle
    tangent = jnp.where(cotangent < 0, -1, 1) / (jnp.abs(cotangent) + jnp.sqrt(1 + cotangent**2))
    tangent = jnp.where(pq != 0, tangent, 0)[None]
    cosine = 1 / jnp.sqrt(1 + tangent**2)
    turned = cosine * (p - tangent * q), cosine * (tangent * p + q)
    return jnp.stack(turned, -1).reshape(columns.shape)
