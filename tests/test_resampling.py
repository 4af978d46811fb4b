"""Intervals over draws and seeds: against all resamples, SciPy, closed forms, and the truth they should cover."""

import math
import tracemalloc
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from scipy import stats

from rnnjax import resampling
from rnnjax.statistics import Interval

Z2 = 1.959963984540054**2  # of 95 %, two-sided, squared

Draws = list[np.ndarray]
Weighted = list[tuple[float, float]]  # values and their chances

ACCURACIES = [np.array([0.5, 0.9]), np.array([0.6, 0.7, 1.0])]
OTHERS = [np.array([0.3, 0.4]), np.array([0.45, 0.8])]
SUCCESSES = [np.array([True, False]), np.array([True, True])]
FEW = [np.array([False, False]), np.array([True, False])]
ONE_OF_TWO = [np.array([True]), np.array([False])]


def of_rates(rates: np.ndarray, num_seeds: int, rng: np.random.Generator) -> Draws:
    """Successes of each draw's own rate."""
    return list(rng.random((len(rates), num_seeds)) < rates[:, None])


def of_effects(effects: np.ndarray, num_seeds: int, rng: np.random.Generator) -> Draws:
    """A draw's effect and the seeds' own noise: accuracies about 0.7."""
    return list(0.7 + effects[:, None] + 0.08 * rng.standard_normal((len(effects), num_seeds)))


def share(covered: list[bool]) -> float:
    return sum(covered) / len(covered)


def width(interval: Interval) -> float:
    return interval.high - interval.low


def wilson_none(trials: int) -> float:
    """The upper end of Wilson's interval for 0 of n."""
    return Z2 / (trials + Z2)


# --- all resamples, one by one --------------------------------------------------------------------


def means_within(values: np.ndarray) -> list[float]:
    return [float(values[list(index)].mean()) for index in product(range(len(values)), repeat=len(values))]


def every_resample(one: Draws, other: Draws) -> list[tuple[float, float, float]]:
    """Both means of every resample, and its chance: draws first, the same for both, then seeds, for each."""
    found, number = [], len(one)
    for picked in product(range(number), repeat=number):
        pairs = [list(product(means_within(one[r]), means_within(other[r]))) for r in picked]
        chance = 1 / number**number / math.prod(len(each) for each in pairs)
        for slots in product(*pairs):
            ones, others = zip(*slots, strict=True)
            found.append((sum(ones) / number, sum(others) / number, chance))
    assert sum(chance for *_, chance in found) == pytest.approx(1)
    return found


def assert_percentile(end: float, probability: float, resamples: Weighted) -> None:
    """Within four standard errors of 2,000 resamples; atoms may be wider than that."""
    error = 4 * math.sqrt(0.025 * 0.975 / 2000)
    below = sum(chance for value, chance in resamples if value < end - 1e-9)
    up_to = sum(chance for value, chance in resamples if value <= end + 1e-9)
    assert below <= probability + error
    assert up_to >= probability - error
    assert up_to > below, "no resample has this value"


@pytest.mark.parametrize("draws", [ACCURACIES, SUCCESSES, FEW, ACCURACIES[:1], [*OTHERS, np.array([0.1])]])
@pytest.mark.parametrize("at_once", [1, 7, 2**21])
def test_a_mean_s_ends_are_percentiles_of_all_resamples(
    draws: Draws, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resampling, "_AT_ONCE", at_once)
    interval = resampling.mean(draws)
    one = [np.zeros(1) for _ in draws]
    resamples = [(value, chance) for _, value, chance in every_resample(one, draws)]
    assert_percentile(interval.low, 0.025, resamples)
    assert_percentile(interval.high, 0.975, resamples)


@pytest.mark.parametrize(("one", "other"), [(ACCURACIES, OTHERS), (SUCCESSES, FEW), (FEW, OTHERS), (FEW, FEW)])
def test_a_difference_s_ends_are_percentiles_of_all_resamples(one: Draws, other: Draws) -> None:
    interval = resampling.difference(one, other)
    resamples = [(a - b, chance) for a, b, chance in every_resample(one, other)]
    assert_percentile(interval.low, 0.025, resamples)
    assert_percentile(interval.high, 0.975, resamples)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ACCURACIES, OTHERS),
        (SUCCESSES, ACCURACIES),
        (FEW, SUCCESSES),
        (SUCCESSES, FEW),
        (FEW, FEW),
        (ONE_OF_TWO, ONE_OF_TWO),  # three quarters of the resamples are 1 / 1, the others 0 / 0
    ],
)
def test_a_ratio_s_ends_are_percentiles_of_all_resamples(one: Draws, other: Draws) -> None:
    """A positive number by 0 is inf; 0 by 0 counts as 0 for the low end, as inf for the high one."""
    interval = resampling.ratio(one, other)
    for end, probability, undefined in ((interval.low, 0.025, 0.0), (interval.high, 0.975, math.inf)):
        resamples = [
            (a / b if b else math.inf if a else undefined, chance) for a, b, chance in every_resample(one, other)
        ]
        assert_percentile(end, probability, resamples)


# --- estimates ------------------------------------------------------------------------------------


def test_every_draw_has_the_same_weight_however_many_its_seeds() -> None:
    draws = [np.array([1.0, 1.0, 1.0, 1.0]), np.array([0.0]), np.array([0.5, 0.0])]
    assert resampling.mean(draws).estimate == pytest.approx((1 + 0 + 0.25) / 3)
    assert resampling.difference(draws, draws[::-1]).estimate == pytest.approx(0)
    assert resampling.ratio(draws, [np.array([0.2])] * 3).estimate == pytest.approx(1.25 / 3 / 0.2)


def test_order_moves_no_estimate() -> None:
    rng = np.random.default_rng(0)
    one = [rng.random(3 + 2 * k) for k in range(6)]
    other = [rng.random(5 + k) for k in range(6)]
    order = rng.permutation(6)
    turned = [[rng.permutation(draws[k]) for k in order] for draws in (one, other)]
    assert resampling.mean(turned[0]).estimate == pytest.approx(resampling.mean(one).estimate, rel=1e-12)
    for function in (resampling.difference, resampling.ratio):
        before, after = function(one, other), function(turned[0], turned[1])
        assert after.estimate == pytest.approx(before.estimate, rel=1e-12)
        # And the ends only as another seed would.
        assert width(after) == pytest.approx(width(before), rel=0.15)


@pytest.mark.parametrize("function", [resampling.difference, resampling.ratio])
def test_the_same_seed_gives_the_same_interval(function: Callable[..., Interval]) -> None:
    rng = np.random.default_rng(0)
    one, other = (of_effects(0.05 * rng.standard_normal(5), 9, rng) for _ in range(2))
    before = np.random.get_state()[1].tolist()  # type: ignore[index]  # noqa: NPY002
    found = [resampling.mean(one), function(one, other)]
    assert found == [resampling.mean(one, seed=0), function(one, other, seed=0)]
    elsewhere = [resampling.mean(one, seed=1), function(one, other, seed=1)]
    for a, b in zip(found, elsewhere, strict=True):
        assert a.estimate == b.estimate
        assert a.low != b.low
        assert width(a) == pytest.approx(width(b), rel=0.15)
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index]  # noqa: NPY002


def test_a_scaled_ratio_has_the_factor_s_draws() -> None:
    rng = np.random.default_rng(0)
    one, other = ([rng.random(20) < share for share in (0.8, 0.9, 0.6, 0.7) * 10] for _ in range(2))
    logs = rng.normal(1, 0.5, 40)
    found, plain = resampling.scaled_ratio(one, other, logs), resampling.ratio(one, other)
    assert found.estimate == pytest.approx(plain.estimate * np.exp(np.median(logs)))
    same = resampling.scaled_ratio(one, other, np.zeros(40))
    assert (same.estimate, same.low, same.high) == pytest.approx(plain, rel=0.02)
    # The factor's deviation and the ratio's, squared and added, where they know nothing of each other.
    half = np.log(found.high / found.low) / 2 / 1.96
    assert half == pytest.approx(
        np.hypot(logs.std() / np.sqrt(40), np.log(plain.high / plain.low) / 2 / 1.96), rel=0.15
    )
    # And none where they cancel: draws that make training easy make solutions frequent.
    constant = [np.full(5, rate) for rate in np.exp(logs)]
    ones = [np.ones(5)] * 40
    assert width(resampling.scaled_ratio(constant, ones, -logs)) < 0.5 * width(resampling.ratio(constant, ones))


def test_a_median_s_ends_are_those_of_order_statistics() -> None:
    """The k-th of n values lies below the median with a binomial probability, which the bootstrap comes near to."""
    values = np.random.default_rng(3).normal(size=101)
    found, ordered = resampling.median(values), np.sort(values)
    low, high = (int(stats.binom.ppf(p, 101, 0.5)) for p in (0.025, 0.975))
    assert found.estimate == ordered[50]
    assert ordered[low - 2] <= found.low <= ordered[low + 2] and ordered[high - 2] <= found.high <= ordered[high + 2]
    assert resampling.median(np.array([-np.inf, 1.0, 2.0, 3.0, 4.0] * 8)).estimate == 2
    assert resampling.median(np.full(5, -np.inf)) == (-np.inf, -np.inf, -np.inf)


def test_a_scaled_ratio_of_none_is_open() -> None:
    some, none = [np.ones(4, bool)] * 3, [np.zeros(4, bool)] * 3
    assert resampling.scaled_ratio(some, none, np.zeros(3))[1:] == (np.inf, np.inf)
    assert resampling.scaled_ratio(none, some, np.full(3, np.inf))[1:] == (0, np.inf)
    assert resampling.scaled_ratio(some, some, np.full(3, -np.inf)) == (0, 0, 0)


def test_a_scaled_ratio_whose_resamples_agree_has_the_ratio_s_ends() -> None:
    some, none = [np.arange(20) < 15 for _ in range(10)], [np.zeros(20, bool)] * 10
    plain, found = resampling.ratio(none, some), resampling.scaled_ratio(none, some, np.full(10, np.log(2)))
    assert plain.high > 0 and found == pytest.approx((0, 0, 2 * plain.high))
    every = [np.ones(20, bool)] * 10
    plain, found = resampling.ratio(every, every), resampling.scaled_ratio(every, every, np.zeros(10))
    assert found == pytest.approx(plain) and found.low < 1 < found.high


# --- widths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_one_draw_is_scipy_s_bootstrap_of_its_seeds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for values in (rng.beta(5, 2, 40), rng.random(60) < 0.3):
        interval = resampling.mean([values])
        theirs = stats.bootstrap(
            (values.astype(float),), np.mean, n_resamples=20_000, method="percentile", random_state=rng
        ).confidence_interval
        error = 0.12 * float(np.std(values) / math.sqrt(len(values)))  # a percentile of 2,000: about 0.06 sd
        assert interval.low == pytest.approx(theirs.low, abs=max(error, 1 / 60 if values.dtype == bool else 0))
        assert interval.high == pytest.approx(theirs.high, abs=max(error, 1 / 60 if values.dtype == bool else 0))


def resample_sd(terms: list[np.ndarray], centres: np.ndarray) -> float:
    """Of a resample's mean: 1/R of the draws' variance and 1/R² of the sum of every group's own s²/S."""
    within = sum(values.var() / len(values) for values in terms)
    return math.sqrt(centres.var() / len(centres) + within / len(centres) ** 2)


@pytest.mark.parametrize(("draw_sd", "seed_sd"), [(0.1, 0.01), (0.0, 0.3), (0.05, 0.1)])
def test_widths_are_four_standard_deviations_of_a_resample(draw_sd: float, seed_sd: float) -> None:
    """Both levels count: without the draws' part, or the seeds', one of the cases is far off."""
    rng = np.random.default_rng(0)
    effects = draw_sd * rng.standard_normal(40)
    one, other = ([e + seed_sd * rng.standard_normal(rng.integers(3, 9)) for e in effects] for _ in range(2))
    centres = [np.array([values.mean() for values in draws]) for draws in (one, other)]
    expected = 2 * math.sqrt(Z2) * resample_sd(one, centres[0])
    assert width(resampling.mean(one)) == pytest.approx(expected, rel=0.1)
    expected = 2 * math.sqrt(Z2) * resample_sd([*one, *other], centres[0] - centres[1])
    assert width(resampling.difference(one, other)) == pytest.approx(expected, rel=0.1)


def test_pairing_narrows_where_draws_are_shared() -> None:
    rng = np.random.default_rng(0)
    effects = 0.1 * rng.standard_normal(12)
    one, other = (of_effects(effects, 20, rng) for _ in range(2))
    strangers = of_effects(0.1 * rng.standard_normal(12), 20, rng)
    apart = math.hypot(width(resampling.mean(one)), width(resampling.mean(other)))
    assert width(resampling.difference(one, other)) < 0.4 * apart
    assert width(resampling.difference(one, strangers)) > 0.7 * apart
    assert width(resampling.ratio(one, other)) < 0.4 * width(resampling.ratio(one, strangers))


def test_draws_of_each_side_s_own_are_resampled_apart() -> None:
    rng = np.random.default_rng(6)
    one, other = of_effects(0.1 * rng.standard_normal(40), 30, rng), of_effects(0.05 * rng.standard_normal(25), 30, rng)
    apart = resampling.difference_of_draws(one, other)
    means = [np.array([values.mean() for values in draws]) for draws in (one, other)]
    assert apart.estimate == pytest.approx(means[0].mean() - means[1].mean())
    # The seeds of a drawn draw are resampled too: their variance counts twice.
    noise = sum(np.mean([values.var() / len(values) for values in draws]) / len(draws) for draws in (one, other))
    sd = math.sqrt(sum(of.var() / len(of) for of in means) + noise)
    assert width(apart) == pytest.approx(2 * 1.96 * sd, rel=0.06)
    # What both sides share cancels where they are paired, and does not here.
    shared = 0.2 * rng.standard_normal(30)
    a, b = (of_effects(shared, 30, np.random.default_rng(seed)) for seed in (1, 2))
    assert width(resampling.difference_of_draws(a, b)) > 4 * width(resampling.difference(a, b))
    assert resampling.difference_of_draws(one, other) == apart
    with pytest.raises(ValueError, match="at least one"):
        resampling.difference_of_draws(one, [])


@pytest.mark.parametrize("shape", [(12, 1000), (2, 8000)])
def test_memory_stays_bounded(shape: tuple[int, int]) -> None:
    draws = list(np.random.default_rng(0).random(shape))
    tracemalloc.start()
    try:
        resampling.mean(draws)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20


# --- coverage -------------------------------------------------------------------------------------

EXPERIMENTS = 300


def test_a_mean_is_covered_about_as_often_as_is_said_and_not_without_draws() -> None:
    covered: list[bool] = []
    ignoring: list[bool] = []
    for seed in range(EXPERIMENTS):
        rng = np.random.default_rng(seed)
        draws = of_effects(0.05 * rng.standard_normal(12), 10, rng)
        for found, these in ((covered, draws), (ignoring, [np.concatenate(draws)])):
            interval = resampling.mean(these)
            found.append(interval.low <= 0.7 <= interval.high)
    assert 0.88 <= share(covered) <= 0.99
    assert share(ignoring) < 0.8


def test_a_success_rate_is_covered_about_as_often_as_is_said() -> None:
    covered = []
    for seed in range(EXPERIMENTS):
        rng = np.random.default_rng(seed)
        interval = resampling.mean(of_rates(rng.beta(2, 3, 12), 10, rng))
        covered.append(interval.low <= 2 / 5 <= interval.high)
    assert 0.88 <= share(covered) <= 0.99


def test_differences_and_ratios_are_covered_about_as_often_as_is_said() -> None:
    """Of two rates that share their draws: in each the one is twice the other."""
    found: dict[str, list[bool]] = {"difference": [], "ratio": []}
    for seed in range(EXPERIMENTS):
        rng = np.random.default_rng(seed)
        rates = rng.beta(3, 2, 12)  # 3/5 on average
        one, other = of_rates(rates, 6, rng), of_rates(rates / 2, 6, rng)
        difference, ratio = resampling.difference(one, other), resampling.ratio(one, other)
        found["difference"].append(difference.low <= 3 / 10 <= difference.high)
        found["ratio"].append(ratio.low <= 2 <= ratio.high)
    for name, covered in found.items():
        assert 0.88 <= share(covered) <= 0.995, name


# --- where all networks agree ---------------------------------------------------------------------


@pytest.mark.parametrize("lengths", [(32,) * 32, (20, 40) * 16, (7, 7, 7), (1, 200, 30, 4), (50,), (1,)])
def test_of_none_and_all_the_interval_ends_where_that_is_a_surprise(lengths: tuple[int, ...]) -> None:
    none, all_of_them = ([np.full(n, value) for n in lengths] for value in (False, True))
    estimate, low, high = resampling.mean(none)
    assert (estimate, low) == (0, 0) and resampling.mean(all_of_them) == (1, pytest.approx(1 - high), 1)
    if len(lengths) == 1:
        assert high == pytest.approx(wilson_none(lengths[0]))
        return
    chance = math.prod((1 + 16 * n * high) ** (-1 / 16) for n in lengths)
    if len(lengths) == 32:
        assert chance == pytest.approx(0.025) and 3.7 / sum(lengths) < high < wilson_none(32)
    else:  # too few draws for that: as if each decided for all its seeds
        assert high == pytest.approx(wilson_none(len(lengths))) and chance > 0.025


def test_none_is_as_rare_as_is_said_where_draws_rates_vary_as_is_said() -> None:
    high = resampling.mean([np.zeros(32, bool)] * 32).high
    assert high == pytest.approx((0.025 ** (-16 / 32) - 1) / (16 * 32))
    rng = np.random.default_rng(3)
    rates = rng.gamma(1 / 16, 16 * high, (20_000, 32))
    assert rates.mean() == pytest.approx(high, rel=0.02) and rates.var() == pytest.approx(16 * high**2, rel=0.1)
    seen = rng.poisson(32 * rates).sum(1)
    assert (seen == 0).mean() == pytest.approx(0.025, abs=0.004)


def test_a_side_of_which_none_succeed_is_not_known_exactly() -> None:
    none, some = [np.zeros(8, bool)] * 12, [np.array([True] * k + [False] * (8 - k)) for k in (1, 5, 3) * 4]
    rate, end = resampling.mean(some), resampling.mean(none).high
    expected = [rate.estimate, rate.estimate - math.hypot(rate.estimate - rate.low, end), rate.high]
    assert list(resampling.difference(some, none)) == pytest.approx(expected)
    assert list(resampling.difference_of_draws(some, none)) == pytest.approx(expected)
    assert list(resampling.difference(none, some)) == pytest.approx([-expected[0], -expected[2], -expected[1]])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [  # of Newcombe's (1998) table II, method 10
        ((False, 10), (False, 20), (0, -0.1611, 0.2775)),
        ((False, 10), (False, 10), (0, -0.2775, 0.2775)),
        ((True, 10), (False, 20), (1, 0.6791, 1)),
        ((True, 10), (False, 10), (1, 0.6075, 1)),
    ],
)
def test_differences_of_none_and_all_are_newcombe_s(
    one: tuple[bool, int], other: tuple[bool, int], expected: tuple[float, float, float]
) -> None:
    a, b = ([np.full(number, value)] for value, number in (one, other))
    assert list(resampling.difference(a, b)) == pytest.approx(expected, abs=6e-5)
    low, high = -expected[2], -expected[1]
    assert list(resampling.difference(b, a)) == pytest.approx([-expected[0], low, high], abs=6e-5)


def test_differences_of_none_and_all_count_draws() -> None:
    none, all_of_them = ([np.full(100, value)] * 10 for value in (False, True))
    end = resampling.mean(none).high
    assert end == pytest.approx((0.025 ** (-16 / 10) - 1) / (16 * 100)) and end < wilson_none(10)
    assert list(resampling.difference(all_of_them, none)) == pytest.approx([1, 1 - math.hypot(end, end), 1])


def test_sides_that_agree_in_every_draw_are_not_known_to_be_equal() -> None:
    """One network a draw, both right or both wrong: every resample's difference is 0, every ratio 1."""
    one = [np.array([value]) for value in (True, False, True, False, True, True)]
    alone = resampling.mean(one)
    down, up = alone.estimate - alone.low, alone.high - alone.estimate
    apart = math.hypot(down, up)
    assert list(resampling.difference(one, one)) == pytest.approx([0, -apart, apart])
    ratio = resampling.ratio(one, one)
    assert ratio.estimate == 1
    assert ratio.low == pytest.approx(alone.low / alone.high)
    assert ratio.high == pytest.approx(alone.high / alone.low)


def test_ratios_of_none_and_all() -> None:
    none, all_of_them = ([np.full(30, value)] * 12 for value in (False, True))
    some = [np.array([True] * 12 + [False] * 18)] * 12
    up = wilson_none(12)
    assert resampling.ratio(all_of_them, all_of_them) == (1, pytest.approx(1 - up), pytest.approx(1 / (1 - up)))
    assert resampling.ratio(none, all_of_them) == (0, 0, pytest.approx(up / (1 - up)))
    assert resampling.ratio(all_of_them, none) == (math.inf, pytest.approx((1 - up) / up), math.inf)
    rate = resampling.mean(some)
    assert resampling.ratio(none, some) == (0, 0, pytest.approx(up / rate.low))
    assert resampling.ratio(some, none) == (math.inf, pytest.approx(rate.low / up), math.inf)
    nothing = resampling.ratio(none, none)
    assert math.isnan(nothing.estimate)
    assert (nothing.low, nothing.high) == (0, math.inf)


def test_accuracies_that_agree_have_no_width() -> None:
    """As the docstring says: there is no model for them."""
    draws = [np.full(9, 0.7)] * 4
    assert resampling.mean(draws) == (pytest.approx(0.7), pytest.approx(0.7), pytest.approx(0.7))
    assert width(resampling.mean([np.full(3, 1.0)] * 4)) == 0
    assert list(resampling.difference(draws, [np.full(2, 0.5)] * 4)) == pytest.approx([0.2, 0.2, 0.2])


# --- what is refused, and success -----------------------------------------------------------------


@pytest.mark.parametrize("function", [resampling.difference, resampling.ratio])
@pytest.mark.parametrize("value", [0.5, True])
def test_different_numbers_of_draws_are_refused(function: Callable[..., Interval], value: float) -> None:
    rng = np.random.default_rng(0)
    for one, other in [
        ([np.full(4, value)] * 3, [np.full(4, value)] * 2),
        (list(rng.random((3, 4))), list(rng.random((2, 4)))),
    ]:
        with pytest.raises(ValueError, match="3 draws beside 2"):
            function(one, other)


@pytest.mark.parametrize(
    "draws", [[], [np.array([])], [np.ones(3), np.array([])], [np.float64(0.3), np.float64(0.4)], [np.ones((2, 2))]]
)
def test_what_is_no_draws_is_refused(draws: Draws) -> None:
    with pytest.raises(ValueError, match="draws of shapes"):
        resampling.mean(draws)


def test_no_number_among_accuracies_is_not_hidden() -> None:
    draws = [np.array([0.5, np.nan]), np.array([0.5, 0.6])]
    assert all(math.isnan(value) for value in resampling.mean(draws))


def test_success_is_above_and_no_number_is_none() -> None:
    accuracies = [np.array([0.9, 0.90001, np.nan]), np.array([1.0])]
    found = resampling.success(accuracies, 0.9)
    assert [each.tolist() for each in found] == [[False, True, False], [True]]
    assert all(each.dtype == bool for each in found)
    # Of 2,000 sentences: exactly the threshold is not above it.
    correct = np.arange(2001)
    for percent in (55, 65, 70, 90):
        (above,) = resampling.success([correct / 2000], percent / 100)
        assert above.tolist() == (correct > 20 * percent).tolist()


def test_chosen_members_are_those_of_draws_that_have_some() -> None:
    draws = [np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0]), np.array([6.0])]
    chosen = [np.array([True, False, True]), np.array([False, False]), np.array([True])]
    assert [values.tolist() for values in resampling.of_chosen(draws, chosen)] == [[1, 3], [6]]
    assert resampling.of_chosen(draws, [~np.isfinite(values) for values in draws]) == []
    with pytest.raises(ValueError, match="zip"):
        resampling.of_chosen(draws, chosen[:2])
