"""Figures of experiments.hessian_spectrum: eigenvalues with their sign, on a scale that is linear near 0.

A cell's colour is that of every figure; failures are grey. Bands are the middle 80 % of networks.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, StrMethodFormatter

from experiments.geometric_means import logarithm
from experiments.group_figures import FEWEST
from experiments.hessian_measures import STAGES
from experiments.hessian_tables import Seen, average, groups_of
from rnnjax import plotting
from rnnjax.distribution_plots import draw_distributions, draw_median
from rnnjax.statistics import Interval

_FAILURE = "0.45"
_WHEN = {"start": "before training", "end": "after training", "perturbed": "perturbed"}
_LINEAR = 1e-5  # below it the scale is linear
_TICKS = (-1e3, -10, -1e-1, -1e-3, 0, 1e-3, 1e-1, 10, 1e3)
_PANELS = {
    "largest": "largest eigenvalue", "largest_per_loss": "largest / loss",
    "negative_share": "share of negative ones", "condition": "largest / median size",
}  # fmt: skip


@plotting.house_style()
def draw_pair(pair: Sequence[tuple[Seen, int]], factor: float) -> Figure:
    """All eigenvalues of an RNN and a GRU, a panel a stage, from the least to the largest.

    Args:
        pair: each with the place of the network.
        factor: of the perturbation.
    """
    figure = plotting.new_figure(7.0, 3.0)
    axes = figure.subplots(1, len(STAGES), sharey=True)
    for ax, stage in zip(axes, STAGES, strict=True):
        for seen, place in pair:
            values = seen.measured[f"{stage}/eigenvalues"][:, place]
            ax.plot(np.linspace(0, 1, len(values)), values, ms=3, **_mark(seen))
        ax.set_title(_WHEN[stage] + (f", factor {factor:g}" if stage == "perturbed" else ""))
        _scale(ax)
        ax.set_xlabel("eigenvalues, sorted")
    axes[0].set_ylabel("eigenvalue of the loss' Hessian")
    (first, _), *_ = pair
    figure.suptitle(f"Section 4.6: one RNN and one GRU on {first.data}, {first.how}", size=9)
    handles = []
    for seen, place in pair:
        text = f"{seen.shape.title}, draw {seen.draws[place]}, seed {seen.seeds[place]}:"
        text += f" {100 * seen.accuracy[place]:.1f} %, {len(seen.measured['end/eigenvalues'])} eigenvalues"
        handles.append(Line2D([], [], ms=4, label=text, **_mark(seen)))
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


@plotting.house_style()
def draw_spectra(title: str, every: Sequence[Seen]) -> Figure:
    """Spectra of all chosen networks, successes and failures: a column a condition, a row a stage."""
    figure = plotting.new_figure(7.0, 6.0)
    axes = figure.subplots(len(STAGES), len(every), sharex=True, sharey=True, squeeze=False)
    for column, seen in zip(axes.T, every, strict=True):
        for ax, stage in zip(column, STAGES, strict=True):
            values = seen.measured[f"{stage}/eigenvalues"]
            for group, members in groups_of(seen).items():
                _draw_band(ax, values[:, members], *_style(seen, group))
            _scale(ax)
        number = ", ".join(f"{members.sum()} {group[0]}" for group, members in groups_of(seen).items())
        column[0].set_title(f"{seen.shape.title}\n{seen.how}\n({number})")
        column[-1].set_xlabel("eigenvalues, sorted")
    for ax, stage in zip(axes[:, 0], STAGES, strict=True):
        ax.set_ylabel(f"eigenvalue\n{_WHEN[stage]}")
    figure.suptitle(title, size=9)
    lines = [("black", "-", "success (s), in the cell's colour"), (_FAILURE, "--", "failure (f)")]
    handles = [Line2D([], [], color=colour, ls=style, lw=1.2, label=text) for colour, style, text in lines]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


@plotting.house_style()
def draw_measures(title: str, every: Sequence[Seen]) -> Figure:
    """How measures of the spectrum are spread over networks: a panel a measure, a line a condition, stage and group."""
    lines = [(seen, stage, group) for seen in every for stage in STAGES for group in groups_of(seen)]
    lines = [line for line in lines if groups_of(line[0])[line[2]].any()]
    figure = plotting.new_figure(7.2, 0.17 * len(lines) + 1.2)
    axes = figure.subplots(1, len(_PANELS), sharey=True)
    for ax, (measure, text) in zip(axes, _PANELS.items(), strict=True):
        spreads = measure != "negative_share"
        groups, intervals = zip(*(_of_line(*line, measure, spreads) for line in lines), strict=True)
        draw_distributions(ax, groups, intervals, [_style(seen, group)[0] for seen, _, group in lines])
        ax.set_xlabel(text)
        if spreads:
            ax.xaxis.set_major_formatter(StrMethodFormatter("$10^{{{x:g}}}$"))
            ax.xaxis.get_major_locator().set_params(integer=True, nbins=4)
        else:
            ax.xaxis.set_major_formatter(plotting.per_cent)
        ax.grid(axis="x", color="0.9", lw=0.5)
        ax.set_axisbelow(True)
    axes[0].set_yticks(range(len(lines)), [_label(*line) for line in lines], size=6.5)
    figure.align_xlabels(axes)
    figure.suptitle(title + "\nmiddle 90 % and half; black: mean (of logarithms on those axes), 95 %", size=9)
    return figure


def _of_line(seen: Seen, stage: str, group: str, measure: str, spreads: bool) -> tuple[np.ndarray, Interval]:
    """Values, or their logarithms, and the interval of their mean."""
    members = groups_of(seen)[group]
    values, draws = seen.values(stage, measure)[members], seen.draws[members]
    shown = logarithm(values) if spreads else values
    return shown, average(shown, draws, False)


def _label(seen: Seen, stage: str, group: str) -> str:
    number = int(groups_of(seen)[group].sum())
    how = "" if seen.how.startswith("section") else ", not stopped"
    return f"{seen.shape.cell.title}{how}, {group} ({number}), {stage}"


def _mark(seen: Seen) -> dict[str, Any]:
    cell = seen.shape.cell.name
    return {"color": plotting.COLOURS[cell], "marker": "o" if cell == "rnn" else "x", "ls": "", "mew": 0.8}


def _style(seen: Seen, group: str) -> tuple[str, str]:
    return (plotting.COLOURS[seen.shape.cell.name], "-") if group == "success" else (_FAILURE, "--")


def _draw_band(ax: Axes, values: np.ndarray, colour: str, style: str) -> None:
    """The median of spectra [Q, n], eigenvalue by eigenvalue, and their middle 80 %."""
    values = values[:, np.isfinite(values).all(0)]
    if values.shape[1] >= FEWEST:
        draw_median(ax, np.linspace(0, 1, len(values)), values, colour, style, shade=0.2)


def _scale(ax: Axes) -> None:
    ax.axhline(0, color="0.6", lw=0.5, zorder=0)
    ax.set_yscale("symlog", linthresh=_LINEAR, linscale=0.5)
    ax.yaxis.set_major_locator(FixedLocator(_TICKS))
    ax.yaxis.set_minor_locator(FixedLocator([]))
    ax.xaxis.set_major_formatter(plotting.per_cent)
