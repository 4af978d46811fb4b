"""The figure of claim C28: how often training succeeds beside how often random settings are as good, by cell and shape.

Left each cell and shape at its share of random settings (across, logarithmic) and of trained networks (up) above
density.DECIDING; right what the GRU's quotient of the two is over the RNN's: right of 1 training does more for a GRU.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from experiments.claims_rows import ends
from experiments.density import DECIDING, HEADLINE, SAME
from experiments.reporting import Rows
from rnnjax import plotting
from rnnjax.statistics import Interval

_MARKS = ("o", "s", "^", "D")
_CELLS = {"rnn": "RNN", "gru": "GRU"}
_INCHES = 7.2, 3.3
_TINY = 1e-30  # stands for 0 on logarithmic axes, and 1 over it for infinity


@plotting.house_style()
def figure(rows: Rows) -> Figure | None:
    """Of density.density's lines; None where none is of the distribution that training starts from.

    Args:
        rows: with `sampler`, `beside`, `accuracy_above`, `shape`, and intervals of rates and quotients.
    """
    wanted = HEADLINE, SAME, DECIDING
    shown = [row for row in rows if (row["sampler"], row["beside"], row["accuracy_above"]) == wanted]
    if not shown:
        return None
    made = plotting.new_figure(*_INCHES)
    left, right = made.subplots(1, 2, width_ratios=(1.4, 1))
    _draw_rates(left, shown)
    _draw_quotients(right, shown)
    networks, draws = (sorted({row[name] for row in shown}) for name in ("networks", "random_draws"))
    made.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=6, fontsize=7)
    made.suptitle(
        f"Trained networks and random settings above {100 * DECIDING:g} % on FirstI, by inputs x hidden units (C28)\n"
        f"95 % intervals, uncorrected; {_span(networks)} networks a point; settings in {_span(draws)} draws of words",
        size=9,
    )
    return made


def _draw_rates(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    for row, mark in zip(rows, _MARKS, strict=True):
        points = []
        for cell in _CELLS:
            random, trained = ends(row, f"{cell}_random"), ends(row, f"{cell}_trained")
            style: dict[str, Any] = {"color": plotting.COLOURS[cell], "lw": 1.0, "solid_capstyle": "butt"}
            middle = random.estimate if random.estimate > 0 else np.nan  # none was found, or not in most draws
            axes.plot(_ends_shown(random), [trained.estimate] * 2, **style)
            axes.plot([middle] * 2, [trained.low, trained.high], **style)
            axes.plot(middle, trained.estimate, ls="", marker=mark, ms=5, color=style["color"], mec="black", mew=0.4)
            points.append((middle, trained.estimate))
        axes.plot(*zip(*points, strict=True), color="0.6", lw=0.6, zorder=0)
        axes.plot([], [], ls="", marker=mark, ms=5, color="0.7", mec="black", mew=0.4, label=_title(row))
    for cell, title in _CELLS.items():
        axes.plot([], [], lw=3, color=plotting.COLOURS[cell], label=title)
    seen = [ends(row, f"{cell}_random") for row in rows for cell in _CELLS]
    shares = [value for each in seen for value in each if 0 < value < np.inf]
    axes.set_xscale("log")
    if shares:
        axes.set_xlim(min(shares) / 3, max(shares) * 3)
    axes.set_ylim(0, 1.05)
    axes.yaxis.set_major_formatter(plotting.per_cent)
    axes.set_xlabel("share of random settings, drawn as training's starts")
    axes.set_ylabel("share of trained networks")
    axes.set_title(f"share above {100 * DECIDING:g} %")


def _draw_quotients(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    for place, (row, mark) in enumerate(zip(rows, _MARKS, strict=True)):
        ratio = ends(row, "quotient_ratio")
        axes.plot(_ends_shown(ratio), [place] * 2, color="0.3")
        axes.plot(ratio.estimate, place, ls="", marker=mark, ms=5, color="0.7", mec="black", mew=0.4)
    ratios = [value for row in rows for value in ends(row, "quotient_ratio") if 0 < value < np.inf]
    axes.axvline(1, color="0.6", lw=0.8, ls="--", zorder=0)
    axes.annotate(
        "1: frequency explains all", (1, 1), (3, -2), ("data", "axes fraction"), "offset points", fontsize=6, va="top"
    )
    axes.set_xscale("log")
    axes.set_xlim(min([0.5, *(value / 1.5 for value in ratios)]), max([2, *(value * 1.5 for value in ratios)]))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [_title(row) for row in rows])
    axes.set_xlabel("trained over random share, GRU's over RNN's")
    axes.set_title("how much more training does for a GRU")


def _ends_shown(interval: Interval) -> list[float]:
    """Where its line begins and ends on a logarithmic axis."""
    return [max(interval.low, _TINY), min(interval.high, 1 / _TINY)]


def _title(row: Mapping[str, Any]) -> str:
    return str(row["shape"]).replace("x", " x ")


def _span(values: Sequence[int]) -> str:
    """Of sorted whole numbers."""
    return f"{values[0]:,}" if values[0] == values[-1] else f"{values[0]:,} to {values[-1]:,}"
