"""Figures 4.9 and 4.10 of one network of each cell, and what noise does to all that succeeded."""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import thesis
from experiments.draw_intervals import by_draw, mean_of, with_draws
from rnnjax import plotting, survival, trajectory_plots
from rnnjax.cells import CELLS
from rnnjax.field_plots import boundary_handle, draw_curve, draw_regions
from rnnjax.landscape import Architecture
from rnnjax.parameters import Params

PAIRS = (("PNN", "SPSSSSNSSSN"), ("SSSSSSNN", "NN"))  # Figure 4.10's Sequence1 and Sequence2, (a, b) and (c, d)
# What ends, and of which cells the thesis says when it ended, by thesis_numbers.json's names (section_4_3_2).
_UNTIL = {
    "first_wrong": ("right at every word so far", {"rnn": "rnn_correct_until_word", "gru": "gru_correct_until_word"}),
    "forgets": ("right from trained length on", {"rnn": "rnn_correct_until_word", "gru": "gru_correct_until_word"}),
    "meeting": ("the two states apart", {"rnn": "rnn_states_overlap_near_word"}),
}
_GRID = 70  # steps at which the share that lasts is drawn


class Seen(NamedTuple):
    """One cell's networks: what is measured of all, and which of them count."""

    shape: Architecture
    accuracy: np.ndarray  # [R, S]
    limit: float  # networks above this accuracy count
    arrays: Mapping[str, np.ndarray]  # "random/first_wrong" [R, S] and so on
    params: Params  # of the one that is shown

    @property
    def title(self) -> str:
        """Which network is shown."""
        draw, seed = self.arrays["shown"]
        return f"{self.shape.cell.title} (draw {draw}, seed {seed}, {self.accuracy[draw, seed]:.2%})"

    @property
    def which(self) -> np.ndarray:
        """Which networks count, [R, S] bool."""
        return self.accuracy > self.limit

    @property
    def found(self) -> int:
        return int(self.which.sum())

    @property
    def counted(self) -> str:
        """How many count, for legends."""
        return f"{self.shape.cell.title}, {self.found} networks above {100 * self.limit:g} %"

    def of(self, key: str, place: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """A measure [n] of those that count, or its part at a place of its first axis, and their draws [n]."""
        return with_draws(self.arrays[key] if place is None else self.arrays[key][place], self.which)


@plotting.house_style()
def figure_4_9(called: str, data: str, stop_words: str, seen: Sequence[Seen]) -> Figure:
    """Both hidden units over all steps, and the class that the readout gives."""
    figure = plotting.new_figure(7.0, 4.6)
    axes = figure.subplots(3, len(seen), sharex="col", squeeze=False, height_ratios=[3, 3, 1.1])
    for column, each in zip(axes.T, seen, strict=True):
        states = each.arrays["shown/figure_4_9/states"]
        for unit in range(2):
            trajectory_plots.draw_unit(column[unit], states[..., unit])
        trajectory_plots.draw_calls(
            column[2], each.arrays["shown/figure_4_9/margins"], ["[N, S, S, …]", "[P, S, S, …]"]
        )
        column[0].set_title(each.title)
        column[2].set_xlabel("step (words read), logarithmic")
    for unit in range(2):
        axes[unit, 0].set_ylabel(f"hidden unit {unit + 1}")
    axes[2, 0].set_ylabel("class", rotation=0, ha="right", va="center")
    lines = axes[0, 0].get_lines()
    labels = ["negative word, then stop words", "positive word, then the same stop words"]
    handles = [*lines, *trajectory_plots.class_handles()]
    labels += [handle.get_label() for handle in handles[2:]]
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    figure.suptitle(f"{called}: one sentiment word, then stop words ({stop_words}); 4 x 2 networks, {data}", size=9)
    return figure


@plotting.house_style()
def figure_4_10(called: str, data: str, seen: Sequence[Seen]) -> Figure:
    """The state's ways through a sentence and through the same with stop words."""
    figure = plotting.new_figure(6.4, 7.6)
    axes = figure.subplots(len(PAIRS), len(seen), squeeze=False)
    letters = iter(ascii_lowercase)
    for first, (row, pair) in zip((0, 2), zip(axes, PAIRS, strict=True), strict=True):
        for ax, each in zip(row, seen, strict=True):
            readout = each.params
            draw_regions(ax, readout.w_oh[1] - readout.w_oh[0], float(readout.b_oh[1] - readout.b_oh[0]))
            states, margins = (each.arrays[f"shown/figure_4_10/{name}"] for name in ("states", "margins"))
            for second, kinds in enumerate(pair):
                own = first + second, slice(len(kinds))
                trajectory_plots.draw_way(ax, states[own], margins[own], kinds, second=bool(second))
            ax.set(xlim=(-1.08, 1.08), ylim=(-1.08, 1.08), xlabel="hidden unit 1", ylabel="hidden unit 2")
            ax.set_title(f"({next(letters)}) {each.title}\n1: {_spelled(pair[0])}   2: {_spelled(pair[1])}", size=7.5)
    handles = [*trajectory_plots.way_handles(("Sequence1", "Sequence2")), boundary_handle()]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    figure.suptitle(f"{called}: the state's way, with and without stop words (S); 4 x 2 networks, {data}", size=9)
    return figure


@plotting.house_style()
def figure_survival(
    called: str, data: str, stop_words: Sequence[str], trained: int, steps: int, seen: Sequence[Seen]
) -> Figure:
    """How long the networks are right, and how long their two states stay apart.

    Args:
        called: the thesis' figure.
        data: the data set's title.
        stop_words: the kinds, a row each.
        trained: words in a sentence of the training data; none can forget before so many.
        steps: the last one.
        seen: the cells.
    """
    figure = plotting.new_figure(7.0, 2.3 * len(stop_words) + 0.8)
    axes = figure.subplots(len(stop_words), len(_UNTIL), sharex=True, sharey=True, squeeze=False)
    grid = survival.grid(steps, _GRID)
    for row, kind in zip(axes, stop_words, strict=True):
        for ax, (key, (title, printed)) in zip(row, _UNTIL.items(), strict=True):
            for each in (each for each in seen if each.found):
                name = each.shape.cell.name
                there = grid[grid >= trained] if key == "forgets" else grid
                curve = survival.curve(list(by_draw(*each.of(f"{kind}/{key}")).values()), there)
                trajectory_plots.draw_survival(ax, curve, plotting.COLOURS[name], plotting.LINES[name], each.counted)
            for name, number in printed.items():
                if (step := thesis.printed("section_4_3_2", number)) <= steps:
                    _mark(ax, name, step)
            ax.yaxis.set_major_formatter(plotting.per_cent)
            ax.set_title(title, pad=14)
        row[0].set_ylabel(f"share of networks,\nstop words {kind}")
    for ax in axes[-1]:
        ax.set_xlabel("step (words read), logarithmic")
    if handles := axes[0, 0].get_legend_handles_labels()[0]:
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
    figure.suptitle(f"Beyond {called}: how long networks last (4 x 2, {data}; 95 % bands)", size=9)
    return figure


def _mark(ax: Axes, name: str, step: int) -> None:
    """The step that the thesis gives for a cell's network: a dotted line with its name."""
    ax.axvline(step, color=plotting.COLOURS[name], lw=0.9, ls=":")
    title, place = f"thesis' {CELLS[name].title}: {step:,}", (step, 1.03)
    ax.annotate(title, place, xycoords=("data", "axes fraction"), ha="center", size=7, color=plotting.COLOURS[name])


@plotting.house_style()
def figure_noise(called: str, data: str, stop_counts: Sequence[int], seen: Sequence[Seen]) -> Figure:
    """Flipped decisions, wrong ones, and how far the end state is moved, by the number of stop words."""
    figure = plotting.new_figure(7.0, 2.9)
    axes = figure.subplots(1, 3)
    axes[1].sharey(axes[0])
    titles = {"noise/flipped": "decisions that noise flips", "noise/wrong": "wrong decisions with noise"}
    titles["noise/distance"] = "distance of the end states"
    for ax, (key, title) in zip(axes, titles.items(), strict=True):
        for each in (each for each in seen if each.found):
            name = each.shape.cell.name
            shift = int(key == "noise/wrong")  # its first place is without noise
            means = [mean_of(*each.of(key, place + shift)) for place in range(len(stop_counts))]
            draw_curve(ax, np.asarray(stop_counts), means, plotting.COLOURS[name], plotting.LINES[name])
        ax.set(xscale="log", xlabel="stop words put in", title=title)
        ax.xaxis.set_major_formatter("{x:g}")
        ax.set_ylim(bottom=0)
    for ax in axes[:2]:
        ax.yaxis.set_major_formatter(plotting.per_cent)
    axes[0].set_ylabel("share of sentences")
    axes[2].set_ylabel("units of the state")
    handles = [plotting.cell_handle(each.shape.cell.name, each.counted) for each in seen]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    title = f"Beyond {called}: sentences of sentiment words, with and without stop words"
    figure.suptitle(f"{title} (4 x 2, {data}; 95 % bands)", size=9)
    return figure


def _spelled(letters: str) -> str:
    return "[" + ", ".join(letters) + "]"
