"""Do shipped numbers come out again? A random sample of them is computed anew and compared.

A sample is of single networks (trained again from nothing; which ones, and their accuracies, are in summary.json), of
the landscape's best and worst settings (scored again), and of how many settings of an architecture are above 55 %
(all scored again, a million in a minute or so). Of a network that starts from a trained one, that one is trained again
first. Of rare settings one climb is made again, whose probability is compared as its logarithm. Of what is measured
inside networks it is what summary.json tells of the networks that Figures 4.8 to 4.10 show: all networks of their draw
are trained and measured again. All steps and protocols may be picked. The configs must be those that this version
would use.
Networks of another processor or version of JAX are rounded differently, and training may take them elsewhere.
"""

import itertools
import logging
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jax.sharding import Mesh
from ml_collections import ConfigDict

from experiments import runner
from experiments.conclusion import check_config
from experiments.conditions import Condition
from experiments.landscape_audit import fast_count, fast_histogram
from experiments.landscape_inputs import Inputs
from experiments.programme import Job, jobs_of
from experiments.rare_settings_climb import Climb
from experiments.rare_settings_climb import Inputs as RareInputs
from experiments.rare_settings_tables import wanted_level
from experiments.training_experiment import Outcomes
from experiments.training_sweep import Sweep
from rnnjax import results
from rnnjax.cells import CELLS
from rnnjax.datasets import VERSIONS
from rnnjax.errors import UserError
from rnnjax.initializers import parse_sampler
from rnnjax.landscape import parse_architecture
from rnnjax.splitting import rate_above
from rnnjax.statistics import num_above

_SAME = 1e-6  # of accuracies, which are rounded to so much in summary.json
_COUNTED = 0.55  # the accuracy beyond which settings are counted, of landscape_report.THRESHOLDS


class Number(NamedTuple):
    """A shipped number: the accuracy of one network or setting, how many settings are above one, or a measure."""

    job: Job
    name: str  # of a condition, or "<sampler> <architecture>"
    place: tuple[int, int]  # draw and seed; of a setting 0 and its index
    shipped: float
    above: float | None = None  # count the settings above this accuracy instead
    measure: str = ""  # of the network that a figure shows, instead

    @property
    def title(self) -> str:
        if self.job.step.module == "rare_settings":
            return f"{self.job.name}: {self.name}, draw {self.place[0]}, log10 P(accuracy > {self.above:g})"
        if self.above is not None:
            return f"{self.job.name}: {self.name}, settings above {self.above:g}"
        where = "draw {}, seed {}" if self.job.step.trains else "setting {1}"
        what = f"{self.name}, {self.measure}" if self.measure else self.name
        return f"{self.job.name}: {what}, {where.format(*self.place)}"


class Checked(NamedTuple):
    """A number beside itself, computed again."""

    number: Number
    again: float

    @property
    def agrees(self) -> bool:
        return abs(self.again - self.number.shipped) <= _SAME


def check(
    shipped: Path, presets: Mapping[str, str], size: int, rng: np.random.Generator, mesh: Mesh
) -> Iterator[Checked]:
    """A sample of so many numbers, or of all that there are.

    Args:
        shipped: a folder with config.json and summary.json of each step, such as docs/report.
        presets: that they were made with, by job.
        size: of the sample.
        rng: that picks.
        mesh: to compute on.

    Raises:
        UserError: nothing is there, or a step has another config than this version's.
    """
    known = jobs_of()
    there = [job for job in known if job.name in presets and results.has_json(shipped / job.name / "summary.json")]
    if not there:
        raise UserError(f"{shipped} has no summary.json of any step, such as {known[0].name}/summary.json")
    for job in there:
        check_config(shipped, job, presets[job.name])
    groups = [group for job in there for group in _of_job(shipped, job, presets[job.name]) if group]
    numbers = [number for group in groups for number in group]
    if not numbers:
        raise UserError(f"no summary.json in {shipped} has a number that can be computed alone")
    # Every step is as likely as any other, though some have a hundred times as many numbers; so are measures.
    weights = np.concatenate([np.full(len(group), 1 / len(group)) for group in groups])
    picked = rng.choice(len(numbers), min(size, len(numbers)), replace=False, p=weights / weights.sum())
    with tempfile.TemporaryDirectory() as scratch:
        for job, own in itertools.groupby((numbers[i] for i in sorted(picked)), lambda number: number.job):
            run = runner.new_run(job.name, job.config(presets[job.name]), mesh, Path(scratch), None)
            yield from (Checked(number, _again(number, run)) for number in own)


def _of_job(shipped: Path, job: Job, preset: str) -> tuple[list[Number], list[Number]]:
    """Its accuracies, and its measures."""
    path = shipped / job.name / "summary.json"
    summary = results.read_object(path)
    try:
        return list(_numbers(job, preset, summary)), list(_measures(job, summary))
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} does not have the numbers of {job.step.module} ({error})") from error


def _numbers(job: Job, preset: str, summary: Mapping[str, Any]) -> Iterator[Number]:
    """All numbers of a step that can be computed alone."""
    if job.step.module == "rare_settings":
        for row in summary["tails"]:
            for draw, rate in enumerate(row["rates"]):
                if rate > 0:
                    name = f"{row['sampler']} {row['architecture']}"
                    yield Number(job, name, (draw, 0), float(np.log10(rate)), row["accuracy_above"])
        return
    if not job.step.trains:
        for spec, by_architecture in summary["samplers"].items():
            for name, told in by_architecture.items():
                for which in ("best", "lowest"):
                    yield Number(job, f"{spec} {name}", (0, told[f"{which}_index"]), told[which])
        for row in summary["tails"]:
            for cell in CELLS if row["accuracy_above"] == _COUNTED else ():
                if f"{cell}_above" in row:
                    name = f"{row['sampler']} {cell}_{row['shape']}"
                    yield Number(job, name, (0, 0), row[f"{cell}_above"], _COUNTED)
        return
    names = [condition.name for condition in _first(job, job.config(preset))]
    if len(job.step.experiment().stages) > 1:  # whose summary has all stages' conditions
        names += [name for name in summary["conditions"] if name not in names]
    for name in names:
        accuracies = summary["conditions"].get(name, {}).get("accuracy", [])
        for draw, of_draw in enumerate(accuracies):
            for seed, accuracy in enumerate(of_draw):
                yield Number(job, name, (draw, seed), accuracy)


def _measures(job: Job, summary: Mapping[str, Any]) -> Iterator[Number]:
    """What is told of the networks that figures show."""
    if job.step.module == "word_projection":
        for data, shown in summary["shown"].items():
            for told in shown:
                place = told["draw"], told["seed"]
                for gate, measures in told["gates"].items():
                    for key, value in measures.items():
                        yield Number(job, f"{data}/{told['network']}", place, value, measure=f"{gate} {key}")
    if job.step.module == "noise_robustness":
        for data, by_shape in summary["networks"].items():
            for shape, of_shape in by_shape.items():
                told = of_shape["shown"]
                place = told["draw"], told["seed"]
                for key in ("first_wrong", "forgets", "meeting"):
                    yield Number(job, f"{data}/{shape}", place, told[key], measure=key)


def _first(job: Job, config: ConfigDict) -> list[Condition]:
    """What is trained first: in most experiments all, in some what others start from."""
    found: list[Condition] = job.step.experiment().prepare(config)
    return found


def _again(number: Number, run: runner.Run) -> float:
    if number.job.step.module == "rare_settings":
        return _climbed_again(number, run)
    if not number.job.step.trains:
        inputs: Inputs = number.job.step.experiment().prepare(run.config)
        spec, name = number.name.split()
        sampler, architecture = parse_sampler(spec), parse_architecture(name)
        if number.above is not None:
            return num_above(fast_histogram(run, inputs, sampler, architecture), number.above)
        return fast_count(run, inputs, sampler, architecture, number.place[1]) / len(inputs.split.words)
    if number.measure:
        return _measured_again(number, run)
    (draw, seed), sweep = number.place, Sweep(run)
    condition = next((each for each in _first(number.job, run.config) if each.name == number.name), None)
    if condition is None:
        draw, sweep, condition = 0, *_later(number, run)
    members = np.array([draw]), np.array([seed])
    curve = sweep.train_members("again", condition, *members, history=False)["correct"][:, 0]
    correct = curve[-1] if run.config.training.report == "last" else curve.max()
    return float(correct / VERSIONS[condition.data.version][1])


def _climbed_again(number: Number, run: runner.Run) -> float:
    inputs: RareInputs = number.job.step.experiment().prepare(run.config)
    spec, name = number.name.split()
    climb = Climb(run, inputs, parse_sampler(spec), parse_architecture(name))
    climb.compile()
    found, level = climb(number.place[0]), wanted_level(number.above or 0.0, inputs.num_sentences)
    rate, _ = rate_above(found["levels"], found["rates"], level)
    return float(np.log10(rate)) if rate else -np.inf


def _later(number: Number, run: runner.Run) -> tuple[Sweep, Condition]:
    """A later stage's condition with the number's draw and data set alone, after the stages before it."""
    seed, alone = number.place[1], _draw_alone(number, run.config)
    alone[number.job.step.module].update(seeds=seed + 1, shown_seeds=1)
    sweep, found = Sweep(run._replace(config=alone)), Outcomes()
    for stage in number.job.step.experiment().stages:
        conditions = {condition.name: condition for condition in stage(alone, found)}
        if number.name in conditions:
            return sweep, conditions[number.name]
        found |= sweep.train("again", list(conditions.values()))
    raise LookupError(f"{number.name} is of no stage")


def _measured_again(number: Number, run: runner.Run) -> float:
    """By the whole analysis of the number's draw and data set; NaN if it shows another network now."""
    quiet = logging.Logger("measured again")
    quiet.addHandler(logging.NullHandler())
    alone = run._replace(config=_draw_alone(number, run.config), workdir=run.workdir / "measured", log=quiet)
    experiment = number.job.step.experiment()
    results.remove_tree(alone.workdir)
    experiment.run(alone, experiment.prepare(alone.config))
    wanted, again = number._replace(place=(0, number.place[1])), results.read_object(alone.workdir / "summary.json")
    found = (one.shipped for one in _measures(number.job, again) if one._replace(shipped=wanted.shipped) == wanted)
    return float(next(found, np.nan))


def _draw_alone(number: Number, config: ConfigDict) -> ConfigDict:
    """The config of the number's draw and data set alone: draw d is draw 0 of seeds that are higher by d."""
    alone = config.copy_and_resolve_references()
    for seeds, field in ((alone, "seed"), (alone.data, "seed"), (alone.data, "embedding_seed")):
        seeds[field] += number.place[0]
    alone[number.job.step.module].update(draws=1, data_sets=(number.name.partition("/")[0],))
    return alone
