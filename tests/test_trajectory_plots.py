"""What is drawn is what was given: positions, classes, shares."""

from typing import Any

import numpy as np
from matplotlib.colors import to_rgba

from rnnjax import distribution_plots, plotting, trajectory_plots
from rnnjax.statistics import Interval
from rnnjax.survival import Curve

NEGATIVE, POSITIVE = trajectory_plots.NEGATIVE, trajectory_plots.POSITIVE


def test_a_way_starts_at_0_and_each_state_has_its_class_and_letter() -> None:
    axes: Any = plotting.new_figure(3, 3).subplots()
    states, margins = np.array([[0.1, 0.2], [0.3, -0.4], [-0.5, 0.6]]), np.array([1.0, -1.0, 0.0])
    trajectory_plots.draw_way(axes, states, margins, "PSN")
    way, start, *marks = axes.get_lines()
    np.testing.assert_array_equal(np.transpose(way.get_data()), np.concatenate([[[0, 0]], states]))
    assert [float(np.asarray(value)[0]) for value in start.get_data()] == [0, 0]
    assert [mark.get_markerfacecolor() for mark in marks] == [POSITIVE, NEGATIVE, NEGATIVE]
    assert [np.asarray(mark.get_data()).ravel().tolist() for mark in marks] == states.tolist()
    assert marks[2].get_markersize() > marks[1].get_markersize() == marks[0].get_markersize()
    assert [(text.get_text(), text.xy) for text in axes.texts] == [("P", (0.1, 0.2)), ("N", (-0.5, 0.6))]


def test_a_strip_has_the_class_after_each_step() -> None:
    axes: Any = plotting.new_figure(3, 3).subplots()
    margins = np.array([[-1.0, 2.0, 0.0], [3.0, -0.1, 1.0]])
    trajectory_plots.draw_calls(axes, margins, ["one", "other"])
    (mesh,) = [each for each in axes.collections if hasattr(each, "get_coordinates")]
    np.testing.assert_array_equal(np.asarray(mesh.get_array()), margins > 0)
    mesh.update_scalarmappable()
    assert tuple(mesh.get_facecolor()[1]) == to_rgba(POSITIVE) and tuple(mesh.get_facecolor()[0]) == to_rgba(NEGATIVE)
    np.testing.assert_array_equal(mesh.get_coordinates()[0, :, 0], [0.5, 1.5, 2.5, 3.5])
    assert axes.get_xscale() == "log" and axes.get_ylim()[0] > axes.get_ylim()[1]  # the first sentence is on top


def test_units_are_drawn_from_step_1_on() -> None:
    axes: Any = plotting.new_figure(3, 3).subplots()
    values = np.array([[0.1, 0.2, 0.3], [-0.1, -0.2, -0.3]])
    trajectory_plots.draw_unit(axes, values)
    for line, own, colour in zip(axes.get_lines(), values, (NEGATIVE, POSITIVE), strict=True):
        np.testing.assert_array_equal(line.get_data(), [[1, 2, 3], own])
        assert line.get_color() == colour


def test_a_share_holds_until_the_next_step_and_step_0_is_left_out() -> None:
    axes: Any = plotting.new_figure(3, 3).subplots()
    curve = Curve(np.array([0, 1, 10]), np.array([1, 0.8, 0.5]), np.array([1, 0.7, 0.4]), np.array([1, 0.9, 0.6]))
    trajectory_plots.draw_survival(axes, curve, "red", "-", "RNN")
    (line,) = axes.get_lines()
    np.testing.assert_array_equal(line.get_data(), [[1, 10], [0.8, 0.5]])
    assert line.get_drawstyle() == "steps-post"
    ends = axes.collections[0].get_paths()[0].vertices
    assert {(1.0, 0.7), (1.0, 0.9), (10.0, 0.4), (10.0, 0.6), (10.0, 0.7), (10.0, 0.9)} >= {tuple(v) for v in ends}


def test_distributions_show_quantiles_and_the_mean_s_interval() -> None:
    axes: Any = plotting.new_figure(3, 3).subplots()
    values = np.append(np.arange(101.0), np.nan)
    groups, intervals = [values, np.zeros(0)], [Interval(50.0, 45.0, 56.0), Interval(np.nan, np.nan, np.nan)]
    distribution_plots.draw_distributions(axes, groups, intervals, ["red", "blue"])
    found = [line.get_xdata() for line in axes.get_lines()]
    for line, expected in zip(found, ([5, 95], [25, 75], [45, 56], [50]), strict=True):
        np.testing.assert_allclose(line, expected)
    assert {tuple(np.unique(line.get_ydata())) for line in axes.get_lines()} == {(0,)}
