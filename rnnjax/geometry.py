"""The path that training takes through a network's parameters: section 4.6.2's cosine and measures of its curve.

NumPy in float64, since nearby weights are subtracted. Curves are [E, S], epochs first, NaN where a value is not
defined; a measure of curves looks at each member's own values alone, so that members of any lengths stand side by side.
"""

import numpy as np

from rnnjax.statistics import quotient


def cosine(history: np.ndarray, epochs_run: np.ndarray) -> np.ndarray:
    """(4.9): the cosine between each epoch's update, W_t - W_(t-1), and all of training's, W_N - W_0; [E, S].

    NaN after a member's last epoch N, and where either update is zero and so has no direction.

    Args:
        history: [E + 1, P, S], the parameters at the start and after each epoch.
        epochs_run: [S], N of each member, from 0 to E; what its history has after that is not looked at.
    """
    return quotient(projections(history, epochs_run), update_lengths(history, epochs_run))


def projections(history: np.ndarray, epochs_run: np.ndarray) -> np.ndarray:
    """How far each epoch's update goes in the direction of all of training's, [E, S]; their sum is |W_N - W_0|.

    NaN after a member's last epoch, and where W_N = W_0. Arguments as of cosine.
    """
    updates, whole = _updates(history, epochs_run)
    return quotient(np.einsum("eps,ps->es", updates, whole), np.linalg.norm(whole, axis=0))


def update_lengths(history: np.ndarray, epochs_run: np.ndarray) -> np.ndarray:
    """|W_t - W_(t-1)| of each epoch, [E, S]; NaN after a member's last epoch. Arguments as of cosine."""
    return np.asarray(np.linalg.norm(_updates(history, epochs_run)[0], axis=1))


def straightness(history: np.ndarray, epochs_run: np.ndarray) -> np.ndarray:
    """|W_N - W_0| over the length of the way from epoch to epoch, [S]: 1 if all updates have one direction.

    It is the mean of the cosines, weighted by the updates' lengths. A random walk of N equal steps in many
    dimensions has about 1/√N. NaN of a member that never moved. Arguments as of cosine.
    """
    way = np.nansum(update_lengths(history, epochs_run), axis=0)
    reached = np.linalg.norm(_updates(history, epochs_run)[1], axis=0)
    return quotient(reached, way)


def mean(curves: np.ndarray) -> np.ndarray:
    """The mean of each curve's values, [S]; NaN of a curve without any."""
    there = ~np.isnan(curves)
    return quotient(np.where(there, curves, 0).sum(0), there.sum(0))


def roughness(curves: np.ndarray) -> np.ndarray:
    """The mean of |c(t + 1) - 2 c(t) + c(t - 1)|, [S]: 0 of a straight line, however steep; NaN below three values."""
    return mean(np.abs(np.diff(curves, 2, axis=0)))


def variation(curves: np.ndarray) -> np.ndarray:
    """The mean of |c(t + 1) - c(t)|, [S]: of a straight line its slope; NaN below two values."""
    return mean(np.abs(np.diff(curves, axis=0)))


def early_slope(curves: np.ndarray, number: int) -> np.ndarray:
    """The slope, per epoch, of the least-squares line through each curve's first values, [S]; NaN if one is NaN.

    Args:
        curves: [E, S].
        number: of values, from 2 on; with fewer epochs than that all slopes are NaN.
    """
    first = np.full((number, curves.shape[1]), np.nan)
    first[: len(curves)] = curves[:number]
    epochs = np.arange(number) - (number - 1) / 2
    return epochs @ first / (epochs @ epochs)


def distance(weights: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The Euclidean norm |W - W_reference|, [..., S].

    Args:
        weights: [..., P, S], such as a history.
        reference: [P, S].
    """
    return np.asarray(np.linalg.norm(np.asarray(weights, float) - np.asarray(reference, float), axis=-2))


def _updates(history: np.ndarray, epochs_run: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every epoch's update [E, P, S], NaN after a member's last epoch, and all of training's [P, S]."""
    weights = np.asarray(history, float)
    last = np.take_along_axis(weights, np.asarray(epochs_run)[None, None], 0)[0]
    ended = np.arange(1, len(weights))[:, None] > epochs_run
    return np.where(ended[:, None], np.nan, np.diff(weights, axis=0)), last - weights[0]
