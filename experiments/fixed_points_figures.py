"""Figures of fixed points: how many of each kind, what stop words do in the long run, and how slow they are."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from experiments.group_figures import BEFORE, FEWEST, SMALLER, handle, in_order, large_enough, line_of
from rnnjax import grids, plotting, point_plots
from rnnjax.cells import CELLS
from rnnjax.stability import KINDS as POINT_KINDS
from rnnjax.statistics import Interval
from rnnjax.words import KINDS, NEGATIVE, POSITIVE, STOP

_STOP_WORDS = {
    "one_in_each": "one stable point\nin each region",
    "holds": "differences of states\nheld for good",
    "fades": "held for a sentence,\nnot for good",
    "near_line": "line of slow states\n(near-line attractor)",
}
Row = Mapping[str, Any]
Line = tuple[str, str, str]  # label, cell, group


class Slowest(NamedTuple):
    """A group's stop words with a stable point."""

    constants: np.ndarray  # [.], of the slowest one, in words; inf of an eigenvalue of 1
    networks: int


@plotting.house_style()
def numbers(data: str, rows: Sequence[Row]) -> Figure:
    """How many fixed points of each kind a word has, by kind of word."""
    lines = _lines(rows)
    figure = plotting.new_figure(7.2, 0.21 * len(lines) + 1.3)
    axes = figure.subplots(1, 3, sharex=True, sharey=True)
    for ax, kind in zip(axes, (STOP, POSITIVE, NEGATIVE), strict=True):
        parts = [
            [_interval(_find(rows, line, KINDS[kind], name), 1) for line in lines.values()] for name in POINT_KINDS
        ]
        point_plots.draw_numbers(ax, [line[0] for line in lines], parts, [_colour(line) for line in lines])
        ax.set_title(f"{KINDS[kind]} words")
    axes[1].set_xlabel("fixed points of a word, mean over networks with 95 % interval")
    figure.legend(handles=point_plots.number_handles(), loc="outside lower center", ncols=3)
    figure.suptitle(f"Fixed points on {data}, by validation accuracy after training\n{SMALLER}", size=9)
    return figure


@plotting.house_style()
def stop_words(data: str, rows: Sequence[Row]) -> Figure:
    """What stop words do in the long run."""
    lines = _lines(rows)
    figure = plotting.new_figure(7.2, 0.21 * len(lines) + 1.5)
    axes, every = figure.subplots(1, len(_STOP_WORDS), sharey=True), list[Interval]()
    for ax, (measure, title) in zip(axes, _STOP_WORDS.items(), strict=True):
        intervals = [_interval(_find(rows, line, KINDS[STOP], measure), 100) for line in lines.values()]
        labels, colours = [line[0] for line in lines], [_colour(line) for line in lines]
        grids.draw_rates(ax, labels, intervals, [None] * len(lines), colours)
        every += intervals
        ax.set_title(title)
        ax.set_xticks([0, 0.5, 1])
    axes[1].set_xlabel("share of stop words, mean over networks")
    figure.legend(handles=grids.rate_handles(every, []), loc="outside lower center", ncols=2)
    figure.suptitle(f"What stop words do on {data}, by validation accuracy after training\n{SMALLER}", size=9)
    return figure


@plotting.house_style()
def time_constants(columns: Mapping[str, Mapping[str, Slowest]], length: int) -> Figure:
    """Of the stop words' slowest stable points, by cell, size and data set (a panel) and group of networks.

    Args:
        columns: of each panel's title what each group has.
        length: of a sentence.
    """
    per_row = 4
    figure = plotting.new_figure(7.2, 1.75 * -(-len(columns) // per_row) + 0.9)
    axes = figure.subplots(-(-len(columns) // per_row), per_row, sharex=True, sharey=True, squeeze=False)
    plotting.hide_rest(axes, len(columns))
    for ax, (title, groups) in zip(axes.flat, columns.items(), strict=False):
        for place, name in enumerate(in_order(groups)):
            (constants, number), (colour, line) = groups[name], line_of(name)
            if number >= FEWEST:
                point_plots.draw_exceeding(ax, constants, colour, line)
            told = {"transform": ax.transAxes, "size": 6, "ha": "right", "va": "top", "color": colour}
            ax.text(1, 1 - 0.1 * place, f"n = {number:,}", **told)
        ax.axvline(length, color="0.4", lw=0.6, ls=":")
        ax.set_xscale("log")
        ax.set_xlim(0.2, 1000)
        ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
        ax.set_title(title)
    for ax in axes[:, 0]:
        ax.set_ylabel("share of stop words")
    for ax in axes[-1]:
        ax.set_xlabel("x, words")
    names = in_order(name for groups in columns.values() for name in groups)
    figure.legend(handles=[handle(name) for name in names], loc="outside lower center", ncols=4)
    title = "Slowest stable points of stop words: share with a time constant 1 / |ln |λ|| above x"
    figure.suptitle(
        f"{title}\n(dotted: {length} words, a sentence's length; n: networks, by validation accuracy after training;"
        f"\nof fewer than {FEWEST} none is drawn)",
        size=9,
    )
    return figure


def _lines(rows: Sequence[Row]) -> dict[Line, Callable[[Row], bool]]:
    """Label, cell and group of every line of a figure of groups, and which rows are of it; small ones if all are."""
    found: dict[Line, Callable[[Row], bool]] = {}
    sizes: dict[Line, int] = {}
    for row in rows:
        if row["stage"] == "initial" or row["group"] != "all":
            key = row["cell"], row["hidden"], row["stage"], row["group"]
            name = BEFORE if row["stage"] == "initial" else row["group"]
            label = f"{CELLS[row['cell']].title}, H = {row['hidden']}, {name}"

            def of_line(other: Row, key: tuple[Any, ...] = key) -> bool:
                return (other["cell"], other["hidden"], other["stage"], other["group"]) == key

            number = max(other["networks"] for other in rows if of_line(other))
            line = f"{label} (n = {number:,})", row["cell"], name
            found[line], sizes[line] = of_line, number
    return large_enough(found, sizes)


def _find(rows: Sequence[Row], of_line: Callable[[Row], bool], words: str, measure: str) -> Row:
    return next(row for row in rows if of_line(row) and (row["words"], row["measure"]) == (words, measure))


def _interval(row: Row, scale: float) -> Interval:
    return Interval(row["mean"] / scale, row["low"] / scale, row["high"] / scale)


def _colour(line: Line) -> str:
    return "0.55" if line[2] == BEFORE else plotting.COLOURS[line[1]]
