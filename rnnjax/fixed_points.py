"""Where a word leaves the state as it is: fixed points of h -> step(h, x), and slow points, where it moves it least.

Both are minima of q(h) = |F(h)|² / 2, F(h) = step(h, x) - h (Sussillo and Barak 2013). From each of many starts
Levenberg's and Marquardt's damped Newton steps go down q inside [-1, 1]^H, which holds all states of a tanh cell and so
all its fixed points; one search finds both, for at a fixed point F is 0, at a slow point q's gradient alone. Points are
accepted by tolerances of float64: in float32 rounding moves a state by 1e-7, and it is eigenvalues near 1 that one
looks for. So call these within `jax.enable_x64(True)`, with weights, words and starts in float64.
"""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from rnnjax.cells import Cell
from rnnjax.parameters import Params

Step = Callable[[jax.Array], jax.Array]  # [H] -> [H]

FIXED = 1e-10  # |F| up to which a point is a fixed point
FLAT = 1e-6  # |q's gradient| / |F| up to which another one is a slow point
APART = 1e-3  # distance from which on two points are different ones
_DAMPING = 1e-2, 1e-14, 1e8  # at first, least, most
_REPEATED = 50  # steps of the map itself that lead near to what is stable
_PAIRS, _HALVINGS, _ALONG = 8, 30, (0, 5, 10, 20, 30)  # see borders
_LONGER = 32, 300  # so many searches that have not ended go on, for so many steps more


class Points(NamedTuple):
    """The different points that were found, as many as there is room for; NaN in the places that are left."""

    states: jax.Array  # [M, H]
    speeds: jax.Array  # [M], |F|
    jacobians: jax.Array  # [M, H, H], of the step; row i: of the new state's unit i
    number: jax.Array  # found, whether there was room or not


def word_step(cell: Cell, params: Params, x: jax.Array) -> Step:
    """What a word [D] does to a state, of one network."""
    prepared = cell.prepare(params)
    projected = cell.project(prepared, x)
    return lambda h: cell.advance(prepared, h, projected)


def repeat(step: Step, states: jax.Array, times: int) -> jax.Array:
    """The states [N, H] after so many more steps."""
    return jax.lax.fori_loop(0, times, lambda _, here: jax.vmap(step)(here), states)


def find(step: Step, starts: jax.Array, steps: int, room: int) -> tuple[Points, Points]:
    """Fixed points and slow points, in the order of the first start that leads to each.

    One search begins at each start and another where the step, repeated, leads from there: near what is stable,
    which may lie where Newton steps seldom come. Further ones begin at the borders of what leads to different ends.
    The slowest of those that have not ended go on: along a line of slow points the way to the fixed point is long.

    Args:
        step: a map of [-1, 1]^H into itself.
        starts: [N, H].
        steps: Newton steps that are tried in each search at first.
        room: M.
    """
    settled = repeat(step, starts, _REPEATED)
    ends = search(step, jnp.concatenate([starts, settled, borders(step, starts, settled)]), steps)
    speeds = jnp.linalg.norm(jax.vmap(step)(ends) - ends, axis=-1)
    nearest = jnp.argsort(jnp.where(speeds <= FIXED, jnp.inf, speeds))[: _LONGER[0]]
    ends = jnp.concatenate([ends, search(step, ends[nearest], _LONGER[1])])
    slopes, f = jax.vmap(jax.jacfwd(step))(ends), jax.vmap(step)(ends) - ends
    speeds = jnp.linalg.norm(f, axis=-1)
    gradients = jnp.sum((slopes - jnp.eye(ends.shape[1])[None]) * f[:, :, None], 1)
    fixed = speeds <= FIXED
    slow = ~fixed & (jnp.linalg.norm(gradients, axis=-1) <= FLAT * speeds)

    def points(wanted: jax.Array) -> Points:
        different = distinct(ends, wanted)
        places = jnp.argsort(~different, stable=True)[:room]

        def taken(values: jax.Array) -> jax.Array:
            there = different[places].reshape(-1, *[1] * (values.ndim - 1))
            return jnp.where(there, values[places], jnp.nan)

        return Points(taken(ends), taken(speeds), taken(slopes), different.sum())

    return points(fixed), points(slow)


def borders(step: Step, starts: jax.Array, settled: jax.Array) -> jax.Array:
    """States near saddles, found by halving the way between two starts that lead to different ends, [K, H].

    What begins on the border between two basins stays on it, and a saddle on the border draws it in (edge tracking:
    Skufca, Yorke and Eckhardt 2006); Newton steps may reach that saddle from a tiny part of the plane alone.

    Args:
        step: a map of [-1, 1]^H into itself.
        starts: [N, H]; the first ones are each paired with the start whose end is farthest from theirs.
        settled: [N, H], where the step, repeated, leads from each.
    """
    one, end = starts[:_PAIRS], settled[:_PAIRS]
    ways = jnp.sum((end[:, None] - settled[None]) ** 2, -1)
    far = jnp.argmax(ways, 1)
    other, other_end = starts[far], settled[far]

    def halve(_: int, here: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        one, other = here
        middle = (one + other) / 2
        there = repeat(step, middle, _REPEATED)
        nearer = jnp.sum((there - end) ** 2, -1) < jnp.sum((there - other_end) ** 2, -1)
        return jnp.where(nearer[:, None], middle, one), jnp.where(nearer[:, None], other, middle)

    state, _ = jax.lax.fori_loop(0, _HALVINGS, halve, (one, other))
    along = [state]
    for before, after in itertools.pairwise(_ALONG):
        along.append(repeat(step, along[-1], after - before))
    return jnp.concatenate(along)


def search(step: Step, starts: jax.Array, steps: int) -> jax.Array:
    """Where damped Newton steps lead from every start, [N, H].

    A step that does not lower q is not taken. The damping follows how much of the drop that the linear F promises
    comes true (Nielsen's rule: Madsen, Nielsen and Tingleff 2004, section 3.2).

    Args:
        step: a map of [-1, 1]^H into itself.
        starts: [N, H].
        steps: tried from each.
    """
    first, least, most = _DAMPING

    def go(_: int, here: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array, jax.Array]:
        h, damping, growth = here
        one = jnp.eye(len(h))
        f, a = step(h) - h, jax.jacfwd(step)(h) - one
        gradient = jnp.sum(a * f[:, None], 0)
        way = -_solve_positive(jnp.sum(a[:, :, None] * a[:, None, :], 0) + damping * one, gradient)
        there = jnp.clip(h + way, -1, 1)
        drop = jnp.sum(f**2) - jnp.sum((step(there) - there) ** 2)
        promised = jnp.sum(way * (damping * way - gradient))
        better = drop > 0
        less = jnp.maximum(1 / 3, 1 - (2 * drop / promised - 1) ** 3)
        damping = jnp.clip(damping * jnp.where(better, less, growth), least, most)
        return jnp.where(better, there, h), damping, jnp.where(better, 2.0, jnp.minimum(2 * growth, most))

    def one(start: jax.Array) -> jax.Array:
        damping, growth = (jnp.asarray(value, start.dtype) for value in (first, 2))
        return jax.lax.fori_loop(0, steps, go, (start, damping, growth))[0]

    return jax.vmap(one)(starts)


def distinct(states: jax.Array, wanted: jax.Array) -> jax.Array:
    """[N] bool, which of the wanted states [N, H] have no wanted one before them within APART."""
    ways = jnp.sum((states[:, None] - states[None]) ** 2, -1)
    earlier = jnp.tri(len(states), k=-1, dtype=bool)
    return wanted & ~jnp.any((ways < APART**2) & earlier & wanted[None], 1)


def _solve_positive(matrix: jax.Array, vector: jax.Array) -> jax.Array:
    """matrix⁻¹ vector, of a positive definite [H, H]: Cholesky's way, written out.

    Elementwise code serves all starts and members at once; LAPACK's calls for one matrix each take many times longer.
    """
    size = len(vector)
    rows: list[list[jax.Array]] = []
    ahead: list[jax.Array] = []
    for i in range(size):
        rows.append([])
        for j in range(i + 1):
            rest = matrix[i, j] - sum(rows[i][k] * rows[j][k] for k in range(j))
            rows[i].append(jnp.sqrt(rest) if i == j else rest / rows[j][j])
        ahead.append((vector[i] - sum(rows[i][k] * ahead[k] for k in range(i))) / rows[i][i])
    back: dict[int, jax.Array] = {}
    for i in reversed(range(size)):
        back[i] = (ahead[i] - sum(rows[k][i] * back[k] for k in range(i + 1, size))) / rows[i][i]
    return jnp.stack([back[i] for i in range(size)])
