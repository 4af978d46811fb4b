"""Figures: draw_x(axes, arrays) draws on axes that the caller made; nothing here reads or writes files.

Colours are Okabe and Ito's (2008), which colour-blind readers tell apart; every cell also has its own
line style.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rnnjax import statistics
from rnnjax.statistics import Interval
from rnnjax.words import words_of

COLOURS = {
    "rnn": "#D55E00",
    "gru": "#0072B2",
    "relu_rnn": "#CC79A7",
    "update_gate_gru": "#009E73",
    "reset_gate_gru": "#E69F00",
}
LINES: dict[str, Any] = {
    "rnn": "-",
    "gru": "--",
    "relu_rnn": ":",
    "update_gate_gru": "-.",
    "reset_gate_gru": (0, (8, 2)),
}
_ALIKE = ":"  # the line of an interval that no spread was seen of
# Colour and marker of words, by their kinds and in the order of words.KINDS.
WORD_MARKS = {"stop": ("#7F7F7F", "o"), "positive": ("#E69F00", "^"), "negative": ("#0072B2", "v")}
_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "savefig.dpi": 200,
    "figure.constrained_layout.use": True,
}


def house_style() -> contextlib._GeneratorContextManager[None]:
    """The style of all figures, for a with statement or as a decorator of what makes a figure."""
    return mpl.rc_context(_STYLE)


def resolution() -> int:
    """Dots an inch of figures' files."""
    return int(_STYLE["savefig.dpi"])


def be_coarse() -> None:
    """Figures have half as many dots an inch from now on and are drawn and written twice as fast: for a first look."""
    _STYLE["savefig.dpi"] = 100


def per_cent(value: float, _: float = 0) -> str:
    """A tick's text, for an axis of shares in [0, 1]; no decimal is rounded away, so that it stands where it says."""
    return f"{100 * value:.4g}%"


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of this many inches that needs no display."""
    return Figure((width, height), layout="constrained")


def hide_rest(axes: np.ndarray, used: int) -> None:
    """Leave the places of a grid after its first panels empty."""
    for ax in axes.flat[used:]:
        ax.set_visible(False)


def cell_handle(cell: str, title: str) -> Line2D:
    """A legend's entry for a cell, with its colour and line style."""
    return Line2D([], [], color=COLOURS[cell], linestyle=LINES[cell], label=title)


def interval_line(interval: Interval) -> str:
    """The line style of a rate's interval: dotted where none or all are above a threshold: no spread is seen."""
    return _ALIKE if interval.low < interval.high and interval.estimate in (0, 1) else "-"


def alike_handles(intervals: Iterable[Interval], **mark: Any) -> list[Line2D]:
    """A legend's entry for dotted intervals, if there are any among these; mark: of the estimate, as of Line2D."""
    text = "none or all: how far other draws may be from that"
    alike = Line2D([], [], color="0.3", lw=1.2, ls=_ALIKE, label=text, **mark)
    return [alike] * any(interval_line(interval) == _ALIKE for interval in intervals)


def draw_words(axes: Axes, points: np.ndarray) -> None:
    """The ten words as points of a plane, each kind with its colour and mark; equal axes.

    Args:
        axes: where to draw.
        points: [V, 2].
    """
    for kind, (colour, marker) in enumerate(WORD_MARKS.values()):
        x, y = points[words_of(kind)].T
        axes.plot(x, y, ls="", marker=marker, color=colour, ms=5, mec="black", mew=0.4)
    axes.set_aspect("equal", "datalim")


def word_handles() -> list[Line2D]:
    """A legend's entries for the kinds of words."""
    return [
        Line2D([], [], ls="", marker=marker, color=colour, ms=5, mec="black", mew=0.4, label=f"{kind} word")
        for kind, (colour, marker) in WORD_MARKS.items()
    ]


def draw_frequencies(axes: Axes, histograms: Mapping[str, np.ndarray], main: str, bin_width: float) -> None:
    """How many settings reach an accuracy, in bins that lie evenly about 50 %, on a logarithmic scale.

    The main cell's distribution is filled, the others of the same shape are lines, and what as many
    fair coins would score is a grey outline.

    Args:
        axes: where to draw.
        histograms: by the cell's name, counts of correct sentences, [N + 1].
        main: whose panel it is.
        bin_width: in units of accuracy, such as 0.01.
    """
    total, num_sentences = histograms[main].sum(), len(histograms[main]) - 1
    edges, coin = _binned(total * statistics.coin(num_sentences), bin_width)
    axes.stairs(np.maximum(coin, 1e-9), edges, color="0.35", lw=0.8)
    for cell, histogram in histograms.items():
        _, settings = _binned(histogram, bin_width)
        if cell == main:
            axes.stairs(settings, edges, fill=True, color=COLOURS[cell], alpha=0.45)
        shown = np.where(settings > 0, settings, np.nan)
        centres = (edges[1:] + edges[:-1]) / 2
        marker = "." if cell == main else "x"
        axes.plot(centres, shown, color=COLOURS[cell], linestyle=LINES[cell], marker=marker, ms=3, mew=0.7, lw=1)
    axes.set_yscale("log")
    axes.set_ylim(0.3, 2 * total)
    axes.xaxis.set_major_formatter(per_cent)
    _, best = _ends(histograms[main])
    axes.annotate(f"best {best:.2%}", (0.98, 0.95), xycoords="axes fraction", ha="right", va="top")


def draw_boxes(axes: Axes, names: Sequence[str], titles: Sequence[str], histograms: Sequence[np.ndarray]) -> None:
    """Tukey's box plots, one below the other; each accuracy outside the whiskers is one mark.

    Args:
        axes: where to draw.
        names: the cells' names, for the colours.
        titles: the labels.
        histograms: counts of correct sentences, each [N + 1].
    """
    places = np.arange(len(names))[::-1]
    for place, name, histogram in zip(places, names, histograms, strict=True):
        box = statistics.box(histogram)
        colour = COLOURS[name]
        axes.plot(box.outliers, np.full(len(box.outliers), place), "|", color=colour, ms=5, mew=0.5)
        axes.bxp(
            [
                {
                    "whislo": box.low_whisker,
                    "q1": box.first_quartile,
                    "med": box.median,
                    "q3": box.third_quartile,
                    "whishi": box.high_whisker,
                    "fliers": [],
                }
            ],
            positions=[place],
            orientation="horizontal",
            widths=0.6,
            patch_artist=True,
            boxprops={"facecolor": colour, "edgecolor": "black", "lw": 0.6},
            medianprops={"color": "black", "lw": 1},
            whiskerprops={"lw": 0.8},
            capprops={"lw": 0.8},
        )
        share = box.num_outliers / histogram.sum()
        text = f"{share:.1%} of settings outside"
        axes.annotate(text, (1.01, place), xycoords=("axes fraction", "data"), va="center", color=colour)
    axes.set_yticks(places, titles)
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.axvline(0.5, color="0.4", lw=0.6, ls=":")
    axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], nbins=12))
    axes.xaxis.set_major_formatter(per_cent)


def draw_tails(axes: Axes, histograms: Mapping[str, np.ndarray]) -> None:
    """P(accuracy > a) over a, with Wilson's 95 % band, on a logarithmic scale.

    Args:
        axes: where to draw.
        histograms: by the cell's name, counts of correct sentences, [N + 1].
    """
    for cell, histogram in histograms.items():
        num_sentences, trials = len(histogram) - 1, int(histogram.sum())
        above = np.cumsum(histogram[::-1])[::-1]  # settings with at least 0, 1, ..., N
        correct = np.flatnonzero(above[num_sentences // 2 + 1 :]) + num_sentences // 2 + 1
        correct = np.unique(np.append(correct[:: max(1, len(correct) // 200)], correct[-1:]))
        if not len(correct):
            continue
        tail = [statistics.proportion(above[c], trials) for c in correct]
        accuracy = (correct - 1) / num_sentences
        axes.plot(accuracy, [t.estimate for t in tail], linestyle=LINES[cell], color=COLOURS[cell], lw=1.2)
        axes.fill_between(accuracy, [t.low for t in tail], [t.high for t in tail], color=COLOURS[cell], alpha=0.2, lw=0)
    axes.set_yscale("log")
    axes.set_xlim(0.5, 1.0)
    axes.xaxis.set_major_formatter(per_cent)


def limits(histograms: Sequence[np.ndarray]) -> tuple[float, float]:
    """An accuracy axis around 50 % that holds all of the histograms."""
    reach = max(abs(end - 0.5) for histogram in histograms for end in _ends(histogram))
    reach = min(0.51, 1.05 * reach + 0.01)
    return 0.5 - reach, 0.5 + reach


def _ends(histogram: np.ndarray) -> tuple[float, float]:
    reached = np.flatnonzero(histogram) / (len(histogram) - 1)
    return float(reached.min()), float(reached.max())


def _binned(histogram: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Edges and sums of bins whose centres are the multiples of the width; one half of what is on an edge to each."""
    num_sentences = len(histogram) - 1
    num_bins = round(1 / width) + 1
    # In whole numbers, since edges fall on attainable accuracies: floor(correct / N / width + 1/2).
    bins, rest = np.divmod(2 * np.arange(num_sentences + 1) * (num_bins - 1) + num_sentences, 2 * num_sentences)
    settings = sum(
        np.bincount(each, weights=histogram / 2, minlength=num_bins) for each in (bins, np.where(rest, bins, bins - 1))
    )
    return (np.arange(num_bins + 1) - 0.5) * width, np.asarray(settings)
