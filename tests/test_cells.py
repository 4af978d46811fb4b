"""The cells against PyTorch, linen, the thesis' equations in NumPy and recorded numbers, and their laws."""

import functools
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from oracles import states_of

from rnnjax.cells import CELLS, Cell
from rnnjax.classifier import hidden_states
from rnnjax.parameters import Params, count, shapes, unflatten

NUM_WORDS = 10
OF_TORCH = [("gru", (2, 2)), *((cell, shape) for cell in ("rnn", "relu_rnn", "gru") for shape in ((3, 5), (15, 16)))]
Gradients = tuple[Params, jax.Array]


def draw(cell: str, input_dim: int, hidden_dim: int, seed: int = 0) -> tuple[Params, np.ndarray, np.ndarray]:
    """Random parameters, a sentence [T, D] and weights of its states [T, H]."""
    random = np.random.default_rng(seed)
    sizes = shapes(len(CELLS[cell].gates), input_dim, hidden_dim)
    flat = random.uniform(-2, 2, count(sizes)) / np.sqrt(hidden_dim)
    sentence, weights = random.normal(size=(NUM_WORDS, input_dim)), random.normal(size=(NUM_WORDS, hidden_dim))
    return unflatten(jnp.asarray(flat, jnp.float32), sizes), sentence.astype(np.float32), weights.astype(np.float32)


@functools.partial(jax.jit, static_argnums=0)
def states_and_gradients(
    cell: Cell, params: Params, sentence: jax.Array, weights: jax.Array
) -> tuple[jax.Array, Gradients]:
    """All states, and the gradients of their weighted sum with respect to parameters and input."""
    states, pull_back = jax.vjp(lambda *arguments: hidden_states(cell, *arguments), params, sentence)
    return states, pull_back(weights)


def assert_close(own: Any, exact: Any, roundings: int = 20) -> None:
    """Equal but for some roundings of the array's largest number, or of 1: in float32 to 1.2e-6."""
    own, exact = np.asarray(own), np.asarray(exact, np.float64)
    assert own.shape == exact.shape
    tolerance = roundings * float(np.finfo(own.dtype).eps) / 2 * max(1.0, np.abs(exact).max())
    np.testing.assert_allclose(own, exact, rtol=0, atol=tolerance)


def torch_states_and_gradients(
    cell: str, params: Params, sentence: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray]]:
    """torch.nn.RNN or torch.nn.GRU in double precision; gradients of w_ih, w_hh, b_ih, b_hh, input."""
    dims = params.w_ih.shape[1], params.w_hh.shape[1]
    kind = functools.partial(torch.nn.RNN, nonlinearity="relu" if cell == "relu_rnn" else "tanh")
    module = (torch.nn.GRU if cell == "gru" else kind)(*dims).double()
    leaves = [module.weight_ih_l0, module.weight_hh_l0, module.bias_ih_l0, module.bias_hh_l0]
    with torch.no_grad():
        for leaf, own in zip(leaves, (params.w_ih, params.w_hh, params.b_ih, params.b_hh), strict=True):
            leaf.copy_(torch.tensor(np.array(own)))
    words = torch.tensor(np.array(sentence), dtype=torch.float64, requires_grad=True)
    states, _ = module(words)
    gradients = torch.autograd.grad((states * torch.tensor(np.array(weights))).sum(), [*leaves, words])
    return states.detach().numpy(), [gradient.numpy() for gradient in gradients]


@pytest.mark.parametrize(("cell", "shape"), OF_TORCH)
def test_states_and_gradients_are_those_of_the_torch_module(cell: str, shape: tuple[int, int]) -> None:
    params, sentence, weights = draw(cell, *shape)
    states, (of_params, of_input) = states_and_gradients(CELLS[cell], params, sentence, weights)
    exact_states, exact_gradients = torch_states_and_gradients(cell, params, sentence, weights)
    assert_close(states, exact_states)
    own = [of_params.w_ih, of_params.w_hh, of_params.b_ih, of_params.b_hh, of_input]
    for gradient, exact in zip(own, exact_gradients, strict=True):
        assert_close(gradient, exact)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_in_float64_they_are_those_of_the_torch_module_to_the_last_bits(cell: str) -> None:
    with jax.enable_x64(True):
        drawn = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), draw(cell, 3, 5))
        states, (of_params, of_input) = states_and_gradients(CELLS[cell], *drawn)
        exact_states, exact_gradients = torch_states_and_gradients(cell, *drawn)
        assert states.dtype == jnp.float64
        assert_close(states, exact_states)
        own = [of_params.w_ih, of_params.w_hh, of_params.b_ih, of_params.b_hh, of_input]
        for gradient, exact in zip(own, exact_gradients, strict=True):
            assert_close(gradient, exact, roundings=40)


@pytest.mark.parametrize("cell", list(CELLS))
def test_states_are_those_of_the_thesis_equations(cell: str) -> None:
    for seed in range(20):
        params, sentence, weights = draw(cell, 3, 5, seed)
        states, _ = states_and_gradients(CELLS[cell], params, sentence, weights)
        assert_close(states, states_of(cell, params, sentence))


def test_the_equations_of_the_oracle_are_those_of_the_torch_modules() -> None:
    for cell in ("rnn", "relu_rnn", "gru"):
        params, sentence, weights = draw(cell, 3, 5)
        exact, _ = torch_states_and_gradients(cell, params, sentence, weights)
        np.testing.assert_allclose(states_of(cell, params, sentence), exact, rtol=0, atol=1e-14)


# Central differences in float64 with a step of 1e-6 are good to about 1e-9.
@pytest.mark.parametrize("cell", list(CELLS))
def test_gradients_are_the_differences_of_the_thesis_equations(cell: str) -> None:
    params, sentence, weights = draw(cell, 3, 5)
    _, (of_params, of_input) = states_and_gradients(CELLS[cell], params, sentence, weights)
    exact = {name: np.array(getattr(params, name), np.float64) for name in ("w_ih", "w_hh", "b_ih", "b_hh")}
    words = sentence.astype(np.float64)

    def differences(array: np.ndarray) -> np.ndarray:
        result = np.zeros_like(array)
        for place in np.ndindex(*array.shape):
            start, sums = array[place], []
            for array[place] in (start + 1e-6, start - 1e-6):
                sums.append((states_of(cell, params.replace(**exact), words) * weights).sum())
            array[place] = start
            result[place] = (sums[0] - sums[1]) / 2e-6
        return result

    for name, leaf in exact.items():
        assert_close(getattr(of_params, name), differences(leaf))
    assert_close(of_input, differences(words))


def linen_states(module: Any, variables: Any, sentence: np.ndarray, hidden_dim: int) -> np.ndarray:
    h, states = jnp.zeros(hidden_dim), []
    for x in sentence:
        h, _ = module.apply({"params": variables}, h, x)
        states.append(np.asarray(h))
    return np.array(states)


def test_the_gru_without_hidden_biases_in_its_gates_is_that_of_linen() -> None:
    params, sentence, weights = draw("gru", 3, 5)
    params = params.replace(b_hh=params.b_hh.at[:10].set(0))
    w_i, w_h, b_i = np.split(params.w_ih, 3), np.split(params.w_hh, 3), np.split(params.b_ih, 3)
    variables: dict[str, dict[str, np.ndarray]] = {}
    for gate, i in (("r", 0), ("z", 1), ("n", 2)):
        variables["i" + gate] = {"kernel": w_i[i].T, "bias": b_i[i]}
        variables["h" + gate] = {"kernel": w_h[i].T}
    variables["hn"]["bias"] = np.array(params.b_hh[10:])
    states, _ = states_and_gradients(CELLS["gru"], params, sentence, weights)
    assert_close(states, linen_states(flax.linen.GRUCell(5), variables, sentence, 5))


@pytest.mark.parametrize(("cell", "function"), [("rnn", jnp.tanh), ("relu_rnn", jax.nn.relu)])
def test_the_rnn_without_hidden_bias_is_the_simple_cell_of_linen(cell: str, function: Any) -> None:
    params, sentence, weights = draw(cell, 3, 5)
    params = params.replace(b_hh=jnp.zeros(5))
    variables = {"i": {"kernel": params.w_ih.T, "bias": params.b_ih}, "h": {"kernel": params.w_hh.T}}
    states, _ = states_and_gradients(CELLS[cell], params, sentence, weights)
    assert_close(states, linen_states(flax.linen.SimpleCell(5, activation_fn=function), variables, sentence, 5))


# Which of a GRU's three blocks of rows (reset, update, candidate) a cell has.
BLOCKS = {"rnn": [2], "relu_rnn": [2], "gru": [0, 1, 2], "update_gate_gru": [1, 2], "reset_gate_gru": [0, 2]}
OPEN, SHUT = 50.0, -50.0  # biases at which a sigmoid is 1 or 0 to 21 digits


def clamped_gru(params: Params, reset: float | None, update: float | None) -> Params:
    """A GRU whose gates with a bias given here depend on nothing else."""
    size = params.w_hh.shape[1]
    for bias, start in ((reset, 0), (update, size)):
        if bias is not None:
            rows = slice(start, start + size)
            params = params.replace(
                w_ih=params.w_ih.at[rows].set(0),
                w_hh=params.w_hh.at[rows].set(0),
                b_ih=params.b_ih.at[rows].set(bias),
                b_hh=params.b_hh.at[rows].set(0),
            )
    return params


def part_of_gru(params: Params, cell: str) -> Params:
    """A GRU's parameters without the blocks that the cell does not have."""

    def part(leaf: jax.Array) -> jax.Array:
        return jnp.concatenate([jnp.split(leaf, 3)[block] for block in BLOCKS[cell]])

    return params.replace(**{name: part(getattr(params, name)) for name in ("w_ih", "w_hh", "b_ih", "b_hh")})


@pytest.mark.parametrize(
    ("cell", "reset", "update"),
    [
        ("rnn", OPEN, SHUT),
        ("update_gate_gru", OPEN, None),
        ("reset_gate_gru", None, SHUT),
    ],
)
def test_a_gru_with_clamped_gates_is_the_cell_without_them(
    cell: str, reset: float | None, update: float | None
) -> None:
    for seed in range(10):
        params, sentence, weights = draw("gru", 3, 5, seed)
        clamped = clamped_gru(params, reset, update)
        as_gru, (of_gru, of_input) = states_and_gradients(CELLS["gru"], clamped, sentence, weights)
        as_cell, (of_cell, of_cell_input) = states_and_gradients(
            CELLS[cell], part_of_gru(params, cell), sentence, weights
        )
        assert_close(as_gru, as_cell)
        assert_close(of_input, of_cell_input)
        assert_close(part_of_gru(of_gru, cell).w_hh, of_cell.w_hh)


def test_a_gru_whose_update_gate_is_one_keeps_its_state() -> None:
    params, sentence, _ = draw("gru", 2, 2)
    h = jnp.float32([0.25, -0.75])
    clamped = clamped_gru(params, None, OPEN)
    assert_close(jax.jit(CELLS["gru"].step)(clamped, h, jnp.asarray(sentence[0])), h)


def test_a_gru_whose_reset_gate_is_zero_hides_its_state_and_hidden_bias_from_the_candidate() -> None:
    params, sentence, _ = draw("gru", 2, 2)
    clamped = clamped_gru(params, SHUT, SHUT)
    own = jax.jit(CELLS["gru"].step)(clamped, jnp.float32([0.25, -0.75]), jnp.asarray(sentence[0]))
    assert_close(own, np.tanh(np.asarray(params.w_ih[4:]) @ sentence[0] + np.asarray(params.b_ih[4:])))


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_step_advances_by_the_projected_word(cell: str) -> None:
    params, sentence, _ = draw(cell, 3, 5)
    project, advance = CELLS[cell].project, CELLS[cell].advance

    def states(params: Params, sentence: jax.Array) -> jax.Array:
        prepared = CELLS[cell].prepare(params)
        projected = jax.vmap(project, in_axes=(None, 0))(prepared, sentence)
        assert projected.shape == (NUM_WORDS, 5 * len(CELLS[cell].gates))
        return jax.lax.scan(lambda h, row: (advance(prepared, h, row),) * 2, jnp.zeros(5), projected)[1]

    assert_close(jax.jit(states)(params, sentence), states_of(cell, params, sentence))


@pytest.mark.parametrize("cell", list(CELLS))
def test_members_along_the_last_axis_are_each_as_alone(cell: str) -> None:
    alone = [draw(cell, 3, 5, seed) for seed in range(4)]
    sentence = alone[0][1]
    together = jax.tree.map(lambda *leaves: jnp.stack(leaves, -1), *(params for params, _, _ in alone))
    h, states = jnp.zeros((5, 4)), []
    step = jax.jit(CELLS[cell].step)
    for x in sentence:
        h = step(together, h, jnp.asarray(x)[:, None])
        states.append(h)
    for s, (params, _, _) in enumerate(alone):
        assert_close(jnp.stack(states)[..., s], states_of(cell, params, sentence))


@pytest.mark.parametrize("cell", list(CELLS))
def test_members_under_vmap_are_each_as_alone(cell: str) -> None:
    alone = [draw(cell, 3, 5, seed) for seed in range(4)]
    together = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(params for params, _, _ in alone))
    sentences = jnp.stack([sentence for _, sentence, _ in alone])
    states = jax.jit(jax.vmap(lambda p, x: hidden_states(CELLS[cell], p, x)))(together, sentences)
    for own, (params, sentence, _) in zip(states, alone, strict=True):
        assert_close(own, states_of(cell, params, sentence))


# Golden numbers: parameters and input by hand, states by the NumPy loop of oracles.py in float64.
GOLDEN_GRU = Params(
    w_ih=jnp.float32([[0.5, -1.0], [0.25, 0.75], [-0.5, 0.5], [1.0, 0.25], [0.75, -0.25], [-1.5, 0.5]]),
    w_hh=jnp.float32([[1.0, -0.5], [0.5, 1.5], [-1.0, 0.25], [0.75, -0.75], [1.25, -1.0], [0.5, 1.0]]),
    b_ih=jnp.float32([0.125, -0.25, 0.5, -0.5, 0.25, 0.375]),
    b_hh=jnp.float32([-0.375, 0.5, 0.25, 0.125, -0.75, 0.625]),
    w_oh=jnp.zeros((2, 2)),
    b_oh=jnp.zeros(2),
)
GOLDEN_SENTENCE = jnp.float32([[1.0, -0.5], [-0.25, 2.0], [0.5, 0.75]])
GOLDEN_STATES = {
    "rnn": [[0.358357398351, -0.635148952387], [-0.104026601797, 0.957837288149], [-0.885431715149, 0.910565494682]],
    "relu_rnn": [[0.375, 0.0], [0.0, 2.5625], [0.0, 3.1875]],
    "gru": [[0.274034121811, -0.294129730184], [0.149671237549, 0.24425805896], [0.156643178995, 0.417292404915]],
    "update_gate_gru": [
        [0.179178699175, -0.239794560271],
        [0.0490184923135, 0.311166517198],
        [-0.112061216066, 0.515329456059],
    ],
    "reset_gate_gru": [
        [0.548068243622, -0.779067672683],
        [-0.291696302871, 0.950079046572],
        [0.0658768886221, 0.858812567029],
    ],
}


@pytest.mark.parametrize("cell", list(CELLS))
def test_states_are_the_recorded_ones(cell: str) -> None:
    states = hidden_states(CELLS[cell], part_of_gru(GOLDEN_GRU, cell), GOLDEN_SENTENCE)
    assert_close(states, GOLDEN_STATES[cell])


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_cell_goes_by_its_name_and_names_its_blocks(cell: str) -> None:
    assert CELLS[cell].name == cell
    assert [gate.name for gate in CELLS[cell].gates] == [
        ("reset", "update", "candidate")[block] for block in BLOCKS[cell]
    ]
