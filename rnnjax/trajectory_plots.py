"""Figures of a state's way through a sentence: draw_x(axes, arrays) draws on axes that the caller made.

Classes have the colours that words of the same sentiment have: orange positive, blue negative.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rnnjax.plotting import WORD_MARKS
from rnnjax.survival import Curve

NEGATIVE, POSITIVE = (WORD_MARKS[kind][0] for kind in ("negative", "positive"))
_TWO = ListedColormap([NEGATIVE, POSITIVE])
_WAYS = (("-", "0.15"), ("--", "0.45"))  # of a first and a second sentence


def draw_way(axes: Axes, states: np.ndarray, margins: np.ndarray, letters: str, second: bool = False) -> None:
    """A sentence's states from (0, 0) on, each coloured by its class, sentiment words by their letters, the end large.

    Args:
        axes: where to draw.
        states: [T, 2].
        margins: [T].
        letters: one a word; "S" is not written.
        second: another line than the first sentence's.
    """
    (line, colour), way = _WAYS[second], np.concatenate([np.zeros((1, 2)), states])
    axes.plot(*way.T, line, color=colour, lw=1, zorder=2)
    axes.plot(0, 0, "x", color="black", ms=6, mew=1.5, zorder=5)
    classes = [POSITIVE if margin > 0 else NEGATIVE for margin in margins]
    last = len(states) - 1
    for place, ((x, y), fill, letter) in enumerate(zip(states, classes, letters, strict=True)):
        size, marker = ((7 if second else 11) if place == last else 4.5), ("s" if second else "o")
        axes.plot(x, y, marker, color=fill, mec=colour, mew=0.8, ms=size, zorder=3)
        if letter != "S":
            shift = (5, -9) if second else (5, 5)
            axes.annotate(letter, (x, y), shift, textcoords="offset points", color=colour, weight="bold", zorder=4)


def way_handles(sentences: Sequence[str]) -> list[Line2D | Patch]:
    """A legend's entries for the marks of draw_way."""
    ways = zip(sentences, _WAYS, "os", strict=True)
    found: list[Line2D | Patch] = [
        Line2D([], [], ls=line, color=colour, marker=marker, mfc="white", ms=5, label=label)
        for label, (line, colour), marker in ways
    ]
    found += class_handles()
    found.append(Line2D([], [], ls="", marker="x", color="black", ms=6, mew=1.5, label="start"))
    return [*found, Line2D([], [], ls="", marker="o", color="black", mfc="white", ms=9, label="end (large)")]


def class_handles() -> list[Patch]:
    """A legend's entries for the classes that the readout gives."""
    return [Patch(fc=POSITIVE, label="called positive"), Patch(fc=NEGATIVE, label="called negative")]


def draw_unit(axes: Axes, values: np.ndarray) -> None:
    """One hidden unit over the words of a negative and of a positive sentence, on a logarithmic axis of steps.

    Args:
        axes: where to draw.
        values: [2, T], the negative sentence first.
    """
    steps = np.arange(1, values.shape[1] + 1)
    for unit, colour, line, width in zip(values, (NEGATIVE, POSITIVE), ("-", "--"), (1.4, 0.8), strict=True):
        axes.plot(steps, unit, line, color=colour, lw=width, rasterized=True)
    _over_steps(axes, len(steps))
    axes.set_ylim(-1.1, 1.1)


def draw_calls(axes: Axes, margins: np.ndarray, labels: Sequence[str]) -> None:
    """The class that the readout gives after each word, a strip of colour a sentence.

    Args:
        axes: where to draw.
        margins: [N, T].
        labels: of the N sentences.
    """
    edges = np.arange(margins.shape[1] + 1) + 0.5
    rows = np.arange(len(margins) + 1) - 0.5
    axes.pcolormesh(edges, rows, margins > 0, cmap=_TWO, vmin=0, vmax=1, rasterized=True)
    axes.hlines(rows[1:-1], edges[0], edges[-1], colors="white", lw=2)
    _over_steps(axes, margins.shape[1])
    axes.set_yticks(range(len(margins)), labels)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(rows[-1], rows[0])


def draw_survival(axes: Axes, curve: Curve, colour: str, line: str, label: str) -> None:
    """The share that lasts after each step, with its band, on a logarithmic axis of steps; step 0 is left out."""
    there = curve.steps > 0
    steps = curve.steps[there]
    axes.step(steps, curve.share[there], where="post", color=colour, ls=line, lw=1.4, label=label)
    axes.fill_between(steps, curve.low[there], curve.high[there], step="post", color=colour, alpha=0.2, lw=0)
    _over_steps(axes, int(steps[-1]))
    axes.set_ylim(0, 1.02)


def _over_steps(axes: Axes, last: int) -> None:
    axes.set_xscale("log")
    axes.set_xlim(0.9, last * 1.1)
    axes.xaxis.set_major_formatter("{x:g}")
