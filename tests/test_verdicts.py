"""Verdicts: each rule on made-up intervals where the claim is true, false, and undecidable."""

import numpy as np
import pytest
from scipy import stats

from rnnjax import resampling, verdicts
from rnnjax.statistics import Interval
from rnnjax.verdicts import DEPENDS, INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, Evidence, Unseen

YES, NO, OPEN = REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE


def evidence(low: float, high: float, **fields: float) -> Evidence:
    return Evidence("x", Interval((low + high) / 2, low, high), **{"members": 1000, "draws": 10} | fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("low", "high", "above", "below", "verdict"),
    [
        (0.1, 0.3, 0.0, np.inf, YES),
        (-0.3, -0.1, 0.0, np.inf, NO),
        (-0.1, 0.3, 0.0, np.inf, OPEN),
        (0.0, 0.3, 0.0, np.inf, OPEN),
        (1.2, 4.0, -np.inf, 1.0, NO),
        (-0.01, 0.02, -0.05, 0.05, YES),
        (-0.01, 0.06, -0.05, 0.05, OPEN),
        (0.06, 0.09, -0.05, 0.05, NO),
        (-0.2, 0.2, -0.05, 0.05, OPEN),
        (-0.2, -0.06, -0.05, 0.05, NO),
    ],
)
def test_an_effect_is_above_below_or_between(low: float, high: float, above: float, below: float, verdict: str) -> None:
    assert verdicts.judge(evidence(low, high, above=above, below=below, draws=1000), 1) == verdict


def test_an_open_end_is_beyond_no_claim_that_has_none() -> None:
    part = Evidence("x", Interval(9.0, 6.0, np.inf), above=1.0, members=1000, draws=10, ratio=True)
    assert verdicts.judge(part, 1) == YES
    assert verdicts.judge(part._replace(below=100.0), 1) == OPEN
    assert verdicts.judge(part._replace(effect=Interval(np.inf, 6.0, np.inf)), 1) == OPEN
    assert (
        verdicts.judge(part._replace(effect=Interval(-9.0, -np.inf, -6.0), above=-np.inf, below=-1.0, ratio=False), 1)
        == YES
    )


def test_too_few_networks_or_draws_decide_nothing_unless_the_interval_is_narrow() -> None:
    wide, narrow = (0.1, 0.3), (0.10, 0.13)
    assert verdicts.judge(evidence(*wide, above=0, members=999), 1) == OPEN
    assert verdicts.judge(evidence(*narrow, above=0, members=30), 1) == YES
    assert verdicts.judge(evidence(*narrow, above=0, draws=9), 1) == OPEN
    assert verdicts.judge(evidence(*wide, above=0, members=30, scale=5), 1) == YES
    assert verdicts.judge(Evidence("x", Interval(np.nan, 0, np.inf), 1, np.inf, 10**6, 10), 1) == OPEN


@pytest.mark.parametrize(
    ("ends", "claim"),
    [
        ((-0.1, 0.3), {"above": 0.0}),
        ((-0.3, 0.1), {"above": 0.0}),
        ((-0.1, 0.3), {"below": 0.4}),
        ((0.3, 0.7), {"below": 0.4}),
        ((-0.1, 0.12), {"above": -0.05, "below": 0.05}),
        ((-0.02, 0.4), {"above": -0.05, "below": 0.05}),
        ((-0.4, 0.02), {"above": -0.05, "below": 0.05}),
        ((0.4, 1.4), {"below": 0.95, "ratio": True}),
        ((0.7, 1.9), {"above": 1.0, "below": 2.0, "ratio": True}),
    ],
)
def test_so_many_times_as_many_decide_and_a_little_fewer_do_not(
    ends: tuple[float, float], claim: dict[str, float]
) -> None:
    """Of intervals that shrink with the square root, ratios' in logarithms."""
    of, to = (np.log, np.exp) if claim.get("ratio") else (np.positive, np.positive)
    low, high = of(ends)
    middle = (low + high) / 2

    def shrunk(times: float) -> Evidence:
        half = (high - low) / 2 / np.sqrt(times)
        effect = Interval(*(float(to(each)) for each in (middle, middle - half, middle + half)))
        return Evidence("x", effect, members=10**6, draws=32, **claim)  # type: ignore[arg-type]

    times = verdicts.times_as_many(shrunk(1), 50)
    assert times > 1 and verdicts.judge(shrunk(1), 50) == OPEN
    assert verdicts.judge(shrunk(0.99 * times), 50) == OPEN
    assert verdicts.judge(shrunk(1.01 * times), 50) != OPEN


def test_what_is_decided_takes_no_more_and_what_is_too_few_as_many_as_are_asked_for() -> None:
    assert verdicts.times_as_many(evidence(0.1, 0.3, above=0, draws=1000), 1) == 1
    assert verdicts.times_as_many(evidence(0.1, 0.3, above=0, members=250, draws=1000), 1) == 4
    assert verdicts.times_as_many(evidence(0.1, 0.3, above=0, draws=8), 1) == 1.25
    assert verdicts.times_as_many(evidence(0.15, 0.21, above=0, draws=4, members=250), 1) == 2.5
    assert verdicts.times_as_many(evidence(-0.1, 0.1, above=0), 1) == np.inf
    assert verdicts.times_as_many(Evidence("x", Interval(np.nan, 0, np.inf), 1, np.inf, 10**6, 10), 1) == np.inf
    assert verdicts.times_as_many(Evidence("x", Interval(2.0, 1.0, np.inf), 1.5, 3, 10**6, 10), 1) == np.inf


# Two standard errors of a percentile of 2,000 resamples, sqrt(p q / n) over the density there, as a share of it.
FURTHER = 1 + 2 * np.sqrt(0.025 * 0.975 / 2000) / stats.norm.pdf(1.959964) / 1.959964


def test_intervals_are_stretched_to_bonferroni_s() -> None:
    mean, sd = 3.0, 0.7
    plain = stats.norm.interval(0.95, mean, sd)
    assert 1.06 < FURTHER < 1.065
    for number in (1, 5, 33):
        wanted = stats.norm.interval(1 - 0.05 / number, mean, sd * FURTHER)
        np.testing.assert_allclose(verdicts.stretched(Interval(mean, *plain), number, 10**6)[1:], wanted, rtol=1e-3)
        for draws in (2, 10, 32):  # an interval of resamples' standard deviation becomes one of Student's
            wanted = stats.t.interval(1 - 0.05 / number, draws - 1, mean, sd * FURTHER * np.sqrt(draws / (draws - 1)))
            found = verdicts.stretched(Interval(mean, *plain), number, draws)
            np.testing.assert_allclose(found[1:], wanted, rtol=1e-7)
    assert verdicts.stretched(Interval(2.0, 1.0, np.inf), 33, 10).high == np.inf
    one = evidence(0.05, 0.3, above=0)
    assert verdicts.judge(one, 1) == YES and verdicts.judge(one, 33) == OPEN


def test_a_ratio_is_stretched_alike_either_way_up() -> None:
    one = Interval(9.0, 6.0, 14.0)
    found = verdicts.stretched(one, 33, 10, ratio=True)
    turned = verdicts.stretched(Interval(1 / 9, 1 / 14, 1 / 6), 33, 10, ratio=True)
    np.testing.assert_allclose(found, 1 / np.array([turned.estimate, turned.high, turned.low]))
    assert 0 < found.low < 6
    np.testing.assert_allclose(np.log(found), verdicts.stretched(Interval(*np.log(one)), 33, 10))
    open_ = verdicts.stretched(Interval(9.0, 0.0, np.inf), 33, 10, ratio=True)
    assert (open_.low, open_.high) == (0, np.inf)
    none = Interval(0.0, 0.0, 0.01)
    assert verdicts.stretched(none, 33, 10, ratio=True) == verdicts.stretched(none, 33, 10)


@pytest.mark.parametrize("draws", [10, 32])
def test_under_the_null_hypothesis_all_claims_together_are_wrong_as_rarely_as_one(draws: int) -> None:
    """Effects are means over draws, with the intervals of a bootstrap of draws; scaled so that none is narrow."""
    rng, number, runs = np.random.default_rng(0), 30, 1000
    of_draws = rng.normal(0, 1, (runs, number, draws))
    means, spread = of_draws.mean(-1), 1.96 * of_draws.std(-1) / np.sqrt(draws)
    found = [
        [verdicts.judge(evidence(m - s, m + s, above=0, draws=draws), number) for m, s in zip(*run, strict=True)]
        for run in zip(means, spread, strict=True)
    ]
    wrong = sum(YES in run or NO in run for run in found)
    quantile = stats.t.isf(0.025 / number, draws - 1) * FURTHER
    expected = 1 - (1 - 2 * stats.t.sf(quantile, draws - 1)) ** number
    assert expected < 0.05 and abs(wrong / runs - expected) < 4 * np.sqrt(expected / runs)


def test_the_end_of_none_is_that_of_all_parts_together() -> None:
    """Of 64 draws of 20 seeds none succeeds: what is judged is a rate that has that so rarely, not three such ends."""
    number, unseen = 3000, Unseen(64, 20)
    end = unseen.end(number)
    assert (1 + 16 * 20 * end) ** (-64 / 16) == pytest.approx(0.025 / number, rel=1e-6)
    assert Unseen(64, 20).end() == resampling.end_of_none([20] * 64) < end / 4
    mean = Interval(0.0, 0.0, unseen.end())
    assert verdicts.stretched(mean, number, 64, unseen=[unseen]) == pytest.approx((0, 0, end))
    # A difference's end is both sides', squared and added (Newcombe).
    other = 0.05
    below = Interval(0.2, 0.2 - np.hypot(other, unseen.end()), 0.3)
    found = verdicts.stretched(below, number, 64, unseen=[unseen._replace(up=False)])
    plain = verdicts.stretched(Interval(0.2, 0.2 - other, 0.3), number, 64)
    assert found.high == plain.high
    assert 0.2 - found.low == pytest.approx(np.hypot(0.2 - plain.low, end))
    # If a draw decides for all its seeds, none of ten has (1 - p)^10.
    assert (1 - Unseen(10, 3).end(number)) ** 10 == pytest.approx(0.025 / number)
    half = Unseen(64, 20, 0.5)
    assert half.end(number) == pytest.approx(end / 2)


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [([YES, YES], YES), ([YES, NO], NO), ([OPEN, NO], NO), ([YES, OPEN], OPEN), ([], OPEN), ([OPEN], OPEN)],
)
def test_a_claim_holds_if_all_parts_do(parts: list[str], verdict: str) -> None:
    assert verdicts.together(parts) == verdict


@pytest.mark.parametrize(
    ("protocols", "verdict"),
    [
        ([YES, YES], YES),
        ([YES, NO], DEPENDS),
        ([YES, OPEN], YES),
        ([NO, OPEN], NO),
        ([OPEN, NO], OPEN),
        ([OPEN, YES, OPEN], OPEN),
        ([OPEN, YES, NO], DEPENDS),
        ([OPEN], OPEN),
        ([], OPEN),
    ],
)
def test_protocols_that_disagree_make_a_claim_depend_on_them(protocols: list[str], verdict: str) -> None:
    assert verdicts.across({str(i): {"part": each} for i, each in enumerate(protocols)}) == verdict


@pytest.mark.parametrize(
    ("protocols", "verdict"),
    [
        ([{"a": NO, "b": OPEN}, {"a": YES, "b": OPEN}], DEPENDS),
        ([{"a": NO, "b": OPEN}, {"a": OPEN, "b": YES}], NO),
        ([{"a": NO, "b": NO}, {"a": YES, "b": OPEN}], NO),
        ([{"a": NO, "b": NO}, {"a": YES, "b": NO}], NO),
        ([{"a": OPEN, "b": YES}, {"a": YES, "b": NO}], DEPENDS),
        ([{"a": NO, "b": YES}, {}], NO),  # nothing was run there
        ([{"a": NO, "b": YES}, {"a": OPEN, "c": YES}], NO),
    ],
)
def test_a_claim_depends_on_protocols_too_if_what_refutes_it_holds_elsewhere(
    protocols: list[dict[str, str]], verdict: str
) -> None:
    assert verdicts.across({str(i): each for i, each in enumerate(protocols)}) == verdict
