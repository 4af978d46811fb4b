"""Section 4.2.1, Figures 4.4 and 4.5: how often networks of 16 shapes train.

    python -m experiments.trainability --config=configs/thesis.py

result.npz: see outcomes; conditions are named "FirstI/gru_15x16". Thesis leaves open: the input axis is
confounded with separability (ten words in general position are separable in every way from nine dimensions on);
the summary has the margins.
"""

from typing import Any

import numpy as np
from ml_collections import ConfigDict

from experiments import runner, thesis
from experiments.conditions import Condition, architectures, data_sets, draw_embedding, make
from experiments.controls import best_unstopped, matched_condition, matched_name, unstopped_conditions
from experiments.training_experiment import Outcomes, Report, as_dict, experiment
from experiments.training_figures import Panel, Rate, figure_name, heat_maps, rate_of, rates, success_rate
from rnnjax import resampling
from rnnjax.separability import kind_margins

_NAME, _CELLS = "trainability", ("rnn", "gru")
_FIGURES = {"FirstI": "4.4", "XorI": "4.5"}
_SUCCESS, _DECENT = 0.9, 0.7


def conditions(config: ConfigDict, _: Outcomes) -> list[Condition]:
    """Data set x cell x input and hidden size, and the controls that are asked for."""
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
    wanted, figures, table = config[_NAME], {}, []
    for data in data_sets(config, _NAME):
        figure, name = figure_name(_FIGURES, data.title)
        figures[f"{name}.png"] = heat_maps(
            f"{figure}: validation accuracy on {data.title}, first draw",
            [panel for cell in _CELLS for panel in _panels(config, outcomes, data.title, cell)],
            [str(d) for d in wanted.input_dims],
            "inputs",
            "hidden units H",
            min(3, wanted.shown_seeds),
        )
        rows = []
        for shape in architectures(_CELLS, wanted.input_dims, wanted.hidden_dims):
            rate = success_rate(outcomes[f"{data.title}/{shape.name}"], config.training.report, _SUCCESS)
            rows.append(Rate(shape.title, rate, None, shape.cell.name))
            if best := best_unstopped(config, outcomes, data, shape, _SUCCESS):
                rows.append(
                    Rate(f"{shape.title}, {best.title}", rate_of(best.accuracy, _SUCCESS), None, shape.cell.name)
                )
            if wanted.matched and shape.cell.name == "gru":
                rate = success_rate(outcomes[matched_name(data, shape)], config.training.report, _SUCCESS)
                rows.append(Rate(f"RNN, parameters as {shape.title}", rate, None, "rnn"))
        title = (
            f"Section 4.2.1: networks above 90 % on {data.title}, {wanted.draws} draws x {wanted.seeds} seeds a shape"
        )
        figures[f"{name}_rates.png"] = rates(title, "share of networks above 90 % validation accuracy", rows)
        table.append(_overall(config, outcomes, data.title))
    summary = {"overall": table, "margins": _margins(config)}
    return Report(figures, {"overall_4_2_1.csv": table}, summary)


def _panels(config: ConfigDict, outcomes: Outcomes, data: str, cell: str) -> list[Panel]:
    """One heat map an initialisation: hidden units down, inputs across."""
    wanted, panels = config[_NAME], []
    for seed in range(wanted.shown_seeds):
        rows = {}
        for hidden in wanted.hidden_dims:
            shapes = architectures((cell,), wanted.input_dims, (hidden,))
            found = [outcomes[f"{data}/{shape.name}"].accuracy(config.training.report)[0, seed] for shape in shapes]
            rows[str(hidden)] = np.array(found)
        panels.append(Panel(f"{shapes[0].cell.title}, initialisation {seed + 1}", rows))
    return panels


def _overall(config: ConfigDict, outcomes: Outcomes, data: str) -> dict[str, Any]:
    """Both cells over all shapes; of the thesis what it prints."""
    wanted = config[_NAME]
    row: dict[str, Any] = {"data": data}
    everything = {}
    for cell in _CELLS:
        shapes = architectures((cell,), wanted.input_dims, wanted.hidden_dims)
        accuracy = [outcomes[f"{data}/{shape.name}"].accuracy(config.training.report) for shape in shapes]
        # A draw's seeds of all shapes belong together.
        everything[cell] = [np.concatenate([each[d] for each in accuracy]) for d in range(wanted.draws)]
        shown = np.concatenate([each[0, : wanted.shown_seeds] for each in accuracy])
        row |= {f"{cell}_shown_networks": len(shown), f"{cell}_shown_above_90": int((shown > _SUCCESS).sum())}
        row |= {f"{cell}_shown_decent": int((shown >= _DECENT).sum())}
        for name, value in as_dict(resampling.mean(resampling.success(everything[cell], _SUCCESS))).items():
            row[f"{cell}_above_90_{name}"] = 100 * value
    successes = [resampling.success(everything[cell], _SUCCESS) for cell in ("gru", "rnn")]
    for name, value in as_dict(resampling.difference(successes[0], successes[1])).items():
        row[f"gru_minus_rnn_{name}"] = 100 * value
    if data == thesis.percent("figure_4_5", "dataset"):
        row["thesis_rnn_decent"] = thesis.percent("figure_4_5", "rnn_decent_runs")
    if data == thesis.percent("figure_4_4", "dataset"):
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
        shapes = [s.name for s in architectures(("rnn",), inputs, hidden) if f"{data}/{s.name}" in outcomes]
        if shapes:
            shown = [outcomes[f"{data}/{s}"].accuracy(config.training.report)[0, : wanted.shown_seeds] for s in shapes]
            row |= {name: 100 * float(np.max(shown)), f"thesis_{name}": thesis.percent("figure_4_4", printed)}
    return row


def _margins(config: ConfigDict) -> dict[str, list[dict[str, float]]]:
    """By input dimension: each draw's margins between kinds of words."""
    data, draws = data_sets(config, _NAME)[0], range(config[_NAME].draws)
    return {str(d): [kind_margins(draw_embedding(config, data, i, d)) for i in draws] for d in config[_NAME].input_dims}


EXPERIMENT = experiment(_NAME, [conditions], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
