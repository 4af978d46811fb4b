"""Claims C14 to C18: noise, and what words do to the state (sections 4.3.2 and 4.3.3)."""

from experiments.claims import RATE_MARGIN, TAIL_FACTOR, Found, Test
from experiments.claims_evidence import entry
from experiments.claims_rows import Row, ends, has_row, of_networks, of_nobody, of_row, over, row
from experiments.vector_field_tables import FAR, NEAR
from rnnjax.verdicts import Evidence
from rnnjax.words import KINDS

WRONG_AT, MEET_AT, HOLDS_TO = 16, 30, 2000  # words; the thesis' RNN is right "till the word 15"
LENGTH = 10  # words of a sentence in training: who errs after fewer has not forgotten, but never learned them
ABOVE = 0.98  # its networks are above this, on CountI
ADDED = 6  # stop words put in: as many as in Figure 4.10 (c, d); sentences are not longer than in training
EVERYWHERE = 1 - RATE_MARGIN  # of the plane

_NOISE, _FIELD = "noise_robustness", "vector_field"
_SUCCESS, _FAILURE = "above 90 %", "below 70 %"
_CELLS = {"rnn": "RNN", "gru": "GRU"}
_CORRELATIONS = {"pearson": "Pearson", "spearman": "Spearman", "within": "Spearman (within draws)"}


def _forgets(found: Found) -> list[Evidence]:
    parts = []
    for until, printed, what in (
        ("forgets", WRONG_AT, f"median of the first wrong word from word {LENGTH} on"),
        ("meeting", MEET_AT, "median word from which the states overlap"),
    ):
        about = {"above": printed / TAIL_FACTOR, "below": printed * TAIL_FACTOR, "scale": float(printed)}
        parts.append(of_row(f"{what}, RNN 4x2", _lasting(found, "rnn", until), "median", **about))
    what = f"right from word {LENGTH} to {HOLDS_TO}, GRU 4x2"
    return [*parts, of_row(what, _lasting(found, "gru", "forgets"), f"after_{HOLDS_TO}", above=0.5)]


def _lasting(found: Found, cell: str, until: str) -> Row:
    where = {"data": "CountI", "above": ABOVE, "cell": cell, "stop_words": "random", "until": until}
    return row(found, _NOISE, "survival", **where)


def _moved(found: Found) -> list[Evidence]:
    where = {"data": "CountI", "above": ABOVE, "stop_words": ADDED}
    of, rnn, gru = (row(found, _NOISE, "noise", cell=cell, **where) for cell in ("rnn - gru", "rnn", "gru"))
    by_draw = [entry(found, _NOISE, "networks", "CountI", f"{cell}_4x2", "found_by_draw") for cell in _CELLS]
    draws = sum(all(numbers) for numbers in zip(*by_draw, strict=True))  # in which both are compared
    way = "distance_over_apart"
    what = f"distance that noise moves the last state, over that of the classes, GRU over RNN 4x2, {ADDED} stop words"
    effect = over(ends(gru, way), ends(rnn, way))
    far = of_networks(what, effect, of["networks"], draws, below=1 / TAIL_FACTOR, ratio=True)
    # A rate of some thousandths: an interval is not narrow because it lies within two points (scale=0).
    what = f"right decisions that noise spoils, RNN minus GRU 4x2, {ADDED} stop words"
    return [far, of_networks(what, ends(of, "spoiled"), of["networks"], draws, above=0.0, scale=0.0)]


def _pushes(found: Found) -> list[Evidence]:
    parts = []
    for measure, what in (
        ("moves", "sentiment words move the state their way"),
        ("stop_keeps", "stop words keep the region"),
    ):
        parts.append(_share(found, "CountII", measure, f"share of the plane where {what}", above=EVERYWHERE))
        parts.append(_against_failures(found, "CountII", measure, what))
    return parts


def _decided_near(found: Found) -> list[Evidence]:
    far, near = f"further than {FAR:g} from the boundary", f"within {NEAR:g} of the boundary"
    parts = []
    for measure, what, most in (
        ("stop_keeps_far", f"stop words keep the region, {far}", EVERYWHERE),
        ("sentiment_keeps_far", f"sentiment words keep the region, {far}", EVERYWHERE),
        ("crosses_near", f"sentiment words lead into their own region, {near}", 0.5),
    ):
        parts.append(_share(found, "FirstII", measure, what, above=most))
        parts.append(_against_failures(found, "FirstII", measure, what))
    return parts


def _against_failures(found: Found, data: str, measure: str, what: str) -> Evidence:
    """By how much more in successes than in failures: untrained networks have a part of it too."""
    what = f"GRUs 2x2 {_SUCCESS} minus those {_FAILURE}: {what}, {data}"
    where = {"data": data, "cell": "gru", "what": f"{_SUCCESS} - {_FAILURE}", "measure": measure}
    if not has_row(found, _FIELD, "contrasts", **where):
        return of_nobody(what, above=0.0)
    return of_row(what, row(found, _FIELD, "contrasts", **where), "difference", 100, above=0.0)


def _share(found: Found, data: str, measure: str, what: str, above: float) -> Evidence:
    what = f"{what}, GRUs 2x2 {_SUCCESS} on {data}"
    groups = {"data": data, "cell": "gru", "stage": "final", "measure": measure}
    row(found, _FIELD, "shares", **groups)  # of some group there must be networks
    if not has_row(found, _FIELD, "shares", group=_SUCCESS, **groups):
        return of_nobody(what, above=above)
    return of_row(what, row(found, _FIELD, "shares", group=_SUCCESS, **groups), "mean", 100, above=above)


def _correlates(found: Found) -> list[Evidence]:
    parts = []
    for data in ("CountII", "FirstII"):
        for cell, called in _CELLS.items():
            draws = entry(found, _FIELD, "conditions", f"{data}/{cell}_2x2", "num_draws")
            for words in ("all", *KINDS):
                of = row(found, _FIELD, "correlations", data=data, cell=cell, words=words, networks="all")
                for name, kind in _CORRELATIONS.items():
                    what = f"{kind} correlation, {words} words, {called} 2x2 on {data}"
                    parts.append(of_networks(what, ends(of, name), of["number"], draws, below=0.0))
    return parts


TESTS = {
    "C14": Test(
        f"The median RNN 4x2 above {100 * ABOVE:g} % on CountI is first wrong at about word {WRONG_AT} (within a"
        f" factor of {TAIL_FACTOR:g}) and its states meet at about {MEET_AT} (likewise); more than half of the GRUs are"
        f" right to word {HOLDS_TO}. Errors before word {LENGTH}, in sentences shorter than any in training, do not"
        " count as forgetting. Stop words are drawn at random. (±2 % of the printed number of words count as"
        " narrow.)",
        (_NOISE,),
        ("noise_robustness/figure_4_9_survival.png", "noise_robustness/figure_4_9.png"),
        _forgets,
    ),
    "C15": Test(
        f"{ADDED} stop words put into a sentence move a GRU's last state less than 1/{TAIL_FACTOR:g} as far as an"
        " RNN's, each measured by the distance between its classes' mean states, and spoil more of an RNN's right"
        " decisions (most that are flipped were wrong: sentences of a few words are shorter than any in training);"
        f" both above {100 * ABOVE:g} % on CountI, all sentences of 1 to 4 sentiment words. Bootstrap, decisions paired"
        " by draw; the quotient runs from low over high to high over low.",
        (_NOISE,),
        ("noise_robustness/figure_4_10_noise.png", "noise_robustness/figure_4_10.png"),
        _moved,
    ),
    "C16": Test(
        f"In GRUs {_SUCCESS} on CountII sentiment words move the state their way, and stop words leave it in its"
        f" region, from more than {100 * EVERYWHERE:g} % of the plane; and both more than in GRUs {_FAILURE}. To move"
        " its way is to raise or lower the readout's margin; the word need not end in the region, as C17's near the"
        " boundary must.",
        (_FIELD,),
        ("vector_field/figure_4_11_to_4_14_shares.png", "vector_field/figure_4_11.png", "vector_field/figure_4_12.png"),
        _pushes,
    ),
    "C17": Test(
        f"In GRUs {_SUCCESS} on FirstII words of every kind leave the state in its region from more than"
        f" {100 * EVERYWHERE:g} % of the points further than {FAR:g} from the boundary; of those within {NEAR:g} of it,"
        " in the other region, sentiment words lead from more than half into their own; and all three more than in"
        f" GRUs {_FAILURE}.",
        (_FIELD,),
        ("vector_field/figure_4_11_to_4_14_distance_FirstII.png", "vector_field/figure_4_13.png"),
        _decided_near,
    ),
    "C18": Test(
        "The change of the field's mean norm and the change of accuracy, by training, correlate negatively over all"
        " words and networks, and over those of each kind of words: Pearson's and Spearman's coefficients lie below 0"
        " for both cells on both data sets, and so does Spearman's within draws, some of which are easier than others.",
        (_FIELD,),
        ("vector_field/figure_4_15_correlations.png", "vector_field/figure_4_15.png"),
        _correlates,
    ),
}
