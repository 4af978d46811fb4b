"""The ranking of protocols: how likely each makes the printed numbers, and which are ruled out."""

import functools
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from ml_collections import ConfigDict

from experiments import calibration_scores
from experiments.calibration_candidates import NAME, READINGS, Candidate, candidates
from experiments.conditions import REPORTED, listed
from experiments.programme import PROTOCOLS, STEPS
from rnnjax import likelihood

RULED_OUT = np.log(20)  # a protocol that is 20 times less likely than the best one, in 97.5 % of resampled draws
FRESH = "fresh "  # before a finalist's name in result.npz: on draws by which none was chosen
_RESAMPLES = 4000  # of draws that are not paired, which spread more


class Ranked(NamedTuple):
    """A protocol and how it fits; logarithms of likelihoods, natural."""

    candidate: Candidate
    accuracy: np.ndarray  # [10, R, S], what is scored
    by_number: Mapping[str, np.ndarray]  # [R] of each printed number (calibration_scores.fit)
    behind: tuple[float, float, float]  # by how much less likely than the best: estimate, 2.5 % and 97.5 % over draws
    # The 2.5 % end where the best has the likelihood of draws that did not choose it; if there are none, infinity.
    behind_fresh: float = math.inf

    @property
    def logs(self) -> np.ndarray:
        """[R] of all printed numbers together."""
        return calibration_scores.together(self.by_number)

    @property
    def fit(self) -> float:
        return likelihood.marginal(self.logs)

    @property
    def ruled_out(self) -> bool:
        return min(self.behind[1], self.behind_fresh) > RULED_OUT


def rank(config: ConfigDict, arrays: Mapping[str, np.ndarray]) -> list[Ranked]:
    """All protocols, the likeliest first.

    The best of hundreds owes some of its likelihood to the draws that it is the best on, so what is far behind it there
    must be so too when the best has its likelihood of fresh draws, once they were simulated.
    """
    readings, found = listed(config[NAME].readings), {}
    for candidate in candidates(config):
        accuracy = arrays[f"{candidate.setting.name}/accuracy"]
        found[candidate] = accuracy[readings.index(candidate.reading), :, REPORTED.index(candidate.report)]
    ranking = _ranked(found)
    again = arrays.get(f"{FRESH}{ranking[0].candidate.name}/fitted")
    if again is None:
        return ranking
    best = likelihood.bootstrap_marginal(_logs(again), seed=1, resamples=_RESAMPLES)
    others = likelihood.bootstrap_marginal(np.stack([each.logs for each in ranking]), resamples=_RESAMPLES)
    ends = np.quantile(best - others, 0.025, axis=1)
    return [each._replace(behind_fresh=float(end)) for each, end in zip(ranking, ends, strict=True)]


def rank_finalists(config: ConfigDict, arrays: Mapping[str, np.ndarray]) -> list[Ranked]:
    """The protocols that were simulated again, on fresh draws, the likeliest of these first."""
    names = {candidate: f"{FRESH}{candidate.name}/fitted" for candidate in candidates(config)}
    return _ranked({candidate: arrays[name] for candidate, name in names.items() if name in arrays})


def _ranked(accuracies: Mapping[Candidate, np.ndarray]) -> list[Ranked]:
    by_number = [calibration_scores.fit(each) for each in accuracies.values()]
    logs = np.stack([calibration_scores.together(each) for each in by_number])
    fits = np.array([likelihood.marginal(each) for each in logs])
    resampled = likelihood.bootstrap_marginal(logs)  # [M, B]
    best = int(np.argmax(fits))
    # Against the same protocol in every resample: the question is whether another may be as likely.
    ends = np.quantile(resampled[best] - resampled, (0.025, 0.975), axis=1)
    ranked = [
        Ranked(candidate, accuracy, by_number[i], (float(fits[best] - fits[i]), float(ends[0, i]), float(ends[1, i])))
        for i, (candidate, accuracy) in enumerate(accuracies.items())
    ]
    return sorted(ranked, key=lambda each: -each.fit)


def _logs(accuracy: np.ndarray) -> np.ndarray:
    """[R] of all printed numbers together, from [10, R, S]."""
    return calibration_scores.together(calibration_scores.fit(accuracy))


def in_report(candidate: Candidate) -> str:
    """Which of programme.PROTOCOLS a candidate is; empty if none."""
    setting = candidate.setting
    data = {"embedding_margin": setting.margin, "embedding_scale": setting.scale}
    training = {"batch_size": setting.batch_size, "report": candidate.report, **READINGS[candidate.reading]}
    for name, config in _protocols().items():
        same = all(config.data[field] == value for field, value in data.items())
        same = same and all(config.training[field] == value for field, value in training.items())
        if same and np.isclose(config.data.kind_probabilities[0], setting.stop_share):
            return name
    return ""


@functools.cache
def _protocols() -> dict[str, ConfigDict]:
    return {name: STEPS[0].config("thesis", name) for name in PROTOCOLS}
