"""What is on the axes of the vector fields' figures."""

import io
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from experiments.group_figures import BEFORE, handle, in_order, line_of
from rnnjax import correlation_plots, field_plots, point_plots
from rnnjax.fields import plane
from rnnjax.stability import NONE, SADDLE, STABLE, UNSTABLE
from rnnjax.statistics import Interval

ORANGE, BLUE = (0xF5, 0xCF, 0x87), (0x8D, 0xBF, 0xE0)


def data_of(line: Any) -> np.ndarray:
    return np.asarray(line.get_xydata())


def new_axes() -> Axes:
    return Figure((4, 4)).add_axes((0, 0, 1, 1))


def colour_at(axes: Axes, x: float, y: float) -> tuple[int, ...]:
    """The drawn pixel of a point of the plane, of axes that fill their figure."""
    axes.set_axis_off()
    buffer = io.BytesIO()
    figure = axes.figure
    assert isinstance(figure, Figure)
    figure.savefig(buffer, format="rgba", dpi=50)
    pixels = np.frombuffer(buffer.getvalue(), np.uint8).reshape(200, 200, 4)
    column, row = int((x + 1) / 2 * 200), int((1 - y) / 2 * 200)
    return tuple(int(v) for v in pixels[row, column, :3])


@pytest.mark.parametrize(("w", "b"), [((1.0, 2.0), 0.3), ((-2.0, 0.5), -0.4)])
def test_the_positive_region_is_orange_and_the_boundary_between(w: tuple[float, float], b: float) -> None:
    axes = new_axes()
    field_plots.draw_regions(axes, np.array(w), b)
    (line,) = axes.get_lines()
    points = data_of(line)
    np.testing.assert_allclose(points @ w + b, 0, atol=1e-12)
    assert np.abs(points).max(1).min() > 1  # both ends are outside
    for x, y in ((0.9, 0.9), (-0.9, -0.9), (0.9, -0.9), (-0.9, 0.9)):
        assert colour_at(axes, x, y) == (ORANGE if w[0] * x + w[1] * y + b > 0 else BLUE)
    assert axes.get_aspect() == 1 and axes.get_xlim() == axes.get_ylim() == (-1, 1)


@pytest.mark.parametrize(("b", "colour"), [(5.0, ORANGE), (-5.0, BLUE)])
def test_where_the_boundary_does_not_cross_there_is_one_region_and_no_line(b: float, colour: tuple[int, ...]) -> None:
    axes = new_axes()
    field_plots.draw_regions(axes, np.array([1.0, 1.0]), b)
    assert not axes.get_lines() and colour_at(axes, 0.5, -0.5) == colour


def test_arrows_have_one_length_and_the_fields_directions() -> None:
    states = plane(28).astype(float)
    moves = np.stack([-states[:, 1], states[:, 0]], 1) * np.abs(states[:, :1])  # a rotation, of any speed
    axes = new_axes()
    filled = field_plots.draw_field(axes, states, moves)
    arrows: Any = next(each for each in axes.collections if hasattr(each, "U"))
    x, y, u, v = (np.ravel(each) for each in (arrows.X, arrows.Y, arrows.U, arrows.V))
    assert len(x) == 14 * 14
    np.testing.assert_allclose(np.hypot(u, v), 1)
    np.testing.assert_allclose(np.stack([u, v]), np.stack([-y, x]) / np.hypot(x, y))
    assert set(np.round(x, 9)) <= set(np.round(states[:, 0], 9))
    np.testing.assert_array_equal(filled.levels, field_plots.LEVELS)


def test_a_field_that_vanishes_somewhere_is_drawn() -> None:
    axes = new_axes()
    field_plots.draw_field(axes, plane(5).astype(float), np.zeros((25, 2)))
    arrows: Any = next(each for each in axes.collections if hasattr(each, "U"))
    np.testing.assert_array_equal(arrows.U, 0)


def test_contours_are_filled_by_the_norm() -> None:
    states = plane(40).astype(float)
    axes = new_axes()
    field_plots.draw_field(axes, states, np.where(states[:, :1] > 0, 0.5, 0.02) * [1.0, 0.0])
    axes.set(xlim=(-1, 1), ylim=(-1, 1))
    slow, fast = colour_at(axes, -0.53, 0.6), colour_at(axes, 0.53, 0.6)  # between arrows
    assert sum(slow) > sum(fast)  # darker is faster


def test_each_kind_of_point_has_its_mark() -> None:
    axes = new_axes()
    states = np.array([[0.1, 0.2], [0.3, 0.4], [np.nan, np.nan], [0.5, 0.6], [0.7, 0.8]])
    field_plots.draw_points(axes, states, np.array([STABLE, SADDLE, NONE, UNSTABLE, STABLE]))
    marks: list[Any] = list(axes.collections)
    stable, saddle, unstable = marks
    np.testing.assert_allclose(stable.get_offsets(), [[0.1, 0.2], [0.7, 0.8]])
    np.testing.assert_allclose(saddle.get_offsets(), [[0.3, 0.4]])
    np.testing.assert_allclose(unstable.get_offsets(), [[0.5, 0.6]])
    assert to_hex(stable.get_facecolor()[0]) == "#000000" and to_hex(unstable.get_facecolor()[0]) == "#ffffff"
    names = [each.get_label() for each in field_plots.field_handles()]
    assert names[3:] == ["stable fixed point", "saddle", "unstable fixed point"]


def test_a_scatter_has_all_points_and_the_line() -> None:
    axes = new_axes()
    x, y = np.array([[0.0, 1.0], [2.0, 4.0]]), np.array([[1.0, 2.0], [3.0, 5.0]])
    correlation_plots.draw_scatter(axes, [(x, y, "red", "o"), (-x, y, "blue", "^")], 2.0, -1.0)
    *points, best, _, _ = axes.get_lines()
    assert [line.get_color() for line in points] == ["red", "blue"] * 4  # neither lies on top of the other
    for first, sign in ((0, 1), (1, -1)):
        found = np.concatenate([data_of(line) for line in points[first::2]])
        np.testing.assert_allclose(found[np.argsort(sign * found[:, 0])], np.stack([sign * x.ravel(), y.ravel()], 1))
    np.testing.assert_allclose(data_of(best), np.array([[-4, -9], [4, 7]]))


def test_correlations_are_where_their_row_is() -> None:
    axes = new_axes()
    rows = [
        [Interval(0.5, 0.4, 0.7), Interval(0.3, 0.1, 0.6), Interval(0.2, 0.1, 0.3)],
        [Interval(-0.2, -0.5, 0.1), Interval(-0.1, -0.3, 0.0), Interval(0.1, -0.3, 0.4)],
    ]
    correlation_plots.draw_correlations(axes, ["a", "b"], rows, ["red", "blue"])
    lines = axes.get_lines()
    for number, interval in enumerate(each for row in rows for each in row):
        ends, estimate = (data_of(line) for line in lines[2 * number : 2 * number + 2])
        np.testing.assert_allclose(ends[:, 0], interval[1:])
        np.testing.assert_allclose(estimate[0], [interval.estimate, number // 3 + (number % 3 - 1) * 0.24])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first is on top


def test_numbers_of_points_are_where_their_row_is() -> None:
    axes = new_axes()
    kinds = [[Interval(k + row, k + row - 0.5, k + row + 0.25) for row in (0, 1)] for k in range(3)]
    point_plots.draw_numbers(axes, ["a", "b"], kinds, ["red", "blue"])
    marks = axes.get_lines()[1::2]
    places = [tuple(data_of(line)[0]) for line in marks]
    assert places == [(k + row, row + 0.25 * (k - 1)) for k in range(3) for row in (0, 1)]
    assert [line.get_marker() for line in marks[::2]] == ["o", "X", "o"]
    assert axes.get_xlim()[0] == 0 and marks[4].get_markerfacecolor() == "white"


def test_a_curve_has_its_band() -> None:
    axes = new_axes()
    field_plots.draw_curve(axes, np.arange(2), [Interval(0.5, 0.4, 0.7), Interval(0.3, 0.1, 0.6)], "red", "--")
    (line,), (band,) = axes.get_lines(), axes.collections
    np.testing.assert_allclose(data_of(line), np.array([[0, 0.5], [1, 0.3]]))
    corners = np.asarray(band.get_paths()[0].vertices)
    assert {(0.0, 0.4), (1.0, 0.1), (1.0, 0.6), (0.0, 0.7)} <= {(float(x), float(y)) for x, y in corners}


def test_groups_have_an_order_and_a_line_each() -> None:
    names = ["below 70 %", "70 to 90 %", BEFORE, "above 90 %", "below 70 %"]
    assert in_order(names) == [BEFORE, "above 90 %", "70 to 90 %", "below 70 %"]
    assert len({line_of(name) for name in names}) == 4
    assert handle("above 90 %").get_label() == "above 90 %" and handle("above 90 %", "x").get_label() == "x"
    assert (handle(BEFORE).get_color(), handle(BEFORE).get_linestyle()) == line_of(BEFORE)
