"""Tables of experiments.vanishing_gradients, from networks that are known."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.vanishing_tables import (
    Seen,
    change_rows,
    correlation_rows,
    correlations,
    half_gain,
    measure_rows,
    rates_by_ratio,
    residual,
)
from rnnjax.correlation import within_ranks


def seen(ratio: Any, accuracy: Any, cell: str = "rnn", kind: str = "") -> Seen:
    """Networks [R, S] of these ratios at the start, ten times as large at the end, in sentences of three words."""
    ratio, accuracy = np.array(ratio, float), np.array(accuracy, float)
    measured: dict[str, np.ndarray] = {}
    for stage, factor in (("start", 1), ("end", 10)):
        relative = np.stack([np.full(ratio.shape, 7.0), factor * ratio, np.sqrt(factor * ratio), np.ones(ratio.shape)])
        measured |= {f"{stage}/relative": relative, f"{stage}/mean": 2 * relative, f"{stage}/median": relative}
        measured[f"{stage}/singular"] = np.stack([3 * relative, relative], 1)
    controls = {"loss": np.arange(ratio.size, dtype=float).reshape(ratio.shape) % 3}
    return Seen("FirstII", cell, kind, accuracy, controls, measured, (0.7, 0.9))


def test_ratios_are_geometric_means_over_draws_of_draws_means() -> None:
    one = seen([[1e-4, 1e-2], [1e-1, 1e-1]], [[0.5, 0.95], [0.95, 0.8]])
    rows = {(row["stage"], row["group"]): row for row in measure_rows(one)}
    assert set(rows) == {(stage, group) for stage in ("start", "end") for group in ("all", "above", "between", "below")}
    everyone = rows["start", "all"]
    assert everyone["networks"] == 4 and everyone["draws"] == 2 and everyone["left_out"] == 0
    assert everyone["ratio"] == pytest.approx(1e-2)
    assert everyone["ratio_low"] < 1e-2 < everyone["ratio_high"]
    assert everyone["per_word"] == pytest.approx(0.1)  # two steps from the first of three words to the last
    assert everyone["gradient_first"] == pytest.approx(2e-2) and everyone["gradient_last"] == pytest.approx(2)
    assert everyone["largest_singular"] == pytest.approx(3e-2) and everyone["least_singular"] == pytest.approx(1e-2)
    assert rows["end", "all"]["ratio"] == pytest.approx(1e-1)
    assert rows["start", "above"]["ratio"] == pytest.approx(10**-1.5) and rows["start", "above"]["networks"] == 2
    assert rows["start", "below"]["ratio"] == pytest.approx(1e-4) and rows["start", "between"]["networks"] == 1


def test_ratios_that_are_no_number_or_0_are_left_out_and_counted() -> None:
    (row,) = [row for row in measure_rows(seen([[1e-4, 0, np.nan]], [[0.5, 0.5, 0.5]])) if row["group"] == "all"][:1]
    assert row["left_out"] == 2 and row["ratio"] == pytest.approx(1e-4)


def test_cells_are_compared_with_rnns_and_changed_starts_with_the_same_seeds() -> None:
    rnn = seen([[1e-4, 1e-4, 1e-8]] * 2, [[0.5, 0.5, 1.0]] * 2)
    gru = seen([[1e-2, 1e-2, 1e-2]] * 2, [[0.8, 0.8, 0.8]] * 2, "gru")
    identity = seen([[1e-1, 1e-1]] * 2, [[0.6, 0.8]] * 2, "rnn", "identity")
    opened = seen([[1e-1, 1e-1]] * 2, [[0.7, 0.7]] * 2, "gru", "open")
    unstopped = seen([[1e-1]] * 2, [[0.6]] * 2, "rnn", "unstopped_0.001")
    rows = {(row["cell"], row["kind"]): row for row in change_rows([rnn, gru, identity, opened, unstopped])}
    assert set(rows) == {("gru", ""), ("rnn", "identity"), ("gru", "open")}
    assert rows["gru", "open"]["against"] == "gru" and rows["gru", "open"]["accuracy_gain"] == pytest.approx(-10)
    assert rows["rnn", "identity"]["start_ratio_times"] == pytest.approx(1e3)  # without the third seed
    assert rows["rnn", "identity"]["accuracy_gain"] == pytest.approx(20)
    assert rows["rnn", "identity"]["above_70_gain"] == pytest.approx(50)
    assert rows["gru", ""]["start_ratio_times"] == pytest.approx(10 ** (10 / 3))
    assert rows["gru", ""]["end_ratio_times"] == pytest.approx(10 ** (10 / 3))
    assert rows["gru", ""]["above_90_gain"] == pytest.approx(-100 / 3)
    assert rows["gru", ""]["above_90_gain_low"] < -100 / 3 < rows["gru", ""]["above_90_gain_high"]


def test_within_draws_the_draws_themselves_do_not_count() -> None:
    # In each draw a larger ratio goes with a lower accuracy; draws with larger ratios have higher accuracies.
    random = np.random.default_rng(0)
    ratio = random.permuted(np.tile(np.arange(20.0), (8, 1)), axis=1) + 100 * np.arange(8)[:, None]
    accuracy = -ratio + 200 * np.arange(8)[:, None]
    found = correlations(ratio, accuracy, [random.normal(size=ratio.shape)])
    assert found["pooled"].estimate == pytest.approx(stats.spearmanr(ratio.ravel(), accuracy.ravel())[0])
    assert found["pooled"].estimate > 0.9
    assert found["within"].estimate == pytest.approx(-1) and found["partial"].estimate == pytest.approx(-1)
    assert found["gain"].estimate == pytest.approx(-1000)


def test_what_a_control_explains_is_taken_out() -> None:
    # The control makes both: without it nothing is left but noise.
    random = np.random.default_rng(1)
    control = random.normal(size=(10, 100))
    ratio, accuracy = (control + 0.3 * random.normal(size=control.shape) for _ in range(2))
    found = correlations(ratio, accuracy, [control])
    assert found["within"].low > 0.8
    assert abs(found["partial"].estimate) < 0.1
    a, b, c = (within_ranks(each).ravel() for each in (ratio, accuracy, control))
    ab, ac, bc = (np.corrcoef(*pair)[0, 1] for pair in ((a, b), (a, c), (b, c)))
    by_formula = (ab - ac * bc) / np.sqrt((1 - ac**2) * (1 - bc**2))
    assert found["partial"].estimate == pytest.approx(by_formula, abs=1e-6)


def test_residuals_leave_out_who_has_no_control() -> None:
    left = residual(np.array([[1.0, -1.0, 5.0]]), [np.array([[1.0, 1.0, np.nan]])])
    np.testing.assert_allclose(left[0, :2], [1, -1], atol=1e-12)
    assert np.isnan(left[0, 2])


def test_correlations_with_success_need_some_of_both() -> None:
    ratio, accuracy = np.random.default_rng(2).uniform(0.1, 0.8, (2, 4, 10))
    accuracy[:, :1] = 0.95  # four successes
    rows = {row["outcome"]: row for row in correlation_rows(seen(ratio, accuracy))}
    assert rows["success"]["successes"] == 4 and np.isnan(rows["success"]["within"])
    assert np.isfinite(rows["accuracy"]["within"]) and np.isnan(rows["success"]["gain"])
    accuracy[:, :2] = 0.95
    rows = {row["outcome"]: row for row in correlation_rows(seen(ratio, accuracy))}
    assert rows["success"]["within_low"] < rows["success"]["within"] < rows["success"]["within_high"]


def test_the_upper_half_s_gain() -> None:
    ratio = np.array([[1.0, 2.0, 3.0, 4.0], [40.0, 30.0, 20.0, 10.0]])
    successes = np.array([[False, False, True, True], [True, False, True, False]])
    assert half_gain(ratio, successes).estimate == pytest.approx(50)  # 100 in the one draw, 0 in the other


def test_rates_of_starts_with_about_the_same_ratio() -> None:
    one = seen([[2e-3, 4e-3, 0.2, 0.3]] * 5, [[0.5, 0.95, 0.95, 0.95]] * 4 + [[0.5, 0.5, 0.95, 0.95]])
    places, rates = rates_by_ratio(one, 0.9, 1.0, 10)
    np.testing.assert_allclose(places, [np.log10(np.sqrt(8)) - 3, np.log10(np.sqrt(6)) - 1])
    assert [rate.estimate for rate in rates] == pytest.approx([0.4, 1.0])
    assert rates[1].low < 0.8  # Wilson's, of five draws
    assert len(rates_by_ratio(one, 0.9, 1.0, 11)[0]) == 0
