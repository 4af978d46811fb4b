"""Claims on what is learnt: which data set and which embedding is easy (sections 3.1 and 4.1.1)."""

from itertools import pairwise, product

import numpy as np

from experiments.claims import Found, Test
from experiments.claims_evidence import NONE, above, accuracies, adopted, difference_part, entry, part, pooled
from rnnjax import resampling
from rnnjax.resampling import Draws
from rnnjax.verdicts import Evidence

_CELLS = {"rnn": "RNN", "gru": "GRU"}
_SHAPES = ("2x2", "2x4", "4x2", "4x4")
_EASIEST_FIRST = ("CountI", "FirstI", "XorI")
_HARDEST_FIRST = ("embedding_1", "embedding_2", "embedding_3", "embedding_4")
_DATA, _HIDDEN = ("CountII", "FirstII"), (2, 4)  # of section 4.1.1
_RANDOM = "embedding_2"  # the one that is separable in some draws and in others not
_STEPS = ("separability", "gate_variants_draws")  # the second trains Embedding_2's networks alike, in more draws
_PAIRS = ("stop | positive", "stop | negative", "positive | negative")


def _data_sets(found: Found) -> list[Evidence]:
    """C01."""
    parts = []
    for cell, title in _CELLS.items():
        rates = {
            data: above(pooled([adopted(found, "data_sets", data, f"{cell}_{shape}") for shape in _SHAPES]))
            for data in _EASIEST_FIRST
        }
        for easy, hard in pairwise(_EASIEST_FIRST):
            what = f"{title} above 90 % on {easy} minus on {hard}, shapes {', '.join(_SHAPES)}"
            parts.append(difference_part(what, rates[easy], rates[hard], above=0))
    return parts


def _embeddings(found: Found) -> list[Evidence]:
    """C02."""
    parts = []
    for data, hidden, (cell, title) in product(_DATA, _HIDDEN, _CELLS.items()):
        of = {name: accuracies(found, "separability", f"{data}/{name}/{cell}_2x{hidden}") for name in _HARDEST_FIRST}
        for hard, easy in pairwise(_HARDEST_FIRST):
            what = f"mean accuracy with {_title(easy)} minus with {_title(hard)}, {title}, H = {hidden}, {data}"
            parts.append(difference_part(what, of[easy], of[hard], above=0))
    return parts


def _separability(found: Found) -> list[Evidence]:
    """C03: among all embeddings, and among Embedding_2's draws, which differ in nothing but where its words fell."""
    parts = []
    for data, (cell, title) in product(_DATA, _CELLS.items()):
        of = {
            name: pooled([accuracies(found, "separability", f"{data}/{name}/{cell}_2x{hidden}") for hidden in _HIDDEN])
            for name in _HARDEST_FIRST
        }
        separable = {name: _separable(found, name, len(draws)) for name, draws in of.items()}
        what = f"mean accuracy where every two kinds of words are separable minus where not, {title}, {data}"
        parts.append(difference_part(what, *_in_the_same_draws(of, separable), above=0))
        alone = _of_random(found, data, cell)
        one, other = _in_different_draws(alone, _separable(found, _RANDOM, len(alone)))
        effect = resampling.difference_of_draws(one, other)
        parts.append(part(f"{what}, draws of {_title(_RANDOM)} alone", effect, [one, other], above=0))
    return parts


def _of_random(found: Found, data: str, cell: str) -> list[np.ndarray]:
    """Embedding_2's accuracies, both hidden sizes together, in draws with margins: from the step with more of them."""
    folders = dict(zip(_STEPS, (f"{data}/{_RANDOM}", data), strict=True))
    known = len(entry(found, _STEPS[0], "margins").get(_RANDOM, []))
    there = [
        pooled([accuracies(found, step, f"{folder}/{cell}_2x{hidden}") for hidden in _HIDDEN])[:known]
        for step, folder in folders.items()
        if step in found
    ]
    return max(there, key=len)


def _separable(found: Found, embedding: str, draws: int) -> list[bool]:
    """In which draws of an embedding a line separates every two kinds of words."""
    margins = entry(found, "separability", "margins").get(embedding, [])
    if len(margins) < draws:
        raise KeyError(f"separability: margins/{embedding}, draw {len(margins)}")
    return [all(of_draw[pair] > 0 for pair in _PAIRS) for of_draw in margins[:draws]]


def _in_the_same_draws(of: dict[str, list[np.ndarray]], separable: dict[str, list[bool]]) -> tuple[Draws, Draws]:
    """The accuracies of embeddings that are separable and of the others, in draws that have some of both."""
    sides: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for draw in range(min(map(len, of.values()))):
        groups = [
            [own[draw] for name, own in of.items() if separable[name][draw] == wanted] for wanted in (True, False)
        ]
        if all(groups):
            for side, group in zip(sides, groups, strict=True):
                side.append(np.concatenate(group))
    return sides if sides[0] else (NONE, NONE)


def _in_different_draws(accuracy: Draws, separable: list[bool]) -> tuple[Draws, Draws]:
    """The accuracies of an embedding's draws that are separable, and of its others."""
    sides = tuple([own for own, here in zip(accuracy, separable, strict=True) if here == wanted] or NONE
                  for wanted in (True, False))  # fmt: skip
    return sides[0], sides[1]


def _title(embedding: str) -> str:
    return embedding.capitalize()


TESTS = {
    "C01": Test(
        "Success rates (above 90 %) of the shapes 2x2, 2x4, 4x2 and 4x4 together: on CountI minus on FirstI and on"
        " FirstI minus on XorI, for each cell, must lie above 0. Bootstrap of the differences, paired by draw.",
        ("data_sets",),
        (
            "data_sets/like_figure_4_6_CountI_rates.png",
            "data_sets/figure_4_6_rates.png",
            "data_sets/figure_4_7_rates.png",
        ),
        _data_sets,
    ),
    "C02": Test(
        "Mean accuracies: each embedding minus the one before must lie above 0, for every cell, hidden size and data"
        " set. Bootstrap of the differences, paired by draw.",
        ("separability",),
        ("separability/figure_4_3_all.png", "separability/figure_4_2_all.png", "separability/figure_4_1.png"),
        _embeddings,
    ),
    "C03": Test(
        "Mean accuracies of all four embeddings and both hidden sizes: where a linear programme separates every two"
        " kinds of words, minus where it does not, must lie above 0, for each cell and data set; and the same of"
        " Embedding_2 alone, since the others also differ in how far each kind's words lie apart. Bootstrap of the"
        " differences, paired by draw (a draw without some of both does not count); Embedding_2's draws of either"
        " kind apart, in more draws (section 4.5.2's) where there are some.",
        _STEPS,
        ("separability/figure_4_2_all.png", "separability/figure_4_3_all.png", "separability/figure_4_1.png"),
        _separability,
    ),
}
