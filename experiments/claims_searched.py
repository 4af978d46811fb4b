"""Claims C29 to C32: the path of training, and what a perturbation does (sections 4.6.2 and 4.6.3).

They rest on networks that had to be searched: with none of a kind a part has no number, with few no interval, so it is
inconclusive. The claims are judged on those of section 3.2's protocol; those that were trained without early stop, of
which more are found, stand beside them.
"""

import re
from collections.abc import Callable
from functools import partial

from experiments.claims import MEAN_MARGIN, TAIL_FACTOR, Found, Test
from experiments.claims_evidence import entry, undecided
from experiments.claims_rows import ends, of_networks, of_nobody, of_row, row
from rnnjax.verdicts import Evidence

FACTORS = (0.1, 0.2, 0.5, 1.0)  # of the noise; the thesis'
_STRONG = 0.5, 1.0  # those that move weights further than the epochs after them do by themselves
EPOCHS = 30
RECOVERED = 0.9 - MEAN_MARGIN  # "close to 90%"
_BETWEEN = 1.5  # between losses that are equal and one that is twice the other
_STEEP = MEAN_MARGIN  # of the cosine, an epoch: rising by more than means that count as equal differ

_PATH, _PERTURBED = "update_cosine", "perturbation"
_DATA = "FirstI"
_CELLS = {"rnn": "RNN", "gru": "GRU"}


def _path(shapes: tuple[str, ...], group: Callable[[Found, str], str], found: Found) -> list[Evidence]:
    # No interval is narrow enough by itself (scale=0): a cosine is no accuracy.
    trained, parts = group(found, _PATH), []
    for shape in shapes:
        both = [_number(found, _PATH, trained, f"{cell}_{shape}") for cell in _CELLS]
        for measure, asserted in (("roughness", {"below": 0.0}), ("mean", {"above": 0.0})):
            what = f"{measure} of the cosine, GRU minus RNN {shape}"
            if not all(members for members, _ in both):
                parts.append(of_nobody(what, **asserted))
                continue
            where = {"trained": trained, "shape": shape, "way": "whole", "measure": measure}
            of = row(found, _PATH, "gru_minus_rnn", **where)
            members = min(of["gru_networks"], of["rnn_networks"])
            compared = ends({f"x_{end}": of[end] for end in ("estimate", "low", "high")}, "x")
            parts.append(of_networks(what, compared, members, of["draws"], scale=0.0, **asserted))
        of = row(found, _PATH, "cosine", trained=trained, architecture=f"gru_{shape}", way="whole")
        what = f"slope of the first epochs' cosine, GRU {shape}"
        parts.append(of_networks(what, ends(of, "early_slope"), *both[1], above=_STEEP, scale=0.0))
    return parts


def _recovers(group: Callable[[Found, str], str], found: Found) -> list[Evidence]:
    trained, epochs = group(found, _PERTURBED), _epochs(found)
    wanted = [("gru", factor, {"above": RECOVERED}) for factor in FACTORS] + [("rnn", 1.0, {"below": RECOVERED})]
    parts = []
    for cell, factor, asserted in wanted:
        what = f"accuracy {epochs} epochs after noise of factor {factor:g}, {_CELLS[cell]} 2x4"
        name = f"accuracy_after_{epochs}"
        parts.append(_one(found, what, "recovery", name, trained, cell, 100, asserted, factor=factor))
    if epochs != EPOCHS:  # as preset "quick" has fewer, of which nothing is concluded
        return [undecided(part) for part in parts]
    return parts


def _epochs(found: Found) -> int:
    """After which perturbed networks were looked at last."""
    names = (re.fullmatch(r"accuracy_after_(\d+)_estimate", name) for name in row(found, _PERTURBED, "recovery"))
    after = [int(name[1]) for name in names if name]
    return max(after, default=EPOCHS)


def _stays_away(group: Callable[[Found, str], str], found: Found) -> list[Evidence]:
    trained, parts = group(found, _PERTURBED), []
    for cell in _CELLS:
        for distance, called in (("distance", "distance"), ("aligned_distance", "distance of the nearest copy")):
            for factor in _STRONG:
                what = f"{called} to the old weights, end over start, factor {factor:g}, {_CELLS[cell]} 2x4"
                where = {"distance": distance, "factor": factor}
                asserted = {"above": 1 / TAIL_FACTOR, "ratio": True}
                parts.append(_one(found, what, "distances", "end_to_start", trained, cell, 1, asserted, **where))
    return parts


def _loss(group: Callable[[Found, str], str], found: Found) -> list[Evidence]:
    trained, parts = group(found, _PERTURBED), []
    there = [_number(found, _PERTURBED, trained, f"{cell}_2x4")[0] for cell in _CELLS]
    for factor in FACTORS:
        what = f"loss just after noise of factor {factor:g}, RNN over GRU 2x4"
        if not all(there):
            parts.append(of_nobody(what, below=_BETWEEN, ratio=True))
            continue
        of = row(found, _PERTURBED, "rnn_beside_gru", trained=trained, shape="2x4", factor=factor)
        counted = dict(of) | {"networks": min(of["rnn_networks"], of["gru_networks"])}
        parts.append(of_row(what, counted, "rnn_to_gru_loss_after_0", below=_BETWEEN, ratio=True))
    return parts


def _one(
    found: Found,
    what: str,
    table: str,
    name: str,
    trained: str,
    cell: str,
    unit: float,
    asserted: dict[str, float],
    **where: object,
) -> Evidence:
    """A part on one architecture's perturbed networks; of none without a number."""
    architecture = f"{cell}_2x4"
    members, draws = _number(found, _PERTURBED, trained, architecture)
    if not members:
        return of_nobody(what, **asserted)
    of = row(found, _PERTURBED, table, trained=trained, architecture=architecture, **where)
    return of_networks(what, ends(of, name, unit), members, draws, **asserted)


def _number(found: Found, step: str, trained: str, architecture: str) -> tuple[int, int]:
    """Networks and draws that were found."""
    of = row(found, step, "networks", trained=trained, architecture=architecture)
    return of["networks"], of.get("draws", 0)


def _stopped(_: Found, __: str) -> str:
    return _DATA


def _unstopped(found: Found, step: str) -> str:
    """The group of networks that were trained without early stop."""
    for each in entry(found, step, "networks"):
        if each["trained"].startswith(f"{_DATA}/unstopped_"):
            return str(each["trained"])
    raise KeyError(f"{step}: networks without early stop")


TESTS = {
    "C29": Test(
        "The curve of the cosine is less rough and higher on average in GRUs than in RNNs of the same shape, both of at"
        " least 96 %: the differences lie on that side of 0; and over the first five epochs a GRU's rises by more than"
        f" {_STEEP:g} an epoch. Bootstrap, draws first, then networks.",
        (_PATH,),
        (
            "update_cosine/figure_4_21_measures.png",
            "update_cosine/figure_4_21_bands.png",
            "update_cosine/figure_4_21.png",
        ),
        partial(_path, ("2x4", "4x8"), _stopped),
        partial(_path, ("2x4",), _unstopped),
    ),
    "C30": Test(
        f"{EPOCHS} epochs after a perturbation GRUs have more than {100 * RECOVERED:g} % on average (about 90), for"
        " each factor; RNNs after factor 1 have less. Bootstrap, draws first, then networks.",
        (_PERTURBED,),
        ("perturbation/figure_4_22_recovery.png", "perturbation/figure_4_22_unstopped_recovery.png"),
        partial(_recovers, _stopped),
        partial(_recovers, _unstopped),
    ),
    "C31": Test(
        f"{EPOCHS} epochs after a perturbation the distance to the old weights is more than half of what it was just"
        f" after it, on average, for both cells and factors {_STRONG[0]:g} and {_STRONG[1]:g} (weaker noise moves"
        " weights less than so many epochs do without any): the distance itself, and that of the nearest of the"
        " network's equal copies. Bootstrap, draws first. (±0.02 of the first distance counts as narrow.)",
        (_PERTURBED,),
        ("perturbation/figure_4_22_distances.png", "perturbation/figure_4_22_unstopped_distances.png"),
        partial(_stays_away, _stopped),
        partial(_stays_away, _unstopped),
    ),
    "C32": Test(
        "The thesis calls it one case, not general: on average over networks an RNN's loss just after a perturbation is"
        f" nearer to a GRU's than to twice as much, below {_BETWEEN:g} times, for each factor. Bootstrap, paired by"
        " draw. (±0.02 of the quotient counts as narrow.)",
        (_PERTURBED,),
        (
            "perturbation/figure_4_22_recovery.png",
            "perturbation/figure_4_22.png",
            "perturbation/figure_4_22_unstopped.png",
        ),
        partial(_loss, _stopped),
        partial(_loss, _unstopped),
    ),
}
