"""Networks that a search found: which of them are looked at, and intervals of what is measured of each.

What is measured of n networks is a vector [n] beside the draws [n] that they are of; NaN where a network has no such
value. Draws differ in how many networks they have, and some have none; intervals resample draws first, then networks.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from experiments.conditions import Condition
from experiments.outcomes import Outcome
from rnnjax import resampling
from rnnjax.datasets import VERSIONS
from rnnjax.landscape import Architecture
from rnnjax.statistics import Interval

NONE = Interval(np.nan, np.nan, np.nan)
ENOUGH = 30  # networks of a cell below which nothing is concluded


class OfShape(Protocol):
    """What is known of one architecture's networks."""

    @property
    def shape(self) -> Architecture: ...

    @property
    def draws(self) -> np.ndarray: ...


T = TypeVar("T", bound=OfShape)


class Compared(NamedTuple):
    """What is measured of the networks of two cells, in the draws that have some of both."""

    interval: Interval  # of the difference, or the ratio; NaN if no draw has some of both
    networks: tuple[int, int]  # of the one and of the other
    draws: int

    def finding(self, neutral: float) -> str:
        """Whether the one is "higher" or "lower" than the other, "open", or "inconclusive" of too few networks.

        Args:
            neutral: 0 for a difference, 1 for a ratio.
        """
        if min(self.networks) < ENOUGH:
            return "inconclusive"
        if self.interval.low > neutral:
            return "higher"
        return "lower" if self.interval.high < neutral else "open"


def successes(outcome: Outcome, threshold: float) -> np.ndarray:
    """[R, S] bool, which networks classify at least that share of the validation sentences correctly in the end."""
    return np.asarray(outcome.accuracy("last") >= threshold)


def reached(outcome: Outcome, threshold: float) -> np.ndarray:
    """[R, S] int, the number of the first epoch after which they do; 0 of those that never did."""
    did = outcome["correct"] / VERSIONS[outcome.condition.data.version][1] >= threshold
    return np.where(did.any(0), did.argmax(0) + 1, 0)


def groups(outcomes: Mapping[str, Outcome]) -> dict[str, dict[str, Outcome]]:
    """Outcomes of one data set and one way of training, by the name that their conditions have in common."""
    found: dict[str, dict[str, Outcome]] = {}
    for name, outcome in outcomes.items():
        found.setdefault(name.rpartition("/")[0], {})[name] = outcome
    return found


def how_trained(condition: Condition) -> str:
    """For titles."""
    rules = condition.protocol.rules
    return "section 3.2's protocol" if rules.early_stop else f"no early stop, rate {rules.learning_rate:g}"


def first_found(found: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws [n] and seeds [n] of at most so many networks: each draw's first, then each one's second, and so on.

    So no draw has more of them than it must, and the first of all is what whoever searches in order finds first.

    Args:
        found: [R, S] bool, which there are.
        most: n, at most.
    """
    draws, seeds = np.nonzero(found)
    rank = found.cumsum(1)[draws, seeds]
    order = np.lexsort((draws, rank))[:most]
    return draws[order], seeds[order]


def with_draws(values: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values [n] of some networks of [R, S], and the draws [n] that they are of."""
    return values[which], np.nonzero(which)[0]


def by_draw(values: np.ndarray, draws: np.ndarray) -> dict[int, np.ndarray]:
    """The values of each draw that has any, without NaN."""
    there = ~np.isnan(values)
    return {int(draw): values[there & (draws == draw)] for draw in np.unique(draws[there])}


def mean_of(values: np.ndarray, draws: np.ndarray) -> Interval:
    """The mean over draws of their networks' means; NONE of no networks."""
    parts = list(by_draw(values, draws).values())
    return resampling.mean(parts) if parts else NONE


def compare(
    how: Callable[[resampling.Draws, resampling.Draws], Interval],
    one: tuple[np.ndarray, np.ndarray],
    other: tuple[np.ndarray, np.ndarray],
) -> Compared:
    """Two cells' networks by resampling.difference or resampling.ratio, in the draws that have some of both.

    Args:
        how: of the one's values and the other's.
        one: values and draws.
        other: likewise.
    """
    ones, others = by_draw(*one), by_draw(*other)
    both = sorted(set(ones) & set(others))
    parts = [ones[draw] for draw in both], [others[draw] for draw in both]
    networks = sum(map(len, parts[0])), sum(map(len, parts[1]))
    return Compared(how(*parts) if both else NONE, networks, len(both))


def pairs(seen: Sequence[T]) -> list[tuple[T, T]]:
    """An RNN's and a GRU's of one shape, wherever there are networks of both."""
    found = {(one.shape.cell.name, one.shape.shape): one for one in seen if len(one.draws)}
    shapes = [shape for cell, shape in found if cell == "rnn" and ("gru", shape) in found]
    return [(found["rnn", shape], found["gru", shape]) for shape in shapes]
