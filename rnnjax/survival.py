"""How long networks last: the share that has not failed yet after each step, with intervals.

A network's number is the step, counted from 1, at which it fails, or anything above `last` if it does not within the
`last` steps that were looked at. All are watched for the same time, so that share is a mean of yes and no (Kaplan and
Meier's product comes to the same), and its interval resamples draws first, then seeds.
"""

from typing import NamedTuple

import numpy as np

from rnnjax import resampling
from rnnjax.resampling import Draws
from rnnjax.statistics import Interval


class Curve(NamedTuple):
    """The share that lasts; pointwise 95 % band."""

    steps: np.ndarray  # [N], increasing
    share: np.ndarray  # [N], of the networks that have not failed after this step
    low: np.ndarray
    high: np.ndarray


def lasting(failures: Draws, step: int) -> Interval:
    """The share of networks that have not failed after a step.

    Args:
        failures: R arrays [S_r] of steps.
        step: 0, 1, ...
    """
    return resampling.mean([np.asarray(steps) > step for steps in failures])


def curve(failures: Draws, steps: np.ndarray) -> Curve:
    """The shares after some steps; what lasts to a step lasted before it, so the ends of the band fall as they do.

    Args:
        failures: R arrays [S_r] of steps.
        steps: [N], increasing.
    """
    found = [lasting(failures, step) for step in steps]
    share, low, high = (np.array([getattr(each, name) for each in found]) for name in Interval._fields)
    return Curve(np.array(steps), share, np.maximum.accumulate(low[::-1])[::-1], np.minimum.accumulate(high))


def median(failures: Draws, last: int) -> Interval:
    """The first step after which at most half of the networks last; inf: more do after all steps.

    The ends are those of the steps at which the band of the share comes down to a half (Brookmeyer and Crowley 1982).

    Args:
        failures: R arrays [S_r] of steps.
        last: the last step that was looked at.
    """
    return Interval(*(_comes_down(failures, last, name) for name in Interval._fields))


def grid(last: int, number: int) -> np.ndarray:
    """At most this many different whole steps from 0 to `last`, evenly spaced on a logarithmic scale from 1 on."""
    return np.unique(np.append(0, np.geomspace(1, last, number - 1).round().astype(int)))


def _comes_down(failures: Draws, last: int, end: str) -> float:
    """By bisection: one set of resamples serves all steps, so each end of the band falls as the share does."""
    low, high = 0, last + 1  # above a half after low (nobody fails at step 0), not above a half after high
    while high - low > 1:
        middle = (low + high) // 2
        if getattr(lasting(failures, middle), end) > 0.5:
            low = middle
        else:
            high = middle
    return float(high) if high <= last else np.inf
