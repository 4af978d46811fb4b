"""Numbers of experiments.hessian_spectrum: what a spectrum says in a few measures, with intervals."""

from typing import Any, NamedTuple

import numpy as np

from experiments.analysis import Measured, last_accuracy
from experiments.draw_intervals import Compared, compare, mean_of
from experiments.found import how_trained
from experiments.geometric_means import geometric_mean, logarithm, times
from experiments.hessian_measures import STAGES
from experiments.outcomes import Outcome, below
from experiments.reporting import interval_columns
from rnnjax import resampling
from rnnjax.landscape import Architecture
from rnnjax.statistics import Interval

Row = dict[str, Any]
ROUNDING = 1e-9  # of the largest eigenvalue's size: a smaller one has no sign; what is exactly 0 is within 1e-13
# What is told of a spectrum, and whether it spreads over powers of ten.
MEASURES = {"largest": True, "least": True, "negative": False, "negative_share": False, "condition": True}
# largest_per_loss: a network whose loss is small curves little, for both go with how unsure it is.
OTHERS = {"largest_per_loss": True, "gradient": True, "loss": True}


class Seen(NamedTuple):
    """The chosen networks of a condition, n of them."""

    data: str
    how: str  # trained
    shape: Architecture
    draws: np.ndarray  # [n]
    seeds: np.ndarray  # [n]
    success: np.ndarray  # [n] bool; the others are failures
    accuracy: np.ndarray  # [n], validation
    measured: Measured  # by stage and measure, "start/eigenvalues"

    def values(self, stage: str, measure: str) -> np.ndarray:
        """A measure [n] of MEASURES or OTHERS."""
        if measure == "largest_per_loss":
            return self.values(stage, "largest") / self.values(stage, "loss")
        if measure in OTHERS:
            return self.measured[f"{stage}/{measure}"]
        return measures(self.measured[f"{stage}/eigenvalues"])[measure]

    def described(self, place: int) -> Row:
        """One network, for the summary."""
        found: Row = {"data": self.data, "how": self.how, "architecture": self.shape.name}
        found |= {"draw": int(self.draws[place]), "seed": int(self.seeds[place])}
        found["accuracy"] = float(self.accuracy[place])
        for stage in STAGES:
            found[stage] = {name: float(self.values(stage, name)[place]) for name in (*MEASURES, *OTHERS)}
        return found


def seen_of(outcome: Outcome, measured: Measured) -> Seen:
    """What is known of a condition's chosen networks."""
    condition = outcome.condition
    own = below(measured, condition.name)
    draws, seeds = own["draws"], own["seeds"]
    accuracy = last_accuracy(outcome)[draws, seeds]
    which = condition.data.title, how_trained(condition), condition.architecture
    return Seen(*which, draws, seeds, own["success"], accuracy, own)


def measures(eigenvalues: np.ndarray) -> dict[str, np.ndarray]:
    """What is told of spectra [Q, n], ascending: each [n].

    largest: the largest eigenvalue. least: the size of the least one, where it is negative; else NaN. negative: how
    many are. negative_share: of all Q. condition: the largest size over the median size.
    """
    sizes = np.abs(eigenvalues)
    negative = eigenvalues < -ROUNDING * sizes.max(0)
    return {
        "largest": eigenvalues[-1],
        "least": np.where(negative[0], sizes[0], np.nan),
        "negative": negative.sum(0).astype(float),
        "negative_share": negative.mean(0),
        "condition": sizes.max(0) / np.median(sizes, 0),
    }


def measure_rows(seen: Seen) -> list[Row]:
    """Means over draws of draws' means, of successes and of failures, at every stage; geometric where it says so."""
    rows = []
    for stage in STAGES:
        for group, members in groups_of(seen).items():
            if not members.any():
                continue
            draws = seen.draws[members]
            row = named(seen) | {"stage": stage, "group": group, "networks": len(draws), "draws": len(np.unique(draws))}
            for name, spreads in (MEASURES | OTHERS).items():
                row |= interval_columns(name, average(seen.values(stage, name)[members], draws, spreads))
            rows.append(row)
    return rows


def group_rows(every: list[Seen]) -> list[Row]:
    """Successes beside failures of the same condition, in draws that have both: quotients, or differences."""
    rows = []
    for seen in every:
        groups = groups_of(seen)
        for stage in STAGES if seen.success.any() and not seen.success.all() else ():
            row = named(seen) | {"stage": stage, "one": "success", "other": "failure"}
            rows += _compared(row, (seen, groups["success"]), (seen, groups["failure"]), stage)
    return rows


def cell_rows(every: list[Seen]) -> list[Row]:
    """RNNs beside GRUs that were trained likewise, successes beside successes and failures beside failures."""
    rows = []
    for one in every:
        for other in every:
            alike = (one.data, one.how, one.shape.shape) == (other.data, other.how, other.shape.shape)
            if not alike or (one.shape.cell.name, other.shape.cell.name) != ("rnn", "gru"):
                continue
            for group in groups_of(one):
                sides = (one, groups_of(one)[group]), (other, groups_of(other)[group])
                for stage in STAGES if all(members.any() for _, members in sides) else ():
                    row = named(one) | {"stage": stage, "group": group, "one": "rnn", "other": "gru"}
                    rows += _compared(row, *sides, stage)
    return rows


def pair_of(every: list[Seen]) -> list[tuple[Seen, int]]:
    """An RNN and a GRU that succeeded: the RNNs' first, and the GRU trained likewise that is nearest in accuracy.

    Of the ways of training the first that has both; the same draw's GRU if there is one.
    """
    for rnn in every:
        for gru in every:
            alike = (rnn.how, rnn.shape.shape) == (gru.how, gru.shape.shape)
            if alike and (rnn.shape.cell.name, gru.shape.cell.name) == ("rnn", "gru"):
                mine, theirs = np.flatnonzero(rnn.success), np.flatnonzero(gru.success)
                if len(mine) and len(theirs):
                    first = int(mine[0])
                    same = theirs[gru.draws[theirs] == rnn.draws[first]]
                    theirs = same if len(same) else theirs
                    nearest = np.abs(gru.accuracy[theirs] - rnn.accuracy[first]).argmin()
                    return [(rnn, first), (gru, int(theirs[nearest]))]
    return []


def groups_of(seen: Seen) -> dict[str, np.ndarray]:
    """[n] bool of each group."""
    return {"success": seen.success, "failure": ~seen.success}


def average(values: np.ndarray, draws: np.ndarray, spreads: bool) -> Interval:
    """The mean of values [n], a geometric one if they spread over powers of ten."""
    return geometric_mean(logarithm(values), draws) if spreads else mean_of(values, draws)


def named(seen: Seen) -> Row:
    """The columns that say which condition it is."""
    return {"data": seen.data, "how": seen.how, "architecture": seen.shape.name}


def _compared(row: Row, one: tuple[Seen, np.ndarray], other: tuple[Seen, np.ndarray], stage: str) -> list[Row]:
    """A row a measure, with what it says: "higher", "lower", "open", or "inconclusive" of too few networks."""
    rows = []
    for name, spreads in (MEASURES | OTHERS).items():
        sides = []
        for seen, members in (one, other):
            values = seen.values(stage, name)[members]
            sides.append((logarithm(values) if spreads else values, seen.draws[members]))
        compared: Compared = times(*sides) if spreads else compare(resampling.difference, *sides)
        more = row | {"measure": name, "how_compared": "times" if spreads else "difference"}
        more |= interval_columns("value", compared.interval)
        more |= {"networks": compared.networks[0], "others": compared.networks[1], "draws": compared.draws}
        rows.append(more | {"finding": compared.finding(1.0 if spreads else 0.0)})
    return rows
