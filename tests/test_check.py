"""--check: numbers of networks that start from trained ones, and what is measured inside some, come out again too."""

from pathlib import Path

import launching
import numpy as np
import pytest

from experiments import check, runner
from experiments.programme import ADOPTED, Job, Step
from rnnjax import members, results

DRAWS, SEEDS = 2, 3
# Four epochs of ten minibatches of five words each, at a rate at which accuracies differ.
TRAINING = {
    "data.sentence_length": 5, "training.batch_size": 500, "training.max_epochs": 4, "training.learning_rate": 0.05,
    "training.tile": 4, "training.members_per_call": 16,
}  # fmt: skip


@pytest.fixture(scope="module", params=["rnn_from_gru", "gru_from_rnn"])
def shipped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Job]:
    name, workdir = request.param, tmp_path_factory.mktemp("shipped")
    numbers = {"draws": DRAWS, "seeds": SEEDS, "shown_seeds": 2, "hidden_dim": 2, "data_sets": ("CountII", "FirstII")}
    fields = {f"{name}.{field}": value for field, value in numbers.items()}
    job = Job(Step(name, name, "4.4", 1.0, {"seed": 5, **TRAINING, **fields}), ADOPTED)
    launching.run_in(job.step.experiment(), workdir / job.name, job.config("quick"), None)
    return workdir, job


def test_networks_that_start_from_trained_ones_are_trained_again(shipped: tuple[Path, Job], tmp_path: Path) -> None:
    workdir, job = shipped
    told = results.read_json(workdir / job.name / "summary.json")
    numbers = list(check._numbers(job, "quick", told))
    assert len(numbers) == len({(each.name, each.place) for each in numbers}) == 2 * (2 + 2) * DRAWS * SEEDS
    cell = job.step.name.partition("_")[0]
    run = runner.new_run(job.name, job.config("quick"), members.make_mesh(1), tmp_path, None)
    for data, how, place in (("CountII", "copied", (0, 2)), ("FirstII", "random", (1, 1))):
        name = f"{data}/input_weights_{how}/{cell}_2x2"
        number = next(each for each in numbers if (each.name, each.place) == (name, place))
        others = {each.shipped for each in numbers if each.place != place or each.name.partition("/")[0] != data}
        assert check._again(number, run) == pytest.approx(number.shipped, abs=1e-6)
        assert number.shipped not in others, "another network's number would do"


@pytest.mark.parametrize("name", ["word_projection", "noise_robustness"])
def test_what_is_told_of_shown_networks_is_measured_again(name: str, tmp_path: Path) -> None:
    fields = {f"{name}.draws": 3, f"{name}.seeds": SEEDS, "noise_robustness.steps": 12}
    fields["training.batch_size"] = {"word_projection": 500, "noise_robustness": 200}[name]  # as in their own tests
    job = Job(Step(name, name, "4.3", 1.0, {**TRAINING, **fields}), ADOPTED)
    launching.run_in(job.step.experiment(), tmp_path / job.name, job.config("quick"), None)
    numbers = list(check._measures(job, results.read_object(tmp_path / job.name / "summary.json")))
    assert len(numbers) == {"word_projection": 13 * 4, "noise_robustness": 3 * 2}[name]
    run = runner.new_run(job.name, job.config("quick"), members.make_mesh(1), tmp_path / "again", None)
    for number in (numbers[0], numbers[-1]):
        assert check._again(number, run) == pytest.approx(number.shipped, abs=1e-6)
    another = numbers[0]._replace(place=(numbers[0].place[0], 9))
    assert np.isnan(check._again(another, run))
