"""Claims C26 to C28: random settings of the parameters (section 4.6.1).

A landscape is of one draw of sentences and words, and a verdict needs ten: steps "landscape_1", "landscape_2", ... of
the programme are other draws of the step "landscape", where there are any. With one the parts have their numbers, and
the verdict is inconclusive.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from experiments.claims import MEAN_MARGIN, TAIL_FACTOR, Found, Test
from experiments.claims_evidence import entry
from experiments.claims_rows import of_networks
from experiments.density import DECIDING, HEADLINE, SHAPES, SUCCESS, Summary, tail, trainability
from experiments.density import random_ratio as ratio
from experiments.landscape_draws import LEAST
from rnnjax import resampling
from rnnjax.statistics import Interval
from rnnjax.verdicts import Evidence

_STEP = "landscape"
_LOWEST = 0.55  # accuracy of the tails


def landscapes(found: Found) -> list[Summary]:
    """The summaries of all landscapes, each of another draw.

    Raises:
        KeyError: there is none.
    """
    others = sorted(step for step in found if step.startswith(f"{_STEP}_"))
    return [entry(found, step) for step in (_STEP, *others)]


def _as_frequent(found: Found) -> list[Evidence]:
    every, parts = landscapes(found), []
    rows = entry(found, _STEP, "tails")
    for sampler in dict.fromkeys(row["sampler"] for row in rows):
        for shape in SHAPES:
            tabulated = sorted(r["accuracy_above"] for r in rows if (r["sampler"], r["shape"]) == (sampler, shape))
            if not tabulated:
                raise KeyError(f"{_STEP}: tails of {sampler}, {shape}")
            reached = [a for a in tabulated if _number(every, sampler, shape, a) >= LEAST]
            judged = dict.fromkeys((_LOWEST, max(reached, default=_LOWEST)))
            parts += [_tails(every, sampler, shape, accuracy) for accuracy in judged]
    return parts


def _tails(every: list[Summary], sampler: str, shape: str, accuracy: float) -> Evidence:
    rnn, gru = (tail(every, sampler, f"{cell}_{shape}", accuracy) for cell in ("rnn", "gru"))
    if rnn is None or gru is None:
        raise KeyError(f"{_STEP}: tails of {sampler}, RNN and GRU {shape}, above {accuracy:g}")
    members = min(sum(rnn.settings), sum(gru.settings))
    who, effect = "GRU over RNN", ratio(gru, rnn)
    if np.isinf(effect.estimate):  # of which nothing would be concluded; its reciprocal has the same margins
        who, effect = "RNN over GRU", ratio(rnn, gru)
    what = f"settings above {100 * accuracy:g} %, {who} {shape}, {sampler}"
    return of_networks(what, effect, members, len(every), above=1 / TAIL_FACTOR, below=TAIL_FACTOR)


def _number(every: list[Summary], sampler: str, shape: str, accuracy: float) -> int:
    """Settings of both cells above an accuracy: which of the two they are of is not looked at."""
    both = (tail(every, sampler, f"{cell}_{shape}", accuracy) for cell in ("rnn", "gru"))
    return sum(sum(of.above) for of in both if of is not None)


def _spread(found: Found) -> list[Evidence]:
    parts = []
    for shape in SHAPES:
        for one, other in (("gru", "rnn"), ("rnn", "gru")):
            what = f"interquartile range of accuracy, {one.upper()} minus half of {other.upper()} {shape}, {HEADLINE}"
            pair = (one, 1.0), (other, 1 / TAIL_FACTOR)
            parts.append(_difference(found, shape, _box, pair, what, above=0.0))
    for shape in SHAPES:
        wider = {"below": MEAN_MARGIN} if shape == "2x4" else {"above": 0.0}
        what = f"best minus worst setting's accuracy, GRU minus RNN {shape}, {HEADLINE}"
        parts.append(_difference(found, shape, _outermost, (("gru", 1.0), ("rnn", 1.0)), what, **wider))
    return parts


def _difference(
    found: Found,
    shape: str,
    of: Callable[[Mapping[str, Any]], float],
    pair: tuple[tuple[str, float], tuple[str, float]],
    what: str,
    **asserted: float,
) -> Evidence:
    """A measure of one cell's settings minus that of the other's, the mean over landscapes; of one without an interval.

    Args:
        found: the steps' summaries.
        shape: of both.
        of: what is measured.
        pair: each cell, and by what its measure is multiplied.
        what: for the reader.
        asserted: of Evidence.
    """
    (one, by), (other, other_by) = pair
    values, members = [], 0
    for landscape in landscapes(found):
        try:
            mine, theirs = (landscape["samplers"][HEADLINE][f"{cell}_{shape}"] for cell in (one, other))
        except KeyError as error:
            raise KeyError(f"{_STEP}: samplers, {HEADLINE}, {error.args[0]}") from None
        values.append(np.array([by * of(mine) - other_by * of(theirs)]))
        members += min(mine["num_settings"], theirs["num_settings"])
    effect = resampling.mean(values)
    if effect.low == effect.high:  # landscapes that all agree tell nothing of others
        effect = Interval(effect.estimate, -np.inf, np.inf)
    return of_networks(what, effect, members, len(values), **asserted)


def _box(of: Mapping[str, Any]) -> float:
    return float(of["quartiles"][2] - of["quartiles"][0])


def _outermost(of: Mapping[str, Any]) -> float:
    return float(of["best"] - of["lowest"])


def _trainable(found: Found) -> list[Evidence]:
    return trainability(entry(found, "capacity"), *landscapes(found))


TESTS = {
    "C26": Test(
        f"P(accuracy > a) of random settings, GRU over RNN of the same shape, is between 1/{TAIL_FACTOR:g} and"
        f" {TAIL_FACTOR:g}, under every distribution: at a = {_LOWEST:g} and at the highest a that at least {LEAST}"
        " settings of the two cells together exceed. Exact conditional interval; of several draws the wider of it and a"
        " bootstrap of draws. (±0.02 of a ratio counts as narrow.)",
        (_STEP,),
        ("landscape/figure_4_19_tails.png", "landscape/figure_4_19.png"),
        _as_frequent,
    ),
    "C27": Test(
        f"Under {HEADLINE} the boxes (quartiles) of the two cells are equally wide within a factor of {TAIL_FACTOR:g}"
        " (each minus half of the other lies above 0; they are so narrow that a margin in points could not be missed);"
        " from the worst to the best setting GRUs go further than RNNs, except 2x4, where not by more than"
        f" {100 * MEAN_MARGIN:g} points. Bootstrap of draws; one draw has no interval.",
        (_STEP,),
        ("landscape/figure_4_20.png",),
        _spread,
    ),
    "C28": Test(
        f"More GRUs than RNNs of the same shape are above {100 * SUCCESS:g} % after training;"
        f" and P(accuracy > {DECIDING:g}) after training over that of random settings, drawn as training's"
        f" starts ({HEADLINE}), is larger for the GRU: the ratio of the two quotients, from trained's lower end over"
        " random's upper end to the reverse, lies above 1. (±0.02 of it counts as narrow.) The control from RNNs with"
        " as many parameters, which the claim does not speak of, is in the table of trainability and density.",
        ("capacity", _STEP),
        ("landscape/figure_4_19_tails.png", "capacity/figure_4_6_rates.png", "capacity/figure_4_6.png"),
        _trainable,
    ),
}
