"""Claims on gates: frozen recurrent weights, and which gate matters (sections 4.5.1 and 4.5.2)."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise, product

from experiments.claims import RATE_MARGIN, Found, Test
from experiments.claims_evidence import Reading, above, difference_part, of_larger, unstopped
from rnnjax.verdicts import Evidence

_HIDDEN = (2, 4)
_NONE_ABOVE_90 = ("FirstII", 2)  # data set and hidden size: section 4.5.1, "no model achieved accuracy greater than 90"
_TITLES = {"rnn": "RNN", "reset_gate_gru": "reset-gate GRU", "update_gate_gru": "update-gate GRU", "gru": "GRU"}
_ON_COUNT = ("gru", "update_gate_gru", "reset_gate_gru", "rnn")  # best first
_ON_FIRST = ("update_gate_gru", "gru", "reset_gate_gru", "rnn")
_UPDATE_OVER_RESET = ("update_gate_gru", "reset_gate_gru")
# Steps that train a section's networks alike; the second in more draws, without controls.
_FROZEN, _GATES = (("frozen_recurrent", "frozen_recurrent_draws"), ("gate_variants", "gate_variants_draws"))


def _frozen(found: Found) -> list[Evidence]:
    """C22."""
    parts, reading = [], of_larger(_FROZEN)
    for data, hidden in product(("CountII", "FirstII"), _HIDDEN):
        cells = ("frozen/gru", "gru", "rnn")
        frozen, gru, rnn = (above(reading(found, _FROZEN[0], data, f"{cell}_2x{hidden}")) for cell in cells)
        what = f"above 90 %, H = {hidden}, {data}"
        equal = {"above": -RATE_MARGIN, "below": RATE_MARGIN}
        parts.append(difference_part(f"frozen GRU minus GRU {what}", frozen, gru, **equal))
        if (data, hidden) != _NONE_ABOVE_90:
            parts.append(difference_part(f"frozen GRU minus RNN {what}", frozen, rnn, above=RATE_MARGIN))
    return parts


def _order(reading: Reading, data_sets: Sequence[str], best_first: Sequence[str], found: Found) -> list[Evidence]:
    """C23 to C25."""
    parts = []
    for data, hidden, (better, worse) in product(data_sets, _HIDDEN, pairwise(best_first)):
        one, other = (reading(found, _GATES[0], data, f"{cell}_2x{hidden}") for cell in (better, worse))
        what = f"{_TITLES[better]} minus {_TITLES[worse]}, H = {hidden}, {data}"
        parts.append(difference_part(f"{what}, mean accuracy", one, other, above=0))
        if (data, hidden) != _NONE_ABOVE_90:
            parts.append(difference_part(f"{what}, above 90 %", above(one), above(other), above=0))
    return parts


def _of_order(who: str, data_sets: Sequence[str], best_first: Sequence[str]) -> Test:
    but = ""
    if _NONE_ABOVE_90[0] in data_sets:
        but = " Not the success rate on FirstII with 2 units, where the thesis' GRUs have none above 90 %."
    both = [f"figure_4_18_{data}_{measure}.png" for data in data_sets for measure in ("means", "rates")]
    unstopped_means = (f"{_GATES[0]}/figure_4_18_{data}_means_unstopped.png" for data in data_sets)
    return Test(
        f"Mean accuracy and success rate (above 90 %), both hidden sizes: {who} must lie above 0.{but}"
        " Bootstrap of the differences, paired by draw; Newcombe where all networks agree.",
        _GATES,
        (*(f"{step}/{file}" for step in reversed(_GATES) for file in both), *unstopped_means),
        partial(_order, of_larger(_GATES), data_sets, best_first),
        partial(_order, unstopped, data_sets, best_first),
    )


TESTS = {
    "C22": Test(
        "Success rates (above 90 %), each data set and hidden size: the frozen GRU's minus the GRU's within"
        f" {100 * RATE_MARGIN:g} points of 0, and minus the RNN's above {100 * RATE_MARGIN:g} points"
        " (not on FirstII with 2 units, where the thesis has none above 90 %)."
        " Bootstrap of the differences, paired by draw; Newcombe where all agree.",
        _FROZEN,
        (*(f"{step}/figure_4_17_rates.png" for step in reversed(_FROZEN)), "frozen_recurrent/figure_4_17.png"),
        _frozen,
    ),
    "C23": _of_order("each variant minus the next of GRU, update-gate, reset-gate, RNN", ("CountII",), _ON_COUNT),
    "C24": _of_order("each variant minus the next of update-gate, GRU, reset-gate, RNN", ("FirstII",), _ON_FIRST),
    "C25": _of_order("update-gate minus reset-gate GRU, both data sets,", ("CountII", "FirstII"), _UPDATE_OVER_RESET),
}
