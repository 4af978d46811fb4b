"""Figures of section 4.3.3: fields of single networks, shares and curves of groups, changes against each other."""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.group_figures import BEFORE, FEWEST, SMALLER, handle, in_order, large_enough, line_of
from rnnjax import correlation_plots, field_plots, fields, grids, plotting
from rnnjax.cells import CELLS, Cell
from rnnjax.landscape import Architecture
from rnnjax.parameters import unflatten
from rnnjax.statistics import Interval
from rnnjax.words import KINDS, NEGATIVE, POSITIVE, STOP, words_of

_DRAWN = 160  # networks that Figure 4.15 has room for, each with all its words
_SHARES = {
    "moves": "positive and negative words\nmove the state their way",
    "lands": "positive and negative words\nlead into their region",
    "stop_keeps": "stop words keep\nthe state's region",
}

Row = Mapping[str, Any]


class Shown(NamedTuple):
    """One network whose fields are drawn."""

    architecture: Architecture
    data: str
    draw: int
    seed: int
    accuracy: float  # in [0, 1], validation, after the last epoch
    thesis: float | None  # of the network that the thesis shows
    flat: np.ndarray  # [P]
    plane: np.ndarray  # [G, 2]
    moves: np.ndarray  # [3, G, 2], of a positive, a negative, a stop word
    states: np.ndarray  # [3, M, 2], their fixed points
    kinds: np.ndarray  # [3, M]


class Panel(NamedTuple):
    """The changes that one cell's networks underwent in training on one data set."""

    data: str
    cell: Cell
    norm: np.ndarray  # [V, R, S], of the mean norm
    accuracy: np.ndarray  # [V, R, S]


@plotting.house_style()
def vector_field(called: str, shown: Shown) -> Figure:
    """Figures 4.11 to 4.14: (a) the decision region, (b) to (d) a word's displacements over contours of their norm."""
    figure = plotting.new_figure(6.2, 6.1)
    axes = figure.subplots(2, 2, sharex=True, sharey=True)
    params = unflatten(shown.flat.astype(float), shown.architecture.sizes)
    w, b = params.w_oh[1] - params.w_oh[0], params.b_oh[1] - params.b_oh[0]
    field_plots.draw_regions(axes[0, 0], w, b)
    axes[0, 0].set_title("(a) decision region")
    titles = ("(b) first positive word", "(c) first negative word", "(d) first stop word")
    filled = None
    for ax, title, *word in zip(axes.flat[1:], titles, shown.moves, shown.states, shown.kinds, strict=True):
        moves, states, kinds = word
        filled = field_plots.draw_field(ax, shown.plane, moves)
        field_plots.draw_boundary(ax, w, b)
        field_plots.draw_points(ax, states, kinds)
        ax.set_title(f"{title}, mean norm {np.hypot(*moves.T).mean():.2f}")
    for ax in axes[1]:
        ax.set_xlabel("hidden unit 1")
    for ax in axes[:, 0]:
        ax.set_ylabel("hidden unit 2")
    assert filled is not None
    label = "length of the displacement step(h, x) - h; arrows show its direction alone"
    figure.colorbar(filled, ax=axes, label=label, shrink=0.8, ticks=field_plots.LEVELS)
    figure.legend(handles=field_plots.field_handles(), loc="outside lower center", ncols=3)
    figure.suptitle(_title(called, shown), size=9)
    return figure


@plotting.house_style()
def shares(rows: Sequence[Row]) -> Figure:
    """C16: of the plane's points the share at which words do what the thesis sees, by group of networks."""
    kept: dict[tuple[str, str, str], dict[str, Row]] = {}
    for row in rows:
        if name := _line_of(row):
            kept.setdefault((row["data"], row["cell"], name), {})[row["measure"]] = row
    kept = large_enough(kept, {key: found["moves"]["networks"] for key, found in kept.items()})
    labels = [
        f"{data}, {CELLS[cell].title}, {name} (n = {found['moves']['networks']:,})"
        for (data, cell, name), found in kept.items()
    ]
    figure = plotting.new_figure(7.2, 0.2 * len(labels) + 1.1)
    axes = figure.subplots(1, 3, sharey=True)
    colours = ["0.55" if name == BEFORE else plotting.COLOURS[cell] for _, cell, name in kept]
    for ax, (measure, title) in zip(axes, _SHARES.items(), strict=True):
        intervals = [_interval(found[measure]) for found in kept.values()]
        grids.draw_rates(ax, labels, intervals, [None] * len(labels), colours)
        ax.set_title(title)
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    figure.supxlabel("share of the points of [-1, 1]², mean over networks with 95 % interval", size=8)
    title = "Section 4.3.3: what words do to the state, by validation accuracy after training"
    figure.suptitle(f"{title}\n{SMALLER}", size=9)
    axes[0].tick_params(axis="y", length=0)
    return figure


@plotting.house_style()
def curves(data: str, rows: Sequence[Row]) -> Figure:
    """C17: where a word leads, by the distance to the boundary of where it finds the state."""
    cells = list(dict.fromkeys(row["cell"] for row in rows))
    names = in_order(name for name in map(_line_of, rows) if name)
    figure = plotting.new_figure(7.2, 1.9 * len(cells) + 0.9)
    axes = figure.subplots(len(cells), 3, sharex=True, sharey=True, squeeze=False)
    for row_of_axes, cell in zip(axes, cells, strict=True):
        for ax, kind in zip(row_of_axes, (POSITIVE, NEGATIVE, STOP), strict=True):
            handles = []
            for name in names:
                here = [r for r in rows if (r["cell"], r["words"], _line_of(r)) == (cell, KINDS[kind], name)]
                if here and max(r["networks"] for r in here) >= FEWEST:
                    field_plots.draw_curve(ax, np.arange(len(here)), [_interval(r) for r in here], *line_of(name))
                    handles.append(handle(name, f"{name} (n ≤ {max(r['networks'] for r in here)})"))
            _distance_axis(ax)
            ax.set_title(f"{CELLS[cell].title}, {KINDS[kind]} words")
        row_of_axes[0].set_ylabel("leads into the\npositive region")
        row_of_axes[2].legend(handles=handles, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.supxlabel(
        "signed distance of the state to the decision boundary before the word (positive region: above 0)"
        f"\n(n: networks; of fewer than {FEWEST} no line is drawn)",
        size=8,
    )
    figure.suptitle(f"Section 4.3.3: {data}, by validation accuracy after training; means with 95 % bands", size=9)
    return figure


@plotting.house_style()
def scatter(panels: Sequence[Panel], rows: Sequence[Row]) -> Figure:
    """Figure 4.15: every word of every network."""
    lines = -(-len(panels) // 2)
    figure = plotting.new_figure(6.6, 2.6 * lines + 0.6)
    axes = figure.subplots(lines, 2, squeeze=False, sharey="row")
    for letter, ax, panel in zip(ascii_lowercase, axes.flat, panels, strict=False):
        row = next(
            r for r in rows if (r["data"], r["cell"]) == (panel.data, panel.cell.name)
        )  # all words, all networks
        some = slice(-(-_DRAWN // panel.norm.shape[1]))  # seeds of each draw
        groups = [
            (panel.norm[words_of(kind), :, some], 100 * panel.accuracy[words_of(kind), :, some], *mark)
            for kind, mark in enumerate(plotting.WORD_MARKS.values())
        ]
        correlation_plots.draw_scatter(ax, groups, 100 * row["slope"], 100 * row["intercept"])
        title = f"({letter}) {panel.cell.title} ({panel.data}), {row['number']:,} networks"
        drawn = groups[0][0][0].size
        title += f" ({drawn} drawn)" * (drawn < panel.norm[0].size)
        ax.set_title(f"{title}\n{_correlation(row)}")
        ax.set_xlabel("change of the field's mean norm")
    for ax in axes[:, 0]:
        ax.set_ylabel("change of validation accuracy,\npercentage points")
    handles = [*plotting.word_handles(), Line2D([], [], color="black", lw=1.4, label="line of best fit")]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    figure.suptitle(
        "Figure 4.15: what training changes; a point is a word of a network; r Pearson, ρ Spearman, 95 %", size=9
    )
    return figure


@plotting.house_style()
def correlations(rows: Sequence[Row]) -> Figure:
    """C18: the correlations of Figure 4.15 with their intervals, by kind of word."""
    labels = [
        f"{row['data']}, {CELLS[row['cell']].title}, {row['words']} words"
        + ("" if row["networks"] == "all" else f", networks {row['networks']} on")
        for row in rows
    ]
    intervals = [[_interval(row, f"{what}_", 1) for what in ("pearson", "spearman", "within")] for row in rows]
    figure = plotting.new_figure(6.2, 0.27 * len(rows) + 1.1)
    ax = figure.subplots()
    correlation_plots.draw_correlations(ax, labels, intervals, [plotting.COLOURS[row["cell"]] for row in rows])
    ax.set_xlabel("correlation of the two changes, with 95 % interval")
    figure.suptitle("Figure 4.15's correlations; in the thesis they are negative in all four panels", size=9)
    marks = [Line2D([], [], ls="", marker="o", color="0.3", ms=4, label="Pearson")]
    marks += [Line2D([], [], ls="", marker="s", color="0.3", mfc="white", ms=4, label="Spearman")]
    marks += [Line2D([], [], ls="", marker="D", color="0.3", ms=3.5, label="Spearman, within draws")]
    figure.legend(handles=marks, loc="outside lower center", ncols=3)
    return figure


def _title(called: str, shown: Shown) -> str:
    thesis = "" if shown.thesis is None else f" (thesis: {100 * shown.thesis:.1f} %)"
    return (
        f"{called}: {shown.architecture.title} on {shown.data}, validation accuracy"
        f" {100 * shown.accuracy:.1f} %{thesis},\ndraw {shown.draw}, seed {shown.seed}"
    )


def _line_of(row: Row) -> str:
    """What a row is of in figures of groups; of all networks after training there is nothing."""
    if row["stage"] == "initial":
        return BEFORE
    return "" if row["group"] == "all" else str(row["group"])


def _interval(row: Row, prefix: str = "", scale: float = 100) -> Interval:
    names = [f"{prefix}estimate" if prefix else "mean", f"{prefix}low", f"{prefix}high"]
    return Interval(*(row[name] / scale for name in names))


def _correlation(row: Row) -> str:
    return ", ".join(
        f"{name} = {row[f'{what}_estimate']:z.2f} [{row[f'{what}_low']:z.2f}, {row[f'{what}_high']:z.2f}]"
        for name, what in (("r", "pearson"), ("ρ", "spearman"))
    )


def _distance_axis(axes: Axes) -> None:
    """Bins side by side, as wide as each other, with the edges between them."""
    edges = [f"{edge:g}" for edge in fields.EDGES]
    axes.set_xticks(np.arange(len(edges)) + 0.5, edges, rotation=60)
    axes.axvline(np.flatnonzero(fields.EDGES == 0)[0] + 0.5, color="0.4", lw=0.6, ls=":")
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(plotting.per_cent)
