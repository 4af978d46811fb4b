"""Claims on what is learnt: which data set and which embedding is easy (sections 3.1 and 4.1.1)."""

from itertools import pairwise, product

import numpy as np

from experiments.claims import Found, Test
from experiments.claims_evidence import above, accuracies, adopted, difference_part, entry, pooled
from rnnjax.resampling import Draws
from rnnjax.verdicts import Evidence

_CELLS = {"rnn": "RNN", "gru": "GRU"}
_SHAPES = ("2x2", "2x4", "4x2", "4x4")
_EASIEST_FIRST = ("CountI", "FirstI", "XorI")
_HARDEST_FIRST = ("embedding_1", "embedding_2", "embedding_3", "embedding_4")
_DATA, _HIDDEN = ("CountII", "FirstII"), (2, 4)  # of section 4.1.1
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
    """C03."""
    margins = entry(found, "separability", "margins")
    parts = []
    for data, (cell, title) in product(_DATA, _CELLS.items()):
        of = {
            name: pooled([accuracies(found, "separability", f"{data}/{name}/{cell}_2x{hidden}") for hidden in _HIDDEN])
            for name in _HARDEST_FIRST
        }
        what = f"mean accuracy where every two kinds of words are separable minus where not, {title}, {data}"
        parts.append(difference_part(what, *_by_separability(of, margins), above=0))
    return parts


def _by_separability(
    of: dict[str, list[np.ndarray]], margins: dict[str, list[dict[str, float]]]
) -> tuple[Draws, Draws]:
    """The accuracies of draws whose words are pairwise separable and of the others, in draws that have some of both."""
    separable, others = [], []
    for draw in range(min(map(len, of.values()))):
        groups: dict[bool, list[np.ndarray]] = {True: [], False: []}
        for name, accuracy in of.items():
            if name not in margins or len(margins[name]) <= draw:
                raise KeyError(f"separability: margins/{name}, draw {draw}")
            groups[all(margins[name][draw][pair] > 0 for pair in _PAIRS)].append(accuracy[draw])
        if groups[True] and groups[False]:
            separable.append(np.concatenate(groups[True]))
            others.append(np.concatenate(groups[False]))
    return (separable, others) if separable else ([np.array([np.nan])],) * 2


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
        ("separability/figure_4_2_all.png", "separability/figure_4_3_all.png", "separability/figure_4_1.png"),
        _embeddings,
    ),
    "C03": Test(
        "Mean accuracies of all four embeddings and both hidden sizes: where a linear programme separates every two"
        " kinds of words, minus where it does not, must lie above 0, for each cell and data set. Bootstrap of the"
        " differences, paired by draw; a draw without some of both does not count.",
        ("separability",),
        ("separability/figure_4_2_all.png", "separability/figure_4_3_all.png", "separability/figure_4_1.png"),
        _separability,
    ),
}
