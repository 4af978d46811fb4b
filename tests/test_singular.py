"""Singular values against LAPACK's, also of matrices whose values are far apart, and in pairs that all meet."""

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rnnjax.singular import next_partners, singular_values

_both = jax.jit(jax.vmap(singular_values))


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 3), (4, 4), (7, 5), (8, 8)])
def test_they_are_those_of_lapack(shape: tuple[int, int]) -> None:
    matrices = np.random.default_rng(0).normal(size=(50, *shape))
    with jax.enable_x64(True):
        own = np.asarray(_both(jnp.asarray(matrices)))
    np.testing.assert_allclose(own, np.linalg.svd(matrices, compute_uv=False), rtol=0, atol=1e-13)


def test_small_values_are_as_exact_as_large_ones() -> None:
    # Products of a matrix of orthogonal columns and a diagonal one have the diagonal's entries as singular values.
    random = np.random.default_rng(1)
    turns = np.linalg.qr(random.normal(size=(50, 4, 4)))[0]
    wanted = np.sort(10.0 ** random.uniform(-60, 0, (50, 4)), 1)[:, ::-1]
    with jax.enable_x64(True):
        own = np.asarray(_both(jnp.asarray(turns * wanted[:, None])))
    np.testing.assert_allclose(own, wanted, rtol=1e-12)


def test_of_products_of_ten_matrices_the_product_is_the_determinants() -> None:
    factors = np.random.default_rng(2).normal(size=(50, 10, 4, 4)) * [0.3, 1, 1.5, 0.7]
    products = np.stack([np.linalg.multi_dot(list(each)) for each in factors])
    with jax.enable_x64(True):
        own = np.asarray(_both(jnp.asarray(products)))
    np.testing.assert_allclose(own[:, 0], np.linalg.norm(products, 2, axis=(1, 2)), rtol=1e-13)
    determinants = np.abs(np.linalg.det(factors)).prod(1)
    np.testing.assert_allclose(own.prod(1), determinants, rtol=1e-4)  # the products themselves are rounded


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e30])
def test_scale_does_not_matter(scale: float) -> None:
    matrix = jnp.array([[3.0, 0.0], [4.0, 5.0]])  # √45 and √5
    own = singular_values(scale * matrix)
    np.testing.assert_allclose(own, scale * np.sqrt([45, 5]), rtol=1e-6)


def test_equal_columns_and_columns_of_zeros() -> None:
    matrix = jnp.array([[1.0, 1.0, 0.0], [2.0, 2.0, 0.0], [2.0, 2.0, 0.0]])
    np.testing.assert_allclose(singular_values(matrix), [np.sqrt(18), 0, 0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("number", [2, 4, 6, 10])
def test_every_two_columns_meet_once_and_all_come_back(number: int) -> None:
    columns, met = np.arange(number), []
    for _ in range(number - 1):
        met += [tuple(sorted(pair)) for pair in columns.reshape(-1, 2).tolist()]
        columns = columns[next_partners(number)]
    assert sorted(met) == list(combinations(range(number), 2))
    assert columns.tolist() == list(range(number))
