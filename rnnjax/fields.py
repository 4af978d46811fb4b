"""What a word does to the state all over the plane: the vector fields of section 4.3.3.

Of one network with two hidden units; see members.each for many. Thesis leaves open: which part of the plane; here:
[-1, 1]², which no state of a tanh cell ever leaves.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rnnjax.cells import Cell
from rnnjax.classifier import margin
from rnnjax.parameters import Params

# Between bins of the signed distance to the decision boundary: above 0 in the positive region.
EDGES = np.array([-0.8, -0.4, -0.2, -0.1, 0, 0.1, 0.2, 0.4, 0.8])


class Summary(NamedTuple):
    """What V words do to the states at G points; B = len(EDGES) + 1 bins. Nothing in it depends on G's order."""

    mean_norm: jax.Array  # [V], of the displacement, over the points
    up: jax.Array  # [V], share of the points at which the word raises the readout's margin
    down: jax.Array  # [V], likewise lowers
    positive: jax.Array  # [V], share of the points from which it leads into the positive region
    keeps: jax.Array  # [V], share of the points from which it leads into the region where they are
    positive_points: jax.Array  # share of the points that are in the positive region
    points_at: jax.Array  # [B], points in each bin
    up_at: jax.Array  # [V, B], of them those at which the word raises the margin
    positive_at: jax.Array  # [V, B], of them those from which it leads into the positive region


def plane(number: int) -> np.ndarray:
    """The centres of number x number equal squares that fill [-1, 1]², [G, 2] float32, row by row from below."""
    along = (np.arange(number) + 0.5) * 2 / number - 1
    y, x = np.meshgrid(along, along, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)


def displacements(cell: Cell, params: Params, words: jax.Array, states: jax.Array) -> jax.Array:
    """step(h, x) - h of every word at every state, [V, G, H].

    Args:
        cell: an entry of CELLS.
        params: of one network.
        words: their places, [V, D].
        states: [G, H].
    """
    prepared = cell.prepare(params)

    def of_word(x: jax.Array) -> jax.Array:
        projected = cell.project(prepared, x)
        return jax.vmap(lambda h: cell.advance(prepared, h, projected) - h)(states)

    return jax.vmap(of_word)(words)


def signed_distance(params: Params, states: jax.Array) -> jax.Array:
    """How far states [G, H] are from the boundary, the line w·h + b = 0, w = W_oh[1] - W_oh[0]; [G].

    Above 0 in the positive region. Without a line (w = 0) it is infinite, or NaN.
    """
    return margin(params, states.T) / jnp.linalg.norm(params.w_oh[1] - params.w_oh[0])


def summary(cell: Cell, params: Params, words: jax.Array, states: jax.Array) -> Summary:
    """The field's numbers; as everywhere, a margin of 0 is a call for negative. Arguments as of displacements."""
    field = displacements(cell, params, words, states)
    before = margin(params, states.T)
    after = jax.vmap(lambda moves: margin(params, (states + moves).T))(field)
    # Of the moves, not after - before: where a word hardly moves a state, that would be rounding.
    raised = jax.vmap(lambda moves: moves @ (params.w_oh[1] - params.w_oh[0]))(field)
    bins = jnp.searchsorted(EDGES, signed_distance(params, states))
    inside = (bins[:, None] == jnp.arange(len(EDGES) + 1)[None]).astype(jnp.int32)
    return Summary(
        mean_norm=jnp.linalg.norm(field, axis=-1).mean(-1),
        up=(raised > 0).mean(-1),
        down=(raised < 0).mean(-1),
        positive=(after > 0).mean(-1),
        keeps=((after > 0) == (before > 0)[None]).mean(-1),
        positive_points=(before > 0).mean(),
        points_at=inside.sum(0),
        up_at=(raised > 0).astype(jnp.int32) @ inside,
        positive_at=(after > 0).astype(jnp.int32) @ inside,
    )
