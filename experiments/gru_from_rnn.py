"""Section 4.4.3, Tables 4.5 and 4.6: GRUs that start from a trained RNN's weights; the control starts at random.

    python -m experiments.gru_from_rnn --config=configs/thesis.py

Copied are W_hh, b_hh (to the candidate's rows) and the readout; gates are random, input weights random and
copied (config.gru_from_rnn.input_weights).
Thesis leaves open: its text takes RNNs below 60 %, its Table 4.5 shows some at 75 and 80 %; here: a GRU is
trained from every RNN, and reported for RNNs below config.gru_from_rnn.donor_below and for all.
result.npz: see outcomes; conditions are named "CountII/rnn_2x4" (all donors), "CountII/gru_2x4" (random starts),
"CountII/input_weights_random/gru_2x4", "CountII/input_weights_copied/gru_2x4".
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from experiments import runner, thesis
from experiments.conditions import Condition, DataSet, data_sets
from experiments.reporting import estimate_columns
from experiments.training_experiment import Outcomes, Report, experiment
from experiments.training_figures import strips_and_rates
from experiments.transplants import both_cells, from_donors, name_of, random_starts, readings
from rnnjax import resampling
from rnnjax.errors import in_range
from rnnjax.transplant import gru_from_rnn

_NAME, _SUCCESS = "gru_from_rnn", 0.9
_TABLES = {"CountII": "4_5", "FirstII": "4_6"}


def donors(config: ConfigDict, _: Outcomes) -> list[Condition]:
    """RNNs, and the control: GRUs that start at random.

    Raises:
        UserError: a value that cannot be used.
    """
    in_range(f"{_NAME}.donor_below", config[_NAME].donor_below, 0, 1)
    in_range(f"{_NAME}.shown_donors", config[_NAME].shown_donors, 1, 10**6)
    return random_starts(config, _NAME)


def recipients(config: ConfigDict, outcomes: Outcomes) -> list[Condition]:
    """A GRU from every RNN, input weights as config.gru_from_rnn.input_weights has them."""
    rnn, gru = both_cells(config, _NAME)
    return from_donors(config, _NAME, outcomes, rnn, gru, gru_from_rnn)


def report(config: ConfigDict, outcomes: Outcomes) -> Report:
    """Tables 4.5 and 4.6, every network as a figure, and claim C21."""
    tables: dict[str, Any] = {}
    figures, comparison = {}, []
    rnn, gru = both_cells(config, _NAME)
    for data in data_sets(config, _NAME):
        number = _TABLES.get(data.title, data.title)
        tables[f"table_{number}.csv"] = _table(config, outcomes, data, f"table_{number}")
        of_rnn = outcomes[f"{data.title}/{rnn.name}"].accuracy("last")  # of the weights that are transplanted
        rows: dict[str, tuple[Sequence[np.ndarray], str]] = {"the RNNs, all": (list(of_rnn), "rnn")}
        groups = _groups(config, data, of_rnn)
        worse = {_title(name): chosen for name, chosen in groups.items() if name != "all" and chosen.any()}
        for weights in readings(config, _NAME):
            accuracy = outcomes[name_of(data, weights, gru)].accuracy(config.training.report)
            rows[f"from all RNNs, input weights {weights}"] = list(accuracy), "update_gate_gru"
            for name, chosen in worse.items():
                rows[f"from {name}, input weights {weights}"] = (
                    resampling.of_chosen(accuracy, chosen),
                    "reset_gate_gru",
                )
            for name, chosen in groups.items():
                comparison.append(_comparison(config, outcomes, data, weights, name, chosen))
        control = outcomes[f"{data.title}/{gru.name}"].accuracy(config.training.report)
        for name, chosen in worse.items():
            rows[f"GRU, random start, seeds of {name}"] = resampling.of_chosen(control, chosen), "gru"
        rows["GRU, random start, all"] = list(control), "gru"
        title = f"Table {number.replace('_', '.')}: GRUs that start at random, or from RNNs"
        title += f" (failed: below {100 * config[_NAME].donor_below:.0f} %)" if groups["failed"].any() else ""
        title += f"; {data.title}, H = {gru.hidden_dim}"
        file = f"figure_table_{number}"
        figures[f"{file}.png"], figures[f"{file}_rates.png"] = strips_and_rates(title, rows, _SUCCESS)
    tables["gru_from_rnn_4_4_3.csv"] = comparison
    return Report(figures, tables, {"comparison": comparison})


def _table(config: ConfigDict, outcomes: Outcomes, data: DataSet, table: str) -> list[dict[str, Any]]:
    """The first RNNs below the donors' accuracy, draw by draw; if they are too few, the worst of the others."""
    rnn, gru = both_cells(config, _NAME)
    report, of_rnn = config.training.report, outcomes[f"{data.title}/{rnn.name}"].accuracy("last")
    failed = np.argwhere(of_rnn < config[_NAME].donor_below)
    others = np.argwhere(of_rnn >= config[_NAME].donor_below)
    others = others[np.argsort([of_rnn[tuple(place)] for place in others], kind="stable")]
    printed = [thesis.printed(table, name) or [] for name in ("rnn", "gru_from_rnn")]
    rows = []
    for i, (draw, seed) in enumerate(np.concatenate([failed, others])[: config[_NAME].shown_donors]):
        row: dict[str, Any] = {
            "initialization": i + 1,
            "draw": int(draw),
            "seed": int(seed),
            "rnn": 100 * float(of_rnn[draw, seed]),
        }
        for weights in readings(config, _NAME):
            accuracy = outcomes[name_of(data, weights, gru)].accuracy(report)
            row[f"gru_input_weights_{weights}"] = 100 * float(accuracy[draw, seed])
        row["gru_random_start"] = 100 * float(outcomes[f"{data.title}/{gru.name}"].accuracy(report)[draw, seed])
        for name, each in zip(("rnn", "gru"), printed, strict=True):
            row[f"thesis_{name}"] = each[i] if i < len(each) else None
        rows.append(row)
    return rows


def _groups(config: ConfigDict, data: DataSet, of_rnn: np.ndarray) -> dict[str, np.ndarray]:
    """Which donors are compared: those that fail, those that the thesis calls failed (C21), all."""
    below, in_thesis = config[_NAME].donor_below, thesis.FAILED_BELOW.get(data.title)
    found = {"failed": of_rnn < below}
    if in_thesis not in (None, below):
        found[f"below {100 * in_thesis:g} %"] = of_rnn < in_thesis
    return found | {"all": np.ones_like(of_rnn, bool)}


def _title(group: str) -> str:
    return "failed RNNs" if group == "failed" else f"RNNs {group}"


def _comparison(
    config: ConfigDict, outcomes: Outcomes, data: DataSet, weights: str, which: str, chosen: np.ndarray
) -> dict[str, Any]:
    """GRUs from chosen donors against the same draws' and seeds' random starts: success and gain, in per cent."""
    report, (rnn, gru) = config.training.report, both_cells(config, _NAME)

    def of(name: str, epoch: str = report) -> list[np.ndarray]:
        return resampling.of_chosen(outcomes[name].accuracy(epoch), chosen)

    draws = int(chosen.any(1).sum())
    row: dict[str, Any] = {
        "data": data.title, "input_weights": weights, "donors": which,
        "networks": int(chosen.sum()), "draws": draws,
    }  # fmt: skip
    if not draws:
        return row
    grown, control = of(name_of(data, weights, gru)), of(f"{data.title}/{gru.name}")
    rates = [resampling.success(each, _SUCCESS) for each in (grown, control)]
    measures = {
        "above_90": resampling.mean(rates[0]),
        "control_above_90": resampling.mean(rates[1]),
        "above_90_minus_control": resampling.difference(rates[0], rates[1]),
        "gain_over_rnn": resampling.difference(grown, of(f"{data.title}/{rnn.name}", "last")),
        "gain_over_control": resampling.difference(grown, control),
    }
    for name, interval in measures.items():
        row |= estimate_columns(name, interval, 100)
    return row


EXPERIMENT = experiment(_NAME, [donors, recipients], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
