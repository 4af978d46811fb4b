"""What the Jacobians of a map at its fixed points say; NumPy, Jacobians [..., H, H], NaN where there is no point."""

import numpy as np

KINDS = ("stable", "saddle", "unstable")
STABLE, SADDLE, UNSTABLE = range(3)
NONE = -1


def eigenvalues(jacobians: np.ndarray) -> np.ndarray:
    """[..., H] complex, the largest modulus first; NaN where there is no point."""
    there = np.isfinite(jacobians).all((-2, -1))
    found = np.full(jacobians.shape[:-1], np.nan, complex)
    found[there] = np.linalg.eigvals(jacobians[there])
    return np.take_along_axis(found, np.argsort(-np.abs(found), axis=-1, kind="stable"), -1)


def classify(values: np.ndarray) -> np.ndarray:
    """STABLE where all moduli of eigenvalues [..., H] are below 1, UNSTABLE where all are above 1, else SADDLE; [...].

    NONE where there is no point.
    """
    moduli = np.abs(values)
    kinds = np.where((moduli < 1).all(-1), STABLE, np.where((moduli > 1).all(-1), UNSTABLE, SADDLE))
    return np.where(np.isnan(moduli).any(-1), NONE, kinds)


def index_sum(jacobians: np.ndarray) -> np.ndarray:
    """The sum of sign det(I - J) over the points of Jacobians [..., M, H, H], [...] int.

    Of a smooth map of a ball into itself it is 1 (Lefschetz; Milnor 1965, chapter 6), if all of its fixed points are
    there and none has an eigenvalue 1: so a sum other than 1 says that points were missed.
    """
    there = np.isfinite(jacobians).all((-2, -1))
    signs = np.zeros(there.shape)
    signs[there] = np.sign(np.linalg.det(np.eye(jacobians.shape[-1]) - jacobians[there]))
    return signs.sum(-1).astype(int)


def time_constants(values: np.ndarray) -> np.ndarray:
    """After how many words a distance along an eigenvector has changed by a factor e: 1 / |ln |λ||; inf for |λ| = 1."""
    with np.errstate(divide="ignore"):
        return np.asarray(1 / np.abs(np.log(np.abs(values))))
