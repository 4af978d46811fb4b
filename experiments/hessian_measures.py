"""Which networks experiments.hessian_spectrum looks at, and their Hessians, measured in float64."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from experiments import runner, success_groups
from experiments.analysis import Measured, last_accuracy
from experiments.conditions import DataSet, draw_data, draw_embedding
from experiments.found import first_found
from experiments.outcomes import Outcome
from experiments.retraining import noises
from experiments.training_experiment import Outcomes
from experiments.training_sweep import Sweep
from rnnjax import curvature, members, perturbation
from rnnjax.landscape import Architecture

NAME = "hessian_spectrum"
STAGES = ("start", "end", "perturbed")


def measure(run: runner.Run, _: Sweep, outcomes: Outcomes) -> Measured:
    """Of each condition the chosen networks; the spectrum, gradient and loss of each at every stage."""
    found: Measured = {}
    by_shape: dict[Architecture, dict[str, np.ndarray]] = {}
    for name, outcome in outcomes.items():
        chosen = _chosen(run.config, outcome)
        found |= {f"{name}/{key}": values for key, values in chosen.items()}
        for stage, flat in _weights(run.config, outcome, chosen["draws"], chosen["seeds"]).items():
            by_shape.setdefault(outcome.condition.architecture, {})[f"{name}/{stage}"] = flat
    for shape, jobs in by_shape.items():
        data = {place: outcomes[place.rpartition("/")[0]].condition.data for place in jobs}
        draws = {place: found[f"{place.rpartition('/')[0]}/draws"] for place in jobs}
        found |= _spectra(run, shape, jobs, data, draws)
    return found


def _chosen(config: ConfigDict, outcome: Outcome) -> Measured:
    """At most `members` successes and as many failures."""
    above, _, below = success_groups.groups(config, NAME, last_accuracy(outcome)).values()
    successes, failures = (first_found(group, config[NAME].members) for group in (above, below))
    draws, seeds = (np.concatenate(both) for both in zip(successes, failures, strict=True))
    return {"draws": draws, "seeds": seeds, "success": np.arange(len(draws)) < len(successes[0])}


def _weights(config: ConfigDict, outcome: Outcome, draws: np.ndarray, seeds: np.ndarray) -> Measured:
    """[P, n] of each stage."""
    shape, final = outcome.condition.architecture, outcome["final"][:, draws, seeds]
    noise, wanted = noises(config, shape, draws, seeds), config.perturbation
    moved = perturbation.perturbed(shape, final, noise, [config[NAME].factor], wanted.ddof, wanted.readout)
    return dict(zip(STAGES, (outcome["initial"][:, draws, seeds], final, moved[0]), strict=True))


def _spectra(
    run: runner.Run,
    shape: Architecture,
    weights: dict[str, np.ndarray],
    data: dict[str, DataSet],
    draws: dict[str, np.ndarray],
) -> Measured:
    """Of each place's networks the spectrum, the norm of the gradient and the loss: one compiled call for all."""

    def of_network(flat: jax.Array, sentences: jax.Array, positive: jax.Array) -> tuple[jax.Array, ...]:
        network = shape, flat, sentences, positive
        loss, gradient = jax.value_and_grad(lambda flat: curvature.mean_loss(shape, flat, sentences, positive))(flat)
        return curvature.hessian(*network), jnp.sqrt((gradient**2).sum()), loss

    read = functools.cache(functools.partial(_sentences, run.config, shape.input_dim))
    pairs = [read(data[place], int(draw)) for place in weights for draw in draws[place]]
    if not pairs:
        return {}
    sentences, positive = (np.stack(arrays, -1) for arrays in zip(*pairs, strict=True))
    flat = np.concatenate(list(weights.values()), 1, dtype=np.float64)
    with jax.enable_x64(True):
        hessians, gradients, losses = members.each(of_network, run.mesh, 1, flat, sentences, positive)
    eigenvalues = curvature.spectrum(hessians, curvature.flat_directions(shape))
    ends = np.cumsum([flat.shape[1] for flat in weights.values()])[:-1]
    measures = {"eigenvalues": eigenvalues, "gradient": gradients, "loss": losses}
    parts = {key: np.split(values, ends, -1) for key, values in measures.items()}
    return {f"{place}/{key}": values[i] for key, values in parts.items() for i, place in enumerate(weights)}


def _sentences(config: ConfigDict, dim: int, data: DataSet, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """The embedded words [N, T, D] float64 and the labels [N] of a draw's first training sentences."""
    split, number = draw_data(config, data, draw).train, config[NAME].sentences
    embedding = draw_embedding(config, data, draw, dim).astype(np.float64)
    return embedding[split.words[:number]], split.positive[:number]
