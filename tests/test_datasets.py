"""The data sets: sizes, balance, labels, repeats, randomness, word frequencies, refusals."""

import functools
import itertools
from collections.abc import Sequence

import jax
import numpy as np
import pytest
from oracles import kind_letters, label_of
from scipy import stats

from rnnjax.datasets import VERSIONS, Dataset, make_dataset
from rnnjax.errors import UserError
from rnnjax.words import WORD_KINDS, words_of

RULES = ["count", "first", "xor"]
VARIANTS = [(rule, version) for rule in RULES for version in VERSIONS]


@functools.cache
def dataset(rule: str, version: str, chances: Sequence[float] = (0.6, 0.2, 0.2), length: int = 10) -> Dataset:
    return make_dataset(jax.random.key(3), rule, version, chances, length)


def all_sentences(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The words and labels of the three splits together."""
    return np.concatenate([split.words for split in data]), np.concatenate([split.positive for split in data])


def test_the_versions_have_the_sizes_of_section_3_1() -> None:
    assert VERSIONS == {"I": (8000, 2000, 3000), "II": (5000, 1000, 1000)}


@pytest.mark.parametrize(("rule", "version"), VARIANTS)
def test_the_splits_are_as_large_as_the_version_says_and_exactly_balanced(rule: str, version: str) -> None:
    for split, size in zip(dataset(rule, version), VERSIONS[version], strict=True):
        assert split.words.shape == (size, 10)
        assert split.positive.shape == (size,)
        assert split.positive.sum() == size // 2
        assert (split.words.dtype, split.positive.dtype) == (np.int32, np.bool_)


@pytest.mark.parametrize(("rule", "version"), VARIANTS)
def test_every_sentence_has_the_label_of_the_definition(rule: str, version: str) -> None:
    words, positive = all_sentences(dataset(rule, version))
    assert set(words.ravel().tolist()) == set(range(10))
    assert [label_of(rule, kind_letters(sentence)) for sentence in words] == positive.tolist()


@pytest.mark.parametrize(
    ("rule", "version", "length"), [*((*variant, 10) for variant in VARIANTS), ("first", "II", 18)]
)
def test_no_sentence_occurs_twice_within_or_between_splits(rule: str, version: str, length: int) -> None:
    words, _ = all_sentences(dataset(rule, version, length=length))
    assert len(set(map(tuple, words.tolist()))) == sum(VERSIONS[version])


# Random order: the number of runs of equal labels is normal about N/2 + 1 with variance close to N/4.
@pytest.mark.parametrize(("rule", "version"), VARIANTS)
def test_the_two_classes_are_shuffled(rule: str, version: str) -> None:
    for split in dataset(rule, version):
        size = len(split.positive)
        runs = 1 + (split.positive[1:] != split.positive[:-1]).sum()
        assert abs(runs - (size / 2 + 1)) < 5 * np.sqrt(size / 4)


def test_the_same_key_gives_the_same_data() -> None:
    again = make_dataset(jax.random.key(3), "xor", "II")
    jax.tree.map(np.testing.assert_array_equal, again, dataset("xor", "II"))


def test_another_key_gives_other_sentences() -> None:
    other, _ = all_sentences(make_dataset(jax.random.key(4), "xor", "II"))
    words, _ = all_sentences(dataset("xor", "II"))
    # Of 10^10 sentences that are equally likely, two sets of 7,000 share 0.005 on average.
    assert len(set(map(tuple, words.tolist())) & set(map(tuple, other.tolist()))) <= 1


@functools.cache
def expected_kinds(rule: str, chances: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """By brute force over the 3^10 sequences of kinds, given a label of either class with equal chance.

    Returns:
        The frequency of each kind at each place [class, T, 3], and of 0..10 stop words [11].
    """
    kinds = np.array(list(itertools.product(range(3), repeat=10)))
    verdicts = np.array([label_of(rule, "".join("SPN"[k] for k in row)) for row in kinds.tolist()])
    at_places, stop_words = [], np.zeros(11)
    for verdict in (False, True):
        chosen = kinds[verdicts == verdict]
        weights = np.prod(np.array(chances)[chosen], axis=1)
        weights /= weights.sum()
        at_places.append([[weights[chosen[:, t] == kind].sum() for kind in range(3)] for t in range(10)])
        stop_words += np.bincount((chosen == 0).sum(1), weights, minlength=11) / 2
    return np.array(at_places), stop_words


FREQUENCIES = [(0.6, 0.2, 0.2), (0.3, 0.5, 0.2), (0.75, 0.05, 0.2)]


@pytest.mark.parametrize("chances", FREQUENCIES)
@pytest.mark.parametrize("rule", RULES)
def test_each_kind_occurs_at_each_place_as_often_as_the_chances_and_the_label_imply(
    rule: str, chances: Sequence[float]
) -> None:
    words, positive = all_sentences(dataset(rule, "II", chances))
    expected, _ = expected_kinds(rule, chances)
    for verdict in (0, 1):
        kinds = WORD_KINDS[words[positive == bool(verdict)]]
        observed = np.stack([(kinds == kind).mean(0) for kind in range(3)], axis=1)
        error = np.sqrt(expected[verdict] * (1 - expected[verdict]) / len(kinds))
        assert (np.abs(observed - expected[verdict]) <= 5 * error + 1e-12).all()


@pytest.mark.parametrize("chances", FREQUENCIES)
@pytest.mark.parametrize("rule", RULES)
def test_the_number_of_stop_words_in_a_sentence_is_distributed_as_for_independent_words(
    rule: str, chances: Sequence[float]
) -> None:
    words, _ = all_sentences(dataset(rule, "II", chances))
    observed = np.bincount((WORD_KINDS[words] == 0).sum(1), minlength=11)
    expected = len(words) * expected_kinds(rule, chances)[1]
    common = expected > 5  # the rest is one cell; it may be empty
    observed = np.append(observed[common], observed[~common].sum())
    expected = np.append(expected[common], expected[~common].sum() + 1e-9)
    # The classes are fixed in number, which can only lessen the statistic's variance.
    assert stats.chi2.sf(((observed - expected) ** 2 / expected).sum(), len(expected) - 1) > 1e-4


@pytest.mark.parametrize("chances", FREQUENCIES)
def test_words_of_one_kind_are_equally_frequent(chances: Sequence[float]) -> None:
    words, _ = all_sentences(dataset("count", "II", chances))
    counts = np.bincount(words.ravel(), minlength=10)
    for kind in range(3):
        assert stats.chisquare(counts[words_of(kind)]).pvalue > 1e-4


def test_a_kind_without_a_chance_does_not_occur() -> None:
    words, _ = all_sentences(make_dataset(jax.random.key(0), "count", "II", (0.0, 0.5, 0.5)))
    assert words.min() == 6


@pytest.mark.parametrize("length", [4, 18])
def test_other_lengths_are_drawn_labelled_and_free_of_repeats(length: int) -> None:
    words, positive = all_sentences(dataset("first", "II", length=length))
    assert words.shape == (7000, length)
    assert len(set(map(tuple, words.tolist()))) == 7000
    assert [label_of("first", kind_letters(sentence)) for sentence in words] == positive.tolist()


def test_too_few_different_sentences_are_refused_with_their_number() -> None:
    # Of the 10^4 sentences of four words 6^4 have no label under First; half of the others is a class.
    with pytest.raises(UserError, match=r"sentences of 4 words.* only 4352 different .* 6500 are needed"):
        make_dataset(jax.random.key(0), "first", "I", sentence_length=4)


@pytest.mark.parametrize(("rule", "length"), [("count", 1), ("xor", 1), ("xor", 3)])
def test_sentences_too_short_for_the_sizes_are_refused(rule: str, length: int) -> None:
    with pytest.raises(UserError, match=f"sentences of {length} words"):
        make_dataset(jax.random.key(0), rule, "II", sentence_length=length)


@pytest.mark.parametrize("length", [0, -1, 19, 10**9])
def test_an_absurd_length_is_refused(length: int) -> None:
    with pytest.raises(UserError, match=f"sentence_length is {length}; it must be from 1 to 18"):
        make_dataset(jax.random.key(0), "count", "I", sentence_length=length)


def test_an_unknown_label_is_refused_with_the_valid_names() -> None:
    with pytest.raises(UserError, match=r"'parity'.*count, first, xor"):
        make_dataset(jax.random.key(0), "parity", "I")


@pytest.mark.parametrize("version", ["III", "i", ""])
def test_an_unknown_version_is_refused_with_the_valid_names(version: str) -> None:
    with pytest.raises(UserError, match=f"'{version}'.*I, II"):
        make_dataset(jax.random.key(0), "count", version)


@pytest.mark.parametrize("chances", [(0.5, 0.5), (0.7, 0.2, 0.2), (1.0, 0.0, 0.0), (1.2, -0.1, -0.1)])
def test_impossible_chances_are_refused(chances: Sequence[float]) -> None:
    with pytest.raises(UserError, match="kind_probabilities is"):
        make_dataset(jax.random.key(0), "count", "II", chances)
