"""Vanishing gradients end to end, tiny: arrays recomputed in NumPy."""

import functools
from pathlib import Path
from typing import Any

import launching
import numpy as np
import pytest
from ml_collections import ConfigDict
from oracles import states_of
from outputs import arrays_of, summary_of

from configs.thesis import get_config
from experiments import vanishing_gradients
from experiments.conditions import draw_data, draw_embedding
from experiments.vanishing_conditions import changed_start, conditions
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
    config.training.update({"members_per_call": 16, "history": True})
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
    return arrays_of(workdir)


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
        keys = "relative", "mean", "singular", "draws", "seeds", "differ"
        followed = {key: arrays[f"measured/{name}/followed/{key}"] for key in keys}
        assert followed["draws"].tolist() == [0, 0, 1, 1] and followed["seeds"].tolist() == [0, 1, 0, 1]
        assert not followed["differ"].any()
        where = followed["draws"], followed["seeds"]
        for epoch, stage in ((0, "start"), (2, "end")):
            for key in ("relative", "mean", "singular"):
                alone = arrays[f"measured/{name}/{stage}/{key}"][..., *where]
                np.testing.assert_allclose(followed[key][epoch], alone, rtol=1e-10, atol=1e-300)
        assert np.abs(followed["relative"][1] - followed["relative"][0]).max() > 1e-6
    assert summary_of(workdir)["differ_when_trained_again"] == 0


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


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("cells", ("gru",), "rnn"), ("cells", (), "cells"), ("cells", ("rnn", "lstm"), "lstm"),
        ("sentences", 0, "sentences is 0"), ("sentences", 1001, "1000"),
        ("unstopped_seeds", -1, "unstopped_seeds is -1"), ("unstopped_draws", -1, "unstopped_draws is -1"),
        ("changed_seeds", -1, "changed_seeds is -1"), ("followed_seeds", 10**7, "followed_seeds is 10000000"),
        ("followed_epochs", (1, 0), "followed_epochs"), ("followed_epochs", (), "followed_epochs"),
        ("update_gate_bias", -1.0, "update_gate_bias"), ("unstopped_learning_rate", 0.0, "unstopped_learning_rate"),
        ("failure_below", 0.7, "failure_below"), ("hidden_dim", 0, "hidden dimension"), ("seeds", 0, "seeds is 0"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_one_line(field: str, value: Any, words: str) -> None:
    config = small_config()
    config.vanishing_gradients[field] = value
    with pytest.raises(UserError, match=words) as caught:
        vanishing_gradients.EXPERIMENT.prepare(config)
    assert "\n" not in str(caught.value)


def test_no_more_seeds_are_changed_or_not_stopped_than_there_are() -> None:
    config = small_config()
    config.vanishing_gradients.update({"unstopped_seeds": 9, "changed_seeds": 9})
    assert {condition.num_seeds for condition in conditions(config)} == {SEEDS}


@pytest.mark.parametrize(("draws", "expected"), [(0, []), (1, [1, 1]), (9, [DRAWS] * 2)])
def test_some_draws_are_not_stopped(draws: int, expected: list[int]) -> None:
    found = conditions(small_config(**{"vanishing_gradients.unstopped_draws": draws}))
    assert [condition.num_draws for condition in found if "unstopped" in condition.name] == expected


def test_given_starts_are_changed_too(workdir: Path, arrays: dict[str, np.ndarray]) -> None:
    found = {each.name: each for each in conditions(small_config(**{"training.start_from": str(workdir)}))}
    given, changed = arrays["FirstII/rnn_2x2/final"][..., :CHANGED], found["FirstII/identity/rnn_2x2"].start
    assert changed is not None and not np.array_equal(given, arrays["FirstII/rnn_2x2/initial"][..., :CHANGED])
    kept = np.ones(len(given), bool)
    kept[4:8] = False  # W_hh
    np.testing.assert_array_equal(changed[kept], given[kept])
    np.testing.assert_array_equal(changed[4:8, 0, 0], [1, 0, 0, 1])
