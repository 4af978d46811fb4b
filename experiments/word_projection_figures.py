"""Figure 4.8, the same of every gate of the GRU, and the measures of all networks before and after training."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.draw_intervals import mean_of, with_draws
from experiments.success_groups import STAGES
from experiments.word_projection_tables import (
    ALL,
    CANDIDATE,
    FAILURES,
    SUCCESSES,
    Arrays,
    Groups,
    of_gate,
)
from rnnjax import plotting
from rnnjax.distribution_plots import draw_distributions
from rnnjax.landscape import Architecture
from rnnjax.projections import Products

_HIDDEN, _LOGITS = ("hidden unit 1", "hidden unit 2"), ("negative logit", "positive logit")
_MATRICES = {"reset": "W_{ir}", "update": "W_{iz}", CANDIDATE: "W_{in}"}
_PANELS = {
    "stop_norm": "length of $W_{ih}x$:\nstop over sentiment words",
    "singular_ratio": "singular values of $W_{ih}$:\nsmaller over larger",
    "hidden_axis": "$W_{ih}x$: share of variance\non first principal axis",
    "logits_axis": "$W_{oh}W_{ih}x$: share of variance\non first principal axis",
    "hidden_separation": "$W_{ih}x$: margin of + and −\nover their spread",
    "difference_gap": "difference of logits: gap\nof + and − over their spread",
}


class Shown(NamedTuple):
    """One network whose words are shown."""

    architecture: Architecture
    draw: int
    seed: int
    accuracy: float
    words: np.ndarray  # [V, 2]
    products: Mapping[str, Products]  # by gate, of this network alone

    @property
    def title(self) -> str:
        """Which network it is."""
        return f"{self.architecture.cell.title} (seed {self.seed}, {self.accuracy:.2%})"


@plotting.house_style()
def figure_4_8(called: str, data: str, rnn: Shown, gru: Shown) -> Figure:
    """The words, W_ih x of the RNN, W_oh W_ih x of both."""
    figure = plotting.new_figure(6.4, 6.6)
    axes = figure.subplots(2, 2).ravel()
    _draw(axes[0], rnn.words, ("$x_1$", "$x_2$"), "(a) the ten words")
    one, other = rnn.products[CANDIDATE], gru.products[CANDIDATE]
    _draw(axes[1], one.hidden[..., 0], _HIDDEN, f"(b) $W_{{ih}}x$, {rnn.title}")
    _draw_logits(axes[2], one.logits[..., 0], f"(c) $W_{{oh}}W_{{ih}}x$, {rnn.title}")
    _draw_logits(axes[3], other.logits[..., 0], f"(d) $W_{{oh}}W_{{in}}x$, {gru.title}")
    title = f"{called}: words in 2 x 2 networks trained on {data} (draw {rnn.draw}; validation accuracies)"
    return _with_legend(figure, title)


@plotting.house_style()
def figure_gates(called: str, data: str, gru: Shown) -> Figure:
    """Both products of each of the GRU's input matrices."""
    figure = plotting.new_figure(7.0, 5.2)
    axes = figure.subplots(2, len(gru.products), squeeze=False)
    for column, (gate, made) in zip(axes.T, gru.products.items(), strict=True):
        _draw(column[0], made.hidden[..., 0], _HIDDEN, f"${_MATRICES[gate]}x$, {gate}")
        _draw_logits(column[1], made.logits[..., 0], f"$W_{{oh}}$ times it, {gate}")
    return _with_legend(figure, f"Like {called}: the GRU's input matrices, {data} (draw {gru.draw}, seed {gru.seed})")


@plotting.house_style()
def figure_measures(called: str, data: str, groups: Groups, arrays: Arrays) -> Figure:
    """Every measure's distribution over networks, before training, failures, successes."""
    figure = plotting.new_figure(7.0, 5.0)
    axes = figure.subplots(2, 3, sharey=True)
    shapes = list(dict.fromkeys(shape for shape, _ in groups))
    for ax, (key, label) in zip(axes.flat, _PANELS.items(), strict=True):
        lines = [line for shape in shapes for line in _lines(shape, key, groups, arrays)]
        labels, values, colours = zip(*lines, strict=True)
        draw_distributions(ax, [own for own, _ in values], [mean_of(*each) for each in values], colours)
        baseline = arrays.get(f"words/{key}")
        if baseline is not None:
            ax.axvline(float(baseline.mean()), color="0.4", lw=0.8, ls=":")
        if key == "stop_norm":
            ax.axvline(float(arrays["words/least_stop_norm"].mean()), color="0.4", lw=0.8, ls="--")
        ax.set_yticks(range(len(labels)), labels)
        ax.set_xlabel(label)
        ax.grid(axis="x", color="0.9", lw=0.5)
    networks = sum(int(groups[shape, ALL].sum()) for shape in shapes)
    title = f"{called}'s products in {networks:,} networks (2 x 2, {data}; GRU: candidate)\n"
    title += "thin line: middle 90 % of networks, thick: middle half, black: mean of draws and its 95 % interval,"
    title += "\ndotted: the words themselves, dashed: the least that any $W_{ih}$ could reach, both means over draws"
    figure.suptitle(title, size=8)
    return figure


def _lines(
    shape: Architecture, key: str, groups: Groups, arrays: Arrays
) -> list[tuple[str, tuple[np.ndarray, np.ndarray], str]]:
    """A cell's lines: label, values and draws, colour."""
    before, after = (of_gate(arrays, shape, stage, CANDIDATE)[key] for stage in STAGES)
    colour, cell = plotting.COLOURS[shape.cell.name], shape.cell.title
    lines = [(f"{cell}, before training", with_draws(before, groups[shape, ALL]), "0.5")]
    for group in (FAILURES, SUCCESSES):
        which = groups[shape, group]
        lines.append((f"{cell}, {group} ({int(which.sum())})", with_draws(after, which), colour))
    return lines


def _draw_logits(axes: Axes, points: np.ndarray, title: str) -> None:
    """Points in the plane of the two logits, with the line along which only their difference changes."""
    axes.axline((0, 0), slope=-1, color="0.75", lw=0.8, ls="--", zorder=0)
    _draw(axes, points, _LOGITS, title)


def _draw(axes: Axes, points: np.ndarray, labels: tuple[str, str], title: str) -> None:
    axes.axhline(0, color="0.85", lw=0.6, zorder=0)
    axes.axvline(0, color="0.85", lw=0.6, zorder=0)
    plotting.draw_words(axes, points)
    axes.set(xlabel=labels[0], ylabel=labels[1], title=title)


def _with_legend(figure: Figure, title: str) -> Figure:
    figure.suptitle(title, size=9)
    dashed = "dashed: the direction of the logits' difference, all that softmax sees"
    figure.legend(handles=plotting.word_handles(), loc="outside lower center", ncols=3, title=dashed, title_fontsize=8)
    return figure
