"""How well printed results fit simulated ones: the likelihood of what the thesis prints under resampled networks.

All functions take simulated networks of one draw of sentences and words, and give a logarithm. Printed are counts
(binomial), a few accuracies (a kernel density), the largest, mean and least of n (resampled sets of n), or many
rounded accuracies (counts in classes, multinomial). Rates are smoothed by half a network a class (Jeffreys), so that
no finite simulation makes a printed number impossible.
"""

from collections.abc import Sequence

import numpy as np
from scipy import special, stats

_BANDWIDTH = 0.02  # of kernels over accuracies: two points, the margin within which mean accuracies count as equal
_RESAMPLES = 1000


def log_count(successes: int, trials: int, simulated: np.ndarray) -> float:
    """Of a printed count of successes, from simulated successes [S] (bool)."""
    rate = (np.sum(simulated) + 0.5) / (len(simulated) + 1)
    return float(stats.binom.logpmf(successes, trials, rate))


def log_classes(printed: Sequence[float], simulated: np.ndarray, edges: Sequence[float]) -> float:
    """Of printed accuracies by how many lie in each class, from simulated ones [S].

    Args:
        printed: accuracies in [0, 1].
        simulated: likewise.
        edges: between the classes, in increasing order.
    """
    counted, expected = (
        np.bincount(np.digitize(each, edges), minlength=len(edges) + 1) for each in (printed, simulated)
    )
    chances = (expected + 0.5) / (len(simulated) + 0.5 * len(expected))
    return float(stats.multinomial.logpmf(counted, counted.sum(), chances))


def log_values(printed: Sequence[float], simulated: np.ndarray) -> float:
    """Of some printed accuracies, each by the kernel density of simulated ones [S] and half a uniform network."""
    values = np.asarray(printed)[:, None]
    kernels = stats.norm.pdf(values, np.asarray(simulated)[None], _BANDWIDTH).sum(1)
    return float(np.log((kernels + 0.5) / (len(simulated) + 0.5)).sum())


def log_extremes(largest: float, mean: float, least: float, number: int, simulated: np.ndarray, seed: int = 0) -> float:
    """Of the printed largest, mean and least of `number` accuracies, from sets of as many of simulated ones [S]."""
    rng = np.random.default_rng(seed)
    sets = rng.choice(simulated, (_RESAMPLES, number))
    found = np.stack([sets.max(1), sets.mean(1), sets.min(1)])
    logs = stats.norm.logpdf(np.array([[largest], [mean], [least]]), found, _BANDWIDTH).sum(0)
    # As in log_values, half a network that could be anywhere.
    logs = np.append(logs, np.log(0.5 / len(simulated) * _RESAMPLES))
    return float(special.logsumexp(logs) - np.log(_RESAMPLES * (1 + 0.5 / len(simulated))))


def log_pairs(printed: Sequence[tuple[float, float]], one: np.ndarray, other: np.ndarray) -> float:
    """Of printed pairs of accuracies, from simulated pairs [S], [S]: a kernel density in two dimensions."""
    total = 0.0
    for a, b in printed:
        kernels = (stats.norm.pdf(a, one, _BANDWIDTH) * stats.norm.pdf(b, other, _BANDWIDTH)).sum()
        total += np.log((kernels + 0.5) / (len(one) + 0.5))
    return float(total)


def marginal(logs: np.ndarray) -> float:
    """The logarithm of the mean likelihood over draws [R]."""
    return float(special.logsumexp(logs) - np.log(len(logs)))


def bootstrap_marginal(logs: np.ndarray, seed: int = 0, resamples: int = 1000) -> np.ndarray:
    """[B], marginal(logs) of resampled draws; the draws of several rows [M, R] are the same: then [M, B]."""
    rng = np.random.default_rng(seed)
    picked = rng.integers(logs.shape[-1], size=(resamples, logs.shape[-1]))
    return np.asarray(special.logsumexp(logs[..., picked], -1) - np.log(logs.shape[-1]))
