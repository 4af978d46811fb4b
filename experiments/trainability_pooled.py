"""Section 4.2.1's success over all shapes, with and without controls: how often each cell is above 90 %.

In the tables the protocol "thesis" is section 3.2's for all networks, "unstopped" that of some of them without early
stop, at each shape's best constant rate, "stopped" section 3.2's for the same ones, and "matched" section 3.2's for all
GRUs and, instead of the RNNs of their shapes, RNNs with about as many parameters.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from experiments.conditions import DataSet
from experiments.controls import THESIS, Unstopped, by_protocol, matched_name
from experiments.reporting import estimate_columns
from experiments.training_experiment import Outcomes
from rnnjax import resampling
from rnnjax.landscape import Architecture

Sides = dict[str, list[np.ndarray]]  # by cell: which networks succeeded, R of [shapes·S] bool


def pool(
    config: ConfigDict,
    outcomes: Outcomes,
    data: DataSet,
    shapes: Sequence[Architecture],
    pairs: Mapping[Architecture, Unstopped],
    threshold: float,
) -> dict[str, Sides]:
    """Which networks are above a threshold, by protocol, with all shapes of a cell together.

    Resampling a draw's seeds then resamples its shapes with them, though these are given: of ten draws, which differ by
    more, that moves an end by at most half a point; an interval of one draw is too wide by up to three quarters.

    Args:
        config: of the run.
        outcomes: of all conditions.
        data: on which.
        shapes: RNNs and GRUs.
        pairs: of controls.best_unstopped.
        threshold: an accuracy in [0, 1].
    """

    def together(accuracies: Sequence[np.ndarray]) -> list[np.ndarray]:
        # A draw's seeds of all shapes belong together.
        return resampling.success(list(np.concatenate(accuracies, axis=1)), threshold)

    found = {
        protocol: {
            cell: together([accuracy for shape, accuracy in each.items() if shape.cell.name == cell])
            for cell in ("rnn", "gru")
        }
        for protocol, each in by_protocol(config, outcomes, data, shapes, pairs).items()
    }
    if config.trainability.matched:
        names = [matched_name(data, shape) for shape in shapes if shape.cell.name == "gru"]
        matched = together([outcomes[name].accuracy(config.training.report) for name in names])
        found["matched"] = {"rnn": matched, "gru": found[THESIS]["gru"]}
    return found


def overall(protocol: str, sides: Sides) -> dict[str, Any]:
    """C04: each cell's success and their difference, in per cent, as a line of a table."""
    row: dict[str, Any] = {"protocol": protocol, "draws": len(sides["gru"])}
    for cell, successes in sides.items():
        row[f"{cell}_networks"] = sum(map(len, successes))
        row |= estimate_columns(f"{cell}_above_90", resampling.mean(successes), 100)
    return row | estimate_columns("gru_minus_rnn", resampling.difference(sides["gru"], sides["rnn"]), 100)


def between(one: str, other: str, pooled: Mapping[str, Mapping[str, Sides]]) -> list[dict[str, Any]]:
    """C05: how much more often a cell succeeds on one data set than on another, in per cent, as lines of a table.

    Args:
        one: the title of a data set.
        other: of another.
        pooled: by title, of pool.
    """
    rows = []
    for protocol, sides in pooled[one].items():
        for cell, successes in sides.items():
            row = {"data": one, "minus": other, "protocol": protocol, "cell": cell, "draws": len(successes)}
            row["networks"] = sum(map(len, successes))
            gain = resampling.difference(successes, pooled[other][protocol][cell])
            rows.append(row | estimate_columns("above_90", gain, 100))
    return rows
