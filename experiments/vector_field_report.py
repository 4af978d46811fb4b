"""What section 4.3.3's figures and tables show, and which networks."""

from typing import Any

import numpy as np
from ml_collections import ConfigDict

from experiments.analysis import Measured, last_accuracy
from experiments.conditions import DataSet, data_sets
from experiments.outcomes import Outcome
from experiments.training_experiment import Outcomes, Report
from experiments.training_figures import figure_name
from experiments.vector_field_figures import Panel, Shown, correlations, curves, scatter, shares, vector_field
from experiments.vector_field_tables import NAME, changes, contrast_rows, correlation_rows, curve_rows, share_rows
from rnnjax import fields
from rnnjax.words import NEGATIVE, POSITIVE, STOP, words_of

SHOWN_CELL = "gru"
SHOWN_WORDS = np.array([words_of(kind)[0] for kind in (POSITIVE, NEGATIVE, STOP)])
# The thesis' accuracies of the networks in Figures 4.11 to 4.14.
TARGETS = {"CountII": {"success": 0.993, "failure": 0.512}, "FirstII": {"success": 0.926, "failure": 0.5}}
FIGURES = {"success": {"CountII": "4.11", "FirstII": "4.13"}, "failure": {"CountII": "4.12", "FirstII": "4.14"}}


def report(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> Report:
    """Figures 4.11 to 4.15, and what claims C16 to C18 need."""
    rows = list(share_rows(config, outcomes, measured))
    contrasts = list(contrast_rows(config, outcomes, measured))
    along = list(curve_rows(config, outcomes, measured))
    related = list(correlation_rows(config, outcomes, measured))
    figures, shown = {}, []
    for data in data_sets(config, NAME):
        for which, numbers in FIGURES.items():
            called, stem = figure_name(numbers, data.title)
            one = _shown(config, outcomes, measured, data, which)
            figures[f"{stem}.png"] = vector_field(called, one)
            shown.append({"figure": called} | _described(one))
        figures[f"figure_4_11_to_4_14_distance_{data.title}.png"] = curves(data.title, _of(along, data))
    figures["figure_4_11_to_4_14_shares.png"] = shares(rows)
    figures["figure_4_15.png"] = scatter([_panel(outcome, measured) for outcome in outcomes.values()], related)
    figures["figure_4_15_correlations.png"] = correlations(related)
    tables = {
        "field_4_3_3.csv": rows,
        "field_contrasts_4_3_3.csv": contrasts,
        "distance_4_3_3.csv": along,
        "correlation_4_15.csv": related,
        "shown_4_11_to_4_14.csv": shown,
    }
    return Report(figures, tables, {"shown": shown, "shares": rows, "contrasts": contrasts, "correlations": related})


def _of(rows: list[dict[str, Any]], data: DataSet) -> list[dict[str, Any]]:
    return [row for row in rows if row["data"] == data.title]


def _panel(outcome: Outcome, measured: Measured) -> Panel:
    x, y = changes(outcome, measured)
    return Panel(outcome.condition.data.title, outcome.condition.architecture.cell, x, y)


def _shown(config: ConfigDict, outcomes: Outcomes, measured: Measured, data: DataSet, which: str) -> Shown:
    outcome = outcomes[f"{data.title}/{SHOWN_CELL}_2x2"]
    here = f"shown/{data.title}/{which}"
    draw, seed = measured[f"{here}/network"]
    return Shown(
        outcome.condition.architecture,
        data.title,
        int(draw),
        int(seed),
        float(last_accuracy(outcome)[draw, seed]),
        TARGETS.get(data.title, {}).get(which),
        outcome["final"][:, draw, seed],
        fields.plane(config[NAME].points),
        measured[f"{here}/moves"],
        measured[f"{here}/states"],
        measured[f"{here}/kinds"],
    )


def _described(shown: Shown) -> dict[str, Any]:
    facts = {"data": shown.data, "draw": shown.draw, "seed": shown.seed, "accuracy": shown.accuracy}
    return facts | {"thesis": shown.thesis}
