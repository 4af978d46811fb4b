"""From intervals to one of four verdicts on a claim.

A part of a claim is an effect (a difference, a ratio, a rate) with its 95 % interval and what the claim says of it: it
lies above a value, below one, or between two ("equal", "roughly": an equivalence with margins fixed beforehand, which
two one-sided tests decide as an interval inside the margins does). A claim holds if all of its parts do.

Many claims are judged, so every interval is first stretched about its estimate until the chance of one wrong verdict
among all is what it was for one (Bonferroni). The stretch is from the normal distribution's quantile to that of
Student's t, since what varies most is a mean over some ten or thirty draws, whose resamples vary less than it does; and
a little further, so that no verdict hangs on which resamples were drawn. Where none of a side's networks succeed (or
all do), the end that the interval has from that is no multiple of a deviation: it is computed anew for the chance that
is left (resampling.end_of_none). A verdict needs many networks: otherwise, and wherever an interval covers both, it is
inconclusive.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import scipy

from rnnjax.resampling import RESAMPLES, SPREAD, end_of_none
from rnnjax.statistics import CONFIDENCE, Interval

REPRODUCED, NOT_REPRODUCED = "reproduced", "not reproduced"
INCONCLUSIVE, DEPENDS = "inconclusive", "depends on the protocol"

ENOUGH_MEMBERS = 1000  # of a cell, or
NARROW = 0.02  # half the width of an interval that is narrow enough whatever they are
ENOUGH_DRAWS = 10  # of sentences and words
_ERRORS = 2  # standard errors of an interval's end by which it must clear what the claim says


class Unseen(NamedTuple):
    """A side of which no network succeeds, or of which all do: how far other draws' rates may lie from that."""

    draws: int
    seeds: int  # of each draw, at least
    scale: float = 1.0  # by which the rate is multiplied in the effect
    up: bool = True  # whether a rate unlike what was seen would move the effect up
    spread: float = SPREAD  # squared coefficient of variation of draws' rates

    def end(self, number: int = 1) -> float:
        """How far, for one of `number` effects that are judged together."""
        tail = (1 - CONFIDENCE) / 2 / number if number > 1 else None
        return self.scale * end_of_none([self.seeds] * self.draws, self.spread, tail)


class Evidence(NamedTuple):
    """One part of a claim."""

    what: str  # "GRU above 90 % minus RNN above 90 %, CountII, H = 4"
    effect: Interval
    above: float = -np.inf  # the claim says that the effect lies above this,
    below: float = np.inf  # and below this
    members: int = 0  # of the smaller side
    draws: int = 0
    scale: float = 1.0  # of the effect, in which NARROW is meant: 1 for accuracies and rates
    ratio: bool = False  # whether the effect is one: half as much is as far as twice as much
    unseen: tuple[Unseen, ...] = ()  # what the effect's interval has from networks that all agree

    @property
    def enough(self) -> bool:
        """Whether a verdict may rest on it."""
        half = (self.effect.high - self.effect.low) / 2
        return self.draws >= ENOUGH_DRAWS and (self.members >= ENOUGH_MEMBERS or half <= NARROW * self.scale)


def stretched(
    effect: Interval, number: int, draws: int, ratio: bool = False, unseen: Sequence[Unseen] = ()
) -> Interval:
    """The interval for one of `number` effects that are judged together; ends that are infinite stay so.

    Ends of rates may leave [0, 1] by that: they are only compared with what a claim says.

    Args:
        effect: with CONFIDENCE, as a bootstrap of draws has it.
        number: at least 1.
        draws: R, at least 2; R - 1 degrees of freedom, and resamples vary by sqrt((R - 1) / R) as much as the mean.
        ratio: stretch its logarithm, unless the estimate has none.
        unseen: sides whose networks all agree, whose squared ends are parts of the interval's (Newcombe's).
    """
    if ratio and 0 < effect.estimate < np.inf:
        return Interval(*np.exp(stretched(Interval(*_logs(effect)), number, draws)).tolist())
    factor = _factor(number, draws)
    estimate, low, high = effect

    def further(distance: float, up: bool) -> float:
        own = [(side.end(), side.end(number)) for side in unseen if side.up == up]
        if not own or not np.isfinite(distance):
            return factor * distance
        others = max(0.0, distance**2 - sum(end**2 for end, _ in own))
        return float(np.sqrt(factor**2 * others + sum(end**2 for _, end in own)))

    return Interval(estimate, estimate - further(estimate - low, False), estimate + further(high - estimate, True))


def _logs(ratios: Sequence[float]) -> list[float]:
    """Minus infinity of what is not above 0."""
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(ratios, 0)).tolist()


@functools.cache
def _factor(number: int, draws: int) -> float:
    tail = (1 - CONFIDENCE) / 2
    wanted = float(scipy.stats.t.isf(tail / number, draws - 1)) * (draws / (draws - 1)) ** 0.5
    z = float(scipy.stats.norm.isf(tail))
    # The standard error of a percentile of so many resamples, as a share of its distance: 3 %.
    error = (tail * (1 - tail) / RESAMPLES) ** 0.5 / float(scipy.stats.norm.pdf(z)) / z
    return wanted / z * (1 + _ERRORS * error)


def decisive(evidence: Evidence, number: int) -> Interval | None:
    """The interval that a verdict on one part rests on, of `number` that are judged together; None if none may."""
    if not evidence.enough or not np.isfinite(evidence.effect.estimate):
        return None
    return stretched(evidence.effect, number, evidence.draws, evidence.ratio, evidence.unseen)


def judge(evidence: Evidence, number: int) -> str:
    """The verdict on one part, of `number` that are judged together."""
    interval = decisive(evidence, number)
    if interval is None:
        return INCONCLUSIVE
    _, low, high = interval
    # An open end is not beyond a bound that is none.
    if (low > evidence.above or evidence.above == -np.inf) and (high < evidence.below or evidence.below == np.inf):
        return REPRODUCED
    if high < evidence.above or low > evidence.below:
        return NOT_REPRODUCED
    return INCONCLUSIVE


def times_as_many(evidence: Evidence, number: int) -> float:
    """How many times as many networks, in as many times as many draws, decide a part if its estimate stays.

    Widths are taken to shrink with the square root of the number. 1 if what is there is enough; inf if no number is:
    the estimate is none, lies where the claim begins, or an end of its interval is infinite.

    Args:
        evidence: of the part.
        number: of parts that are judged together.
    """
    if not np.isfinite(evidence.effect.estimate) or evidence.draws < 2 or not evidence.members:
        return np.inf
    effect, bounds = evidence.effect, [evidence.above, evidence.below]
    if evidence.ratio and effect.estimate > 0:
        effect, bounds = Interval(*_logs(effect)), _logs(bounds)
    (estimate, low, high), (above, below) = stretched(effect, number, evidence.draws, unseen=evidence.unseen), bounds
    inside = above < estimate < below
    crossing = [(low, above), (high, below)] if inside else [(high, above) if estimate <= above else (low, below)]
    times = [
        np.inf if bound == estimate else ((end - estimate) / (bound - estimate)) ** 2
        for end, bound in crossing
        if np.isfinite(bound)
    ]
    if evidence.enough:
        return float(max(1.0, *times))
    half, narrow = (evidence.effect.high - evidence.effect.low) / 2, NARROW * evidence.scale
    enough = min(ENOUGH_MEMBERS / evidence.members, (half / narrow) ** 2 if narrow else np.inf)
    return float(max(1.0, *times, enough, ENOUGH_DRAWS / evidence.draws))


def together(verdicts: Sequence[str]) -> str:
    """The verdict on a claim from those on its parts: all hold, one does not, or it is open."""
    if not verdicts:
        return INCONCLUSIVE
    if NOT_REPRODUCED in verdicts:
        return NOT_REPRODUCED
    return REPRODUCED if all(verdict == REPRODUCED for verdict in verdicts) else INCONCLUSIVE


def across(by_protocol: Mapping[str, Mapping[str, str]]) -> str:
    """The verdict from those under several protocols: the first one's, or it depends on them if two decide differently.

    It depends on them too if all that refutes it under one holds under another, where other parts are open. If the
    first one is open it is inconclusive: what another decides would then be the verdict or depend on the protocol.

    Args:
        by_protocol: of each protocol, the verdict on every part by its name; none where evidence is missing.
    """
    claims = {protocol: together(list(parts.values())) for protocol, parts in by_protocol.items()}
    decided = set(claims.values()) - {INCONCLUSIVE}
    if len(decided) > 1:
        return DEPENDS
    for refuted in (by_protocol[protocol] for protocol, verdict in claims.items() if verdict == NOT_REPRODUCED):
        against = [what for what, verdict in refuted.items() if verdict == NOT_REPRODUCED]
        if any(all(other.get(what) == REPRODUCED for what in against) for other in by_protocol.values()):
            return DEPENDS
    return next(iter(claims.values()), INCONCLUSIVE)
