"""Fixed points of trained networks end to end, tiny: what it leaves, and its numbers recomputed in NumPy."""

import functools
from pathlib import Path
from typing import Any

import launching
import numpy as np
import pytest
from launching import network, words_of_draw
from ml_collections import ConfigDict
from oracles import states_of, step
from outputs import arrays_of, rows_of, summary_of

from configs.thesis import get_config
from experiments import fixed_points
from experiments.conditions import data_set, draw_data
from experiments.fixed_points_figures import Slowest, time_constants
from experiments.fixed_points_tables import of_kind, slowest_stable, values_of
from experiments.success_groups import yes_or_no
from rnnjax import resampling, stability
from rnnjax.errors import UserError
from rnnjax.parameters import Params
from rnnjax.stability import NONE, SADDLE, STABLE, UNSTABLE
from rnnjax.words import KINDS

DRAWS, SEEDS, LENGTH, SENTENCES = 2, 2, 5, 3
NAMES = [f"{data}/{cell}_2x2" for data in ("CountII", "FirstII") for cell in ("rnn", "gru")]
FILES = {
    "config.json", "conditions.csv", "summary.json", "result.npz", "fixed_points.csv", "fixed_points_contrasts.csv",
    "figure_fixed_points_CountII.png", "figure_fixed_points_FirstII.png", "figure_fixed_points_time_constants.png",
    "figure_fixed_points_stop_words_CountII.png", "figure_fixed_points_stop_words_FirstII.png",
}  # fmt: skip

Arrays = dict[str, np.ndarray]


def small_config(**changed: Any) -> ConfigDict:
    """Large random starts, so that some words have several points."""
    config = get_config("quick")
    wanted = {"seeds": SEEDS, "draws": DRAWS, "hidden_dims": (2,), "starts": 32, "sentences": SENTENCES}
    config.fixed_points.update(wanted | {"success_above": 0.7, "failure_below": 0.6})
    config.data.sentence_length = LENGTH
    config.training.update({"batch_size": 500, "max_epochs": 10, "learning_rate": 0.05, "tile": 4})
    config.training.update({"members_per_call": 16, "sampler": "pytorch:3"})
    config.update_from_flattened_dict(changed)
    return config


run_in = functools.partial(launching.run_in, fixed_points.EXPERIMENT)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("fixed_points")
    run_in(here, small_config())
    return here


@pytest.fixture(scope="module")
def arrays(workdir: Path) -> Arrays:
    return arrays_of(workdir)


def measured(arrays: Arrays, name: str, stage: str) -> Arrays:
    here = f"measured/{name}/{stage}/"
    return {key.removeprefix(here): values for key, values in arrays.items() if key.startswith(here)}


def jacobian(params: Params, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    ends = [(step(params, x, h[None] + e) - step(params, x, h[None] - e))[0] / 2e-6 for e in 1e-6 * np.eye(2)]
    return np.stack(ends, 1)


def test_it_leaves_its_files_and_draws_again_from_them(workdir: Path) -> None:
    assert {path.name for path in workdir.iterdir() if path.is_file()} >= FILES
    before = {name: (workdir / name).read_bytes() for name in FILES}
    (workdir / "figure_fixed_points_FirstII.png").unlink()
    run_in(workdir, small_config())
    for name in FILES:
        if not name.endswith(".png"):
            assert (workdir / name).read_bytes() == before[name], name
    assert (workdir / "figure_fixed_points_FirstII.png").stat().st_size > 10_000


@pytest.mark.parametrize("name", NAMES)
def test_points_are_fixed_with_their_margins_eigenvalues_and_kinds(arrays: Arrays, name: str) -> None:
    several = 0
    for stage in ("initial", "final"):
        own = measured(arrays, name, stage)
        for draw, seed, word in np.ndindex(DRAWS, SEEDS, 10):
            params, x = network(arrays, name, stage, draw, seed), words_of_draw(small_config(), draw)[word]
            kinds = own["kinds"][word, :, draw, seed]
            there = kinds != NONE
            assert there.sum() == own["number"][word, draw, seed] and own["index_sum"][word, draw, seed] == 1
            states = own["states"][word, :, :, draw, seed][there].astype(float)
            np.testing.assert_allclose(step(params, x, states), states, atol=2e-6)
            w, b = params.w_oh[1] - params.w_oh[0], params.b_oh[1] - params.b_oh[0]
            np.testing.assert_allclose(own["margins"][word, :, draw, seed][there], states @ w + b, atol=1e-5)
            for h, kind, values in zip(
                states, kinds[there], own["eigenvalues"][word, :, :, draw, seed][there], strict=True
            ):
                exact = np.linalg.eigvals(jacobian(params, x, h))
                exact = exact[np.argsort(-np.abs(exact))]
                np.testing.assert_allclose(np.abs(values), np.abs(exact), atol=1e-4)
                np.testing.assert_allclose(values.sum(), exact.sum(), atol=1e-4)
                moduli = np.abs(exact)
                assert kind == (STABLE if (moduli < 1).all() else UNSTABLE if (moduli > 1).all() else SADDLE)
            several += there.sum() > 1
    assert several or name != "CountII/rnn_2x2"


@pytest.mark.parametrize("name", ["CountII/rnn_2x2", "FirstII/gru_2x2"])
def test_what_repeated_words_leave_of_the_spread(arrays: Arrays, name: str) -> None:
    config, cell = small_config(), name.partition("/")[2].partition("_")[0]
    data = data_set(config, name.partition("/")[0])
    own = measured(arrays, name, "final")
    for draw, seed in ((0, 1), (1, 0)):
        params, words = network(arrays, name, "final", draw, seed), words_of_draw(small_config(), draw)
        sentences = draw_data(config, data, draw).train.words[:SENTENCES]
        visited = np.concatenate([states_of(cell, params, words[sentence]) for sentence in sentences])
        spread = np.sqrt(visited.var(0).sum())
        assert own["spread"][draw, seed] == pytest.approx(spread, rel=1e-5)
        for word in (0, 6, 9):
            later = visited
            for _ in range(LENGTH):
                later = step(params, words[word], later)
            moving = np.linalg.norm(step(params, words[word], later) - later, axis=1)
            end = later
            for _ in range(1000):
                end = step(params, words[word], end)
            variances = np.linalg.eigvalsh(np.cov(later.T, ddof=0))
            exact = {
                "kept": np.sqrt(later.var(0).sum()) / spread,
                "settled": np.sqrt(end.var(0).sum()) / spread,
                "axis": variances[-1] / variances.sum(),
                "on_way": ((np.linalg.norm(end - later, axis=1) > spread / 2) & (moving <= spread / 10)).mean(),
            }
            if exact["kept"] < 1e-4:
                del exact["axis"]  # rounding has no direction
            for key, value in exact.items():
                assert own[key][word, draw, seed] == pytest.approx(value, rel=1e-3, abs=1e-6), key


def by_hand() -> Arrays:
    """One word after the other of one network; a sentence has ten words."""
    none = (NONE, np.nan, np.nan)  # kind, margin, largest modulus
    points = [
        [(STABLE, 1.0, 0.5), none, none],
        [(STABLE, 1.0, 0.5), (STABLE, -1.0, 0.95), (SADDLE, 0.1, 1.5)],
        [(STABLE, 1.0, 0.8), (STABLE, 2.0, 0.7), (SADDLE, -0.5, 1.5)],
        [(UNSTABLE, 1.0, 1.5), none, none],
        [(STABLE, 0.0, 0.1), (STABLE, 1.0, 0.2), (SADDLE, 0.5, 0.99)],
        [none, none, none],
    ]
    relaxed = [  # kept, settled, axis, on_way
        (0.49, 0.0, 0.99, 0.9),
        (0.5, 0.5, 0.8, 0.9),
        (0.9, 0.1, 0.91, 0.26),
        (0.9, 0.49, 0.91, 0.25),
        (1.2, 1.3, 0.95, 0.3),
        (0.1, 0.6, 0.95, 0.3),
    ]
    kinds, margins, moduli = (np.array([[p[i] for p in word] for word in points]) for i in range(3))
    arrays = {
        "kinds": kinds.astype(int),
        "margins": margins,
        "eigenvalues": np.stack([moduli, 0.1 * moduli], -1).astype(complex),
        "slow_speeds": np.array([[0.1, 0.02], [0.021, np.nan], [np.nan, np.nan], [0.0, 0.01], [1, 2], [0.05, 0.02]]),
        "index_sum": np.array([1, 1, 1, 1, 1, 0]),
    }
    arrays |= {key: np.array([r[i] for r in relaxed]) for i, key in enumerate(("kept", "settled", "axis", "on_way"))}
    return {key: values[..., None, None] for key, values in arrays.items()} | {"spread": np.array([[0.2]])}


def test_measures_by_hand() -> None:
    own = {key: values[:, 0, 0] for key, values in values_of(by_hand(), 10).items()}
    np.testing.assert_array_equal(own["stable"], [1, 2, 2, 0, 2, 0])
    np.testing.assert_array_equal(own["saddle"], [0, 1, 1, 0, 1, 0])
    np.testing.assert_array_equal(own["unstable"], [0, 0, 0, 1, 0, 0])
    np.testing.assert_array_equal(own["one_in_each"], [0, 1, 0, 0, 1, 0])  # a margin of 0 is in the negative region
    np.testing.assert_array_equal(own["slow_points"], [1, 0, 0, 2, 0, 1])  # of the spread 0.1 is 0.02
    np.testing.assert_array_equal(own["slow_direction"], [0, 1, 0, 0, 0, 0])  # 0.95: 19 words; saddles do not count
    np.testing.assert_array_equal(own["forgets"], [1, 0, 0, 0, 0, 1])
    np.testing.assert_array_equal(own["fades"], [0, 0, 1, 1, 0, 0])
    np.testing.assert_array_equal(own["holds"], [0, 1, 0, 0, 1, 0])
    np.testing.assert_array_equal(own["near_line"], [0, 0, 1, 0, 1, 0])
    np.testing.assert_array_equal(own["missed"], [0, 0, 0, 0, 0, 1])
    np.testing.assert_allclose(slowest_stable(by_hand())[:, 0, 0], [0.5, 0.95, 0.8, np.nan, 0.2, np.nan])
    np.testing.assert_allclose(of_kind(np.arange(10.0)[:, None, None], 1), [[6.5]])


def test_rows_are_means_over_the_groups_networks(workdir: Path, arrays: Arrays) -> None:
    seen = set()
    for row in rows_of(workdir / "fixed_points.csv"):
        name = f"{row['data']}/{row['cell']}_2x{row['hidden']}"
        accuracy = arrays[f"{name}/correct"][-1] / 1000
        which = {
            "all": np.ones((DRAWS, SEEDS), bool),
            "above 70 %": accuracy > 0.7,
            "60 to 70 %": (accuracy >= 0.6) & (accuracy <= 0.7),
            "below 60 %": accuracy < 0.6,
        }[row["group"]]
        values = values_of(measured(arrays, name, row["stage"]), LENGTH)
        some = {"stop": slice(0, 6), "positive": slice(6, 8), "negative": slice(8, 10)}[row["words"]]
        measure = row["measure"]
        every = measure == "all_one_in_each"
        whole: np.ndarray = np.all(values["one_in_each"][some], 0) if every else np.mean(values[measure][some], 0)
        parts = [v[t] for v, t in zip(whole, which, strict=True) if t.any()]
        number = measure in ("stable", "saddle", "unstable", "slow_points")
        if not number and np.isin(np.concatenate(parts), (0, 1)).all():
            parts = [part.astype(bool) for part in parts]
        exact = np.array(resampling.mean(parts)) * (1 if number else 100)
        np.testing.assert_allclose([float(row[key]) for key in ("mean", "low", "high")], exact, rtol=1e-5, atol=1e-6)
        assert int(row["networks"]) == which.sum() > 0
        seen.add((row["words"], measure))
    assert {(words, "one_in_each") for words in KINDS} <= seen and ("stop", "near_line") in seen
    assert ("positive", "near_line") not in seen


def test_contrasts_are_one_side_minus_the_other(workdir: Path, arrays: Arrays) -> None:
    rows = rows_of(workdir / "fixed_points_contrasts.csv")
    for row in rows:
        here, there = f"{row['data']}/{row['cell']}_2x2", f"FirstII/{row['cell']}_2x2"
        success = {name: arrays[f"{name}/correct"][-1] / 1000 > 0.7 for name in (here, there)}
        across = "CountII - FirstII" in row["what"]
        other, others = (there, success[there]) if across else (here, ~success[here])
        means = []
        both = success[here].any(1) & others.any(1)
        for name, which in ((here, success[here]), (other, others)):
            values = values_of(measured(arrays, name, "final"), LENGTH)[row["measure"]][:6].mean(0)
            means.append(np.mean([values[draw][which[draw]].mean() for draw in np.flatnonzero(both)]))
        scale = 1 if row["measure"] in ("stable", "saddle", "unstable", "slow_points") else 100
        assert float(row["difference"]) == pytest.approx(scale * (means[0] - means[1]), rel=1e-4, abs=1e-6)
        assert int(row["draws"]) == both.sum()
    assert any("CountII - FirstII" in row["what"] for row in rows) and any("others" in row["what"] for row in rows)


def test_the_summary_has_the_stop_words_and_what_was_missed(workdir: Path) -> None:
    summary = summary_of(workdir)
    assert {row["words"] for row in summary["stop_words"]} == {"stop"}
    assert summary["most_missed_percent"] == 0


def test_shares_that_are_all_yes_or_no_are_counted() -> None:
    assert yes_or_no(np.array([0.0, 1.0])).dtype == bool and yes_or_no(np.array([0.0, 0.5])).dtype == float
    assert resampling.mean([yes_or_no(np.ones(3))] * 10).low == pytest.approx(1 - 0.2775, abs=1e-3)


def test_time_constants_are_shown_as_the_share_above() -> None:
    values = {
        "before training": Slowest(np.array([1.0, 2, 4, 8]), 1024),
        "above 90 %": Slowest(np.array([np.inf, 20.0]), 5),
        "below 70 %": Slowest(np.array([3.0]), 4),  # too few networks for a line
    }
    figure = time_constants({"GRU": values, "RNN": {}}, 10)
    drawn: list[Any] = [line.get_xydata() for line in figure.axes[0].get_lines()]
    assert len(drawn) == 2 + 1  # and a sentence's length
    assert [text.get_text() for text in figure.axes[0].texts] == ["n = 1,024", "n = 5", "n = 4"]
    np.testing.assert_allclose(drawn[0], np.array([[0, 1], [1, 0.75], [2, 0.5], [4, 0.25], [8, 0]]))
    np.testing.assert_allclose(drawn[1], np.array([[0, 1], [20, 0.5], [np.inf, 0]]))
    assert stability.time_constants(np.array([np.exp(-0.1)])) == pytest.approx([10])


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"fixed_points.starts": 0}, "fixed_points.starts"),
        ({"fixed_points.sentences": 0}, "fixed_points.sentences"),
        ({"fixed_points.hidden_dims": (2, 2)}, "fixed_points.hidden_dims"),
        ({"fixed_points.hidden_dims": ()}, "fixed_points.hidden_dims"),
        ({"fixed_points.failure_below": 0.8}, "fixed_points.failure_below"),
        ({"fixed_points.data_sets": ()}, "fixed_points.data_sets"),
    ],
)
def test_a_value_that_cannot_be_is_refused_before_anything_is_trained(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named) as caught:
        fixed_points.EXPERIMENT.prepare(small_config(**changed))
    assert "\n" not in str(caught.value)
