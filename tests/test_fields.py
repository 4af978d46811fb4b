"""Fields of displacement: against PyTorch's cells, loops over points, closed forms and hand tables."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from rnnjax.cells import CELLS
from rnnjax.fields import EDGES, Summary, displacements, plane, signed_distance, summary
from rnnjax.parameters import Params, count, shapes, unflatten
from rnnjax.words import NUM_WORDS

RNN, GRU = CELLS["rnn"], CELLS["gru"]
summarise = functools.partial(jax.jit, static_argnums=0)(summary)


def draw(cell: str, scale: float, seed: int = 0) -> tuple[Params, np.ndarray]:
    """Random parameters of a network with two units, and ten words."""
    random = np.random.default_rng(seed)
    sizes = shapes(len(CELLS[cell].gates), 2, 2)
    flat = random.uniform(-scale, scale, count(sizes)).astype(np.float32)
    flat[-2:] *= 0.1  # the boundary crosses the plane
    return unflatten(jnp.asarray(flat), sizes), random.normal(size=(NUM_WORDS, 2)).astype(np.float32)


def torch_moves(cell: str, params: Params, words: np.ndarray, states: np.ndarray) -> np.ndarray:
    """torch.nn.RNNCell or GRUCell in double precision: step(h, x) - h of every word at every state, [V, G, H]."""
    module: Any = {"rnn": torch.nn.RNNCell, "gru": torch.nn.GRUCell}[cell](2, 2).double()
    with torch.no_grad():
        for name in ("ih", "hh"):
            getattr(module, f"weight_{name}").copy_(torch.tensor(np.array(getattr(params, f"w_{name}"))))
            getattr(module, f"bias_{name}").copy_(torch.tensor(np.array(getattr(params, f"b_{name}"))))
        here = torch.tensor(states, dtype=torch.float64)
        after = [module(torch.tensor(x, dtype=torch.float64).expand(len(here), -1), here) for x in words]
    return np.stack([moved.numpy() - states for moved in after])


def constant(target: tuple[float, float], w: tuple[float, float], b: float) -> Params:
    """An RNN that goes to the target from everywhere, with the margin w·h + b."""
    flat = jnp.zeros(count(shapes(1, 2, 2)), jnp.float32)
    readout = jnp.array([[0.5, -0.5], [0.5 + w[0], -0.5 + w[1]]])
    params = unflatten(flat, shapes(1, 2, 2))
    return params.replace(b_ih=jnp.arctanh(jnp.array(target)), w_oh=readout, b_oh=jnp.array([0.25, 0.25 + b]))


def test_the_plane_is_the_centres_of_squares_row_by_row() -> None:
    np.testing.assert_array_equal(plane(2), [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]])
    np.testing.assert_array_equal(plane(1), [[0, 0]])
    # The mean over them is the integral: exact for straight lines, of a parabola too large by no more than 1 / n².
    assert plane(40).mean(0) == pytest.approx([0, 0], abs=1e-7)
    assert (plane(40) ** 2).mean() == pytest.approx(1 / 3 * (1 - 1 / 1600), rel=1e-6)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_displacements_are_those_of_the_torch_cell(cell: str) -> None:
    params, words = draw(cell, 2)
    states = plane(7)
    own = displacements(CELLS[cell], params, jnp.asarray(words), jnp.asarray(states))
    np.testing.assert_allclose(own, torch_moves(cell, params, words, states), rtol=0, atol=2e-6)


def test_the_signed_distance_is_that_to_the_line() -> None:
    params = constant((0, 0), (3.0, 4.0), 2.0)
    # The line 3 x + 4 y + 2 = 0: its foot from the origin is -2 / 25 (3, 4).
    states = np.array([[0, 0], [-0.24, -0.32], [0.6, 0.8], [-0.6, -0.8]])
    np.testing.assert_allclose(signed_distance(params, jnp.asarray(states)), [0.4, 0, 1.4, -0.6], atol=1e-6)
    none = signed_distance(constant((0, 0), (0.0, 0.0), 2.0), jnp.asarray(states))
    assert np.isposinf(none).all()


@pytest.mark.parametrize("cell", ["rnn", "gru"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_summary_is_what_loops_over_the_points_count(cell: str, seed: int) -> None:
    params, words = draw(cell, 2, seed)
    states = plane(9)
    own = summarise(CELLS[cell], params, jnp.asarray(words), jnp.asarray(states))
    exact = counted(params, torch_moves(cell, params, words, states), states)
    for name, value in exact.items():
        np.testing.assert_allclose(getattr(own, name), value, atol=1e-6, err_msg=name)
    assert 0.1 < own.positive_points < 0.9 and np.std(own.up) > 0.02 and (own.points_at > 0).sum() > 4


def counted(params: Params, moves: np.ndarray, states: np.ndarray) -> dict[str, np.ndarray]:
    w = np.asarray(params.w_oh[1] - params.w_oh[0], float)
    b = float(params.b_oh[1] - params.b_oh[0])
    edges = [-np.inf, *EDGES, np.inf]
    found = {name: np.zeros(len(moves)) for name in ("mean_norm", "up", "down", "positive", "keeps")}
    found |= {name: np.zeros((len(moves), len(edges) - 1)) for name in ("up_at", "positive_at")}
    found |= {"positive_points": np.zeros(()), "points_at": np.zeros(len(edges) - 1)}
    for h in states:
        before = w @ h + b
        place = next(i for i in range(len(edges)) if edges[i] < before / np.hypot(*w) <= edges[i + 1])
        found["points_at"][place] += 1
        found["positive_points"] += (before > 0) / len(states)
    for word, field in enumerate(moves):
        for h, move in zip(states, field, strict=True):
            before, after = w @ h + b, w @ (h + move) + b
            place = next(i for i in range(len(edges)) if edges[i] < before / np.hypot(*w) <= edges[i + 1])
            found["mean_norm"][word] += np.hypot(*move) / len(states)
            found["up"][word] += (after > before) / len(states)
            found["down"][word] += (after < before) / len(states)
            found["positive"][word] += (after > 0) / len(states)
            found["keeps"][word] += ((after > 0) == (before > 0)) / len(states)
            found["up_at"][word, place] += after > before
            found["positive_at"][word, place] += after > 0
    return found


def of_constant(target: tuple[float, float], w: tuple[float, float], b: float) -> Summary:
    return summarise(RNN, constant(target, w, b), jnp.zeros((1, 2)), jnp.asarray(plane(10)))


def test_a_word_that_leads_to_one_state_from_everywhere() -> None:
    here = of_constant((0.6, 0.0), (2.0, 0.0), 0.0)
    # Columns at ±0.1, ±0.3, ±0.5, ±0.7, ±0.9, the boundary at 0.
    assert here.positive_points == pytest.approx(0.5) and here.positive[0] == pytest.approx(1)
    assert here.keeps[0] == pytest.approx(0.5)
    assert here.up[0] == pytest.approx(0.8) and here.down[0] == pytest.approx(0.2)
    np.testing.assert_allclose(here.mean_norm[0], np.hypot(*(plane(10) - [0.6, 0]).T).mean(), rtol=1e-5)
    # Columns in the bins (-∞, -0.8], (-0.8, -0.4], (-0.4, -0.2], (-0.2, -0.1], (-0.1, 0], and their mirror images.
    np.testing.assert_array_equal(np.asarray(here.points_at)[[0, 1, 2, 7, 8, 9]], [10, 20, 10, 10, 20, 10])
    assert here.points_at.sum() == 100
    np.testing.assert_array_equal(here.positive_at[0], here.points_at)
    np.testing.assert_array_equal(np.asarray(here.up_at)[0, [0, 1, 2, 7, 8, 9]], [10, 20, 10, 10, 10, 0])


def test_a_state_on_the_boundary_is_in_the_negative_region() -> None:
    here = of_constant((0.0, 0.0), (1.0, 0.0), 0.0)  # the word leads onto it
    assert here.positive[0] == 0 and here.keeps[0] == pytest.approx(0.5)
    right = jnp.asarray(plane(10)[plane(10)[:, 0] > 0])
    assert summarise(RNN, constant((0.0, 0.0), (1.0, 0.0), 0.0), jnp.zeros((1, 2)), right).keeps[0] == 0
    on_it = summarise(RNN, constant((0.5, 0), (1.0, 0.0), 0.0), jnp.zeros((1, 2)), jnp.zeros((3, 2)))
    assert on_it.positive_points == 0 and on_it.keeps[0] == 0
    np.testing.assert_array_equal(on_it.points_at, 3 * (np.arange(10) == 4))


def test_a_word_that_moves_nothing_keeps_everything() -> None:
    """A GRU with z = 1, but for rounding."""
    params, words = draw("gru", 1)
    params = params.replace(b_ih=params.b_ih.at[2:4].set(100.0))
    here = summarise(GRU, params, jnp.asarray(words), jnp.asarray(plane(20)))
    np.testing.assert_allclose(here.mean_norm, 0, atol=1e-7)
    np.testing.assert_allclose(here.keeps, 1)
    np.testing.assert_allclose(here.positive, np.full(NUM_WORDS, here.positive_points))


def test_a_readout_that_sees_nothing_is_moved_by_nothing() -> None:
    here = of_constant((0.6, 0.0), (0.0, 0.0), 1.0)
    assert here.up[0] == here.down[0] == 0 and here.positive[0] == here.keeps[0] == here.positive_points == 1
    np.testing.assert_array_equal(here.points_at, 100 * (np.arange(10) == 9))  # infinitely far


def test_with_z_constant_all_displacements_shrink_alike() -> None:
    params, words = draw("gru", 1, 3)
    params = params.replace(w_ih=params.w_ih.at[2:4].set(0), w_hh=params.w_hh.at[2:4].set(0))
    fields = []
    for z in (0.25, 0.75):
        both = params.replace(b_ih=params.b_ih.at[2:4].set(np.log(z / (1 - z))), b_hh=params.b_hh.at[2:4].set(0))
        fields.append(displacements(GRU, both, jnp.asarray(words), jnp.asarray(plane(5))))
    np.testing.assert_allclose(fields[0], 3 * fields[1], rtol=2e-5, atol=1e-6)
