"""Parts of evidence from the numbers of summary.json, and what a printed number asserts."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy

from experiments.claims import TAIL_FACTOR, Found
from experiments.controls import at_best_rates, matched_rnn
from rnnjax import resampling
from rnnjax.landscape import parse_architecture
from rnnjax.resampling import Draws
from rnnjax.statistics import CONFIDENCE, Interval
from rnnjax.verdicts import Evidence, Unseen

# Accuracies R of [S] of the summaries' networks, by step, data set ("FirstI") and shape ("rnn_2x2").
Reading = Callable[[Found, str, str, str], list[np.ndarray]]

SUCCESS, DECENT = 0.9, 0.7  # above the one, at least the other
NONE = [np.array([np.nan])]  # of no networks: nothing is known


def entry(found: Found, step: str, *path: str) -> Any:
    """What a step's summary has at a path of keys.

    Raises:
        KeyError: "capacity: ratios", where it has nothing there.
    """
    here: Any = found
    for key in (step, *path):
        if not isinstance(here, dict) or key not in here:
            raise KeyError(f"{step}: {'/'.join(path)}")
        here = here[key]
    return here


def accuracies(found: Found, step: str, name: str) -> list[np.ndarray]:
    """The validation accuracies of a condition in [0, 1], R of [S].

    Args:
        found: the steps' summaries.
        step: of the programme.
        name: of the condition, such as "FirstI/rnn_2x2".

    Raises:
        KeyError: "capacity: FirstI/rnn_2x2", where there is no such condition.
    """
    conditions = entry(found, step, "conditions")
    if name not in conditions or "accuracy" not in conditions[name]:
        raise KeyError(f"{step}: {name}")
    return [np.asarray(draw, float) for draw in conditions[name]["accuracy"]]


def last_epoch(found: Found, step: str, name: str) -> list[np.ndarray]:
    """The same after the last epoch, whichever epoch's is reported: that of the weights that are kept."""
    reported = accuracies(found, step, name)
    last = entry(found, step, "conditions", name).get("last_epoch")
    return reported if last is None else [np.asarray(draw, float) for draw in last]


def adopted(found: Found, step: str, data: str, shape: str) -> list[np.ndarray]:
    """The same of a data set and a shape, such as "FirstI" and "rnn_2x2", under section 3.2's protocol."""
    return accuracies(found, step, f"{data}/{shape}")


def larger(found: Found, steps: Sequence[str], name: str) -> str:
    """Of steps that train a condition alike the one with the most networks of it, the first of several.

    Args:
        found: the steps' summaries.
        steps: of the programme.
        name: of the condition.

    Raises:
        KeyError: as of accuracies, of the first step, if none of them has it.
    """
    return max(having(found, steps, name), key=lambda step: count(accuracies(found, step, name)))


def count(draws: Sequence[np.ndarray]) -> int:
    """Networks in all draws."""
    return sum(map(len, draws))


def of_larger(steps: Sequence[str]) -> Reading:
    """Reads as adopted does, but networks of any of these steps, which train them alike, from the larger one."""

    def reading(found: Found, step: str, data: str, shape: str) -> list[np.ndarray]:
        return adopted(found, larger(found, steps, f"{data}/{shape}") if step in steps else step, data, shape)

    return reading


def having(found: Found, steps: Sequence[str], name: str) -> Sequence[str]:
    """The steps that have a condition; the first, in which it will be missed, if none has."""
    return [step for step in steps if name in found.get(step, {}).get("conditions", {})] or steps[:1]


def unstopped(found: Found, step: str, data: str, shape: str) -> list[np.ndarray]:
    """The same without early stop, every network at the constant rate that is best for others (at_best_rates).

    Raises:
        KeyError: no such control.
    """
    rates = {rate: np.array(draws) for rate, draws in at_constant_rates(found, step, data, shape).items()}
    if not rates:
        raise KeyError(f"{step}: {data}/unstopped/{shape}")

    return list(at_best_rates(rates, SUCCESS)[1])


def at_constant_rates(found: Found, step: str, data: str, shape: str) -> dict[float, list[np.ndarray]]:
    """The same without early stop, by learning rate; empty if there is no such control.

    Raises:
        KeyError: the step has no conditions.
    """
    names = [name.split("/") for name in entry(found, step, "conditions")]
    rates = [of[1] for of in names if of[0] == data and of[1].startswith("unstopped_") and of[2:] == [shape]]
    return {float(of.removeprefix("unstopped_")): accuracies(found, step, f"{data}/{of}/{shape}") for of in rates}


def matched(found: Found, step: str, data: str, shape: str) -> list[np.ndarray]:
    """The same of RNNs with about as many parameters as the GRU of a shape, such as "gru_2x4"."""
    return accuracies(found, step, f"{data}/matched_{shape}/{matched_rnn(parse_architecture(shape)).name}")


def above(draws: Draws, threshold: float = SUCCESS) -> list[np.ndarray]:
    """Which networks are above an accuracy, R of [S] bool."""
    return resampling.success(draws, threshold)


def at_least(draws: Draws, threshold: float) -> list[np.ndarray]:
    """Which networks have at least an accuracy, R of [S] bool."""
    return [np.asarray(values) >= threshold for values in draws]


def pooled(conditions: Sequence[Draws]) -> list[np.ndarray]:
    """The networks of several conditions together: a draw's seeds of all of them, R of [C·S]."""
    return [np.concatenate(of_draw) for of_draw in zip(*conditions, strict=True)]


def mean_part(what: str, draws: Draws, **asserted: float) -> Evidence:
    """A mean of accuracies, or of successes a rate.

    Args:
        what: for the reader.
        draws: R of [S].
        asserted: above, below, scale of Evidence.
    """
    return part(what, resampling.mean(draws), [draws], unseen=_unseen(draws), **asserted)


def difference_part(what: str, one: Draws, other: Draws, **asserted: float) -> Evidence:
    """mean(one) - mean(other), paired by draw; asserted as of mean_part."""
    unseen = _unseen(one) + _unseen(other, subtracted=True)
    return part(what, resampling.difference(one, other), [one, other], unseen=unseen, **asserted)


def rarer_part(what: str, rare: Draws, common: Draws, scale: float = 1.0) -> Evidence:
    """mean(rare) - mean(common) / TAIL_FACTOR, asserted to be below 0: less than half as often, half as large.

    It says the same as a ratio below 1/2, and keeps a finite interval where one side or both are 0.
    """
    effect = resampling.difference(rare, common, scale=TAIL_FACTOR)
    unseen = _unseen(rare) + _unseen(common, 1 / TAIL_FACTOR, subtracted=True)
    return part(what, effect, [rare, common], below=0.0, scale=scale, unseen=unseen)


def _unseen(draws: Draws, scale: float = 1.0, subtracted: bool = False) -> tuple[Unseen, ...]:
    """What a part has to know of successes R of [S] that are all the same; of others nothing."""
    values = np.concatenate(draws)
    if values.dtype != bool or (values != values[0]).any():
        return ()
    return (Unseen(len(draws), min(map(len, draws)), scale, bool(values[0]) == subtracted),)


def part(what: str, effect: Interval, sides: Sequence[Draws], **asserted: Any) -> Evidence:
    """An effect of networks R of [S] on each side: those of the smaller side count, if they are not NaN."""
    known = [[int(np.isfinite(values).sum()) for values in side] for side in sides]
    members, draws = min(map(sum, known)), min(sum(map(bool, side)) for side in known)
    return Evidence(what, effect, members=members, draws=draws, **asserted)


def undecided(part: Evidence) -> Evidence:
    """The same without an interval, as of networks that are not those of the claim: nothing is concluded of them."""
    return part._replace(effect=Interval(part.effect.estimate, -np.inf, np.inf))


def interval(row: dict[str, Any], name: str, unit: float = 1.0) -> Interval:
    """The interval that a summary's row has as name_estimate, name_low, name_high, divided by a unit (100: per cent).

    An end that is null was infinite; an estimate that is null is NaN.

    Raises:
        KeyError: none of that name.
    """
    ends = [row[f"{name}_{end}"] for end in Interval._fields]
    instead = (np.nan, -np.inf, np.inf)
    return Interval(*(other if end is None else end / unit for end, other in zip(ends, instead, strict=True)))


def allowed(successes: int, trials: int) -> tuple[float, float]:
    """The rates that a printed count leaves possible: Clopper and Pearson's exact interval.

    Of 1 in 48, 0.05 % to 11 %. The ends of counts 0 and n are open: -inf for 0, inf for n.
    """
    low, high = scipy.stats.binomtest(successes, trials).proportion_ci(CONFIDENCE, method="exact")
    return (float(low) if successes else -np.inf), (float(high) if successes < trials else np.inf)
