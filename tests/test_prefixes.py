"""Shared prefixes: the plan spells the sentences, and its states are those of every sentence read alone."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rnnjax.cells import CELLS
from rnnjax.classifier import hidden_states
from rnnjax.parameters import Params, count, shapes, unflatten
from rnnjax.prefixes import Plan, final_states, make_plan
from rnnjax.words import NUM_WORDS

NUM_MEMBERS, INPUT_DIM, HIDDEN_DIM = 3, 2, 4
MOST_SENTENCES, LONGEST = 2000, 10
SENTENCES = np.random.default_rng(0).integers(0, NUM_WORDS, (MOST_SENTENCES, LONGEST)).astype(np.int32)
EMBEDDING = np.random.default_rng(1).normal(size=(NUM_WORDS, INPUT_DIM)).astype(np.float32)
# Either side of the numbers of sentences at which the complete tree grows by a level.
NUM_SENTENCES = [1, 5, 9, 10, 99, 100, 999, 1000, MOST_SENTENCES]


def members(cell: str) -> Params:
    """Of S networks, members last."""
    sizes = shapes(len(CELLS[cell].gates), INPUT_DIM, HIDDEN_DIM)
    flat = np.random.default_rng(2).uniform(-0.5, 0.5, (count(sizes), NUM_MEMBERS))
    return unflatten(jnp.asarray(flat, jnp.float32), sizes)


@functools.cache
def states_one_by_one(cell: str) -> np.ndarray:
    """The state of each network after each word of each sentence, read alone: [N, T, H, S]."""

    def read(params: Params, sentence: jax.Array) -> jax.Array:
        return hidden_states(CELLS[cell], params, sentence)

    every_sentence = jax.vmap(read, in_axes=(None, 0))
    every_member = jax.vmap(every_sentence, in_axes=(-1, None), out_axes=-1)
    return np.asarray(jax.jit(every_member)(members(cell), EMBEDDING[SENTENCES]))


def states_by_prefixes(cell: str, plan: Plan) -> np.ndarray:
    return np.asarray(jax.jit(final_states, static_argnums=0)(CELLS[cell], members(cell), plan, EMBEDDING))


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_states_of_all_sentences_are_those_of_each_read_alone(cell: str) -> None:
    states = states_by_prefixes(cell, make_plan(SENTENCES))
    assert states.shape == (MOST_SENTENCES, HIDDEN_DIM, NUM_MEMBERS)
    np.testing.assert_allclose(states, states_one_by_one(cell)[:, -1], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("length", [1, 2, 3, LONGEST])
@pytest.mark.parametrize("num_sentences", [1, 5, 99, MOST_SENTENCES])
def test_so_are_those_of_few_and_of_short_sentences(num_sentences: int, length: int) -> None:
    states = states_by_prefixes("rnn", make_plan(SENTENCES[:num_sentences, :length]))
    expected = states_one_by_one("rnn")[:num_sentences, length - 1]
    np.testing.assert_allclose(states, expected, rtol=1e-6, atol=1e-6)


def test_repeated_sentences_keep_their_places() -> None:
    order = np.array([3, 0, 3, 7, 7, 1])
    expected = states_one_by_one("rnn")[order, -1]
    np.testing.assert_allclose(states_by_prefixes("rnn", make_plan(SENTENCES[order])), expected, rtol=1e-6, atol=1e-6)


def test_the_order_of_the_sentences_is_the_order_of_the_states() -> None:
    order = np.random.default_rng(3).permutation(MOST_SENTENCES)
    expected = states_one_by_one("rnn")[order, -1]
    np.testing.assert_allclose(states_by_prefixes("rnn", make_plan(SENTENCES[order])), expected, rtol=1e-6, atol=1e-6)


def spell(plan: Plan) -> list[list[tuple[int, ...]]]:
    """The prefixes that the rows of each level of the tree, and then the sentences, stand for."""
    rows: list[tuple[int, ...]] = [()]
    levels = []
    for words in plan.tree:
        assert words.shape == (2, len(rows) * NUM_WORDS)
        rows = [(*rows[r % len(rows)], word) for r, word in enumerate(words[0].tolist())]
        levels.append(rows)
    assert 0 <= plan.parents.min() <= plan.parents.max() < len(rows)  # the gather does not check
    assert len(plan.rest) == 2 * int(plan.num_pairs) + 1
    assert int(plan.one) == 1
    read = np.concatenate([plan.first[None], plan.rest[:-1]])
    assert read.shape[1:] == plan.parents.shape
    return [*levels, [(*rows[parent], *read[:, r].tolist()) for r, parent in enumerate(plan.parents)]]


@pytest.mark.parametrize("length", [1, 2, 3, 4, LONGEST])
@pytest.mark.parametrize("num_sentences", NUM_SENTENCES)
def test_the_last_level_spells_the_sentences_in_order(num_sentences: int, length: int) -> None:
    sentences = SENTENCES[:num_sentences, :length]
    assert spell(make_plan(sentences))[-1] == list(map(tuple, sentences.tolist()))


@pytest.mark.parametrize("num_sentences", NUM_SENTENCES)
def test_every_other_level_spells_all_prefixes_of_one_length_once(num_sentences: int) -> None:
    for rows in spell(make_plan(SENTENCES[:num_sentences]))[:-1]:
        depth = len(rows[0])
        assert {len(row) for row in rows} == {depth}
        assert len(set(rows)) == len(rows) == NUM_WORDS**depth


def num_steps(plan: Plan) -> int:
    return sum(words.shape[1] for words in plan.tree) + len(plan.parents) * (1 + 2 * int(plan.num_pairs))


@pytest.mark.parametrize("length", [1, 2, 3, 4, LONGEST])
@pytest.mark.parametrize("num_sentences", NUM_SENTENCES)
def test_a_plan_takes_hardly_more_steps_than_reading_one_by_one(num_sentences: int, length: int) -> None:
    # An even number of words needs one level of the tree, however few the sentences.
    most = max(num_sentences * length, num_sentences * (length - 1) + NUM_WORDS)
    assert num_steps(make_plan(SENTENCES[:num_sentences, :length])) <= most


def test_the_steps_for_2000_sentences_of_ten_words_counted_by_hand() -> None:
    plan = make_plan(SENTENCES)
    # All prefixes of one, two and three words, then 2,000 sentences: one word on, then three pairs.
    assert [words.shape[1] for words in plan.tree] == [10, 100, 1000]
    assert (len(plan.parents), int(plan.num_pairs)) == (2000, 3)
    assert num_steps(plan) == 15_110


@pytest.mark.parametrize("num_sentences", NUM_SENTENCES)
def test_other_sentences_of_the_same_number_and_length_have_a_plan_of_the_same_shapes(num_sentences: int) -> None:
    one, other = SENTENCES[:num_sentences], SENTENCES[::-1][:num_sentences]
    shapes_of = [jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), make_plan(each)) for each in (one, other)]
    assert shapes_of[0] == shapes_of[1]
