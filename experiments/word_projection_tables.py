"""Section 4.3.1 in numbers: every measure of every group of networks, before and after training, and differences."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from experiments.draw_intervals import NONE, compare, mean_of, with_draws
from experiments.outcomes import below
from experiments.reporting import interval_columns
from experiments.success_groups import STAGES
from rnnjax import resampling
from rnnjax.landscape import Architecture
from rnnjax.statistics import Interval

ALL, SUCCESSES, FAILURES = "all", "above 90 %", "at most 90 %"
CANDIDATE = "candidate"  # the gate that an RNN has too
_ROUNDING = 1e-6  # margins up to this, relative to the spread, are none

Groups = Mapping[tuple[Architecture, str], np.ndarray]  # which networks are in a cell's group, [R, S] bool
Arrays = Mapping[str, np.ndarray]  # of one data set, such as "gru_2x2/final/candidate/stop_norm" [R, S]


def groups_of(accuracies: Mapping[Architecture, np.ndarray], success: float) -> Groups:
    """All networks of each cell, those above an accuracy, the others."""
    found: dict[tuple[Architecture, str], np.ndarray] = {}
    for shape, accuracy in accuracies.items():
        above = accuracy > success
        found |= {(shape, ALL): above | True, (shape, SUCCESSES): above, (shape, FAILURES): ~above}
    return found


def with_criteria(values: Arrays, line_above: float, null_below: float) -> dict[str, np.ndarray]:
    """The measures of one gate, and what they say yes or no to: [R, S] bool.

    in_null_space: stop words' W_ih x is short beside sentiment words'. hidden_line, logits_line: the words lie on a
    line. hidden_separable, logits_separable: some line separates the sentiments. difference_separates: a threshold of
    the logits' difference does, positive words above it.
    """
    return dict(values) | {
        "in_null_space": values["stop_norm"] < null_below,
        "hidden_line": values["hidden_axis"] > line_above,
        "logits_line": values["logits_axis"] > line_above,
        "hidden_separable": values["hidden_separation"] > _ROUNDING,
        "logits_separable": values["logits_separation"] > _ROUNDING,
        "difference_separates": values["difference_gap"] > _ROUNDING,
    }


def measure_rows(groups: Groups, arrays: Arrays, line_above: float, null_below: float) -> Iterator[dict[str, Any]]:
    """Cell x group x gate x measure: means before and after training, and of the same networks' changes."""
    for (shape, group), which in groups.items():
        for gate in gates_of(shape):
            before, after = (
                with_criteria(of_gate(arrays, shape, stage, gate), line_above, null_below) for stage in STAGES
            )
            for key in after:
                row: dict[str, Any] = {"cell": shape.cell.name, "gate": gate, "group": group, "measure": key}
                known = which & np.isfinite(before[key] * 1.0 + after[key])
                row |= {"networks": int(known.sum()), "draws": int(known.any(1).sum())}
                baseline = arrays.get(f"words/{key}")
                row["words"] = None if baseline is None or not known.any() else float(baseline[known.any(1)].mean())
                row |= interval_columns("before", mean_of(*with_draws(before[key], known)))
                row |= interval_columns("trained", mean_of(*with_draws(after[key], known)))
                yield row | interval_columns("change", _change(before[key], after[key], known))


def difference_rows(groups: Groups, arrays: Arrays) -> Iterator[dict[str, Any]]:
    """RNN minus GRU, and successes minus failures, of trained networks in the draws that have both; candidates."""
    rnn, gru = dict.fromkeys(shape for shape, _ in groups)
    pairs = [("both", "RNN - GRU", (rnn, ALL), (gru, ALL))]
    pairs += [(each.cell.name, f"{SUCCESSES} - {FAILURES}", (each, SUCCESSES), (each, FAILURES)) for each in (rnn, gru)]
    for cell, what, one, other in pairs:
        sides = [(of_gate(arrays, side[0], "final", CANDIDATE), groups[side]) for side in (one, other)]
        for key in sides[0][0]:
            found = compare(resampling.difference, *(with_draws(values[key], which) for values, which in sides))
            row = {"cell": cell, "what": what, "measure": key, "draws": found.draws}
            row |= {"networks": found.networks[0], "others": found.networks[1]}
            yield row | interval_columns("difference", found.interval)


def gates_of(shape: Architecture) -> list[str]:
    """The names of its gates."""
    return [gate.name for gate in shape.cell.gates]


def of_gate(arrays: Arrays, shape: Architecture, stage: str, gate: str) -> dict[str, np.ndarray]:
    """All measures [R, S] of one gate's products at one stage."""
    return below(arrays, f"{shape.name}/{stage}/{gate}")


def _change(before: np.ndarray, after: np.ndarray, known: np.ndarray) -> Interval:
    """The mean change of some networks; of yes and no the difference of rates, which has a width if all agree."""
    if not known.any():
        return NONE
    if after.dtype == bool:
        return compare(resampling.difference, with_draws(after, known), with_draws(before, known)).interval
    return mean_of(*with_draws(after - before, known))
