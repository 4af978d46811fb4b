"""Figures that several training experiments share: heat maps, sorted rows, means and rates with intervals."""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from experiments.conditions import Condition
from experiments.outcomes import Outcome
from rnnjax import grids, plotting, resampling
from rnnjax.statistics import Interval


class Panel(NamedTuple):
    """One heat map or one block of sorted rows."""

    title: str
    rows: Mapping[str, np.ndarray]  # by label: accuracies [C] of a heat map's cells, or [S] of initialisations


class Rate(NamedTuple):
    """One line of a figure of means or rates."""

    label: str
    interval: Interval
    thesis: float | None  # printed, in [0, 1]
    cell: str  # for the colour


@plotting.house_style()
def heat_maps(
    title: str, panels: Sequence[Panel], columns: Sequence[str], x_label: str, y_label: str, per_row: int
) -> Figure:
    """Panels side by side, a row of the figure `per_row` of them."""
    lines = -(-len(panels) // per_row)
    height = max(len(panel.rows) for panel in panels)
    figure = plotting.new_figure(7.2, lines * (0.24 * height + 0.75) + 0.7)
    axes = figure.subplots(lines, per_row, squeeze=False)
    plotting.hide_rest(axes, len(panels))
    for ax, panel in zip(axes.flat, panels, strict=False):
        drawn = grids.draw_heat_map(ax, np.stack(list(panel.rows.values())), list(panel.rows), columns)
        ax.set_title(panel.title)
        ax.set_xlabel(x_label)
        ax.set_ylabel(y_label)
    figure.colorbar(drawn, ax=axes, label="validation accuracy, %", shrink=0.7)
    figure.suptitle(title, size=9)
    return figure


@plotting.house_style()
def sorted_rows(title: str, panels: Sequence[Panel], per_row: int = 1) -> Figure:
    """Panels below each other; each row of one is sorted by accuracy."""
    lines = -(-len(panels) // per_row)
    heights = [max(len(p.rows) for p in panels[i : i + per_row]) for i in range(0, len(panels), per_row)]
    figure = plotting.new_figure(7.2, sum(0.2 * height + 0.62 for height in heights) + 0.5)
    axes = figure.subplots(lines, per_row, squeeze=False, height_ratios=[height + 1.5 for height in heights])
    plotting.hide_rest(axes, len(panels))
    for ax, panel in zip(axes.flat, panels, strict=False):
        drawn = grids.draw_sorted_rows(ax, list(panel.rows.values()), list(panel.rows))
        ax.set_title(panel.title)
    longest = max(len(row) for panel in panels for row in panel.rows.values())
    for ax in axes.flat:
        ax.set_xlim(0.5, longest + 0.5)  # cells of a place below each other
    for ax in axes[:-1].flat:
        ax.set_xlabel("")
    figure.colorbar(drawn, ax=axes, label="validation accuracy, %", shrink=0.5)
    figure.suptitle(title, size=9)
    return figure


@plotting.house_style()
def rates(title: str, x_label: str, rows: Sequence[Rate], means: bool = False) -> Figure:
    """Rates, or means of accuracies, with 95 % intervals, thesis' numbers beside them."""
    figure = plotting.new_figure(7.2, 0.2 * len(rows) + 1.2)
    ax = figure.subplots()
    colours = [plotting.COLOURS[row.cell] for row in rows]
    labels = [row.label for row in rows]
    intervals, printed = [row.interval for row in rows], [row.thesis for row in rows]
    grids.draw_rates(ax, labels, intervals, printed, colours, means)
    ax.set_xlabel(x_label)
    figure.suptitle(title, size=9)  # of the figure: labels take much of its width
    figure.legend(handles=grids.rate_handles(intervals, printed), loc="outside lower center", ncols=3)
    return figure


@plotting.house_style()
def strips(title: str, x_label: str, rows: Mapping[str, tuple[np.ndarray, str]]) -> Figure:
    """All networks' accuracies, a strip a label; (accuracies of any shape, the cell's name for the colour)."""
    figure = plotting.new_figure(7.2, 0.3 * len(rows) + 1.0)
    ax = figure.subplots()
    values, cells = zip(*rows.values(), strict=True)
    colours = [plotting.COLOURS[cell] for cell in cells]
    grids.draw_accuracy_strips(ax, list(rows), [np.ravel(value) for value in values], colours)
    ax.set_xlabel(x_label)
    figure.suptitle(title, size=9)
    return figure


def strips_and_rates(
    title: str, rows: Mapping[str, tuple[Sequence[np.ndarray], str]], threshold: float
) -> tuple[Figure, Figure]:
    """Every network's accuracy, and each label's share above a threshold with its interval.

    Args:
        title: what the networks are.
        rows: by label, to which their number is added, each draw's accuracies, [S] of each, and the cell's name for the
            colour.
        threshold: an accuracy.
    """
    rows = {f"{label} (n = {sum(map(len, accuracy)):,})": (accuracy, cell) for label, (accuracy, cell) in rows.items()}
    every = {label: (np.concatenate([*accuracy]), cell) for label, (accuracy, cell) in rows.items()}
    lines = [Rate(label, rate_of(accuracy, threshold), None, cell) for label, (accuracy, cell) in rows.items()]
    share = f"share of networks above {100 * threshold:.0f} % validation accuracy"
    return strips(title, "validation accuracy (tick: mean of all networks)", every), rates(title, share, lines)


def figure_name(numbers: Mapping[str, str], title: str) -> tuple[str, str]:
    """How a figure of a data set is called, and its file's beginning.

    Args:
        numbers: the thesis' figures' numbers by data set, such as {"FirstI": "4.4"}.
        title: of the data set; one that the thesis does not show is named beside the first of its figures.
    """
    number = numbers.get(title)
    if number is None:
        first = next(iter(numbers.values()))
        return f"Like Figure {first}", f"like_figure_{first.replace('.', '_')}_{title}"
    return f"Figure {number}", f"figure_{number.replace('.', '_')}"


def section_name(section: str, numbers: Mapping[str, str], title: str) -> str:
    """ "Section 4.2.2", or "As section 4.2.2" of a data set that the thesis does not show there (figure_name)."""
    return f"{'Section' if title in numbers else 'As section'} {section}"


def figure_of(numbers: Mapping[str, str], condition: Condition) -> tuple[str, str]:
    """As figure_name, of a condition's data set; without early stop it is no figure of the thesis."""
    number, name = figure_name(numbers, condition.data.title)
    if condition.protocol.rules.early_stop:
        return number, name
    return "Like " + number.removeprefix("Like "), f"{name}_unstopped"


def shown(outcome: Outcome, report: str, number: int) -> np.ndarray:
    """The accuracies [S] that the thesis' figures show: the first draw's first members; NaN where a loss was."""
    return np.where(outcome["finite"], outcome.accuracy(report), np.nan)[0, :number]


def success_rate(outcome: Outcome, report: str, threshold: float) -> Interval:
    """The share of networks above an accuracy, over all draws and seeds."""
    return rate_of(outcome.accuracy(report), threshold)


def rate_of(accuracy: Sequence[np.ndarray] | np.ndarray, threshold: float) -> Interval:
    """The share of accuracies above a threshold: [R, S], or [S] of each draw."""
    return resampling.mean(resampling.success(list(accuracy), threshold))


def row_panels(named: Mapping[str, Mapping[str, Outcome]], report: str, number: int) -> list[Panel]:
    """Lettered panels (a), (b), ... of sorted rows, from outcomes by panel and row."""
    return [
        Panel(f"({letter}) {title}", {label: shown(outcome, report, number) for label, outcome in rows.items()})
        for letter, (title, rows) in zip(ascii_lowercase, named.items(), strict=False)
    ]
