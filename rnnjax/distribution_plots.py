"""Figures of how a number is spread over networks: draw_x(axes, arrays) draws on axes that the caller made."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from rnnjax.statistics import Interval


def draw_distributions(
    axes: Axes, groups: Sequence[np.ndarray], intervals: Sequence[Interval], colours: Sequence[str]
) -> None:
    """A line a group, from the top: its middle 90 % thin, its middle half thick, its mean with a 95 % interval.

    Args:
        axes: where to draw; the caller labels the lines, at 0, 1, ...
        groups: values [S], S its own, NaN left out; of an empty one nothing is drawn.
        intervals: of the groups' means.
        colours: of the groups.
    """
    for place, (values, interval, colour) in enumerate(zip(groups, intervals, colours, strict=True)):
        values = values[~np.isnan(values)]
        if not len(values):
            continue
        low, first, third, high = np.quantile(values, [0.05, 0.25, 0.75, 0.95])
        axes.plot([low, high], [place, place], color=colour, lw=1, alpha=0.6, solid_capstyle="butt")
        axes.plot([first, third], [place, place], color=colour, lw=6, alpha=0.35, solid_capstyle="butt")
        axes.plot([interval.low, interval.high], [place, place], "-|", color="black", lw=1, ms=6, mew=1)
        axes.plot([interval.estimate], [place], "o", color="black", ms=3)
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def draw_median(
    axes: Axes, places: np.ndarray, values: np.ndarray, colour: Any, line: Any, shade: float, outside: float = 0.1
) -> None:
    """The median over networks at every place, and a band of what lies between two quantiles.

    Args:
        axes: where to draw.
        places: [X].
        values: [X, S], NaN left out.
        colour: of both.
        line: the median's style.
        shade: how opaque the band is; 0: there is none.
        outside: the share of networks above the band, and below it.
    """
    low, median, high = np.nanquantile(values, (outside, 0.5, 1 - outside), axis=1)
    if shade:
        axes.fill_between(places, low, high, color=colour, alpha=shade, lw=0)
    axes.plot(places, median, color=colour, ls=line, lw=1.2)
