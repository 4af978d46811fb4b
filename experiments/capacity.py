"""Section 4.2.2, Figures 4.6 and 4.7: can networks of the smallest shapes learn it at all?

    python -m experiments.capacity --config=configs/thesis.py

Thirty initialisations of each shape; beside the thesis' protocol the same networks without early stop at
constant learning rates (untrainable, or stopped?), and RNNs with about as many parameters as the GRU.
result.npz: see outcomes; conditions are named "FirstI/gru_2x4", "FirstI/unstopped_0.003/gru_2x4",
"FirstI/matched_gru_2x4/rnn_2x8".
"""

from typing import Any

from ml_collections import ConfigDict

from experiments import runner, thesis
from experiments.conditions import Condition, DataSet, architectures, data_sets, make
from experiments.controls import best_unstopped, matched_condition, matched_name, unstopped_conditions
from experiments.training_experiment import Outcomes, Report, as_dict, experiment
from experiments.training_figures import Panel, Rate, figure_name, rate_of, rates, shown, sorted_rows, success_rate
from rnnjax import resampling
from rnnjax.landscape import Architecture

_NAME, _CELLS = "capacity", ("rnn", "gru")
_FIGURES = {"FirstI": "4.6", "XorI": "4.7"}
_SUCCESS = 0.9
_CHANCE = 0.55  # above it a network has left chance: 4.5 standard errors of 2,000 coins


def conditions(config: ConfigDict, _: Outcomes) -> list[Condition]:
    """Data set x shape x cell, and the controls."""
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
    """Figures 4.6 and 4.7, and what C08 to C10 need."""
    figures, table = {}, []
    for data in data_sets(config, _NAME):
        figure, name = figure_name(_FIGURES, data.title)
        number_shown = config[_NAME].shown_seeds
        panels = [
            Panel(
                shape.title, {"": shown(outcomes[f"{data.title}/{shape.name}"], config.training.report, number_shown)}
            )
            for shape in _shapes(config)
        ]
        title = f"{figure}: validation accuracy of {number_shown} initialisations on {data.title}, first draw"
        figures[f"{name}.png"] = sorted_rows(title, panels)
        rows = list(_rates(config, outcomes, data))
        title = f"Section 4.2.2: networks above 90 % on {data.title} (inputs x hidden units)"
        figures[f"{name}_rates.png"] = rates(title, "share of networks above 90 % validation accuracy", rows)
        table += [_row(config, outcomes, data, shape) for shape in _shapes(config)]
    ratios = [row for data in data_sets(config, _NAME) for row in _ratios(config, outcomes, data)]
    tables = {"capacity_4_2_2.csv": table, "ratios_4_2_2.csv": ratios}
    return Report(figures, tables, {"capacity": table, "ratios": ratios})


def _shapes(config: ConfigDict) -> list[Architecture]:
    return architectures(_CELLS, config[_NAME].input_dims, config[_NAME].hidden_dims)


def _rates(config: ConfigDict, outcomes: Outcomes, data: DataSet) -> list[Rate]:
    """Of every shape: the thesis' protocol, without early stop at the best rate, and the matched RNN."""
    found = []
    for shape in _shapes(config):
        report, cell = config.training.report, shape.cell.name
        own = success_rate(outcomes[f"{data.title}/{shape.name}"], report, _SUCCESS)
        found.append(Rate(shape.title, own, _printed_rate(data, shape), cell))
        if best := best_unstopped(config, outcomes, data, shape, _SUCCESS):
            found.append(Rate(f"{shape.title}, {best.title}", rate_of(best.accuracy, _SUCCESS), None, cell))
        if config[_NAME].matched and cell == "gru":
            outcome = outcomes[matched_name(data, shape)]
            label = f"{outcome.condition.architecture.title}, parameters as {shape.title}"
            found.append(Rate(label, success_rate(outcome, report, _SUCCESS), None, "rnn"))
    return found


def _row(config: ConfigDict, outcomes: Outcomes, data: DataSet, shape: Architecture) -> dict[str, Any]:
    """A shape's best network and success rate, in per cent, thesis' numbers beside them."""
    outcome = outcomes[f"{data.title}/{shape.name}"]
    accuracy = outcome.accuracy(config.training.report)
    successes = resampling.success(list(accuracy), _SUCCESS)
    rate = {f"above_90_{name}": 100 * value for name, value in as_dict(resampling.mean(successes)).items()}
    row = {
        "data": data.title,
        "architecture": shape.name,
        "networks": accuracy.size,
        "best": 100 * accuracy.max(),
        **rate,
    }
    printed = _printed_row(data, shape)
    row["thesis_best"] = max(printed) if printed else _printed_best(data, shape)
    printed_rate = _printed_rate(data, shape)
    row["thesis_above_90"] = None if printed_rate is None else 100 * printed_rate
    if best := best_unstopped(config, outcomes, data, shape, _SUCCESS):
        row |= {"unstopped_learning_rate": best.learning_rate, "unstopped_networks": best.accuracy.size}
        row |= {"unstopped_above_90": 100 * rate_of(best.accuracy, _SUCCESS).estimate}
        if len(best.accuracy) <= len(accuracy) and best.seeds.max() < accuracy.shape[1]:
            same = accuracy[: len(best.accuracy), best.seeds]
            row |= {"same_networks_stopped_above_90": 100 * rate_of(same, _SUCCESS).estimate}
    return row


def _ratios(config: ConfigDict, outcomes: Outcomes, data: DataSet) -> list[dict[str, Any]]:
    """C09: how many times as often a GRU succeeds as an RNN of its shape; C33: how much each cell's seeds differ."""
    rows = []
    for rnn, gru in zip(
        *(architectures((c,), config[_NAME].input_dims, config[_NAME].hidden_dims) for c in _CELLS), strict=True
    ):
        both = [outcomes[f"{data.title}/{shape.name}"].accuracy(config.training.report) for shape in (rnn, gru)]
        successes = [resampling.success(list(each), _SUCCESS) for each in both]
        row: dict[str, Any] = {"data": data.title, "shape": rnn.shape}
        row |= {f"gru_to_rnn_{end}": v for end, v in as_dict(resampling.ratio(successes[1], successes[0])).items()}
        row |= {f"{c}_left_chance": int((each > _CHANCE).sum()) for c, each in zip(_CELLS, both, strict=True)}
        rows.append(
            row | {f"{c}_sd_of_seeds": 100 * float(each.std(1).mean()) for c, each in zip(_CELLS, both, strict=True)}
        )
    return rows


def _printed_row(data: DataSet, shape: Architecture) -> list[int] | None:
    if data.title != thesis.percent("figure_4_7", "dataset"):
        return None
    row: list[int] | None = thesis.percent("figure_4_7", "rows", shape.name)
    return row


def _printed_best(data: DataSet, shape: Architecture) -> float | None:
    if data.title != thesis.percent("figure_4_6", "dataset"):
        return None
    best: float | None = thesis.percent("figure_4_6", f"{shape.name}_max")
    return best


def _printed_rate(data: DataSet, shape: Architecture) -> float | None:
    row = _printed_row(data, shape)
    return sum(accuracy > 100 * _SUCCESS for accuracy in row) / len(row) if row else None


EXPERIMENT = experiment(_NAME, [conditions], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
