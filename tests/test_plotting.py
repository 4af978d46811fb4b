"""What is drawn, read back from the artists and compared with counts made by hand."""

import io
import itertools
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, StepPatch

import rnnjax
from rnnjax import plotting, statistics
from rnnjax.cells import CELLS

# Okabe and Ito (2008), "Color Universal Design": their eight.
OKABE_ITO = ["#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"]

# How a deuteranope sees linear RGB: Machado, Oliveira and Fernandes (2009), severity 1.
DEUTERANOPIA = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.011820, 0.042940, 0.968881],
]
PROTANOPIA = [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
]


def new_axes() -> Axes:
    return plotting.new_figure(4, 3).subplots()


def histogram_of(num_sentences: int, members: dict[int, int]) -> np.ndarray:
    """[N + 1] from the members with so many correct sentences."""
    histogram = np.zeros(num_sentences + 1, int)
    for correct, count in members.items():
        histogram[correct] = count
    return histogram


def random_histogram(num_sentences: int, members: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    correct = np.round(num_sentences / 2 + math.sqrt(num_sentences) * rng.standard_t(2, members))
    return np.bincount(np.clip(correct, 0, num_sentences).astype(int), minlength=num_sentences + 1)


def lines_of(axes: Axes, cell: str) -> list[Line2D]:
    return [line for line in axes.lines if line.get_color() == plotting.COLOURS[cell]]


def points_of(line: Line2D) -> dict[float, float]:
    """y by x, of the points that show."""
    pairs = zip(np.asarray(line.get_xdata()).tolist(), np.asarray(line.get_ydata()).tolist(), strict=True)
    return {round(x, 9): y for x, y in pairs if not math.isnan(y)}


def steps_of(axes: Axes) -> list[StepPatch]:
    return [patch for patch in axes.patches if isinstance(patch, StepPatch)]


def binned_by_hand(histogram: Sequence[float], width: Fraction) -> dict[Fraction, float]:
    """Sums by the bins' centres, the multiples of the width; of what lies on an edge one half to each side."""
    bins: dict[Fraction, float] = {}
    for correct, count in enumerate(histogram):
        accuracy = Fraction(correct, len(histogram) - 1)
        place = accuracy / width + Fraction(1, 2)
        for centre in (math.floor(place) * width, (math.ceil(place) - 1) * width):
            bins[centre] = bins.get(centre, 0) + count / 2
    return bins


# --- colours and lines ----------------------------------------------------------------------------


def test_every_cell_has_a_colour_and_a_line_of_its_own() -> None:
    assert set(plotting.COLOURS) == set(plotting.LINES) == set(CELLS)
    assert len(set(plotting.COLOURS.values())) == len(CELLS)
    assert set(plotting.COLOURS.values()) <= set(OKABE_ITO)


def test_lines_are_told_apart_without_colours() -> None:
    """As they are drawn: another number of dashes, or a dash or gap that differs by a line's width at least."""
    named: dict[str, Sequence[float]] = {
        "-": (),
        "--": mpl.rcParams["lines.dashed_pattern"],
        ":": mpl.rcParams["lines.dotted_pattern"],
        "-.": mpl.rcParams["lines.dashdot_pattern"],
    }
    lines: dict[str, Any] = plotting.LINES
    patterns = {cell: list(named[style] if isinstance(style, str) else style[1]) for cell, style in lines.items()}
    for (one, a), (other, b) in itertools.combinations(patterns.items(), 2):
        apart = len(a) != len(b) or max(abs(x - y) for x, y in zip(a, b, strict=True)) >= 1
        assert apart, f"{one} {a} and {other} {b}"


def lab(colour: str, vision: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of an sRGB colour (white D65) after the matrix of a kind of vision, of linear RGB."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(vision @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ seen / to_xyz.sum(axis=1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("matrix", [np.eye(3), DEUTERANOPIA, PROTANOPIA], ids=["all", "no_green", "no_red"])
def test_colours_are_told_apart(matrix: np.ndarray) -> None:
    """At least 15 in CIE L*a*b*, where 2.3 is just noticeable side by side, and as far from white paper."""
    vision = np.array(matrix)
    np.testing.assert_allclose(vision.sum(axis=1), 1, atol=1e-5)  # grey stays grey
    colours = {cell: lab(colour, vision) for cell, colour in plotting.COLOURS.items()}
    colours["paper"] = lab("white", vision)
    for (one, a), (other, b) in itertools.combinations(colours.items(), 2):
        assert np.linalg.norm(a - b) > 15, (one, other)


# --- draw_frequencies -----------------------------------------------------------------------------


def test_frequencies_of_members_on_the_edges_of_bins() -> None:
    """Of 200 sentences every odd number lies on an edge of bins of 1 %: half of 101 counts for 50 %, half for 51 %."""
    axes = new_axes()
    histogram = histogram_of(200, {0: 16, 1: 1, 99: 1, 100: 2, 101: 4, 115: 64, 200: 8})
    plotting.draw_frequencies(axes, {"gru": histogram}, "gru", 0.01)
    (line,) = lines_of(axes, "gru")
    assert points_of(line) == {0.0: 16.5, 0.01: 0.5, 0.49: 0.5, 0.5: 4.5, 0.51: 2, 0.57: 32, 0.58: 32, 1.0: 8}


@pytest.mark.parametrize("width", [Fraction(1, 100), Fraction(1, 200)])
@pytest.mark.parametrize("num_sentences", [2000, 1000, 200, 300, 77])
def test_frequencies_are_the_bins_made_by_hand(num_sentences: int, width: Fraction) -> None:
    axes = new_axes()
    histograms = {cell: random_histogram(num_sentences, 3000, seed) for seed, cell in enumerate(CELLS)}
    plotting.draw_frequencies(axes, histograms, "rnn", float(width))
    for cell, histogram in histograms.items():
        (line,) = lines_of(axes, cell)
        bins = binned_by_hand(histogram.tolist(), width)
        assert points_of(line) == {round(float(x), 9): n for x, n in bins.items() if n}
        assert sum(points_of(line).values()) == 3000


@pytest.mark.parametrize("width", [Fraction(1, 100), Fraction(1, 200)])
def test_the_main_cell_s_area_and_the_coins_outline_are_the_bins_made_by_hand(width: Fraction) -> None:
    axes, num_sentences = new_axes(), 200
    histograms = {"gru": random_histogram(num_sentences, 500, 0), "rnn": random_histogram(num_sentences, 500, 1)}
    plotting.draw_frequencies(axes, histograms, "gru", float(width))
    chances = [500 * math.comb(num_sentences, k) / 2**num_sentences for k in range(num_sentences + 1)]
    (area,) = (step for step in steps_of(axes) if step.get_fill())
    (coins,) = (step for step in steps_of(axes) if not step.get_fill())
    assert area.get_facecolor()[:3] == to_rgb(plotting.COLOURS["gru"])
    for step, counts in ((area, histograms["gru"].tolist()), (coins, chances)):
        values, edges, _ = step.get_data()
        bins = binned_by_hand(counts, width)
        centres = [k * width for k in range(int(1 / width) + 1)]
        assert len(values) == len(centres) == len(edges) - 1
        np.testing.assert_allclose(edges[:-1], [float(x - width / 2) for x in centres], atol=1e-12)
        np.testing.assert_allclose(edges[1:], [float(x + width / 2) for x in centres], atol=1e-12)
        np.testing.assert_allclose(values, [bins.get(x, 0) for x in centres], rtol=1e-9, atol=1.1e-9)


def test_all_frequencies_lie_within_the_axis() -> None:
    """One setting in a bin shows on the logarithmic scale, and so do all settings in one."""
    axes = new_axes()
    plotting.draw_frequencies(
        axes, {"rnn": histogram_of(100, {50: 1000}), "gru": histogram_of(100, {49: 999, 90: 1})}, "rnn", 0.01
    )
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    for cell in ("rnn", "gru"):
        (line,) = lines_of(axes, cell)
        assert all(low < y < high for y in points_of(line).values())
        assert line.get_linestyle() == plotting.LINES[cell]
    assert sorted(points_of(lines_of(axes, "gru")[0]).items()) == [(0.49, 999), (0.9, 1)]


def test_a_cell_s_line_is_its_own_in_every_panel() -> None:
    for draw in (
        lambda axes, histograms: plotting.draw_frequencies(axes, histograms, "rnn", 0.01),
        lambda axes, histograms: plotting.draw_tails(axes, histograms),
    ):
        axes = new_axes()
        draw(axes, {cell: random_histogram(200, 500, seed) for seed, cell in enumerate(CELLS)})
        for cell, style in plotting.LINES.items():
            (line,) = lines_of(axes, cell)
            expected = Line2D([], [], linestyle=style, lw=line.get_linewidth())
            assert line._dash_pattern == expected._dash_pattern  # type: ignore[attr-defined]


def test_the_best_is_the_main_cell_s() -> None:
    axes = new_axes()
    histograms = {"rnn": histogram_of(2000, {1000: 5, 1833: 1}), "gru": histogram_of(2000, {1000: 5, 1999: 1})}
    plotting.draw_frequencies(axes, histograms, "rnn", 0.01)
    assert [text.get_text() for text in axes.texts] == ["best 91.65%"]


# --- draw_tails -----------------------------------------------------------------------------------


def test_a_tail_by_hand() -> None:
    axes = new_axes()
    plotting.draw_tails(axes, {"gru": histogram_of(10, {2: 40, 5: 50, 6: 6, 8: 3, 9: 1})})
    (line,) = lines_of(axes, "gru")
    assert points_of(line) == {0.5: 0.1, 0.6: 0.04, 0.7: 0.04, 0.8: 0.01}


@pytest.mark.parametrize("num_sentences", [10, 11, 77, 2000, 3000])
def test_a_tail_is_the_share_of_the_members_above(num_sentences: int) -> None:
    axes = new_axes()
    histograms = {cell: random_histogram(num_sentences, 2000, seed) for seed, cell in enumerate(CELLS)}
    histograms["rnn"][-1] += 1
    plotting.draw_tails(axes, histograms)
    for cell, histogram in histograms.items():
        (line,) = lines_of(axes, cell)
        correct = np.arange(num_sentences + 1)
        best = correct[histogram > 0].max()
        drawn = points_of(line)
        attained = [round(x * num_sentences) for x in drawn]
        assert list(drawn) == pytest.approx([a / num_sentences for a in attained], abs=1e-8)
        assert list(drawn.values()) == [histogram[correct > a].sum() / histogram.sum() for a in attained]
        # From the half to the best's neighbour, and near enough to each other between.
        assert attained == sorted(attained)
        assert (attained[0], attained[-1]) == (num_sentences // 2, best - 1)
        assert max(np.diff(attained), default=0) <= max(1, num_sentences / 200)


def test_a_tail_s_band_is_wilson_s() -> None:
    axes = new_axes()
    histogram = histogram_of(10, {2: 40, 5: 50, 6: 6, 8: 3, 9: 1})
    plotting.draw_tails(axes, {"gru": histogram})
    (band,) = axes.collections
    assert isinstance(band, PolyCollection)
    assert np.asarray(band.get_facecolor())[0, :3].tolist() == list(to_rgb(plotting.COLOURS["gru"]))
    (path,) = band.get_paths()
    corners = {(round(float(x), 9), round(float(y), 9)) for x, y in np.asarray(path.vertices)}
    expected = set()
    for x, above in {0.5: 10, 0.6: 4, 0.7: 4, 0.8: 1}.items():
        interval = statistics.proportion(above, 100)
        expected |= {(x, round(interval.low, 9)), (x, round(interval.high, 9))}
    assert corners == expected


def test_a_cell_without_a_tail_draws_none() -> None:
    axes = new_axes()
    plotting.draw_tails(axes, {"rnn": histogram_of(10, {0: 3, 5: 7}), "gru": histogram_of(10, {5: 9, 6: 1})})
    assert not lines_of(axes, "rnn")
    assert points_of(lines_of(axes, "gru")[0]) == {0.5: 0.1}
    assert len(axes.collections) == 1


# --- draw_boxes -----------------------------------------------------------------------------------


def drawn_boxes() -> Axes:
    axes = new_axes()
    histograms = [
        # Quartiles 40, 50, 60: the fences are at 10 and 90 of 100.
        histogram_of(100, {3: 1, 7: 2, 12: 1, 40: 30, 50: 30, 60: 30, 88: 1, 95: 5}),
        histogram_of(100, {35: 1, 40: 9, 50: 10, 60: 9, 65: 1}),
    ]
    plotting.draw_boxes(axes, ["gru", "rnn"], ["GRU 2 x 4", "RNN 2 x 4"], histograms)
    return axes


def test_boxes_mark_the_outliers() -> None:
    axes = drawn_boxes()
    marks = [line for line in axes.lines if line.get_marker() == "|"]
    assert [np.asarray(line.get_xdata()).tolist() for line in marks] == [[0.03, 0.07, 0.95], []]
    assert [np.asarray(line.get_ydata()).tolist() for line in marks] == [[1, 1, 1], []]
    assert [text.get_text() for text in axes.texts] == ["8.0% of settings outside", "0.0% of settings outside"]
    assert [text.xy[1] for text in axes.texts] == [1, 0]  # type: ignore[attr-defined]


def test_boxes_are_the_quartiles_and_whiskers() -> None:
    axes = drawn_boxes()
    boxes = [patch for patch in axes.patches if isinstance(patch, PathPatch)]
    assert [to_rgba(patch.get_facecolor()) for patch in boxes] == [to_rgba(plotting.COLOURS[c]) for c in ("gru", "rnn")]
    for patch, place in zip(boxes, (1, 0), strict=True):
        x, y = np.asarray(patch.get_path().vertices).T
        assert (x.min(), x.max()) == (0.4, 0.6)
        assert (y.min() + y.max()) / 2 == place
    others = [np.array(line.get_data(), float) for line in axes.lines if line.get_marker() != "|"]
    across = {(x.min(), x.max(), y.mean()) for x, y in others if len(x)}
    whiskers = {(0.12, 0.4, 1), (0.6, 0.88, 1), (0.35, 0.4, 0), (0.6, 0.65, 0)}
    ends = {(x, x, place) for x, place in [(0.12, 1), (0.5, 1), (0.88, 1), (0.35, 0), (0.5, 0), (0.65, 0)]}
    assert across == whiskers | ends | {(0.5, 0.5, 0.5)}  # and the half, from bottom to top


def test_boxes_are_listed_from_the_top() -> None:
    axes = drawn_boxes()
    labels = [(tick, label.get_text()) for tick, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)]
    assert labels == [(1, "GRU 2 x 4"), (0, "RNN 2 x 4")]
    low, high = axes.get_ylim()
    assert low < -0.3
    assert high > 1.3


# --- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("members", [{50: 1}, {40: 1, 50: 3}, {50: 3, 99: 1}, {0: 1, 50: 1}, {100: 1}, {30: 1, 65: 1}])
def test_limits_hold_everything_and_are_centred(members: dict[int, int]) -> None:
    low, high = plotting.limits([histogram_of(100, {50: 7}), histogram_of(100, members)])
    assert (low + high) / 2 == pytest.approx(0.5)
    assert low < min(members) / 100 <= max(members) / 100 < high
    assert -0.02 < low < 0.5 < high < 1.02
    reach = max(abs(correct / 100 - 0.5) for correct in members)
    assert high - 0.5 < 1.2 * reach + 0.02  # and no wider than needed


# --- the file -------------------------------------------------------------------------------------


@plotting.house_style()
def some_figure() -> Figure:
    figure = plotting.new_figure(4, 5)
    frequencies, boxes, tails = figure.subplots(3)
    histograms = {cell: random_histogram(100, 300, seed) for seed, cell in enumerate(CELLS)}
    plotting.draw_frequencies(frequencies, histograms, "gru", 0.01)
    plotting.draw_boxes(boxes, list(CELLS), [cell.title for cell in CELLS.values()], list(histograms.values()))
    plotting.draw_tails(tails, histograms)
    return figure


def png() -> bytes:
    file = io.BytesIO()
    some_figure().savefig(file, format="png", dpi=100)
    return file.getvalue()


def test_the_same_data_give_the_same_bytes() -> None:
    here = png()
    assert here.startswith(b"\x89PNG")
    assert png() == here
    tests = Path(__file__).parent
    there = subprocess.run(
        [sys.executable, "-c", "import sys, test_plotting; sys.stdout.buffer.write(test_plotting.png())"],
        env=os.environ | {"PYTHONPATH": f"{Path(rnnjax.__file__).parent.parent}:{tests}", "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    )
    assert there.stdout == here


def test_the_style_is_the_house_s_and_ends_with_the_figure() -> None:
    before = dict(mpl.rcParams)
    for _ in range(2):
        figure = some_figure()
        assert dict(mpl.rcParams) == before
        assert tuple(figure.get_size_inches()) == (4, 5)
        for axes in figure.axes:
            assert not axes.spines["top"].get_visible()
            assert axes.title.get_fontsize() == 8


def test_a_figure_without_outliers_or_tails_can_be_drawn() -> None:
    """Every setting at exactly a half, as of a network that answers always the same."""
    figure = plotting.new_figure(4, 4)
    frequencies, boxes, tails = figure.subplots(3)
    histogram = histogram_of(2000, {1000: 100})
    plotting.draw_frequencies(frequencies, {"relu_rnn": histogram}, "relu_rnn", 0.005)
    plotting.draw_boxes(boxes, ["relu_rnn"], ["ReLU RNN"], [histogram])
    plotting.draw_tails(tails, {"relu_rnn": histogram})
    figure.savefig(io.BytesIO(), format="png")


def test_words_are_drawn_where_they_lie_each_kind_with_a_mark_and_colour_of_its_own() -> None:
    points = np.random.default_rng(0).normal(size=(10, 2))
    axes = new_axes()
    plotting.draw_words(axes, points)
    drawn = [np.column_stack([np.asarray(line.get_xdata()), np.asarray(line.get_ydata())]) for line in axes.lines]
    for found, expected in zip(drawn, (points[:6], points[6:8], points[8:]), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert len({line.get_marker() for line in axes.lines}) == len({line.get_color() for line in axes.lines}) == 3
    assert {line.get_linestyle() for line in axes.lines} == {"None"}
    assert axes.get_aspect() == 1


def test_a_legend_of_words_shows_the_marks_that_are_drawn() -> None:
    axes = new_axes()
    plotting.draw_words(axes, np.zeros((10, 2)))
    handles = plotting.word_handles()
    assert [handle.get_label() for handle in handles] == ["stop word", "positive word", "negative word"]
    for handle, line in zip(handles, axes.lines, strict=True):
        for look in (Line2D.get_marker, Line2D.get_color, Line2D.get_markersize, Line2D.get_markeredgecolor):
            assert look(handle) == look(line)
        assert len(np.asarray(handle.get_xdata())) == 0  # a legend's entry puts no point into the figure


def test_ticks_of_per_cent_say_where_they_are() -> None:
    shares = [0.0, 0.1 + 0.2, 0.57, 0.975, 1.0]
    assert [plotting.per_cent(share) for share in shares] == ["0%", "30%", "57%", "97.5%", "100%"]
    figure = plotting.new_figure(3, 3)
    axes = figure.subplots()
    axes.set_ylim(0.87, 0.985)
    axes.yaxis.set_major_formatter(plotting.per_cent)
    figure.draw_without_rendering()
    for label, place in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True):
        assert float(label.get_text().removesuffix("%")) == pytest.approx(100 * place)
