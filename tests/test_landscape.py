"""landscape.py: exact counts, settings that can be found again, what is kept of a million of them."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rnnjax import landscape, members
from rnnjax.cells import CELLS
from rnnjax.datasets import Split, make_dataset
from rnnjax.embeddings import make_embedding
from rnnjax.errors import UserError
from rnnjax.initializers import Sampler, parse_sampler
from rnnjax.landscape import Architecture, Tally, empty_tally, parse_architecture
from rnnjax.parameters import Params
from rnnjax.prefixes import make_plan
from rnnjax.words import NEGATIVE, POSITIVE, STOP, WORD_KINDS

KEY = jax.random.key(11)


@pytest.fixture(scope="module")
def split() -> Split:
    return make_dataset(KEY, "first", "II").validation


@pytest.fixture(scope="module")
def mesh() -> jax.sharding.Mesh:
    return members.make_mesh(1)


def draw(architecture: Architecture, sampler: Sampler, indices: np.ndarray) -> Params:
    """Members first."""
    one: Callable[[jax.Array], Params] = lambda index: landscape.setting(KEY, architecture, sampler, index)  # noqa: E731
    return jax.jit(jax.vmap(one))(jnp.asarray(indices, jnp.uint32))


def members_last(params: Params) -> Params:
    return jax.tree.map(lambda leaf: jnp.moveaxis(leaf, 0, -1), params)


def gru_that_solves_first() -> tuple[Params, np.ndarray]:
    """A GRU 2x2 for words (sentiment, is it a sentiment word?), made by hand.

    Unit 2 remembers that a sentiment word was seen; unit 1 takes the sentiment of a word that comes while
    unit 2 is still 0, and keeps it from then on.
    """
    k = 40.0
    zeros, gate = np.zeros((2, 2)), np.array([[0.0, -2 * k], [0.0, -2 * k]])
    params = Params(
        w_ih=np.concatenate([zeros, gate, 10 * np.eye(2)]),
        w_hh=np.concatenate([zeros, [[0.0, 2 * k], [0.0, 0.0]], zeros]),
        b_ih=np.array([0, 0, k, k, 0, 0]),
        b_hh=np.zeros(6),
        w_oh=np.array([[-1.0, 0.0], [1.0, 0.0]]),
        b_oh=np.zeros(2),
    )
    word = {STOP: (0, 0), POSITIVE: (1, 1), NEGATIVE: (-1, 1)}
    embedding = np.array([word[kind] for kind in WORD_KINDS.tolist()], np.float32)
    return jax.tree.map(lambda leaf: jnp.asarray(leaf[..., None], jnp.float32), params), embedding


def test_a_gru_built_by_hand_to_solve_first_gets_every_sentence(split: Split) -> None:
    params, embedding = gru_that_solves_first()
    plan = make_plan(split.words)
    correct = landscape.count_correct(CELLS["gru"], params, plan, embedding, split.positive)
    assert correct.tolist() == [len(split.words)]
    # On Count it must fail where the majority is not the first: the labels are looked at, not just counted.
    count = make_dataset(KEY, "count", "II").validation
    kinds = WORD_KINDS[count.words]
    first = np.array([row[row != STOP][0] == POSITIVE for row in kinds])
    correct = landscape.count_correct(CELLS["gru"], params, make_plan(count.words), embedding, count.positive)
    assert correct.tolist() == [(first == count.positive).sum()]


@pytest.mark.parametrize("name", ["rnn_2x2", "gru_4x4", "relu_rnn_2x4", "update_gate_gru_2x2", "reset_gate_gru_4x2"])
def test_the_fast_count_is_the_plain_one_up_to_near_ties(name: str, split: Split, mesh: jax.sharding.Mesh) -> None:
    architecture, sampler = parse_architecture(name), parse_sampler("normal:1")
    embedding = make_embedding(KEY, "embedding_2", architecture.input_dim)
    drawer = landscape.make_drawer(KEY, architecture, sampler.name, mesh, 256)
    counter = landscape.make_counter(architecture, split, embedding, mesh, 64, drawer.size)
    fast = np.concatenate(list(landscape.counts(drawer, counter, KEY, sampler.scale, 0, 256))).astype(int)
    margins = landscape.plain_margins(architecture, split, embedding)(draw(architecture, sampler, np.arange(256)))
    plain = ((margins > 0) == split.positive).sum(1)
    near = (np.abs(margins) <= landscape.NEAR_TIE * np.maximum(1, np.abs(margins).max(1, keepdims=True) / 10)).sum(1)
    assert (np.abs(fast - plain) <= near).all()
    assert fast.std() > 5  # settings do differ: the test is not of constants


def test_counts_of_a_range_are_those_settings_whatever_the_calls(split: Split, mesh: jax.sharding.Mesh) -> None:
    architecture, embedding = parse_architecture("rnn_2x2"), make_embedding(KEY, "embedding_2", 2)
    found = []
    for size, pieces in ((32, [(0, 100)]), (64, [(0, 37), (37, 100)]), (128, [(0, 1), (1, 99), (99, 100)])):
        drawer = landscape.make_drawer(KEY, architecture, "pytorch", mesh, size)
        counter = landscape.make_counter(architecture, split, embedding, mesh, 16, drawer.size)
        found.append(
            np.concatenate(
                [c for start, stop in pieces for c in landscape.counts(drawer, counter, KEY, 1.0, start, stop)]
            )
        )
    assert all(len(counts) == 100 for counts in found)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_a_setting_is_a_function_of_key_architecture_and_index() -> None:
    gru, sampler = parse_architecture("gru_2x4"), parse_sampler("pytorch")
    many, alone = draw(gru, sampler, np.arange(50)), draw(gru, sampler, np.array([49]))
    np.testing.assert_array_equal(many.w_hh[49], alone.w_hh[0])
    assert len(np.unique(np.asarray(many.w_hh[:, 0, 0]))) == 50
    other_key = landscape.setting(jax.random.key(12), gru, sampler, jnp.uint32(49))
    assert not np.isin(np.asarray(other_key.w_hh), np.asarray(alone.w_hh)).any()
    # No two architectures share numbers, not even where their shapes agree.
    update = draw(parse_architecture("update_gate_gru_2x4"), sampler, np.arange(5))
    assert not np.isin(np.asarray(update.w_oh), np.asarray(many.w_oh)).any()


def test_a_negated_readout_turns_every_answer_around(split: Split) -> None:
    architecture = parse_architecture("gru_2x2")
    params = members_last(draw(architecture, parse_sampler("normal:2"), np.arange(64)))
    negated = params.replace(w_oh=-params.w_oh, b_oh=-params.b_oh)
    plan, embedding = make_plan(split.words), make_embedding(KEY, "embedding_2", 2)
    compiled = jax.jit(partial(landscape.count_correct, architecture.cell))
    one, other = (np.asarray(compiled(p, plan, embedding, split.positive)) for p in (params, negated))
    np.testing.assert_array_equal(one + other, len(split.words))


@pytest.mark.parametrize("name", ["rnn_2x2", "gru_2x2"])
def test_random_networks_are_right_half_of_the_time_on_average(
    name: str, split: Split, mesh: jax.sharding.Mesh
) -> None:
    # The samplers are symmetric under negation of the readout, so the mean must be one half exactly.
    architecture, embedding = parse_architecture(name), make_embedding(KEY, "embedding_2", 2)
    drawer = landscape.make_drawer(KEY, architecture, "uniform", mesh, 4096)
    counter = landscape.make_counter(architecture, split, embedding, mesh, 64, drawer.size)
    counts = np.concatenate(list(landscape.counts(drawer, counter, KEY, 3.0, 0, 8192))).astype(float)
    assert abs(counts.mean() - len(split.words) / 2) < 4 * counts.std() / np.sqrt(len(counts))
    assert counts.std() > 5


def test_a_tally_is_what_all_counts_together_say() -> None:
    rng = np.random.default_rng(0)
    counts = rng.binomial(30, 0.5, 5000).astype(np.uint16)  # many ties
    tally: Tally = empty_tally(30)
    for start, stop in ((0, 7), (7, 2000), (2000, 2001), (2001, 5000)):
        tally = tally.add(start, counts[start:stop])
    np.testing.assert_array_equal(tally.histogram, np.bincount(counts, minlength=31))
    order = sorted(range(5000), key=lambda i: (-int(counts[i]), i))[: landscape.NUM_BEST]
    np.testing.assert_array_equal(tally.best, order)
    np.testing.assert_array_equal(tally.best_counts, counts[order])
    assert tally.lowest.tolist() == [int(np.argmin(counts))]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lstm_2x2", "unknown cell 'lstm'; valid: rnn, relu_rnn, gru, update_gate_gru, reset_gate_gru"),
        ("gru", "architecture 'gru'; valid: a cell"),
        ("gru_2x", "architecture 'gru_2x'; valid: a cell"),
        ("gru_0x4", "the input dimension is 0; it must be from 1 to 64"),
        ("gru_2x65", "the hidden dimension is 65; it must be from 1 to 64"),
    ],
)
def test_an_architecture_that_is_none_is_refused(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_architecture(name)
