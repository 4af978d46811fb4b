"""Claims C26 to C28: random settings of the parameters (section 4.6.1).

A landscape is of one draw of sentences and words, and a verdict needs ten: steps "landscape_1", "landscape_2", ... of
the programme are other draws of the step "landscape", where there are any. With one the parts have their numbers, and
the verdict is inconclusive. A protocol that leaves the words where they are has the adopted one's random settings.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from experiments import density
from experiments.claims import MEAN_MARGIN, TAIL_FACTOR, Found, Test
from experiments.claims_capacity import SAME_NETWORKS
from experiments.claims_evidence import accuracies, count, entry, having, undecided
from experiments.claims_rows import of_networks
from experiments.density import DECIDING, HEADLINE, MATCHED, SAME, SHAPES, SUCCESS
from experiments.landscape_draws import LEAST
from experiments.programme import STEPS
from experiments.random_settings import SPREAD_OF_SHARES, Summary, Tail, random_rate, tail
from experiments.random_settings import random_ratio as ratio
from experiments.rare_settings_tables import joined
from rnnjax import resampling
from rnnjax.resampling import Draws
from rnnjax.verdicts import ENOUGH_MEMBERS, Evidence, Unseen

_STEP = "landscape"
RARE = ("rare_settings", "rare_settings_draws", "rare_settings_4x2")  # each of the draws after the ones before
_FIRST_DRAW = {step.name: step.changed.get("seed", 0) for step in STEPS}
_TRAINED = (*SAME_NETWORKS, "capacity_4x2")
_LOWEST = 0.55  # accuracy of the tails
_UNDER_OTHERS = "Protocols that leave the words where they are have the adopted one's random settings."


def landscapes(found: Found) -> list[Summary]:
    """The summaries of all landscapes, each of another draw.

    Raises:
        KeyError: there is none.
    """
    others = sorted(step for step in found if step.startswith(f"{_STEP}_"))
    return [entry(found, step) for step in (_STEP, *others)]


def rare_settings(found: Found) -> Summary | None:
    """As density has it, of the draws of all steps that climbed; None if none has.

    Raises:
        KeyError: one has no tails, or no particles.
    """
    runs = [step for step in RARE if step in found]
    if not runs:
        return None
    tails = joined((_FIRST_DRAW[step], entry(found, step, "tails")) for step in runs)
    return {"tails": tails, "particles": min(entry(found, step, "particles") for step in runs)}


def _section_4_2_2(found: Found, rare: Summary | None) -> Summary:
    """Section 4.2.2's networks on FirstI, of each shape those of the step that suits its rare settings best.

    Of the steps with enough networks in their draws that is the one that has most of these draws, then of networks.

    Raises:
        KeyError: there are none.
    """
    conditions: dict[str, Any] = {}
    for shape in SHAPES:
        tails = rare["tails"] if rare else []
        draws = max((len(row["rates"]) for row in tails if row["architecture"] == f"rnn_{shape}"), default=None)
        names = [f"FirstI/{cell}_{shape}" for cell in ("rnn", "gru")]
        suits = {step: _suits(accuracies(found, step, names[0]), draws) for step in having(found, _TRAINED, names[0])}
        step = max(suits, key=suits.__getitem__)
        conditions |= {name: entry(found, step, "conditions", name) for name in names}
    return {"conditions": conditions}


def _suits(trained: Draws, draws: int | None) -> tuple[bool, int, int]:
    """How well networks suit random settings in so many draws, the first: the larger the better."""
    trained = trained[:draws]
    return count(trained) >= ENOUGH_MEMBERS, len(trained) if draws else 0, count(trained)


def density_table(found: Found) -> list[dict[str, Any]]:
    """C28's table: as of density, RNNs with as many parameters from the one step that has them, if there are any.

    Raises:
        KeyError: as of density.
    """
    every, rare = landscapes(found), rare_settings(found)
    rows = density.density(_section_4_2_2(found, rare), *every, rare=rare, besides=(SAME,))
    try:
        matched = density.density(entry(found, SAME_NETWORKS[0]), *every, rare=rare, besides=(MATCHED,))
    except KeyError:
        return rows
    samplers = list(dict.fromkeys(row["sampler"] for row in rows))
    return sorted([*rows, *matched], key=lambda row: (samplers.index(row["sampler"]), row["shape"]))


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
    if not (any(rnn.above) and any(gru.above)):
        return _none_beside(rnn, gru, shape, f"above {100 * accuracy:g} %, {sampler}", members)
    what = f"settings above {100 * accuracy:g} %, GRU over RNN {shape}, {sampler}"
    bounds = {"above": 1 / TAIL_FACTOR, "below": TAIL_FACTOR}
    return of_networks(what, ratio(gru, rnn), members, len(every), ratio=True, **bounds)


def _none_beside(rnn: Tail, gru: Tail, shape: str, where: str, members: int) -> Evidence:
    """Where one cell has none the difference from half of the other's share, since a ratio's end would be infinite."""
    (none, rare), (some, common) = sorted((("RNN", rnn), ("GRU", gru)), key=lambda of: sum(of[1].above))
    effect, draws = resampling.newcombe(random_rate(rare), random_rate(common), TAIL_FACTOR), len(rare.above)
    unseen = (Unseen(draws, min(rare.settings), spread=SPREAD_OF_SHARES),)
    what = f"settings {none} minus half of {some} {shape}, {where}"
    # No share so small is known within less than what it is.
    return of_networks(what, effect, members, draws, above=0.0, scale=0.0, unseen=unseen)


def _number(every: list[Summary], sampler: str, shape: str, accuracy: float) -> int:
    """Settings of both cells above an accuracy: which of the two they are of is not looked at."""
    both = (tail(every, sampler, f"{cell}_{shape}", accuracy) for cell in ("rnn", "gru"))
    return sum(sum(of.above) for of in both if of is not None)


def _spread(found: Found) -> list[Evidence]:
    parts = []
    for shape in SHAPES:
        what = f"interquartile range of accuracy, GRU minus RNN {shape}, {HEADLINE}"
        parts.append(_difference(found, shape, _box, what, above=-MEAN_MARGIN, below=MEAN_MARGIN))
    for shape in SHAPES:
        wider = {"below": MEAN_MARGIN} if shape == "2x4" else {"above": 0.0}
        what = f"best minus worst setting's accuracy, GRU minus RNN {shape}, {HEADLINE}"
        parts.append(_difference(found, shape, _outermost, what, **wider))
    return parts


def _difference(
    found: Found, shape: str, of: Callable[[Mapping[str, Any]], float], what: str, **asserted: float
) -> Evidence:
    """A measure of the GRU's settings minus that of the RNN's, the mean over landscapes; of one without an interval."""
    values, members = [], 0
    for landscape in landscapes(found):
        try:
            rnn, gru = (landscape["samplers"][HEADLINE][f"{cell}_{shape}"] for cell in ("rnn", "gru"))
        except KeyError as error:
            raise KeyError(f"{_STEP}: samplers, {HEADLINE}, {error.args[0]}") from None
        values.append(np.array([of(gru) - of(rnn)]))
        members += min(rnn["num_settings"], gru["num_settings"])
    effect = resampling.mean(values)
    part = of_networks(what, effect, members, len(values), **asserted)
    return undecided(part) if effect.low == effect.high else part  # landscapes that all agree tell nothing of others


def _box(of: Mapping[str, Any]) -> float:
    return float(of["quartiles"][2] - of["quartiles"][0])


def _outermost(of: Mapping[str, Any]) -> float:
    return float(of["best"] - of["lowest"])


def _trainable(found: Found) -> list[Evidence]:
    rare = rare_settings(found)
    return density.evidence(_section_4_2_2(found, rare), *landscapes(found), rare=rare)


TESTS = {
    "C26": Test(
        f"P(accuracy > a) of random settings, GRU over RNN of the same shape, is between 1/{TAIL_FACTOR:g} and"
        f" {TAIL_FACTOR:g}, under every distribution: at a = {_LOWEST:g} and at the highest a that at least {LEAST}"
        " settings of the two cells together exceed. Exact conditional interval (of draws with unequal numbers of"
        " settings squares of the two shares' own); of several draws the wider of it and a bootstrap of draws."
        " (±0.02 of a ratio counts as narrow.) Where one cell has none: that share minus half of"
        f" the other's, which must not lie below 0. {_UNDER_OTHERS}",
        (_STEP,),
        ("landscape/figure_4_19_tails.png", "landscape/figure_4_19.png"),
        _as_frequent,
    ),
    "C27": Test(
        f"Under {HEADLINE} the boxes (quartiles) of the two cells are equally wide within {100 * MEAN_MARGIN:g} points"
        " of accuracy; from the worst to the best setting GRUs go further than RNNs, except 2x4, where not by more than"
        " that (the more settings, the further; the first of several draws may have more of them, as many for both"
        f" cells). Bootstrap of draws; one draw has no interval. {_UNDER_OTHERS}",
        (_STEP,),
        ("landscape/figure_4_20.png",),
        _spread,
    ),
    "C28": Test(
        f"More GRUs than RNNs of the same shape are above {100 * SUCCESS:g} % after training;"
        f" and P(accuracy > {DECIDING:g}) after training over that of random settings, drawn as training's"
        f" starts ({HEADLINE}), is larger for the GRU: the ratio of the two quotients lies above 1. (±0.02 of it counts"
        " as narrow.) Where settings are counted it runs from trained's lower over random's upper end to the reverse."
        " Rates by multilevel splitting, where there are such, differ by factors of thousands from draw to draw: then"
        " it is the ratio of the mean rates after training, in the draws that have random settings too, over the median"
        " of the two cells' ratio at random in one draw, and draws are resampled for both together. 4x2, of which the"
        " cells are nearest each other, has more draws than other shapes, since its first 32 asked for them, which"
        " counts as a look. The control from RNNs with as many parameters, which the claim does not speak of, is in the"
        " table of trainability and density."
        f" {_UNDER_OTHERS}",
        (*_TRAINED, _STEP, *RARE),
        (
            "trainability_and_density.png",
            "rare_settings/figure_4_19_rare.png",
            "landscape/figure_4_19_tails.png",
            "capacity/figure_4_6_rates.png",
            "capacity/figure_4_6.png",
        ),
        _trainable,
    ),
}
