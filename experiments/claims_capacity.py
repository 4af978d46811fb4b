"""Claims of section 4.2.2: whether the smallest shapes can learn it, how often, and how much seeds differ."""

from collections.abc import Sequence
from functools import partial
from itertools import product

import numpy as np

from experiments import thesis
from experiments.claims import MEAN_MARGIN, Found, Test
from experiments.claims_evidence import (
    SUCCESS,
    Reading,
    above,
    adopted,
    allowed,
    at_constant_rates,
    at_least,
    matched,
    mean_part,
    part,
    pooled,
    rarer_part,
    unstopped,
)
from rnnjax import resampling
from rnnjax.resampling import Draws
from rnnjax.verdicts import Evidence

_STEP, _SHAPES = "capacity", ("2x2", "2x4", "4x2", "4x4")
_ALL_SHAPES = {_STEP: _SHAPES, "trainability": tuple(f"{d}x{h}" for d in (2, 5, 10, 15) for h in (2, 4, 8, 16))}
_HALF = 0.5  # the thesis' figures round to whole per cent
_CHANCE = 55  # printed, in per cent: 4.5 standard errors of 2,000 coins above 50


def _capable(found: Found) -> list[Evidence]:
    """C08."""
    parts = []
    for shape in ("2x4", "4x4"):
        printed, number = (thesis.percent("figure_4_6", name) for name in (f"rnn_{shape}_max", "initialisations"))
        rnn, gru = (f"{cell}_{shape}" for cell in ("rnn", "gru"))
        reached = at_least(adopted(found, _STEP, "FirstI", rnn), (printed - _HALF) / 100)
        what = f"RNN {shape} with {printed} % or more (rounded) on FirstI (thesis: at least 1 of {number})"
        parts.append(mean_part(what, reached, above=allowed(1, number)[0]))
        gap = resampling.difference(_best(found, rnn), _best(found, gru))
        what = f"best RNN minus best GRU {shape} of a draw, FirstI, stopped early or not, mean over draws"
        sides = [adopted(found, _STEP, "FirstI", name) for name in (rnn, gru)]
        parts.append(part(what, gap, sides, above=-MEAN_MARGIN, below=MEAN_MARGIN))
    return parts


def _rarer(found: Found) -> list[Evidence]:
    """C09, under section 3.2's protocol."""
    parts = []
    for shape in _SHAPES:
        rnn, gru = (above(adopted(found, _STEP, "FirstI", f"{cell}_{shape}")) for cell in ("rnn", "gru"))
        parts.append(rarer_part(f"RNN {shape} above 90 % minus half of GRU {shape} above 90 %, FirstI", rnn, gru))
    return [*parts, *_rarer_together(adopted, ("XorI",), found)]


def _rarer_together(reading: Reading, data_sets: Sequence[str], found: Found) -> list[Evidence]:
    """C09 with all shapes together."""
    parts = []
    for data in data_sets:
        rnn, gru = (above(_pooled(reading, found, data, cell)) for cell in ("rnn", "gru"))
        parts.append(rarer_part(f"RNN above 90 % minus half of GRU above 90 %, {data}, 4 shapes", rnn, gru))
    return parts


def _rarer_than_matched(found: Found) -> list[Evidence]:
    """C09's control: capacity is per parameter (4.2.2)."""
    gru, rnn = (
        above(pooled([of(found, _STEP, "FirstI", f"gru_{shape}") for shape in _SHAPES])) for of in (adopted, matched)
    )
    what = "RNN with as many parameters above 90 % minus half of GRU above 90 %, FirstI, 4 shapes"
    return [rarer_part(what, rnn, gru)]


def _capable_if_matched(found: Found) -> list[Evidence]:
    """C08's control, likewise."""
    parts = []
    for shape in ("gru_2x4", "gru_4x4"):
        gru, rnn = (of(found, _STEP, "FirstI", shape) for of in (adopted, matched))
        best_rnn, best_gru = ([np.array([max(draw)]) for draw in side] for side in (rnn, gru))
        gap = resampling.difference(best_rnn, best_gru)
        what = f"best RNN with as many parameters minus best GRU {shape[4:]} of a draw, FirstI, mean over draws"
        parts.append(part(what, gap, [rnn, gru], above=-MEAN_MARGIN, below=MEAN_MARGIN))
    return parts


def _xor(found: Found) -> list[Evidence]:
    """C10."""
    parts = []
    for shape, cell in product(_SHAPES, ("rnn", "gru")):
        name = f"{cell}_{shape}"
        printed, ours = thesis.percent("figure_4_7", "rows", name), adopted(found, _STEP, "XorI", name)
        left = sum(accuracy > _CHANCE for accuracy in printed)
        what = f"{cell.upper()} {shape} above {_CHANCE} % (rounded) on XorI (thesis: {left} of {len(printed)})"
        low, high = allowed(left, len(printed))
        parts.append(mean_part(what, at_least(ours, (_CHANCE + _HALF) / 100), above=low, below=high))
    printed = thesis.percent("figure_4_7", "rows", "gru_4x4")
    low, high = allowed(sum(accuracy > 100 * SUCCESS for accuracy in printed), len(printed))
    ours = above(adopted(found, _STEP, "XorI", "gru_4x4"))
    what = f"GRU 4x4 above 90 % on XorI (thesis: 1 of {len(printed)})"
    return [*parts, mean_part(what, ours, above=low, below=high)]


def _susceptible(reading: Reading, found: Found) -> list[Evidence]:
    """C33."""
    parts = []
    for (step, shapes), data in product(_ALL_SHAPES.items(), ("FirstI", "XorI")):
        rnn, gru = (
            pooled([_squared_deviations(reading(found, step, data, f"{cell}_{shape}")) for shape in shapes])
            for cell in ("rnn", "gru")
        )
        what = f"variance between seeds: GRU minus half of RNN, {data}, {len(shapes)} shapes of section"
        # No interval of variances is narrow enough by itself: their size is not that of accuracies.
        parts.append(rarer_part(f"{what} {'4.2.2' if step == _STEP else '4.2.1'}", gru, rnn, scale=0.0))
    return parts


def _squared_deviations(draws: Draws) -> list[np.ndarray]:
    """R of [S] whose mean in a draw is the variance between its seeds, without bias; NaN of one seed."""
    if min(map(len, draws)) < 2:
        return [np.full(len(values), np.nan) for values in draws]
    return [(values - values.mean()) ** 2 * len(values) / (len(values) - 1) for values in draws]


def _best(found: Found, shape: str) -> list[np.ndarray]:
    """R of [1], each draw's best network on FirstI: only draws can be resampled, not the networks of a maximum.

    Of all trainings of the section: what some training reaches, the shape can represent.
    """
    trained = [adopted(found, _STEP, "FirstI", shape), *at_constant_rates(found, _STEP, "FirstI", shape).values()]
    number = len(trained[0])  # of draws; without early stop there may be fewer
    return [np.array([max(of[draw].max() for of in trained if draw < len(of))]) for draw in range(number)]


def _pooled(reading: Reading, found: Found, data: str, cell: str) -> list[np.ndarray]:
    return pooled([reading(found, _STEP, data, f"{cell}_{shape}") for shape in _SHAPES])


TESTS = {
    "C08": Test(
        "RNNs with 96 % (2x4) and 97 % (4x4) or more, rounded as printed, must not be rarer than one of thirty allows"
        " (exact: 0.08 %); and the best RNN of a draw minus the best GRU of the same shape, with early stop or without"
        f" it at any rate, must lie within {100 * MEAN_MARGIN:g} points of 0: what some training reaches, the shape can"
        " represent. Bootstrap; of the best, draws alone. The control asks the latter of RNNs with as many parameters.",
        (_STEP,),
        ("capacity/figure_4_6.png", "capacity/figure_4_6_rates.png"),
        _capable,
        None,
        _capable_if_matched,
    ),
    "C09": Test(
        "Far rarer is less than half as often: the RNN's success rate (above 90 %) minus half of the GRU's must lie"
        " below 0, on FirstI for each shape, on XorI for 4 shapes together. Bootstrap, paired by draw; the"
        " controls (without early stop, RNNs with as many parameters) for 4 shapes together.",
        (_STEP,),
        ("capacity/figure_4_6_rates.png", "capacity/figure_4_7_rates.png"),
        _rarer,
        partial(_rarer_together, unstopped, ("FirstI", "XorI")),
        _rarer_than_matched,
    ),
    "C10": Test(
        "The share that leaves chance (above 55 %, rounded) on XorI must for each cell and shape lie in the 95 %"
        " interval of Figure 4.7's count (exact: none of 30 allows up to 12 %, 4 of 30 4 to 31 %), and the share of"
        " GRU 4x4 above 90 % in that of 1 of 30 (0.08 to 17 %). Bootstrap; Wilson where all networks agree.",
        (_STEP,),
        ("capacity/figure_4_7.png", "capacity/figure_4_7_rates.png"),
        _xor,
    ),
    "C33": Test(
        "The variance of accuracy between the seeds of one draw and shape, mean over shapes and draws: half of the"
        " RNN's must exceed the GRU's, on both data sets, with the 4 shapes of section 4.2.2 and the 16 of section"
        " 4.2.1. Bootstrap of the squared deviations, paired by draw; at least 1,000 networks a cell.",
        (_STEP, "trainability"),
        ("capacity/figure_4_6.png", "trainability/figure_4_4.png"),
        partial(_susceptible, adopted),
        partial(_susceptible, unstopped),
    ),
}
