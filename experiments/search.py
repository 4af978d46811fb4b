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
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter
from ml_collections import ConfigDict

from experiments import runner
from experiments.conditions import Condition, data_sets, different, listed, make, unstopped
from experiments.found import successes
from experiments.outcomes import Outcome
from experiments.training_experiment import Outcomes, Report, as_dict, experiment
from rnnjax import plotting, resampling
from rnnjax.errors import UserError, in_range, one_of
from rnnjax.landscape import Architecture, parse_architecture

NAME = "search"
_WIDTH, _STEP = 0.025, 0.1  # of a dot, as a share; how far apart, in lines, dots of one place are drawn


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
    """A panel a threshold: each draw's share found as a dot, a line a condition; below it their mean, with interval."""
    figure = plotting.new_figure(7.2, 0.5 * len(outcomes) + 1.3)
    axes = figure.subplots(1, len(thresholds), sharey=True, squeeze=False)[0]
    for ax, threshold in zip(axes, thresholds, strict=True):
        for place, outcome in enumerate(outcomes):
            _draw_shares(ax, place, outcome, threshold)
        ax.set(xlim=(-0.04, 1.04), ylim=(len(outcomes) - 0.4, -0.6))
        ax.set_title(f"validation accuracy at least {threshold:.4g}")
        ax.set_xlabel("share of networks that reach it")
        ax.xaxis.set_major_formatter(PercentFormatter(1, 0))
        ax.tick_params(axis="y", length=0)
    axes[0].set_yticks(range(len(outcomes)), [_label(outcome) for outcome in outcomes])
    figure.suptitle(title, size=9)
    handles = [
        Line2D([], [], ls="", marker="o", ms=3.5, color="0.4", label="a draw of sentences and words"),
        Line2D([], [], ls="", marker="o", ms=3.5, mfc="white", color="0.4", label="likewise, without early stop"),
        Line2D([], [], marker="|", color="black", label="mean over draws, 95 % interval"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _label(outcome: Outcome) -> str:
    stopped = outcome.condition.protocol.rules.early_stop
    number = f"{outcome.condition.num_seeds} a draw"
    return f"{outcome.condition.architecture.title}" + ("" if stopped else ", no early stop") + f"\n{number}"


def _draw_shares(ax: Axes, place: int, outcome: Outcome, threshold: float) -> None:
    found = successes(outcome, threshold)
    stopped, cell = outcome.condition.protocol.rules.early_stop, outcome.condition.architecture.cell.name
    shares, above = found.mean(1), np.zeros(len(found))
    for near in np.unique(bins := np.round(shares / _WIDTH)):  # dots that would hide each other, one above the other
        above[bins == near] = np.arange((bins == near).sum()) - ((bins == near).sum() - 1) / 2
    step = min(_STEP, 0.5 / max(1.0, 2 * above.max()))
    colour = plotting.COLOURS[cell]
    ax.plot(shares, place - 0.1 + step * above, "o", ms=3, mew=0.7, mfc=colour if stopped else "white", color=colour)
    interval = resampling.mean(list(found))
    ax.plot([interval.low, interval.high], [place + 0.3] * 2, "-|", color="black", lw=1, ms=5, mew=1)
    ax.plot([interval.estimate], [place + 0.3], "o", color="black", ms=3)


def _thresholds(config: ConfigDict) -> list[float]:
    return numbers("search.thresholds", config[NAME].thresholds, 0, 1)


EXPERIMENT = experiment(NAME, [conditions], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
