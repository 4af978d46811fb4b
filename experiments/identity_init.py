"""Section 4.4.1, Figure 4.16: a ReLU RNN that starts from the identity (Le, Jaitly and Hinton 2015), beside the RNN.

    python -m experiments.identity_init --config=configs/thesis.py

result.npz: see outcomes; conditions are named "CountII/rnn_2x2" and "CountII/relu_rnn_2x2".
"""

from typing import Any

from ml_collections import ConfigDict

from experiments import runner, thesis
from experiments.conditions import Condition, architectures, data_sets, make
from experiments.reporting import estimate_columns
from experiments.training_experiment import Outcomes, Report, experiment
from experiments.training_figures import Rate, rates, row_panels, sorted_rows, success_rate
from rnnjax import resampling
from rnnjax.cells import CELLS
from rnnjax.initializers import parse_sampler

_NAME, _CELLS = "identity_init", ("rnn", "relu_rnn")
_THRESHOLD = 0.65  # the thesis': "accuracy more than 65%"


def conditions(config: ConfigDict, _: Outcomes) -> list[Condition]:
    """Data set x cell x hidden size; the ReLU RNN starts from the identity.

    Raises:
        UserError: a value that cannot be used.
    """
    found = []
    for data in data_sets(config, _NAME):
        for shape in architectures(_CELLS, (2,), config[_NAME].hidden_dims):
            sampler = parse_sampler("identity:1" if shape.cell.name == "relu_rnn" else config.training.sampler)
            found.append(make(config, _NAME, data, shape, sampler=sampler))
    return found


def report(config: ConfigDict, outcomes: Outcomes) -> Report:
    """Figure 4.16 and claim C19."""
    wanted, report = config[_NAME], config.training.report
    named = {
        f"{CELLS[cell].title}, {data.title}": {
            f"H = {h}": outcomes[f"{data.title}/{cell}_2x{h}"] for h in wanted.hidden_dims
        }
        for data in data_sets(config, _NAME)
        for cell in _CELLS
    }
    panels = row_panels(named, report, wanted.shown_seeds)
    title = f"Figure 4.16: validation accuracy of {wanted.shown_seeds} initialisations, first draw"
    rows, table = [], []
    for data in data_sets(config, _NAME):
        for hidden in wanted.hidden_dims:
            row: dict[str, Any] = {"data": data.title, "hidden": hidden}
            both, accuracies = [], []
            for shape in architectures(_CELLS, (2,), (hidden,)):
                outcome = outcomes[f"{data.title}/{shape.name}"]
                accuracies.append(list(outcome.accuracy(report)))
                both.append(resampling.success(accuracies[-1], _THRESHOLD))
                rate, printed = success_rate(outcome, report, _THRESHOLD), _printed(data.title, shape.cell.name, hidden)
                rows.append(Rate(f"{shape.cell.title}, H = {hidden}, {data.title}", rate, printed, shape.cell.name))
                row |= estimate_columns(shape.cell.name, rate, 100)
                row[f"thesis_{shape.cell.name}"] = None if printed is None else 100 * printed
            if data.title == thesis.printed("figure_4_16", "dataset"):
                row["thesis_relu_rnn"] = f"> {10 * thesis.printed('figure_4_16', 'relu_rnn_above_65_more_than')}"
            row |= estimate_columns("gain", resampling.difference(both[1], both[0]), 100)
            table.append(
                row | estimate_columns("gain_of_mean", resampling.difference(accuracies[1], accuracies[0]), 100)
            )
    label = f"share of networks above {100 * _THRESHOLD:.0f} % validation accuracy"
    label += f", {wanted.draws} draws x {wanted.seeds} seeds"
    figures = {
        "figure_4_16.png": sorted_rows(title, panels, 2),
        "figure_4_16_rates.png": rates("Section 4.4.1: ReLU RNN with identity start beside the RNN", label, rows),
    }
    return Report(figures, {"identity_4_4_1.csv": table}, {"above_65": table})


def _printed(data: str, cell: str, hidden: int) -> float | None:
    """The thesis' share above 65 %, where it gives one: of the ReLU RNN it says "more than 8 out of 10"."""
    if data != thesis.printed("figure_4_16", "dataset"):
        return None
    if cell == "relu_rnn":
        return None
    number = thesis.printed("figure_4_16", "rnn_above_65", f"hidden_{hidden}")
    return None if number is None else number / thesis.printed("figure_4_16", "initialisations")


EXPERIMENT = experiment(_NAME, [conditions], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
