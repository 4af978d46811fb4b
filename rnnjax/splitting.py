"""How rare a score is among random vectors, far below one in as many as can be scored: multilevel splitting.

P(score > L) of a rare L is a product of shares that are not rare: P(score > L1) P(score > L2 | score > L1) ...
(Kahn and Harris 1951; for static problems Au and Beck 2001, Botev and Kroese 2008, Cérou, Del Moral, Furon and Guyader
2012). Particles are drawn from the distribution itself; those above the next level stay, are copied until there are as
many as before, and each copy then makes a number of moves that leave the distribution above the level as it is
(Metropolis's: a symmetric proposal, taken if it is above the level). A level is the one that a wished share of the
particles exceeds, or a wanted one that comes first. Were the levels chosen beforehand, the product would be unbiased
for any number of moves and particles; choosing them from the particles makes a bias of the order of one over their
number (Cérou et al., section 3). What is left is its variance, which is large if moves do not forget what was copied:
independent repetitions tell. An estimate's logarithm lies below the rate's on average, by half its variance.

A proposal changes some of the coordinates, each particle's share of them and their width drawn anew for each move, so
that no width has to be fitted to a level.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from rnnjax.members import apart, call_size, spread

_WIDTHS = 0.02, 1.0  # of proposals, log-uniform between; the uniform distribution goes from -1 to 1
_START = -1  # a level that every score exceeds


class Prior(NamedTuple):
    """A distribution of independent coordinates, and a step from a vector to another that leaves it as it is."""

    draw: Callable[[jax.Array, int], jax.Array]  # (key, P) -> [P]
    step: Callable[[jax.Array, jax.Array, jax.Array], jax.Array]  # (vector [P], N(0, 1) noise [P], width) -> [P]


def _draw_uniform(key: jax.Array, size: int) -> jax.Array:
    return jax.random.uniform(key, (size,), minval=-1.0)


def _reflect(vector: jax.Array, noise: jax.Array, width: jax.Array) -> jax.Array:
    """A step of a random walk that is reflected at -1 and 1."""
    there = jnp.mod(vector + width * noise + 1.0, 4.0)
    return jnp.where(there > 2.0, 4.0 - there, there) - 1.0


def _draw_normal(key: jax.Array, size: int) -> jax.Array:
    return jax.random.normal(key, (size,))


def _shrink(vector: jax.Array, noise: jax.Array, width: jax.Array) -> jax.Array:
    """Neal's (1998) proposal for a Gaussian prior."""
    return jnp.sqrt(1.0 - width**2) * vector + width * noise


PRIORS = {"uniform": Prior(_draw_uniform, _reflect), "normal": Prior(_draw_normal, _shrink)}  # on [-1, 1]; N(0, 1)


class Programs(NamedTuple):
    """Compiled, for a fixed number of particles, of which the last may be there to fill the devices alone."""

    particles: int  # that count
    start: Callable[..., tuple[jax.Array, jax.Array]]  # (key, *shared) -> vectors [P, S], scores [S]
    # (vectors, scores, key, level, moves, *shared) -> vectors, scores, how many moves each particle took [S]
    move: Callable[..., tuple[jax.Array, jax.Array, jax.Array]]


class Ladder(NamedTuple):
    """Levels, and what is known of them."""

    levels: np.ndarray  # [L] int: scores that are exceeded
    rates: np.ndarray  # [L] float: estimates of P(score > level)
    shares: np.ndarray  # [L] float: of the particles above the level before, those above this one
    taken: np.ndarray  # [L] float: the share of proposals taken, those that change nothing (1 in P + 1) too; NaN: none
    vectors: np.ndarray  # [P, S] float32: the last particles
    scores: np.ndarray  # [S] int: theirs


def make_programs(
    prior: Prior,
    size: int,
    score: Callable[..., jax.Array],
    particles: int,
    mesh: Mesh,
    tile: int,
    *shared: Any,
) -> Programs:
    """Compile the drawing and the moving of particles.

    Args:
        prior: an entry of PRIORS.
        size: P, coordinates of a vector.
        score: pure; (vectors [P, T], *shared) -> [T] integers from 0 on.
        particles: S.
        mesh: over which they are spread.
        tile: particles that are worked on at once.
        shared: arrays that stand for those of every call, as of members.spread.
    """
    total = call_size(mesh, tile, particles)
    numbers = np.arange(total, dtype=np.uint32)
    key, flat = jax.random.key(0), jax.ShapeDtypeStruct((size, total), jnp.float32)
    scores = jax.ShapeDtypeStruct((total,), jnp.int32)

    def start(numbers: jax.Array, key: jax.Array, *shared: Any) -> tuple[jax.Array, jax.Array]:
        vectors = jax.vmap(lambda n: prior.draw(jax.random.fold_in(key, n), size), out_axes=-1)(numbers)
        return vectors, score(vectors, *shared).astype(jnp.int32)

    def move(
        particles: tuple[jax.Array, jax.Array, jax.Array],
        key: jax.Array,
        level: Any,
        moves: Any,
        one: jax.Array,
        *shared: Any,
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        vectors, scores, numbers = particles

        def once(number: Any, now: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array, jax.Array]:
            vectors, scores, taken = now
            here = jax.random.fold_in(key, number)
            proposals = jax.vmap(functools.partial(_propose, prior, here), in_axes=-1, out_axes=-1)(numbers, vectors)
            proposed = apart(score, one, proposals, *shared).astype(jnp.int32)
            good = proposed > level
            vectors, scores = jnp.where(good, proposals, vectors), jnp.where(good, proposed, scores)
            return vectors, scores, taken + good

        return jax.lax.fori_loop(0, moves, once, (vectors, scores, jnp.zeros_like(scores)))

    begin = spread(start, mesh, tile, numbers, key, *shared, whole=True)
    go_on = spread(
        move, mesh, tile, (flat, scores, numbers), key, np.int32(0), np.int32(1), np.int32(1), *shared, whole=True
    )

    def moved(vectors: np.ndarray, scores: np.ndarray, key: jax.Array, level: int, moves: int, *shared: Any) -> Any:
        filled = np.arange(total) % particles
        given = np.take(vectors, filled, -1), np.take(scores, filled), numbers
        return _first(particles, go_on(given, key, np.int32(level), np.int32(moves), np.int32(1), *shared))

    return Programs(particles, lambda key, *shared: _first(particles, begin(numbers, key, *shared)), moved)


def climb(
    programs: Programs,
    key: jax.Array,
    wanted: Sequence[int],
    keep: float,
    moves: int,
    rarest: float,
    shared: Sequence[Any],
) -> Iterator[Ladder]:
    """Up to the last wanted level, or until no particle or only rates below `rarest` are left; after each level.

    Args:
        programs: of make_programs.
        key: of this climb alone.
        wanted: levels L, ascending, whose P(score > L) is sought: each is one of the ladder's, if it is reached.
        keep: the share of particles that shall be above the next level, in (0, 1).
        moves: of each particle between two levels.
        rarest: the rate at which to stop.
        shared: the arrays that the score takes.

    Raises:
        ValueError: a score is below 0.
    """
    drawing, moving, copying = (jax.random.fold_in(key, n) for n in range(3))
    vectors, scores = (np.asarray(each) for each in programs.start(drawing, *shared))
    if scores.min() <= _START:
        raise ValueError(f"a score is {scores.min()}; it must be 0 or more")
    ladder = Ladder(np.zeros(0, int), np.zeros(0), np.zeros(0), np.zeros(0), vectors, scores)
    level, rate = _START, 1.0
    while level < wanted[-1] and rate > rarest:
        level = next_level(scores, level, keep, wanted)
        above = np.flatnonzero(scores > level)
        share, taken = len(above) / len(scores), np.nan
        rate *= share
        if len(above):
            copies = above[_copies(len(above), len(scores), jax.random.fold_in(copying, level + 1))]
            here = jax.random.fold_in(moving, level + 1)
            moved = programs.move(vectors[:, copies], scores[copies], here, level, moves, *shared)
            vectors, scores, accepted = (np.asarray(each) for each in moved)
            taken = float(accepted.mean()) / moves
        ladder = Ladder(
            np.append(ladder.levels, level),
            np.append(ladder.rates, rate),
            np.append(ladder.shares, share),
            np.append(ladder.taken, taken),
            vectors,
            scores,
        )
        yield ladder


def next_level(scores: np.ndarray, level: int, keep: float, wanted: Sequence[int]) -> int:
    """The highest level that a share of the scores exceeds, but not beyond the next wanted one.

    Where many scores are equal, so that all exceed that level, the one above it, which fewer exceed.

    Args:
        scores: [S], all above `level`.
        level: the last one.
        keep: the share, in (0, 1).
        wanted: levels, ascending; the last is above `level`.
    """
    quantile = int(np.sort(scores)[int(len(scores) * (1 - keep))])
    found = quantile - 1 if scores.min() < quantile else quantile
    return min([found, *(each for each in wanted if each > level)])


def rate_above(levels: np.ndarray, rates: np.ndarray, wanted: int) -> tuple[float, float]:
    """The estimate of P(score > wanted), and an estimate of what it does not exceed where it is 0: nothing was found.

    Where it is not 0 both are the estimate. Otherwise the second is that of the last level that particles were above,
    P(score > level), which no higher level's exceeds.

    Args:
        levels: of a ladder, [L].
        rates: likewise.
        wanted: one of the wanted levels.
    """
    rate = float(rates[levels == wanted].sum())
    return (rate, rate) if rate > 0 else (0.0, float(min([1.0, *rates[rates > 0]])))


def _propose(prior: Prior, key: jax.Array, number: jax.Array, vector: jax.Array) -> jax.Array:
    """A particle's proposal: some coordinates of the vector moved."""
    of_noise, of_width, of_share, of_chosen = jax.random.split(jax.random.fold_in(key, number), 4)
    least, most = np.log(_WIDTHS)
    width = jnp.exp(jax.random.uniform(of_width, minval=least, maxval=most))
    moved = prior.step(vector, jax.random.normal(of_noise, vector.shape), width)
    chosen = jax.random.uniform(of_chosen, vector.shape) < jax.random.uniform(of_share)
    return jnp.where(chosen, moved, vector)


def _copies(number: int, total: int, key: jax.Array) -> np.ndarray:
    """[total], which of `number` survivors each particle copies: each is copied as often as any other, or once more."""
    shift = int(jax.random.randint(key, (), 0, number))
    return (np.arange(total) + shift) % number


def _first(particles: int, arrays: Any) -> Any:
    return jax.tree.map(lambda array: array[..., :particles], arrays)
