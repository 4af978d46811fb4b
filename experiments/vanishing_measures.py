"""The gradients and Jacobians of experiments.vanishing_gradients, measured in float64."""

import functools
from collections.abc import Mapping
from typing import NamedTuple

import jax
import numpy as np
from ml_collections import ConfigDict

from experiments import runner
from experiments.analysis import Measured, last_accuracy
from experiments.conditions import DataSet, draw_data, draw_embedding
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


class Job(NamedTuple):
    """Networks of one data set."""

    data: DataSet
    weights: np.ndarray  # [P, n]
    draws: np.ndarray  # [n]


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

    read = functools.cache(functools.partial(_sentences, run.config, shape.input_dim))
    pairs = [read(job.data, int(draw)) for job in jobs.values() for draw in job.draws]
    sentences, positive = (np.stack(arrays, -1) for arrays in zip(*pairs, strict=True))
    flat = np.concatenate([job.weights for job in jobs.values()], 1, dtype=np.float64)
    with jax.enable_x64(True):
        arrays = members.each(of_network, run.mesh, _TILE, flat, sentences, positive)
    ends = np.cumsum([len(job.draws) for job in jobs.values()])[:-1]
    parts = {key: np.split(values, ends, -1) for key, values in arrays.items()}
    return {place: {key: values[i] for key, values in parts.items()} for i, place in enumerate(jobs)}


def _sentences(config: ConfigDict, dim: int, data: DataSet, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """The embedded words [N, T, D] float64 and the labels [N] of a draw's first validation sentences."""
    split, number = draw_data(config, data, draw).validation, config[NAME].sentences
    embedding = draw_embedding(config, data, draw, dim).astype(np.float64)
    return embedding[split.words[:number]], split.positive[:number]


def _split(values: np.ndarray, parts: int) -> np.ndarray:
    """[..., parts · S] -> [..., parts, S]."""
    return values.reshape(*values.shape[:-1], parts, -1)
