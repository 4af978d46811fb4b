"""The vocabulary of section 3.1 and the words' chances."""

import numpy as np
import pytest

from rnnjax.errors import UserError
from rnnjax.words import KINDS, NEGATIVE, NUM_WORDS, POSITIVE, STOP, WORD_KINDS, word_probabilities, words_of


def test_the_vocabulary_is_six_stop_words_two_positive_and_two_negative_ones() -> None:
    assert NUM_WORDS == 10
    assert [KINDS[kind] for kind in WORD_KINDS] == ["stop"] * 6 + ["positive"] * 2 + ["negative"] * 2


def test_words_of_gives_every_word_of_a_kind() -> None:
    assert words_of(STOP).tolist() == [0, 1, 2, 3, 4, 5]
    assert words_of(POSITIVE).tolist() == [6, 7]
    assert words_of(NEGATIVE).tolist() == [8, 9]


@pytest.mark.parametrize(
    ("chances", "stop", "positive", "negative"),
    [
        ((0.6, 0.2, 0.2), 0.1, 0.1, 0.1),
        ((0.3, 0.5, 0.2), 0.05, 0.25, 0.1),
        ((0.0, 0.9, 0.1), 0.0, 0.45, 0.05),
        ([0.9, 0.06, 0.04], 0.15, 0.03, 0.02),
    ],
)
def test_words_of_one_kind_share_its_chance_equally(
    chances: tuple[float, ...], stop: float, positive: float, negative: float
) -> None:
    expected = [stop] * 6 + [positive] * 2 + [negative] * 2
    np.testing.assert_allclose(word_probabilities(chances), expected, rtol=1e-15)


@pytest.mark.parametrize(
    "chances",
    [
        (0.5, 0.5),
        (0.4, 0.2, 0.2, 0.2),
        (),
        (0.6, 0.2, 0.3),
        (0.5, 0.2, 0.2),
        (1.4, -0.2, -0.2),
        (-0.1, 0.55, 0.55),
        (1.0, 0.0, 0.0),
        (0.8, 0.2, 0.0),
        (0.8, 0.0, 0.2),
        (float("nan"), 0.5, 0.5),
        (float("inf"), 0.2, 0.2),
    ],
)
def test_impossible_chances_are_refused_by_name_and_value(chances: tuple[float, ...]) -> None:
    with pytest.raises(UserError, match="kind_probabilities") as caught:
        word_probabilities(chances)
    assert str(chances) in str(caught.value)
