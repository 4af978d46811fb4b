"""Section 4.6.3: weights plus noise that is as large as each matrix's and vector's own spread, (4.10), (4.11).

Thesis: "each matrix/vector of all the weight matrices and the bias vectors (mentioned in the equations)". Its
equations write a GRU's gates apart, so here every gate's rows of W_ih, W_hh, b_ih and b_hh are a matrix or vector of
their own. Thesis leaves open: whether the readout of (1.2) is among them, and which standard deviation: of n numbers
about their mean, over n (NumPy's) or over n - 1 (PyTorch's); of the two entries of b_oh the second is larger by √2.
Here: the caller says. NumPy in float64; weights are flat (parameters.flatten) with members last.
"""

from collections.abc import Iterator, Sequence

import jax
import numpy as np

from rnnjax.errors import one_of
from rnnjax.landscape import Architecture
from rnnjax.parameters import count, unflatten

DDOF = (0, 1)


def noises(keys: jax.Array, number: int) -> np.ndarray:
    """Standard normal noise of S networks of P weights, [P, S]: of each network one direction for all factors.

    Args:
        keys: [S], consumed; see streams.of_members, stream "perturb".
        number: P.
    """
    return np.asarray(jax.vmap(lambda key: jax.random.normal(key, (number,)), out_axes=1)(keys))


def deviations(architecture: Architecture, weights: np.ndarray, ddof: int = 0, readout: bool = True) -> np.ndarray:
    """σ_W of (4.11) at each weight, [P, S]: the standard deviation of the matrix or vector that the weight is in.

    Args:
        architecture: of all.
        weights: [P, S].
        ddof: 0 divides by n, 1 by n - 1; the only entry of a vector then has 0 too.
        readout: whether W_oh and b_oh are perturbed; if not, they have 0.

    Raises:
        UserError: another ddof.
    """
    one_of("ddof", ddof, DDOF)
    values, found = np.asarray(weights, float), np.zeros(np.shape(weights))
    for places in matrices(architecture, readout):
        if len(places) > ddof:
            found[places] = values[places].std(0, ddof=ddof)
    return found


def perturbed(
    architecture: Architecture,
    weights: np.ndarray,
    noise: np.ndarray,
    factors: Sequence[float],
    ddof: int = 0,
    readout: bool = True,
) -> np.ndarray:
    """(4.10): weights + factor · σ_W · noise, [F, P, S] float32; with the factor 0 the weights as they are.

    Args:
        architecture: of all.
        weights: [P, S].
        noise: [P, S], see noises.
        factors: F of them, k of (4.11).
        ddof, readout: see deviations.
    """
    scaled = deviations(architecture, weights, ddof, readout) * noise
    return np.stack([np.float32(weights + factor * scaled) for factor in factors])


def matrices(architecture: Architecture, readout: bool = True) -> Iterator[np.ndarray]:
    """The places in [P] of every matrix and every vector of the equations: 4 a gate, and 2 of the readout."""
    hidden = architecture.hidden_dim
    index = unflatten(np.arange(count(architecture.sizes)), architecture.sizes)
    for gate in range(len(architecture.cell.gates)):
        rows = slice(gate * hidden, (gate + 1) * hidden)
        for leaf in (index.w_ih, index.w_hh, index.b_ih, index.b_hh):
            yield leaf[rows].ravel()
    if readout:
        yield index.w_oh.ravel()
        yield index.b_oh
