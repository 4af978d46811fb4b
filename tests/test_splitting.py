"""Multilevel splitting, against tails that are known in closed form and cases worked out by hand."""

import functools
import hashlib
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from forked import python
from scipy import stats

from rnnjax import members, splitting
from rnnjax.splitting import PRIORS, Programs, next_level, rate_above

PARTICLES, TILE, MOVES = 400, 16, 10


def furthest(vectors: jax.Array) -> jax.Array:
    """Large where all coordinates are near 0."""
    return jnp.floor(1000 * (1 - jnp.abs(vectors).max(0))).astype(jnp.int32)


def length(vectors: jax.Array) -> jax.Array:
    """Large where the vector is long."""
    return jnp.floor(10 * (vectors**2).sum(0)).astype(jnp.int32)


@functools.cache
def programs(prior: str, size: int, score: Any, particles: int = PARTICLES, devices: int = 1) -> Programs:
    return splitting.make_programs(PRIORS[prior], size, score, particles, members.make_mesh(devices), TILE)


def ladder(of: Programs, seed: int, wanted: Sequence[int], **changed: Any) -> splitting.Ladder:
    asked: dict[str, Any] = {"keep": 0.3, "moves": MOVES, "rarest": 1e-30, "shared": ()} | changed
    return list(splitting.climb(of, jax.random.key(seed), wanted, **asked))[-1]


@pytest.mark.parametrize(
    ("prior", "size", "score", "level", "known"),
    [
        ("uniform", 6, furthest, 899, 0.1**6),
        ("normal", 3, length, 399, stats.chi2.sf(40, 3)),  # 1e-8
    ],
)
def test_a_known_tail_is_found(prior: str, size: int, score: Any, level: int, known: float) -> None:
    of = programs(prior, size, score)
    found = [ladder(of, seed, [level // 3, level]) for seed in range(40)]
    rates = np.array([rate_above(each.levels, each.rates, level)[0] for each in found]) / known
    error = rates.std(ddof=1) / np.sqrt(len(rates))
    assert error < 0.1  # a wrong factor of 1.4 would be seen
    assert abs(rates.mean() - 1) < 4 * error
    for each in found:
        assert {level // 3, level} <= set(each.levels.tolist()) and (np.diff(each.levels) > 0).all()
        np.testing.assert_allclose(each.rates, np.cumprod(each.shares))
        assert (each.scores > each.levels[-1]).all()
        np.testing.assert_array_equal(each.scores, np.asarray(score(each.vectors)))


@pytest.mark.parametrize(("prior", "law"), [("uniform", stats.uniform(-1, 2)), ("normal", stats.norm())])
def test_moves_leave_the_distribution_as_it_is(prior: str, law: Any) -> None:
    of = programs(prior, 3, lambda vectors: jnp.zeros(vectors.shape[-1], jnp.int32), 8000)
    drawn, scores = (np.asarray(each) for each in of.start(jax.random.key(1)))
    moved, _, taken = (np.asarray(each) for each in of.move(drawn, scores, jax.random.key(2), -1, 100))
    assert (taken == 100).all() and (moved != drawn).all()
    for values in (*drawn, *moved):
        assert stats.kstest(values, law.cdf).pvalue > 1e-3
    assert abs(np.corrcoef(drawn[0], moved[0])[0, 1]) < 0.1  # and it has been forgotten
    assert abs(np.corrcoef(moved)[0, 1]) < 0.05


def test_moves_stay_above_the_level() -> None:
    of = programs("uniform", 6, furthest)
    vectors = np.full((6, PARTICLES), 0.05, np.float32)
    moved, scores, taken = of.move(vectors, np.full(PARTICLES, 950, np.int32), jax.random.key(0), 899, 20)
    assert (np.abs(moved) < 0.1).all() and (np.asarray(scores) > 899).all()
    assert 0 < np.asarray(taken).mean() < 20


DIGEST = """
import hashlib, sys
import jax
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", int(sys.argv[1]))
from test_splitting import furthest, ladder, programs
found = ladder(programs("uniform", 3, furthest, 90, devices=int(sys.argv[1])), 5, [600, 899])
print(jax.device_count(), hashlib.sha256(b"".join(array.tobytes() for array in found)).hexdigest())
"""


@pytest.mark.parametrize("devices", [2, 5])
def test_a_climb_is_the_same_on_any_number_of_devices(devices: int) -> None:
    found = ladder(programs("uniform", 3, furthest, 90), 5, [600, 899])
    done = python("-c", DIGEST, str(devices))
    assert done.stdout.split() == [
        str(devices), hashlib.sha256(b"".join(array.tobytes() for array in found)).hexdigest(),
    ], done.stderr  # fmt: skip


def test_particles_do_not_depend_on_how_many_there_are() -> None:
    one, fewer = programs("uniform", 3, furthest, 90), programs("uniform", 3, furthest, 40)
    np.testing.assert_array_equal(one.start(jax.random.key(3))[0][:, :40], fewer.start(jax.random.key(3))[0])


def test_repetitions_are_independent_and_a_key_decides() -> None:
    of = programs("uniform", 6, furthest)
    first, again, other = (ladder(of, seed, [899]) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.vectors, again.vectors)
    assert first.rates[-1] != other.rates[-1]


@pytest.mark.parametrize(
    ("scores", "level", "keep", "wanted", "expected"),
    [
        (range(10), -1, 0.3, [100], 6),  # 7, 8 and 9 are above
        (range(10), -1, 0.5, [100], 4),
        (range(10), -1, 0.3, [3, 100], 3),  # no wanted one is left out
        (range(10), 3, 0.3, [3, 100], 6),  # but one that was there already
        ([5] * 8 + [7, 9], 4, 0.3, [100], 5),  # fewer than wished, as no level between tells them apart
        ([5] * 10, 4, 0.3, [100], 5),  # none
        ([5] * 5 + [7] * 5, 4, 0.3, [100], 6),
    ],
)
def test_the_next_level_by_hand(
    scores: Sequence[int], level: int, keep: float, wanted: list[int], expected: int
) -> None:
    assert next_level(np.array(scores), level, keep, wanted) == expected


def test_survivors_are_copied_equally_often() -> None:
    for number in (1, 3, 7, 10):
        times = np.bincount(splitting._copies(number, 10, jax.random.key(number)), minlength=number)
        assert times.sum() == 10 and times.max() - times.min() <= 1
    extra = [np.bincount(splitting._copies(3, 10, jax.random.key(n))).argmax() for n in range(60)]
    assert set(extra) == {0, 1, 2}  # who has the fourth copy is a matter of chance


def test_what_nobody_reaches_has_a_bound_and_no_estimate() -> None:
    of = programs("uniform", 2, lambda vectors: jnp.minimum(furthest(vectors), 500))
    found = ladder(of, 0, [400, 700])
    assert found.levels[-1] < 700 and found.rates[-1] == 0 and np.isnan(found.taken[-1])
    rate, bound = rate_above(found.levels, found.rates, 400)
    assert rate == bound == pytest.approx((1 - 0.401) ** 2, rel=0.3)
    rate, bound = rate_above(found.levels, found.rates, 700)
    assert rate == 0 and 0.5**2 * 0.7 < bound < 0.5**2 * 1.4  # that of 500, which is the last that was exceeded


def test_a_climb_ends_at_the_rarest_rate() -> None:
    found = ladder(programs("uniform", 6, furthest), 0, [999], rarest=1e-4)
    assert 1e-6 < found.rates[-1] <= 1e-4 < found.rates[-2]
    assert rate_above(found.levels, found.rates, 999) == (0, found.rates[-1])


def test_nothing_known_is_bounded_by_one() -> None:
    assert rate_above(np.array([5]), np.array([0.0]), 7) == (0, 1)


def test_no_score_is_below_zero() -> None:
    start = jnp.zeros((2, PARTICLES)), jnp.full(PARTICLES, -1)
    with pytest.raises(ValueError, match="a score is -1; it must be 0 or more"):
        ladder(Programs(PARTICLES, lambda *_: start, lambda *_: pytest.fail("moved")), 0, [3])
