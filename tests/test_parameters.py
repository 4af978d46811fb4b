"""The struct of parameters: PyTorch's shapes, and the vector of all numbers."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from rnnjax.parameters import Params, count, flatten, shapes, unflatten


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
