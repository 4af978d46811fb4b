"""Sigmoid, tanh and their blend against NumPy in float64: values, derivatives, the ends of the number line."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from rnnjax.activations import LOG2_E, Activation, gate2, interpolate2, relu, sigmoid2, tanh2

NORMAL = np.finfo(np.float32).tiny
_SIZES = np.geomspace(NORMAL, 1e38, 100_001).astype(np.float32)
WIDE = np.concatenate([np.linspace(-20, 20, 1_000_001, dtype=np.float32), _SIZES, -_SIZES])
HUGE = np.array([-1e38, 1e38], np.float32)  # times 2 log2(e) still finite


def sigmoid(x: jax.Array) -> jax.Array:
    return sigmoid2(x * LOG2_E)


def tanh(x: jax.Array) -> jax.Array:
    return tanh2(x * (2 * LOG2_E))


def gate(a: jax.Array, x: jax.Array) -> jax.Array:
    return gate2(a * LOG2_E, x)


def interpolate(a: Any, b: Any, h: Any) -> jax.Array:
    return interpolate2(a * LOG2_E, b * (2 * LOG2_E), h)


def exact_sigmoid(x: np.ndarray) -> np.ndarray:
    return special.expit(x.astype(np.float64))


def exact_tanh(x: np.ndarray) -> np.ndarray:
    return np.tanh(x.astype(np.float64))


def exact_sigmoid_slope(x: np.ndarray) -> np.ndarray:
    return exact_sigmoid(x) * exact_sigmoid(-x)


def exact_tanh_slope(x: np.ndarray) -> np.ndarray:
    return 4 * exact_sigmoid(2 * x) * exact_sigmoid(-2 * x)


def slope(function: Activation, x: np.ndarray) -> np.ndarray:
    return np.asarray(jax.jit(jax.vmap(jax.grad(function)))(x))


# The bounds are those that the module's docstring states.
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("function", "exact", "bound"), [(sigmoid, exact_sigmoid, 1.2e-7), (tanh, exact_tanh, 1.7e-7)])
def test_values_are_as_accurate_as_stated(
    function: Activation, exact: Callable[[np.ndarray], np.ndarray], bound: float, compiled: bool
) -> None:
    value = (jax.jit(function) if compiled else function)(jnp.asarray(WIDE))
    assert value.dtype == jnp.float32
    assert np.abs(np.asarray(value) - exact(WIDE)).max() < bound


def test_tanh_has_a_small_relative_error_down_to_the_smallest_normal_number() -> None:
    x = WIDE[np.abs(WIDE) >= NORMAL]
    assert np.abs(np.asarray(tanh(jnp.asarray(x))) / exact_tanh(x) - 1).max() < 1e-6


@pytest.mark.parametrize(("function", "limits"), [(sigmoid, [0, 1]), (tanh, [-1, 1]), (relu, [0, np.float32(1e38)])])
def test_values_far_out_are_the_limits(function: Activation, limits: list[float]) -> None:
    np.testing.assert_allclose(function(jnp.asarray(HUGE)), limits, rtol=0, atol=1e-18)


@pytest.mark.parametrize("function", [sigmoid, tanh])
def test_values_stay_within_the_limits(function: Activation) -> None:
    value = np.asarray(function(jnp.asarray(WIDE)))
    assert value.min() >= (0 if function is sigmoid else -1)
    assert value.max() <= 1


@pytest.mark.parametrize("function", [sigmoid, tanh, relu])
def test_nan_stays_nan(function: Activation) -> None:
    assert function is relu or np.isnan(function(jnp.asarray([-np.inf, np.inf], jnp.float32))).all()
    assert np.isnan(function(jnp.float32(np.nan)))
    assert function is relu or np.isnan(jax.grad(function)(jnp.float32(np.nan)))


# y (1 - y) and 1 - y² repeat y's error at most once and twice; half an ulp of 1 is 6e-8.
@pytest.mark.parametrize(
    ("function", "exact", "of_jax", "bound"),
    [(sigmoid, exact_sigmoid_slope, jax.nn.sigmoid, 2e-7), (tanh, exact_tanh_slope, jnp.tanh, 5e-7)],
)
def test_slopes_are_the_closed_forms(
    function: Activation, exact: Callable[[np.ndarray], np.ndarray], of_jax: Activation, bound: float
) -> None:
    own = slope(function, WIDE)
    assert np.abs(own - exact(WIDE)).max() < bound
    assert np.abs(own - slope(of_jax, WIDE)).max() < 1e-6


@pytest.mark.parametrize("function", [sigmoid, tanh])
def test_slopes_far_out_are_zero(function: Activation) -> None:
    np.testing.assert_allclose(slope(function, HUGE), 0, atol=1e-18)


@pytest.mark.parametrize(
    ("function", "curvature"),
    [
        (sigmoid, lambda x: exact_sigmoid_slope(x) * (1 - 2 * exact_sigmoid(x))),
        (tanh, lambda x: -2 * exact_tanh(x) * exact_tanh_slope(x)),
    ],
)
def test_second_derivatives_are_the_closed_forms(
    function: Activation, curvature: Callable[[np.ndarray], np.ndarray]
) -> None:
    x = np.linspace(-10, 10, 20_001, dtype=np.float32)
    np.testing.assert_allclose(slope(jax.grad(function), x), curvature(x), rtol=0, atol=1e-6)


def test_relu_and_its_slope_are_zero_up_to_and_at_zero() -> None:
    x = np.array([-1e30, -2.5, -1e-30, 0.0, 1e-30, 2.5, 1e30], np.float32)
    np.testing.assert_array_equal(relu(jnp.asarray(x)), np.maximum(x, 0))
    np.testing.assert_array_equal(slope(relu, x), [0, 0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_dtypes_get_the_functions_of_jax(dtype: str) -> None:
    with jax.enable_x64(True):
        t = jnp.linspace(-20, 20, 2001).astype(dtype)
        assert sigmoid2(t).dtype == tanh2(t).dtype == dtype
        np.testing.assert_array_equal(sigmoid2(t), jax.nn.sigmoid(t * math.log(2)))
        np.testing.assert_array_equal(tanh2(t), jnp.tanh(t * (math.log(2) / 2)))


# XLA's tanh in float64 is itself up to 8e-16 off.
def test_in_float64_values_and_slopes_are_exact_to_the_last_bits() -> None:
    with jax.enable_x64(True):
        x = np.linspace(-20, 20, 20_001)
        np.testing.assert_allclose(sigmoid(jnp.asarray(x)), exact_sigmoid(x), rtol=0, atol=1e-15)
        np.testing.assert_allclose(tanh(jnp.asarray(x)), exact_tanh(x), rtol=0, atol=1e-15)
        np.testing.assert_allclose(slope(sigmoid, x), exact_sigmoid_slope(x), rtol=0, atol=1e-15)
        np.testing.assert_allclose(slope(tanh, x), exact_tanh_slope(x), rtol=0, atol=2e-15)


def triples() -> list[np.ndarray]:
    """Arguments of both gates small, moderate and huge; states in [-1, 1]."""
    draw = np.random.default_rng(0)
    signs, exponents = draw.choice([-1, 1], (2, 200_000)), draw.uniform(-9, 3, (2, 200_000))
    a, b = (signs * 10**exponents).astype(np.float32)
    return [a, b, draw.uniform(-1, 1, 200_000).astype(np.float32)]


def exact_blend(a: np.ndarray, b: np.ndarray, h: np.ndarray) -> np.ndarray:
    z, n = exact_sigmoid(a), exact_tanh(b)
    return z * h.astype(np.float64) + (1 - z) * n


def exact_blend_slopes(a: np.ndarray, b: np.ndarray, h: np.ndarray) -> list[np.ndarray]:
    z, n = exact_sigmoid(a), exact_tanh(b)
    return [exact_sigmoid_slope(a) * (h - n), exact_sigmoid(-a) * exact_tanh_slope(b), z]


def blend_and_slopes(a: Any, b: Any, h: Any) -> tuple[jax.Array, tuple[jax.Array, ...]]:
    return jax.jit(jax.vmap(jax.value_and_grad(interpolate, (0, 1, 2))))(a, b, h)


# z's and n's errors are below 1.2e-7 and 1.7e-7, z's is multiplied by |h - n| <= 2, the rest is rounding.
def test_interpolate_is_the_blend_of_state_and_candidate() -> None:
    a, b, h = triples()
    for compiled in (interpolate, jax.jit(interpolate)):
        assert np.abs(compiled(a, b, h) - exact_blend(a, b, h)).max() < 5e-7


def test_the_slopes_of_interpolate_are_the_closed_forms() -> None:
    a, b, h = triples()
    value, slopes = blend_and_slopes(a, b, h)
    assert np.abs(value - exact_blend(a, b, h)).max() < 5e-7
    for own, exact in zip(slopes, exact_blend_slopes(a, b, h), strict=True):
        assert np.abs(own - exact).max() < 1e-6


def test_interpolate_and_its_slopes_in_float64_are_exact_to_the_last_bits() -> None:
    with jax.enable_x64(True):
        a, b, h = (argument.astype(np.float64) for argument in triples())
        np.testing.assert_allclose(interpolate(*map(jnp.asarray, (a, b, h))), exact_blend(a, b, h), rtol=0, atol=2e-15)
        for own, exact in zip(blend_and_slopes(a, b, h)[1], exact_blend_slopes(a, b, h), strict=True):
            np.testing.assert_allclose(own, exact, rtol=0, atol=2e-15)


def test_interpolate_keeps_the_state_or_takes_the_candidate_far_out() -> None:
    h = jnp.float32([0.3, -0.7, 0.3, -0.7])
    b = jnp.float32([1e38, 0.5, -1e38, 0.5])
    far = jnp.full(4, 1e38, jnp.float32)
    np.testing.assert_allclose(interpolate(far, b, h), h, rtol=2e-7)
    np.testing.assert_allclose(interpolate(-far, b, h), [1, np.tanh(0.5), -1, np.tanh(0.5)], rtol=0, atol=2e-7)
    for a in (far, -far):
        assert all(np.isfinite(derivative).all() for derivative in blend_and_slopes(a, b, h)[1])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_nan_in_any_argument_of_interpolate_stays_nan(place: int) -> None:
    arguments = [jnp.float32(0.5)] * 3
    arguments[place] = jnp.float32(np.nan)
    assert np.isnan(interpolate(*arguments))


def test_gate_is_the_product_with_the_sigmoid() -> None:
    a, _, x = triples()
    gated = jax.jit(jax.vmap(jax.value_and_grad(gate, (0, 1))))(a, x)
    value, (of_a, of_x) = gated
    assert np.abs(np.asarray(value) - exact_sigmoid(a) * x).max() < 2e-7
    assert np.abs(np.asarray(jax.jit(gate)(a, x)) - exact_sigmoid(a) * x).max() < 2e-7
    assert np.abs(np.asarray(of_a) - exact_sigmoid_slope(a) * x).max() < 2e-7
    assert np.abs(np.asarray(of_x) - exact_sigmoid(a)).max() < 2e-7
