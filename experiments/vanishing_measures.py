"""The gradients and Jacobians of experiments.vanishing_gradients, measured in float64."""

from collections.abc import Mapping

import jax
import numpy as np
from ml_collections import ConfigDict

from experiments import runner
from experiments.analysis import Measured, last_accuracy
from experiments.one_call import Job, apart, together
from experiments.outcomes import Outcome
from experiments.training_experiment import Outcomes
from experiments.training_sweep import Sweep
from experiments.vanishing_conditions import NAME, is_plain, shapes, some_seeds
from rnnjax import curvature, members, vanishing
from rnnjax.datasets import VERSIONS
from rnnjax.landscape import Architecture
from rnnjax.parameters import unflatten

_STAGES = {"start": "initial", "end": "final"}
_TILE = 16  # networks a device works on at once


def measure(run: runner.Run, sweep: Sweep, outcomes: Outcomes) -> Measured:
    """Profiles of all networks at the start and at the end, and of some on the way."""
    found: Measured = {}
    for shape in shapes(run.config):
        jobs: dict[str, Job] = {}
        for name, outcome in outcomes.items():
            if outcome.condition.architecture != shape:
                continue
            jobs |= {f"{name}/{stage}": _job(outcome, weights) for stage, weights in _STAGES.items()}
            if is_plain(name) and some_seeds(run.config, "followed_seeds"):
                told, jobs[f"{name}/followed"] = _followed(run.config, sweep, outcome)
                found |= {f"{name}/followed/{key}": value for key, value in told.items()}
        for place, arrays in _profiles(run, shape, jobs).items():
            name, _, stage = place.rpartition("/")
            if stage == "followed":  # [..., F · n] -> [F, ..., n]
                epochs = len(found[f"{place}/epochs"])
                for key in ("relative", "mean", "singular"):
                    found[f"{place}/{key}"] = np.moveaxis(_split(arrays[key], epochs), -2, 0)
            else:
                draws = outcomes[name].condition.num_draws
                found |= {f"{place}/{key}": _split(values, draws) for key, values in arrays.items()}
    return found


def _job(outcome: Outcome, weights: str) -> Job:
    condition = outcome.condition
    draws = np.repeat(np.arange(condition.num_draws), condition.num_seeds)
    return Job(condition.data, outcome[weights].reshape(-1, len(draws)), draws)


def _followed(config: ConfigDict, sweep: Sweep, outcome: Outcome) -> tuple[Measured, Job]:
    """The first seeds of all draws, trained again: what is told of them, and their networks epoch by epoch."""
    condition, wanted = outcome.condition, config[NAME]
    number = some_seeds(config, "followed_seeds")
    draws = np.repeat(np.arange(condition.num_draws), number)
    seeds = np.tile(np.arange(number), condition.num_draws)
    again = sweep.train_members("again", condition, draws, seeds)
    epochs = np.array(wanted.followed_epochs)
    history = again["history"][np.minimum(epochs, len(again["history"]) - 1)]  # [F, P, n]
    accuracy = again["correct"][-1] / VERSIONS[condition.data.version][1]
    told = {"draws": draws, "seeds": seeds, "epochs": epochs}
    told["differ"] = accuracy != last_accuracy(outcome)[draws, seeds]
    weights = np.moveaxis(history, 1, 0).reshape(history.shape[1], -1)
    return told, Job(condition.data, weights, np.tile(draws, len(epochs)))


def _profiles(run: runner.Run, shape: Architecture, jobs: Mapping[str, Job]) -> dict[str, Measured]:
    """Of each job's networks the profile and the mean loss, members last: one compiled call for all."""

    def of_network(flat: jax.Array, sentences: jax.Array, positive: jax.Array) -> dict[str, jax.Array]:
        profile = vanishing.profile(shape.cell, unflatten(flat, shape.sizes), sentences, positive)
        return profile._asdict() | {"loss": curvature.mean_loss(shape, flat, sentences, positive)}

    given = together(run.config, NAME, "validation", shape.input_dim, jobs.values())
    with jax.enable_x64(True):
        arrays = members.each(of_network, run.mesh, _TILE, *given)
    return dict(zip(jobs, apart(arrays, [len(job.draws) for job in jobs.values()]), strict=True))


def _split(values: np.ndarray, parts: int) -> np.ndarray:
    """[..., parts · S] -> [..., parts, S]."""
    return values.reshape(*values.shape[:-1], parts, -1)
