"""Section 4.2.1, Figures 4.4 and 4.5: how often networks of 16 shapes train.

    python -m experiments.trainability --config=configs/thesis.py

result.npz: see outcomes; conditions are named "FirstI/gru_15x16", and its controls "FirstI/unstopped_0.003/gru_15x16"
and "FirstI/matched_gru_2x4/rnn_2x8". Tables: see trainability_pooled.

Thesis leaves open: the input axis is confounded with separability (ten words in general position are separable in
every way from nine dimensions on); the summary has the margins.
"""

from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from ml_collections import ConfigDict

from experiments import runner, thesis
from experiments.conditions import Condition, DataSet, architectures, data_sets, draw_embedding, make
from experiments.controls import (
    Unstopped,
    best_unstopped,
    matched_condition,
    matched_rate,
    numbers,
    unstopped_conditions,
    unstopped_figure,
)
from experiments.reporting import estimate_columns
from experiments.trainability_pooled import between, overall, pool
from experiments.training_experiment import Outcomes, Report, experiment
from experiments.training_figures import (
    Panel,
    Rate,
    figure_name,
    heat_maps,
    rate_of,
    rates,
    section_name,
    shown,
    success_rate,
)
from rnnjax import resampling
from rnnjax.cells import CELLS
from rnnjax.landscape import Architecture
from rnnjax.separability import kind_margins

_NAME, _CELLS = "trainability", ("rnn", "gru")
_FIGURES = {"FirstI": "4.4", "XorI": "4.5"}
_SUCCESS, _DECENT = 0.9, 0.7


def conditions(config: ConfigDict, _: Outcomes) -> list[Condition]:
    """Data set x cell x input and hidden size, and the controls that are asked for.

    Raises:
        UserError: a value that cannot be used.
    """
    wanted, found = config[_NAME], []
    for data in data_sets(config, _NAME):
        for shape in architectures(_CELLS, wanted.input_dims, wanted.hidden_dims):
            found.append(make(config, _NAME, data, shape))
            found += unstopped_conditions(config, _NAME, data, shape)
            if wanted.matched and shape.cell.name == "gru":
                found.append(matched_condition(config, _NAME, data, shape))
    return found


def report(config: ConfigDict, outcomes: Outcomes) -> Report:
    """Figures 4.4 and 4.5, success over the shapes (C04-C07)."""
    figures: dict[str, Figure] = {}
    table, pooled = [], {}
    for data in data_sets(config, _NAME):
        shapes = _shapes(config, *_CELLS)
        pairs = best_unstopped(config, outcomes, data, shapes, _SUCCESS)
        figures |= _figures(config, outcomes, data, pairs)
        pooled[data.title] = pool(config, outcomes, data, shapes, pairs, _SUCCESS)
        rows = [{"data": data.title} | overall(protocol, sides) for protocol, sides in pooled[data.title].items()]
        rows[0] |= _printed(config, outcomes, data.title)
        table += rows
    gains = [row for one, other in combinations(pooled, 2) for row in between(one, other, pooled)]
    tables = {"overall_4_2_1.csv": table} | ({"data_sets_4_2_1.csv": gains} if gains else {})
    return Report(figures, tables, {"overall": table, "data_sets": gains, "margins": _margins(config)})


def _shapes(config: ConfigDict, *cells: str) -> list[Architecture]:
    return architectures(cells, config[_NAME].input_dims, config[_NAME].hidden_dims)


def _figures(
    config: ConfigDict, outcomes: Outcomes, data: DataSet, pairs: dict[Architecture, Unstopped]
) -> dict[str, Figure]:
    """The thesis' figure, rates of all networks, and rates of those that were trained without early stop too."""
    wanted, report = config[_NAME], config.training.report
    figure, name = figure_name(_FIGURES, data.title)
    panels = [panel for cell in _CELLS for panel in _panels(config, outcomes, data.title, cell)]
    title, columns = f"{figure}: validation accuracy on {data.title}, first draw", [str(d) for d in wanted.input_dims]
    per_row = min(3, wanted.shown_seeds)
    figures = {f"{name}.png": heat_maps(title, panels, columns, "inputs", "hidden units H", per_row)}
    lines = []
    for shape in _shapes(config, *_CELLS):
        outcome = outcomes[f"{data.title}/{shape.name}"]
        lines.append(Rate(shape.title, success_rate(outcome, report, _SUCCESS), None, shape.cell.name))
        if wanted.matched and shape.cell.name == "gru":
            lines.append(matched_rate(config, outcomes, data, shape, _SUCCESS))
    section = section_name("4.2.1", _FIGURES, data.title)
    title = f"{section}: networks above 90 % on {data.title} (inputs x hidden units)"
    x_label = "share above 90 % validation accuracy"
    figures[f"{name}_rates.png"] = rates(title, f"{x_label}, {numbers(outcome.accuracy(report))}", lines)
    if pairs:
        where, measure = f"{section}, {data.title}", partial(rate_of, threshold=_SUCCESS)
        figures[f"{name}_rates_unstopped.png"] = unstopped_figure(where, x_label, pairs, measure)
    return figures


def _panels(config: ConfigDict, outcomes: Outcomes, data: str, cell: str) -> list[Panel]:
    """One heat map an initialisation: hidden units down, inputs across."""
    wanted, report, rows = config[_NAME], config.training.report, {}
    for hidden in wanted.hidden_dims:
        found = [outcomes[f"{data}/{shape.name}"] for shape in architectures((cell,), wanted.input_dims, (hidden,))]
        rows[str(hidden)] = np.stack([shown(each, report, wanted.shown_seeds) for each in found])
    return [
        Panel(f"{CELLS[cell].title}, initialisation {seed + 1}", {label: row[:, seed] for label, row in rows.items()})
        for seed in range(wanted.shown_seeds)
    ]


def _printed(config: ConfigDict, outcomes: Outcomes, data: str) -> dict[str, Any]:
    """The networks that the figure shows, the share of all that is decent, and what the thesis prints (C06, C07)."""
    row: dict[str, Any] = {}
    for cell in _CELLS:
        accuracy = [outcomes[f"{data}/{shape.name}"] for shape in _shapes(config, cell)]
        first = np.concatenate([shown(each, config.training.report, config[_NAME].shown_seeds) for each in accuracy])
        row |= {f"{cell}_shown_networks": len(first), f"{cell}_shown_above_90": int((first > _SUCCESS).sum())}
        row |= {f"{cell}_shown_decent": int((first >= _DECENT).sum())}
        every = np.concatenate([each.accuracy(config.training.report) for each in accuracy], axis=1)
        row |= estimate_columns(f"{cell}_decent", resampling.mean(list(every >= _DECENT)), 100)
    if data == thesis.printed("figure_4_5", "dataset"):
        row["thesis_rnn_decent"] = thesis.printed("figure_4_5", "rnn_decent_runs")
    if data == thesis.printed("figure_4_4", "dataset"):
        row |= _inputs_of_the_rnn(config, outcomes, data)
    return row


def _inputs_of_the_rnn(config: ConfigDict, outcomes: Outcomes, data: str) -> dict[str, Any]:
    """C07: the best RNN with 10 inputs and 2 units, and of all with 2 or 5 inputs, in per cent."""
    wanted = config[_NAME]
    row: dict[str, Any] = {}
    few = [d for d in wanted.input_dims if d in (2, 5)]
    for name, inputs, hidden, printed in (
        ("rnn_10x2_best", [10], [2], "rnn_10x2_reaches"),
        ("rnn_2_and_5_inputs_best", few, wanted.hidden_dims, "rnn_first_two_columns_at_most"),
    ):
        names = [f"{data}/{shape.name}" for shape in architectures(("rnn",), inputs, hidden)]
        found = [outcomes[each] for each in names if each in outcomes]
        if found:
            first = [outcome.accuracy(config.training.report)[0, : wanted.shown_seeds] for outcome in found]
            best = np.max(first)
            row |= {name: 100 * float(best), f"thesis_{name}": thesis.printed("figure_4_4", printed)}
    return row


def _margins(config: ConfigDict) -> dict[str, list[dict[str, float]]]:
    """By input dimension: each draw's margins between kinds of words."""
    data, draws = data_sets(config, _NAME)[0], range(config[_NAME].draws)
    return {str(d): [kind_margins(draw_embedding(config, data, i, d)) for i in draws] for d in config[_NAME].input_dims}


EXPERIMENT = experiment(_NAME, [conditions], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
