"""Words that the report uses: data, networks, training, protocols, distributions; for readers without the thesis."""

from experiments.programme import ADOPTED, PROTOCOLS
from rnnjax.verdicts import ENOUGH_DRAWS, ENOUGH_MEMBERS, NARROW

_PROTOCOL_FIELDS: dict[str, str | dict[object, str]] = {
    "training.batch_size": "batches of {}",
    "data.embedding_scale": "words {} times as far apart",
    "data.embedding_margin": "positive and negative words at least {} from the plane between them (adopted: 0.25)",
    "training.improves_on_best": {False: "an epoch that is better than the one before it counts as an improvement"},
    "training.report": {"best": "the best epoch's accuracy is reported"},
}


def terms() -> list[tuple[str, str]]:
    """Every term with what it means, in the order in which a reader meets them."""
    return [
        (
            "Sentence",
            "Ten words out of ten: six stop words, two positive and two negative ones, each a fixed point of the plane"
            " (or of a space of more dimensions).",
        ),
        (
            "Count, First, Xor",
            "A sentence is positive if it has more positive than negative words; if its first sentiment word is"
            " positive; if its first two sentiment words differ. I: 8,000 training, 2,000 validation and 3,000 test"
            " sentences; II: 5,000, 1,000 and 1,000. Half of each are positive.",
        ),
        (
            "RNN, GRU, 2x4",
            "h' = tanh(W_ih x + b_ih + W_hh h + b_hh), and the same with a reset and an update gate, or with one of"
            " them. 2x4: words of 2 dimensions, H = 4 hidden units. Two logits, W_oh h + b_oh of the last state,"
            " decide.",
        ),
        (
            "Draw",
            "A set of sentences, a place of every word, and the starts and shuffles that go with them. Networks of one"
            " draw (its seeds) share sentences and words; so intervals resample draws first, then seeds.",
        ),
        (
            "Section 3.2's protocol",
            "Adam at a rate of 0.001, minibatches, up to 150 epochs; the rate is halved when validation accuracy gets"
            " worse, and training stops after four epochs without improvement or below a rate of 1e-6. Starts are"
            " U(±1/√H), PyTorch's. Without early stop: a constant rate for all epochs; where the best of three is"
            " taken, either half of the seeds has the one that is best for the other half.",
        ),
        (
            "protocol: thesis, stopped, unstopped, matched",
            "Rows of tables, all of them our networks: section 3.2's protocol; the networks without early stop"
            " (unstopped) beside those of the same starts under section 3.2's protocol (stopped); RNNs with as many"
            " parameters as the GRU (matched). Columns that begin with thesis have what it prints.",
        ),
        (
            ADOPTED,
            "What the thesis leaves open of it, chosen by numbers that it prints, which no other protocol fits clearly"
            " better: batches of 2, all words equally frequent, worse than the epoch before, no improvement on the best"
            " epoch, the last epoch's accuracy.",
        ),
        *((name, _differs(name)) for name in PROTOCOLS if name != ADOPTED),
        (
            "pytorch:1, uniform:a, normal:s",
            "Distributions of random settings: U(±1/√H), from which PyTorch's modules start; U(±a); N(0, s²).",
        ),
        (
            "Accuracy",
            "Share of the validation sentences that are classified rightly, after the last epoch unless it says"
            " otherwise. Chance is 50 %. A network succeeds above 90 %.",
        ),
        (
            "Dotted interval",
            "Of a rate where none or all of the networks are above a threshold. Resampling them shows no spread, so the"
            " interval ends at the largest rate (or the least) with which that would still be seen in 2.5 % of such"
            " samples, if draws' rates differ as this study's do. It hangs on the number of draws more than on that of"
            " networks: none of 160 networks in ten draws leaves 28 %, none of 256 in 64 draws 2.4 %.",
        ),
    ]


def rule(parts: int, looks: int) -> str:
    """What a part of a claim needs for a verdict.

    Args:
        parts: that are judged together.
        looks: how often any of them has been judged.
    """
    return (
        f"A part decides if it rests on at least {ENOUGH_MEMBERS:,} members, or an interval within"
        f" ±{100 * NARROW:g} points, in at least {ENOUGH_DRAWS} draws, and if its interval lies on one side of what is"
        f" claimed when it is stretched for {looks:,} looks at {parts:,} parts (open ones got more draws or seeds, and"
        " each time counts): Bonferroni's correction, with Student's t for the number of draws, of ratios in"
        " logarithms, and 6 % further, two standard errors of what 2,000 resamples know of an end. Where none of a"
        " side's networks succeed (or all do), the end of none is the largest rate with which that may happen by so"
        " much chance, where draws' rates are gamma distributed with a squared coefficient of variation of 16, or with"
        " which no draw may have one, if that is less. The stretched interval stands beside the 95 % one. What an open"
        " part takes is how many times as many networks, in"
        " as many times as many draws, would decide it if its estimate stayed."
    )


def _differs(protocol: str) -> str:
    told = []
    for field, value in PROTOCOLS[protocol].items():
        words = _PROTOCOL_FIELDS[field]
        told.append(words[value] if isinstance(words, dict) else words.format(f"{value:g}"))
    return f"As adopted, but {', '.join(told)}."
