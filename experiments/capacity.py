"""Section 4.2.2, Figures 4.6 and 4.7: can networks of the smallest shapes learn it at all?

    python -m experiments.capacity --config=configs/thesis.py

Thirty initialisations of each shape; beside the thesis' protocol some of the same networks without early stop at
constant learning rates (untrainable, or stopped?), and RNNs with about as many parameters as the GRU.
result.npz: see outcomes; conditions are named "FirstI/gru_2x4", "FirstI/unstopped_0.003/gru_2x4",
"FirstI/matched_gru_2x4/rnn_2x8".
"""

from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from ml_collections import ConfigDict

from experiments import runner, thesis
from experiments.conditions import Condition, DataSet, architectures, data_sets, make
from experiments.controls import (
    Unstopped,
    best_unstopped,
    by_protocol,
    matched_condition,
    matched_rate,
    numbers,
    unstopped_conditions,
    unstopped_figure,
)
from experiments.reporting import estimate_columns
from experiments.training_experiment import Outcomes, Report, experiment
from experiments.training_figures import (
    Panel,
    Rate,
    figure_name,
    rate_of,
    rates,
    section_name,
    shown,
    sorted_rows,
    success_rate,
)
from rnnjax import resampling
from rnnjax.cells import CELLS
from rnnjax.landscape import Architecture

_NAME, _CELLS = "capacity", ("rnn", "gru")
_FIGURES = {"FirstI": "4.6", "XorI": "4.7"}
_SUCCESS = 0.9
_CHANCE = 0.55  # above it a network has left chance: 4.5 standard errors of 2,000 coins


def conditions(config: ConfigDict, _: Outcomes) -> list[Condition]:
    """Data set x shape x cell, and the controls.

    Raises:
        UserError: a value that cannot be used.
    """
    found = []
    for data in data_sets(config, _NAME):
        shapes = _shapes(config)
        found += [make(config, _NAME, data, shape) for shape in shapes]
        for shape in shapes:
            found += unstopped_conditions(config, _NAME, data, shape)
            if config[_NAME].matched and shape.cell.name == "gru":
                found.append(matched_condition(config, _NAME, data, shape))
    return found


def report(config: ConfigDict, outcomes: Outcomes) -> Report:
    """Figures 4.6 and 4.7, and what C08 to C10 and C33 need."""
    figures: dict[str, Figure] = {}
    table, ratios = [], []
    for data in data_sets(config, _NAME):
        shapes = _shapes(config)
        pairs = best_unstopped(config, outcomes, data, shapes, _SUCCESS)
        figures |= _figures(config, outcomes, data, pairs)
        table += [_row(config, outcomes, data, shape, pairs.get(shape)) for shape in shapes]
        for protocol, accuracies in by_protocol(config, outcomes, data, shapes, pairs).items():
            ratios += [{"data": data.title, "protocol": protocol} | row for row in _ratios(accuracies)]
    tables = {"capacity_4_2_2.csv": table, "ratios_4_2_2.csv": ratios}
    return Report(figures, tables, {"capacity": table, "ratios": ratios})


def _figures(
    config: ConfigDict, outcomes: Outcomes, data: DataSet, pairs: dict[Architecture, Unstopped]
) -> dict[str, Figure]:
    """The thesis' figure, rates of all networks, and rates of those that were trained without early stop too."""
    figure, name = figure_name(_FIGURES, data.title)
    report, number = config.training.report, config[_NAME].shown_seeds
    own = {shape: outcomes[f"{data.title}/{shape.name}"] for shape in _shapes(config)}
    panels = []
    for shape, outcome in own.items():
        own_row, printed = shown(outcome, report, number), _printed_row(data, shape)
        read = f"thesis ({len(printed)} read)" if printed and len(printed) != number else "thesis"
        rows = {"here": own_row, read: np.array(printed) / 100} if printed else {"": own_row}
        panels.append(Panel(shape.title, rows))
    title = f"{figure}: validation accuracy of {number} initialisations on {data.title}, first draw"
    figures = {f"{name}.png": sorted_rows(title, panels)}
    lines = []
    for shape, outcome in own.items():
        rate = success_rate(outcome, report, _SUCCESS)
        lines.append(Rate(shape.title, rate, _printed_rate(data, shape), shape.cell.name))
        if config[_NAME].matched and shape.cell.name == "gru":
            lines.append(matched_rate(config, outcomes, data, shape, _SUCCESS))
    section = section_name("4.2.2", _FIGURES, data.title)
    title = f"{section}: networks above 90 % on {data.title} (inputs x hidden units)"
    x_label = "share above 90 % validation accuracy"
    figures[f"{name}_rates.png"] = rates(title, f"{x_label}, {numbers(outcome.accuracy(report))}", lines)
    if pairs:
        where, measure = f"{section}, {data.title}", partial(rate_of, threshold=_SUCCESS)
        figures[f"{name}_rates_unstopped.png"] = unstopped_figure(where, x_label, pairs, measure)
    return figures


def _shapes(config: ConfigDict) -> list[Architecture]:
    return architectures(_CELLS, config[_NAME].input_dims, config[_NAME].hidden_dims)


def _row(
    config: ConfigDict, outcomes: Outcomes, data: DataSet, shape: Architecture, pair: Unstopped | None
) -> dict[str, Any]:
    """A shape's best network and success rate, in per cent, thesis' numbers beside them."""
    accuracy = outcomes[f"{data.title}/{shape.name}"].accuracy(config.training.report)
    row = {"data": data.title, "architecture": shape.name, "networks": accuracy.size, "draws": len(accuracy)}
    row["best"] = 100 * accuracy.max()
    row |= _above_90("above_90", accuracy)
    printed, rate = _printed_row(data, shape), _printed_rate(data, shape)
    row["thesis_best"] = max(printed) if printed else _printed_best(data, shape)
    row["thesis_above_90"] = None if rate is None else 100 * rate
    if pair:
        row |= {"unstopped_learning_rates": pair.told, "unstopped_networks": pair.accuracy.size}
        row["unstopped_draws"] = len(pair.accuracy)
        row |= _above_90("unstopped_above_90", pair.accuracy)
        row |= _above_90("same_networks_stopped_above_90", pair.stopped)
    return row


def _above_90(name: str, accuracy: np.ndarray) -> dict[str, float]:
    """The share of accuracies [R, S] above 90 %, in per cent, with its interval's ends."""
    return estimate_columns(name, rate_of(accuracy, _SUCCESS), 100)


def _ratios(accuracies: dict[Architecture, np.ndarray]) -> list[dict[str, Any]]:
    """C09: how many times as often a GRU succeeds as an RNN of its shape; C33: how much each cell's seeds differ."""
    rows = []
    for gru in (shape for shape in accuracies if shape.cell.name == "gru"):
        both = {"rnn": accuracies[gru._replace(cell=CELLS["rnn"])], "gru": accuracies[gru]}
        successes = {cell: resampling.success(list(each), _SUCCESS) for cell, each in both.items()}
        row: dict[str, Any] = {"shape": gru.shape, "networks": both["gru"].size, "draws": len(both["gru"])}
        row |= estimate_columns("gru_to_rnn", resampling.ratio(successes["gru"], successes["rnn"]))
        row |= {f"{cell}_left_chance": int((each > _CHANCE).sum()) for cell, each in both.items()}
        rows.append(row | {f"{cell}_sd_of_seeds": 100 * float(each.std(1).mean()) for cell, each in both.items()})
    return rows


def _printed_row(data: DataSet, shape: Architecture) -> list[int] | None:
    if data.title != thesis.printed("figure_4_7", "dataset"):
        return None
    row: list[int] | None = thesis.printed("figure_4_7", "rows", shape.name)
    return row


def _printed_best(data: DataSet, shape: Architecture) -> float | None:
    if data.title != thesis.printed("figure_4_6", "dataset"):
        return None
    best: float | None = thesis.printed("figure_4_6", f"{shape.name}_max")
    return best


def _printed_rate(data: DataSet, shape: Architecture) -> float | None:
    row = _printed_row(data, shape)
    return sum(accuracy > 100 * _SUCCESS for accuracy in row) / len(row) if row else None


EXPERIMENT = experiment(_NAME, [conditions], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
