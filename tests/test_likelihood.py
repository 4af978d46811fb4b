"""Likelihoods of printed numbers: against SciPy, loops, enumeration, closed forms; and the truth is found again."""

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from scipy import integrate, stats

from rnnjax.likelihood import (
    bootstrap_marginal,
    effective_draws,
    log_classes,
    log_count,
    log_extremes,
    log_given,
    log_values,
    marginal,
    weighted,
)

WIDTH = 0.02  # of the kernels
ANYWHERE = 0.05  # the weight of a uniform density
SIMULATED = np.array([0.5, 0.52, 0.61, 0.77, 0.9, 0.93, 0.93])


def normal(value: float, centre: float) -> float:
    return math.exp(-(((value - centre) / WIDTH) ** 2) / 2) / (WIDTH * math.sqrt(2 * math.pi))


def mixed(density: float) -> float:
    return (1 - ANYWHERE) * density + ANYWHERE


def urn(printed: list[int], simulated: list[int]) -> float:
    """Pólya's urn: half a ball of every class, a ball for every simulated network; every one drawn comes back twice."""
    balls, log = [number + 0.5 for number in simulated], math.lgamma(sum(printed) + 1)
    for i, number in enumerate(printed):
        log -= math.lgamma(number + 1)  # the order of what is drawn is not printed
        for _ in range(number):
            log += math.log(balls[i] / sum(balls))
            balls[i] += 1
    return log


def some(rng: np.random.Generator, number: int) -> np.ndarray:
    """Accuracies that are neither all alike nor spread evenly."""
    return np.where(rng.random(number) < 0.6, 0.93, 0.55) + 0.03 * rng.standard_normal(number)


# --- counts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (4, 10), (10, 10), (1, 1)])
@pytest.mark.parametrize("simulated", [[True] * 5, [False] * 5, [True, False, True], [False]])
def test_a_count_is_drawn_from_an_urn_of_simulated_networks(successes: int, trials: int, simulated: list[bool]) -> None:
    expected = urn([successes, trials - successes], [simulated.count(True), simulated.count(False)])
    assert log_count(successes, trials, np.array(simulated)) == pytest.approx(expected)


def test_a_count_is_binomial_averaged_over_rates_that_simulated_networks_leave_open() -> None:
    rates = (np.arange(200_000) + 0.5) / 200_000
    posterior = rates ** (3 - 0.5) * (1 - rates) ** (4 - 0.5)
    chance = np.average(stats.binom.pmf(2, 10, rates), weights=posterior)
    assert log_count(2, 10, np.arange(7) < 3) == pytest.approx(math.log(chance), rel=1e-5)


def test_many_simulated_networks_fix_the_rate_and_few_do_not() -> None:
    for successes in (0, 5, 10):
        many = log_count(successes, 10, np.arange(10**6) < 700_000)
        assert many == pytest.approx(stats.binom.logpmf(successes, 10, 0.7), abs=1e-3)
    few, more = (log_count(0, 10, np.ones(number, bool)) for number in (5, 50))
    assert few > more + 3
    assert log_count(10, 10, np.array([True, False])) > stats.binom.logpmf(10, 10, 0.5) + 3


def test_the_chances_of_all_counts_sum_to_one_and_none_is_impossible() -> None:
    for simulated in (np.zeros(100, bool), np.ones(3, bool), SIMULATED > 0.9):
        logs = [log_count(successes, 10, simulated) for successes in range(11)]
        assert np.isfinite(logs).all()
        assert np.exp(logs).sum() == pytest.approx(1)


def test_the_likeliest_count_is_the_simulated_rate() -> None:
    simulated = np.arange(100) < 70
    assert np.argmax([log_count(successes, 10, simulated) for successes in range(11)]) == 7


# --- classes --------------------------------------------------------------------------------------

EDGES = (0.535, 0.705, 0.905)


def test_classes_are_drawn_from_an_urn_in_the_order_of_the_edges() -> None:
    printed, simulated = [0.49, 0.52, 0.6, 0.95, 0.95, 0.99], np.array([0.3, 0.5, 0.72, 0.8, 0.91, 0.95, 1.0])
    assert log_classes(printed, simulated, EDGES) == pytest.approx(urn([2, 1, 0, 3], [2, 0, 2, 3]))


def test_what_is_printed_and_what_is_simulated_are_not_interchangeable() -> None:
    printed, simulated = [0.5] * 9 + [0.95], np.array([0.5, 0.95, 0.95, 0.95])
    assert log_classes(printed, simulated, EDGES) == pytest.approx(urn([9, 0, 0, 1], [1, 0, 0, 3]))
    assert log_classes(simulated.tolist(), np.array(printed), EDGES) == pytest.approx(urn([1, 0, 0, 3], [9, 0, 0, 1]))


def test_an_accuracy_on_an_edge_belongs_to_the_class_above() -> None:
    assert log_classes([0.7], np.full(4, 0.8), (0.7,)) == pytest.approx(math.log(4.5 / 5))
    assert log_classes([0.7, 0.7], np.full(4, 0.8), (0.7,)) == pytest.approx(math.log(4.5 / 5 * 5.5 / 6))
    assert log_classes([np.nextafter(0.7, 0)], np.full(4, 0.8), (0.7,)) == pytest.approx(math.log(0.5 / 5))


def test_the_chances_of_all_ways_to_fill_the_classes_sum_to_one() -> None:
    inside = (0.5, 0.6, 0.8, 0.95)
    total = 0.0
    for counts in product(range(4), repeat=4):
        if sum(counts) == 3:
            printed = [value for value, count in zip(inside, counts, strict=True) for _ in range(count)]
            total += math.exp(log_classes(printed, SIMULATED, EDGES))
    assert total == pytest.approx(1)


def test_two_classes_are_a_count() -> None:
    simulated = np.array([0.5, 0.6, 0.95, 0.99, 0.7])
    for successes in range(5):
        printed = [0.95] * successes + [0.5] * (4 - successes)
        expected = log_count(successes, 4, simulated > 0.9)
        assert log_classes(printed, simulated, (0.9,)) == pytest.approx(expected)


def test_only_the_class_counts_and_an_empty_one_is_not_impossible() -> None:
    low = log_classes([0.49, 0.51, 0.6], SIMULATED, EDGES)
    assert low == log_classes([0.69, 0.4, 0.53], SIMULATED, EDGES)
    assert np.isfinite(log_classes([0.95] * 30, np.full(300, 0.5), EDGES))


# --- values ---------------------------------------------------------------------------------------


def test_values_equal_a_plain_loop() -> None:
    printed, expected = [0.5, 0.6, 0.92], 0.0
    for value in printed:
        density = 0.0
        for simulated in SIMULATED:
            density += normal(value, simulated) / len(SIMULATED)
        expected += math.log(mixed(density))
    assert log_values(printed, SIMULATED) == pytest.approx(expected)


def density(log: Callable[[float], float], low: float, high: float) -> float:
    grid = np.linspace(low, high, 4001)
    return float(integrate.trapezoid(np.exp([log(value) for value in grid]), grid))


def test_the_density_of_a_value_integrates_to_one() -> None:
    assert density(lambda value: log_values([value], SIMULATED), 0, 1) == pytest.approx(1, abs=3e-4)
    # A network at the edge spills half its kernel.
    assert density(lambda value: log_values([value], np.ones(1)), 0, 1) == pytest.approx(0.05 + 0.95 / 2, abs=3e-3)


def test_no_simulated_networks_make_values_impossible_and_far_ones_do_not() -> None:
    assert log_values([0.1, 0.9], np.zeros(0)) == -math.inf
    for number in (1, 100):
        assert log_values([0.1, 0.9], np.full(number, 0.5)) == pytest.approx(2 * math.log(0.05))


def test_how_often_a_network_was_simulated_counts_and_not_how_many_were() -> None:
    assert log_values([0.5, 0.9], np.tile(SIMULATED, 9)) == pytest.approx(log_values([0.5, 0.9], SIMULATED))
    assert log_values([0.5], np.array([0.5, 0.5, 0.9])) > log_values([0.5], np.array([0.5, 0.9, 0.9])) + 0.5


# --- second numbers given first ones --------------------------------------------------------------


def test_second_numbers_given_the_first_equal_a_plain_loop() -> None:
    one, other = np.array([0.5, 0.51, 0.8, 0.54]), np.array([0.93, 0.5, 0.97, 0.9])
    printed, expected = [(0.5, 0.92), (0.81, 0.97), (0.52, 0.51)], 0.0
    for a, b in printed:
        joint, alone = 0.0, 0.0
        for x, y in zip(one, other, strict=True):
            joint += normal(a, x) * normal(b, y)
            alone += normal(a, x)
        expected += math.log(mixed(joint / alone))
    assert log_given(printed, one, other) == pytest.approx(expected)
    # The pairs' order does not matter; what belongs together, and which is given, does.
    assert log_given(printed[::-1], one[::-1], other[::-1]) == pytest.approx(expected)
    assert log_given(printed, one, other[[2, 1, 0, 3]]) < expected - 0.5
    assert log_given([(b, a) for a, b in printed], one, other) < expected - 5


@pytest.mark.parametrize("first", [0.5, 0.56, 0.8, 0.7, 0.0])
def test_the_density_of_a_second_number_integrates_to_one_whatever_the_first(first: float) -> None:
    one, other = np.array([0.5, 0.6, 0.8]), np.array([0.9, 0.3, 0.7])
    assert density(lambda value: log_given([(first, value)], one, other), 0, 1) == pytest.approx(1, abs=3e-4)


def test_a_first_number_unlike_all_simulated_ones_leaves_the_second_anywhere() -> None:
    assert log_given([(0.0, 0.9)], np.full(5, 0.9), np.full(5, 0.9)) == pytest.approx(math.log(0.05))


def test_how_likely_the_first_number_is_says_nothing() -> None:
    one, other, printed = np.array([0.5, 0.52, 0.8]), np.array([0.93, 0.5, 0.97]), [(0.5, 0.92), (0.81, 0.97)]
    expected = log_given(printed, one, other)
    # A hundred networks elsewhere would make both first numbers rare.
    crowded = np.concatenate([one, np.full(100, 0.2)]), np.concatenate([other, np.full(100, 0.6)])
    assert log_given(printed, *crowded) == pytest.approx(expected)
    assert log_given([(0.2, 0.6)], *crowded) == pytest.approx(math.log(mixed(normal(0, 0))))
    # Seconds that are all alike need no first numbers.
    assert log_given(printed, one, np.full(3, 0.95)) == pytest.approx(log_values([0.92, 0.97], np.full(3, 0.95)))


# --- largest, mean, least -------------------------------------------------------------------------


def enumerated(largest: float, mean: float, least: float, number: int, simulated: np.ndarray) -> float:
    """Over all sets of `number`, each as likely as any other."""
    kernels = [
        normal(largest, max(drawn)) * normal(mean, sum(drawn) / number) * normal(least, min(drawn))
        for drawn in product(simulated.tolist(), repeat=number)
    ]
    return math.log(mixed(sum(kernels) / len(kernels)))


@pytest.mark.parametrize(
    "printed", [(0.6, 0.55, 0.5), (0.9, 0.7, 0.5), (0.9, 0.633, 0.5), (0.62, 0.6, 0.58), (0.91, 0.91, 0.91)]
)
def test_extremes_are_those_of_all_sets(printed: tuple[float, float, float]) -> None:
    simulated = np.array([0.5, 0.6, 0.9])
    # A thousand sets a seed: twenty seeds know the density within a few per cent.
    logs = [log_extremes(*printed, 3, simulated, seed) for seed in range(20)]
    assert marginal(np.array(logs)) == pytest.approx(enumerated(*printed, 3, simulated), abs=0.1)
    assert np.std(logs) < 0.3


def test_extremes_of_one_network_leave_nothing_to_chance() -> None:
    for printed in ((0.72, 0.7, 0.69), (0.9, 0.8, 0.7)):
        assert log_extremes(*printed, 10, np.array([0.7])) == pytest.approx(
            enumerated(*printed, 1, np.array([0.7])), rel=1e-9
        )
    far = log_extremes(0.2, 0.1, 0.0, 10, np.full(40, 0.9))
    assert far == pytest.approx(math.log(0.05))


def test_extremes_are_the_same_every_time_and_others_under_another_seed() -> None:
    first, again, other = (log_extremes(0.93, 0.7, 0.5, 10, SIMULATED, seed) for seed in (0, 0, 1))
    assert first == log_extremes(0.93, 0.7, 0.5, 10, SIMULATED) == again != other


def test_largest_mean_and_least_are_told_apart() -> None:
    set_of_ten = some(np.random.default_rng(0), 10)
    largest, mean, least = set_of_ten.max(), set_of_ten.mean(), set_of_ten.min()
    right = log_extremes(largest, mean, least, 10, set_of_ten)
    shifted = [log_extremes(largest + x, mean + y, least + z, 10, set_of_ten) for x, y, z in 0.15 * np.eye(3)]
    assert max(shifted) < right - 2
    assert log_extremes(least, mean, largest, 10, set_of_ten) < right - 2
    assert log_extremes(largest, mean, least, 10, set_of_ten - 0.1) < right - 2


def test_the_number_of_a_set_matters() -> None:
    simulated = np.linspace(0.5, 0.9, 41)
    assert log_extremes(0.7, 0.7, 0.7, 1, simulated) > log_extremes(0.7, 0.7, 0.7, 10, simulated) + 2
    assert log_extremes(0.88, 0.7, 0.52, 10, simulated) > log_extremes(0.88, 0.7, 0.52, 2, simulated) + 1


# --- over draws -----------------------------------------------------------------------------------


def test_marginal_is_the_mean_likelihood() -> None:
    logs = np.array([-1.0, -3.0, 0.5])
    assert marginal(logs) == pytest.approx(math.log((math.exp(-1) + math.exp(-3) + math.exp(0.5)) / 3))
    assert marginal(np.array([-7.5])) == pytest.approx(-7.5)
    # A draw that says nothing does not save the others, but one that fits is enough.
    assert marginal(np.array([-2.0, -1e5])) == pytest.approx(-2 - math.log(2))
    assert marginal(np.array([-1e5, -1e5 - 1])) == pytest.approx(-1e5 + math.log((1 + math.exp(-1)) / 2))
    assert marginal(np.array([2e3, 2e3])) == pytest.approx(2e3)


LOGS, BY = np.array([-1.0, -3.0, 0.5, -2.0]), np.array([-700.0, -698.0, -701.0, -2000.0])


def test_weighted_is_the_mean_likelihood_where_draws_weigh_as_likelihoods_elsewhere() -> None:
    total, weight = 0.0, 0.0
    for log, by in zip(LOGS, BY, strict=True):
        total += math.exp(log) * math.exp(by + 700)
        weight += math.exp(by + 700)
    assert weighted(LOGS, BY) == pytest.approx(math.log(total / weight))
    assert weighted(LOGS, BY + 1e4) == pytest.approx(weighted(LOGS, BY))
    assert weighted(LOGS - 1e5, BY) == pytest.approx(weighted(LOGS, BY) - 1e5)
    assert abs(weighted(LOGS, BY) - weighted(BY, LOGS)) > 1


def test_draws_that_weigh_alike_have_the_plain_mean_and_one_that_weighs_all_its_own() -> None:
    assert weighted(LOGS, np.full(4, -33.0)) == pytest.approx(marginal(LOGS))
    assert weighted(LOGS, np.array([-1e4, 0.0, -1e4, -1e4])) == pytest.approx(-3)
    # It is a chance: what is likely here and there does not count twice.
    assert weighted(np.zeros(4), BY) == pytest.approx(0)


def test_weighted_draws_may_be_impossible() -> None:
    impossible = np.array([-np.inf, -3.0, -np.inf, -np.inf])
    share = math.exp(2) / (1 + math.exp(2) + math.exp(-1))
    assert weighted(impossible, BY) == pytest.approx(-3 + math.log(share))
    assert weighted(np.full(4, -np.inf), BY) == -math.inf


def test_effective_draws_are_one_or_all_or_between() -> None:
    assert effective_draws(np.array([-1e4, -5.0, -1e4])) == pytest.approx(1)
    assert effective_draws(np.array([-7.0])) == pytest.approx(1)
    for number in (2, 24):
        assert effective_draws(np.full(number, -1234.5)) == pytest.approx(number)
    assert effective_draws(np.repeat([-800.0, -1e4], [3, 21])) == pytest.approx(3)
    likelihoods = [0.5, 0.2, 0.3]  # of another sum: 3
    expected = 1 / sum(value**2 for value in likelihoods)
    assert effective_draws(np.log(likelihoods) + math.log(3)) == pytest.approx(expected)


def test_resampled_marginals_are_those_of_all_resamples() -> None:
    logs = np.array([-1.0, -4.0])
    found = bootstrap_marginal(logs, resamples=4000)
    expected = {-1.0: 1 / 4, marginal(logs): 1 / 2, -4.0: 1 / 4}
    assert found.shape == (4000,)
    for value, chance in expected.items():
        share = np.isclose(found, value).mean()
        assert stats.binomtest(int(share * 4000), 4000, chance).pvalue > 1e-3
    assert sum(np.isclose(found, value).sum() for value in expected) == 4000


def test_resampled_likelihoods_have_the_mean_and_error_of_a_mean() -> None:
    logs = np.random.default_rng(3).normal(-5, 1, 12)
    chances, likelihoods = np.exp(bootstrap_marginal(logs, resamples=20_000)), np.exp(logs)
    error = likelihoods.std() / math.sqrt(12)
    assert chances.mean() == pytest.approx(likelihoods.mean(), abs=4 * error / math.sqrt(20_000))
    assert chances.std() == pytest.approx(error, rel=0.05)


def test_the_same_draws_are_taken_for_all_rows() -> None:
    row = np.random.default_rng(4).normal(-5, 2, 10)
    rows = np.stack([row, row - 3, row[::-1]])
    found = bootstrap_marginal(rows, seed=7)
    assert found.shape == (3, 1000)
    np.testing.assert_allclose(found[0] - found[1], 3, rtol=1e-12)
    assert (found[0] - found[2]).std() > 0.1
    for each, alone in zip(found, rows, strict=True):
        np.testing.assert_allclose(each, bootstrap_marginal(alone, seed=7), rtol=1e-12)
    np.testing.assert_array_equal(found, bootstrap_marginal(rows, seed=7))
    assert (found != bootstrap_marginal(rows, seed=8)).any()


def test_extreme_logarithms_stay_finite() -> None:
    logs = np.array([[-1e6, -1e6 - 2, -2e6], [900.0, 1000.0, -900.0]])
    found = bootstrap_marginal(logs)
    assert np.isfinite(found).all()
    assert found[0].max() <= -1e6 and found[1].max() <= 1000
    assert found[1].max() == pytest.approx(1000)


# --- recovery: what comes from A is likelier under A than under B ---------------------------------


def accuracies(rng: np.random.Generator, rate: float, draws: int, seeds: int) -> np.ndarray:
    """[R, S]: every draw has a success rate of its own about `rate`."""
    rates = rng.beta(20 * rate, 20 * (1 - rate), draws)[:, None]
    succeeds = rng.random((draws, seeds)) < rates
    return np.where(succeeds, 0.95, 0.55) + 0.02 * rng.standard_normal((draws, seeds))


def pairs(rng: np.random.Generator, rate: float, draws: int, seeds: int) -> np.ndarray:
    """[2, R, S]: the same networks before and after."""
    before = 0.6 + 0.1 * rng.random((draws, seeds))
    return np.stack([before, accuracies(rng, rate, draws, seeds)])


Judge = Callable[[np.ndarray, np.ndarray], float]  # (printed [..., S], simulated [..., S]) -> log

JUDGES: dict[str, Judge] = {
    "count": lambda p, s: log_count(int((p > 0.9).sum()), len(p), s > 0.9),
    "classes": lambda p, s: log_classes(np.round(p, 2).tolist(), np.round(s, 2), EDGES),
    "values": lambda p, s: log_values(p.tolist(), s),
    "extremes": lambda p, s: log_extremes(p.max(), p.mean(), p.min(), len(p), s),
}


def wins(judge: Judge, simulate: Callable[..., np.ndarray], truth: float, other: float) -> int:
    """In how many of 50 repetitions ten networks of a new draw are likelier under the protocol they come from."""
    won = 0
    for repetition in range(50):
        rng = np.random.default_rng(repetition)
        printed = simulate(rng, truth, 1, 10)[..., 0, :]
        scores = []
        for rate in (truth, other):
            simulated = np.moveaxis(simulate(rng, rate, 10, 20), -2, 0)
            scores.append(marginal(np.array([judge(printed, of_draw) for of_draw in simulated])))
        won += scores[0] > scores[1]
    return won


@pytest.mark.parametrize("name", JUDGES)
@pytest.mark.parametrize(("truth", "other"), [(0.85, 0.15), (0.15, 0.85)])
def test_the_protocol_that_made_the_numbers_scores_higher(name: str, truth: float, other: float) -> None:
    assert wins(JUDGES[name], accuracies, truth, other) >= 47


def test_the_protocol_that_made_the_pairs_scores_higher() -> None:
    def judge(printed: np.ndarray, simulated: np.ndarray) -> float:
        return log_given([(a, b) for a, b in printed.T[:3]], *simulated)

    assert wins(judge, pairs, 0.9, 0.1) >= 45  # of three networks only, as printed


def related(rng: np.random.Generator, slope: float, draws: int, seeds: int) -> np.ndarray:
    """[2, R, S]: both numbers alone are the same for the slopes 1 and -1."""
    before = 0.5 + 0.4 * rng.random((draws, seeds))
    return np.stack([before, 0.7 + slope * (before - 0.7) + 0.02 * rng.standard_normal((draws, seeds))])


@pytest.mark.parametrize("slope", [1, -1])
def test_the_protocol_that_made_the_relation_scores_higher(slope: float) -> None:
    def judge(printed: np.ndarray, simulated: np.ndarray) -> float:
        return log_given([(a, b) for a, b in printed.T[:3]], *simulated)

    assert wins(judge, related, slope, -slope) >= 45


@pytest.mark.parametrize("name", JUDGES)
def test_the_same_protocol_twice_wins_as_often_as_it_loses(name: str) -> None:
    assert 12 <= wins(JUDGES[name], accuracies, 0.6, 0.6) <= 38
