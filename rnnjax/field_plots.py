"""Figures of section 4.3.3: draw_x(axes, arrays) draws on axes that the caller made.

The plane is that of two hidden units, [-1, 1]². Its decision regions have the colours of the words' kinds: orange is
positive, blue negative.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.contour import QuadContourSet
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rnnjax.stability import KINDS, SADDLE, STABLE, UNSTABLE
from rnnjax.statistics import Interval

LEVELS = (0, 0.01, 0.03, 0.1, 0.3, 1, 3)  # of the displacement's norm; no state goes further than √8
_REGIONS = {"positive region": "#F5CF87", "negative region": "#8DBFE0"}
_BOUNDARY: dict[str, Any] = {"color": "#D55E00", "lw": 1.6, "ls": (0, (5, 2))}
MARKS: dict[int, dict[str, Any]] = {
    STABLE: {"marker": "o", "c": "black", "edgecolors": "white", "s": 42},
    SADDLE: {"marker": "X", "c": "black", "edgecolors": "white", "s": 52},
    UNSTABLE: {"marker": "o", "c": "white", "edgecolors": "black", "s": 36},
}
NAMES = {kind: name if kind == SADDLE else f"{name} fixed point" for kind, name in enumerate(KINDS)}
_MOST_ARROWS = 14  # along each axis


def draw_regions(axes: Axes, w: np.ndarray, b: float) -> None:
    """The positive region, w·h + b > 0, and the negative one; w [2]."""
    x, y = np.meshgrid(np.linspace(-1, 1, 201), np.linspace(-1, 1, 201))
    axes.contourf(x, y, w[0] * x + w[1] * y + b, [-np.inf, 0, np.inf], colors=[*_REGIONS.values()][::-1])
    draw_boundary(axes, w, b)


def draw_boundary(axes: Axes, w: np.ndarray, b: float) -> None:
    """The line w·h + b = 0, where it crosses the plane; equal axes."""
    x, y = np.meshgrid([-1.0, 1.0], [-1.0, 1.0])
    margin = w[0] * x + w[1] * y + b
    if margin.min() < 0 < margin.max():
        foot, along = -b * np.asarray(w) / np.dot(w, w), np.array([-w[1], w[0]]) / np.hypot(*w)
        axes.plot(*np.stack([foot - 3 * along, foot + 3 * along], 1), **_BOUNDARY)
    axes.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal")
    axes.set_xticks([-1, 0, 1])
    axes.set_yticks([-1, 0, 1])


def draw_field(axes: Axes, states: np.ndarray, moves: np.ndarray) -> QuadContourSet:
    """Where a word moves the state, as arrows of one length, and how far, as contours of the norm.

    Args:
        axes: where to draw.
        states: [G, 2], as of fields.plane.
        moves: [G, 2].

    Returns:
        what a colour bar can be made of.
    """
    number = round(len(states) ** 0.5)
    x, y, u, v = (part.reshape(number, number) for part in (*states.T, *moves.T))
    norm = np.hypot(u, v)
    light = ListedColormap(mpl.colormaps["YlGnBu"](np.linspace(0.03, 0.62, len(LEVELS) - 1)))
    filled = axes.contourf(x, y, norm, LEVELS, cmap=light, norm=BoundaryNorm(LEVELS, light.N))
    axes.contour(x, y, norm, LEVELS[1:-1], colors="white", linewidths=0.5)
    step = -(-number // _MOST_ARROWS)
    along = np.arange((number - 1) % step // 2, number, step)
    some = np.ix_(along, along)
    length = np.where(norm > 0, norm, 1)
    arrows = u[some] / length[some], v[some] / length[some]
    axes.quiver(x[some], y[some], *arrows, color="0.25", pivot="mid", scale=19, width=0.006, headwidth=4)
    return filled


def draw_points(axes: Axes, states: np.ndarray, kinds: np.ndarray) -> None:
    """A word's fixed points: states [M, 2], kinds [M] (see stability)."""
    for kind, style in MARKS.items():
        if (kinds == kind).any():
            axes.scatter(*states[kinds == kind].T, **style, linewidths=0.9, zorder=5, clip_on=False)


def field_handles() -> list[Line2D | Patch]:
    """A legend's entries for regions, boundary and fixed points."""
    points = [
        Line2D([], [], ls="", marker=style["marker"], mfc=style["c"], mec=style["edgecolors"], ms=6.5, mew=0.8)
        for style in MARKS.values()
    ]
    for kind, handle in zip(MARKS, points, strict=True):
        handle.set_label(NAMES[kind])
        if kind != UNSTABLE:
            handle.set_markeredgecolor("black")
    patches = [Patch(color=colour, label=name) for name, colour in _REGIONS.items()]
    return [*patches, boundary_handle(), *points]


def boundary_handle() -> Line2D:
    """A legend's entry for the line between draw_regions' regions."""
    return Line2D([], [], **_BOUNDARY, label="boundary")


def draw_curve(axes: Axes, x: np.ndarray, intervals: Sequence[Interval], colour: str, line: str) -> None:
    """Means with their 95 % band over x [X], an interval each; nothing where there is none."""
    mean, low, high = (np.array([getattr(each, name) for each in intervals]) for name in Interval._fields)
    axes.fill_between(x, low, high, color=colour, alpha=0.2, lw=0)
    axes.plot(x, mean, color=colour, ls=line, marker="o", ms=2.5, lw=1.2)
