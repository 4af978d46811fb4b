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
from ml_collections import ConfigDict

from experiments import runner
from experiments.conditions import Condition, data_sets, different, listed, make, unstopped
from experiments.found import successes
from experiments.outcomes import Outcome
from experiments.reporting import estimate_columns
from experiments.training_experiment import Outcomes, Report, experiment
from rnnjax import plotting, resampling
from rnnjax.errors import in_range, one_of
from rnnjax.landscape import Architecture, parse_architecture

NAME = "search"
_PANELS = 2  # side by side
_WIDTH, _STEP, _HIGH = 0.025, 0.1, 0.5  # a dot's width as a share; in lines, how far apart dots are and how high a pile


def conditions(config: ConfigDict, _: Outcomes | None = None) -> list[Condition]:
    """Data set x architecture, with more seeds where successes are rare; and some of them without early stop.

    Raises:
        UserError: a value that cannot be used.
    """
    wanted, shapes = config[NAME], {shape.name: shape for shape in architectures(config)}
    for field in ("rare", "unstopped"):
        names = listed(wanted[field])
        for name in names:
            one_of(f"search.{field}", name, shapes)
        if names:
            different(f"search.{field}", names)
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


def conditions_of(config: ConfigDict, section: str) -> list[Condition]:
    """Of what is searched, the architectures that another experiment looks at.

    Raises:
        UserError: a value that cannot be used.
    """
    names, there = listed(config[section].architectures), [shape.name for shape in architectures(config)]
    different(f"{section}.architectures", names, ", such as gru_2x4")
    for name in names:
        one_of(f"{section}.architectures", name, there)
    return [condition for condition in conditions(config) if condition.architecture.name in names]


def numbers(what: str, values: Sequence[Any], low: float, high: float) -> list[float]:
    """The values of a config field that holds numbers.

    Raises:
        UserError: none, one twice, one that is no number or outside of low..high.
    """
    different(what, list(values), f", numbers from {low:g} to {high:g}")
    for value in values:
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
            overall.append(row | estimate_columns("rate", resampling.mean(list(found)), 100))
    for data in data_sets(config, NAME):
        own = [outcome for outcome in outcomes.values() if outcome.condition.data == data]
        title = f"Sections 4.6.2, 4.6.3: successful networks on {data.title} (inputs x hidden units)"
        figures[f"figure_search_{data.title}.png"] = draw_search(title, own, _thresholds(config))
    return Report(figures, {"search_draws.csv": per_draw, "search.csv": overall}, {"search": overall})


@plotting.house_style()
def draw_search(title: str, outcomes: Sequence[Outcome], thresholds: Sequence[float]) -> Figure:
    """A panel a threshold: each draw's share found as a dot, a line a condition; below it their mean, with interval."""
    lines = -(-len(thresholds) // _PANELS)
    figure = plotting.new_figure(7.2, lines * (0.5 * len(outcomes) + 0.6) + 0.7)
    axes = figure.subplots(lines, _PANELS, sharex=True, sharey=True, squeeze=False)
    plotting.hide_rest(axes, len(thresholds))
    for ax, threshold in zip(axes.flat, thresholds, strict=False):
        for place, outcome in enumerate(outcomes):
            _draw_shares(ax, place, outcome, threshold)
        ax.set(xlim=(-0.06, 1.06), ylim=(len(outcomes) - 0.4, -0.75))
        ax.set_title(f"validation accuracy at least {threshold:.4g}")
        ax.set_xlabel("share of networks that reach it")
        ax.xaxis.set_major_formatter(plotting.per_cent)
        ax.tick_params(axis="y", length=0)
    axes[0, 0].set_yticks(range(len(outcomes)), [_label(outcome) for outcome in outcomes])
    figure.suptitle(title, size=9)
    dots = {True: "a draw of sentences and words", False: "likewise, without early stop"}
    handles: dict[str, Any] = {
        name: Line2D([], [], ls="", marker="o", ms=3.5, mfc="0.4" if stopped else "white", color="0.4")
        for stopped, name in dots.items()
        if any(_is_stopped(outcome) == stopped for outcome in outcomes)
    }
    mean = Line2D([], [], marker="|", color="black"), Line2D([], [], ls="", marker="o", ms=3, color="black")
    handles["mean over draws, 95 % interval"] = mean
    figure.legend([*handles.values()], [*handles], loc="outside lower center", ncols=3)
    return figure


def _is_stopped(outcome: Outcome) -> bool:
    return bool(outcome.condition.protocol.rules.early_stop)


def _label(outcome: Outcome) -> str:
    how = "" if _is_stopped(outcome) else ", no early stop"
    return f"{outcome.condition.architecture.title}{how}\n{outcome.condition.num_seeds} a draw"


def _draw_shares(ax: Axes, place: int, outcome: Outcome, threshold: float) -> None:
    """A condition's line. Dots of nearly the same share stand one above the other; of many their number is told."""
    found = successes(outcome, threshold)
    shares, above = found.mean(1), np.zeros(len(found))
    bins = np.floor(shares / _WIDTH + 0.5)
    for near in np.unique(bins):
        here = np.flatnonzero(bins == near)
        above[here] = np.linspace(-0.5, 0.5, len(here)) * min(_STEP * (len(here) - 1), _HIGH) if len(here) > 1 else 0
        if len(here) > 1 + _HIGH / _STEP:  # they hide each other
            top = shares[here].mean(), place - 0.1 - _HIGH / 2
            number = ax.annotate(str(len(here)), top, (0, 2.5), textcoords="offset points", size=6, color="0.3")
            number.set(ha="center", va="bottom")
    colour = plotting.COLOURS[outcome.condition.architecture.cell.name]
    face = colour if _is_stopped(outcome) else "white"
    ax.plot(shares, place - 0.1 + above, "o", ms=3, mew=0.7, mfc=face, color=colour)
    interval = resampling.mean(list(found))
    ax.plot([interval.low, interval.high], [place + 0.3] * 2, "-|", color="black", lw=1, ms=5, mew=1)
    ax.plot([interval.estimate], [place + 0.3], "o", color="black", ms=3)


def _thresholds(config: ConfigDict) -> list[float]:
    return numbers("search.thresholds", config[NAME].thresholds, 0, 1)


EXPERIMENT = experiment(NAME, [conditions], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
