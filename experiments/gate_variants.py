"""Section 4.5.2, Figure 4.18: which gate matters? RNN, reset-gate GRU, update-gate GRU, GRU.

    python -m experiments.gate_variants --config=configs/thesis.py

result.npz: see outcomes; conditions are named "CountII/gru_2x4", "CountII/unstopped_0.003/gru_2x4". In the tables
"thesis" is section 3.2's protocol, "unstopped" that without early stop, at each variant's best constant rate, and
"stopped" section 3.2's for the same networks as "unstopped".
"""

from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from ml_collections import ConfigDict

from experiments import runner, thesis
from experiments.conditions import Condition, DataSet, architectures, data_sets, make
from experiments.controls import (
    THESIS,
    Unstopped,
    best_unstopped,
    by_protocol,
    numbers,
    unstopped_conditions,
    unstopped_figure,
)
from experiments.reporting import estimate_columns
from experiments.training_experiment import Outcomes, Report, experiment
from experiments.training_figures import Rate, rate_of, rates, row_panels, sorted_rows
from rnnjax import resampling
from rnnjax.cells import CELLS
from rnnjax.landscape import Architecture
from rnnjax.statistics import Interval

_NAME, _SUCCESS = "gate_variants", 0.9
_CELLS = ("rnn", "reset_gate_gru", "update_gate_gru", "gru")


def conditions(config: ConfigDict, _: Outcomes) -> list[Condition]:
    """Data set x variant x hidden size, and the same without early stop.

    Raises:
        UserError: a value that cannot be used.
    """
    found = []
    for data in data_sets(config, _NAME):
        for shape in _shapes(config):
            found.append(make(config, _NAME, data, shape))
            found += unstopped_conditions(config, _NAME, data, shape)
    return found


def report(config: ConfigDict, outcomes: Outcomes) -> Report:
    """Figure 4.18 and claims C23 to C25."""
    wanted, sets = config[_NAME], data_sets(config, _NAME)
    named = {
        f"{data.title}, H = {h}": {
            shape.cell.title: outcomes[f"{data.title}/{shape.name}"] for shape in architectures(_CELLS, (2,), (h,))
        }
        for data in sets
        for h in wanted.hidden_dims
    }
    title = f"Figure 4.18: validation accuracy of {wanted.shown_seeds} initialisations, first draw"
    panels = row_panels(named, config.training.report, wanted.shown_seeds)
    figures, table = {"figure_4_18.png": sorted_rows(title, panels, 2)}, []
    for data in sets:
        pairs = best_unstopped(config, outcomes, data, _shapes(config), _SUCCESS)
        protocols = by_protocol(config, outcomes, data, _shapes(config), pairs)
        figures |= _figures(data, protocols[THESIS], pairs)
        for protocol, accuracies in protocols.items():
            table += _differences(data, protocol, accuracies)
    orders = _orders(sets, table)
    tables = {"gates_4_5_2.csv": table, "orders_4_5_2.csv": [_told(row) for row in orders]}
    return Report(figures, tables, {"differences": table, "orders": orders})


def _shapes(config: ConfigDict) -> list[Architecture]:
    return architectures(_CELLS, (2,), config[_NAME].hidden_dims)


def _figures(
    data: DataSet, accuracies: dict[Architecture, np.ndarray], pairs: dict[Architecture, Unstopped]
) -> dict[str, Figure]:
    """Mean accuracies and rates of all networks, and means of those that were trained without early stop too."""
    lines = [Rate(shape.title, _mean(values), None, shape.cell.name) for shape, values in accuracies.items()]
    title, name = f"Section 4.5.2: gate variants on {data.title}", f"figure_4_18_{data.title}_means"
    x_label, networks = "mean validation accuracy", numbers(next(iter(accuracies.values())))
    figures = {f"{name}.png": rates(f"{title}, section 3.2's protocol", f"{x_label}, {networks}", lines, means=True)}
    lines = [
        Rate(shape.title, rate_of(values, _SUCCESS), None, shape.cell.name) for shape, values in accuracies.items()
    ]
    share = f"share above {100 * _SUCCESS:.0f} % validation accuracy, {networks}"
    figures[f"figure_4_18_{data.title}_rates.png"] = rates(f"{title}, section 3.2's protocol", share, lines)
    if pairs:
        figures[f"{name}_unstopped.png"] = unstopped_figure(
            f"Section 4.5.2, {data.title}", x_label, pairs, _mean, means=True
        )
    return figures


def _mean(accuracy: np.ndarray) -> Interval:
    return resampling.mean(list(accuracy))


def _differences(data: DataSet, protocol: str, accuracies: dict[Architecture, np.ndarray]) -> list[dict[str, Any]]:
    """Every pair of variants of one size: differences of mean accuracy and of success rate, in per cent."""
    rows = []
    for (a, low), (b, high) in combinations(accuracies.items(), 2):
        if a.hidden_dim != b.hidden_dim:
            continue
        row = {"data": data.title, "protocol": protocol, "hidden": a.hidden_dim, "from": a.cell.name, "to": b.cell.name}
        row["networks"] = high.size
        row |= estimate_columns("mean_gain", resampling.difference(list(high), list(low)), 100)
        more, less = (resampling.success(list(each), _SUCCESS) for each in (high, low))
        rows.append(row | estimate_columns("above_90_gain", resampling.difference(more, less), 100))
    return rows


def _orders(sets: list[DataSet], table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """C23, C24: the variants by mean accuracy, best first, beside the thesis' order."""
    rows = []
    for data in sets:
        here = [row for row in table if row["data"] == data.title]
        for protocol, hidden in dict.fromkeys((row["protocol"], row["hidden"]) for row in here):
            gains = [row for row in here if (row["protocol"], row["hidden"]) == (protocol, hidden)]
            # A variant's wins against all others are its place.
            wins = dict.fromkeys(_CELLS, 0)
            for row in gains:
                wins[row["to"] if row["mean_gain_estimate"] > 0 else row["from"]] += 1
            order = sorted(_CELLS, key=lambda cell: -wins[cell])
            printed = thesis.printed("figure_4_18", "order_best_first", data.title)
            rows.append({"data": data.title, "protocol": protocol, "hidden": hidden, "order": order, "thesis": printed})
    return rows


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A row of _orders with its orders in words."""
    orders = {name: " > ".join(CELLS[cell].title for cell in row[name]) for name in ("order", "thesis") if row[name]}
    return row | orders


EXPERIMENT = experiment(_NAME, [conditions], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
