"""What is drawn of a sweep, read back from the artists and compared with tables laid out by hand."""

import io
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from reading import labels_of, texts_of

from rnnjax import grids, plotting
from rnnjax.statistics import Interval

NAN = float("nan")


def new_axes() -> Axes:
    return plotting.new_figure(4, 3).subplots()


def colours_of(mesh: QuadMesh) -> np.ndarray:
    """[R, C, 4] the cells' colours."""
    mesh.update_scalarmappable()
    array = mesh.get_array()
    assert array is not None
    return np.asarray(mesh.get_facecolor()).reshape(*array.shape, 4)


def luminance(colour: Any) -> float:
    """WCAG 2's relative luminance, one channel at a time."""
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def contrast(one: Any, other: Any) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def hatched(axes: Axes) -> list[tuple[float, float]]:
    """Centres of the hatched cells."""
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle) and patch.get_hatch()]
    return [(box.get_x() + box.get_width() / 2, box.get_y() + box.get_height() / 2) for box in boxes]


def lines_of(axes: Axes, marker: str) -> list[Line2D]:
    return [line for line in axes.lines if line.get_marker() == marker]


def x_of(line: Line2D) -> list[float]:
    return np.asarray(line.get_xdata(), float).tolist()


def y_of(line: Line2D) -> list[float]:
    return np.asarray(line.get_ydata(), float).tolist()


# --- draw_heat_map --------------------------------------------------------------------------------


def test_a_heat_map_shows_rounded_per_cents_where_they_belong() -> None:
    axes = new_axes()
    accuracies = np.array([[0.494, 0.505, 1.0], [0.565, 0.5649, NAN]])
    grids.draw_heat_map(axes, accuracies, ["two", "four"], ["2", "5", "10"])
    assert texts_of(axes) == [["49", "51", "100"], ["57", "56", "–"]]
    assert labels_of(axes, "y") == ["two", "four"]
    assert labels_of(axes, "x") == ["2", "5", "10"]
    # Each text, its cell and the labels have one place.
    assert [text.get_position() for text in axes.texts] == [
        (x, y) for y in axes.get_yticks() for x in axes.get_xticks()
    ]


@pytest.mark.parametrize("correct", [1001, 1009, 1010, 1130, 1150, 1149, 1999, 1989, 1990])
def test_a_half_of_a_per_cent_is_rounded_upwards(correct: int) -> None:
    axes = new_axes()
    grids.draw_heat_map(axes, np.array([[correct / 2000]]), [""], [""])
    assert texts_of(axes) == [[str((correct + 10) // 20)]]


def test_a_colour_is_its_own_cell_s() -> None:
    """The mesh' corners are a half about the text, and its values the accuracies."""
    accuracies = np.array([[0.5, 0.6, 0.7], [0.8, 0.9, 1.0]])
    axes = new_axes()
    mesh = grids.draw_heat_map(axes, accuracies, "ab", "cde")
    corners = np.asarray(mesh.get_coordinates())
    centres = (corners[:-1, :-1] + corners[1:, 1:]) / 2
    assert [tuple(centre) for centre in centres.reshape(-1, 2)] == [text.get_position() for text in axes.texts]
    np.testing.assert_allclose(np.asarray(mesh.get_array()), 100 * accuracies)
    assert axes.get_xlim() == (0.5, 3.5)
    assert axes.get_ylim() == (2.5, 0.5)


def test_colours_grow_lighter_with_the_accuracy_and_are_clipped() -> None:
    accuracies = np.array([[0.0, 0.3, 0.45, *np.linspace(0.46, 0.99, 12), 1.0]])
    colours = colours_of(grids.draw_heat_map(new_axes(), accuracies, [""], [""] * 16))[0]
    light = [luminance(colour) for colour in colours]
    assert light[0] == light[1] == light[2]
    assert np.all(np.diff(light[2:]) > 0)
    assert colours[0].tolist() == pytest.approx(to_rgba("#00224e"), abs=3e-3)  # cividis' ends
    assert colours[-1].tolist() == pytest.approx(to_rgba("#fee838"), abs=3e-3)


def test_the_scale_is_the_same_whatever_is_drawn() -> None:
    wide = colours_of(grids.draw_heat_map(new_axes(), np.array([[0.2, 0.7, 0.99]]), "a", "bcd"))[0, 1]
    narrow = colours_of(grids.draw_heat_map(new_axes(), np.array([[0.7]]), "a", "b"))[0, 0]
    rows = colours_of(grids.draw_sorted_rows(new_axes(), [np.array([0.7, 0.69])], ["a"]))[0, 1]
    assert wide.tolist() == narrow.tolist() == rows.tolist()


def test_every_text_can_be_read_on_its_cell() -> None:
    accuracies = np.linspace(0.4, 1, 601).reshape(-1, 1)
    axes = new_axes()
    mesh = grids.draw_heat_map(axes, accuracies, [""] * 601, [""])
    inks = [text.get_color() for text in axes.texts]
    assert set(inks) == {"black", "white"}
    worst = min(contrast(ink, cell) for ink, cell in zip(inks, colours_of(mesh)[:, 0, :3], strict=True))
    assert worst >= 4.5


def test_a_network_without_a_number_is_hatched_and_has_no_colour() -> None:
    axes = new_axes()
    mesh = grids.draw_heat_map(axes, np.array([[0.5, NAN], [NAN, 0.9]]), "ab", "cd")
    assert hatched(axes) == [(2, 1), (1, 2)]
    assert texts_of(axes) == [["50", "–"], ["–", "90"]]
    np.testing.assert_array_equal(colours_of(mesh)[..., 3], [[1, 0], [0, 1]])
    (ink,) = {text.get_color() for text in axes.texts if text.get_text() == "–"}
    for patch in axes.patches:
        red, green, blue, alpha = to_rgba(patch.get_facecolor())
        assert red == green == blue
        assert alpha == 1
        # Of the hatching too.
        for colour in (patch.get_facecolor(), patch.get_edgecolor()):
            assert contrast(ink, colour) >= 4.5


def test_a_colour_bar_counts_in_per_cent_and_says_that_it_is_clipped_below() -> None:
    figure = plotting.new_figure(4, 3)
    axes = figure.subplots()
    bar = figure.colorbar(grids.draw_heat_map(axes, np.array([[0.5, 0.6]]), "a", "bc"), ax=axes)
    figure.draw_without_rendering()
    assert (bar.norm.vmin, bar.norm.vmax) == (45, 100)
    assert bar.extend == "min"
    assert {"50", "100"} <= {label.get_text() for label in bar.ax.get_yticklabels()}
    assert grids.SCALE == (0.45, 1.0)


@pytest.mark.parametrize(("rows", "columns"), [("a", "cd"), ("abc", "cd"), ("ab", "c"), ("ab", "cde")])
def test_a_heat_map_with_other_labels_than_cells_is_refused(rows: str, columns: str) -> None:
    with pytest.raises(ValueError, match="number of labels"):
        grids.draw_heat_map(new_axes(), np.full((2, 2), 0.5), rows, columns)
    if len(rows) != 2:
        with pytest.raises(ValueError, match="number of labels"):
            grids.draw_sorted_rows(new_axes(), [np.array([0.5])] * 2, rows)


# --- draw_sorted_rows -----------------------------------------------------------------------------


def test_rows_are_sorted_each_by_itself() -> None:
    axes = new_axes()
    rows = [np.array([0.9, 0.5, 0.72]), np.array([0.6, 0.55, 0.99])]
    mesh = grids.draw_sorted_rows(axes, rows, ["RNN", "GRU"])
    assert texts_of(axes) == [["50", "72", "90"], ["55", "60", "99"]]
    np.testing.assert_allclose(np.asarray(mesh.get_array()), [[50, 72, 90], [55, 60, 99]])
    assert labels_of(axes, "y") == ["RNN", "GRU"]
    assert axes.get_xlabel() == "initialisation, sorted"
    assert rows[0].tolist() == [0.9, 0.5, 0.72]  # the caller's array is as it was


def test_a_shorter_row_ends_earlier() -> None:
    axes = new_axes()
    mesh = grids.draw_sorted_rows(axes, [np.array([0.9, 0.5]), np.array([0.6, 0.7, 0.8, 0.5]), np.array([])], "abc")
    assert texts_of(axes) == [["50", "90"], ["50", "60", "70", "80"]]
    np.testing.assert_array_equal(colours_of(mesh)[..., 3], [[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]])
    assert not hatched(axes)
    assert labels_of(axes, "y") == ["a", "b", "c"]
    assert axes.get_xlim() == (0.5, 4.5)


def test_networks_without_a_number_come_first() -> None:
    axes = new_axes()
    grids.draw_sorted_rows(axes, [np.array([0.9, NAN, 0.5, NAN, 0.7]), np.array([0.6])], "ab")
    assert texts_of(axes) == [["–", "–", "50", "70", "90"], ["60"]]
    assert hatched(axes) == [(1, 1), (2, 1)]


@pytest.mark.parametrize("number", [40, 41])
def test_more_than_forty_cells_have_no_numbers_and_are_pixels(number: int) -> None:
    """The longest row decides for all."""
    axes = new_axes()
    long = np.linspace(0.99, 0.5, number)
    mesh = grids.draw_sorted_rows(axes, [np.array([0.5, NAN]), long], "ab")
    assert len(axes.texts) == (42 if number == 40 else 0)
    assert bool(mesh.get_rasterized()) == (number > 40)
    np.testing.assert_allclose(np.asarray(mesh.get_array())[1], 100 * np.sort(long))
    assert hatched(axes) == [(1, 1)]


@plotting.house_style()
def full_width(number: int, labels: Sequence[str]) -> Figure:
    """Rows of the longest numbers, as wide as a page, with a colour bar."""
    figure = plotting.new_figure(7.2, 0.2 * len(labels) + 1.1)
    axes = figure.subplots()
    mesh = grids.draw_sorted_rows(axes, [np.ones(number)] * len(labels), labels)
    figure.colorbar(mesh, ax=axes, label="validation accuracy, %")
    figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize("number", [10, 30, 40])
def test_numbers_fit_in_their_cells(number: int) -> None:
    axes = full_width(number, ["RNN 2x2", "GRU 2x2", "RNN 4x4", "GRU 4x4"]).axes[0]
    assert len(axes.texts) == 4 * number
    for text in axes.texts:
        x, y = text.get_position()
        left, right = axes.transData.transform([(x - 0.5, y), (x + 0.5, y)])[:, 0]
        bottom, top = sorted(axes.transData.transform([(x, y - 0.5), (x, y + 0.5)])[:, 1])
        box = text.get_window_extent()
        assert left < box.x0 < box.x1 < right
        assert bottom < box.y0 < box.y1 < top
        assert float(text.get_fontsize()) >= 5


# --- draw_rates -----------------------------------------------------------------------------------

RATES = [Interval(0.2, 0.1, 0.35), Interval(0.0, 0.0, 0.11), Interval(0.9, 0.8, 1.0), Interval(0.5, 0.45, 0.55)]
COLOURS = [plotting.COLOURS[cell] for cell in ("rnn", "gru", "rnn", "relu_rnn")]
PRINTED = [0.3, None, 1.0, None]


def rate_axes() -> Axes:
    axes = new_axes()
    grids.draw_rates(axes, ["one", "two", "three", "two"], RATES, PRINTED, COLOURS)
    return axes


def test_dots_and_intervals_are_at_their_values() -> None:
    axes = rate_axes()
    dots, intervals = lines_of(axes, "o"), lines_of(axes, "|")
    assert [x_of(dot) for dot in dots] == [[0.2], [0.0], [0.9], [0.5]]
    assert [x_of(line) for line in intervals] == [[0.1, 0.35], [0.0, 0.11], [0.8, 1.0], [0.45, 0.55]]
    places = axes.get_yticks().tolist()
    assert [y_of(dot) for dot in dots] == [[place] for place in places]
    assert [y_of(line) for line in intervals] == [[place, place] for place in places]
    assert [line.get_linestyle() for line in intervals] == ["-", ":", "-", "-"]  # none of the second
    assert [line.get_color() for line in dots] == [line.get_color() for line in intervals] == COLOURS


def test_the_thesis_is_an_open_diamond_where_it_prints_a_value() -> None:
    axes = rate_axes()
    diamonds = lines_of(axes, "D")
    assert [(x_of(d), y_of(d)) for d in diamonds] == [([0.3], [1]), ([1.0], [3])]
    assert all(str(d.get_markerfacecolor()) == "none" for d in diamonds)
    assert len(axes.lines) == 4 + 4 + 2


def test_a_printed_zero_is_shown() -> None:
    axes = new_axes()
    grids.draw_rates(axes, ["one"], RATES[:1], [0.0], COLOURS[:1])
    assert [x_of(d) for d in lines_of(axes, "D")] == [[0.0]]


def test_lines_are_listed_from_the_top_even_with_equal_labels() -> None:
    axes = rate_axes()
    assert labels_of(axes, "y") == ["one", "two", "three", "two"]
    heights = [axes.transData.transform((0, y_of(dot)[0]))[1] for dot in lines_of(axes, "o")]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 4


def test_the_axis_of_rates_goes_from_0_to_100_per_cent() -> None:
    axes = rate_axes()
    axes.get_figure().draw_without_rendering()  # type: ignore[union-attr]
    assert axes.get_xlim() == (0, 1)
    assert labels_of(axes, "x") == [f"{ten}0%" if ten else "0%" for ten in range(11)]
    assert not any(line.get_clip_on() for line in axes.lines)  # whole at the ends too


@plotting.house_style()
def rates_figure(number: int) -> Figure:
    """As high as draw_rates' docstring asks for, and all marks in a row."""
    figure = Figure((7.2, 0.15 * number / 0.8))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0.3, 0.1, 0.6, 0.8))
    labels, colours = ["jpgÄ"] * number, [COLOURS[0]] * number
    grids.draw_rates(axes, labels, [Interval(0.5, 0.2, 0.6)] * number, [0.5] * number, colours)
    figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize("number", [20, 64])
def test_lines_do_not_overlap(number: int) -> None:
    axes = rates_figure(number).axes[0]
    for artists in (lines_of(axes, "D"), lines_of(axes, "o"), lines_of(axes, "|"), axes.get_yticklabels()):
        boxes = sorted((artist.get_window_extent() for artist in artists), key=lambda box: box.y0)
        assert len(boxes) == number
        assert all(upper.y0 > lower.y1 for lower, upper in itertools.pairwise(boxes))


def test_the_legend_of_rates_is_what_is_drawn() -> None:
    axes = rate_axes()
    here, alike, thesis = handles = grids.rate_handles(RATES, PRINTED)
    labels = ["here, with 95 % interval", "none or all: how far other draws may be from that", "thesis"]
    assert [handle.get_label() for handle in handles] == labels
    assert alike.get_linestyle() == lines_of(axes, "|")[1].get_linestyle()
    for handle, line in ((here, lines_of(axes, "o")[0]), (thesis, lines_of(axes, "D")[0])):
        assert handle.get_marker() == line.get_marker()
        assert handle.get_markersize() == line.get_markersize()
    assert str(thesis.get_markerfacecolor()) == "none"
    assert (here.get_linestyle(), thesis.get_linestyle()) == ("-", "None")
    legend = axes.get_figure().legend(handles=handles)  # type: ignore[union-attr]
    assert [text.get_text() for text in legend.get_texts()] == labels
    assert [handle.get_label() for handle in grids.rate_handles(RATES[2:], [None, None])] == labels[:1]


def test_means_begin_about_chance() -> None:
    axes = new_axes()
    grids.draw_rates(axes, "ab", [RATES[2], Interval(1.0, 0.95, 1.0)], [None, None], COLOURS[:2], means=True)
    assert axes.get_xlim() == (0.44, 1) and [0.5, 0.5] in [x_of(line) for line in axes.lines]
    lower = new_axes()
    grids.draw_rates(lower, "ab", RATES[:3:2], [None, None], COLOURS[:2], means=True)
    assert lower.get_xlim() == pytest.approx((0.09, 1))


@pytest.mark.parametrize("left_out", range(4))
def test_rates_of_different_numbers_are_refused(left_out: int) -> None:
    arguments: list[Any] = [["a", "b", "c", "d"], RATES, PRINTED, COLOURS]
    arguments[left_out] = arguments[left_out][:-1]
    with pytest.raises(ValueError, match=r"shorter|longer|number of labels"):
        grids.draw_rates(new_axes(), *arguments)


# --- draw_accuracy_strips -------------------------------------------------------------------------


def strips(groups: Sequence[np.ndarray]) -> Axes:
    axes = new_axes()
    labels = [f"strip {i}" for i in range(len(groups))]
    grids.draw_accuracy_strips(axes, labels, groups, [COLOURS[i % 3] for i in range(len(groups))])
    return axes


def means_of(axes: Axes) -> list[tuple[float, float, float]]:
    """(mean, top, bottom) of the ticks."""
    ticks = [collection for collection in axes.collections if isinstance(collection, LineCollection)]
    for tick in ticks:
        assert to_rgba(np.asarray(tick.get_color())[0]) == to_rgba("black")
    ends = [np.asarray(segment) for tick in ticks for segment in tick.get_segments()]
    assert all(low[0] == high[0] for low, high in ends)
    return [(low[0], low[1], high[1]) for low, high in ends]


def test_every_member_is_a_dot_within_its_strip() -> None:
    rng = np.random.default_rng(0)
    groups = [rng.uniform(0.4, 1, size) for size in (1, 10, 3000)]
    axes = strips(groups)
    dots = lines_of(axes, ".")
    for place, (line, group) in enumerate(zip(dots, groups, strict=True), 1):
        assert sorted(x_of(line)) == sorted(group.tolist())
        assert np.all(np.abs(np.array(y_of(line)) - place) < 0.4)
        alpha = line.get_alpha()
        assert alpha is not None
        assert 0.1 < float(alpha) < 1
        assert line.get_rasterized()
    assert [line.get_color() for line in dots] == COLOURS[:3]
    assert labels_of(axes, "y") == ["strip 0", "strip 1", "strip 2"]
    assert axes.get_yticks().tolist() == [1, 2, 3]


def test_equal_members_are_spread_evenly() -> None:
    (line,) = lines_of(strips([np.full(1000, 0.5)]), ".")
    gaps = np.diff([0.65, *sorted(y_of(line)), 1.35])
    assert gaps.max() < 3 * 0.7 / 1000


def test_the_mean_is_a_black_tick() -> None:
    axes = strips([np.array([0.5, 0.6, 1.0]), np.array([0.5]), np.array([0.9, 0.8])])
    means = means_of(axes)
    assert [mean for mean, _, _ in means] == pytest.approx([0.7, 0.5, 0.85])
    for place, (_, low, high) in enumerate(means, 1):
        assert place - 0.5 < low < place - 0.35
        assert place + 0.35 < high < place + 0.5


def test_a_half_is_a_dotted_line() -> None:
    axes = strips([np.array([0.5, 0.6])])
    (line,) = (line for line in axes.lines if line.get_linestyle() == ":")
    assert x_of(line) == [0.5, 0.5]
    assert y_of(line) == [0, 1]  # of the axes


@pytest.mark.parametrize("least", [0.0, 0.3, 0.5, 0.99])
def test_the_axis_of_strips_holds_all_and_a_half(least: float) -> None:
    axes = strips([np.array([1.0, 0.9]), np.array([least])])
    axes.get_figure().draw_without_rendering()  # type: ignore[union-attr]
    low, high = axes.get_xlim()
    assert low < min(least, 0.5)
    assert 1 < high < 1.05
    assert {"50%", "100%"} <= set(labels_of(axes, "x"))


def test_the_same_members_are_drawn_alike_in_any_order_and_whatever_was_drawn_before() -> None:
    members = np.random.default_rng(0).uniform(0.4, 1, 500)
    state = str(np.random.get_state())  # noqa: NPY002
    one = lines_of(strips([members]), ".")[0]
    other = lines_of(strips([members[::-1]]), ".")[0]
    assert (x_of(one), y_of(one)) == (x_of(other), y_of(other))
    assert str(np.random.get_state()) == state  # noqa: NPY002


def test_a_strip_without_members_is_a_label() -> None:
    axes = strips([np.array([]), np.array([0.6])])
    assert labels_of(axes, "y") == ["strip 0", "strip 1"]
    assert [set(np.round(y_of(line))) for line in lines_of(axes, ".")] == [{2}]
    assert [mean for mean, _, _ in means_of(axes)] == [0.6]
    assert not lines_of(strips([np.array([])]), ".")


@pytest.mark.parametrize(("labels", "colours"), [("a", COLOURS[:2]), ("abc", COLOURS[:2]), ("ab", COLOURS[:1])])
def test_strips_of_different_numbers_are_refused(labels: str, colours: list[str]) -> None:
    with pytest.raises(ValueError, match=r"shorter|longer|number of labels"):
        grids.draw_accuracy_strips(new_axes(), labels, [np.array([0.5])] * 2, colours)


# --- the file -------------------------------------------------------------------------------------


@plotting.house_style()
def some_figure() -> Figure:
    figure = plotting.new_figure(7.2, 6)
    heat, rows, rates, members = figure.subplots(4)
    accuracies = np.random.default_rng(3).uniform(0.4, 1, (4, 60))
    grids.draw_heat_map(heat, np.where(accuracies < 0.5, NAN, accuracies)[:, :4], "abcd", "efgh")
    figure.colorbar(grids.draw_sorted_rows(rows, list(accuracies), "abcd"), ax=rows)
    grids.draw_rates(rates, "abcd", RATES, PRINTED, COLOURS)
    grids.draw_accuracy_strips(members, "abcd", list(accuracies), COLOURS)
    figure.legend(handles=grids.rate_handles(RATES, PRINTED), loc="outside lower center", ncols=2)
    return figure


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_the_same_data_give_the_same_bytes(form: str) -> None:
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        some_figure().savefig(file, format=form, dpi=100, metadata={"CreationDate": None} if form == "pdf" else None)
    assert len(files[0].getvalue()) > 10_000
    assert files[0].getvalue() == files[1].getvalue()
