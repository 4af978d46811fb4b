"""Claims C11 to C13: what W_ih and W_oh W_ih make of the words (section 4.3.1).

Over all networks, since the thesis' RNN (87 %) is no success. Of a GRU's three W_ih the candidate's, which takes the
place of the RNN's. An untrained network has most of what the thesis saw, so each network is compared with itself
before training; what training changes must be more than what counts as equal.
"""

from experiments.claims import MEAN_MARGIN, Found, Test
from experiments.claims_rows import of_row, row
from experiments.word_projection_tables import ALL, CANDIDATE
from rnnjax.verdicts import Evidence

NULL = 0.1  # stop words' W_ih x shorter, beside sentiment words', is a null space (word_projection.null_below)
LINE = 0.95  # share of the variance on the first axis that is "roughly on a straight line" (word_projection.line_above)
_THIN = (1 / LINE - 1) ** 0.5  # singular-value ratio that leaves that share of words which point everywhere alike

_STEP = "word_projection"
_FIGURES = ("word_projection/figure_4_8_measures.png", "word_projection/figure_4_8.png")
_CELLS = {"rnn": "RNN", "gru": "GRU"}
_PRODUCTS = {"hidden": "W_ih x", "logits": "W_oh W_ih x"}


def _null_space(found: Found) -> list[Evidence]:
    length = "length of W_ih x, stop over sentiment words, minus the least of any W_ih"
    return [_part(found, "rnn", "stop_norm_above_least", "trained", length, above=NULL)]


def _lines(found: Found) -> list[Evidence]:
    thin = "smallest over largest singular value of W_ih"
    parts = [_part(found, "rnn", "singular_ratio", "trained", thin, below=_THIN)]
    for cell, product in (("rnn", "hidden"), ("rnn", "logits"), ("gru", "logits")):
        share = f"variance of {_PRODUCTS[product]} on one axis"
        parts.append(_part(found, cell, f"{product}_axis", "trained", share, above=LINE))
        parts.append(_part(found, cell, f"{product}_axis", "change", share, above=MEAN_MARGIN))
    return parts


def _separable(found: Found) -> list[Evidence]:
    parts = []
    for cell in _CELLS:
        for product, called in _PRODUCTS.items():
            margin = f"margin between positive and negative words in {called}"
            parts.append(_part(found, cell, f"{product}_separation", "trained", margin, above=MEAN_MARGIN))
            parts.append(_part(found, cell, f"{product}_separation", "change", margin, above=-MEAN_MARGIN))
    return parts


def _part(found: Found, cell: str, measure: str, which: str, what: str, **asserted: float) -> Evidence:
    of = row(found, _STEP, "measures", data="CountI", cell=cell, gate=CANDIDATE, group=ALL, measure=measure)
    when = {"trained": "after training", "change": "after minus before training"}[which]
    return of_row(f"{what}, {_CELLS[cell]} 2x2, {when}", of, which, **asserted)


TESTS = {
    "C11": Test(
        "Six stop words that do not lie on a line through 0 are in no null space but that of W_ih = 0, so what is asked"
        " is how near to one training goes: the length of W_ih x of stop words over that of sentiment words, minus the"
        f" least that any W_ih could give with the draw's words, is above {NULL:g} on average in trained RNNs."
        " Bootstrap, draws first, then seeds. (±0.02 of the ratio counts as narrow.)",
        (_STEP,),
        _FIGURES,
        _null_space,
    ),
    "C12": Test(
        f"More than {100 * LINE:g} % of the variance lies on the first principal axis, of W_ih x in RNNs, of W_oh"
        " W_ih x in both cells (a GRU's candidate), and an RNN's W_ih has singular values as unequal as that takes"
        f" (ratio below {_THIN:.2f}). The same networks before training have less of it there, by more than"
        f" {100 * MEAN_MARGIN:g} points.",
        (_STEP,),
        _FIGURES,
        _lines,
    ),
    "C13": Test(
        "After each product, in both cells, half the widest gap between positive and negative words is above"
        f" {MEAN_MARGIN:g} of their spread on average, and not smaller than in the same networks before training by"
        " more than that (any invertible matrix keeps words separable, so it is the margin that is compared).",
        (_STEP,),
        _FIGURES,
        _separable,
    ),
}
