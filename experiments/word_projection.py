"""Section 4.3.1, Figure 4.8: what the input weights, and the readout after them, make of the ten words.

    python -m experiments.word_projection --config=configs/thesis.py

RNNs and GRUs with 2 inputs and 2 hidden units on CountI. result.npz: see outcomes; with R draws and S seeds,
"measured/CountI/gru_2x2/final/candidate/stop_norm" [R, S] and so on, every measure of projections.measures, of
"initial" (before training) and "final" parameters and of each gate; "measured/CountI/words/stop_norm" [R], of the
words themselves; "measured/CountI/words/places" [V, 2, R].

Thesis leaves open: which of a GRU's three W_ih it shows; here: the candidate's, the one that takes an RNN's place in
the state, and numbers of all three. "Trained until it got the validation accuracy of 87%"; here: the network whose
accuracy after its last epoch is nearest, in the draw in which RNN and GRU together are nearest to the thesis'.
Six stop words that do not lie on a line through 0 are in no null space but that of W_ih = 0; how near any W_ih could
come to it is "words/least_stop_norm", and how far a network's stays above that "stop_norm_above_least". Embedding_2
makes positive and negative words separable, and W_ih and W_oh are invertible but by accident, so that they stay
separable says nothing of training; how wide the margin is does.
"""

from typing import Any

import numpy as np
from ml_collections import ConfigDict

from experiments import runner
from experiments.analysis import Measured, analysis, embeddings_of, last_accuracy
from experiments.conditions import Condition, DataSet, architectures, data_sets, make
from experiments.outcomes import below
from experiments.success_groups import STAGES
from experiments.training_experiment import Outcomes, Report
from experiments.training_figures import figure_name
from experiments.training_sweep import Sweep
from experiments.word_projection_figures import Shown, figure_4_8, figure_gates, figure_measures
from experiments.word_projection_tables import difference_rows, gates_of, groups_of, measure_rows, of_gate
from rnnjax import projections
from rnnjax.errors import in_range
from rnnjax.landscape import Architecture
from rnnjax.projections import measures, products

_NAME, _SUCCESS = "word_projection", 0.9
_CELLS = ("rnn", "gru")


def conditions(config: ConfigDict) -> list[Condition]:
    """RNN and GRU, 2x2, on every data set.

    Raises:
        UserError: a value that cannot be used.
    """
    for field in ("rnn_target", "gru_target", "line_above", "null_below"):
        in_range(f"{_NAME}.{field}", config[_NAME][field], 0, 1)
    return [make(config, _NAME, data, shape) for data in data_sets(config, _NAME) for shape in _shapes()]


def measure(run: runner.Run, _: Sweep, outcomes: Outcomes) -> Measured:
    """All measures of all networks, before and after training, and of the words themselves."""
    found: Measured = {}
    for name, outcome in outcomes.items():
        shape, places = outcome.condition.architecture, embeddings_of(run.config, outcome.condition)
        least = projections.least_stop_norm(places)
        for stage in STAGES:
            flat = outcome[stage]
            words = np.repeat(places, flat.shape[-1], -1)  # members draw by draw
            for gate in gates_of(shape):
                for key, values in measures(products(shape, flat.reshape(len(flat), -1), words, gate)).items():
                    found[f"{name}/{stage}/{gate}/{key}"] = values.reshape(flat.shape[1:])
                here = f"{name}/{stage}/{gate}/stop_norm"
                found[f"{here}_above_least"] = found[here] - least[:, None]
        here = f"{outcome.condition.data.title}/words"
        found |= {f"{here}/places": places, f"{here}/stop_norm": projections.stop_norm(places)}
        found |= {f"{here}/least_stop_norm": least, f"{here}/stop_norm_above_least": found[f"{here}/stop_norm"] - least}
        found |= {f"{here}/hidden_axis": projections.axis_share(places)}
        found |= {f"{here}/hidden_separation": projections.separation(places)}
    return found


def report(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> Report:
    """Figure 4.8, the measures' distributions, claims C11 to C13."""
    limits = config[_NAME].line_above, config[_NAME].null_below
    figures, rows, differences, shown = {}, [], [], {}
    for data in data_sets(config, _NAME):
        arrays = below(measured, data.title)
        called, stem = figure_name({"CountI": "4.8"}, data.title)
        rnn, gru = _shown(config, data, outcomes, arrays)
        groups = groups_of({s: last_accuracy(outcomes[f"{data.title}/{s.name}"]) for s in _shapes()}, _SUCCESS)
        figures[f"{stem}.png"] = figure_4_8(called, data.title, rnn, gru)
        figures[f"{stem}_gates.png"] = figure_gates(called, data.title, gru)
        figures[f"{stem}_measures.png"] = figure_measures(called, data.title, groups, arrays)
        rows += [{"data": data.title} | row for row in measure_rows(groups, arrays, *limits)]
        differences += [{"data": data.title} | row for row in difference_rows(groups, arrays)]
        shown[data.title] = [_described(each, arrays) for each in (rnn, gru)]
    tables = {"projection_4_3_1.csv": rows, "projection_differences_4_3_1.csv": differences}
    return Report(figures, tables, {"shown": shown, "measures": rows, "differences": differences})


def nearest_pair(accuracies: list[np.ndarray], targets: list[float]) -> tuple[int, list[int]]:
    """The draw, and of each cell the seed, whose accuracies are nearest to the targets, distances added; the first.

    Args:
        accuracies: of each cell, [R, S].
        targets: of each cell.
    """
    distances = [np.abs(values - target) for values, target in zip(accuracies, targets, strict=True)]
    draw = int(np.argmin(np.sum([each.min(1) for each in distances], 0)))
    return draw, [int(np.argmin(each[draw])) for each in distances]


def _shapes() -> list[Architecture]:
    return architectures(_CELLS, (2,), (2,))


def _shown(config: ConfigDict, data: DataSet, outcomes: Outcomes, arrays: Measured) -> tuple[Shown, Shown]:
    mine = [outcomes[f"{data.title}/{shape.name}"] for shape in _shapes()]
    targets = [config[_NAME][f"{cell}_target"] for cell in _CELLS]
    draw, seeds = nearest_pair([last_accuracy(outcome) for outcome in mine], targets)
    words = arrays["words/places"][..., draw, None]
    found = []
    for outcome, seed in zip(mine, seeds, strict=True):
        shape, flat = outcome.condition.architecture, outcome["final"][:, draw, seed, None]
        made = {gate: products(shape, flat, words, gate) for gate in gates_of(shape)}
        found.append(Shown(shape, draw, seed, float(last_accuracy(outcome)[draw, seed]), words[..., 0], made))
    return found[0], found[1]


def _described(shown: Shown, arrays: Measured) -> dict[str, Any]:
    """Which network is shown, and its own measures of every gate."""
    gates = {
        gate: {
            key: float(v[shown.draw, shown.seed])
            for key, v in of_gate(arrays, shown.architecture, "final", gate).items()
        }
        for gate in shown.products
    }
    facts = {"network": shown.architecture.name, "draw": shown.draw, "seed": shown.seed, "accuracy": shown.accuracy}
    return facts | {"gates": gates}


EXPERIMENT = analysis(_NAME, conditions, measure, report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
