"""The sigmoid and the hyperbolic tangent, written so that XLA turns them into few vector instructions.

Nearly all of a small network's time goes into these two. In float32 both come from one exponential,
2^t = 2^i 2^f with i the nearest integer and 2^f - 1 = f q(f), q of degree 4 fitted at Chebyshev
points of [-1/2, 1/2]. tanh is within 1.7e-7 of the exact value (relative error below 1e-6 also near
0), sigmoid within 1.2e-7; XLA's own reach 2.7e-7 and 9e-8 on the CPU. Other dtypes use JAX's functions.
Derivatives are the exact formulas in terms of the outputs.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

# q(f), highest degree first: numpy.polynomial.Chebyshev.fit of (2^f - 1) / f, as float32.
_Q = np.array([0.0013390867, 0.009666374, 0.05550357, 0.24022348, 0.6931472], np.float32)
_ROUND = np.float32(1.5 * 2**23)  # adding it leaves the nearest integer in the low bits
_LIMIT = np.float32(60.0)  # 2^±60: far beyond where either function has reached its asymptote
_LOG2_E = 1.0 / np.log(2.0)


@jax.custom_jvp
def sigmoid(x: jax.Array) -> jax.Array:
    """1 / (1 + exp(-x)), elementwise."""
    if x.dtype != jnp.float32:
        return jax.nn.sigmoid(x)
    return 1.0 / (1.0 + _exp2(x * np.float32(-_LOG2_E)))


@jax.custom_jvp
def tanh(x: jax.Array) -> jax.Array:
    """(exp(2x) - 1) / (exp(2x) + 1), elementwise."""
    if x.dtype != jnp.float32:
        return jnp.tanh(x)
    m = _exp2_minus_1(x * np.float32(2 * _LOG2_E))
    return m / (m + 2.0)


@jax.custom_jvp
def gate(a: jax.Array, x: jax.Array) -> jax.Array:
    """sigmoid(a) ⊙ x, elementwise: one division, no product."""
    if a.dtype != jnp.float32:
        return sigmoid(a) * x
    return x / (1.0 + _exp2(a * np.float32(-_LOG2_E)))


@jax.custom_jvp
def interpolate(a: jax.Array, b: jax.Array, h: jax.Array) -> jax.Array:
    """z ⊙ h + (1 - z) ⊙ n with z = sigmoid(a) and n = tanh(b), elementwise: equation (1.3).

    With A = exp(-a) and B = exp(-2b) it is (A (1 - B) + h (1 + B)) / ((1 + A) (1 + B)): one division
    where sigmoid and tanh take two.
    """
    if a.dtype != jnp.float32:
        z, n = sigmoid(a), tanh(b)
        return n + z * (h - n)
    exp_a = _exp2(a * np.float32(-_LOG2_E))
    m = _exp2_minus_1(b * np.float32(-2 * _LOG2_E))
    return (h * (2.0 + m) - exp_a * m) / ((1.0 + exp_a) * (2.0 + m))


def relu(x: jax.Array) -> jax.Array:
    """max(x, 0), elementwise; derivative 0 at 0, as in PyTorch."""
    return jax.nn.relu(x)


Activation = Callable[[jax.Array], jax.Array]


@sigmoid.defjvp
def _sigmoid_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    y = sigmoid(*primals)
    return y, y * (1.0 - y) * tangents[0]


@tanh.defjvp
def _tanh_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    y = tanh(*primals)
    return y, (1.0 - y * y) * tangents[0]


@gate.defjvp
def _gate_jvp(
    primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    (a, x), (da, dx) = primals, tangents
    r = sigmoid(a)
    return r * x, r * dx + x * r * (1.0 - r) * da


@interpolate.defjvp
def _interpolate_jvp(
    primals: tuple[jax.Array, jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    (a, b, h), (da, db, dh) = primals, tangents
    z, n = sigmoid(a), tanh(b)
    change = z * dh + (1.0 - z) * (z * (h - n) * da + (1.0 - n * n) * db)
    return n + z * (h - n), change


def _exp2(t: jax.Array) -> jax.Array:
    """2^t for float32 t limited to ±60: the bits of 2^f with i added to the exponent."""
    integer, f = _split(t)
    power = jax.lax.bitcast_convert_type(1.0 + f * _q(f), jnp.int32) + (integer << 23)
    return jax.lax.bitcast_convert_type(power, jnp.float32)


def _exp2_minus_1(t: jax.Array) -> jax.Array:
    """2^t - 1 for float32 t limited to ±60, with a small relative error also near t = 0."""
    integer, f = _split(t)
    power = jax.lax.bitcast_convert_type((integer + 127) << 23, jnp.float32)  # 2^i
    return power * (f * _q(f)) + (power - 1.0)


def _split(t: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The nearest integer i and the rest f of t."""
    t = jnp.clip(t, -_LIMIT, _LIMIT)
    # Through the bits, because XLA would simplify (t + c) - c to t.
    integer = jax.lax.bitcast_convert_type(t + _ROUND, jnp.int32) - _ROUND.view(np.int32)
    return integer, t - integer.astype(jnp.float32)


def _q(f: jax.Array) -> jax.Array:
    """(2^f - 1) / f."""
    q = jnp.full_like(f, _Q[0])
    for coefficient in _Q[1:]:
        q = q * f + coefficient
    return q
