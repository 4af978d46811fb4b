"""Vanishing gradients end to end, tiny: arrays recomputed in NumPy, and tables of networks that are known."""

import contextlib
import csv
import functools
import json
from pathlib import Path
from typing import Any

import launching
import numpy as np
import pytest
from ml_collections import ConfigDict
from oracles import states_of
from scipy import stats

from configs.thesis import get_config
from experiments import vanishing_gradients
from experiments.conditions import draw_data, draw_embedding, draw_starts
from experiments.vanishing_conditions import changed_start, conditions
from experiments.vanishing_tables import (
    Seen,
    change_rows,
    correlation_rows,
    correlations,
    half_gain,
    measure_rows,
    rates_by_ratio,
    residual,
    within_ranks,
)  # fmt: skip
from rnnjax.errors import UserError
from rnnjax.landscape import parse_architecture
from rnnjax.parameters import Params, unflatten

DRAWS, SEEDS, UNSTOPPED, CHANGED, FOLLOWED, SENTENCES, LENGTH = 2, 3, 1, 2, 2, 5, 5
EPOCHS = (0, 1, 150)
FIGURES = {
    f"figure_vanishing_FirstII_{name}.png"
    for name in ("relative", "norms", "singular", "training", "starts", "changed", "rates")
}
TABLES = {"vanishing.csv", "vanishing_changes.csv", "vanishing_correlations.csv", "conditions.csv"}
NAMES = {
    "FirstII/rnn_2x2": SEEDS, "FirstII/unstopped_0.001/rnn_2x2": UNSTOPPED, "FirstII/identity/rnn_2x2": CHANGED,
    "FirstII/gru_2x2": SEEDS, "FirstII/unstopped_0.001/gru_2x2": UNSTOPPED, "FirstII/closed/gru_2x2": CHANGED,
    "FirstII/open/gru_2x2": CHANGED,
}  # fmt: skip


def small_config(**changed: Any) -> ConfigDict:
    config = get_config("quick")
    config.data.sentence_length = LENGTH
    config.vanishing_gradients.update(
        {"data_sets": ("FirstII",), "cells": ("rnn", "gru"), "hidden_dim": 2, "draws": DRAWS, "seeds": SEEDS}
        | {"unstopped_seeds": UNSTOPPED, "changed_seeds": CHANGED, "followed_seeds": FOLLOWED, "sentences": SENTENCES}
        | {"followed_epochs": EPOCHS, "success_above": 0.6, "failure_below": 0.5}
    )
    config.training.update({"batch_size": 500, "max_epochs": 2, "learning_rate": 0.05, "tile": 4})
    config.training.update({"members_per_call": 8, "history": True})  # one program for all
    config.update_from_flattened_dict(changed)
    return config


run_in = functools.partial(launching.run_in, vanishing_gradients.EXPERIMENT)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("vanishing")
    run_in(here, small_config())
    return here


@pytest.fixture(scope="module")
def arrays(workdir: Path) -> dict[str, np.ndarray]:
    with np.load(workdir / "result.npz") as stored:
        return dict(stored)


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def network(arrays: dict[str, np.ndarray], name: str, weights: np.ndarray) -> Params:
    return unflatten(weights.astype(float), parse_architecture(name.split("/")[-1]).sizes)


def test_it_leaves_its_files_and_draws_again_from_them(workdir: Path) -> None:
    assert {path.name for path in workdir.iterdir()} >= FIGURES | TABLES | {"summary.json", "result.npz", "config.json"}
    before = {name: (workdir / name).read_bytes() for name in TABLES | {"result.npz", "summary.json"}}
    for name in FIGURES:
        assert (workdir / name).stat().st_size > 10_000, name
        (workdir / name).unlink()
    run_in(workdir, small_config())
    assert {name: (workdir / name).read_bytes() for name in before} == before
    assert {path.name for path in workdir.glob("*.png")} == FIGURES


def test_every_condition_is_measured_at_the_start_and_at_the_end(arrays: dict[str, np.ndarray]) -> None:
    assert {name.removesuffix("/final") for name in arrays if name.endswith("/final")} == set(NAMES)
    for name, seeds in NAMES.items():
        for stage in ("start", "end"):
            assert arrays[f"measured/{name}/{stage}/relative"].shape == (LENGTH + 1, DRAWS, seeds)
            assert arrays[f"measured/{name}/{stage}/singular"].shape == (LENGTH + 1, 2, DRAWS, seeds)
            np.testing.assert_allclose(arrays[f"measured/{name}/{stage}/relative"][-1], 1, rtol=1e-12)


@pytest.mark.parametrize("name", ["FirstII/rnn_2x2", "FirstII/open/gru_2x2"])
@pytest.mark.parametrize(("stage", "weights"), [("start", "initial"), ("end", "final")])
def test_a_network_s_numbers_are_of_its_own_weights_sentences_and_words(
    arrays: dict[str, np.ndarray], name: str, stage: str, weights: str
) -> None:
    config, cell = small_config(), "rnn" if "rnn" in name else "gru"
    data = conditions(config)[0].data
    draw, seed = 1, 1
    params = network(arrays, name, arrays[f"{name}/{weights}"][:, draw, seed])
    split = draw_data(config, data, draw).validation
    sentences = draw_embedding(config, data, draw, 2).astype(float)[split.words[:SENTENCES]]
    direction = params.w_oh[1] - params.w_oh[0]
    norms, singular, losses = [], [], []
    for sentence, positive in zip(sentences, split.positive[:SENTENCES], strict=True):
        margin = direction @ states_of(cell, params, sentence)[-1] + params.b_oh[1] - params.b_oh[0]
        of_margin = 1 / (1 + np.exp(-margin)) - positive
        losses.append(np.log1p(np.exp(-margin if positive else margin)))
        to_end = [np.eye(2)]
        for t in range(LENGTH, 0, -1):
            to_end.insert(0, to_end[0] @ step_jacobian(cell, params, sentence, t))
        norms.append([np.linalg.norm(jacobian.T @ direction * of_margin) for jacobian in to_end])
        singular.append([np.linalg.svd(jacobian, compute_uv=False) for jacobian in to_end])
    expected = {
        "mean": np.mean(norms, 0), "median": np.median(norms, 0), "loss": np.mean(losses),
        "relative": np.median([norm / np.array(norm)[-1] for norm in norms], 0), "singular": np.median(singular, 0),
    }  # fmt: skip
    for key, values in expected.items():
        own = arrays[f"measured/{name}/{stage}/{key}"][..., draw, seed]
        np.testing.assert_allclose(own, values, rtol=1e-5, atol=1e-12, err_msg=key)


def step_jacobian(cell: str, params: Params, sentence: np.ndarray, t: int) -> np.ndarray:
    """dh_t/dh_{t-1} by hand."""
    h = states_of(cell, params, sentence[: t - 1])[-1] if t > 1 else np.zeros(2)
    x = sentence[t - 1]
    of_word, of_state = params.w_ih @ x + params.b_ih, params.w_hh @ h + params.b_hh
    if cell == "rnn":
        return (1 - np.tanh(of_word + of_state) ** 2)[:, None] * params.w_hh
    r, z = (1 / (1 + np.exp(-(of_word + of_state)[rows]))[:, None] for rows in (slice(0, 2), slice(2, 4)))
    n = np.tanh(of_word[4:] + r[:, 0] * of_state[4:])[:, None]
    of_r, of_z = r * (1 - r) * params.w_hh[:2], z * (1 - z) * params.w_hh[2:4]
    of_n = (1 - n**2) * (r * params.w_hh[4:] + of_r * of_state[4:, None])
    return np.diag(z[:, 0]) + of_z * (h[:, None] - n) + (1 - z) * of_n


def test_followed_networks_begin_at_the_start_and_stay_at_the_end(workdir: Path, arrays: dict[str, np.ndarray]) -> None:
    assert {name for name in NAMES if f"measured/{name}/followed/relative" in arrays} == {
        "FirstII/rnn_2x2", "FirstII/gru_2x2"
    }  # fmt: skip
    for name in ("FirstII/rnn_2x2", "FirstII/gru_2x2"):
        followed = {key: arrays[f"measured/{name}/followed/{key}"] for key in ("relative", "draws", "seeds", "differ")}
        assert followed["draws"].tolist() == [0, 0, 1, 1] and followed["seeds"].tolist() == [0, 1, 0, 1]
        assert not followed["differ"].any()
        where = followed["draws"], followed["seeds"]
        for epoch, stage in ((0, "start"), (2, "end")):
            alone = arrays[f"measured/{name}/{stage}/relative"][:, *where]
            np.testing.assert_allclose(followed["relative"][epoch], alone, rtol=1e-10)
        assert np.abs(followed["relative"][1] - followed["relative"][0]).max() > 1e-6
    assert json.loads((workdir / "summary.json").read_text())["differ_when_trained_again"] == 0


def test_changed_starts_are_the_same_seeds_but_for_one_thing(arrays: dict[str, np.ndarray]) -> None:
    rnn, gru = (
        unflatten(arrays[f"FirstII/{cell}_2x2/initial"][..., :CHANGED], sizes_of(cell)) for cell in ("rnn", "gru")
    )
    identity = unflatten(arrays["FirstII/identity/rnn_2x2/initial"], sizes_of("rnn"))
    assert (identity.w_hh == np.eye(2)[..., None, None]).all()
    for leaf in ("w_ih", "b_ih", "b_hh", "w_oh", "b_oh"):
        np.testing.assert_array_equal(getattr(identity, leaf), getattr(rnn, leaf))
    for kind, sign in (("open", 1), ("closed", -1)):
        own = unflatten(arrays[f"FirstII/{kind}/gru_2x2/initial"], sizes_of("gru"))
        np.testing.assert_allclose(
            own.b_ih - gru.b_ih, np.multiply.outer([0, 0, 2, 2, 0, 0], sign * np.ones((2, 2))), atol=1e-6
        )
        for leaf in ("w_ih", "w_hh", "b_hh", "w_oh", "b_oh"):
            np.testing.assert_array_equal(getattr(own, leaf), getattr(gru, leaf))
    ratios = {
        name: np.log(arrays[f"measured/FirstII/{name}_2x2/start/relative"][1]) for name in ("open/gru", "closed/gru")
    }
    assert (ratios["open/gru"] > ratios["closed/gru"]).all()


def sizes_of(cell: str) -> Params:
    return parse_architecture(f"{cell}_2x2").sizes


def test_what_an_open_gate_is() -> None:
    start = unflatten(np.zeros((42, 3), np.float32), sizes_of("gru"))
    assert changed_start("open", start, 2.0).b_ih[:, 0].tolist() == [0, 0, 2, 2, 0, 0]
    assert changed_start("closed", start, 2.0).b_ih[:, 2].tolist() == [0, 0, -2, -2, 0, 0]


# Tables of networks that are known -----------------------------------------------------------------------------------


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


def test_ranks_within_draws_against_scipy_s() -> None:
    values = np.array([[3.0, 1.0, 1.0, 8.0], [0.0, np.nan, -1.0, 5.0]])
    ranks = within_ranks(values)
    assert ranks[0].tolist() == [0.5, -1.0, -1.0, 1.5]
    assert ranks[1, [0, 2, 3]].tolist() == [0, -1, 1] and np.isnan(ranks[1, 1])


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


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("cells", ("gru",), "rnn"), ("cells", (), "cells"), ("cells", ("rnn", "lstm"), "lstm"),
        ("sentences", 0, "sentences is 0"), ("sentences", 1001, "1000"),
        ("unstopped_seeds", -1, "unstopped_seeds is -1"),
        ("changed_seeds", -1, "changed_seeds is -1"), ("followed_seeds", 10**7, "followed_seeds is 10000000"),
        ("followed_epochs", (1, 0), "followed_epochs"), ("followed_epochs", (), "followed_epochs"),
        ("update_gate_bias", -1.0, "update_gate_bias"), ("unstopped_learning_rate", 0.0, "unstopped_learning_rate"),
        ("failure_below", 0.7, "failure_below"), ("hidden_dim", 0, "hidden dimension"), ("seeds", 0, "seeds is 0"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_one_line(field: str, value: Any, words: str) -> None:
    config = small_config()
    with contextlib.suppress(TypeError):  # of another length
        config.vanishing_gradients[field] = value
    with pytest.raises(UserError, match=words) as caught:
        vanishing_gradients.EXPERIMENT.prepare(config)
    assert "\n" not in str(caught.value)


def test_no_more_seeds_are_changed_or_not_stopped_than_there_are() -> None:
    config = small_config()
    config.vanishing_gradients.update({"unstopped_seeds": 9, "changed_seeds": 9})
    assert {condition.num_seeds for condition in conditions(config)} == {SEEDS}


def test_given_starts_are_changed_too(tmp_path: Path) -> None:
    config = small_config()
    plain = conditions(config)[0]
    again = draw_starts(config, plain, 1, np.arange(CHANGED))
    changed = next(each for each in conditions(config) if each.name == "FirstII/identity/rnn_2x2")
    assert changed.start is not None
    kept = np.ones(len(again), bool)
    kept[4:8] = False  # W_hh
    np.testing.assert_array_equal(changed.start[kept, 1], again[kept])
