"""Fixed and slow points, their kinds, and what repeated words leave: closed forms, PyTorch, SciPy, laws."""

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from oracles import states_of
from scipy import optimize

from rnnjax import fixed_points, relaxation, stability
from rnnjax.cells import CELLS
from rnnjax.fixed_points import APART, FIXED, Points, borders, distinct, find, repeat, search, word_step
from rnnjax.parameters import Params, count, shapes, unflatten
from rnnjax.stability import NONE, SADDLE, STABLE, UNSTABLE

WORD = np.array([0.4, -0.9])


@pytest.fixture(autouse=True)
def in_float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def draw(cell: str, hidden: int, seed: int = 0, scale: float = 2.0) -> Params:
    sizes = shapes(len(CELLS[cell].gates), 2, hidden)
    flat = np.random.default_rng(seed).uniform(-scale, scale, count(sizes))
    return unflatten(jnp.asarray(flat), sizes)


def zeros(cell: str, hidden: int) -> Params:
    sizes = shapes(len(CELLS[cell].gates), 2, hidden)
    return unflatten(jnp.zeros(count(sizes)), sizes)


def starts(hidden: int, number: int = 96, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (number, hidden))


@functools.partial(jax.jit, static_argnames=("cell", "steps", "room"))
def found(cell: str, params: Params, first: jax.Array, steps: int = 60, room: int = 16) -> tuple[Points, Points]:
    return find(word_step(CELLS[cell], params, jnp.asarray(WORD)), first, steps, room)


def states(points: Points) -> np.ndarray:
    """The states that are there, sorted."""
    there = np.asarray(points.states)[: int(points.number)]
    assert np.isfinite(there).all() and np.isnan(points.states[len(there) :]).all()
    return there[np.lexsort(there.T[::-1].round(6))]


def torch_step(cell: str, params: Params, h: np.ndarray) -> np.ndarray:
    """The state [..., H] after the word, by PyTorch's cell in double precision."""
    kinds: dict[str, Any] = {"rnn": torch.nn.RNNCell, "gru": torch.nn.GRUCell}
    module = kinds[cell](2, h.shape[-1]).double()
    with torch.no_grad():
        for name in ("ih", "hh"):
            getattr(module, f"weight_{name}").copy_(torch.tensor(np.array(getattr(params, f"w_{name}"))))
            getattr(module, f"bias_{name}").copy_(torch.tensor(np.array(getattr(params, f"b_{name}"))))
        flat = torch.tensor(h.reshape(-1, h.shape[-1]))
        return module(torch.tensor(WORD).expand(len(flat), -1), flat).numpy().reshape(h.shape)


def differences(cell: str, params: Params, h: np.ndarray, width: float = 1e-5) -> np.ndarray:
    """The step's Jacobian by central differences of PyTorch's cell, [H, H]."""
    return np.stack(
        [
            (torch_step(cell, params, h + e) - torch_step(cell, params, h - e)) / (2 * width)
            for e in width * np.eye(len(h))
        ],
        1,
    )


# --- fixed points that are known --------------------------------------------------------------------


@pytest.mark.parametrize("hidden", [1, 2, 4])
def test_without_recurrent_weights_there_is_one_point_and_it_forgets_all(hidden: int) -> None:
    params = zeros("rnn", hidden).replace(b_ih=jnp.linspace(-1, 2, hidden))
    fixed, slow = found("rnn", params, starts(hidden, 8))
    assert fixed.number == 1 and slow.number == 0
    np.testing.assert_allclose(fixed.states[0], np.tanh(np.linspace(-1, 2, hidden)), atol=1e-12)
    np.testing.assert_allclose(fixed.jacobians[0], np.zeros((hidden, hidden)), atol=1e-12)
    assert np.isnan(fixed.jacobians[1:]).all() and np.isnan(fixed.speeds[1:]).all()


@pytest.mark.parametrize(("weights", "number"), [((2.0, 1.3), 9), ((2.0, 0.7), 3), ((2.0, 1.5, 1.2, 3.0), 81)])
def test_a_diagonal_rnn_has_a_product_of_each_units_points(weights: tuple[float, ...], number: int) -> None:
    hidden = len(weights)
    params = zeros("rnn", hidden).replace(w_hh=jnp.diag(jnp.array(weights)))
    fixed, _ = found("rnn", params, starts(hidden, 810), room=81)
    assert fixed.number == number and np.nanmax(fixed.speeds) <= FIXED
    roots = [optimize.brentq(lambda h, w=w: np.tanh(w * h) - h, 0.1, 1) if w > 1 else 0.0 for w in weights]
    grid = sorted(itertools.product(*[sorted({-r, 0.0, r}) for r in roots]))
    np.testing.assert_allclose(states(fixed), grid, atol=1e-9)
    slopes = np.asarray(weights) * (1 - np.asarray(fixed.states) ** 2)
    there = slice(number)
    np.testing.assert_allclose(fixed.jacobians[there], [np.diag(s) for s in slopes[there]], atol=1e-8)
    values = stability.eigenvalues(np.asarray(fixed.jacobians))
    np.testing.assert_allclose(values[there], -np.sort(-slopes[there], -1), atol=1e-8)
    kinds = stability.classify(values)
    split = sum(w > 1 for w in weights)  # units with two stable values and an unstable one
    unstable = int(split == hidden)
    assert [(kinds == k).sum() for k in (STABLE, SADDLE, UNSTABLE, NONE)] == [
        2**split, number - 2**split - unstable, unstable, 81 - number,
    ]  # fmt: skip
    # All points together have index 1; without any one of them they have not.
    jacobians = np.asarray(fixed.jacobians[there])
    assert stability.index_sum(jacobians) == 1
    assert all(stability.index_sum(np.delete(jacobians, i, 0)) in (0, 2) for i in range(number))


@functools.partial(jax.jit, static_argnums=0)
def borders_of(cell: str, params: Params, first: jax.Array, word: jax.Array) -> jax.Array:
    """Of where fifty words lead from `first`."""
    step = word_step(CELLS[cell], params, word)
    return borders(step, first, repeat(step, first, 50))


def test_borders_between_basins_lead_to_the_saddle_between_them() -> None:
    params = zeros("rnn", 2).replace(w_hh=jnp.diag(jnp.array([2.0, 0.7])))  # stable at (-r, 0) and (r, 0), saddle at 0
    first = jnp.asarray(starts(2, 40))
    here = np.asarray(borders_of("rnn", params, first, jnp.zeros(2)))
    on_border, later = here[:8], here.reshape(-1, 8, 2)[2]
    assert (np.abs(on_border[:, 0]) < 1e-8).all() and (np.abs(on_border[:, 1]) > 0.01).any()
    assert (np.abs(later) < 0.03).all()  # 2**10 times as far from the border, 0.7**10 times as far from its middle
    # Where all ends are one there is no border, and nothing that is not a state.
    params = zeros("rnn", 2).replace(b_ih=jnp.array([0.3, -0.2]))
    assert (np.abs(borders_of("rnn", params, first, jnp.zeros(2))) <= 1).all()


@pytest.mark.parametrize("z", [0.3, 0.9999])
def test_a_gru_with_constant_gates_has_one_point_with_eigenvalues_z(z: float) -> None:
    bias = jnp.array([0, 0, np.log(z / (1 - z)), np.log(z / (1 - z)), 0.5, -1.2])
    fixed, slow = found("gru", zeros("gru", 2).replace(b_ih=bias), starts(2))
    assert fixed.number == 1 and slow.number == 0
    np.testing.assert_allclose(fixed.states[0], np.tanh([0.5, -1.2]), atol=1e-5)
    np.testing.assert_allclose(fixed.jacobians[0], z * np.eye(2), atol=1e-5)
    values = stability.eigenvalues(np.asarray(fixed.jacobians))[0]
    assert stability.classify(values) == STABLE
    # After so many words e^-1 of a distance is left.
    np.testing.assert_allclose(z ** stability.time_constants(values), np.exp(-1), rtol=1e-4)


def test_where_a_gru_keeps_everything_every_state_is_fixed() -> None:
    params = draw("gru", 2).replace(b_ih=jnp.array([0.0, 0, 60, 60, 0, 0]))
    first = starts(2, 12)
    fixed, _ = found("gru", params, first, room=10)
    step = word_step(CELLS["gru"], params, jnp.asarray(WORD))
    searched = jnp.concatenate([first, borders(step, jnp.asarray(first), jnp.asarray(first))])
    number = distinct(searched, jnp.ones(len(searched), bool)).sum()
    assert fixed.number == number > 12  # also those for which there was no room
    np.testing.assert_allclose(fixed.states, first[:10], atol=1e-9)
    assert np.abs(np.abs(stability.eigenvalues(np.asarray(fixed.jacobians))) - 1).max() < 1e-12


def test_a_fold_that_has_just_gone_leaves_a_slow_point() -> None:
    """h -> tanh(w h + b): above a certain b the two upper points are gone; |F| is least where w (1 - tanh²) = 1."""
    w = 1.5
    u = np.arctanh(np.sqrt(1 - 1 / w))
    fold = np.tanh(u) * w - u  # the size of b at which F and its slope vanish together
    params = zeros("rnn", 2).replace(w_hh=jnp.diag(jnp.array([w, 0.0])), b_ih=jnp.array([-fold - 0.02, 0.4]))
    fixed, slow = found("rnn", params, starts(2))
    assert fixed.number == 1 and slow.number == 1
    where = (u + fold + 0.02) / w
    np.testing.assert_allclose(slow.states[0], [where, np.tanh(0.4)], atol=1e-5)
    np.testing.assert_allclose(slow.speeds[0], np.abs(np.tanh(u) - where), rtol=1e-6)
    # Just before the fold there are three fixed points and no slow one.
    before = params.replace(b_ih=jnp.array([-fold + 0.02, 0.4]))
    fixed, slow = found("rnn", before, starts(2))
    assert fixed.number == 3 and slow.number == 0


# --- random networks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "hidden", "seeds"), [("rnn", 2, (6, 0)), ("gru", 2, (1, 0)), ("gru", 4, (2, 0))])
def test_random_networks_points_are_fixed_for_torch_and_complete(
    cell: str, hidden: int, seeds: tuple[int, int]
) -> None:
    numbers = []
    for seed in seeds:
        params = draw(cell, hidden, seed, 3.0)
        fixed, _ = found(cell, params, starts(hidden))
        own = states(fixed)
        np.testing.assert_allclose(torch_step(cell, params, own), own, rtol=0, atol=1e-9)
        for h, jacobian in zip(fixed.states, fixed.jacobians[: len(own)], strict=False):
            np.testing.assert_allclose(jacobian, differences(cell, params, np.asarray(h)), rtol=1e-6, atol=1e-7)
        assert stability.index_sum(np.asarray(fixed.jacobians)) == 1
        exact = of_scipy(cell, params, starts(hidden, 30, 1))
        assert own.shape == exact.shape
        np.testing.assert_allclose(own, exact, atol=1e-7)
        numbers.append(len(own))
    assert numbers == [3, 1]


def of_scipy(cell: str, params: Params, first: np.ndarray) -> np.ndarray:
    """Other starts, another method, another implementation of the cell: all roots inside the cube, sorted."""
    kept: list[np.ndarray] = []
    for start in first:
        root = optimize.root(lambda h: torch_step(cell, params, h) - h, start, method="hybr", tol=1e-13)
        inside = np.abs(root.x).max() <= 1 and np.abs(root.fun).max() < 1e-10
        if inside and all(np.linalg.norm(root.x - other) > APART for other in kept):
            kept.append(root.x)
    roots = np.array(kept)
    return roots[np.lexsort(roots.T[::-1].round(6))]


@pytest.mark.parametrize(("steps", "number"), [(2, 0), (60, 1)])
def test_a_search_that_has_not_ended_is_at_no_slow_point(steps: int, number: int) -> None:
    params = zeros("rnn", 2).replace(w_hh=jnp.diag(jnp.array([1.5, 0.0])), b_ih=jnp.array([-0.3, 0.4]))
    _, slow = found("rnn", params, starts(2), steps=steps)
    assert slow.number == number


def test_where_newton_steps_lead_to_a_saddle_the_map_itself_leads_to_what_is_stable() -> None:
    params = zeros("rnn", 2).replace(w_hh=jnp.diag(jnp.array([3.0, 3.0])))
    fixed, _ = found("rnn", params, np.array([[1e-3, 2e-3]]), room=3)
    root = optimize.brentq(lambda h: np.tanh(3 * h) - h, 0.1, 1)
    assert fixed.number == 3  # the last one from a state on the way to where the map leads
    np.testing.assert_allclose(fixed.states, [[0, 0], [root, root], [0, root]], atol=1e-9)


def test_a_search_never_goes_up_nor_leaves_the_cube() -> None:
    params, first = draw("gru", 4, 3, 4.0), starts(4)
    step = word_step(CELLS["gru"], params, jnp.asarray(WORD))
    before = np.linalg.norm(torch_step("gru", params, first) - first, axis=-1)
    for steps in (1, 40):
        ends = np.asarray(search(step, jnp.asarray(first), steps))
        after = np.linalg.norm(torch_step("gru", params, ends) - ends, axis=-1)
        assert (after <= before + 1e-15).all() and np.abs(ends).max() <= 1
        before = after
    assert (after < 1e-12).mean() > 0.2


def test_a_word_step_is_the_cells() -> None:
    params = draw("gru", 4)
    h = starts(4, 1)[0]
    step = word_step(CELLS["gru"], params, jnp.asarray(WORD))
    assert step(jnp.asarray(h)).dtype == np.float64
    np.testing.assert_allclose(step(jnp.asarray(h)), torch_step("gru", params, h), rtol=0, atol=1e-14)


def test_of_points_close_together_the_first_that_counts_is_kept() -> None:
    near = APART / 2
    places = jnp.array([[0.0, 0], [0, near], [0.5, 0], [0, 2.1 * near], [0.5, near], [0.5, 0.1]])
    wanted = jnp.array([True, True, False, True, True, True])
    np.testing.assert_array_equal(distinct(places, wanted), [True, False, False, False, True, True])
    apart = places.at[3, 1].set(4 * near)
    np.testing.assert_array_equal(distinct(apart, wanted), [True, False, False, True, True, True])


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_written_out_solution_is_numpys(size: int) -> None:
    random = np.random.default_rng(size)
    root, vector = random.normal(size=(size, size)), random.normal(size=size)
    own = fixed_points._solve_positive(jnp.asarray(root @ root.T), jnp.asarray(vector))
    np.testing.assert_allclose(own, np.linalg.solve(root @ root.T, vector), rtol=1e-8)


# --- kinds --------------------------------------------------------------------------------------------


def rotation(size: float, angle: float) -> np.ndarray:
    return size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def test_kinds_and_time_constants_by_hand() -> None:
    none = np.full((2, 2), np.nan)
    jacobians = np.array(
        [np.diag([0.5, -0.9]), np.diag([0.5, 1.1]), np.diag([2.0, -1.1]), rotation(0.99, 1), rotation(1.01, 1), none]
    )
    values = stability.eigenvalues(jacobians)
    np.testing.assert_array_equal(stability.classify(values), [STABLE, SADDLE, UNSTABLE, STABLE, UNSTABLE, NONE])
    np.testing.assert_allclose(values[0], [-0.9, 0.5])
    np.testing.assert_allclose(values[1], [1.1, 0.5])
    np.testing.assert_allclose(np.abs(values[3]), 0.99)
    assert np.isnan(values[5]).all()
    times = stability.time_constants(np.array([np.exp(-0.1), -np.exp(-0.1), np.exp(0.2), 1.0]))
    np.testing.assert_allclose(times, [10, 10, 5, np.inf])


def test_indices_by_hand() -> None:
    none = np.full((2, 2), np.nan)
    assert stability.index_sum(np.array([np.diag([0.5, -0.9]), none])) == 1
    assert stability.index_sum(np.array([np.diag([0.5, 1.1]), none])) == -1
    assert stability.index_sum(np.array([np.diag([2.0, 1.1]), np.diag([2.0, -1.1])])) == 0
    assert stability.index_sum(np.array([none, none])) == 0


# --- repeated words -----------------------------------------------------------------------------------


def test_the_visited_states_are_those_of_the_sentences() -> None:
    params = draw("gru", 4)
    words, sentences = np.random.default_rng(0).normal(size=(10, 2)), np.array([[1, 2, 9], [4, 4, 0]])
    own = relaxation.visited(CELLS["gru"], params, jnp.asarray(words), jnp.asarray(sentences))
    exact = np.concatenate([states_of("gru", params, words[sentence]) for sentence in sentences])
    np.testing.assert_allclose(own, exact, atol=1e-12)


def test_repeating_a_word_is_reading_it_so_often() -> None:
    params = draw("gru", 2)
    step = word_step(CELLS["gru"], params, jnp.asarray(WORD))
    exact = states_of("gru", params, np.tile(WORD, (7, 1)))
    np.testing.assert_allclose(fixed_points.repeat(step, jnp.zeros((1, 2)), 7)[0], exact[-1], atol=1e-12)


@pytest.mark.parametrize(("z", "on_way"), [(0.98, 1.0), (0.8, 0.0)])
def test_what_is_left_where_all_states_go_to_one_point(z: float, on_way: float) -> None:
    """h - n shrinks by z a word: after ten words by z^10, to 0.82 and 0.11; a word moves it (1 - z) of its distance."""
    step = functools.partial(shrink, z, np.array([0.5, -0.5]))
    angles = 2 * np.pi * np.arange(12) / 12
    ring = jnp.asarray(np.stack([0.5 + 0.2 * np.cos(angles), -0.5 + 0.1 * np.sin(angles)], 1))
    here = jax.tree.map(np.asarray, relaxation.relax(step, ring, 10))
    np.testing.assert_allclose(here.before, np.diag([0.02, 0.005]), atol=1e-15)
    np.testing.assert_allclose(here.after, z**20 * np.diag([0.02, 0.005]), atol=1e-15)
    assert relaxation.spread_ratio(here.after, here.before) == pytest.approx(z**10)
    assert relaxation.spread_ratio(here.settled, here.before) < 1e-8
    assert relaxation.axis_share(here.after) == pytest.approx(0.8)
    # The spread is 0.158; the ring's distances are from 0.1 to 0.2, and 0.82 of each is above half of it.
    assert here.on_way == on_way


def shrink(z: float, target: np.ndarray, h: jax.Array) -> jax.Array:
    return jnp.asarray(target) + z * (h - jnp.asarray(target))


@pytest.mark.parametrize(("size", "share"), [(0.05, 1.0), (0.2, 0.5)])
def test_on_its_way_is_what_is_far_and_slow(size: float, share: float) -> None:
    """Each state goes a fixed length a word, down to -100: far from its end, as slow as the length says.

    One half of the states go by `size`, the others by 0.05; the spread is 1, so 0.1 of it is the limit.
    """
    high = jnp.array([[1.0, 0], [-1.0, 0]])
    here = relaxation.relax(lambda h: jnp.stack([h[0], h[1] - jnp.where(h[0] > 0, size, 0.05)]), high, 10)
    assert here.on_way == share


def test_two_stable_points_hold_the_spread_for_good() -> None:
    step = word_step(CELLS["rnn"], zeros("rnn", 2).replace(w_hh=jnp.diag(jnp.array([2.0, 0.0]))), jnp.asarray(WORD))
    root = optimize.brentq(lambda h: np.tanh(2 * h) - h, 0.1, 1)
    here = jax.tree.map(np.asarray, relaxation.relax(step, jnp.asarray(starts(2, 40)), 10))
    positive = (starts(2, 40)[:, 0] > 0).mean()
    np.testing.assert_allclose(here.settled[0, 0], 4 * root**2 * positive * (1 - positive), rtol=1e-6)
    assert relaxation.axis_share(here.settled) == pytest.approx(1) and here.on_way == 0


def test_no_spread_has_no_ratio_and_no_axis() -> None:
    none = np.zeros((1, 2, 2))
    assert np.isnan(relaxation.spread_ratio(none, none)) and np.isnan(relaxation.axis_share(none))
    assert np.isnan(relaxation.axis_share(np.full((1, 2, 2), np.nan)))
