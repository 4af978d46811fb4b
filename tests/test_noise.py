"""Sentences with noise: what is left without the stop words is the sentence, and every place is equally likely."""

from itertools import combinations

import jax
import numpy as np
import pytest
from oracles import kind_letters

from rnnjax import noise
from rnnjax.errors import UserError
from rnnjax.labels import LABELS
from rnnjax.noise import NO_WORD

KEY = jax.random.key(3)


def test_all_sentiment_sentences_are_there_once() -> None:
    found = noise.sentiment_sentences(3)
    assert found.shape == (4 + 16 + 64, 3)
    assert len({tuple(row) for row in found}) == len(found)
    for row in found:
        length = (row != NO_WORD).sum()
        assert 1 <= length and set(row[:length]) <= {6, 7, 8, 9} and (row[length:] == NO_WORD).all()


def test_their_labels_are_those_of_their_words_alone() -> None:
    found = noise.sentiment_sentences(4)
    labels = LABELS["count"](noise.kinds_of(found))
    for row, positive, defined in zip(found, labels.positive, labels.defined, strict=True):
        letters = kind_letters(row[row != NO_WORD])
        ups, downs = letters.count("P"), letters.count("N")
        assert defined == (ups != downs) and (not defined or positive == (ups > downs))
    assert labels.defined.sum() == 4 + 8 + 64 + 160


@pytest.mark.parametrize("number", [0, 1, 7])
def test_without_the_stop_words_nothing_has_changed(number: int) -> None:
    sentences = noise.sentiment_sentences(3)
    found = noise.with_stop_words(KEY, sentences, number)
    assert found.shape == (len(sentences), 3 + number)
    for before, after in zip(sentences, found, strict=True):
        there = after[after != NO_WORD]
        assert len(there) == (before != NO_WORD).sum() + number
        assert (after[: len(there)] == there).all()
        assert (there < 6).sum() == number
        np.testing.assert_array_equal(there[there >= 6], before[before != NO_WORD])


def test_all_places_and_all_stop_words_are_equally_likely() -> None:
    sentences = np.tile([[6, 9, NO_WORD]], (6000, 1))
    found = noise.with_stop_words(KEY, sentences, 2)
    assert (found[:, 4] == NO_WORD).all()
    places = [tuple(np.flatnonzero(row[:4] < 6).tolist()) for row in found]
    assert set(places) == set(combinations(range(4), 2))
    for each in combinations(range(4), 2):
        assert places.count(each) == pytest.approx(1000, abs=5 * np.sqrt(1000))
    stops = found[(found >= 0) & (found < 6)]
    assert np.bincount(stops) == pytest.approx(np.full(6, 2000), abs=5 * np.sqrt(2000))


def test_groups_of_sentences_are_filled_up_behind_their_ends() -> None:
    found = noise.filled([np.array([[6], [8]]), np.array([[0, 6, 1], [2, 3, 9]])])
    assert found.tolist() == [[[6, NO_WORD, NO_WORD], [8, NO_WORD, NO_WORD]], [[0, 6, 1], [2, 3, 9]]]


def test_spelled_sentences_share_their_sentiment_words() -> None:
    seen = set()
    for seed in range(60):
        key = jax.random.key(seed)
        short, noisy = noise.spell(key, "PNN"), noise.spell(key, "SPSSSSNSSSN")
        assert kind_letters(short) == "PNN" and kind_letters(noisy) == "SPSSSSNSSSN"
        np.testing.assert_array_equal(noisy[noisy >= 6], short)
        seen.add((tuple(short), len(set(noisy[noisy < 6]))))
    assert {words for words, _ in seen} == {(p, a, b) for p in (6, 7) for a in (8, 9) for b in (8, 9)}
    assert max(different for _, different in seen) > 3


@pytest.mark.parametrize("letters", ["", "PX", "pn"])
def test_other_letters_are_refused(letters: str) -> None:
    with pytest.raises(UserError, match=r"a sentence of kinds is .*valid: letters S, P, N"):
        noise.spell(KEY, letters)


@pytest.mark.parametrize("repeated", [False, True])
def test_figure_4_9_s_pair_differs_in_its_first_word_alone(repeated: bool) -> None:
    keys = jax.random.split(KEY, 100)
    pairs = np.asarray(jax.vmap(lambda key: noise.first_word_then_noise(key, 30, repeated))(keys))
    for pair in pairs:
        assert kind_letters(pair[0]) == "N" + 29 * "S" and kind_letters(pair[1]) == "P" + 29 * "S"
        np.testing.assert_array_equal(pair[0, 1:], pair[1, 1:])
        assert (len(set(pair[0, 1:])) == 1) == repeated
    assert {tuple(pair[:, 0]) for pair in pairs} == {(n, p) for n in (8, 9) for p in (6, 7)}
    assert set(pairs[:, 0, 1:].ravel()) == set(range(6))
