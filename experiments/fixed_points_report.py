"""What experiments.fixed_points shows."""

from typing import Any

import numpy as np
from ml_collections import ConfigDict

from experiments import fixed_points_figures as drawn
from experiments.analysis import Measured, last_accuracy
from experiments.conditions import data_sets
from experiments.fixed_points_tables import NAME, arrays_of, contrasts, rows, slowest_stable
from experiments.group_figures import BEFORE
from experiments.success_groups import ALL, by_stage
from experiments.training_experiment import Outcomes, Report
from rnnjax.stability import time_constants
from rnnjax.words import KINDS, STOP, words_of


def report(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> Report:
    """Numbers of points, what stop words do in the long run, time constants; all of groups of networks."""
    table, compared = list(rows(config, outcomes, measured)), list(contrasts(config, outcomes, measured))
    figures = {}
    for data in data_sets(config, NAME):
        mine = [row for row in table if row["data"] == data.title]
        figures[f"figure_fixed_points_{data.title}.png"] = drawn.numbers(data.title, mine)
        figures[f"figure_fixed_points_stop_words_{data.title}.png"] = drawn.stop_words(data.title, mine)
    columns = _time_constants(config, outcomes, measured)
    figures["figure_fixed_points_time_constants.png"] = drawn.time_constants(columns, config.data.sentence_length)
    tables = {"fixed_points.csv": table, "fixed_points_contrasts.csv": compared}
    stop_words = [row for row in table if row["words"] == KINDS[STOP]]
    return Report(figures, tables, {"stop_words": stop_words, "contrasts": compared} | _missed(table))


def _time_constants(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> dict[str, dict[str, drawn.Slowest]]:
    """Of every panel and group those of the stop words that have a stable point."""
    found: dict[str, dict[str, drawn.Slowest]] = {}
    for outcome in outcomes.values():
        architecture = outcome.condition.architecture
        title = f"{architecture.cell.title}, H = {architecture.hidden_dim}\n{outcome.condition.data.title}"
        found[title] = {}
        for stage, group, which in by_stage(config, NAME, last_accuracy(outcome)):
            if stage == "initial" or group != ALL:
                moduli = slowest_stable(arrays_of(outcome, measured, stage))[words_of(STOP)][:, which]
                name = BEFORE if stage == "initial" else group
                found[title][name] = drawn.Slowest(time_constants(moduli[~np.isnan(moduli)]), int(which.sum()))
    return found


def _missed(table: list[dict[str, Any]]) -> dict[str, float]:
    """The largest share of words with an index sum other than 1, in per cent, of any row."""
    missed = [row["mean"] for row in table if row["measure"] == "missed"]
    return {"most_missed_percent": max(missed)}
