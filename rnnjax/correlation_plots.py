"""Figures of how one thing goes with another: draw_x(axes, arrays) draws on axes that the caller made."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from rnnjax.statistics import Interval

_TURNS = 40  # in which groups are drawn, so that none hides the others


def draw_scatter(
    axes: Axes, groups: Sequence[tuple[np.ndarray, np.ndarray, str, str]], slope: float, at_0: float
) -> None:
    """Points of several groups (x, y, colour, marker), and a line of best fit, which goes as far as the points.

    Args:
        axes: where to draw.
        groups: x and y of any one shape each.
        slope: of the line; NaN: none.
        at_0: its y at x = 0.
    """
    orders = [np.random.default_rng(0).permutation(np.size(group[0])) for group in groups]
    for turn in range(min(_TURNS, max(len(order) for order in orders))):
        for (x, y, colour, marker), order in zip(groups, orders, strict=True):
            some = order[turn::_TURNS]
            x_here, y_here = np.ravel(x)[some], np.ravel(y)[some]
            axes.plot(x_here, y_here, marker, color=colour, ms=2.2, mew=0, alpha=0.35, rasterized=True)
    x = np.concatenate([np.ravel(group[0]) for group in groups])
    ends = np.array([np.nanmin(x), np.nanmax(x)])
    axes.plot(ends, slope * ends + at_0, color="black", lw=1.4)
    axes.axhline(0, color="0.5", lw=0.5, ls=":")
    axes.axvline(0, color="0.5", lw=0.5, ls=":")


def draw_correlations(
    axes: Axes, labels: Sequence[str], rows: Sequence[Sequence[Interval]], colours: Sequence[str]
) -> None:
    """Correlations with 95 % intervals, from the top: of each label a dot, an open square and a diamond.

    Args:
        axes: where to draw.
        labels: one a row.
        rows: up to three intervals of each label.
        colours: of the rows.
    """
    for place, (intervals, colour) in enumerate(zip(rows, colours, strict=True)):
        for interval, marker, shift in zip(intervals, "osD", (-0.24, 0, 0.24), strict=False):
            axes.plot([interval.low, interval.high], [place + shift] * 2, color=colour, lw=1.2)
            face, size = ("white" if marker == "s" else colour), (3.5 if marker == "D" else 4)
            axes.plot([interval.estimate], [place + shift], marker, color=colour, mfc=face, ms=size)
    axes.axvline(0, color="0.4", lw=0.6, ls=":")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlim(-1, 1)
    axes.grid(axis="y", color="0.9", lw=0.5)
    axes.set_axisbelow(True)
