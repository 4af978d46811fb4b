"""Figures of fixed points of many networks: draw_x(axes, arrays) draws on axes that the caller made."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rnnjax import plotting
from rnnjax.field_plots import MARKS, NAMES
from rnnjax.stability import SADDLE, STABLE, UNSTABLE
from rnnjax.statistics import Interval


def draw_numbers(
    axes: Axes, labels: Sequence[str], kinds: Sequence[Sequence[Interval]], colours: Sequence[str]
) -> None:
    """Numbers of fixed points of each kind (see stability) with 95 % intervals, labels from the top.

    Args:
        axes: where to draw.
        labels: one a row.
        kinds: of each kind an interval a row.
        colours: of the rows.
    """
    for kind, intervals in enumerate(kinds):
        style = MARKS[kind]
        for place, (interval, colour) in enumerate(zip(intervals, colours, strict=True)):
            height, face = place + 0.25 * (kind - 1), "white" if kind == UNSTABLE else colour
            axes.plot([interval.low, interval.high], [height, height], color=colour, lw=1, clip_on=False)
            axes.plot([interval.estimate], [height], style["marker"], color=colour, mfc=face, ms=4, clip_on=False)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color="0.9", lw=0.5)
    axes.set_axisbelow(True)


def number_handles() -> list[Line2D]:
    """A legend's entries for draw_numbers."""
    faces = {STABLE: "0.3", SADDLE: "0.3", UNSTABLE: "white"}
    return [
        Line2D([], [], ls="", marker=style["marker"], color="0.3", mfc=faces[kind], ms=4, label=NAMES[kind])
        for kind, style in MARKS.items()
    ]


def draw_exceeding(axes: Axes, values: np.ndarray, colour: str, line: str) -> None:
    """The share of values [N] that exceed x, over x."""
    ordered = np.sort(values)
    left = 1 - np.arange(len(ordered) + 1) / max(1, len(ordered))
    axes.step(np.concatenate([[0], ordered]), left, where="post", color=colour, ls=line, lw=1.2)
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(plotting.per_cent)
