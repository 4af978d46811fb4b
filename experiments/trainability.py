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
from experiments.training_figures import Panel, Rate, heat_maps, rates, success_rate
from rnnjax import resampling
from rnnjax.separability import kind_margins

_NAME, _CELLS = "trainability", ("rnn", "gru")
_FIGURES = {"first": "4.4", "xor": "4.5"}
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
        number = _FIGURES.get(data.label, "4.4")
        suffix = "" if data.label in _FIGURES else f"_{data.title}"
        name = f"figure_{number.replace('.', '_')}{suffix}"
        figures[f"{name}.png"] = heat_maps(
            f"Figure {number}: validation accuracy on {data.title}, first draw",
            [panel for cell in _CELLS for panel in _panels(config, outcomes, data.title, cell)],
            [str(d) for d in wanted.input_dims],
            "inputs",
            "hidden units H",
            min(3, wanted.shown_seeds),
        )
        rows = []
        for shape in architectures(_CELLS, wanted.input_dims, wanted.hidden_dims):
            names = {shape.title: f"{data.title}/{shape.name}"}
            if best := best_unstopped(config, outcomes, data, shape, _SUCCESS):
                names[f"{shape.title}, no early stop, rate {best[0]:g}"] = best[1]
            if wanted.matched and shape.cell.name == "gru":
                names[f"RNN, parameters as {shape.title}"] = matched_name(data, shape)
            for label, name in names.items():
                rate = success_rate(outcomes[name], config.training.report, _SUCCESS)
                rows.append(Rate(label, rate, None, outcomes[name].condition.architecture.cell.name))
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
    return row


def _margins(config: ConfigDict) -> dict[str, list[dict[str, float]]]:
    """By input dimension: each draw's margins between kinds of words."""
    data, draws = data_sets(config, _NAME)[0], range(config[_NAME].draws)
    return {str(d): [kind_margins(draw_embedding(config, data, i, d)) for i in draws] for d in config[_NAME].input_dims}


EXPERIMENT = experiment(_NAME, [conditions], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
