"""The gradient by hand against jax.grad of each network alone, sentence by sentence, and against differences."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rnnjax.backpropagation import Batch, Loss, cross_entropy, loss_and_gradient
from rnnjax.cells import CELLS
from rnnjax.classifier import logits
from rnnjax.parameters import Params, count, flatten, flatten_members, shapes, unflatten

LENGTH, SENTENCES, MEMBERS = 3, 7, 5  # the first word, one between, the last
WEIGHT = np.array([1, 1, 0.5, 0, 2, 0, 1], np.float32)


def networks(cell: str, input_dim: int, hidden_dim: int) -> tuple[Params, Params]:
    """Random parameters, members last, and the shapes of one."""
    sizes = shapes(len(CELLS[cell].gates), input_dim, hidden_dim)
    flat = np.random.default_rng(0).uniform(-1, 1, (count(sizes), MEMBERS)).astype(np.float32)
    return unflatten(jnp.asarray(flat), sizes), sizes


def sentences(input_dim: int) -> Batch:
    random = np.random.default_rng(1)
    x = random.normal(size=(LENGTH, SENTENCES, input_dim, MEMBERS)).astype(np.float32)
    return Batch(x, random.integers(0, 2, (SENTENCES, MEMBERS)).astype(bool), WEIGHT)


@functools.partial(jax.jit, static_argnums=0)
def by_hand(cell: str, params: Params, batch: Batch) -> tuple[Loss, Params]:
    return loss_and_gradient(CELLS[cell], params, batch, jnp.int32(1))


@pytest.mark.parametrize("shape", [(2, 3), (3, 1)])
@pytest.mark.parametrize("cell", list(CELLS))
def test_loss_and_gradient_are_those_of_each_network_alone(cell: str, shape: tuple[int, int]) -> None:
    params, sizes = networks(cell, *shape)
    batch = sentences(shape[0])
    loss, gradient = by_hand(cell, params, batch)

    @jax.jit
    @functools.partial(jax.value_and_grad, has_aux=True)
    def alone(flat: jax.Array, x: jax.Array, positive: jax.Array) -> tuple[jax.Array, jax.Array]:
        pairs = jax.vmap(lambda sentence: logits(CELLS[cell], unflatten(flat, sizes), sentence))(x)
        losses = -jax.nn.log_softmax(pairs)[jnp.arange(SENTENCES), positive.astype(int)]
        return (WEIGHT * losses).sum(), pairs

    for member in range(MEMBERS):
        one = flatten(jax.tree.map(lambda leaf: leaf[..., member], params))  # noqa: B023
        x = np.swapaxes(batch.x[..., member], 0, 1)
        positive = batch.positive[:, member]
        (expected, pairs), slope = alone(one, x, positive)
        np.testing.assert_allclose(loss.total[member], expected, rtol=2e-6)
        assert loss.correct[member] == (((pairs[:, 1] > pairs[:, 0]) == positive) & (WEIGHT > 0)).sum()
        np.testing.assert_allclose(flatten_members(gradient)[:, member], slope, rtol=2e-5, atol=2e-6)


def test_a_sentence_without_weight_counts_nothing_whatever_it_is() -> None:
    params, _ = networks("gru", 2, 3)
    batch = sentences(2)
    other = batch._replace(x=np.where(WEIGHT[:, None, None] > 0, batch.x, 100.0).astype(np.float32))
    results = by_hand("gru", params, batch), by_hand("gru", params, other)
    for one, two in zip(*map(jax.tree.leaves, results), strict=True):
        np.testing.assert_array_equal(one, two)


def test_members_do_not_touch_each_other() -> None:
    params, _ = networks("gru", 2, 3)
    batch = sentences(2)
    broken = jax.tree.map(lambda leaf: leaf.at[..., 2].set(jnp.nan), params)
    healthy, hurt = by_hand("gru", params, batch), by_hand("gru", broken, batch)
    assert np.isnan(hurt[0].total[2])
    others = np.arange(MEMBERS) != 2
    for one, two in zip(jax.tree.leaves(healthy), jax.tree.leaves(hurt), strict=True):
        np.testing.assert_array_equal(np.asarray(one)[..., others], np.asarray(two)[..., others])


def test_cross_entropy_is_the_softmax_s_and_finite_far_out() -> None:
    margins = np.array([-200.0, -3.0, 0.0, 0.5, 200.0], np.float32)
    exact = np.log1p(np.exp(-margins.astype(np.float64)))
    np.testing.assert_allclose(cross_entropy(jnp.asarray(margins), jnp.ones(5, bool)), exact, rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(cross_entropy(jnp.asarray(-margins), jnp.zeros(5, bool)), exact, rtol=1e-6, atol=1e-30)
