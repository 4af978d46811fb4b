"""Section 4.6.2, Figure 4.21: does each epoch go where training as a whole goes? The cosine of equation (4.9).

    python -m experiments.update_cosine --config=configs/thesis.py

Networks of "at least 96% validation accuracy" among those of experiments.search are trained again with their weights
after every epoch: of each architecture the first `members`, each draw's first, then each one's second, and so on.
Thesis leaves open: which networks its figure shows; here: the first found. It compares curves of any lengths, though a
random walk of N epochs has cosines of about 1/√N, and halves the learning rate on the way; so the same networks
are also looked at over their first epochs alone, as if training had ended there, and at a constant rate.

result.npz: see outcomes, conditions are named "FirstI/rnn_2x4"; and of n networks of each, as
"measured/FirstI/rnn_2x4/draws" and so on: `draws` [n], `seeds` [n]; `differ` [n] bool, whether the validation accuracy
after training again is another than in the search; `learning_rate` [E, n]; and "whole/", "first/", "constant/"
each `cosine` [E, n], NaN after a network's end, `straightness` [n] (see geometry), `accuracy` [n] at the end.
"""

from typing import Any

import numpy as np
from ml_collections import ConfigDict

from experiments import runner, search
from experiments import update_cosine_figures as drawn
from experiments.analysis import Measured, analysis
from experiments.conditions import Condition, unstopped
from experiments.draw_intervals import compare, mean_of
from experiments.found import first_found, groups, how_trained, pairs, successes
from experiments.outcomes import Outcome
from experiments.reporting import estimate_columns
from experiments.training_experiment import Outcomes, Report
from experiments.training_figures import figure_of
from experiments.training_sweep import Sweep
from experiments.update_cosine_figures import Seen
from rnnjax import geometry, resampling
from rnnjax.datasets import VERSIONS
from rnnjax.errors import in_range

_NAME, _FIGURE = "update_cosine", {"FirstI": "4.21"}
_WAYS = ("whole", "first", "constant")
# What the thesis says of a GRU's curve beside an RNN's; of the others it says nothing.
_SAYS = {"roughness": "lower", "mean": "higher"}


def conditions(config: ConfigDict) -> list[Condition]:
    """What experiments.search trains.

    Raises:
        UserError: a value that cannot be used.
    """
    for name, low, high in (
        ("trained_above", 0, 1),
        ("members", 1, 10**5),
        ("first_epochs", 3, 10_000),
        ("slope_epochs", 2, 10_000),
        ("constant_epochs", 3, 10_000),
        ("constant_learning_rate", 1e-9, 1e3),
    ):
        in_range(f"{_NAME}.{name}", config[_NAME][name], low, high)
    return search.conditions(config)


def measure(run: runner.Run, sweep: Sweep, outcomes: Outcomes) -> Measured:
    """The cosine of every chosen network, in the three ways."""
    measured: Measured = {}
    for name, outcome in outcomes.items():
        wanted = run.config[_NAME]
        draws, seeds = first_found(successes(outcome, wanted.trained_above), wanted.members)
        here: Measured = {"draws": draws, "seeds": seeds}
        if len(seeds):
            here |= _measured(run.config, sweep, outcome.condition, draws, seeds)
            here["differ"] = here["whole/accuracy"] != outcome.accuracy("last")[draws, seeds]
        measured |= {f"{name}/{key}": value for key, value in here.items()}
    return measured


def _measured(config: ConfigDict, sweep: Sweep, condition: Condition, draws: np.ndarray, seeds: np.ndarray) -> Measured:
    wanted = config[_NAME]
    again = sweep.train_members("again", condition, draws, seeds)
    constant, rate = again, wanted.constant_learning_rate
    held = unstopped(config, rate)._replace(max_epochs=wanted.constant_epochs)
    if condition.protocol != held._replace(max_epochs=condition.protocol.max_epochs):
        constant = sweep.train_members("at a constant rate", condition._replace(protocol=held), draws, seeds)
    found: Measured = {"learning_rate": np.where(again["trained"], again["learning_rate"], np.nan)}
    cuts = {"whole": None, "first": wanted.first_epochs, "constant": wanted.constant_epochs}
    for way, cut in cuts.items():
        arrays = constant if way == "constant" else again
        epochs = arrays["epochs_run"]
        if cut is not None:  # whoever ended earlier is not looked at
            epochs = np.where(epochs >= cut, cut, 0)
        history = arrays["history"][: epochs.max() + 1]
        correct = arrays["correct"][np.maximum(epochs, 1) - 1, np.arange(len(epochs))]
        found[f"{way}/cosine"] = geometry.cosine(history, epochs)
        found[f"{way}/straightness"] = geometry.straightness(history, epochs)
        found[f"{way}/accuracy"] = np.where(epochs > 0, correct / VERSIONS[condition.data.version][1], np.nan)
    return found


def report(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> Report:
    """Figure 4.21, and what C29 needs."""
    figures, table, compared, chosen = {}, [], [], []
    for group, together in groups(outcomes).items():
        seen = [_seen(config, measured, outcome) for outcome in together.values()]
        both = pairs(seen)
        condition = next(iter(together.values())).condition
        number, name = figure_of(_FIGURE, condition)
        where = f"on {condition.data.title}, {how_trained(condition)}"
        figures[f"{name}.png"] = drawn.draw_shown(
            f"{number}: cosine of each epoch's and all of training's update,\n{where}", seen
        )
        if both:
            title = f"Section 4.6.2: cosine {where}, median and middle 80 % of networks"
            figures[f"{name}_bands.png"] = drawn.draw_bands(title, both)
        title = f"Section 4.6.2: measures of the cosine's curve {where}"
        figures[f"{name}_measures.png"] = drawn.draw_measures(title, seen, _titles(config))
        chosen += [_chosen(group, one, measured) for one in seen]
        table += [_row(group, one, way) for one in seen for way in _WAYS]
        compared += [_difference(group, pair, way, m) for pair in both for way in _WAYS for m in drawn.MEASURES]
    tables = {"cosine_4_6_2.csv": table, "gru_minus_rnn_4_6_2.csv": compared, "networks_4_6_2.csv": chosen}
    return Report(figures, tables, {"cosine": table, "gru_minus_rnn": compared, "networks": chosen})


def _seen(config: ConfigDict, measured: Measured, outcome: Outcome) -> Seen:
    here, none, empty = outcome.condition.name, np.zeros(0), np.zeros((0, 0))
    cosine = {way: measured.get(f"{here}/{way}/cosine", empty) for way in _WAYS}
    measures = {
        way: {
            "roughness": geometry.roughness(curves),
            "variation": geometry.variation(curves),
            "mean": geometry.mean(curves),
            "early_slope": geometry.early_slope(curves, config[_NAME].slope_epochs),
            "straightness": measured.get(f"{here}/{way}/straightness", none),
        }
        for way, curves in cosine.items()
    }
    accuracy = measured.get(f"{here}/whole/accuracy", none)
    draws, seeds = (measured[f"{here}/{key}"] for key in ("draws", "seeds"))
    return Seen(outcome.condition.architecture, draws, seeds, accuracy, cosine, measures)


def _titles(config: ConfigDict) -> dict[str, str]:
    wanted = config[_NAME]
    constant = f"{wanted.constant_epochs} epochs at rate {wanted.constant_learning_rate:g}"
    return {"whole": "all of training", "first": f"first {wanted.first_epochs} epochs", "constant": constant}


def _chosen(group: str, one: Seen, measured: Measured) -> dict[str, Any]:
    """How many networks there are, and which is shown."""
    row: dict[str, Any] = {"trained": group, "architecture": one.shape.name, "networks": len(one.draws)}
    if not len(one.draws):
        return row
    row |= {"draws": len(np.unique(one.draws)), "shown_draw": int(one.draws[0]), "shown_seed": int(one.seeds[0])}
    differ = int(measured[f"{group}/{one.shape.name}/differ"].sum())
    return row | {"shown_accuracy": 100 * float(one.accuracy[0]), "trained_again_with_another_accuracy": differ}


def _row(group: str, one: Seen, way: str) -> dict[str, Any]:
    """One architecture's measures, means over draws."""
    epochs = (~np.isnan(one.cosine[way])).sum(0)
    epochs = epochs[epochs > 0]
    row: dict[str, Any] = {"trained": group, "architecture": one.shape.name, "way": way, "networks": len(epochs)}
    row["median_epochs"] = float(np.median(epochs)) if len(epochs) else None
    for measure, values in one.measures[way].items():
        row |= estimate_columns(measure, mean_of(values, one.draws))
    return row


def _difference(group: str, pair: tuple[Seen, Seen], way: str, measure: str) -> dict[str, Any]:
    """GRU minus RNN of one shape, in the draws that have both."""
    rnn, gru = ((one.measures[way][measure], one.draws) for one in pair)
    found = compare(resampling.difference, gru, rnn)
    row: dict[str, Any] = {"trained": group, "shape": pair[0].shape.shape, "way": way, "measure": measure}
    row |= found.interval._asdict()
    row |= {"gru_networks": found.networks[0], "rnn_networks": found.networks[1], "draws": found.draws}
    return row | {"thesis_gru_is": _SAYS.get(measure), "gru_is": found.finding(0)}


EXPERIMENT = analysis(_NAME, conditions, measure, report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
