"""Intervals against closed forms and their true coverage; histograms against the sample they stand for."""

import functools
import math
from fractions import Fraction

import numpy as np
import pytest
from matplotlib import cbook
from scipy import stats

from rnnjax import statistics

Z = 1.959963984540054  # of 95 %, two-sided

TRIALS = [1, 2, 7, 40, 2000, 1_000_000]


def binomial(n: int, p: float) -> list[float]:
    """The chance of 0..n successes."""
    return [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


def clopper_pearson(k: int, n: int) -> tuple[float, float]:
    """The exact interval of a proportion, from the quantiles of the beta distribution."""
    low = float(stats.beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(stats.beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return low, high


def some_histograms(num_sentences: int, members: int, seed: int = 0) -> list[np.ndarray]:
    """Members about the half, some of them far out: counts of correct sentences, [N + 1]."""
    rng, histograms = np.random.default_rng(seed), []
    for spread in (0.5, 1, 3):
        scale = spread * math.sqrt(num_sentences) / 2
        correct = np.round(num_sentences / 2 + scale * rng.standard_t(3, members))
        correct = np.clip(correct, 0, num_sentences).astype(int)
        histograms.append(np.bincount(correct, minlength=num_sentences + 1))
    return histograms


def sample_of(histogram: np.ndarray) -> np.ndarray:
    """Every member's number of correct sentences."""
    return np.repeat(np.arange(len(histogram)), histogram)


HISTOGRAMS = [
    histogram
    for num_sentences, members in [(1, 3), (10, 4), (10, 61), (100, 200), (7, 41), (2000, 997), (2000, 5000)]
    for histogram in some_histograms(num_sentences, members)
]

# --- proportion -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n", TRIALS)
def test_a_proportion_has_wilson_s_interval(n: int) -> None:
    for k in sorted({0, 1, 2, n // 3, n // 2, n - 1, n} & set(range(n + 1))):
        p = k / n
        centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z / (1 + Z**2 / n) * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
        interval = statistics.proportion(k, n)
        assert interval.estimate == p
        assert interval.low == pytest.approx(max(0, centre - half), rel=1e-9, abs=1e-15)
        assert interval.high == pytest.approx(min(1, centre + half), rel=1e-9)
        assert 0 <= interval.low <= p <= interval.high <= 1


@pytest.mark.parametrize("n", TRIALS)
def test_a_proportion_of_none_or_all_still_has_an_interval(n: int) -> None:
    none, all_of_them = statistics.proportion(0, n), statistics.proportion(n, n)
    assert none == (0, 0, pytest.approx(Z**2 / (n + Z**2), rel=1e-9))
    assert all_of_them == (1, pytest.approx(n / (n + Z**2), rel=1e-9), 1)


def test_a_proportion_takes_numpy_s_numbers() -> None:
    assert statistics.proportion(np.int64(3), np.uint16(10)) == statistics.proportion(3, 10)


@pytest.mark.parametrize("n", [5, 10, 20, 50])
def test_a_proportion_is_covered_as_often_as_is_said(n: int) -> None:
    """Wilson's interval covers 95 % on the average over p, not for every p: near 0 and 1 down to 83 %."""
    intervals = [statistics.proportion(k, n) for k in range(n + 1)]
    coverage = [
        sum(chance for chance, i in zip(binomial(n, p), intervals, strict=True) if i.low <= p <= i.high)
        for p in np.linspace(0.0005, 0.9995, 1000).tolist()
    ]
    assert 0.94 < np.mean(coverage) < 0.96
    assert min(coverage) > 0.83


# --- ratio_of_rates -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "exposure", "proportion"),
    [
        # Clopper and Pearson's ends for 10 of 15, as tables have them, and the estimate.
        ((10, 1000, 5, 1000), 1, (2 / 3, 0.3838, 0.8818)),
        ((10, 1000, 5, 500), 1 / 2, (2 / 3, 0.3838, 0.8818)),
        ((10, 500, 5, 1000), 2, (2 / 3, 0.3838, 0.8818)),
        # 1 of 2: the lower end p solves 1 - (1 - p)² = 0.025, the upper one mirrors it.
        ((1, 100, 1, 100), 1, (1 / 2, 1 - math.sqrt(0.975), math.sqrt(0.975))),
    ],
)
def test_ratios_worked_out_by_hand(
    counts: tuple[int, int, int, int], exposure: float, proportion: tuple[float, float, float]
) -> None:
    expected = [p / (1 - p) * exposure for p in proportion]
    assert list(statistics.ratio_of_rates(*counts)) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("trials", [(1000, 1000), (1_000_000, 1_000_000), (300, 700)])
def test_a_ratio_is_clopper_and_pearson_s_odds(trials: tuple[int, int]) -> None:
    for one, other in [(1, 1), (3, 8), (0, 6), (6, 0), (200, 11), (120, 250)]:
        low, high = clopper_pearson(one, one + other)
        exposure = trials[1] / trials[0]
        ratio = statistics.ratio_of_rates(one, trials[0], other, trials[1])
        assert ratio.estimate == pytest.approx(one * exposure / other if other else math.inf)
        assert ratio.low == pytest.approx(low / (1 - low) * exposure, rel=1e-6)
        assert ratio.high == pytest.approx(high / (1 - high) * exposure if other else math.inf, rel=1e-6)


def test_a_ratio_of_rare_and_common_is_not_lost_to_rounding() -> None:
    ratio = statistics.ratio_of_rates(1, 1_000_000, 400_000, 1_000_000)
    low, high = clopper_pearson(1, 400_001)
    assert ratio.estimate == pytest.approx(1 / 400_000, rel=1e-9)
    assert (ratio.low, ratio.high) == (pytest.approx(low, rel=1e-3), pytest.approx(high, rel=1e-3))


@pytest.mark.parametrize("counts", [(10, 5), (3, 8), (1, 1), (0, 6), (6, 0), (1, 900), (250, 300)])
def test_the_other_way_round_is_the_reciprocal(counts: tuple[int, int]) -> None:
    one, other = counts
    ratio = statistics.ratio_of_rates(one, 400, other, 1000)
    turned = statistics.ratio_of_rates(other, 1000, one, 400)
    reciprocal = [1 / end if end else math.inf for end in (turned.estimate, turned.high, turned.low)]
    assert list(ratio) == pytest.approx(reciprocal, rel=1e-6)


def test_a_ratio_with_a_count_of_zero_is_open_on_one_side() -> None:
    nearly = 0.025 ** (1 / 5)  # 5 of 5: p^5 = 0.025
    assert statistics.ratio_of_rates(0, 100, 5, 100) == (0, 0, pytest.approx((1 - nearly) / nearly))
    assert statistics.ratio_of_rates(5, 100, 0, 100) == (math.inf, pytest.approx(nearly / (1 - nearly)), math.inf)
    assert statistics.ratio_of_rates(5, 100, 0, 300).low == pytest.approx(3 * nearly / (1 - nearly))


def test_a_ratio_of_nothing_to_nothing_can_be_anything() -> None:
    ratio = statistics.ratio_of_rates(0, 100, 0, 300)
    assert math.isnan(ratio.estimate)
    assert (ratio.low, ratio.high) == (0, math.inf)


@pytest.mark.parametrize("counts", [(0,), (1,), (7,), (40,)])
def test_the_mean_of_one_rate_is_poisson_s_exact_interval(counts: tuple[int]) -> None:
    found, n = statistics.mean_rate(counts, [1000]), counts[0]
    assert found.estimate == n / 1000
    # Garwood's: of counts as few, or as many, in 2.5 % of the cases each.
    if n:
        assert stats.poisson.sf(n - 1, 1000 * found.low) == pytest.approx(0.025, rel=1e-6)
    assert stats.poisson.cdf(n, 1000 * found.high) == pytest.approx(0.025, rel=1e-6)


def test_a_mean_of_rates_is_covered_as_often_as_is_said_wherever_the_successes_are() -> None:
    rng, trials = np.random.default_rng(3), np.array([1_000_000] + [100_000] * 9)
    for rates in ([2e-6] * 10, [2e-5] + [0] * 9, [0] * 9 + [3e-5], [0] * 9 + [3.6e-5], [1e-4, 1e-6] * 5):
        true, missed = np.mean(rates), 0
        for _ in range(1000):
            found = statistics.mean_rate(rng.poisson(trials * np.array(rates)), trials)
            missed += not found.low <= true <= found.high
        assert missed <= 50 + 4 * 7  # 5 %, four standard errors


@pytest.mark.parametrize(("expected", "trials"), [((3, 3), (50, 50)), ((20, 8), (1000, 400)), ((2, 30), (100, 700))])
def test_a_ratio_is_covered_at_least_as_often_as_is_said(
    expected: tuple[float, float], trials: tuple[int, int]
) -> None:
    """The counts are Poisson's with these means; exact means never less than 95 %, and not without bound more."""

    @functools.cache
    def covers(one: int, other: int) -> bool:
        ratio = statistics.ratio_of_rates(one, trials[0], other, trials[1])
        truth = expected[0] / trials[0] / (expected[1] / trials[1])
        return ratio.low <= truth <= ratio.high

    counts = np.random.default_rng(0).poisson(expected, (4_000, 2)).tolist()
    coverage = np.mean([covers(one, other) for one, other in counts])
    assert 0.95 <= coverage < 0.995


# --- num_above ------------------------------------------------------------------------------------


@pytest.mark.parametrize("num_sentences", [2000, 1000, 100, 3000, 20, 7, 1])
def test_above_is_above_at_every_threshold(num_sentences: int) -> None:
    """Thresholds are meant in decimals: 0.55 of 2000 is 1100, though the binary 0.55 is a little more."""
    histogram = np.random.default_rng(0).integers(1, 10, num_sentences + 1)
    for percent in range(101):
        limit = Fraction(percent, 100) * num_sentences
        above = sum(int(n) for correct, n in enumerate(histogram) if correct > limit)
        assert statistics.num_above(histogram, percent / 100) == above, percent


@pytest.mark.parametrize("num_sentences", [2000, 1000, 100, 30])
def test_above_an_accuracy_that_a_member_has(num_sentences: int) -> None:
    """Its own accuracy, computed in any usual way, is not above itself; the next one is."""
    for correct in range(num_sentences):
        histogram = np.zeros(num_sentences + 1, int)
        histogram[correct : correct + 2] = 1, 10
        wrong = num_sentences - correct
        for accuracy in (correct / num_sentences, 1 - wrong / num_sentences, correct * (1 / num_sentences)):
            assert statistics.num_above(histogram, accuracy) == 10, (correct, accuracy)


@pytest.mark.parametrize(("accuracy", "correct"), [(0.55, 1100), (0.95, 1900), (0.29, 580), (0.57, 1140), (0.58, 1160)])
def test_the_traps_of_floating_point(accuracy: float, correct: int) -> None:
    for num_sentences in (2000, 1000, 100):
        at = correct * num_sentences // 2000
        histogram = np.zeros(num_sentences + 1, int)
        histogram[at], histogram[at + 1] = 7, 4
        assert statistics.num_above(histogram, accuracy) == 4
        assert statistics.num_above(histogram, accuracy - 1e-6) == 11
        assert statistics.num_above(histogram, accuracy + 1e-6) == 4


def test_above_the_ends() -> None:
    histogram = np.array([5, 1, 2])
    assert [statistics.num_above(histogram, a) for a in (0, 0.5, 0.999, 1)] == [3, 2, 2, 0]
    assert isinstance(statistics.num_above(histogram, 0.5), int)


# --- what a histogram says ------------------------------------------------------------------------


@pytest.mark.parametrize("histogram", HISTOGRAMS)
def test_mean_and_sd_are_the_sample_s(histogram: np.ndarray) -> None:
    accuracy = sample_of(histogram) / (len(histogram) - 1)
    assert statistics.mean_and_sd(histogram) == (pytest.approx(accuracy.mean()), pytest.approx(accuracy.std()))


def test_mean_and_sd_by_hand() -> None:
    assert statistics.mean_and_sd(np.array([1, 0, 2, 0, 1])) == (0.5, pytest.approx(math.sqrt(0.125)))
    assert statistics.mean_and_sd(np.array([0, 0, 9, 0, 0])) == (0.5, 0)


@pytest.mark.parametrize("histogram", HISTOGRAMS)
def test_a_quantile_is_the_sample_s(histogram: np.ndarray) -> None:
    """NumPy's "inverted_cdf": the least value that at least this share do not exceed; no interpolation."""
    num_sentences = len(histogram) - 1
    for p in (0.01, 0.125, 0.25, 0.5, 0.625, 0.75, 0.99, 1.0):
        expected = np.quantile(sample_of(histogram), p, method="inverted_cdf") / num_sentences
        assert statistics.quantile(histogram, p) == expected, p


def test_quantiles_by_hand() -> None:
    histogram = np.array([0, 2, 0, 1, 1])  # accuracies 1/4, 1/4, 3/4, 1
    assert [statistics.quantile(histogram, p) for p in (0.25, 0.5, 0.51, 0.75, 0.76, 1)] == [
        0.25, 0.25, 0.75, 0.75, 1, 1,
    ]  # fmt: skip


def box_in_whole_numbers(histogram: np.ndarray) -> tuple[list[int], list[int], int]:
    """Whiskers and quartiles, the different outliers, and how many members have them: exact."""
    values = sample_of(histogram).tolist()
    q1, median, q3 = (values[math.ceil(Fraction(k, 4) * len(values)) - 1] for k in (1, 2, 3))
    inside = [v for v in values if 2 * q1 - 3 * (q3 - q1) <= 2 * v <= 2 * q3 + 3 * (q3 - q1)]
    outside = [v for v in values if v < inside[0] or v > inside[-1]]
    return [inside[0], q1, median, q3, inside[-1]], sorted(set(outside)), len(outside)


@pytest.mark.parametrize("histogram", HISTOGRAMS)
def test_a_box_is_the_sample_s(histogram: np.ndarray) -> None:
    num_sentences = len(histogram) - 1
    marks, outliers, num_outliers = box_in_whole_numbers(histogram)
    box = statistics.box(histogram)
    assert [round(mark * num_sentences, 6) for mark in box[:5]] == marks
    np.testing.assert_array_equal(box.outliers, np.array(outliers) / num_sentences)
    assert box.num_outliers == num_outliers


@pytest.mark.parametrize("num_sentences", [10, 20, 100, 1000, 2000])
def test_a_value_exactly_at_a_fence_is_no_outlier(num_sentences: int) -> None:
    """Quartiles N/2 ± d: the fences are at N/2 ± 4 d, which members have; the next value is an outlier."""
    half = num_sentences // 2
    for d in range(1, (half - 1) // 4 + 1):
        histogram = np.zeros(num_sentences + 1, int)
        histogram[[half - d, half, half + d]] = 10
        histogram[[half - 4 * d, half + 4 * d]] = 1
        box = statistics.box(histogram)
        assert (box.first_quartile, box.third_quartile) == ((half - d) / num_sentences, (half + d) / num_sentences)
        assert box.num_outliers == 0, d
        assert (box.low_whisker, box.high_whisker) == ((half - 4 * d) / num_sentences, (half + 4 * d) / num_sentences)
        histogram[[half - 4 * d - 1, half + 4 * d + 1]] = 2
        box = statistics.box(histogram)
        assert box.num_outliers == 4, d
        assert (box.low_whisker, box.high_whisker) == ((half - 4 * d) / num_sentences, (half + 4 * d) / num_sentences)


@pytest.mark.parametrize("members", [5, 41, 401, 2001])
@pytest.mark.parametrize("num_sentences", [10, 101, 2000])
def test_a_box_is_matplotlib_s_where_quartiles_are_members(num_sentences: int, members: int) -> None:
    """Of 4 k + 1 members both definitions take the members k, 2 k and 3 k as quartiles."""
    for histogram in some_histograms(num_sentences, members, seed=members):
        (theirs,) = cbook.boxplot_stats(sample_of(histogram), whis=1.5)
        box = statistics.box(histogram)
        marks = [theirs[name] / num_sentences for name in ("whislo", "q1", "med", "q3", "whishi")]
        assert list(box[:5]) == marks
        assert box.outliers.tolist() == np.unique(theirs["fliers"] / num_sentences).tolist()
        assert box.num_outliers == len(theirs["fliers"])


def test_a_box_of_members_that_agree() -> None:
    box = statistics.box(np.array([0, 0, 5, 0]))
    assert set(box[:5]) == {2 / 3}
    assert (len(box.outliers), box.num_outliers) == (0, 0)


# --- coin -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 7, 10, 200, 2000])
def test_a_coin_is_binomial(n: int) -> None:
    coin, heads = statistics.coin(n), np.arange(n + 1)
    expected = [float(Fraction(math.comb(n, k), 2**n)) for k in range(n + 1)]
    np.testing.assert_allclose(coin, expected, rtol=1e-9, atol=1e-300)
    assert coin.sum() == pytest.approx(1)
    assert coin @ heads == pytest.approx(n / 2)
    assert coin @ (heads - n / 2) ** 2 == pytest.approx(n / 4)
