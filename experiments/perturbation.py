"""Section 4.6.3, Figure 4.22: trained weights are perturbed, (4.10), (4.11), and trained on for 30 epochs.

    python -m experiments.perturbation --config=configs/thesis.py

Networks of "at least a validation accuracy of 98%" among those of experiments.search; of each architecture the first
`members`, each draw's first, then each one's second, and so on: as they are in the end, or, trained without early stop,
where they first reach that accuracy, so that both cells are equally good. A network's noise has one direction for all
factors, from the stream "perturb". The factor 0 is the control that the thesis left out: how far a network that was
not perturbed goes in as many epochs. Thesis leaves open: whether Adam and the learning rate start anew, and whether
training may end early; here: they start anew, since it was trained "to 30 epochs after" that, as in a run of its own
(Adam's moments always do; the rate by config.perturbation.learning_rate; it is halved as section 3.2 has it), and it
does not end, since its curves have 30 epochs. Which metrics its figure shows is not printed either; here: loss and
accuracy of training and of validation, distance.

result.npz: see outcomes, conditions are named "FirstI/rnn_2x4"; and of n networks of each, as
"measured/FirstI/rnn_2x4/draws" and so on: `draws`, `seeds`, `epochs` [n], how many they had been trained
for; `differ` [n] bool, whether the validation accuracy then is another than in the search; and [E + 1, F, n], over
epochs from 0, just after the perturbation, and factors, of which the first is 0: `accuracy` and `validation_loss`;
`train_accuracy` and `train_loss`, at 0 those of all training sentences, then the epoch's means, each sentence before
its own minibatch's update; and three distances to the weights before: `distance`, |W - W_epoch|; `seen_distance`, of
what outputs can see (symmetry.without_idle); `aligned_distance`, that of the nearest copy (symmetry.align). `factors`
[F] is "measured/factors".
"""

import numpy as np
from ml_collections import ConfigDict

from experiments import perturbation_report, runner, search
from experiments.analysis import Measured, analysis
from experiments.conditions import Condition
from experiments.found import first_found, reached, successes
from experiments.judged import Judge
from experiments.outcomes import Outcome
from experiments.retraining import noises, train_on
from experiments.search import numbers
from experiments.training_experiment import Outcomes
from experiments.training_sweep import Sweep
from rnnjax import geometry, perturbation, symmetry
from rnnjax.datasets import VERSIONS
from rnnjax.errors import in_range, one_of
from rnnjax.landscape import Architecture

_NAME = "perturbation"


def conditions(config: ConfigDict) -> list[Condition]:
    """Of what experiments.search trains, the architectures that are perturbed.

    Raises:
        UserError: a value that cannot be used.
    """
    wanted = config[_NAME]
    in_range(f"{_NAME}.trained_above", wanted.trained_above, 0, 1)
    in_range(f"{_NAME}.members", wanted.members, 1, 10**5)
    in_range(f"{_NAME}.epochs", wanted.epochs, 1, 10_000)
    in_range(f"{_NAME}.factor", wanted.factor, 1e-6, 1)
    if wanted.learning_rate != 0:
        in_range(f"{_NAME}.learning_rate", wanted.learning_rate, 1e-9, 1e3)
    one_of(f"{_NAME}.ddof", wanted.ddof, perturbation.DDOF)
    numbers(f"{_NAME}.factors", wanted.factors, 1e-6, 1e3)
    return search.conditions_of(config, _NAME)


def measure(run: runner.Run, sweep: Sweep, outcomes: Outcomes) -> Measured:
    """Curves and distances of every chosen network under every factor."""
    wanted, judge = run.config[_NAME], Judge(run)
    measured: Measured = {"factors": np.array([0.0, *wanted.factors])}
    for name, outcome in outcomes.items():
        epochs = reached(outcome, wanted.trained_above)
        if outcome.condition.protocol.rules.early_stop:
            epochs = np.where(successes(outcome, wanted.trained_above), outcome["epochs_run"], 0)
        draws, seeds = first_found(epochs > 0, wanted.members)
        here: Measured = {"draws": draws, "seeds": seeds, "epochs": epochs[draws, seeds]}
        if len(seeds):
            here |= _measured(run.config, sweep, judge, outcome, here)
        measured |= {f"{name}/{key}": value for key, value in here.items()}
    return measured


def _measured(config: ConfigDict, sweep: Sweep, judge: Judge, outcome: Outcome, chosen: Measured) -> Measured:
    """[E + 1, F, n] each, and `differ`."""
    wanted, condition, shape = config[_NAME], outcome.condition, outcome.condition.architecture
    draws, seeds, epochs = (chosen[key] for key in ("draws", "seeds", "epochs"))
    weights, factors = _before(sweep, outcome, draws, seeds, epochs), [0.0, *wanted.factors]
    noise = noises(config, shape, draws, seeds)
    starts = perturbation.perturbed(shape, weights, noise, factors, wanted.ddof, wanted.readout)
    flat = np.moveaxis(starts, 0, 1).reshape(len(weights), -1)
    rates = outcome["learning_rate"][epochs - 1, draws, seeds]
    members = [np.tile(each, len(factors)) for each in (draws, seeds, rates)]
    curves = train_on(config, sweep, condition, flat, *members)
    history = curves.pop("history")
    start: Measured = {}
    start["train_accuracy"], start["train_loss"] = judge(condition, flat, members[0], "train")
    start["accuracy"], start["validation_loss"] = judge(condition, flat, members[0], "validation")
    for name, values in curves.items():
        curves[name] = np.concatenate([start[name][None], values]).reshape(-1, len(factors), len(draws))
    searched = outcome["correct"][epochs - 1, draws, seeds] / VERSIONS[condition.data.version][1]
    path = np.moveaxis(history.reshape(*history.shape[:2], len(factors), -1), 2, 1)  # [E + 1, F, P, n]
    return curves | _distances(shape, path, weights) | {"differ": curves["accuracy"][0, 0] != searched}


def _before(sweep: Sweep, outcome: Outcome, draws: np.ndarray, seeds: np.ndarray, epochs: np.ndarray) -> np.ndarray:
    """The weights [P, n] after so many epochs."""
    if (epochs == outcome["epochs_run"][draws, seeds]).all():
        return np.asarray(outcome["final"][:, draws, seeds])
    history = sweep.train_members("again", outcome.condition, draws, seeds)["history"]
    return np.asarray(history[epochs, :, np.arange(len(seeds))].T)


def _distances(shape: Architecture, path: np.ndarray, weights: np.ndarray) -> Measured:
    """[E + 1, F, n] each."""
    seen, of = symmetry.without_idle(shape, path), symmetry.without_idle(shape, weights)
    return {
        "distance": geometry.distance(path, weights),
        "seen_distance": geometry.distance(seen, of),
        "aligned_distance": geometry.distance(symmetry.align(shape, seen, of), of),
    }


EXPERIMENT = analysis(_NAME, conditions, measure, perturbation_report.report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
