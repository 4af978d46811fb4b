"""Numbers of experiments.vanishing_gradients: ratios of gradients with intervals, and what success goes with them.

A network's ratio is |dL/dh_1| / |dL/dh_T|, its sentences' median; over networks its geometric mean is taken.
"""

from typing import Any, NamedTuple

import numpy as np
from ml_collections import ConfigDict

from experiments.analysis import Measured, last_accuracy
from experiments.draw_intervals import NONE
from experiments.geometric_means import geometric_mean, logarithm, times
from experiments.outcomes import Outcome, below
from experiments.reporting import interval_columns, percent_columns
from experiments.vanishing_conditions import NAME
from rnnjax import correlation, resampling
from rnnjax.cells import CELLS
from rnnjax.parameters import unflatten
from rnnjax.statistics import Interval

Row = dict[str, Any]
STAGES = ("start", "end")
_CHANGES = {"identity": "$W_{hh} = I$", "closed": "update gate more closed", "open": "update gate more open"}
_FEWEST = 5  # successes, and others, without which a correlation with success says nothing


class Seen(NamedTuple):
    """One condition's networks: R draws, S seeds."""

    data: str
    cell: str
    kind: str  # "" as it is, "unstopped_0.001", or one of vanishing_conditions.CHANGES
    accuracy: np.ndarray  # [R, S] in [0, 1], after training
    controls: Measured  # [R, S] each, what else tells starts apart
    measured: Measured  # by stage and measure, "start/relative"
    limits: tuple[float, float]  # failures are below the first accuracy, successes above the second

    @property
    def unstopped(self) -> bool:
        return self.kind.startswith("unstopped")

    @property
    def changed(self) -> bool:
        return bool(self.kind) and not self.unstopped

    @property
    def title(self) -> str:
        """As figures show it."""
        return CELLS[self.cell].title + ("" if not self.changed else f", {_CHANGES[self.kind]}")

    def groups(self) -> dict[str, np.ndarray]:
        """Which networks are successes, failures and what lies between, [R, S] bool."""
        low, high = self.limits
        above, below = self.accuracy > high, self.accuracy < low
        return {"above": above, "between": ~above & ~below, "below": below}

    def ratio(self, stage: str) -> np.ndarray:
        """log10 of |dL/dh_1| / |dL/dh_T|, [R, S]; NaN where it is 0 or no number."""
        return logarithm(self.measured[f"{stage}/relative"][1])

    def first(self, seeds: int) -> "Seen":
        """Its first seeds alone."""
        controls = {key: values[:, :seeds] for key, values in self.controls.items()}
        of_all = {key: v[..., :seeds] for key, v in self.measured.items() if key.split("/")[0] in STAGES}
        return self._replace(accuracy=self.accuracy[:, :seeds], controls=controls, measured=of_all)


def seen_of(config: ConfigDict, outcome: Outcome, measured: Measured) -> Seen:
    """What is known of a condition."""
    condition, wanted = outcome.condition, config[NAME]
    own = below(measured, condition.name)
    data, *kind, _ = condition.name.split("/")
    start = unflatten(outcome["initial"], condition.architecture.sizes)
    controls = {
        "loss": own["start/loss"],
        "input_norm": np.sqrt((start.w_ih**2).sum((0, 1))),
        "readout_norm": np.sqrt(((start.w_oh[1] - start.w_oh[0]) ** 2).sum(0)),
    }
    limits = wanted.failure_below, wanted.success_above
    return Seen(data, condition.architecture.cell.name, "".join(kind), last_accuracy(outcome), controls, own, limits)


def measure_rows(seen: Seen) -> list[Row]:
    """The ratio, what it is a word, the gradients themselves and singular values, before and after training."""
    rows = []
    for stage in STAGES:
        steps = len(seen.measured[f"{stage}/relative"]) - 2  # from the first word to the last
        singular = seen.measured[f"{stage}/singular"][1]
        for group, members in ({"all": np.ones(seen.accuracy.shape, bool)} | seen.groups()).items():
            if not members.any():
                continue
            row = named(seen) | {"stage": stage, "group": group, "networks": int(members.sum())}
            row |= {"draws": int(members.any(1).sum()), "left_out": int(np.isnan(seen.ratio(stage)[members]).sum())}
            ratio = geometric(np.where(members, seen.ratio(stage), np.nan))
            row |= interval_columns("ratio", ratio)
            row |= interval_columns("per_word", Interval(*(value ** (1 / max(1, steps)) for value in ratio)))
            for name, values in (
                ("gradient_first", seen.measured[f"{stage}/mean"][1]),
                ("gradient_last", seen.measured[f"{stage}/mean"][-1]),
                ("largest_singular", singular[0]),
                ("least_singular", singular[-1]),
            ):
                row |= interval_columns(name, geometric(np.where(members, logarithm(values), np.nan)))
            rows.append(row)
    return rows


def change_rows(seen: list[Seen]) -> list[Row]:
    """What another cell, or a start changed by hand, does to the ratio and to what comes of training, in per cent.

    A cell is compared with the same data's RNNs, a changed start with the same seeds' as they were.
    """
    plain = {(one.data, one.cell): one for one in seen if not one.kind}
    rows = []
    for one in seen:
        against = plain[one.data, one.cell if one.changed else "rnn"].first(one.accuracy.shape[1])
        if one.unstopped or (one.kind, one.cell) == ("", "rnn"):
            continue
        row = named(one) | {"against": against.cell, "networks": one.accuracy.size}
        for stage in STAGES:
            compared = times(_flat(one.ratio(stage)), _flat(against.ratio(stage)))
            row |= interval_columns(f"{stage}_ratio_times", compared.interval)
        gain = resampling.difference(list(one.accuracy), list(against.accuracy))
        row |= percent_columns("accuracy_gain", gain)
        for limit in one.limits:
            mine, theirs = (resampling.success(list(each.accuracy), limit) for each in (one, against))
            row |= percent_columns(f"above_{100 * limit:g}_gain", resampling.difference(mine, theirs))
        rows.append(row)
    return rows


def correlation_rows(seen: Seen) -> list[Row]:
    """Does a start with a larger ratio end better? See correlations; NaN with too few successes, or too few others."""
    ratio, success, rows = seen.ratio("start"), seen.groups()["above"], []
    for outcome, values in (("accuracy", seen.accuracy), ("success", success)):
        row = named(seen) | {"outcome": outcome, "networks": int(np.isfinite(ratio).sum())}
        row["successes"] = int(success.sum())
        enough = outcome == "accuracy" or _FEWEST <= success.sum() <= success.size - _FEWEST
        found = correlations(ratio, values, list(seen.controls.values()) if enough else None)
        for name, interval in found.items():
            row |= interval_columns(name, interval)
        rows.append(row)
    return rows


def correlations(x: np.ndarray, y: np.ndarray, controls: list[np.ndarray] | None) -> dict[str, Interval]:
    """Rank correlations [R, S] of all networks; within draws; and within draws with the controls held fixed.

    Draws differ in how hard they are and in what their words do to gradients, which the first does not tell from what
    a start does. The second ranks the networks of each draw by themselves. The third also takes out of both
    ranks what the controls' ranks explain linearly. "gain" is the mean of y, in per cent, of the upper half of each
    draw's x, less the lower half's.

    Args:
        x: before training.
        y: after it.
        controls: before training; None if there is nothing to be said.
    """
    if controls is None:
        return dict.fromkeys(("pooled", "within", "partial", "gain"), NONE)
    a, b = correlation.within_ranks(x), correlation.within_ranks(y)
    explained = [correlation.within_ranks(control) for control in controls]
    return {
        "pooled": correlation.spearman(x[None], y[None]),
        "within": correlation.pearson(a[None], b[None]),
        "partial": correlation.pearson(residual(a, explained)[None], residual(b, explained)[None]),
        "gain": half_gain(x, y),
    }


def residual(values: np.ndarray, explained_by: list[np.ndarray]) -> np.ndarray:
    """[R, S], what is left of values after least squares on others [R, S]; NaN where any is."""
    there = np.all([np.isfinite(values), *map(np.isfinite, explained_by)], 0)
    matrix = np.stack([other[there] for other in explained_by], 1)
    left = np.full(values.shape, np.nan)
    left[there] = values[there] - matrix @ np.linalg.lstsq(matrix, values[there])[0]
    return left


def half_gain(x: np.ndarray, y: np.ndarray) -> Interval:
    """The mean of y [R, S] where x is in the upper half of its draw, less that in the lower half, in per cent."""
    ranks = correlation.within_ranks(x)
    halves = [
        (values[ranks > 0], values[ranks < 0]) for values, ranks in zip(y, ranks, strict=True) if (ranks != 0).any()
    ]
    uppers, lowers = [upper for upper, _ in halves], [lower for _, lower in halves]
    return Interval(*(100 * value for value in resampling.difference(uppers, lowers))) if halves else NONE


def rates_by_ratio(seen: Seen, threshold: float, width: float, fewest: int) -> tuple[np.ndarray, list[Interval]]:
    """Networks above an accuracy among those of about the same ratio before training.

    Args:
        seen: a condition.
        threshold: in [0, 1].
        width: of a bin of log10 of the ratio; bins begin at its multiples.
        fewest: networks of a bin; of fewer nothing is told.

    Returns:
        of each bin the mean of log10 of the ratio, and the rate: draws that have any of them count alike.
    """
    ratio, success = seen.ratio("start"), seen.accuracy > threshold
    bins = np.floor(ratio / width)
    found = [bins == number for number in np.unique(bins[np.isfinite(bins)])]
    found = [here for here in found if here.sum() >= fewest]
    places = np.array([ratio[here].mean() for here in found])
    by_draw = [resampling.of_chosen(success, mine) for mine in found]
    return places, [resampling.mean(parts) for parts in by_draw]


def geometric(logarithms: np.ndarray) -> Interval:
    """The geometric mean of what has the logarithms [R, S]; NaN is left out."""
    return geometric_mean(*_flat(logarithms))


def named(seen: Seen) -> Row:
    """The columns that say which condition it is."""
    return {"data": seen.data, "cell": seen.cell, "kind": seen.kind}


def _flat(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values [R, S] and their draws as vectors."""
    return values.ravel(), np.repeat(np.arange(len(values)), values.shape[1])
