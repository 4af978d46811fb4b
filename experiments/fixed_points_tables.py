"""Fixed and slow points in numbers: of each network, over groups of networks, and one group against another.

What counts as what, for one word of one network; the spread is that of the states that occur in sentences:
one_in_each: it has two stable points, one in each decision region. forgets: after as many repeats as a sentence has
words, less than half of the spread is left. fades: half or more is left then, but not after 1,000 words. holds: it is
left even then. near_line: half or more is left after a sentence's length, more than LINE of its variance on one axis,
and more than ON_WAY of the states are on their way (relaxation: far from their end, and slow). slow_direction: the
slowest of the stable points takes longer than a sentence to come e times nearer. slow_points: their number, those
alone that are slower than relaxation.SLOWLY of the spread a word.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from experiments.analysis import Measured, last_accuracy
from experiments.draw_intervals import compare, mean_of
from experiments.outcomes import Outcome, below
from experiments.success_groups import by_stage, known, yes_or_no
from experiments.training_experiment import Outcomes
from rnnjax import relaxation, resampling
from rnnjax.stability import KINDS as POINT_KINDS
from rnnjax.stability import STABLE, time_constants
from rnnjax.statistics import Interval
from rnnjax.words import KINDS, STOP, words_of

NAME = "fixed_points"
CELLS = ("rnn", "gru")
HALF, LINE, ON_WAY = 0.5, 0.9, 0.25  # see above
NUMBERS = (*POINT_KINDS, "slow_points")  # a word, not shares
_OF_SENTIMENTS = (*POINT_KINDS, "one_in_each", "holds", "missed")  # the rest is asked of stop words alone

Arrays = Mapping[str, np.ndarray]  # of one condition and stage: "kinds" [V, M, R, S] and so on


def values_of(arrays: Arrays, length: int) -> dict[str, np.ndarray]:
    """Every measure of every word of every network, [V, R, S]; yes and no as 1.0 and 0.0.

    Args:
        arrays: of one condition and stage.
        length: of a sentence, in words.
    """
    kinds, margins = arrays["kinds"], arrays["margins"]
    stable = kinds == STABLE
    kept, settled = arrays["kept"] >= HALF, arrays["settled"] >= HALF
    slow = arrays["slow_speeds"] <= relaxation.SLOWLY * arrays["spread"][None, None]
    line = kept & (arrays["axis"] > LINE) & (arrays["on_way"] > ON_WAY)
    found = {name: (kinds == kind).sum(1) for kind, name in enumerate(POINT_KINDS)}
    found |= {
        "one_in_each": ((stable & (margins > 0)).sum(1) == 1) & ((stable & (margins <= 0)).sum(1) == 1),
        "slow_points": slow.sum(1),
        "slow_direction": time_constants(slowest_stable(arrays)) > length,
        "forgets": ~kept,
        "fades": kept & ~settled,
        "holds": kept & settled,
        "near_line": line,
        "missed": arrays["index_sum"] != 1,
    }
    return {name: values.astype(float) for name, values in found.items()}


def slowest_stable(arrays: Arrays) -> np.ndarray:
    """The largest modulus of an eigenvalue at any of a word's stable points, [V, R, S]; NaN where it has none."""
    moduli = np.where(arrays["kinds"] == STABLE, np.abs(arrays["eigenvalues"][:, :, 0]), -np.inf).max(1)
    return np.where(moduli < 0, np.nan, moduli)


def of_kind(values: np.ndarray, kind: int) -> np.ndarray:
    """Each network's mean over the words of a kind, [R, S]."""
    return np.asarray(values[words_of(kind)].mean(0))


def rows(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> Iterator[dict[str, Any]]:
    """Condition x stage and group x kind of words x measure: shares in per cent, numbers a word.

    "all_...": the share of networks of which all words of the kind are so, in place of the mean over words.
    """
    for outcome in outcomes.values():
        for stage, group, which in by_stage(config, NAME, last_accuracy(outcome)):
            values = values_of(arrays_of(outcome, measured, stage), config.data.sentence_length)
            for kind, words in enumerate(KINDS):
                chosen = {
                    name: of_kind(v, kind) for name, v in values.items() if kind == STOP or name in _OF_SENTIMENTS
                }
                chosen["all_one_in_each"] = values["one_in_each"][words_of(kind)].all(0)
                for name, each in chosen.items():
                    row = _condition_of(outcome) | {"stage": stage, "group": group, "words": words, "measure": name}
                    row |= {"networks": int(which.sum()), "draws": int(which.any(1).sum())}
                    yield row | _scaled("mean", name, mean_of(*_of_group(name, each, which)))


def contrasts(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> Iterator[dict[str, Any]]:
    """Stop words of successes against the other networks', and of one data set's successes against another's."""
    success = {name: _successes(config, outcome) for name, outcome in outcomes.items()}
    above = f"above {100 * config[NAME].success_above:g} %"
    for name, outcome in outcomes.items():
        yield from _contrast(config, measured, f"{above} - others", (outcome, success[name]), (outcome, ~success[name]))
    for (name, one), (other_name, other) in combinations(outcomes.items(), 2):
        if one.condition.architecture == other.condition.architecture:
            what = f"{above}: {one.condition.data.title} - {other.condition.data.title}"
            yield from _contrast(config, measured, what, (one, success[name]), (other, success[other_name]))


def _contrast(
    config: ConfigDict, measured: Measured, what: str, *sides: tuple[Outcome, np.ndarray]
) -> Iterator[dict[str, Any]]:
    """Rows of every measure of trained networks' stop words; the sides are outcomes and who of them [R, S]."""
    of_sides = [values_of(arrays_of(outcome, measured, "final"), config.data.sentence_length) for outcome, _ in sides]
    for measure in of_sides[0]:
        pair = [
            _of_group(measure, of_kind(values[measure], STOP), which)
            for values, (_, which) in zip(of_sides, sides, strict=True)
        ]
        found = compare(resampling.difference, *pair)
        if found.draws:
            row = _condition_of(sides[0][0]) | {"what": what, "measure": measure, "draws": found.draws}
            row |= {"networks": found.networks[0], "others": found.networks[1]}
            yield row | _scaled("difference", measure, found.interval)


def _of_group(measure: str, values: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values [n] of a group's networks and their draws [n]."""
    found, draws = known(values, which)
    return (found if measure in NUMBERS else yes_or_no(found)), draws


def _successes(config: ConfigDict, outcome: Outcome) -> np.ndarray:
    return np.asarray(last_accuracy(outcome) > config[NAME].success_above)


def arrays_of(outcome: Outcome, measured: Measured, stage: str) -> dict[str, np.ndarray]:
    """What was measured of one condition before or after training."""
    return below(measured, f"{outcome.condition.name}/{stage}")


def _condition_of(outcome: Outcome) -> dict[str, Any]:
    """The first columns of a row."""
    architecture = outcome.condition.architecture
    return {"data": outcome.condition.data.title, "cell": architecture.cell.name, "hidden": architecture.hidden_dim}


def _scaled(name: str, measure: str, interval: Interval) -> dict[str, float]:
    scale = 1 if measure in NUMBERS else 100
    return {name: scale * interval.estimate, "low": scale * interval.low, "high": scale * interval.high}
