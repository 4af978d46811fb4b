"""Networks that a search found: which of them are looked at, and in which groups."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np

from experiments.conditions import Condition
from experiments.outcomes import Outcome
from rnnjax.datasets import VERSIONS
from rnnjax.landscape import Architecture


class OfShape(Protocol):
    """What is known of one architecture's networks."""

    @property
    def shape(self) -> Architecture: ...

    @property
    def draws(self) -> np.ndarray: ...


T = TypeVar("T", bound=OfShape)


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


def pairs(seen: Sequence[T]) -> list[tuple[T, T]]:
    """An RNN's and a GRU's of one shape, wherever there are networks of both."""
    found = {(one.shape.cell.name, one.shape.shape): one for one in seen if len(one.draws)}
    shapes = [shape for cell, shape in found if cell == "rnn" and ("gru", shape) in found]
    return [(found["rnn", shape], found["gru", shape]) for shape in shapes]
