"""Count, First and Xor: hand tables, every short sentence against plain Python, and laws."""

import itertools

import numpy as np
import pytest
from oracles import kind_letters, label_of

from rnnjax.labels import LABELS, count, first, xor
from rnnjax.words import NEGATIVE, NUM_WORDS, POSITIVE, STOP, WORD_KINDS

KIND = {"S": STOP, "P": POSITIVE, "N": NEGATIVE}
RULES = ["count", "first", "xor"]


def kinds_of(sentences: list[str]) -> np.ndarray:
    """[N, T] from letters."""
    return np.array([[KIND[letter] for letter in sentence] for sentence in sentences])


def all_kinds(length: int) -> np.ndarray:
    """Every sequence of kinds, [3^T, T]."""
    return np.array(list(itertools.product([STOP, POSITIVE, NEGATIVE], repeat=length)))


def as_verdicts(rule: str, kinds: np.ndarray) -> list[bool | None]:
    """True, False or, where undefined, None."""
    labels = LABELS[rule](kinds)
    return [
        bool(positive) if defined else None for positive, defined in zip(labels.positive, labels.defined, strict=True)
    ]


def test_the_registry_holds_the_three_rules() -> None:
    assert list(LABELS.items()) == [("count", count), ("first", first), ("xor", xor)]


@pytest.mark.parametrize(
    ("sentence", "by_count", "by_first", "by_xor"),
    [
        ("SSSS", None, None, None),
        ("PSSS", True, True, None),
        ("SSSN", False, False, None),
        ("PNSS", None, True, True),
        ("SNSP", None, False, True),
        ("PPNN", None, True, False),
        ("PNNN", False, True, True),
        ("NPPP", True, False, True),
        ("NNPP", None, False, False),
        ("SPSP", True, True, False),
        ("NSSN", False, False, False),
        ("PPPN", True, True, False),
    ],
)
def test_sentences_labelled_by_hand(
    sentence: str, by_count: bool | None, by_first: bool | None, by_xor: bool | None
) -> None:
    kinds = kinds_of([sentence])
    assert [as_verdicts(rule, kinds)[0] for rule in RULES] == [by_count, by_first, by_xor]


@pytest.mark.parametrize("rule", RULES)
def test_every_sentence_of_four_words_has_the_label_of_the_definition(rule: str) -> None:
    words = np.array(list(itertools.product(range(NUM_WORDS), repeat=4)))
    expected = [label_of(rule, kind_letters(sentence)) for sentence in words]
    assert as_verdicts(rule, WORD_KINDS[words]) == expected


@pytest.mark.parametrize("length", [1, 2, 3, 7])
@pytest.mark.parametrize("rule", RULES)
def test_every_sequence_of_kinds_has_the_label_of_the_definition(rule: str, length: int) -> None:
    letters = ["".join(sequence) for sequence in itertools.product("SPN", repeat=length)]
    expected = [label_of(rule, sequence) for sequence in letters]
    assert as_verdicts(rule, kinds_of(letters)) == expected


@pytest.mark.parametrize("num_stop_words", [1, 2, 5])
def test_first_ignores_leading_stop_words(num_stop_words: int) -> None:
    kinds = all_kinds(5)
    longer = np.pad(kinds, ((0, 0), (num_stop_words, 0)), constant_values=STOP)
    assert as_verdicts("first", longer) == as_verdicts("first", kinds)


def test_first_ignores_what_follows_the_first_sentiment_word() -> None:
    kinds = all_kinds(5)
    kinds = kinds[kinds[:, 0] != STOP]
    expected: list[bool | None] = [bool(kind == POSITIVE) for kind in kinds[:, 0]]
    assert as_verdicts("first", kinds) == expected


def test_count_ignores_order() -> None:
    kinds = all_kinds(5)
    verdicts = as_verdicts("count", kinds)
    for order in itertools.permutations(range(5)):
        assert as_verdicts("count", kinds[:, order]) == verdicts


def test_xor_depends_only_on_the_first_two_sentiment_words() -> None:
    kinds = all_kinds(6)
    for sequence, verdict in zip(kinds, as_verdicts("xor", kinds), strict=True):
        leading = sequence[sequence != STOP][:2]
        expected = as_verdicts("xor", leading[None])[0] if len(leading) == 2 else None
        assert verdict == expected


@pytest.mark.parametrize("rule", ["count", "first"])
def test_exchanging_the_sentiments_exchanges_the_labels(rule: str) -> None:
    kinds = all_kinds(6)
    exchanged = np.array([STOP, NEGATIVE, POSITIVE])[kinds]
    expected = [None if verdict is None else not verdict for verdict in as_verdicts(rule, kinds)]
    assert as_verdicts(rule, exchanged) == expected


def test_xor_is_the_same_when_the_sentiments_are_exchanged() -> None:
    kinds = all_kinds(6)
    assert as_verdicts("xor", np.array([STOP, NEGATIVE, POSITIVE])[kinds]) == as_verdicts("xor", kinds)
