"""The sigmoid and the hyperbolic tangent, written so that XLA turns them into few vector instructions.

Nearly all of a small network's time goes into these two. They come here in base 2, as exp2 does beside
exp: sigmoid2(t) is sigmoid(x) for t = x log2(e), and tanh2(t) is tanh(x) for t = 2 x log2(e). The
factors are multiplied into a cell's weights once (cells.Cell.prepare), not into every argument.

In float32 both come from one exponential, 2^t = 2^i 2^f with i the nearest integer and
2^f - 1 = f q(f), q of degree 4 fitted at Chebyshev points of [-1/2, 1/2]. tanh is within 1.7e-7 of the
exact value (relative error below 1e-6 also near 0), sigmoid within 1.2e-7; XLA's own reach 2.7e-7 and
9e-8 on the CPU. Every finite argument is right; an infinite one gives NaN. Other dtypes use JAX's
functions. Derivatives are the exact formulas in terms of the outputs.
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

LOG2_E = 1 / math.log(2)
_LN2 = math.log(2)
# q(f), highest degree first: numpy.polynomial.Chebyshev.fit of (2^f - 1) / f, as float32.
_Q = np.array([0.0013390867, 0.009666374, 0.05550357, 0.24022348, 0.6931472], np.float32)
_ROUND = np.float32(1.5 * 2**23)  # adding it leaves the nearest integer in the low bits
_LIMIT = np.float32(60.0)  # 2^±60: far beyond where either function has reached its asymptote
_ONE = 127 << 23  # the bits of 1.0, its exponent's bias


@jax.custom_jvp
def sigmoid2(t: jax.Array) -> jax.Array:
    """1 / (1 + 2^-t), elementwise."""
    if t.dtype != jnp.float32:
        return jax.nn.sigmoid(t * _LN2)
    return 1.0 / (1.0 + _exp2_of_minus(t))


@jax.custom_jvp
def tanh2(t: jax.Array) -> jax.Array:
    """(2^t - 1) / (2^t + 1), elementwise."""
    if t.dtype != jnp.float32:
        return jnp.tanh(t * (_LN2 / 2))
    m = _exp2_of_minus_less_1(t)
    return m / (-2.0 - m)


@jax.custom_jvp
def gate2(t: jax.Array, x: jax.Array) -> jax.Array:
    """sigmoid2(t) ⊙ x, elementwise: one division, no product."""
    if t.dtype != jnp.float32:
        return sigmoid2(t) * x
    return x / (1.0 + _exp2_of_minus(t))


@jax.custom_jvp
def interpolate2(t: jax.Array, u: jax.Array, h: jax.Array) -> jax.Array:
    """z ⊙ h + (1 - z) ⊙ n with z = sigmoid2(t) and n = tanh2(u), elementwise: equation (1.3).

    With A = 2^-t and B = 2^-u it is (A (1 - B) + h (1 + B)) / ((1 + A) (1 + B)): one division
    where sigmoid and tanh take two.
    """
    if t.dtype != jnp.float32:
        z, n = sigmoid2(t), tanh2(u)
        return n + z * (h - n)
    a = _exp2_of_minus(t)
    m = _exp2_of_minus_less_1(u)
    return (h * (2.0 + m) - a * m) / ((1.0 + a) * (2.0 + m))


def relu(x: jax.Array) -> jax.Array:
    """max(x, 0), elementwise; derivative 0 at 0, as in PyTorch."""
    return jax.nn.relu(x)


Activation = Callable[[jax.Array], jax.Array]


@sigmoid2.defjvp
def _sigmoid2_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    y = sigmoid2(*primals)
    return y, _LN2 * y * (1.0 - y) * tangents[0]


@tanh2.defjvp
def _tanh2_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    y = tanh2(*primals)
    return y, (_LN2 / 2) * (1.0 - y * y) * tangents[0]


@gate2.defjvp
def _gate2_jvp(
    primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    (t, x), (dt, dx) = primals, tangents
    r = sigmoid2(t)
    return r * x, r * dx + x * (_LN2 * r * (1.0 - r)) * dt


@interpolate2.defjvp
def _interpolate2_jvp(
    primals: tuple[jax.Array, jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    (t, u, h), (dt, du, dh) = primals, tangents
    z, n = sigmoid2(t), tanh2(u)
    of_z, of_n = _LN2 * z * (1.0 - z), (_LN2 / 2) * (1.0 - n * n)
    return n + z * (h - n), z * dh + of_z * (h - n) * dt + (1.0 - z) * of_n * du


def _exp2_of_minus(t: jax.Array) -> jax.Array:
    """2^-t for float32 t, its exponent limited to ±60."""
    power, f = _split(t)
    return power * (1.0 + f * _q(f))


def _exp2_of_minus_less_1(t: jax.Array) -> jax.Array:
    """2^-t - 1 for float32 t, with a small relative error also near t = 0."""
    power, f = _split(t)
    return power * (f * _q(f)) + (power - 1.0)


def _split(t: jax.Array) -> tuple[jax.Array, jax.Array]:
    """2^-i and i - t for the integer i nearest to t; the power is limited to 2^±60.

    Neither waits for the other, and beyond the limit i - t stays that of the unlimited t, within 1/2.
    """
    # The integer is in the sum's low bits; the shift makes an exponent of it and drops _ROUND's own bits.
    exponent = jax.lax.bitcast_convert_type(jnp.clip(t, -_LIMIT, _LIMIT) + _ROUND, jnp.int32) << 23
    return jax.lax.bitcast_convert_type(_ONE - exponent, jnp.float32), jnp.round(t) - t


def _q(f: jax.Array) -> jax.Array:
    """(2^f - 1) / f."""
    q = jnp.full_like(f, _Q[0])
    for coefficient in _Q[1:]:
        q = q * f + coefficient
    return q
