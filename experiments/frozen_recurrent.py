"""Section 4.5.1, Figure 4.17: a GRU whose recurrent candidate weights keep their random start.

    python -m experiments.frozen_recurrent --config=configs/thesis.py

Frozen: W_hn and b_hn of equation (1.4). The same seeds' RNNs stand beside it, with which the section compares.
result.npz: see outcomes; conditions are named "CountII/gru_2x2", "CountII/frozen/gru_2x2", "CountII/rnn_2x2".
"""

from typing import Any

from ml_collections import ConfigDict

from experiments import runner, thesis
from experiments.conditions import Condition, architectures, data_sets, different, listed, make
from experiments.outcomes import Outcome
from experiments.reporting import estimate_columns
from experiments.training_experiment import Outcomes, Report, experiment
from experiments.training_figures import Rate, rates, row_panels, sorted_rows, success_rate
from rnnjax import resampling

_NAME, _SUCCESS = "frozen_recurrent", 0.9
_TITLES = {"gru": "GRU", "frozen": "Modified GRU (frozen)", "rnn": "RNN"}


def conditions(config: ConfigDict, _: Outcomes) -> list[Condition]:
    """Data set x hidden size: GRU, GRU with frozen recurrent candidate weights, RNN.

    Raises:
        UserError: a value that cannot be used.
    """
    found = []
    different(f"{_NAME}.frozen", listed(config[_NAME].frozen))
    for data in data_sets(config, _NAME):
        for rnn, gru in zip(
            *(architectures((c,), (2,), config[_NAME].hidden_dims) for c in ("rnn", "gru")), strict=True
        ):
            found += [make(config, _NAME, data, gru), make(config, _NAME, data, rnn)]
            found.append(make(config, _NAME, data, gru, "frozen", frozen=tuple(listed(config[_NAME].frozen))))
    return found


def report(config: ConfigDict, outcomes: Outcomes) -> Report:
    """Figure 4.17 and claim C22."""
    wanted, report = config[_NAME], config.training.report
    sets = data_sets(config, _NAME)
    named = {
        f"{_TITLES[kind]}, {data.title}": {f"H = {h}": _of(outcomes, data.title, kind, h) for h in wanted.hidden_dims}
        for data in sets
        for kind in ("gru", "frozen")
    }
    title = f"Figure 4.17: validation accuracy of {wanted.shown_seeds} initialisations, first draw"
    rows, table = [], []
    for data in sets:
        for hidden in wanted.hidden_dims:
            row: dict[str, Any] = {"data": data.title, "hidden": hidden}
            successes = {}
            for kind, text in _TITLES.items():
                outcome = _of(outcomes, data.title, kind, hidden)
                rate, printed = success_rate(outcome, report, _SUCCESS), _printed(data.title, kind, hidden)
                colour = "update_gate_gru" if kind == "frozen" else kind
                rows.append(Rate(f"{text}, H = {hidden}, {data.title}", rate, printed, colour))
                successes[kind] = resampling.success(list(outcome.accuracy(report)), _SUCCESS)
                row |= estimate_columns(kind, rate, 100)
                row[f"thesis_{kind}"] = None if printed is None else 100 * printed
            for other in ("gru", "rnn"):
                gain = resampling.difference(successes["frozen"], successes[other])
                row |= estimate_columns(f"frozen_minus_{other}", gain, 100)
            table.append(row)
    label = f"share of networks above 90 % validation accuracy, {wanted.draws} draws x {wanted.seeds} seeds"
    figures = {
        "figure_4_17.png": sorted_rows(title, row_panels(named, report, wanted.shown_seeds), 2),
        "figure_4_17_rates.png": rates("Section 4.5.1: frozen recurrent candidate weights", label, rows),
    }
    return Report(figures, {"frozen_4_5_1.csv": table}, {"above_90": table})


def _of(outcomes: Outcomes, data: str, kind: str, hidden: int) -> Outcome:
    return outcomes[f"{data}/frozen/gru_2x{hidden}" if kind == "frozen" else f"{data}/{kind}_2x{hidden}"]


def _printed(data: str, kind: str, hidden: int) -> float | None:
    number = thesis.printed("figure_4_17", data, f"hidden_{hidden}", kind)
    return None if number is None else number / thesis.printed("figure_4_17", "initialisations")


EXPERIMENT = experiment(_NAME, [conditions], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
