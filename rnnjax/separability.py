"""How well a plane separates two sets of points: a linear programme."""

from itertools import combinations

import numpy as np
import scipy

from rnnjax.words import KINDS, words_of


def margin(one: np.ndarray, other: np.ndarray) -> float:
    """The largest t with w·x + b >= t for one set and <= -t for the other, all |w_i| <= 1.

    0 where no plane separates them; otherwise the half width, in the sum of the coordinates'
    differences, of the widest gap.

    Args:
        one: points [N, D].
        other: points [M, D].
    """
    points = np.concatenate([one, other]).astype(np.float64)
    side = np.repeat([1.0, -1.0], [len(one), len(other)])
    dim = points.shape[1]
    solution = scipy.optimize.linprog(
        np.append(np.zeros(dim + 1), -1.0),  # of w, b, t
        A_ub=np.column_stack([-side[:, None] * points, -side, np.ones(len(points))]),
        b_ub=np.zeros(len(points)),
        bounds=[*[(-1.0, 1.0)] * dim, *[(None, None)] * 2],
    )
    return max(0.0, -float(solution.fun))


def kind_margins(embedding: np.ndarray) -> dict[str, float]:
    """The margins that Figure 4.1 speaks of: every two kinds of words, and each kind against the rest.

    Args:
        embedding: the word vectors, [V, D].
    """
    words = {name: words_of(kind) for kind, name in enumerate(KINDS)}
    found = {}
    for one, other in combinations(words, 2):
        found[f"{one} | {other}"] = margin(embedding[words[one]], embedding[words[other]])
    for name, indices in words.items():
        found[f"{name} | rest"] = margin(embedding[indices], np.delete(embedding, indices, axis=0))
    return found
