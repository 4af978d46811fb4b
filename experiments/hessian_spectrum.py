"""How the loss curves where training begins, ends, and after a perturbation: exact Hessians (section 4.6, and beyond).

    python -m experiments.hessian_spectrum --config=configs/thesis.py

Section 4.6.3 speaks of basins and minima without looking at curvature. Here, of RNNs and GRUs (2x4) on FirstI: all
eigenvalues of the Hessian of the mean cross-entropy over the first `sentences` training sentences, in float64, at the
start, at the end, and at the end after a perturbation with `factor` (4.10), (4.11), whose noise is that of
experiments.perturbation. The zeros of directions along which nothing ever changes are left out (9 of an RNN's 42, 13
of a GRU's 106; see curvature.flat_directions). Networks are those of experiments.search: of each cell and way of
training at most `members` successes, and as many failures, each draw's first, then each one's second, and so on.

result.npz: see outcomes; conditions are named "FirstI/rnn_2x4", "FirstI/unstopped_0.001/rnn_2x4". As
"measured/FirstI/rnn_2x4/" of n networks: `draws`, `seeds`, `success` [n]; of "start", "end" and "perturbed" each
`eigenvalues` [P - F, n], ascending, `gradient` [n], the norm of the gradient, `loss` [n], all of these sentences.

Thesis leaves open: all of it; here: the surface is that of training sentences, as training sees it. Training ends
where accuracy stops to improve, not where the gradient is 0: negative eigenvalues at the end are a statement about
where training stopped, not about a minimum's kind.
"""

from typing import Any

from matplotlib.figure import Figure
from ml_collections import ConfigDict

from experiments import hessian_figures as drawn
from experiments import runner, search, success_groups
from experiments.analysis import Measured, analysis
from experiments.conditions import Condition, data_sets
from experiments.hessian_measures import NAME, measure
from experiments.hessian_tables import cell_rows, group_rows, measure_rows, pair_of, seen_of
from experiments.training_experiment import Outcomes, Report
from rnnjax.datasets import VERSIONS
from rnnjax.errors import in_range, one_of
from rnnjax.perturbation import DDOF


def conditions(config: ConfigDict) -> list[Condition]:
    """Of what experiments.search trains, the architectures that are looked at.

    Raises:
        UserError: a value that cannot be used.
    """
    wanted, found = config[NAME], search.conditions_of(config, NAME)
    for data in data_sets(config, search.NAME):
        in_range(f"{NAME}.sentences", wanted.sentences, 1, VERSIONS[data.version][0])
    in_range(f"{NAME}.members", wanted.members, 1, 10**5)
    in_range(f"{NAME}.factor", wanted.factor, 1e-6, 1e3)
    one_of("perturbation.ddof", config.perturbation.ddof, DDOF)
    success_groups.check(config, NAME)
    return found


def report(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> Report:
    """Spectra of one pair, of all networks, and what is told of them."""
    looked_at = [outcome for name, outcome in outcomes.items() if len(measured[f"{name}/draws"])]
    every = [seen_of(outcome, measured) for outcome in looked_at]
    figures: dict[str, Figure] = {}
    pairs: dict[str, Any] = {}
    for data in data_sets(config, search.NAME):
        here = [one for one in every if one.data == data.title]
        stem = f"figure_hessian_{data.title}"
        if pair := pair_of(here):
            pairs[data.title] = [one.described(place) for one, place in pair]
            figures[f"{stem}_pair.png"] = drawn.draw_pair(pair, config[NAME].factor)
        if here:
            title = f"Section 4.6: eigenvalues of the loss' Hessian on {data.title}: median, middle 80 %"
            figures[f"{stem}_spectra.png"] = drawn.draw_spectra(title, here)
            title = f"Section 4.6: the loss' Hessian on {data.title}, successes and (grey) failures (n networks)"
            figures[f"{stem}_measures.png"] = drawn.draw_measures(title, here)
    rows = [row for one in every for row in measure_rows(one)]
    groups, cells = group_rows(every), cell_rows(every)
    tables = {"hessian.csv": rows, "hessian_groups.csv": groups, "hessian_cells.csv": cells}
    summary = {"pairs": pairs, "measures": rows, "groups": groups, "cells": cells}
    return Report(figures, tables, summary)


EXPERIMENT = analysis(NAME, conditions, measure, report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
