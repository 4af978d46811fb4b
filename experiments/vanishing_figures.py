"""Figures of experiments.vanishing_gradients.

A cell's colour is that of every figure; failures are grey. Bands are the middle 80 % of networks, bars
95 % intervals.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator

from experiments.group_figures import FEWEST
from experiments.vanishing_tables import STAGES, Row, Seen, geometric, rates_by_ratio
from rnnjax import plotting, resampling
from rnnjax.distribution_plots import draw_median
from rnnjax.statistics import Interval

_FAILURE = "0.45"
_WHEN = {"start": "before training", "end": "after training"}
_LINES = {"above": "-", "between": ":", "below": "--"}
_MARKS = {"": "o", "identity": "s", "closed": "v", "open": "^"}
_COUNTS = f"below a column's title: networks of each line, in the legend's order; of fewer than {FEWEST} none is drawn"
_BIN = 0.5  # of log10 of the ratio
_FEW_TICKS = 5  # from the least to the largest of a logarithmic axis on which all ticks can be labelled


@plotting.house_style()
def draw_gradients(title: str, y_label: str, seen: Sequence[Seen], measure: str) -> Figure:
    """Norms over the words read, of successes and failures: a column a condition, after training in the lower row."""
    figure, axes = _grid(seen, 2, "row")
    for column, one in zip(axes.T, seen, strict=True):
        for ax, stage in zip(column, STAGES, strict=True):
            values = one.measured[f"{stage}/{measure}"]
            for group, members in one.groups().items():
                _draw_line(ax, values[:, members], *_group_style(one.cell, group))
            _over_words(ax, len(values) - 1)
    _label(axes, y_label, [_counted(one.title, one.groups().values()) for one in seen])
    _finish(figure, f"{title}\n{_COUNTS}", _group_handles(seen))
    return figure


@plotting.house_style()
def draw_singular(title: str, seen: Sequence[Seen]) -> Figure:
    """Singular values of dh_T/dh_t over the words read, of all networks; bands of the largest and the least."""
    figure, axes = _grid(seen, 2)
    for column, one in zip(axes.T, seen, strict=True):
        for ax, stage in zip(column, STAGES, strict=True):
            values = one.measured[f"{stage}/singular"].reshape(*one.measured[f"{stage}/singular"].shape[:2], -1)
            last = values.shape[1] - 1
            for i in range(last + 1):
                style = "-" if i == 0 else "--" if i == last else ":"
                _draw_line(ax, values[:, i], plotting.COLOURS[one.cell], style, i in (0, last))
            _over_words(ax, len(values) - 1)
    _label(axes, "singular value", [one.title for one in seen])
    lines = {"largest": "-", "between": ":", "least": "--"}
    _finish(figure, title, [Line2D([], [], color="black", lw=1.2, ls=ls, label=name) for name, ls in lines.items()])
    return figure


@plotting.house_style()
def draw_training(title: str, seen: Sequence[Seen]) -> Figure:
    """Over epochs, of successes and failures: ratio, norm at the first word, dh_T/dh_1; a column a condition."""
    figure, axes = _grid(seen, 3, "row")
    for column, one in zip(axes.T, seen, strict=True):
        told = {key: one.measured[f"followed/{key}"] for key in ("relative", "mean", "singular", "epochs")}
        where = one.measured["followed/draws"], one.measured["followed/seeds"]
        measures = told["relative"][:, 1], told["mean"][:, 1], told["singular"][:, 1, 0]
        places = np.arange(len(told["epochs"]))
        for ax, values in zip(column, measures, strict=True):
            for group, members in one.groups().items():
                _draw_line(ax, values[:, members[where]], *_group_style(one.cell, group), places=places)
        column[-1].set_xticks(places, [*map(str, told["epochs"])], rotation=60)
        column[-1].set_xlabel("epoch (not to scale)")
        column[0].set_title(_counted(one.title, (members[where] for members in one.groups().values())))
    labels = (
        r"$|\partial L/\partial h_1|\ /\ |\partial L/\partial h_T|$",
        r"mean $|\partial L/\partial h_1|$",
        "largest singular value\n" r"of $\partial h_T/\partial h_1$",
    )
    for ax, label in zip(axes[:, 0], labels, strict=True):
        ax.set_yscale("log")
        ax.set_ylabel(label)
    _finish(figure, f"{title}\n{_COUNTS}", _group_handles(seen))
    return figure


@plotting.house_style()
def draw_starts(title: str, rows: Sequence[Sequence[Seen]], correlations: Sequence[Row]) -> Figure:
    """Every network: its ratio before training, its accuracy after it, and the rank correlation within draws.

    Args:
        title: of the figure.
        rows: conditions of the cells under section 3.2's protocol, and perhaps without early stop.
        correlations: correlation_rows of all of them.
    """
    within = {(row["data"], row["cell"], row["kind"]): row for row in correlations if row["outcome"] == "accuracy"}
    figure, axes = _grid(rows[0], len(rows), "row")
    for line, seen in zip(axes, rows, strict=True):
        for ax, one in zip(line, seen, strict=True):
            colour, row = plotting.COLOURS[one.cell], within[one.data, one.cell, one.kind]
            ax.plot(10 ** one.ratio("start").ravel(), one.accuracy.ravel(), ".", ms=3.5, mew=0, color=colour, alpha=0.6)
            ax.set_title(f"{one.title}\n{row['within']:+.2f} [{row['within_low']:+.2f}, {row['within_high']:+.2f}]")
            ax.set_xscale("log")
            ax.yaxis.set_major_formatter(plotting.per_cent)
        how = "\nnot stopped early" if seen[0].unstopped else ""
        line[0].set_ylabel("validation accuracy{}\n{} draws x {} networks".format(how, *seen[0].accuracy.shape))
    for ax in axes[-1]:
        ax.set_xlabel("ratio before training")
    _finish(figure, title, [])
    return figure


@plotting.house_style()
def draw_changes(title: str, seen: Sequence[Seen]) -> Figure:
    """The geometric mean of the ratio before training against what comes of it, each with 95 % intervals."""
    low, high = seen[0].limits
    figure = plotting.new_figure(7.0, 3.3)
    axes = figure.subplots(1, 3, sharex=True)
    texts = "mean validation accuracy", f"share above {100 * low:g} %", f"share above {100 * high:g} %"
    drawn: list[Interval] = []
    for ax, text, limit in zip(axes, texts, (None, low, high), strict=True):
        for one in seen:
            values = list(one.accuracy) if limit is None else resampling.success(list(one.accuracy), limit)
            x, y = geometric(one.ratio("start")), resampling.mean(values)
            reach = {f"{name}err": np.array([[e.estimate - e.low], [e.high - e.estimate]]).clip(0)
                     for name, e in (("x", x), ("y", y))}  # fmt: skip
            ax.errorbar(x.estimate, y.estimate, **reach, elinewidth=0.8, ms=5, **_style(one))[2][-1].set_linestyle(
                plotting.interval_line(y)
            )
            drawn.append(y)
        ax.set(xscale="log", title=text, xlabel="ratio before training")
        ax.yaxis.set_major_formatter(plotting.per_cent)
    _finish(figure, title, [*_condition_handles(seen, 5), *plotting.alike_handles(drawn)])
    return figure


@plotting.house_style()
def draw_rates(title: str, seen: Sequence[Seen]) -> Figure:
    """The share of good networks among starts of about the same ratio, all conditions in the same bins."""
    figure = plotting.new_figure(7.0, 3.4)
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    drawn: list[Interval] = []
    for ax, limit in zip(axes, seen[0].limits, strict=True):
        for one in seen:
            places, rates = rates_by_ratio(one, limit, _BIN, 2 * FEWEST)
            low, estimate, high = np.array([(r.low, r.estimate, r.high) for r in rates]).reshape(-1, 3).T
            reach = np.array([estimate - low, high - estimate]).clip(0)
            style = {"elinewidth": 0.5, "ms": 4, "lw": 1, **_style(one), "ls": "-"}
            ax.errorbar(10**places, estimate, reach, **style)[2][-1].set_linestyle(
                [*map(plotting.interval_line, rates)]
            )
            drawn += rates
        ax.set(xscale="log", title=f"above {100 * limit:g} %", xlabel="ratio before training")
    axes[0].set_ylabel("share of networks")
    axes[0].yaxis.set_major_formatter(plotting.per_cent)
    title += f"; a dot: {2 * FEWEST} networks or more"
    _finish(figure, title, [*_condition_handles(seen, 4), *plotting.alike_handles(drawn)])
    return figure


def _draw_line(
    ax: Axes, values: np.ndarray, colour: str, style: str, band: bool = True, places: np.ndarray | None = None
) -> None:
    """The median of networks [X, S], and their middle 80 %; of too few networks nothing."""
    values = values[:, np.isfinite(values).all(0)]
    if values.shape[1] >= FEWEST:
        places = np.arange(len(values)) if places is None else places
        draw_median(ax, places, np.maximum(values, 1e-300), colour, style, shade=0.18 * band)


def _grid(seen: Sequence[Seen], rows: int, share: Literal["all", "row"] = "all") -> tuple[Figure, np.ndarray]:
    figure = plotting.new_figure(7.0, 1.75 * rows + 0.9)
    return figure, figure.subplots(rows, len(seen), sharex=True, sharey=share, squeeze=False)


def _style(one: Seen) -> dict[str, Any]:
    """A condition's mark: its cell's colour; open marks are starts that were changed by hand."""
    colour, mark = plotting.COLOURS[one.cell], _MARKS[one.kind if one.changed else ""]
    return {"color": colour, "mfc": "white" if one.changed else colour, "marker": mark, "ls": ""}


def _condition_handles(seen: Sequence[Seen], size: float) -> list[Line2D]:
    return [Line2D([], [], ms=size, label=one.title, **_style(one)) for one in seen]


def _over_words(ax: Axes, length: int) -> None:
    ax.axhline(1, color="0.6", lw=0.5, zorder=0)
    ax.set_xlim(0, length)
    ax.xaxis.set_major_locator(MultipleLocator(max(1, length // 2)))


def _label(axes: np.ndarray, y_label: str, titles: Sequence[str]) -> None:
    """Titles of columns; scales and labels of what is over the words read."""
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title)
    for ax, stage in zip(axes[:, 0], STAGES, strict=True):
        ax.set_yscale("log")
        ax.set_ylabel(f"{y_label}\n{_WHEN[stage]}")
        if np.divide(*ax.get_ylim()[::-1]) < _FEW_TICKS:  # as in 0.7, not 7 x 10^-1
            ax.yaxis.set_major_formatter("{x:g}")
            ax.yaxis.set_minor_formatter("{x:.1g}")
    for ax in axes[-1]:
        ax.set_xlabel("words read, t")


def _counted(title: str, groups: Iterable[np.ndarray]) -> str:
    """A column's title with the number of networks in each group, in the legend's order."""
    return f"{title}\n" + " | ".join(f"{members.sum():,}" for members in groups)


def _group_style(cell: str, group: str) -> tuple[str, str]:
    return (_FAILURE if group == "below" else plotting.COLOURS[cell]), _LINES[group]


def _group_handles(seen: Sequence[Seen]) -> list[Line2D]:
    low, high = (f"{100 * limit:g}" for limit in seen[0].limits)
    texts = {"above": f"ends above {high} %", "between": f"{low} to {high} %", "below": f"below {low} %"}
    return [
        Line2D([], [], color=_FAILURE if group == "below" else "black", lw=1.2, ls=_LINES[group], label=text)
        for group, text in texts.items()
    ]


def _finish(figure: Figure, title: str, handles: list[Line2D]) -> None:
    figure.suptitle(title, size=9)
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=3)
