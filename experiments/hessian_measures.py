"""Which networks experiments.hessian_spectrum looks at, and their Hessians, measured in float64."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from experiments import runner, success_groups
from experiments.analysis import Measured, last_accuracy
from experiments.found import first_found
from experiments.one_call import Job, apart, together
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
    by_shape: dict[Architecture, dict[str, Job]] = {}
    for name, outcome in outcomes.items():
        chosen, condition = _chosen(run.config, outcome), outcome.condition
        found |= {f"{name}/{key}": values for key, values in chosen.items()}
        for stage, flat in _weights(run.config, outcome, chosen["draws"], chosen["seeds"]).items():
            job = Job(condition.data, flat, chosen["draws"])
            by_shape.setdefault(condition.architecture, {})[f"{name}/{stage}"] = job
    for shape, jobs in by_shape.items():
        found |= _spectra(run, shape, jobs)
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


def _spectra(run: runner.Run, shape: Architecture, jobs: Mapping[str, Job]) -> Measured:
    """Of each job's networks the spectrum, the norm of the gradient and the loss: one compiled call for all."""

    def of_network(flat: jax.Array, sentences: jax.Array, positive: jax.Array) -> tuple[jax.Array, ...]:
        network = shape, flat, sentences, positive
        loss, gradient = jax.value_and_grad(lambda flat: curvature.mean_loss(shape, flat, sentences, positive))(flat)
        return curvature.hessian(*network), jnp.sqrt((gradient**2).sum()), loss

    sizes = [len(job.draws) for job in jobs.values()]
    if not sum(sizes):
        return {}
    given = together(run.config, NAME, "train", shape.input_dim, jobs.values())
    with jax.enable_x64(True):
        hessians, gradients, losses = members.each(of_network, run.mesh, 1, *given)
    eigenvalues = curvature.spectrum(hessians, curvature.flat_directions(shape))
    parts = apart({"eigenvalues": eigenvalues, "gradient": gradients, "loss": losses}, sizes)
    return {f"{place}/{key}": values for place, own in zip(jobs, parts, strict=True) for key, values in own.items()}
