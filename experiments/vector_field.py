"""Section 4.3.3, Figures 4.11 to 4.15: what a word does to the state, all over the plane of two hidden units.

    python -m experiments.vector_field --config=configs/thesis.py

RNNs and GRUs with 2 inputs and 2 hidden units. result.npz: see outcomes; with R draws, S seeds, V words, G points, as
"measured/CountII/gru_2x2/initial/mean_norm" and so on the fields of fields.Summary, of "initial" (before training)
and "final" parameters: `mean_norm`, `up`, `down`, `positive`, `keeps` [V, R, S], `positive_points` [R, S], `points_at`
[B, R, S], `up_at`, `positive_at` [V, B, R, S]; "measured/CountII/gru_2x2/start_accuracy" [R, S], on the validation
sentences; and of the networks of Figures 4.11 to 4.14, "measured/shown/CountII/success/" and "failure/": `network`
[2], draw and seed; `moves` [3, G, 2] of the first positive, the first negative and the first stop word;
`states` [3, M, 2] and `kinds` [3, M] (see stability) of these words' fixed points.

Thesis leaves open: which words it shows; here: the first of each kind. Which networks; here: those whose accuracies
after the last epoch are nearest to the thesis' (see `chosen`). Which axis of Figure 4.15 is which; the correlation is
the same.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from experiments import runner, success_groups
from experiments.analysis import Measured, analysis, embeddings_of, last_accuracy, of_each, pick
from experiments.conditions import Condition, DataSet, architectures, data_sets, make
from experiments.judged import Judge
from experiments.one_call import apart
from experiments.outcomes import Outcome
from experiments.success_groups import STAGES
from experiments.training_experiment import Outcomes
from experiments.training_sweep import Sweep
from experiments.vector_field_report import SHOWN_CELL, SHOWN_WORDS, TARGETS, report
from experiments.vector_field_tables import NAME
from rnnjax import fields, fixed_points, stability
from rnnjax.errors import in_range
from rnnjax.landscape import Architecture
from rnnjax.parameters import unflatten

_CELLS = ("rnn", "gru")
_SEARCHES, _STEPS, _ROOM = 64, 60, 16  # of the fixed points that are shown


def conditions(config: ConfigDict) -> list[Condition]:
    """RNN and GRU, 2x2, on every data set.

    Raises:
        UserError: a value that cannot be used.
    """
    in_range(f"{NAME}.points", config[NAME].points, 2, 1000)
    success_groups.check(config, NAME)
    shapes = architectures(_CELLS, (2,), (2,))
    return [make(config, NAME, data, shape) for data in data_sets(config, NAME) for shape in shapes]


def measure(run: runner.Run, _: Sweep, outcomes: Outcomes) -> Measured:
    """The fields of all networks before and after training, and those of the networks that are shown."""
    found: Measured = {}
    judge = Judge(run)
    for shape in dict.fromkeys(outcome.condition.architecture for outcome in outcomes.values()):
        same = [outcome for outcome in outcomes.values() if outcome.condition.architecture == shape]
        found |= _summaries(run, shape, same)
        for outcome in same:
            accuracy = judge.grid(outcome.condition, outcome["initial"], "validation")
            found[f"{outcome.condition.name}/start_accuracy"] = accuracy
    for data in data_sets(run.config, NAME):
        outcome = outcomes[f"{data.title}/{SHOWN_CELL}_2x2"]
        for which, (draw, seed) in chosen(last_accuracy(outcome), data, run.config[NAME].failure_below).items():
            shown = _shown(run, outcome, draw, seed) | {"network": np.array([draw, seed])}
            found |= {f"shown/{data.title}/{which}/{key}": value for key, value in shown.items()}
    return found


def chosen(accuracy: np.ndarray, data: DataSet, failure_below: float) -> dict[str, tuple[int, ...]]:
    """Draw and seed of the networks that are shown: the nearest to the thesis' success, and to its failure.

    The failure is of the success' draw, so that both read the same words, if a network of that draw has failed; else
    it is the nearest of all draws.

    Args:
        accuracy: [R, S].
        data: what they are trained on.
        failure_below: an accuracy.
    """
    targets = TARGETS.get(data.title, TARGETS["CountII"])
    draw, seed = pick(accuracy, targets["success"])
    if (accuracy[draw] < failure_below).any():
        failure = draw, *pick(accuracy[draw], targets["failure"])
    else:
        failure = pick(accuracy, targets["failure"])
    return {"success": (draw, seed), "failure": failure}


def _summaries(run: runner.Run, shape: Architecture, outcomes: list[Outcome]) -> Measured:
    """fields.Summary of all networks of one architecture, in one call."""
    states = fields.plane(run.config[NAME].points).astype(float)

    def one(flat: jax.Array, words: jax.Array) -> fields.Summary:
        return fields.summary(shape.cell, unflatten(flat, shape.sizes), words, jnp.asarray(states))

    parts = [(outcome, stage, outcome[stage]) for outcome in outcomes for stage in STAGES]
    flats = [flat.reshape(len(flat), -1) for *_, flat in parts]
    words = [np.repeat(embeddings_of(run.config, o.condition), flat.shape[-1], -1) for o, _, flat in parts]
    with jax.enable_x64(True):  # where a word hardly moves a state, float32 would round the move away
        together = (np.concatenate(each, -1).astype(float) for each in (flats, words))
        all_of_them = of_each(run, one, *together)
    measured = apart(all_of_them._asdict(), [flat.shape[1] for flat in flats])
    found: Measured = {}
    for (outcome, stage, flat), arrays in zip(parts, measured, strict=True):
        for key, values in arrays.items():
            small = values.astype(np.float32 if np.issubdtype(values.dtype, np.floating) else np.int32)
            found[f"{outcome.condition.name}/{stage}/{key}"] = small.reshape(*small.shape[:-1], *flat.shape[1:])
    return found


def _shown(run: runner.Run, outcome: Outcome, draw: int, seed: int) -> Measured:
    """The fields of one network's shown words, and where they vanish."""
    states = fields.plane(run.config[NAME].points).astype(float)
    starts = np.random.default_rng(0).uniform(-1, 1, (_SEARCHES, 2))
    places = embeddings_of(run.config, outcome.condition)[SHOWN_WORDS, :, draw]  # under enable_x64 it draws others
    with jax.enable_x64(True):
        flat = outcome["final"][:, draw, seed].astype(float)
        found = _field(outcome.condition.architecture, flat, places.astype(float), states, starts)
        moves, fixed = jax.tree.map(np.asarray, found)
    kinds = stability.classify(stability.eigenvalues(fixed.jacobians))
    return {"moves": moves.astype(np.float32), "states": fixed.states.astype(np.float32), "kinds": kinds}


@functools.partial(jax.jit, static_argnums=0)
def _field(
    shape: Architecture, flat: jax.Array, words: jax.Array, states: jax.Array, starts: jax.Array
) -> tuple[jax.Array, fixed_points.Points]:
    """Displacements of `states` by words, and each word's fixed points, of one network [P]."""
    params = unflatten(flat, shape.sizes)

    def points(x: jax.Array) -> fixed_points.Points:
        return fixed_points.find(fixed_points.word_step(shape.cell, params, x), starts, _STEPS, _ROOM)[0]

    return fields.displacements(shape.cell, params, words, states), jax.vmap(points)(words)


EXPERIMENT = analysis(NAME, conditions, measure, report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
