"""Trainability beside density: cases computed by hand."""

import io
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from scipy import integrate, stats

from experiments import density, density_figure
from experiments.claims_rows import over
from experiments.density import MATCHED, SAME, SHAPES
from experiments.random_settings import Tail, random_rate, random_ratio, tail
from rnnjax import resampling, statistics
from rnnjax.plotting import COLOURS
from rnnjax.statistics import Interval

RNNS = {"2x2": "rnn_2x4", "2x4": "rnn_2x8", "4x2": "rnn_4x4", "4x4": "rnn_4x8"}  # 42, 98, 54 and 114 parameters' RNNs


def capacity(rnn: list[list[float]], gru: list[list[float]], matched: list[list[float]]) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    for shape in SHAPES:
        conditions |= {f"FirstI/rnn_{shape}": {"accuracy": rnn}, f"FirstI/gru_{shape}": {"accuracy": gru}}
        conditions[f"FirstI/matched_gru_{shape}/{RNNS[shape]}"] = {"accuracy": matched}
    return {"conditions": conditions}


def landscape(rnn: int, gru: int, settings: int = 1000, sampler: str = "pytorch:1") -> dict[str, Any]:
    rows = []
    for shape in SHAPES:
        for percent in range(55, 100, 5):
            row: dict[str, Any] = {"sampler": sampler, "shape": shape, "accuracy_above": percent / 100}
            row |= {"rnn_settings": settings, "gru_settings": settings}
            rows.append(row | {"rnn_above": rnn, "gru_above": gru})
    return {"tails": rows}


LOW, HIGH = 0.55, 0.97
QUARTER, HALF = [[HIGH, LOW, LOW, LOW]] * 2, [[HIGH, LOW], [LOW, HIGH]]


def test_the_headline_has_one_line_a_shape_and_distribution() -> None:
    rows = density.density(capacity(QUARTER, HALF, HALF), landscape(5, 20))
    short = density.headline(rows)
    assert [row["shape"] for row in short] == list(SHAPES)
    whole = find(rows, shape="4x2", beside=SAME, accuracy_above=0.6)
    row = find(short, shape="4x2", settings_from="pytorch:1")
    for end in ("", "_low", "_high"):
        assert row[f"rnn{end}"] == whole[f"rnn_quotient{end}"] and row[f"gru{end}"] == whole[f"gru_quotient{end}"]
        assert row[f"gru_over_rnn{end}"] == whole[f"quotient_ratio{end}"]


def find(rows: Any, **where: Any) -> Any:
    (found,) = [row for row in rows if all(row[name] == value for name, value in where.items())]
    return found


def test_a_row_by_hand() -> None:
    rows = density.density(capacity(QUARTER, HALF, HALF), landscape(5, 20))
    row = find(rows, shape="2x4", beside=SAME, accuracy_above=0.6)
    assert (row["rnn_trained"], row["gru_trained"], row["trained_difference"]) == (0.25, 0.5, 0.25)
    assert (row["rnn_random"], row["gru_random"], row["random_ratio"]) == pytest.approx((0.005, 0.02, 4))
    assert (row["rnn_quotient"], row["gru_quotient"]) == pytest.approx((50, 25))
    assert row["quotient_ratio"] == pytest.approx(0.5)
    low, high = stats.beta.ppf(0.025, 5, 996), stats.beta.ppf(0.975, 6, 995)  # Clopper and Pearson's
    assert (row["rnn_random_low"], row["rnn_random_high"]) == pytest.approx((low, high), rel=1e-6)
    trained = resampling.mean([np.array(each) > 0.6 for each in QUARTER])
    assert row["rnn_quotient_low"] == pytest.approx(trained.low / high, rel=1e-6)
    assert row["rnn_quotient_high"] == pytest.approx(trained.high / low, rel=1e-6)
    ratio = statistics.ratio_of_rates(20, 1000, 5, 1000)
    assert row["quotient_ratio_low"] == pytest.approx(row["trained_ratio_low"] / ratio.high)
    assert row["quotient_ratio_high"] == pytest.approx(row["trained_ratio_high"] / ratio.low)


def test_rows_are_above_each_accuracy_under_each_distribution() -> None:
    both = {"tails": landscape(5, 20)["tails"] + landscape(7, 7, sampler="normal:1")["tails"]}
    rows = density.density(capacity(QUARTER, HALF, HALF), both)
    same = [row for row in rows if row["beside"] == SAME]
    assert [row["sampler"] for row in same] == ["pytorch:1"] * 32 + ["normal:1"] * 32
    assert sorted({row["accuracy_above"] for row in rows}) == [0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
    assert find(rows, sampler="normal:1", shape="4x4", beside=SAME, accuracy_above=0.9)["rnn_above"] == 7
    # RNNs 2x8 and 4x8 were not sampled.
    assert {row["rnn"] for row in rows if row["beside"] == MATCHED} == {"rnn_2x4", "rnn_4x4"}


def test_accuracies_are_above_and_not_at() -> None:
    rows = density.density(capacity([[0.6]], [[0.65]], [[0.7]]), landscape(1, 1))
    row = find(rows, shape="2x2", beside=SAME, accuracy_above=0.6)
    assert (row["rnn_trained"], row["gru_trained"]) == (0, 1)
    assert find(rows, shape="2x2", beside=SAME, accuracy_above=0.65)["gru_trained"] == 0
    assert find(rows, shape="2x2", beside=MATCHED, accuracy_above=0.65)["rnn_trained"] == 1


def test_where_no_setting_was_found_quotients_have_a_lower_bound() -> None:
    row = density.density(capacity(QUARTER, HALF, HALF), landscape(0, 0, 10**6))[0]
    most = 1 - 0.025 ** (1e-6)  # (1 - p)^n = 0.025
    assert (row["gru_random"], row["gru_random_low"]) == (0, 0)
    assert row["gru_random_high"] == pytest.approx(most, rel=1e-6)
    assert (row["gru_quotient"], row["gru_quotient_high"]) == (np.inf, np.inf)
    assert row["gru_quotient_low"] == pytest.approx(row["gru_trained_low"] / most, rel=1e-6)
    assert np.isnan(row["quotient_ratio"])
    assert (row["quotient_ratio_low"], row["quotient_ratio_high"]) == (0, np.inf)


def test_quotients_of_intervals_are_their_corners() -> None:
    assert over(Interval(6, 4, 8), Interval(2, 1, 4)) == (3, 1, 8)
    assert over(Interval(6, 4, 8), Interval(0, 0, 4)) == (np.inf, 1, np.inf)
    estimate, low, high = over(Interval(0, 0, 8), Interval(0, 0, np.inf))
    assert np.isnan(estimate) and (low, high) == (0, np.inf)
    assert over(Interval(np.inf, 2, np.inf), Interval(4, 1, 8))[1:] == (0.25, np.inf)


def test_several_landscapes_are_draws() -> None:
    draws = [landscape(rnn, gru) for rnn, gru in ((0, 30), (10, 10), (20, 80))]
    rnn, gru = (tail(draws, "pytorch:1", f"{cell}_2x2", 0.6) for cell in ("rnn", "gru"))
    assert rnn == Tail([0, 10, 20], [1000] * 3) and gru is not None
    rate, exact = random_rate(gru), stats.binomtest(120, 3000).proportion_ci(0.95, method="exact")
    assert rate.estimate == pytest.approx(0.04)
    assert rate.low < exact.low and rate.high > exact.high  # draws differ by more than chance
    assert (rate.low, rate.high) == pytest.approx((0.01, 0.08))  # the bootstrap's: all three the least, the most
    ratio = random_ratio(gru, rnn)
    assert ratio.estimate == pytest.approx(4) and ratio.low <= 1 and ratio.high == np.inf
    assert tail(draws, "pytorch:1", "rnn_2x8", 0.6) is None


def test_equal_landscapes_still_have_an_interval() -> None:
    of = Tail([5, 5], [1000, 1000])
    assert random_rate(of) == pytest.approx(statistics.mean_rate([5, 5], [1000, 1000]))
    assert random_ratio(of, of) == pytest.approx(statistics.ratio_of_rates(10, 2000, 10, 2000))


def test_a_large_landscape_has_no_more_weight_in_the_ratio_s_interval() -> None:
    """Draws count alike: a rate of 20 in a million and none in nine times 100,000 is 2 in a million, not 10.5."""
    settings, rng = [1_000_000] + [100_000] * 9, np.random.default_rng(0)
    expected = np.array([20.0] + [1.0] * 9), np.array([100.0] + [20.0] * 9)  # RNN and GRU
    truth, covered = 10 * (100 + 9 * 200) / (10 * (20 + 9 * 10)), []
    for _ in range(300):
        rnn, gru = (Tail(rng.poisson(mean).tolist(), settings) for mean in expected)
        ratio = random_ratio(gru, rnn)
        assert ratio.estimate == pytest.approx(np.mean(gru.rates) / np.mean(rnn.rates))
        assert ratio.low < ratio.estimate < ratio.high
        covered.append(ratio.low <= truth <= ratio.high)
    assert np.mean(covered) > 0.95
    # A ratio is known no better than either of its shares.
    rnn, gru = Tail([19, 0, 1, 1, 1, 1, 0, 1, 0, 0], settings), Tail([700, *range(4, 40, 4)], settings)
    share, ratio = statistics.mean_rate(*rnn), random_ratio(gru, rnn)
    assert ratio.low <= ratio.estimate * share.estimate / share.high
    assert ratio.high >= ratio.estimate * share.estimate / share.low


def test_of_none_there_may_be_some_in_other_draws() -> None:
    none, some = Tail([0] * 10, [1_000_000] + [100_000] * 9), Tail([30] + [1] * 9, [1_000_000] + [100_000] * 9)
    rate = random_rate(none)
    assert (rate.estimate, rate.low) == (0, 0)
    # None of any draw's settings, whose share is gamma distributed with a squared coefficient of variation of 4.
    shares = stats.gamma(1 / 4, scale=4 * rate.high)
    nothing = [integrate.quad(lambda u, n=n: np.exp(-n * shares.ppf(u)), 0, 1)[0] for n in (1_000_000, 100_000)]
    assert nothing[0] * nothing[1] ** 9 == pytest.approx(0.025, rel=1e-3)
    assert rate.high > statistics.mean_rate(*none).high  # that of draws that do not differ
    ratio = random_ratio(none, some)
    assert (ratio.estimate, ratio.low) == (0, 0)
    assert ratio.high == pytest.approx(rate.high / random_rate(some).low)


def test_parts_of_the_claim_count_the_smaller_side() -> None:
    parts = density.evidence(capacity(QUARTER, HALF, HALF), landscape(5, 20))
    assert len(parts) == 4 + 4
    assert {(part.members, part.draws) for part in parts[:4]} == {(4, 2)}
    assert {(part.members, part.draws) for part in parts[4:]} == {(4, 1)}
    assert [part.above for part in parts] == [0.0] * 4 + [1.0] * 4
    # RNNs with as many parameters are in the table alone.
    assert parts == density.evidence(capacity(QUARTER, HALF, QUARTER), landscape(5, 20))
    with pytest.raises(KeyError, match="tails of pytorch:1"):
        density.evidence(capacity(QUARTER, HALF, HALF), landscape(5, 20, sampler="normal:1"))
    with pytest.raises(KeyError, match="capacity: FirstI/rnn_2x2"):
        density.density({"conditions": {}}, landscape(5, 20))


def test_rates_by_splitting_stand_where_both_cells_have_them() -> None:
    """Solutions are half as frequent for GRUs in every draw, in the draws where more RNNs succeed most of all."""
    by_draw = np.array([1e-9, 1e-7, 1e-5])
    tails = [
        {"sampler": "pytorch:1", "architecture": f"{cell}_{shape}", "accuracy_above": 0.6}
        | {"rates": (share * by_draw).tolist(), "bounds": (share * by_draw).tolist()}
        for cell, share in (("rnn", 1.0), ("gru", 0.5))
        for shape in ("2x2", "4x4")
    ]
    rnn = [[HIGH, LOW, LOW, LOW], [HIGH, LOW, LOW, LOW], [HIGH, HIGH, LOW, LOW], [LOW] * 4]
    both = {"tails": landscape(5, 20)["tails"] + landscape(7, 7, sampler="normal:1")["tails"]}
    rows = density.density(capacity(rnn, [[HIGH] * 4] * 4, rnn), both, rare={"particles": 50, "tails": tails})
    row = find(rows, sampler="pytorch:1", shape="2x2", beside=SAME, accuracy_above=0.6)
    assert (row["random_by"], row["random_draws"], row["random_members"]) == ("splitting", 3, 150)
    assert (row["rnn_found_in"], row["gru_found_in"]) == (3, 3) and "rnn_above" not in row
    assert (row["rnn_random"], row["gru_random"]) == pytest.approx((1e-7, 0.5e-7))
    assert tuple(row[f"random_ratio{end}"] for end in ("", "_low", "_high")) == pytest.approx((0.5, 0.5, 0.5))
    assert row["gru_quotient"] == pytest.approx(1 / 0.5e-7)
    assert row["quotient_networks"] == 3 * 4  # and not those of the draw that random settings lack
    # Of the three draws that both have: 1 over a third, and twice of that.
    assert row["quotient_ratio"] == pytest.approx(2 * 3)
    assert 0 < row["quotient_ratio_low"] < 6 < row["quotient_ratio_high"]
    # With half a network more on either side: 4.5 of 4.5 over 1.5, 1.5 and 2.5 of 5, twice.
    assert row["one_draw_quotient_ratio"] == pytest.approx(2 * 4.5 / 1.5) and row["draws_above_1"] == 1
    short = find(density.headline(rows), settings_from="pytorch:1", shape="2x2")
    assert short["in_one_draw"] == row["one_draw_quotient_ratio"] and short["draws_above_1"] == 1
    matched = find(rows, sampler="pytorch:1", shape="4x4", beside=SAME, accuracy_above=0.65)
    assert matched["one_draw_quotient_ratio"] is matched["draws_above_1"] is None
    assert matched["random_by"] == "counting" and matched["rnn_settings"] == 1000
    other = find(rows, sampler="normal:1", shape="2x2", beside=SAME, accuracy_above=0.6)
    assert other["random_by"] == "counting" and other["random_draws"] == 1


def test_draws_in_which_random_settings_are_unknown_are_not_counted_as_above_1() -> None:
    """In one of three draws no RNN was found and in another no GRU, whose quotient may be anything above some end."""
    rates = {"rnn": [1e-6, 0.0, 1e-6], "gru": [1e-6, 1e-6, 0.0]}
    tails = [
        {"sampler": "pytorch:1", "architecture": f"{cell}_{shape}", "accuracy_above": 0.6}
        | {"rates": of, "bounds": np.maximum(of, 1e-9).tolist()}
        for cell, of in rates.items()
        for shape in SHAPES
    ]
    trained = capacity([[HIGH, LOW]] * 3, [[HIGH, HIGH]] * 3, [[LOW, LOW]] * 3)
    rows = density.density(trained, landscape(5, 20), rare={"particles": 50, "tails": tails}, thresholds=(0.6,))
    row = find(rows, sampler="pytorch:1", shape="2x2", beside=SAME)
    # 2.5 of 3 over 1.5 of 3, times 1; nothing is known of it; more than a thousand.
    assert row["draws_above_1"] == pytest.approx(2 / 3)
    assert row["one_draw_quotient_ratio"] == pytest.approx(2.5 / 1.5)


def marks(axes: Axes) -> set[tuple[str, float, float]]:
    """Colour and place of all marks on a panel, but what is made for the legend alone."""
    shown = [(line.get_color(), *places(line)) for line in axes.get_lines() if line.get_marker() != "None"]
    return {(str(colour), round(x[0], 9), round(y[0], 9)) for colour, x, y in shown if x}


def places(line: Line2D) -> tuple[list[float], list[float]]:
    x, y = (np.asarray(values, float).tolist() for values in line.get_data())
    return x, y


def test_the_figure_shows_rates_and_quotients() -> None:
    rows = density.density(capacity(QUARTER, HALF, HALF), landscape(5, 20))
    made = density_figure.figure(rows)
    assert made is not None
    left, right = made.axes
    assert marks(left) == {(COLOURS["rnn"], 0.005, 0.25), (COLOURS["gru"], 0.02, 0.5)}  # all four shapes
    assert marks(right) == {("0.7", 0.5, float(place)) for place in range(4)}  # 25 over 50
    low, high = left.get_xlim()
    assert 0 < low < 0.005 < 0.02 < high < 1 and right.get_xlim()[0] < 0.5
    intervals = [places(line)[0] for line in right.get_lines() if line.get_color() == "0.3"]
    expected = find(rows, shape="2x2", beside=SAME, accuracy_above=0.6)
    assert len(intervals) == 4 and (expected["quotient_ratio_low"], expected["quotient_ratio_high"]) == (0, np.inf)
    assert intervals[0][0] < 1e-20 and intervals[0][1] > 1e20  # these stand for the ends


def test_the_figure_leaves_out_what_is_not_there() -> None:
    none = density_figure.figure(density.density(capacity(QUARTER, HALF, HALF), landscape(0, 20)))
    assert none is not None and (COLOURS["gru"], 0.02, 0.5) in marks(none.axes[0])
    one = [[1e-6], [1e-5]]
    tails = [
        {"sampler": "pytorch:1", "architecture": f"{cell}_{shape}", "accuracy_above": 0.6, "rates": of, "bounds": of}
        for cell, of in zip(("rnn", "gru"), one, strict=True)
        for shape in SHAPES
    ]
    rare = {"particles": 50, "tails": tails}  # one draw, of which nothing is known but itself
    single = density_figure.figure(density.density(capacity(QUARTER, HALF, HALF), landscape(5, 20), rare=rare))
    for made in (none, single):
        assert made is not None
        assert np.isfinite([made.axes[0].get_xlim(), made.axes[1].get_xlim()]).all()
        made.savefig(io.BytesIO())
    other = density.density(capacity(QUARTER, HALF, HALF), landscape(5, 20, sampler="normal:1"))
    assert density_figure.figure(other) is None and density_figure.figure([]) is None
