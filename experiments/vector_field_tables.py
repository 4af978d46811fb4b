"""Section 4.3.3 in numbers: what words do over groups of networks, and how changes go together."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from experiments import success_groups
from experiments.analysis import Measured, last_accuracy
from experiments.draw_intervals import compare, with_draws
from experiments.outcomes import Outcome
from experiments.reporting import estimate_columns
from experiments.success_groups import ALL, STAGES, by_stage, count_in, mean_in
from experiments.training_experiment import Outcomes
from rnnjax import correlation, fields, resampling
from rnnjax.statistics import Interval, quotient
from rnnjax.words import KINDS, NEGATIVE, POSITIVE, STOP, words_of

NAME = "vector_field"
NEAR, FAR = 0.1, 0.4  # distances to the boundary that count as near, and from which on as far
Arrays = Mapping[str, np.ndarray]  # of one condition and stage: "mean_norm" [V, R, S] and so on


def values_of(arrays: Arrays) -> dict[str, np.ndarray]:
    """What C16 and C17 speak of, of each network [R, S] in [0, 1], a mean over words; NaN where no point is meant.

    Of all points of the plane, the share at which ... moves: a sentiment word moves the state in its direction,
    across the boundary's normal; lands: it leads into its region; stop_keeps, sentiment_keeps: the word leads into the
    region where the state is. The last two likewise of the points within NEAR of the boundary (_near) or further
    than FAR from it (_far); crosses_near, crosses_far: of those in the other region, the share from which a sentiment
    word leads into its own.
    """
    up, down, positive = (arrays[name] for name in ("up", "down", "positive"))
    lands = [positive[words_of(POSITIVE)], 1 - positive[words_of(NEGATIVE)]]
    sentiments = np.concatenate([words_of(POSITIVE), words_of(NEGATIVE)])
    found = {
        "moves": np.concatenate([up[words_of(POSITIVE)], down[words_of(NEGATIVE)]]).mean(0),
        "lands": np.concatenate(lands).mean(0),
        "stop_keeps": arrays["keeps"][words_of(STOP)].mean(0),
        "sentiment_keeps": arrays["keeps"][sentiments].mean(0),
    }
    keeps, points = kept_at(arrays), arrays["points_at"]
    for where, bins in (("near", _bins(0, NEAR)), ("far", _bins(FAR, np.inf))):
        both = [*bins, *_mirrored(bins)]
        total = points[both].sum(0)
        found[f"stop_keeps_{where}"] = quotient(keeps[words_of(STOP)][:, both].sum(1).mean(0), total)
        found[f"sentiment_keeps_{where}"] = quotient(keeps[sentiments][:, both].sum(1).mean(0), total)
        # Of a positive word the other region is the one below 0.
        crossing = [
            quotient((points[None, side] - keeps[words_of(kind)][:, side]).sum(1).mean(0), points[side].sum(0))
            for kind, side in ((POSITIVE, _mirrored(bins)), (NEGATIVE, bins))
        ]
        found[f"crosses_{where}"] = np.mean(crossing, 0)
    return found


def kept_at(arrays: Arrays) -> np.ndarray:
    """[V, B, R, S], in each bin the points from which a word leads into the region where they are."""
    above = np.arange(len(fields.EDGES) + 1) > np.flatnonzero(fields.EDGES == 0)[0]
    positive, points = arrays["positive_at"], arrays["points_at"][None]
    return np.where(above[None, :, None, None], positive, points - positive)


def share_rows(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> Iterator[dict[str, Any]]:
    """Condition x stage and group x measure, in per cent."""
    for outcome in outcomes.values():
        for stage, group, which in by_stage(config, NAME, last_accuracy(outcome)):
            for name, each in values_of(arrays_of(outcome, measured, stage)).items():
                networks, draws = count_in(each, which)
                row = _condition(outcome) | {"stage": stage, "group": group, "measure": name}
                row |= {"networks": networks, "draws": draws}
                yield row | _percent("mean", mean_in(each, which))


def contrast_rows(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> Iterator[dict[str, Any]]:
    """Points of per cent by which each measure of one group is above that of another, in the draws that have both."""
    for outcome in outcomes.values():
        values = values_of(arrays_of(outcome, measured, "final"))
        before = values_of(arrays_of(outcome, measured, "initial"))
        success, middle, failure = success_groups.groups(config, NAME, last_accuracy(outcome)).items()
        for name, each in values.items():
            for what, one, other in (
                (f"{success[0]} - {failure[0]}", (each, success[1]), (each, failure[1])),
                (f"{success[0]} - others", (each, success[1]), (each, middle[1] | failure[1])),
                (f"{success[0]}: after - before training", (each, success[1]), (before[name], success[1])),
            ):
                found = compare(resampling.difference, with_draws(*one), with_draws(*other))
                row = _condition(outcome) | {"what": what, "measure": name, "draws": found.draws}
                row |= {"networks": found.networks[0], "others": found.networks[1]}
                if found.draws:
                    yield row | _percent("difference", found.interval)


def curve_rows(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> Iterator[dict[str, Any]]:
    """The share of the points from which words of a kind lead into the positive region, by distance to the boundary."""
    edges = [-np.inf, *(float(f"{edge:g}") for edge in fields.EDGES), np.inf]
    for outcome in outcomes.values():
        for stage, group, which in by_stage(config, NAME, last_accuracy(outcome)):
            arrays = arrays_of(outcome, measured, stage)
            for kind, name in enumerate(KINDS):
                positive = arrays["positive_at"][words_of(kind)].mean(0)
                for bin_, (low, high) in enumerate(pairwise(edges)):
                    share = quotient(positive[bin_], arrays["points_at"][bin_])
                    row = _condition(outcome) | {"stage": stage, "group": group, "words": name}
                    row |= {"from": low, "to": high, "networks": count_in(share, which)[0]}
                    yield row | _percent("mean", mean_in(share, which))


def correlation_rows(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> Iterator[dict[str, Any]]:
    """C18: of every condition, over all words, over those of each kind, over all words of networks that did not fail.

    A change of accuracy is in [-1, 1]. Failures hardly change in either way, which alone makes a correlation; so do
    draws whose words are easy and lie so that fields change much, which `within` (of ranks within draws) leaves out.
    """
    below = config[NAME].failure_below
    for outcome in outcomes.values():
        x, y = changes(outcome, measured)
        decent = np.where(last_accuracy(outcome) >= below, y, np.nan)
        kinds = [(kind, ALL, words_of(i), y) for i, kind in enumerate(KINDS)]
        every = np.arange(len(x))
        for words, networks, some, of in [
            (ALL, ALL, every, y),
            *kinds,
            (ALL, f"from {100 * below:g} %", every, decent),
        ]:
            row = _condition(outcome) | {"words": words, "networks": networks, "number": int(np.isfinite(of[0]).sum())}
            yield row | _correlated(x[some], of[some])


def _correlated(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    slope, at_0 = correlation.line(x, y)
    row = {"slope": slope, "intercept": at_0}
    for what, of in (
        ("pearson", correlation.pearson),
        ("spearman", correlation.spearman),
        ("within", correlation.within),
    ):
        row |= estimate_columns(what, of(x, y))
    return row


def changes(outcome: Outcome, measured: Measured) -> tuple[np.ndarray, np.ndarray]:
    """By how much training has changed every word's mean norm and its network's validation accuracy, both [V, R, S]."""
    before, after = (arrays_of(outcome, measured, stage)["mean_norm"] for stage in STAGES)
    gained = last_accuracy(outcome) - measured[f"{outcome.condition.name}/start_accuracy"]
    return after - before, np.broadcast_to(gained, after.shape)


def arrays_of(outcome: Outcome, measured: Measured, stage: str) -> dict[str, np.ndarray]:
    """fields.Summary's arrays of one condition before or after training."""
    return {name: measured[f"{outcome.condition.name}/{stage}/{name}"] for name in fields.Summary._fields}


def _bins(low: float, high: float) -> list[int]:
    """The bins of distances from low to high, on the positive side."""
    edges = np.append(fields.EDGES, np.inf)
    return [i + 1 for i in range(len(edges) - 1) if edges[i] >= low and edges[i + 1] <= high]


def _mirrored(bins: list[int]) -> list[int]:
    return [len(fields.EDGES) - i for i in bins]


def _condition(outcome: Outcome) -> dict[str, Any]:
    return {"data": outcome.condition.data.title, "cell": outcome.condition.architecture.cell.name}


def _percent(name: str, interval: Interval) -> dict[str, float]:
    return {name: 100 * interval.estimate, "low": 100 * interval.low, "high": 100 * interval.high}
