"""The struct of parameters: PyTorch's shapes, and the vector of all numbers."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from rnnjax.cells import CELLS
from rnnjax.classifier import logits
from rnnjax.initializers import parse_sampler
from rnnjax.parameters import Params, count, flatten, flatten_members, shapes, unflatten, with_inputs


@pytest.mark.parametrize(("num_gates", "kind"), [(1, torch.nn.RNN), (3, torch.nn.GRU)])
@pytest.mark.parametrize(("input_dim", "hidden_dim"), [(2, 2), (3, 5), (15, 16)])
def test_the_shapes_and_their_number_are_those_of_the_torch_modules(
    num_gates: int, kind: type[torch.nn.RNN] | type[torch.nn.GRU], input_dim: int, hidden_dim: int
) -> None:
    recurrent, linear = kind(input_dim, hidden_dim), torch.nn.Linear(hidden_dim, 2)
    own = shapes(num_gates, input_dim, hidden_dim)
    assert own == Params(
        w_ih=tuple(recurrent.weight_ih_l0.shape),
        w_hh=tuple(recurrent.weight_hh_l0.shape),
        b_ih=tuple(recurrent.bias_ih_l0.shape),
        b_hh=tuple(recurrent.bias_hh_l0.shape),
        w_oh=tuple(linear.weight.shape),
        b_oh=tuple(linear.bias.shape),
    )
    assert count(own) == sum(p.numel() for p in (*recurrent.parameters(), *linear.parameters()))


@pytest.mark.parametrize(("num_gates", "dims", "number"), [(1, (2, 2), 18), (3, (2, 2), 42), (2, (2, 4), 74)])
def test_the_number_of_parameters_counted_by_hand(num_gates: int, dims: tuple[int, int], number: int) -> None:
    assert count(shapes(num_gates, *dims)) == number


def test_more_classes_make_the_readout_higher() -> None:
    own = shapes(3, 2, 4, num_classes=5)
    assert (own.w_oh, own.b_oh) == ((5, 4), (5,))


def test_unflatten_fills_the_leaves_in_order_and_row_by_row() -> None:
    params = unflatten(jnp.arange(18), shapes(1, 2, 2))
    assert params.w_ih.tolist() == [[0, 1], [2, 3]]
    assert params.w_hh.tolist() == [[4, 5], [6, 7]]
    assert params.b_ih.tolist() == [8, 9]
    assert params.b_hh.tolist() == [10, 11]
    assert params.w_oh.tolist() == [[12, 13], [14, 15]]
    assert params.b_oh.tolist() == [16, 17]


def test_flatten_undoes_unflatten() -> None:
    flat = jnp.arange(count(shapes(3, 3, 5)))
    assert jnp.array_equal(flatten(unflatten(flat, shapes(3, 3, 5))), flat)


def test_the_members_of_an_unflattened_matrix_are_its_columns() -> None:
    sizes = shapes(2, 3, 4)
    flat: Any = np.random.default_rng(0).normal(size=(count(sizes), 6))
    together = unflatten(flat, sizes)
    for s in range(6):
        alone = unflatten(flat[:, s], sizes)
        jax.tree.map(lambda many, one, s=s: np.testing.assert_array_equal(many[..., s], one), together, alone)


def test_the_vectors_of_members_are_each_one_s_own() -> None:
    sizes = shapes(3, 2, 4)
    flat = np.random.default_rng(0).normal(size=(count(sizes), 5)).astype(np.float32)
    np.testing.assert_array_equal(flatten_members(unflatten(jnp.asarray(flat), sizes)), flat)


def test_added_inputs_have_weights_of_zero_after_the_own_ones() -> None:
    wide = with_inputs(np.arange(1, 19), shapes(1, 2, 2), 3)
    assert wide.tolist() == [1, 2, 0, 3, 4, 0, *range(5, 19)]
    narrow = with_inputs(np.arange(1, 19), shapes(1, 2, 2), 1)
    assert narrow.tolist() == [1, 3, *range(5, 19)]


@pytest.mark.parametrize("trailing", [(), (4,), (2, 3)])
def test_more_inputs_and_back_is_the_same_network(trailing: tuple[int, ...]) -> None:
    sizes, wider = shapes(3, 2, 4), shapes(3, 5, 4)
    flat = np.random.default_rng(0).normal(size=(count(sizes), *trailing)).astype(np.float32)
    wide = with_inputs(flat, sizes, 5)
    assert wide.shape == (count(wider), *trailing) and wide.dtype == flat.dtype
    np.testing.assert_array_equal(with_inputs(wide, wider, 2), flat)
    np.testing.assert_array_equal(with_inputs(flat, sizes, 2), flat)
    one, other = unflatten(flat, sizes), unflatten(wide, wider)
    np.testing.assert_array_equal(other.w_ih[:, :2], one.w_ih)
    assert not other.w_ih[:, 2:].any()
    for name in ("w_hh", "b_ih", "b_hh", "w_oh", "b_oh"):
        np.testing.assert_array_equal(getattr(other, name), getattr(one, name))


@pytest.mark.parametrize("cell", ["rnn", "gru", "reset_gate_gru"])
def test_a_network_with_added_inputs_computes_the_same_where_words_have_zeros_there(cell: str) -> None:
    gates = len(CELLS[cell].gates)
    params = parse_sampler("uniform:1")(jax.random.key(0), CELLS[cell], 2, 3)
    wide = unflatten(with_inputs(np.asarray(flatten(params)), shapes(gates, 2, 3), 4), shapes(gates, 4, 3))
    sentence = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    padded = np.pad(sentence, ((0, 0), (0, 2)))
    own = logits(CELLS[cell], params, jnp.asarray(sentence))
    np.testing.assert_allclose(logits(CELLS[cell], wide, jnp.asarray(padded)), own, rtol=0, atol=1e-6)
    assert abs(own[0] - own[1]) > 1e-3
