"""experiments/rare_settings.py: its probabilities beside counts, what it leaves, how it resumes, what it refuses."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forked import python
from launching import run_of
from ml_collections import ConfigDict

from configs.base import base_config
from experiments import check, landscape_audit, rare_settings
from experiments.landscape_inputs import prepare as prepare_landscape
from experiments.programme import ADOPTED, STEPS, Job
from experiments.rare_settings_climb import Climb
from experiments.rare_settings_tables import Rates, mean_rate, ratio, typical_rate
from rnnjax import results, statistics
from rnnjax.errors import UserError
from rnnjax.initializers import parse_sampler
from rnnjax.landscape import parse_architecture

SMALL = (
    "--config=configs/first_ii.py:quick", "--config.rare_settings.architectures=rnn_2x2,gru_2x2",
    "--config.rare_settings.samplers=('pytorch:1', 'normal:1')",
)  # fmt: skip
FILES = {
    "config.json", "environment.json", "figure_4_19_rare.png", "log.txt", "rare_4_6_1.csv", "result.npz",
    "summary.json",
}  # fmt: skip


def small(**fields: Any) -> ConfigDict:
    config = base_config("first", "II", "quick")
    config.rare_settings.update(architectures=("rnn_2x2",), samplers=("normal:1",), **fields)
    return config


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workdir = tmp_path_factory.mktemp("run") / "work"
    done = python("-m", "experiments.rare_settings", *SMALL, f"--workdir={workdir}")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return workdir


def test_a_run_leaves_the_files_that_are_promised(finished: Path) -> None:
    assert {path.name for path in finished.iterdir()} == FILES | {".lock"}
    names = results.check_npz(finished / "result.npz")
    places = [f"{s}/{c}_2x2/{d}" for s in ("pytorch_1", "normal_1") for c in ("rnn", "gru") for d in range(2)]
    arrays = ("levels", "rates", "shares", "taken", "best", "best_count")
    assert names == {f"{place}/{name}" for place in places for name in arrays} | {"climbed_by"} | {
        f"{place}/audit" for place in places if place.endswith("/0")
    }


def test_tables_are_what_the_climbs_give(finished: Path) -> None:
    summary = json.loads((finished / "summary.json").read_text())
    found = results.read_npz(finished / "result.npz")
    assert len(summary["tails"]) == 2 * 2 * 2  # samplers, architectures, accuracies up to 60 %
    for row in summary["tails"]:
        place = f"{row['sampler'].replace(':', '_')}/{row['architecture']}"
        level = round(1000 * row["accuracy_above"])
        rates = [float(found[f"{place}/{d}/rates"][found[f"{place}/{d}/levels"] == level].sum()) for d in range(2)]
        assert row["rates"] == pytest.approx(rates) and row["mean"] == pytest.approx(np.mean(rates))
        if all(row["rates"]):  # of two, which lie between one another's logarithms
            assert row["typical"] == pytest.approx(np.sqrt(np.prod(row["rates"])))
        else:
            assert row["typical"] is None and row["typical_low"] == 0
        assert all(bound == rate for rate, bound in zip(row["rates"], row["bounds"], strict=True) if rate)
    with (finished / "rare_4_6_1.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["sampler"], row["shape"], row["accuracy_above"]) for row in rows] == [
        (sampler, "2x2", a) for sampler in ("pytorch:1", "normal:1") for a in ("0.55", "0.6")
    ]
    for row in rows:
        if int(row["rnn_found_in"]) == 2 == int(row["gru_found_in"]):
            quotient = float(row["gru_typical"]) / float(row["rnn_typical"])
            assert float(row["ratio_estimate"]) == pytest.approx(quotient, 1e-4)
        assert row["ratio"] == "gru/rnn" and row["draws"] == "2"
    assert any(int(row["rnn_found_in"]) == 2 == int(row["gru_found_in"]) for row in rows)


def test_the_oracle_scores_the_last_particles_alike(finished: Path) -> None:
    for told in json.loads((finished / "summary.json").read_text())["climbs"]:
        settings, sentences, differently, _ = told["audit"]
        assert (settings, sentences, differently) == (10, 10_000, 0)
        parameters = 18 if told["architecture"] == "rnn_2x2" else 42
        assert 2 / (parameters + 1) < min(told["proposals_taken"]) <= max(told["proposals_taken"]) < 1


def test_the_best_particle_has_the_accuracy_that_is_told(finished: Path, tmp_path: Path) -> None:
    config = ConfigDict(json.loads((finished / "config.json").read_text()))
    found, run = results.read_npz(finished / "result.npz"), run_of(tmp_path, config)
    inputs = rare_settings.prepare(config)
    climb = Climb(run, inputs, parse_sampler("pytorch:1"), parse_architecture("gru_2x2"))
    for draw in range(2):
        best = found[f"pytorch_1/gru_2x2/{draw}/best"]
        assert np.abs(best).max() <= 1 / np.sqrt(2) + 1e-6
        margins = climb.oracle(draw)(best[:, None])
        correct = ((margins > 0) == climb.labels(draw)).sum()
        assert correct == found[f"pytorch_1/gru_2x2/{draw}/best_count"][0]


def test_a_draw_is_the_first_of_seeds_that_are_higher_by_it(tmp_path: Path) -> None:
    """So a run can go on where another ended (experiments/programme.py)."""
    found, names = [], ("levels", "rates", "shares", "taken", "best")
    for seed, draw in ((0, 3), (3, 0)):
        config = small(draws=1, moves=1)
        config.update_from_flattened_dict({"seed": seed, "data.seed": seed, "data.embedding_seed": seed})
        sampler, architecture = parse_sampler("normal:1"), parse_architecture("rnn_2x2")
        climb = Climb(run_of(tmp_path, config), rare_settings.prepare(config), sampler, architecture)
        climb.compile()
        found.append(climb(draw))
    for name in names:
        np.testing.assert_array_equal(found[0][name], found[1][name])


def test_probabilities_are_those_that_counting_gives(tmp_path: Path) -> None:
    """Under N(0, 1), where enough of 80,000 settings lie above 60 %; forty climbs, each of few particles."""
    config = small(particles=80, moves=6, draws=1)
    landscape_config = base_config("first", "II", "quick")
    landscape_config.landscape.update(architectures=("rnn_2x2",), sampler="normal:1", num_settings=80_000)
    run = run_of(tmp_path, landscape_config)
    sampler, architecture = parse_sampler("normal:1"), parse_architecture("rnn_2x2")
    counted = landscape_audit.fast_histogram(run, prepare_landscape(landscape_config), sampler, architecture)
    rates = {0.55: [], 0.6: []}  # type: dict[float, list[float]]
    climb = Climb(run_of(tmp_path, config), rare_settings.prepare(config), sampler, architecture)
    climb.compile()
    for seed in range(40):
        found = climb(0, repetition=seed)
        for accuracy, values in rates.items():
            values.append(float(found["rates"][found["levels"] == round(1000 * accuracy)].sum()))
    for accuracy, values in rates.items():
        number = statistics.num_above(counted, accuracy)
        expected, error = number / 80_000, np.std(values, ddof=1) / np.sqrt(len(values))
        assert number > 100
        assert abs(np.mean(values) - expected) < 4 * np.hypot(error, np.sqrt(number) / 80_000)
        assert error < 0.3 * expected


def test_a_run_goes_on_and_ends_alike(finished: Path, tmp_path: Path) -> None:
    again = tmp_path / "work"
    shutil.copytree(finished, again)
    before = results.read_npz(again / "result.npz")
    (again / "figure_4_19_rare.png").unlink()
    done = python("-m", "experiments.rare_settings", *SMALL, f"--workdir={again}")
    assert done.returncode == 0, done.stderr
    assert (again / "figure_4_19_rare.png").exists()  # only drawn again
    sessions = json.loads((again / "environment.json").read_text())["sessions"]
    assert len(sessions) == 2 and sessions[1]["seconds"]["compile"] == 0
    (again / "result.npz").write_bytes(b"damaged")
    done = python("-m", "experiments.rare_settings", *SMALL, f"--workdir={again}")
    assert done.returncode == 0 and "damaged, made again" in done.stdout
    after = results.read_npz(again / "result.npz")
    assert before.keys() == after.keys()
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name])


def test_what_is_there_of_a_stopped_run_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, done = small(draws=3, moves=1), []
    whole = Climb.__call__

    def stopping(self: Climb, draw: int, repetition: int = 0) -> dict[str, np.ndarray]:
        done.append(draw)
        if len(done) == 3:
            raise KeyboardInterrupt
        return whole(self, draw, repetition)

    monkeypatch.setattr(Climb, "__call__", stopping)
    run, inputs = run_of(tmp_path, config), rare_settings.prepare(config)
    with pytest.raises(KeyboardInterrupt):
        rare_settings.run(run, inputs)
    assert not (tmp_path / "summary.json").exists()
    rare_settings.run(run, inputs)
    assert done == [0, 1, 2, 2]
    assert not (tmp_path / "parts").exists()


def test_check_makes_a_climb_again(finished: Path, tmp_path: Path) -> None:
    summary = json.loads((finished / "summary.json").read_text())
    job = Job(next(step for step in STEPS if step.name == "rare_settings"), ADOPTED)
    numbers = list(check._numbers(job, "quick", summary))
    found = sum(rate > 0 for row in summary["tails"] for rate in row["rates"])
    assert len(numbers) == found > 4
    run = run_of(tmp_path, ConfigDict(json.loads((finished / "config.json").read_text())))
    for number in (numbers[0], numbers[-1]):
        again = check._again(number, run)
        assert check.Checked(number, again).agrees
        assert not check.Checked(number._replace(shipped=number.shipped + 0.001), again).agrees
        assert "log10 P(accuracy > " in number.title


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"samplers": ("identity:1",)}, "rare_settings.samplers is 'identity'; valid: pytorch, uniform, normal"),
        ({"samplers": ()}, "rare_settings.samplers is (); valid: one or more different ones"),
        ({"architectures": ("lstm_2x2",)}, "unknown cell 'lstm'"),
        ({"particles": 5}, "rare_settings.particles is 5; it must be from 10"),
        ({"keep": 1.0}, "rare_settings.keep is 1.0; it must be from 0.01 to 0.9"),
        ({"moves": 0}, "rare_settings.moves is 0"),
        ({"highest": 0.5}, "rare_settings.highest is 0.5; it must be from 0.55 to 0.95"),
        ({"draws": 0}, "rare_settings.draws is 0"),
        ({"rarest": 1.0}, "rare_settings.rarest is 1.0; it must be from 1e-300 to 0.1"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], told: str) -> None:
    config = base_config("first", "I", "quick")
    config.rare_settings.update(fields)
    with pytest.raises(UserError) as error:
        rare_settings.prepare(config)
    assert str(error.value).startswith(told)


def test_means_and_ratios_over_draws_by_hand() -> None:
    rates = np.array([2e-6, 4e-6, 9e-6])
    one, other = Rates(rates, rates), Rates(np.array([1e-6] * 3), np.array([1e-6] * 3))
    assert mean_rate(one) == pytest.approx((5e-6, 2e-6, 9e-6))
    assert typical_rate(one) == pytest.approx((4e-6, 2e-6, 9e-6))
    assert ratio(one, other) == pytest.approx((4, 2, 9))
    assert ratio(other, one) == pytest.approx((1 / 4, 1 / 9, 1 / 2))
    assert ratio(one, one) == pytest.approx((1, 1, 1))  # both in the same draw


def test_where_nothing_was_found_bounds_are_the_ends() -> None:
    some, none = Rates(*[np.array([2e-6, 4e-6, 8e-6])] * 2), Rates(np.zeros(3), np.array([1e-8, 2e-8, 4e-8]))
    assert mean_rate(none) == pytest.approx((0, 0, 4e-8))
    assert np.isnan(typical_rate(none).estimate) and typical_rate(none)[1:] == pytest.approx((0, 4e-8))
    assert np.isnan(ratio(some, none).estimate) and ratio(some, none)[1:] == pytest.approx((200, np.inf))
    assert ratio(none, some)[1:] == pytest.approx((0, 1 / 200))
    assert ratio(none, none)[1:] == (0, np.inf)


def test_one_draw_without_an_estimate_leaves_the_median_of_many() -> None:
    rates, bounds = np.array([0.0] + [1e-6] * 10 + [2e-6] * 9), np.array([1e-12] + [1e-6] * 10 + [2e-6] * 9)
    assert typical_rate(Rates(rates, bounds)) == pytest.approx((1e-6, 1e-6, 2e-6))
    found = ratio(Rates(bounds, bounds), Rates(rates, bounds))
    assert found == pytest.approx((1, 1, 1))


def test_one_draw_says_nothing_of_others() -> None:
    one = Rates(np.array([2e-6]), np.array([2e-6]))
    assert mean_rate(one) == (2e-6, 0, np.inf) and ratio(one, one) == (1, 0, np.inf)
    assert typical_rate(one) == pytest.approx((2e-6, 0, np.inf))
