"""What the products of weights make of the ten words: W_ih x and W_oh W_ih x of section 4.3.1.

NumPy in float64, members last: a cloud of points, one a word, is [V, J, S]. A gated cell has a W_ih in each gate; the
caller says which.

Softmax sees nothing of the two logits but their difference, so in their plane one direction counts, (-1, 1). The two
rows of the readout have opposite gradients, and Adam moves them by opposite steps: their sum stays what it was at the
start, while their difference grows. A line in that direction is what any training makes, which is why trained
networks are compared with the same networks before training.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from rnnjax.errors import one_of
from rnnjax.landscape import Architecture
from rnnjax.parameters import unflatten
from rnnjax.statistics import quotient
from rnnjax.words import NEGATIVE, POSITIVE, STOP, words_of


class Products(NamedTuple):
    """One gate's products of S networks."""

    matrix: np.ndarray  # W_ih, [H, D, S]
    hidden: np.ndarray  # W_ih x, [V, H, S]
    logits: np.ndarray  # W_oh W_ih x, [V, K, S]


def products(architecture: Architecture, flat: np.ndarray, words: np.ndarray, gate: str) -> Products:
    """The thesis' products, biases left out as there.

    Args:
        architecture: of all.
        flat: [P, S].
        words: each network's own, [V, D, S].
        gate: whose W_ih: "candidate", the only one of an RNN, or another of the cell's gates.

    Raises:
        UserError: the cell has no such gate.
    """
    names, size = [each.name for each in architecture.cell.gates], architecture.hidden_dim
    one_of(f"the gate of a {architecture.cell.title}", gate, names)
    params, start = unflatten(np.asarray(flat, float), architecture.sizes), names.index(gate) * size
    matrix = params.w_ih[start : start + size]
    hidden = np.einsum("hds,vds->vhs", matrix, np.asarray(words, float))
    return Products(matrix, hidden, np.einsum("khs,vhs->vks", params.w_oh, hidden))


def measures(of: Products) -> dict[str, np.ndarray]:
    """What C11 to C13 speak of, each [S], all but two independent of scale; two hidden units and two classes.

    stop_norm: length of W_ih x, stop words over sentiment words; 0: stop words are in the null space.
    singular_largest, singular_least: singular values of W_ih; singular_ratio: least over largest, 0: its image is a
    line.
    hidden_axis, logits_axis: share of the variance of W_ih x, of W_oh W_ih x, on the first principal axis.
    hidden_unit: share of the variance of W_ih x in the one hidden unit that has more of it.
    hidden_separation, logits_separation: see separation.
    logits_difference: share of the variance of W_oh W_ih x in the direction that softmax sees.
    difference_stop_norm: size of that difference of logits, stop words over sentiment words.
    difference_gap: see gap; of that difference.
    """
    difference = (of.logits[:, 1] - of.logits[:, 0])[:, None]
    largest, *_, least = singular_values(of.matrix)
    return {
        "stop_norm": stop_norm(of.hidden),
        "singular_largest": largest,
        "singular_least": least,
        "singular_ratio": quotient(least, largest),
        "hidden_axis": axis_share(of.hidden),
        "hidden_unit": _shares(of.hidden).max(0),
        "hidden_separation": separation(of.hidden),
        "logits_axis": axis_share(of.logits),
        "logits_difference": difference_share(of.logits),
        "logits_separation": separation(of.logits),
        "difference_stop_norm": stop_norm(difference),
        "difference_gap": gap(difference[:, 0]),
    }


def stop_norm(points: np.ndarray) -> np.ndarray:
    """The mean distance of the stop words' points from 0 over that of the sentiment words', [S].

    Args:
        points: [V, J, ..., S].
    """
    lengths = np.linalg.norm(points, axis=1)
    return quotient(lengths[words_of(STOP)].mean(0), lengths[_sentiments()].mean(0))


def least_stop_norm(words: np.ndarray) -> np.ndarray:
    """The least that stop_norm of W x can be for any W [J, 2], [S]: 0 only if all stop words are on one line through 0.

    |W x| is a mean of |w·x| over some w, so one row is enough; between two directions at which a word's product is 0,
    the ratio of two sums of |w·x| is one of linear functions and takes its least value at an end.

    Args:
        words: [V, 2, S].
    """
    rows = np.stack([-words[:, 1], words[:, 0]], 1)  # of each word the normal
    return stop_norm(np.einsum("cjs,vjs->vcs", rows, words)[:, None]).min(0)


def singular_values(matrix: np.ndarray) -> np.ndarray:
    """Of matrices [J, D, S], [min(J, D), S], the largest first."""
    return np.linalg.svd(np.moveaxis(matrix, -1, 0), compute_uv=False).T


def axis_share(points: np.ndarray) -> np.ndarray:
    """The share of the points' variance on their first principal axis, [S]: from 1 / J to 1, a straight line."""
    centred = points - points.mean(0)
    variances = np.linalg.svd(np.moveaxis(centred, -1, 0), compute_uv=False) ** 2
    return quotient(variances[:, 0], variances.sum(1))


def difference_share(logits: np.ndarray) -> np.ndarray:
    """The share of the variance of logits [V, 2, S] in the direction (-1, 1), [S]."""
    turned = np.stack([logits[:, 1] - logits[:, 0], logits[:, 1] + logits[:, 0]], 1)
    return _shares(turned)[0]


def separation(points: np.ndarray) -> np.ndarray:
    """planar_margin of positive and negative words over the spread of both together, [S].

    The spread is the root mean square distance from their mean; so it is 0 where no line separates them and 1 where
    each sentiment's words are one point.

    Args:
        points: [V, 2, S].
    """
    cloud = points[_sentiments()]
    spread = np.sqrt(((cloud - cloud.mean(0)) ** 2).sum(1).mean(0))
    return quotient(planar_margin(points[words_of(POSITIVE)], points[words_of(NEGATIVE)]), spread)


def gap(values: np.ndarray) -> np.ndarray:
    """Half the way from the highest negative to the lowest positive word, over the spread of both, [S].

    Above 0 where a threshold separates the sentiments, the positive words on the high side; at most 1.

    Args:
        values: one number a word, [V, S].
    """
    way = values[words_of(POSITIVE)].min(0) - values[words_of(NEGATIVE)].max(0)
    return quotient(way / 2, values[_sentiments()].std(0))


def planar_margin(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Half the width of the widest empty strip between two sets of points of a plane, [S]; 0 where no line separates.

    That is half the distance of their convex hulls. Its ends are two points, or a point and the foot of its
    perpendicular on a side, so the strip's normal is among the differences of two points, one of each set, and the
    normals of the lines through two points of one set: no search is needed.

    Args:
        one: [N, 2, S].
        other: [M, 2, S].
    """
    across = [a - b for a in one for b in other]
    along = [a - b for points in (one, other) for a, b in combinations(points, 2)]
    normals = [np.stack([-y, x]) * sign for x, y in along for sign in (1, -1)]
    directions = np.stack(across + normals)
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    units = np.divide(directions, lengths, out=np.zeros_like(directions), where=lengths > 0)
    near = np.einsum("cjs,njs->cns", units, one).min(1) - np.einsum("cjs,njs->cns", units, other).max(1)
    return np.maximum(near.max(0), 0) / 2


def _sentiments() -> np.ndarray:
    return np.concatenate([words_of(POSITIVE), words_of(NEGATIVE)])


def _shares(points: np.ndarray) -> np.ndarray:
    """Each coordinate's share of the variance of points [V, J, S]: [J, S]."""
    variances = points.var(0)
    return quotient(variances, variances.sum(0)[None])
