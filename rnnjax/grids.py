"""Figures of training sweeps: draw_x(axes, arrays) draws accuracies in [0, 1] on axes that the caller made.

Accuracies become per cent only as they are drawn. Their colours are cividis, which grows lighter evenly, for
colour-blind readers and in grey too; one scale for all figures, so that a colour means the same in each.
"""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, MultipleLocator

from rnnjax import plotting
from rnnjax.statistics import Interval

SCALE = (0.45, 1.0)  # the accuracies of the darkest and the lightest colour; what lies outside is clipped
MOST_NUMBERED = 40  # cells in a row; the numbers of more could not be read


def draw_heat_map(
    axes: Axes, accuracies: np.ndarray, row_labels: Sequence[str], column_labels: Sequence[str]
) -> QuadMesh:
    """Accuracies as colours and as numbers, rounded per cent (a half upwards); NaN is hatched grey with a dash.

    Args:
        axes: where to draw.
        accuracies: [R, C], NaN of networks whose loss was not a number; the first row is on top.
        row_labels: R of them.
        column_labels: C of them.

    Returns:
        what a colour bar can be made of; it counts in per cent.
    """
    mesh = _draw_cells(axes, np.ma.asarray(accuracies), row_labels, 7)
    axes.set_xticks(np.arange(accuracies.shape[1]) + 1, column_labels)
    axes.tick_params(axis="x", length=0)
    axes.spines["bottom"].set_visible(False)
    return mesh


def draw_sorted_rows(axes: Axes, rows: Sequence[np.ndarray], labels: Sequence[str]) -> QuadMesh:
    """Each row's accuracies in increasing order, NaN before all, one cell an initialisation, coloured as a heat map.

    The cells have numbers if no row has more than MOST_NUMBERED; they fit where the axes are 5.5 inches wide.

    Args:
        axes: where to draw.
        rows: each [S], S its own; the first is on top, a shorter one leaves its right end empty.
        labels: one a row.

    Returns:
        what a colour bar can be made of; it counts in per cent.
    """
    longest = max(1, *map(len, rows))
    cells = np.ma.masked_all((len(rows), longest))
    for cell, row in zip(cells, rows, strict=True):
        ordered = np.sort(row)
        cell[: len(row)] = np.roll(ordered, np.isnan(ordered).sum())
    mesh = _draw_cells(axes, cells, labels, min(6.5, max(5, 170 / longest)))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, steps=[1, 2, 5, 10], integer=True))
    axes.set_xlabel("initialisation, sorted")
    return mesh


def draw_rates(
    axes: Axes,
    labels: Sequence[str],
    intervals: Sequence[Interval],
    thesis: Sequence[float | None],
    colours: Sequence[str],
    means: bool = False,
) -> None:
    """A dot with its 95 % interval a line, from the top, and the thesis' printed value as an open diamond.

    Where none or all succeed the dot is hollow and the interval dotted (plotting.interval_line).

    Args:
        axes: where to draw; lines keep apart where it is at least 0.15 inches a label high.
        labels: of the lines.
        intervals: in [0, 1].
        thesis: in [0, 1], or None where it prints nothing.
        colours: of the lines' dots.
        means: of accuracies, which begin about chance, not at 0.
    """
    for place, (interval, printed, colour) in enumerate(zip(intervals, thesis, colours, strict=True), 1):
        ends = [interval.low, interval.high]
        line = plotting.interval_line(interval)
        axes.plot(ends, [place, place], ls=line, color=colour, marker="|", lw=1.2, ms=5, mew=1.2, clip_on=False)
        fill = colour if line == "-" else "white"
        axes.plot([interval.estimate], [place], "o", color=colour, mfc=fill, ms=4, clip_on=False, zorder=3)
        if printed is not None:
            axes.plot([printed], [place], "D", mfc="none", mec="black", mew=0.8, ms=6, clip_on=False, zorder=4)
    _label_rows(axes, len(intervals), labels)
    axes.grid(axis="y", color="0.88", lw=0.5)
    axes.set_axisbelow(True)
    if means:
        _from_chance(axes, min(interval.low for interval in intervals), 1)
    else:
        axes.set_xlim(0, 1)
    axes.xaxis.set_major_locator(MultipleLocator(0.1))
    axes.xaxis.set_major_formatter(plotting.per_cent)


def rate_handles(intervals: Sequence[Interval], thesis: Sequence[float | None]) -> list[Line2D]:
    """A legend's entries for the marks that draw_rates makes of these."""
    here = Line2D([], [], color="0.3", lw=1.2, marker="o", ms=4, label="here, with 95 % interval")
    printed = Line2D([], [], ls="", marker="D", mfc="none", mec="black", mew=0.8, ms=6, label="thesis")
    return [
        here,
        *plotting.alike_handles(intervals, marker="o", ms=4, mfc="white"),
        *[printed] * any(p is not None for p in thesis),
    ]


def draw_accuracy_strips(
    axes: Axes, labels: Sequence[str], groups: Sequence[np.ndarray], colours: Sequence[str]
) -> None:
    """All members of a label as dots spread over its strip, from the top, and their mean as a black tick.

    Args:
        axes: where to draw.
        labels: of the strips.
        groups: each [S], S its own, to thousands; of an empty one there is the label alone.
        colours: of the strips' dots.
    """
    for place, (members, colour) in enumerate(zip(groups, colours, strict=True), 1):
        if not len(members):
            continue
        height = place + _spread(len(members))
        size, alpha = 5 if len(members) < 200 else 3.5, float(np.clip(10 / np.sqrt(len(members)), 0.25, 0.7))
        axes.plot(np.sort(members), height, ".", color=colour, alpha=alpha, ms=size, mew=0, rasterized=True)
        axes.vlines(np.mean(members), place - 0.42, place + 0.42, colors="black", lw=1.6, zorder=3)
    _label_rows(axes, len(groups), labels)
    _from_chance(axes, min((float(members.min()) for members in groups if len(members)), default=0.5), 1.01)
    axes.xaxis.set_major_locator(MultipleLocator(0.1))
    axes.xaxis.set_major_formatter(plotting.per_cent)


def _from_chance(axes: Axes, least: float, end: float) -> None:
    """An axis of accuracies that begins a little below chance, or below the least of them; chance is dotted."""
    axes.axvline(0.5, color="0.4", lw=0.6, ls=":")
    axes.set_xlim(min(0.44, least - 0.01), end)


def _draw_cells(axes: Axes, accuracies: np.ma.MaskedArray, labels: Sequence[str], size: float) -> QuadMesh:
    """Cells [R, C] with centres at 1, 2, ..., the first row on top; nothing where they are masked."""
    num_rows, num_columns = accuracies.shape
    numbered = num_columns <= MOST_NUMBERED
    x, y = np.arange(num_columns + 1) + 0.5, np.arange(num_rows + 1) + 0.5
    colours = mpl.colormaps["cividis"]
    colours.colorbar_extend = "min"  # type: ignore[assignment]  # a colour bar's arrow: lower ones are as dark
    norm = Normalize(100 * SCALE[0], 100 * SCALE[1])
    percent = np.ma.masked_invalid(100 * accuracies)
    mesh = axes.pcolormesh(x, y, percent, norm=norm, cmap=colours, rasterized=not numbered)
    inks = _inks(mesh.to_rgba(percent))
    for row, column in np.argwhere(~np.ma.getmaskarray(accuracies)):
        failed = np.isnan(accuracies[row, column])
        if failed:
            axes.add_patch(Rectangle((x[column], y[row]), 1, 1, fc="0.9", ec="0.7", hatch="////", lw=0))
        if numbered:
            text, ink = ("–", "black") if failed else (_rounded(percent[row, column]), inks[row, column])
            axes.text(column + 1, row + 1, text, color=ink, size=size, ha="center", va="center_baseline")
    axes.hlines(y[1:-1], x[0], x[-1], colors="white", lw=1)
    if numbered:
        axes.vlines(x[1:-1], y[0], y[-1], colors="white", lw=0.5)
    axes.spines[["left", "right", "top"]].set_visible(False)
    _label_rows(axes, num_rows, labels)
    axes.tick_params(axis="y", length=0)
    axes.set(xlim=(x[0], x[-1]), ylim=(y[-1], y[0]))
    return mesh


def _rounded(percent: float) -> str:
    # Decimals first: accuracies are fractions, and 100 · 0.565 is a little less than 56.5.
    return f"{np.floor(np.round(percent, 6) + 0.5):.0f}"


def _inks(rgba: np.ndarray) -> np.ndarray:
    """Black or white, whichever has more contrast to a colour [.., 4]: by WCAG 2's formula at least 4.58 to 1."""
    linear = np.where(rgba <= 0.04045, rgba / 12.92, ((rgba + 0.055) / 1.055) ** 2.4)
    luminance = linear[..., :3] @ [0.2126, 0.7152, 0.0722]
    return np.where((luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05), "black", "white")


def _label_rows(axes: Axes, number: int, labels: Sequence[str]) -> None:
    axes.set_yticks(np.arange(number) + 1, labels)
    axes.set_ylim(number + 0.6, 0.4)


def _spread(number: int) -> np.ndarray:
    """Places [number] within ±0.35, evenly dense whatever the number: multiples of the golden ratio, modulo 1."""
    return 0.7 * (np.arange(1, number + 1) * (np.sqrt(5) - 1) / 2 % 1 - 0.5)
