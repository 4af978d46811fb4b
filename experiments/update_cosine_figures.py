"""Figure 4.21 and what goes beyond it: curves of many networks, and measures of them."""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.draw_intervals import mean_of
from experiments.group_figures import FEWEST
from rnnjax import plotting
from rnnjax.distribution_plots import draw_median
from rnnjax.landscape import Architecture

MEASURES = {
    "roughness": "roughness: mean |second difference| (thesis: lower for GRU)",
    "variation": "variation: mean |step to the next epoch|",
    "mean": "mean cosine (thesis: higher for GRU)",
    "early_slope": "early slope, per epoch",
    "straightness": "straightness: |W_N − W_0| / length of path",
}


class Seen(NamedTuple):
    """The networks of one architecture that are looked at."""

    shape: Architecture
    draws: np.ndarray  # [n]
    seeds: np.ndarray  # [n]
    accuracy: np.ndarray  # [n]
    cosine: Mapping[str, np.ndarray]  # by way, [E, n]
    measures: Mapping[str, Mapping[str, np.ndarray]]  # by way and measure, [n]


@plotting.house_style()
def draw_shown(title: str, seen: Sequence[Seen]) -> Figure:
    """The first network of each architecture, a panel each."""
    columns = 2 if len(seen) > 1 else 1
    rows = -(-len(seen) // columns)
    figure = plotting.new_figure(6.5, 1.9 * rows + 0.5)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for ax, letter, one in zip(axes.flat, ascii_lowercase, seen, strict=False):
        colour = plotting.COLOURS[one.shape.cell.name]
        ax.axhline(0, color="0.6", lw=0.6)
        ax.set_title(f"({letter}) {one.shape.title}: none found")
        if len(one.draws):
            curve = one.cosine["whole"][:, 0]
            ax.plot(np.arange(1, len(curve) + 1), curve, "o-", color=colour, ms=2.2, lw=0.8)
            which = f"draw {one.draws[0]}, seed {one.seeds[0]}, accuracy {100 * one.accuracy[0]:.1f} %"
            ax.set_title(f"({letter}) {one.shape.title}: {which}")
    plotting.hide_rest(axes, len(seen))
    for ax in axes[-1]:
        ax.set_xlabel("epoch t")
    for ax in axes[:, 0]:
        ax.set_ylabel("Cosine(t)")
    figure.suptitle(title, size=9)
    return figure


@plotting.house_style()
def draw_bands(title: str, pairs: Sequence[tuple[Seen, Seen]]) -> Figure:
    """Median and middle 80 % of all curves, and below how many networks are still in training; a column a shape."""
    figure = plotting.new_figure(7.0, 3.8)
    figure.suptitle(title, size=9)
    axes = figure.subplots(2, len(pairs), sharex=True, sharey="row", squeeze=False, height_ratios=(3, 1))
    for (top, bottom), pair in zip(axes.T, pairs, strict=True):
        for one in pair:
            _draw_band(top, one)
            left = (~np.isnan(one.cosine["whole"])).sum(1).astype(float)
            left[left == 0] = np.nan  # of which a logarithm has no place
            style = {"color": plotting.COLOURS[one.shape.cell.name], "ls": plotting.LINES[one.shape.cell.name]}
            bottom.step(np.arange(1, len(left) + 1), left, where="mid", lw=1, **style)
        top.axhline(0, color="0.6", lw=0.6)
        top.set_title(", ".join(f"{len(one.draws)} {one.shape.title}" for one in pair))
        bottom.set_xlabel("epoch t")
    axes[0, 0].set_ylabel("Cosine(t)")
    axes[1, 0].set(ylabel="in training", yscale="log", ylim=(0.8, None))  # of all columns: once all is drawn
    handles = [plotting.cell_handle(one.shape.cell.name, one.shape.cell.title) for one in pairs[0]]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


@plotting.house_style()
def draw_measures(title: str, seen: Sequence[Seen], ways: Mapping[str, str]) -> Figure:
    """Boxes of all networks, and the mean with its interval in black; a row a measure, a column a way of looking."""
    figure = plotting.new_figure(7.0, len(MEASURES) * (0.22 * len(seen) + 0.55) + 0.4)
    axes = figure.subplots(len(MEASURES), len(ways), sharey=True, sharex="row", squeeze=False)
    how = "box: quartiles of networks, whiskers: 5 to 95 %; black: mean with 95 % interval"
    figure.suptitle(f"{title}\n{how}", size=9)
    for row, (measure, label) in zip(axes, MEASURES.items(), strict=True):
        for ax, way in zip(row, ways, strict=True):
            for place, one in enumerate(seen):
                _draw_box(ax, place, one.measures[way][measure], one.draws, plotting.COLOURS[one.shape.cell.name])
            ax.set_yticks(range(len(seen)), [f"{one.shape.title} (n = {len(one.draws):,})" for one in seen])
            ax.set_ylim(len(seen) - 0.4, -0.6)
        row[0].set_title(label, loc="left")
    for ax, name in zip(axes[0], ways.values(), strict=True):
        ax.set_title(f"{name}\n")  # above the row's own
    return figure


def _draw_band(ax: Axes, one: Seen) -> None:
    curves = one.cosine["whole"]
    enough = curves[(~np.isnan(curves)).sum(1) >= min(FEWEST, len(one.draws))]
    colour, line = plotting.COLOURS[one.shape.cell.name], plotting.LINES[one.shape.cell.name]
    shade = 0.2 * (len(one.draws) >= FEWEST)
    draw_median(ax, np.arange(1, len(enough) + 1), enough, colour, line, shade)


def _draw_box(ax: Axes, place: int, values: np.ndarray, draws: np.ndarray, colour: str) -> None:
    """Quartiles, whiskers to the outermost 5 %, and beside them the mean's interval; of a few networks dots alone."""
    there = values[~np.isnan(values)]
    if len(there) < FEWEST:
        ax.plot(there, np.full(len(there), place), ".", color=colour, ms=4)
        return
    ax.boxplot(
        [there],
        positions=[place - 0.12],
        orientation="horizontal",
        widths=0.36,
        whis=(5, 95),
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": colour, "alpha": 0.45, "lw": 0.6},
        medianprops={"color": "black", "lw": 1},
        whiskerprops={"color": colour, "lw": 0.8},
        capprops={"color": colour, "lw": 0.8},
    )
    interval = mean_of(values, draws)
    ax.plot([interval.low, interval.high], [place + 0.26] * 2, "-|", color="black", lw=1, ms=4, mew=1)
    ax.plot([interval.estimate], [place + 0.26], "o", color="black", ms=2.5)
