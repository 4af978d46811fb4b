"""Sections 4.6.2 and 4.6.3: enough successful networks of each kind, wherever they have to be searched.

    python -m experiments.search --config=configs/thesis.py

The thesis looked at networks with "at least 96%" and "at least a validation accuracy of 98%". RNNs that good with 2
inputs and 4 hidden units are rare, so more of them are tried; of every draw it is told how many were tried and found.
Since section 3.2's protocol finds too few of them to say anything of many, networks of that shape are trained without
early stop as well, at a constant learning rate. Where trained networks are shared (--networks), update_cosine and
perturbation find them all again.
result.npz: see outcomes; conditions are named "FirstI/rnn_2x4", "FirstI/unstopped_0.001/rnn_2x4".
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from ml_collections import ConfigDict

from experiments import runner
from experiments.conditions import Condition, data_sets, different, listed, make, unstopped
from experiments.found import successes
from experiments.outcomes import Outcome
from experiments.training_experiment import Outcomes, Report, as_dict, experiment
from rnnjax import plotting, resampling, statistics
from rnnjax.errors import UserError, in_range, one_of
from rnnjax.landscape import Architecture, parse_architecture

NAME = "search"
_MARKS = "osD^vP"  # of the architectures, in turn
_SIDE_BY_SIDE = 12  # panels with so many draws; those with more are as wide as the figure


def conditions(config: ConfigDict, _: Outcomes | None = None) -> list[Condition]:
    """Data set x architecture, with more seeds where successes are rare; and some of them without early stop.

    Raises:
        UserError: a value that cannot be used.
    """
    wanted, shapes = config[NAME], {shape.name: shape for shape in architectures(config)}
    for field in ("rare", "unstopped"):
        for name in listed(wanted[field]):
            one_of(f"search.{field}", name, shapes)
    for field in ("rare_seeds", "unstopped_seeds", "rare_unstopped_seeds"):
        in_range(f"search.{field}", wanted[field], 1, 10**6)
    rate = wanted.unstopped_learning_rate
    in_range("search.unstopped_learning_rate", rate, 1e-9, 1e3)
    _thresholds(config)
    found = []
    for data in data_sets(config, NAME):
        for name, shape in shapes.items():
            seeds = wanted.rare_seeds if name in listed(wanted.rare) else wanted.seeds
            found.append(make(config, NAME, data, shape, num_seeds=seeds))
        for name in listed(wanted.unstopped):
            seeds = wanted.rare_unstopped_seeds if name in listed(wanted.rare) else wanted.unstopped_seeds
            changed = {"protocol": unstopped(config, rate), "num_seeds": seeds}
            found.append(make(config, NAME, data, shapes[name], f"unstopped_{rate:g}", **changed))
    return found


def architectures(config: ConfigDict) -> list[Architecture]:
    """What is searched.

    Raises:
        UserError: none, one twice, or one that cannot be.
    """
    names = listed(config[NAME].architectures)
    different("search.architectures", names, ", such as gru_2x4")
    return [parse_architecture(name) for name in names]


def numbers(what: str, values: Sequence[Any], low: float, high: float) -> list[float]:
    """The values of a config field that holds numbers.

    Raises:
        UserError: none, one twice, one that is no number or outside of low..high.
    """
    different(what, list(values), f", numbers from {low:g} to {high:g}")
    for value in values:
        if isinstance(value, str):
            raise UserError(f"{what} has {value!r}; valid: numbers from {low:g} to {high:g}")
        in_range(what, value, low, high)
    return [float(value) for value in values]


def report(config: ConfigDict, outcomes: Outcomes) -> Report:
    """How many were tried and found, of every draw and over all."""
    figures, per_draw, overall = {}, [], []
    for outcome in outcomes.values():
        for threshold in _thresholds(config):
            found = successes(outcome, threshold)
            here = {"condition": outcome.condition.name, "at_least": 100 * threshold}
            for draw, own in enumerate(found):
                per_draw.append(here | {"draw": draw, "tried": len(own), "found": int(own.sum())})
            row = here | {"tried": found.size, "found": int(found.sum()), "draws_with_any": int(found.any(1).sum())}
            rate = as_dict(resampling.mean(list(found)))
            overall.append(row | {f"rate_{end}": 100 * value for end, value in rate.items()})
    for data in data_sets(config, NAME):
        own = [outcome for outcome in outcomes.values() if outcome.condition.data == data]
        title = f"Sections 4.6.2, 4.6.3: successful networks on {data.title} (inputs x hidden units)"
        figures[f"figure_search_{data.title}.png"] = draw_search(title, own, _thresholds(config))
    return Report(figures, {"search_draws.csv": per_draw, "search.csv": overall}, {"search": overall})


@plotting.house_style()
def draw_search(title: str, outcomes: Sequence[Outcome], thresholds: Sequence[float]) -> Figure:
    """The share found of every draw, a panel a threshold; at the right the mean over draws, with intervals."""
    draws = range(outcomes[0].condition.num_draws)
    many = len(draws) > _SIDE_BY_SIDE
    figure = plotting.new_figure(7.0, 1.0 + 2.4 * len(thresholds) if many else 3.4)
    rows, columns = (len(thresholds), 1) if many else (1, len(thresholds))
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    named = draws[:: -(-len(draws) // 16)]
    for ax, threshold in zip(axes, thresholds, strict=True):
        for i, outcome in enumerate(outcomes):
            shift = 0.6 * (i - (len(outcomes) - 1) / 2) / len(outcomes)
            _draw_shares(ax, outcome, threshold, shift, _MARKS[i % len(_MARKS)])
        ax.set_xticks([*named, len(draws) + 0.5], [*map(str, named), "mean"])
        ax.axvline(len(draws) - 0.25, color="0.6", lw=0.6)
        ax.set(ylim=(-0.02, 1.02), ylabel="" if ax not in axes[::columns] else "share of networks that reach it")
        ax.set_title(f"validation accuracy at least {threshold:.4g}")
        ax.yaxis.set_major_formatter(PercentFormatter(1, 0))
    for ax in axes[-columns:]:
        ax.set_xlabel("draw of sentences and words")
    figure.suptitle(title, size=9)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=min(3, len(outcomes)))
    return figure


def _draw_shares(ax: Axes, outcome: Outcome, threshold: float, shift: float, mark: str) -> None:
    found, shape = successes(outcome, threshold), outcome.condition.architecture
    intervals = [statistics.proportion(int(own.sum()), len(own)) for own in found] + [resampling.mean(list(found))]
    reach = np.array([(i.estimate - i.low, i.high - i.estimate) for i in intervals]).clip(0).T
    places = np.append(np.arange(len(found)), len(found) + 0.5) + shift
    stopped, colour = outcome.condition.protocol.rules.early_stop, plotting.COLOURS[shape.cell.name]
    ax.errorbar(
        places,
        [interval.estimate for interval in intervals],
        reach,
        ls="",
        marker=mark,
        ms=3.5,
        mfc=colour if stopped else "white",
        color=colour,
        elinewidth=0.8,
        label=f"{shape.title}, {found.shape[1]} a draw" + ("" if stopped else ", no early stop"),
    )


def _thresholds(config: ConfigDict) -> list[float]:
    return numbers("search.thresholds", config[NAME].thresholds, 0, 1)


EXPERIMENT = experiment(NAME, [conditions], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
