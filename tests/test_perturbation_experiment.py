"""Section 4.6.3 end to end, tiny: starts, losses and distances against plain computations, and all tables."""

from pathlib import Path
from typing import Any

import jax
import launching
import numpy as np
import pytest
from ml_collections import ConfigDict
from outputs import arrays_of, rows_of, summary_of
from searched import (
    CONDITIONS,
    TRAINING,
    VALIDATION,
    networks,
    run_in,
    small_config,
)  # fmt: skip

from experiments import found, perturbation, perturbation_report, retraining
from experiments.conditions import draw_data, draw_embedding
from experiments.perturbation_figures import Seen
from experiments.training_sweep import Sweep
from rnnjax.classifier import logits
from rnnjax.errors import UserError
from rnnjax.landscape import Architecture, parse_architecture
from rnnjax.parameters import unflatten

EPOCHS, MEMBERS, ABOVE, FACTORS = 3, 4, 0.6, (0.0, 0.3, 1.0)
CURVES = (
    "accuracy", "validation_loss", "train_accuracy", "train_loss", "distance", "seen_distance", "aligned_distance"
)  # fmt: skip
RNN = parse_architecture("rnn_2x2")
Arrays = dict[str, np.ndarray]


def config_of(**changed: Any) -> ConfigDict:
    config = small_config()
    config.perturbation.update(
        {"trained_above": ABOVE, "members": MEMBERS, "epochs": EPOCHS, "factors": FACTORS[1:], "learning_rate": 0.02}
    )
    config.update_from_flattened_dict(changed)
    return config


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    searched = networks(tmp_path_factory.getbasetemp())
    return run_in(tmp_path_factory.mktemp("perturbed") / "run", "perturbation", config_of(), searched)


@pytest.fixture(scope="module")
def arrays(workdir: Path) -> Arrays:
    return arrays_of(workdir)


def of_condition(arrays: Arrays, name: str) -> Arrays:
    here = f"measured/{name}/"
    return {key.removeprefix(here): array for key, array in arrays.items() if key.startswith(here)}


def architecture_of(name: str) -> Architecture:
    return parse_architecture(name.rpartition("/")[2])


def plain_start(weights: np.ndarray, shape: Architecture, noise: np.ndarray, factor: float) -> np.ndarray:
    """One network [P], each gate's block of each leaf moved by its own standard deviation."""
    new, start = weights.astype(float), 0
    for leaf in jax.tree.leaves(unflatten(weights, shape.sizes)):
        blocks = len(shape.cell.gates) if leaf.shape[0] == len(shape.cell.gates) * shape.hidden_dim else 1
        for block in np.split(np.arange(start, start + leaf.size), blocks):
            new[block] += factor * weights[block].astype(float).std() * noise[block]
        start += leaf.size
    return new.astype(np.float32)


def before(arrays: Arrays, name: str) -> np.ndarray:
    """The weights [P, n] before, where they are the search's final ones."""
    measured = of_condition(arrays, name)
    return arrays[f"{name}/final"][:, measured["draws"], measured["seeds"]]


def test_the_search_s_networks_are_found_again(workdir: Path, arrays: Arrays) -> None:
    searched = arrays_of(workdir.parent.parent / "search")
    for name in CONDITIONS:
        assert searched[f"{name}/final"].tobytes() == arrays[f"{name}/final"].tobytes()


def test_networks_are_perturbed_at_the_end_or_where_they_first_are_good_enough(arrays: Arrays) -> None:
    earlier = 0
    for name in CONDITIONS:
        measured, accuracy = of_condition(arrays, name), arrays[f"{name}/correct"] / VALIDATION
        good = (accuracy[-1] if "unstopped" not in name else accuracy.max(0)) >= ABOVE
        draws, seeds = found.first_found(good, MEMBERS)
        np.testing.assert_array_equal((measured["draws"], measured["seeds"]), (draws, seeds))
        assert len(draws) >= 2
        for draw, seed, epoch in zip(draws, seeds, measured["epochs"], strict=True):
            run = arrays[f"{name}/epochs_run"][draw, seed]
            first = int(np.argmax(accuracy[:, draw, seed] >= ABOVE)) + 1
            assert epoch == (first if "unstopped" in name else run)
            earlier += epoch < run
        at = accuracy[measured["epochs"] - 1, draws, seeds]
        np.testing.assert_array_equal(measured["accuracy"][0, 0], at)
        assert not measured["differ"].any()
        validation_loss = arrays[f"{name}/validation_loss"][measured["epochs"] - 1, draws, seeds]
        np.testing.assert_allclose(measured["validation_loss"][0, 0], validation_loss, rtol=1e-5)
    assert earlier > 0


@pytest.mark.parametrize("name", CONDITIONS[:2])
def test_just_after_the_perturbation(arrays: Arrays, name: str) -> None:
    config, shape, measured = config_of(), architecture_of(name), of_condition(arrays, name)
    weights, draws = before(arrays, name), measured["draws"]
    noise = retraining.noises(config, shape, draws, measured["seeds"])
    data = perturbation.conditions(config)[0].data
    member = len(draws) - 1
    split = {key: getattr(draw_data(config, data, int(draws[member])), key) for key in ("validation", "train")}
    embedding = draw_embedding(config, data, int(draws[member]), 2)
    for i, factor in enumerate(FACTORS):
        start = plain_start(weights[:, member], shape, noise[:, member], factor)
        distance = np.linalg.norm(start.astype(float) - weights[:, member])
        assert measured["distance"][0, i, member] == pytest.approx(distance, rel=1e-5, abs=1e-6)
        told = {key: accuracy_and_loss(shape, start, each, embedding) for key, each in split.items()}
        assert measured["accuracy"][0, i, member] == pytest.approx(told["validation"][0], abs=2 / VALIDATION)
        assert measured["validation_loss"][0, i, member] == pytest.approx(told["validation"][1], rel=1e-4)
        assert measured["train_accuracy"][0, i, member] == pytest.approx(told["train"][0], abs=2 / TRAINING)
        assert measured["train_loss"][0, i, member] == pytest.approx(told["train"][1], rel=1e-4)
    assert len(np.unique(measured["distance"][0, 1])) == len(draws)


def accuracy_and_loss(shape: Architecture, start: np.ndarray, split: Any, embedding: np.ndarray) -> tuple[float, float]:
    def one(sentence: jax.Array) -> jax.Array:
        return logits(shape.cell, unflatten(start, shape.sizes), sentence)

    both = np.asarray(jax.jit(jax.vmap(one))(embedding[split.words]), float)
    right = np.where(split.positive, both[:, 1], both[:, 0])
    return float((both.argmax(1) == split.positive).mean()), float(np.mean(np.logaddexp(*both.T) - right))


def test_every_factor_s_network_trains_on_from_its_own_start(workdir: Path, arrays: Arrays) -> None:
    """The grid of factors and members is put together as it was taken apart: each column is trained alone again."""
    name = CONDITIONS[1]
    shape, measured = architecture_of(name), of_condition(arrays, name)
    weights, config = before(arrays, name), config_of()
    condition = next(c for c in perturbation.conditions(config) if c.name == name)
    noise = retraining.noises(config, shape, measured["draws"], measured["seeds"])
    places = [(1, 0), (2, 1), (0, 1)]  # factor, member
    starts = np.stack([plain_start(weights[:, s], shape, noise[:, s], FACTORS[f]) for f, s in places], 1)
    members = [s for _, s in places]
    arguments = condition, starts, measured["draws"][members], measured["seeds"][members]
    again = trained_alone(workdir.parent / "alone", config, *arguments)
    for column, (factor, member) in enumerate(places):
        here = slice(1, None), factor, member
        for key, number in (("accuracy", VALIDATION), ("train_accuracy", TRAINING)):
            assert np.abs(measured[key][here] - again[key][:, column]).max() <= 2 / number
        for key in ("validation_loss", "train_loss"):
            np.testing.assert_allclose(measured[key][here], again[key][:, column], rtol=1e-3)
        path = again["history"][:, :, column].astype(float) - weights[:, member]
        expected = np.linalg.norm(path, axis=1)
        np.testing.assert_allclose(measured["distance"][:, factor, member], expected, rtol=1e-3, atol=1e-5)


def trained_alone(
    root: Path, config: ConfigDict, condition: Any, starts: np.ndarray, draws: np.ndarray, seeds: np.ndarray
) -> Arrays:
    sweep = Sweep(launching.run_of(root, config))
    return retraining.train_on(config, sweep, condition, starts, draws, seeds, np.zeros(len(seeds)))


def test_distances_shrink_with_what_is_not_seen(arrays: Arrays) -> None:
    for name in CONDITIONS:
        measured = of_condition(arrays, name)
        shape = EPOCHS + 1, len(FACTORS), len(measured["draws"])
        assert {measured[key].shape for key in CURVES} == {shape}
        raw, seen, aligned = (measured[key] for key in CURVES[4:])
        assert (seen <= raw + 1e-9).all() and (aligned <= seen + 1e-9).all()
        assert (raw[0, 0] == 0).all() and (raw[1:] > 0).all()
        assert (seen[0, 1:] < 0.999 * raw[0, 1:]).all()
        # What outputs cannot see training does not touch: its part of the distance stays what it was.
        idle = np.sqrt(np.maximum(raw**2 - seen**2, 0))
        np.testing.assert_allclose(idle, np.broadcast_to(idle[:1], idle.shape), atol=2e-3)
        assert measured["distance"][0, 2] == pytest.approx(measured["distance"][0, 1] / 0.3, rel=1e-4)


def mean_of_draws(values: np.ndarray, draws: np.ndarray) -> float:
    return float(np.mean([values[draws == draw].mean() for draw in np.unique(draws)]))


def test_tables_are_means_over_draws(workdir: Path, arrays: Arrays) -> None:
    recovery, places = (rows_of(workdir / f"{what}_4_6_3.csv") for what in ("recovery", "distances"))
    assert [(r["trained"] + "/" + r["architecture"], float(r["factor"])) for r in recovery] == [
        (name, factor) for name in CONDITIONS for factor in FACTORS
    ]
    assert len(places) == 3 * len(recovery)
    for row in recovery:
        measured = of_condition(arrays, f"{row['trained']}/{row['architecture']}")
        factor, draws = FACTORS.index(float(row["factor"])), measured["draws"]
        accuracy, loss = measured["accuracy"][:, factor], measured["validation_loss"][:, factor]
        for key, values in (
            ("loss_after_0", loss[0]),
            ("accuracy_after_0", 100 * accuracy[0]),
            ("accuracy_after_3", 100 * accuracy[-1]),
            ("above_90_after_3", 100 * (accuracy[-1] > 0.9)),
            ("at_least_60_after_3", 100 * (accuracy[-1] >= ABOVE)),
        ):
            assert float(row[f"{key}_estimate"]) == pytest.approx(mean_of_draws(values, draws), rel=1e-4, abs=1e-6)
    for row in places:
        measured = of_condition(arrays, f"{row['trained']}/{row['architecture']}")
        curve = measured[row["distance"]][:, FACTORS.index(float(row["factor"]))]
        for key, values in (("after_0", curve[0]), ("after_3", curve[-1])):
            expected = mean_of_draws(values, measured["draws"])
            assert float(row[f"{key}_estimate"]) == pytest.approx(expected, rel=1e-4, abs=1e-6)
        if float(row["factor"]):
            expected = mean_of_draws(curve[-1] / curve[0], measured["draws"])
            assert float(row["end_to_start_estimate"]) == pytest.approx(expected, rel=1e-4)


def test_how_many_come_half_the_way_back_by_hand() -> None:
    path = np.array([[2.0, 4.0, 2.0, 1.0], [0.9, 3.0, 1.1, 0.1]])[:, None]  # [E + 1, F, n]
    seen = Seen(RNN, np.array([0, 0, 0, 5]), np.arange(4), {"distance": path})
    row = perturbation_report._place("FirstI", seen, np.array([0.5]), 0, "distance")
    assert row["halved_estimate"] == pytest.approx(100 * (1 / 3 + 1) / 2)
    assert row["end_to_start_estimate"] == pytest.approx(((0.45 + 0.75 + 0.55) / 3 + 0.1) / 2)
    assert (row["after_0_estimate"], row["after_1_estimate"]) == pytest.approx(((8 / 3 + 1) / 2, (5 / 3 + 0.1) / 2))


def test_rnn_and_gru_are_compared_in_the_draws_that_have_both(workdir: Path, arrays: Arrays) -> None:
    rows = rows_of(workdir / "rnn_beside_gru_4_6_3.csv")
    assert len(rows) == 2 * len(FACTORS)
    for row in rows:
        rnn, gru = (of_condition(arrays, f"{row['trained']}/{cell}_2x2") for cell in ("rnn", "gru"))
        factor = FACTORS.index(float(row["factor"]))
        both = sorted(set(rnn["draws"]) & set(gru["draws"]))
        assert int(row["draws"]) == len(both)

        def mean(one: Arrays, values: np.ndarray, both: list[int] = both) -> float:
            return float(np.mean([values[one["draws"] == draw].mean() for draw in both]))

        gain = mean(gru, gru["accuracy"][-1, factor]) - mean(rnn, rnn["accuracy"][-1, factor])
        assert float(row["gru_minus_rnn_accuracy_after_3_estimate"]) == pytest.approx(100 * gain, rel=1e-4, abs=1e-6)
        losses = [one["validation_loss"][0, factor] for one in (rnn, gru)]
        assert float(row["rnn_to_gru_loss_after_0_estimate"]) == pytest.approx(
            mean(rnn, losses[0]) / mean(gru, losses[1]), rel=1e-4
        )
        pairs = np.concatenate(
            [np.divide.outer(losses[0][rnn["draws"] == d], losses[1][gru["draws"] == d]).ravel() for d in both]
        )
        assert pairs.min() * (1 - 1e-5) <= float(row["pairs_5th"]) <= float(row["pairs_median"])
        assert float(row["pairs_median"]) <= float(row["pairs_95th"])
        assert float(row["pairs_95th"]) <= pairs.max() * (1 + 1e-5)
        assert row["gru_accuracy_is"] == row["rnn_loss_is"] == "inconclusive"
        assert row["thesis_rnn_to_gru_loss"] == ""  # these are 2x2


def test_the_thesis_loss_stands_beside_its_own_networks_alone() -> None:
    assert perturbation_report._printed_loss("FirstI", "2x4", 0.1) == 2
    for other in (("FirstI", "2x4", 0.0), ("FirstI/unstopped_0.001", "2x4", 0.1), ("FirstI", "2x2", 0.1)):
        assert perturbation_report._printed_loss(*other) is None


def test_quantiles_of_pairs_by_hand() -> None:
    one = np.array([2.0, 4.0, 8.0, 9.0]), np.array([0, 0, 1, 3])
    other = np.array([1.0, 2.0, 7.0]), np.array([0, 1, 2])
    # Draw 0: 2, 4; draw 1: 4, as heavy as both.
    assert perturbation_report._quantiles(one, other) == [2.0, 4.0, 4.0]
    assert np.isnan(perturbation_report._quantiles(one, (other[0][2:], other[1][2:]))).all()


@pytest.mark.parametrize(
    ("group", "name", "factor", "expected"),
    [
        ("FirstI", "gru_2x4", 1, 90),
        ("FirstI/unstopped_0.001", "gru_2x4", 1, 90),
        ("FirstI", "gru_2x4", 0, None),
        ("FirstI", "gru_2x2", 1, None),
        ("FirstI", "rnn_2x4", 1, None),
        ("CountI", "gru_2x4", 1, None),
    ],
)
def test_what_the_thesis_prints_is_beside_its_own_network(
    group: str, name: str, factor: int, expected: float | None
) -> None:
    curves = {key: np.ones((2, 2, 1)) for key in CURVES}
    seen = Seen(parse_architecture(name), np.array([0]), np.array([0]), curves)
    row = perturbation_report._recovery(group, seen, np.array([0.0, 1.0]), factor, config_of())
    assert row["thesis_accuracy_after_1"] == expected


def test_the_files_and_the_shown_network(workdir: Path, arrays: Arrays) -> None:
    figures = {path.name for path in workdir.iterdir() if path.suffix == ".png"}
    kinds = ("", "_recovery", "_distances")
    assert figures == {f"figure_4_22{how}{what}.png" for how in ("", "_unstopped") for what in kinds}
    for row in summary_of(workdir)["networks"]:
        measured = of_condition(arrays, f"{row['trained']}/{row['architecture']}")
        assert (row["shown_draw"], row["shown_seed"]) == (measured["draws"][0], measured["seeds"][0])
        assert row["networks"] == len(measured["draws"])


def test_noise_is_a_network_s_own() -> None:
    config, shape = config_of(), parse_architecture("gru_2x2")
    draws, seeds = np.array([0, 2, 0, 1]), np.array([3, 3, 5, 3])
    noise = retraining.noises(config, shape, draws, seeds)
    assert len(np.unique(noise)) == noise.size
    np.testing.assert_array_equal(retraining.noises(config, shape, draws[::-1], seeds[::-1]), noise[:, ::-1])
    np.testing.assert_array_equal(retraining.noises(config, shape, draws[1:2], seeds[1:2]), noise[:, 1:2])
    assert not np.intersect1d(noise, retraining.noises(config_of(seed=7), shape, draws, seeds)).size
    rnn = retraining.noises(config, parse_architecture("rnn_2x2"), draws, seeds)
    assert not np.intersect1d(noise, rnn).size


class Recorder:
    """Stands in for a sweep: its arrays tell which member was trained under which rules, and one epoch is lacking."""

    def __init__(self) -> None:
        self.rules: dict[int, Any] = {}

    def train_members(self, _: str, condition: Any, draws: np.ndarray, seeds: np.ndarray, starts: np.ndarray) -> Arrays:
        self.rules |= {int(seed): condition.protocol for seed in seeds}
        epochs = np.arange(EPOCHS - 1.0)[:, None] + 10 * seeds
        history = np.concatenate([starts[None], starts + epochs[:, None]])
        losses = {"validation_loss": -epochs, "train_loss": epochs / 2}
        return {"correct": epochs, "train_correct": 2 * epochs, "history": history} | losses


@pytest.mark.parametrize(("rate", "expected"), [(0.02, [0.02] * 3), (0, [0.01, 0.005, 0.01])])
def test_rates_anew_or_kept(rate: float, expected: list[float]) -> None:
    config = config_of(
        **{"perturbation.learning_rate": rate, "perturbation.early_stop": True, "perturbation.factor": 0.25}
    )
    recorder: Any = Recorder()
    starts, seeds, own = np.arange(12.0).reshape(4, 3), np.array([4, 1, 3]), np.array([0.01, 0.005, 0.01])
    condition = perturbation.conditions(config)[0]
    curves = retraining.train_on(config, recorder, condition, starts, np.zeros(3), seeds, own)
    rules = [recorder.rules[seed] for seed in seeds]
    assert [protocol.rules.learning_rate for protocol in rules] == expected
    assert {(p.max_epochs, p.rules.early_stop, p.rules.factor) for p in rules} == {(EPOCHS, True, 0.25)}
    epochs = np.array([0, 1, 1])[:, None] + 10 * seeds
    np.testing.assert_array_equal(curves["accuracy"], epochs / VALIDATION)
    np.testing.assert_array_equal(curves["train_accuracy"], 2 * epochs / TRAINING)
    np.testing.assert_array_equal(curves["validation_loss"], -epochs)
    np.testing.assert_array_equal(curves["history"][0], starts)
    np.testing.assert_array_equal(curves["history"][1:], starts + epochs[:, None])


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("trained_above", 2.0, r"trained_above is 2\.0; it must be from 0 to 1"),
        ("members", 0, "members is 0"),
        ("epochs", 0, "epochs is 0"),
        ("learning_rate", -1.0, r"learning_rate is -1\.0"),
        ("factor", 2.0, r"factor is 2\.0"),
        ("ddof", 2, "ddof is 2; valid: 0, 1"),
        ("factors", (0.1, 0.1), r"factors is \(0\.1, 0\.1\)"),
        ("factors", (0.0,), r"factors is 0\.0"),
        ("factors", ("much",), "factors is 'much'; it must be a number from 1e-06 to 1000"),
        ("architectures", ("gru_4x4",), "architectures is 'gru_4x4'; valid: rnn_2x2, gru_2x2"),
        ("architectures", (), r"architectures is \(\)"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_before_anything_is_trained(field: str, value: Any, told: str) -> None:
    with pytest.raises(UserError, match=rf"perturbation\.{told}"):
        perturbation.EXPERIMENT.prepare(small_config(**{f"perturbation.{field}": value}))
