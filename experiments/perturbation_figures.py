"""Figure 4.22 and what goes beyond it: recovery and distances of many perturbed networks."""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.draw_intervals import mean_of
from experiments.group_figures import FEWEST
from rnnjax import plotting
from rnnjax.distribution_plots import draw_median
from rnnjax.landscape import Architecture
from rnnjax.statistics import Interval

_METRICS = {
    "train_loss": "training loss, nats",
    "validation_loss": "validation loss, nats",
    "train_accuracy": "training accuracy",
    "accuracy": "validation accuracy",
    "distance": "|W − W_epoch|",
}
DISTANCES = {
    "distance": "|W − W_epoch|",
    "seen_distance": "as outputs see it",
    "aligned_distance": "to the nearest copy",
}
_MARKS = {"rnn": "o", "gru": "s"}
_LINES: tuple[Any, ...] = ("-", "--", "-.", (0, (6, 1, 1, 1, 1, 1)), ":")


class Seen(NamedTuple):
    """The networks of one architecture that were perturbed."""

    shape: Architecture
    draws: np.ndarray  # [n]
    seeds: np.ndarray  # [n]
    curves: Mapping[str, np.ndarray]  # [E + 1, F, n] each


@plotting.house_style()
def draw_shown(title: str, seen: Sequence[Seen], factors: np.ndarray) -> Figure:
    """The first network of each architecture, a column each; the factors' curves, and the value before as dots."""
    figure = plotting.new_figure(6.5, 8.6)
    axes = figure.subplots(len(_METRICS), len(seen), sharex=True, sharey="row", squeeze=False)
    letters = iter(ascii_lowercase)
    for row, (metric, label) in zip(axes, _METRICS.items(), strict=True):
        for ax, one in zip(row, seen, strict=True):
            letter = next(letters)
            ax.set_title(f"({letter}) {one.shape.title}: none found")
            if not len(one.draws):
                continue
            values = one.curves[metric][..., 0]
            for i in range(1, len(factors)):
                ax.plot(values[:, i], **_style(i, len(factors)), lw=1.1)
            ax.axhline(values[0, 0], color="black", ls=":", lw=1)
            ax.set_title(f"({letter}) {one.shape.title}, draw {one.draws[0]}, seed {one.seeds[0]}")
            if metric.endswith("accuracy"):
                ax.yaxis.set_major_formatter(plotting.per_cent)
        row[0].set_ylabel(label)
    for ax in axes[-1]:
        ax.set_xlabel("epochs after the perturbation")
    figure.suptitle(title, size=9)
    before = Line2D([], [], color="black", ls=":", lw=1, label="before the perturbation")
    figure.legend(handles=[*_handles(factors[1:], 1, len(factors)), before], loc="outside lower center", ncols=6)
    return figure


@plotting.house_style()
def draw_recovery(title: str, seen: Sequence[Seen], factors: np.ndarray, recovered: float) -> Figure:
    """Loss and accuracy just after the perturbation, accuracy and share recovered in the end, over the factor."""
    figure = plotting.new_figure(6.5, 4.8)
    axes = figure.subplots(2, 2, sharex=True)
    last, share = len(seen[0].curves["accuracy"]) - 1, f"share above {100 * recovered:.0f} %"
    panels = (
        ("at once: loss, nats", lambda one: one.curves["validation_loss"][0]),
        ("at once: accuracy", lambda one: one.curves["accuracy"][0]),
        (f"{last} epochs later: accuracy", lambda one: one.curves["accuracy"][-1]),
        (f"{last} epochs later: {share}", lambda one: one.curves["accuracy"][-1] > recovered),
    )
    drawn: list[Interval] = []
    for ax, (label, values_of) in zip(axes.flat, panels, strict=True):
        for i, one in enumerate(seen):
            mark = _MARKS.get(one.shape.cell.name, "^")
            intervals = [mean_of(values, one.draws) for values in values_of(one)]
            shift = 0.16 * (i - (len(seen) - 1) / 2)
            colour, name = plotting.COLOURS[one.shape.cell.name], f"{one.shape.title}, {_number(one)}"
            places = np.arange(len(factors)) + shift
            few = len(one.draws) < FEWEST
            if not few:
                style = {"color": colour, "lw": 1.5, "linestyles": [*map(plotting.interval_line, intervals)]}
                ax.vlines(places, [v.low for v in intervals], [v.high for v in intervals], **style)
                drawn += intervals
            style = {"color": colour, "mfc": "white" if few else colour, "ls": ""}
            ax.plot(places, [v.estimate for v in intervals], marker=mark, ms=4, label=name, **style)
        ax.set_ylabel(label)
        ax.set_xticks(range(len(factors)), [f"{factor:g}" for factor in factors])
    for ax in axes.flat[1:]:
        ax.yaxis.set_major_formatter(plotting.per_cent)
    for ax in axes[-1]:
        ax.set_xlabel("perturbation factor k (0: none)")
    figure.suptitle(title, size=9)
    handles, _ = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles=[*handles, *plotting.alike_handles(drawn)], loc="outside lower center", ncols=2)
    return figure


@plotting.house_style()
def draw_distances(title: str, seen: Sequence[Seen], factors: np.ndarray) -> Figure:
    """Distances over epochs; factor 0 is how far networks go that were not perturbed."""
    figure = plotting.new_figure(6.5, 6.4)
    axes = figure.subplots(len(DISTANCES), len(seen), sharex=True, sharey=True, squeeze=False)
    for row, (which, label) in zip(axes, DISTANCES.items(), strict=True):
        for ax, one in zip(row, seen, strict=True):
            epochs, shade = np.arange(len(one.curves[which])), 0.15 * (len(one.draws) >= FEWEST)
            for i in range(len(factors)):
                colour, line = _style(i, len(factors)).values()
                draw_median(ax, epochs, one.curves[which][:, i], colour, line, shade, outside=0.25)
        row[0].set_ylabel(label)
    _finish(axes, seen)
    figure.suptitle(title, size=9)
    figure.legend(handles=_handles(factors, 0, len(factors)), loc="outside lower center", ncols=5)
    return figure


def _finish(axes: np.ndarray, seen: Sequence[Seen]) -> None:
    for ax, one in zip(axes[0], seen, strict=True):
        ax.set_title(f"{one.shape.title}, {_number(one)}: median" + ", quartiles" * (len(one.draws) >= FEWEST))
        ax.set_ylim(0, None)
    for ax in axes[-1]:
        ax.set_xlabel("epochs after the perturbation")


def _number(one: Seen) -> str:
    return f"{len(one.draws)} network" + "s" * (len(one.draws) != 1)


def _style(factor: int, number: int) -> dict[str, Any]:
    """A factor's colour and line: grey for none, then darker from factor to factor."""
    if factor == 0:
        return {"color": "0.5", "ls": ":"}
    shade = 0.85 - 0.85 * (factor - 1) / max(1, number - 2)
    return {"color": mpl.colormaps["viridis"](shade), "ls": _LINES[(factor - 1) % len(_LINES)]}


def _handles(factors: np.ndarray, first: int, number: int) -> list[Line2D]:
    labels = [f"k = {factor:g}" if factor else "not perturbed" for factor in factors]
    return [Line2D([], [], **_style(i, number), lw=1.2, label=label) for i, label in enumerate(labels, first)]
