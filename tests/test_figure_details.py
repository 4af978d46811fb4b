"""What figures of analyses show beside their numbers: dotted intervals of none or all, ticks, networks drawn."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from experiments import controls, perturbation_figures, vanishing_figures, vanishing_tables, vector_field_figures
from rnnjax import plotting, resampling
from rnnjax.cells import CELLS
from rnnjax.landscape import parse_architecture
from rnnjax.statistics import Interval

NONE_OR_ALL = "none or all: how far other draws may be from that"


def dotted(axes: Axes) -> list[bool]:
    """Of each bar drawn by a line collection, whether it is dotted."""
    found: list[bool] = []
    for each in axes.collections:
        if isinstance(each, LineCollection):
            styles: Any = each.get_linestyle()
            number = len(each.get_segments())
            found += [dashes is not None for _, dashes in (styles * number)[:number]]  # one style may stand for all
    return found


def legend_of(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


@pytest.mark.parametrize(
    ("interval", "line"),
    [
        (Interval(0.0, 0.0, 0.1), ":"), (Interval(1.0, 0.9, 1.0), ":"), (Interval(0.5, 0.4, 0.6), "-"),
        (Interval(1.0, 1.0, 1.0), "-"),
    ],
)  # fmt: skip
def test_an_interval_of_none_or_all_is_dotted(interval: Interval, line: str) -> None:
    assert plotting.interval_line(interval) == line
    labels = [handle.get_label() for handle in plotting.alike_handles([interval, Interval(0.5, 0.4, 0.6)])]
    assert labels == [NONE_OR_ALL] * (line == ":")


@pytest.mark.parametrize("recovered", [20, 12])
def test_the_share_of_recovered_networks_is_dotted_where_it_is_all(recovered: int) -> None:
    generator = np.random.default_rng(0)
    accuracy = generator.uniform(0.91, 0.99, (3, 2, 20))
    accuracy[-1, 1, recovered:] = 0.6
    curves = dict.fromkeys(("accuracy", "validation_loss"), accuracy)
    draws, seeds = np.divmod(np.arange(20), 5)
    seen = perturbation_figures.Seen(parse_architecture("gru_2x4"), draws, seeds, curves)
    figure = perturbation_figures.draw_recovery("title", [seen], np.array([0.0, 1.0]), 0.9)
    *others, share = (dotted(axes) for axes in figure.axes)
    assert share == [True, recovered == 20]
    assert others == [[False, False]] * 3
    assert legend_of(figure) == ["GRU (2 x 4), 20 networks", NONE_OR_ALL]


def vanishing(cell: str, accuracy: np.ndarray, kind: str = "") -> vanishing_tables.Seen:
    """Networks whose ratios before training go from 1e-4 to 1e-2, and after it are about one."""
    shape = accuracy.shape
    start = np.geomspace(1, np.geomspace(1e-4, 1e-2, accuracy.size).reshape(shape), 6)[::-1]
    end = np.linspace(1, np.linspace(0.6, 1.3, accuracy.size).reshape(shape), 6)[::-1]
    measured = {"start/relative": start, "end/relative": end}
    return vanishing_tables.Seen("CountII", cell, kind, accuracy, {}, measured, (0.7, 0.9))


def test_rates_of_none_or_all_are_dotted_among_changed_starts_and_in_bins() -> None:
    some = np.linspace(0.5, 0.99, 60).reshape(6, 10)
    seen = [vanishing("rnn", some), vanishing("gru", np.full((6, 10), 0.95) + some / 100, "closed")]
    figure = vanishing_figures.draw_changes("title", seen)
    # Of each condition a bar across, then one up.
    assert [dotted(axes) for axes in figure.axes] == [
        [False] * 4,
        [False, False, False, True],
        [False, False, False, True],
    ]
    assert legend_of(figure)[-1] == NONE_OR_ALL and len(legend_of(figure)) == 3
    bins = vanishing_figures.draw_rates("title", seen)
    for axes, limit in zip(bins.axes, (0.7, 0.9), strict=True):
        shares = [rate.estimate for one in seen for rate in vanishing_tables.rates_by_ratio(one, limit, 0.5, 10)[1]]
        assert dotted(axes) == [share in (0, 1) for share in shares]
    assert legend_of(bins)[-1] == NONE_OR_ALL
    assert NONE_OR_ALL not in legend_of(vanishing_figures.draw_changes("title", seen[:1]))


def test_a_narrow_logarithmic_axis_has_plain_ticks() -> None:
    figure = vanishing_figures.draw_gradients("title", "ratio", [vanishing("rnn", np.full((6, 10), 0.95))], "relative")
    figure.canvas.draw()
    wide, narrow = ([*axes.yaxis.get_majorticklabels(), *axes.yaxis.get_minorticklabels()] for axes in figure.axes)
    assert {label.get_text() for label in narrow} >= {"0.7", "0.8", "0.9", "1"}
    assert any("10^{-2}" in label.get_text() for label in wide)


@pytest.mark.parametrize(("draws", "seeds", "drawn"), [(10, 10, 100), (4, 60, 160), (32, 6, 160), (50, 7, 200)])
def test_figure_4_15_draws_some_networks_of_every_draw_and_says_so(draws: int, seeds: int, drawn: int) -> None:
    generator = np.random.default_rng(0)
    norm, accuracy = generator.normal(size=(2, 10, draws, seeds))
    panel = vector_field_figures.Panel("FirstII", CELLS["gru"], norm, accuracy)
    row = {"data": "FirstII", "cell": "gru", "number": draws * seeds, "slope": -0.5, "intercept": 0.1}
    row |= {f"{what}_{end}": 0.1 for what in ("pearson", "spearman") for end in ("estimate", "low", "high")}
    axes = vector_field_figures.scatter([panel], [row]).axes[0]
    points = np.concatenate([line.get_xydata() for line in axes.lines if line.get_linestyle() == "None"])
    some = drawn // draws
    expected = np.stack([norm[:, :, :some].ravel(), 100 * accuracy[:, :, :some].ravel()], 1)
    assert sorted(map(tuple, points)) == sorted(map(tuple, expected))
    title, _ = axes.get_title().split("\n")
    assert title == f"(a) GRU (FirstII), {draws * seeds} networks" + f" ({drawn} drawn)" * (drawn < draws * seeds)


@pytest.mark.parametrize("rates", [[(0.001,), (0.001,)], [(0.001,), (0.003, 0.01)]])
def test_stopped_and_unstopped_networks_are_side_by_side(rates: list[tuple[float, ...]]) -> None:
    generator = np.random.default_rng(0)
    shapes = [parse_architecture(name) for name in ("rnn_2x4", "gru_2x4")]
    pairs = {
        shape: controls.Unstopped(each, *generator.uniform(0.3, 0.9, (2, 10, 4)))
        for shape, each in zip(shapes, rates, strict=True)
    }
    figure = controls.unstopped_figure("FirstI", "mean", pairs, lambda a: resampling.mean(list(a)), means=True)
    left, right = figure.axes
    for axes, accuracies in ((left, "stopped"), (right, "accuracy")):
        dots = [np.asarray(line.get_xydata())[0] for line in axes.lines if line.get_marker() == "o"]
        expected = [[float(getattr(pair, accuracies).mean()), place] for place, pair in enumerate(pairs.values(), 1)]
        np.testing.assert_allclose(dots, expected)
        assert axes.get_xlim() == left.get_xlim() and axes.get_xlabel() == "mean"
    assert [label.get_text() for label in left.get_yticklabels()] == ["RNN (2 x 4)", "GRU (2 x 4)"]
    assert "10 draws x 4 seeds a line" in figure.get_suptitle()
    told = [text.get_text() for text in right.texts]
    assert told == ([] if rates[0] == rates[1] else ["0.001", "0.003 and 0.01"])
    assert right.get_title().endswith(": 0.001") == (rates[0] == rates[1])


@pytest.mark.parametrize(("title", "fits"), [("short", True), ("long " * 60, False)])
def test_a_title_that_does_not_fit_is_noticed(title: str, fits: bool) -> None:
    figure = plotting.new_figure(3, 2)
    figure.suptitle(title)
    with contextlib.nullcontext() if fits else pytest.raises(AssertionError, match="long"):
        figure.savefig(io.BytesIO(), format="png")
