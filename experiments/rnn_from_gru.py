"""Section 4.4.2, Tables 4.1-4.4: RNNs that start from a trained GRU's weights, beside RNNs that start at random.

    python -m experiments.rnn_from_gru --config=configs/thesis.py

Copied are W_hn, b_hn and the readout, as the section says; the input weights are random, as its wording has it, and
copied too (config.rnn_from_gru.input_weights). Donors are GRUs above config.rnn_from_gru.donor_above; a donor's draw
and seed are its RNNs' too.
result.npz: see outcomes; conditions are named "CountII/gru_2x4" (all donors), "CountII/rnn_2x4" (random starts),
"CountII/input_weights_random/rnn_2x4", "CountII/input_weights_copied/rnn_2x4".
"""

from collections.abc import Callable, Sequence
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
from rnnjax.transplant import rnn_from_gru

_NAME, _SUCCESS = "rnn_from_gru", 0.9
_TABLES = {"CountII": ("4_1", "4_2"), "FirstII": ("4_3", "4_4")}


def donors(config: ConfigDict, _: Outcomes) -> list[Condition]:
    """GRUs, and RNNs that start at random.

    Raises:
        UserError: a value that cannot be used.
    """
    in_range(f"{_NAME}.donor_above", config[_NAME].donor_above, 0, 1)
    in_range(f"{_NAME}.shown_donors", config[_NAME].shown_donors, 1, 10**6)
    return random_starts(config, _NAME)


def recipients(config: ConfigDict, outcomes: Outcomes) -> list[Condition]:
    """An RNN from every GRU, input weights as config.rnn_from_gru.input_weights has them."""
    rnn, gru = both_cells(config, _NAME)
    return from_donors(config, _NAME, outcomes, gru, rnn, rnn_from_gru)


def report(config: ConfigDict, outcomes: Outcomes) -> Report:
    """Tables 4.1 to 4.4, every network as a figure, and claim C20."""
    tables: dict[str, Any] = {}
    figures, comparison = {}, []
    for data in data_sets(config, _NAME):
        numbers = _TABLES.get(data.title, (f"{data.title}_1", f"{data.title}_2"))
        tables[f"table_{numbers[0]}.csv"] = _from_gru(config, outcomes, data, f"table_{numbers[0]}")
        tables[f"table_{numbers[1]}.csv"] = _at_random(config, outcomes, data, f"table_{numbers[1]}")
        rnn, gru = both_cells(config, _NAME)
        accepted = _accepted(config, outcomes, data)
        at_random = outcomes[f"{data.title}/{rnn.name}"].accuracy(config.training.report)
        rows: dict[str, tuple[Sequence[np.ndarray], str]] = {"random start, all": (list(at_random), "rnn")}
        if accepted.any():
            rows["random start, the donors' seeds"] = resampling.of_chosen(at_random, accepted), "rnn"
        for weights in readings(config, _NAME):
            accuracy = outcomes[name_of(data, weights, rnn)].accuracy(config.training.report)
            if accepted.any():
                rows[f"from a GRU, input weights {weights}"] = resampling.of_chosen(accuracy, accepted), "relu_rnn"
            comparison.append(_comparison(config, outcomes, data, weights, accepted))
        rows["the GRUs, all"] = list(outcomes[f"{data.title}/{gru.name}"].accuracy(config.training.report)), "gru"
        title = f"Tables {' and '.join(numbers).replace('_', '.')}: RNNs that start at random, or from GRUs above"
        title += f" {100 * config[_NAME].donor_above:.0f} %; {data.title}, H = {rnn.hidden_dim}"
        file = f"figure_tables_{'_and_'.join(numbers)}"
        figures[f"{file}.png"], figures[f"{file}_rates.png"] = strips_and_rates(title, rows, _SUCCESS)
    tables["rnn_from_gru_4_4_2.csv"] = comparison
    return Report(figures, tables, {"comparison": comparison})


def _accepted(config: ConfigDict, outcomes: Outcomes, data: DataSet) -> np.ndarray:
    """[R, S], which GRUs are trained well enough to be donors: after the last epoch, whose weights are transplanted."""
    accuracy = outcomes[f"{data.title}/{both_cells(config, _NAME)[1].name}"].accuracy("last")
    return np.asarray(accuracy > config[_NAME].donor_above)


def _from_gru(config: ConfigDict, outcomes: Outcomes, data: DataSet, table: str) -> list[dict[str, Any]]:
    """The first accepted donors, draw by draw, beside the thesis' three."""
    rnn, gru = both_cells(config, _NAME)
    report, printed = config.training.report, thesis.printed(table, "values") or []
    rows = []
    for i, (draw, seed) in enumerate(np.argwhere(_accepted(config, outcomes, data))[: config[_NAME].shown_donors]):
        of_gru = outcomes[f"{data.title}/{gru.name}"].accuracy("last")[draw, seed]
        row = {"initialization": i + 1, "draw": int(draw), "seed": int(seed), "gru": 100 * float(of_gru)}
        for weights in readings(config, _NAME):
            accuracy = outcomes[name_of(data, weights, rnn)].accuracy(report)
            row[f"rnn_input_weights_{weights}"] = 100 * float(accuracy[draw, seed])
        rows.append(row | {"thesis": printed[i] if i < len(printed) else None})
    return rows or [{"initialization": "no GRU is above the donors' accuracy"}]


def _at_random(config: ConfigDict, outcomes: Outcomes, data: DataSet, table: str) -> list[dict[str, Any]]:
    """Maximum, mean and minimum of RNNs that start at random: the first draw's, and all."""
    accuracy = 100 * outcomes[f"{data.title}/{both_cells(config, _NAME)[0].name}"].accuracy(config.training.report)
    first = accuracy[0, : config[_NAME].shown_seeds]
    measures: dict[str, Callable[[np.ndarray], float]] = {"max": np.max, "mean": np.mean, "min": np.min}
    return [
        {
            "metric": name,
            f"first_draw_{len(first)}_networks": float(measure(first)),
            f"all_{accuracy.size}_networks": float(measure(accuracy)),
            "thesis": thesis.printed(table, name),
        }
        for name, measure in measures.items()
    ]


def _comparison(
    config: ConfigDict, outcomes: Outcomes, data: DataSet, weights: str, accepted: np.ndarray
) -> dict[str, Any]:
    """RNNs from accepted donors against the same draws' and seeds' random starts, in per cent."""
    rnn, report = both_cells(config, _NAME)[0], config.training.report
    names = name_of(data, weights, rnn), f"{data.title}/{rnn.name}"
    pairs = [resampling.of_chosen(outcomes[name].accuracy(report), accepted) for name in names]
    row: dict[str, Any] = {
        "data": data.title,
        "input_weights": weights,
        "donors": int(accepted.sum()),
        "draws": len(pairs[0]),
    }
    if not pairs[0]:
        return row
    for which, values in zip(("from_gru", "random"), pairs, strict=True):
        row[f"{which}_mean"] = 100 * resampling.mean(values).estimate
        row[f"{which}_min"] = 100 * float(min(map(np.min, values)))
    return row | estimate_columns("gain", resampling.difference(pairs[0], pairs[1]), 100)


EXPERIMENT = experiment(_NAME, [donors, recipients], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
