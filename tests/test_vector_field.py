"""Section 4.3.3 end to end, tiny: what it leaves, and its numbers recomputed from result.npz in NumPy."""

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
from scipy import stats

from configs.thesis import get_config
from experiments import vector_field
from experiments.conditions import data_set, draw_data
from experiments.judged import Judge
from experiments.success_groups import count_in, groups, mean_in
from experiments.vector_field_figures import Shown
from experiments.vector_field_figures import vector_field as drawn
from experiments.vector_field_tables import kept_at, values_of
from rnnjax import resampling, stability
from rnnjax.errors import UserError
from rnnjax.fields import EDGES, plane
from rnnjax.landscape import parse_architecture
from rnnjax.parameters import Params
from rnnjax.words import WORD_KINDS

DRAWS, SEEDS, POINTS = 2, 3, 6
NAMES = [f"{data}/{cell}_2x2" for data in ("CountII", "FirstII") for cell in ("rnn", "gru")]
FILES = {
    "config.json", "conditions.csv", "summary.json", "result.npz", "figure_4_11.png", "figure_4_12.png",
    "figure_4_13.png", "figure_4_14.png", "figure_4_15.png", "figure_4_15_correlations.png",
    "figure_4_11_to_4_14_shares.png", "figure_4_11_to_4_14_distance_CountII.png",
    "figure_4_11_to_4_14_distance_FirstII.png", "field_4_3_3.csv", "field_contrasts_4_3_3.csv", "distance_4_3_3.csv",
    "correlation_4_15.csv", "shown_4_11_to_4_14.csv",
}  # fmt: skip

Arrays = dict[str, np.ndarray]


def small_config(**changed: Any) -> ConfigDict:
    """Sentences of five words, four epochs, accuracies that lie on both sides of the groups' bounds."""
    config = get_config("quick")
    wanted = {"seeds": SEEDS, "draws": DRAWS, "points": POINTS, "success_above": 0.75, "failure_below": 0.6}
    config.vector_field.update(wanted)
    config.data.sentence_length = 5
    config.training.update({"batch_size": 500, "max_epochs": 4, "learning_rate": 0.05, "tile": 4})
    config.training.update({"members_per_call": 16})
    config.update_from_flattened_dict(changed)
    return config


run_in = functools.partial(launching.run_in, vector_field.EXPERIMENT)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("vector_field")
    run_in(here, small_config())
    return here


@pytest.fixture(scope="module")
def arrays(workdir: Path) -> Arrays:
    return arrays_of(workdir)


def accuracy_of(arrays: Arrays, name: str) -> np.ndarray:
    return arrays[f"{name}/correct"][-1] / 1000


def margins(params: Params, h: np.ndarray) -> np.ndarray:
    return h @ (params.w_oh[1] - params.w_oh[0]) + params.b_oh[1] - params.b_oh[0]


def test_it_leaves_its_files_and_draws_again_from_them(workdir: Path) -> None:
    assert {path.name for path in workdir.iterdir() if path.is_file()} >= FILES
    before = {name: (workdir / name).read_bytes() for name in FILES}
    (workdir / "figure_4_13.png").unlink()
    run_in(workdir, small_config())
    for name in FILES:
        if not name.endswith(".png"):
            assert (workdir / name).read_bytes() == before[name], name
    assert (workdir / "figure_4_13.png").stat().st_size > 20_000


@pytest.mark.parametrize("name", NAMES)
def test_fields_are_those_of_each_networks_own_words(arrays: Arrays, name: str) -> None:
    states = plane(POINTS).astype(float)
    for stage in ("initial", "final"):
        for draw in range(DRAWS):
            for seed in range(SEEDS):
                params = network(arrays, name, stage, draw, seed)
                before = margins(params, states)
                for word, x in enumerate(words_of_draw(small_config(), draw)):
                    after = step(params, x, states)
                    exact = {
                        "mean_norm": np.linalg.norm(after - states, axis=1).mean(),
                        "up": (margins(params, after) > before).mean(),
                        "positive": (margins(params, after) > 0).mean(),
                        "keeps": ((margins(params, after) > 0) == (before > 0)).mean(),
                    }
                    for key, value in exact.items():
                        own = arrays[f"measured/{name}/{stage}/{key}"][word, draw, seed]
                        np.testing.assert_allclose(own, value, atol=1e-6, err_msg=f"{key} {stage} {draw} {seed} {word}")


@pytest.mark.parametrize("name", NAMES)
def test_the_start_accuracy_is_that_of_the_starting_weights(arrays: Arrays, name: str) -> None:
    config = small_config()
    data = data_set(config, name.partition("/")[0])
    for draw, seed in ((0, 1), (1, 2)):
        sentences = draw_data(config, data, draw).validation
        words, params = words_of_draw(small_config(), draw), network(arrays, name, "initial", draw, seed)
        cell = name.partition("/")[2].partition("_")[0]
        ends = np.array([states_of(cell, params, words[s])[-1] for s in sentences.words])
        right = (margins(params, ends) > 0) == sentences.positive
        own = arrays[f"measured/{name}/start_accuracy"][draw, seed]
        assert own == pytest.approx(right.mean(), abs=0.0011)  # a near tie may fall either way
        assert (1000 * own) % 1 == pytest.approx(0, abs=1e-6)


def test_the_same_judging_gives_the_curves_last_accuracy(arrays: Arrays, workdir: Path) -> None:
    config = small_config()
    run = launching.run_of(workdir, config)
    for condition in vector_field.conditions(config)[1:3]:
        own = Judge(run).grid(condition, arrays[f"{condition.name}/final"], "validation")
        np.testing.assert_allclose(own, accuracy_of(arrays, condition.name), atol=1e-12)


def test_the_networks_shown_are_the_nearest_and_of_one_draw_if_one_of_it_failed() -> None:
    data = data_set(small_config(), "FirstII")  # 92.6 and 50.0 %
    accuracy = np.array([[0.9, 0.65, 0.93], [0.5, 0.95, 0.51], [0.63, 0.927, 0.72]])
    assert vector_field.chosen(accuracy, data, 0.7) == {"success": (2, 1), "failure": (2, 0)}
    assert vector_field.chosen(accuracy, data, 0.6) == {"success": (2, 1), "failure": (1, 0)}
    other = data_set(small_config(), "XorI")  # the thesis shows none: Figures 4.11 and 4.12's, 99.3 and 51.2 %
    assert vector_field.chosen(np.array([[0.5, 0.99, 0.52]]), other, 0.7) == {"success": (0, 1), "failure": (0, 2)}


@pytest.mark.parametrize("data", ["CountII", "FirstII"])
def test_what_is_shown_is_a_positive_a_negative_and_a_stop_word_of_that_network(arrays: Arrays, data: str) -> None:
    for which in ("success", "failure"):
        here = f"measured/shown/{data}/{which}"
        draw, seed = arrays[f"{here}/network"]
        params, states = network(arrays, f"{data}/gru_2x2", "final", draw, seed), plane(POINTS).astype(float)
        for place, word in enumerate((6, 8, 0)):
            x = words_of_draw(small_config(), draw)[word]
            np.testing.assert_allclose(
                arrays[f"{here}/moves"][place], step(params, x, states) - states, rtol=0, atol=1e-6
            )
            kinds = arrays[f"{here}/kinds"][place]
            fixed = arrays[f"{here}/states"][place][kinds != stability.NONE].astype(float)
            assert len(fixed) >= 1
            np.testing.assert_allclose(step(params, x, fixed), fixed, atol=1e-5)
            for h, kind in zip(fixed, kinds, strict=False):
                slopes = [
                    (step(params, x, h[None] + e) - step(params, x, h[None] - e))[0] / 2e-5 for e in 1e-5 * np.eye(2)
                ]
                moduli = np.abs(np.linalg.eigvals(np.stack(slopes, 1)))
                assert (kind == stability.STABLE) == (moduli < 1).all()
                assert (kind == stability.UNSTABLE) == (moduli > 1).all()


def test_measures_are_shares_of_the_points_that_they_speak_of() -> None:
    """One network, one word of each kind repeated: points and what becomes of them by hand."""
    bins = len(EDGES) + 1
    points = np.zeros(bins)
    # Two points in each of (-∞, -0.8], (-0.1, 0], (0, 0.1], (0.8, ∞); four in (0.2, 0.4].
    points[[0, 4, 5, 9]], points[7] = 2, 4
    positive = {0: [0, 0, 2, 3, 2], 1: [1, 2, 2, 4, 2], 2: [0, 0, 1, 2, 2]}  # of stop, positive, negative words
    positive_at = np.zeros((10, bins))
    for word, kind in enumerate(WORD_KINDS):
        positive_at[word, [0, 4, 5, 7, 9]] = positive[int(kind)]
    share = {kind: sum(counts) / 12 for kind, counts in positive.items()}
    by_kind = np.array([share[int(kind)] for kind in WORD_KINDS])
    given = {
        "up": np.select([WORD_KINDS == 1, WORD_KINDS == 2], [0.75, 0.25], 0.5),
        "down": np.select([WORD_KINDS == 1, WORD_KINDS == 2], [0.125, 0.5], 0.5),
        "positive": by_kind,
        "keeps": np.array([{0: 11, 1: 9, 2: 9}[int(kind)] / 12 for kind in WORD_KINDS]),
        "points_at": points,
        "positive_at": positive_at,
    }
    arrays = {key: value[..., None, None] for key, value in given.items()}
    # What is kept: below the boundary what does not lead into the positive region, above it what does.
    np.testing.assert_array_equal(
        kept_at(arrays)[[0, 6, 8]][:, [0, 4, 5, 7, 9], 0, 0], [[2, 2, 2, 3, 2], [1, 0, 2, 4, 2], [2, 2, 1, 2, 2]]
    )
    own = {key: float(value[0, 0]) for key, value in values_of(arrays).items()}
    assert own == pytest.approx(
        {
            "moves": (0.75 + 0.5) / 2,
            "lands": (11 / 12 + 1 - 5 / 12) / 2,
            "stop_keeps": 11 / 12,
            "sentiment_keeps": 9 / 12,
            "stop_keeps_near": 1.0,
            "sentiment_keeps_near": (2 + 3) / 2 / 4,
            "crosses_near": (2 / 2 + 1 / 2) / 2,
            "stop_keeps_far": 1.0,
            "sentiment_keeps_far": (3 + 4) / 2 / 4,
            "crosses_far": (1 / 2 + 0 / 2) / 2,
        }
    )
    arrays["points_at"] = arrays["points_at"] * (np.arange(bins) < 5)[:, None, None]  # nothing above the boundary
    arrays["positive_at"] = arrays["positive_at"] * (np.arange(bins) < 5)[:, None, None]
    assert np.isnan(values_of(arrays)["crosses_near"]).all()


def test_rows_are_means_over_the_groups_networks(workdir: Path, arrays: Arrays) -> None:
    rows = rows_of(workdir / "field_4_3_3.csv")
    seen = set()
    for row in rows:
        name = f"{row['data']}/{row['cell']}_2x2"
        accuracy = accuracy_of(arrays, name)
        which = {
            "all": np.ones((DRAWS, SEEDS), bool),
            "above 75 %": accuracy > 0.75,
            "60 to 75 %": (accuracy >= 0.6) & (accuracy <= 0.75),
            "below 60 %": accuracy < 0.6,
        }[row["group"]]
        here = {key: arrays[f"measured/{name}/{row['stage']}/{key}"] for key in EVERY}
        values = values_of(here)[row["measure"]]
        there = which & ~np.isnan(values)
        assert int(row["networks"]) == there.sum() and which.any()
        parts = [v[t] for v, t in zip(values, there, strict=True) if t.any()]
        if parts:
            exact = resampling.mean(parts)
            got = [float(row[key]) / 100 for key in ("mean", "low", "high")]
            np.testing.assert_allclose(got, exact, atol=1e-6)
        seen.add((row["stage"], row["group"]))
    assert {("initial", "all"), ("final", "all"), ("final", "below 60 %")} <= seen and len(seen) >= 4
    assert not any(stage == "initial" and group != "all" for stage, group in seen)


EVERY = ("up", "down", "positive", "keeps", "points_at", "positive_at")


def test_each_network_is_in_one_group() -> None:
    accuracy = np.array([[0.5, 0.6, 0.75], [0.7501, 0.9, 0.5999]])
    found = groups(small_config(), "vector_field", accuracy)
    assert list(found) == ["above 75 %", "60 to 75 %", "below 60 %"]
    np.testing.assert_array_equal(sum(which.astype(int) for which in found.values()), np.ones((2, 3)))
    np.testing.assert_array_equal(found["60 to 75 %"], [[False, True, True], [False, False, False]])
    values = np.array([[1.0, np.nan, 3.0], [5.0, 7.0, 9.0]])
    assert count_in(values, found["60 to 75 %"]) == (1, 1)
    # Draws first: of the second draw's 5 and 7 the mean is 6, of the first draw's 3 it is 3.
    assert mean_in(values, accuracy > 0.7).estimate == pytest.approx((3 + 6) / 2)
    assert np.isnan(mean_in(values, accuracy > 2)).all()


def test_correlations_are_of_changes(workdir: Path, arrays: Arrays) -> None:
    rows = {(r["data"], r["cell"], r["words"], r["networks"]): r for r in rows_of(workdir / "correlation_4_15.csv")}
    assert len(rows) == 4 * 5
    for name in NAMES:
        data, cell = name.removesuffix("_2x2").split("/")
        norms = [arrays[f"measured/{name}/{stage}/mean_norm"] for stage in ("initial", "final")]
        gained = accuracy_of(arrays, name) - arrays[f"measured/{name}/start_accuracy"]
        for words, some in (("all", np.arange(10)), ("stop", np.arange(6)), ("positive", [6, 7]), ("negative", [8, 9])):
            grown = (norms[1] - norms[0])[some]
            x, y = grown.ravel(), np.tile(gained.ravel(), len(some))
            row = rows[data, cell, words, "all"]
            assert float(row["pearson_estimate"]) == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-5)
            assert float(row["spearman_estimate"]) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-5)
            draws = range(grown.shape[1])
            a = np.concatenate([stats.rankdata(grown[:, draw]) - grown[:, 0].size / 2 for draw in draws])
            b = np.concatenate(
                [stats.rankdata(np.tile(gained[draw], len(some))) - grown[:, 0].size / 2 for draw in draws]
            )
            assert float(row["within_estimate"]) == pytest.approx(stats.pearsonr(a, b).statistic, abs=1e-5)
            assert float(row["slope"]) == pytest.approx(np.polyfit(x, y, 1)[0], abs=1e-5)
        decent = np.tile((accuracy_of(arrays, name) >= 0.6).ravel(), 10)
        row = rows[data, cell, "all", "from 60 %"]
        assert int(row["number"]) == decent.sum() / 10
        if decent.sum() >= 20:
            x, y = (norms[1] - norms[0]).ravel()[decent], np.tile(gained.ravel(), 10)[decent]
            assert float(row["pearson_estimate"]) == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-5)


def test_the_summary_says_which_networks_are_shown(workdir: Path, arrays: Arrays) -> None:
    shown = summary_of(workdir)["shown"]
    assert [one["figure"] for one in shown] == ["Figure 4.11", "Figure 4.12", "Figure 4.13", "Figure 4.14"]
    assert [one["thesis"] for one in shown] == [0.993, 0.512, 0.926, 0.5]
    for one in shown:
        assert one["accuracy"] == accuracy_of(arrays, f"{one['data']}/gru_2x2")[one["draw"], one["seed"]]


def test_a_figure_says_what_it_shows() -> None:
    shape = parse_architecture("gru_2x2")
    fixed = np.array([[[0.5, 0.5], [np.nan, np.nan]]] * 3)
    kinds = np.array([[stability.SADDLE, stability.NONE]] * 3)
    flat = np.linspace(-1, 1, 42)
    figure = drawn(
        "Figure 4.13",
        Shown(shape, "FirstII", 3, 14, 0.927, 0.926, flat, plane(8), np.full((3, 64, 2), 0.2), fixed, kinds),
    )
    title = figure.get_suptitle()
    for part in ("Figure 4.13", "GRU (2 x 2)", "FirstII", "92.7 %", "thesis: 92.6 %", "draw 3", "seed 14"):
        assert part in title
    panels = [ax for ax in figure.axes if ax.get_title()]
    assert [ax.get_title()[:3] for ax in panels] == ["(a)", "(b)", "(c)", "(d)"]
    assert all("mean norm 0.28" in ax.get_title() for ax in panels[1:])
    assert all(ax.get_aspect() == 1.0 and ax.get_xlim() == (-1, 1) for ax in panels)
    without = Shown(shape, "XorI", 0, 0, 0.5, None, flat, plane(8), np.zeros((3, 64, 2)), fixed, kinds)
    assert "thesis" not in drawn("x", without).get_suptitle()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"vector_field.points": 1}, "vector_field.points"),
        ({"members.tile": 0}, "members.tile is 0; it must be from 1 to 65536"),
        ({"vector_field.success_above": 1.5}, "vector_field.success_above"),
        ({"vector_field.failure_below": 0.99}, "vector_field.failure_below"),
        ({"vector_field.seeds": 0}, "vector_field.seeds"),
        ({"vector_field.data_sets": ("CountIII",)}, "CountIII"),
    ],
)
def test_a_value_that_cannot_be_is_refused_before_anything_is_trained(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named) as caught:
        vector_field.EXPERIMENT.prepare(small_config(**changed))
    assert "\n" not in str(caught.value)
