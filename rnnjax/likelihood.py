"""How well printed results fit simulated ones: the likelihood of what the thesis prints under simulated networks.

All functions take simulated networks of one draw of sentences and words, and give a logarithm. Counts are
beta-binomial and classes Dirichlet-multinomial: binomial and multinomial with Jeffreys' prior, so that few simulated
networks leave the rate uncertain and make nothing impossible. Accuracies have a kernel density; with a small chance a
printed one could be anything (robust against a network unlike any simulated one).
"""

from collections.abc import Sequence

import numpy as np
import scipy

_BANDWIDTH = 0.02  # of kernels over accuracies: two points, the margin within which mean accuracies count as equal
_ANYWHERE = 0.05  # the weight of "could be anything", a uniform density
_RESAMPLES = 1000


def log_count(successes: int, trials: int, simulated: np.ndarray) -> float:
    """Of a printed count of successes, from simulated successes [S] (bool)."""
    good = np.sum(simulated)
    return float(scipy.stats.betabinom.logpmf(successes, trials, good + 0.5, len(simulated) - good + 0.5))


def log_classes(printed: Sequence[float] | np.ndarray, simulated: np.ndarray, edges: Sequence[float]) -> float:
    """Of printed accuracies by how many lie in each class, from simulated ones [S].

    Args:
        printed: accuracies in [0, 1].
        simulated: likewise.
        edges: between the classes, in increasing order; an accuracy on an edge belongs to the class above.
    """
    both = printed, simulated
    counted, expected = (np.bincount(np.digitize(each, edges), minlength=len(edges) + 1) for each in both)
    return float(scipy.stats.dirichlet_multinomial.logpmf(counted, expected + 0.5, counted.sum()))


def log_values(printed: Sequence[float], simulated: np.ndarray) -> float:
    """Of some printed accuracies, each by the kernel density of simulated ones [S]; -inf when there are none."""
    if not len(simulated):
        return -np.inf
    kernels = scipy.stats.norm.pdf(np.asarray(printed)[:, None], np.asarray(simulated)[None], _BANDWIDTH)
    return float(np.log(_mixed(kernels.mean(1))).sum())


def log_extremes(largest: float, mean: float, least: float, number: int, simulated: np.ndarray, seed: int = 0) -> float:
    """Of the printed largest, mean and least of `number` accuracies, from sets of as many of simulated ones [S]."""
    rng = np.random.default_rng(seed)
    sets = rng.choice(simulated, (_RESAMPLES, number))
    found = np.stack([sets.max(1), sets.mean(1), sets.min(1)])
    kernels = scipy.stats.norm.pdf(np.array([[largest], [mean], [least]]), found, _BANDWIDTH)
    return float(np.log(_mixed(kernels.prod(0).mean())))


def log_given(printed: Sequence[tuple[float, float]], one: np.ndarray, other: np.ndarray) -> float:
    """Of the second numbers of printed pairs given the first, from simulated pairs [S], [S].

    For pairs whose first number was hand-picked: its own density says nothing.
    """
    total = 0.0
    for a, b in printed:
        weights = scipy.stats.norm.pdf(a, one, _BANDWIDTH)
        weights = weights / weights.sum() if weights.sum() > 0 else np.zeros(len(one))
        total += np.log(_mixed((weights * scipy.stats.norm.pdf(b, other, _BANDWIDTH)).sum()))
    return float(total)


def marginal(logs: np.ndarray) -> float:
    """The logarithm of the mean likelihood over draws [R]."""
    return float(scipy.special.logsumexp(logs) - np.log(len(logs)))


def weighted(logs: np.ndarray, by: np.ndarray) -> float:
    """The logarithm of the mean likelihood over draws [R], which weigh as their likelihoods elsewhere (logs `by`)."""
    return float(scipy.special.logsumexp(logs + by) - scipy.special.logsumexp(by))


def effective_draws(logs: np.ndarray) -> float:
    """How many of R draws, of log-likelihoods [R], carry the mean likelihood: 1 when one does, R when all do alike."""
    return float(1 / (scipy.special.softmax(logs) ** 2).sum())


def bootstrap_marginal(logs: np.ndarray, seed: int = 0, resamples: int = 1000) -> np.ndarray:
    """[B], marginal(logs) of resampled draws; the draws of several rows [M, R] are the same: then [M, B]."""
    rng = np.random.default_rng(seed)
    picked = rng.integers(logs.shape[-1], size=(resamples, logs.shape[-1]))
    return np.asarray(scipy.special.logsumexp(logs[..., picked], -1) - np.log(logs.shape[-1]))


def _mixed(density: np.ndarray) -> np.ndarray:
    return (1 - _ANYWHERE) * density + _ANYWHERE
