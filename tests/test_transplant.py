"""Transplants leaf by leaf, bitwise; and that a GRU without gates and the RNN made from it are one function."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from outputs import same

from rnnjax.cells import CELLS
from rnnjax.classifier import logits
from rnnjax.errors import UserError
from rnnjax.initializers import parse_sampler
from rnnjax.parameters import Params
from rnnjax.transplant import gru_from_rnn, rnn_from_gru

INPUT_DIM, HIDDEN_DIM = 3, 4
CANDIDATE, GATES = slice(8, 12), slice(0, 8)


def start(cell: str, seed: int) -> Params:
    return parse_sampler("uniform:1")(jax.random.key(seed), CELLS[cell], INPUT_DIM, HIDDEN_DIM)


@pytest.mark.parametrize("input_weights", ["random", "copied"])
def test_an_rnn_from_a_gru_has_its_candidate_and_readout_and_else_its_own(input_weights: str) -> None:
    gru, random = start("gru", 0), start("rnn", 1)
    rnn = rnn_from_gru(gru, random, input_weights)
    for name in ("w_hh", "b_hh"):
        assert same(getattr(rnn, name), getattr(gru, name)[CANDIDATE])
    for name in ("w_oh", "b_oh"):
        assert same(getattr(rnn, name), getattr(gru, name))
    for name in ("w_ih", "b_ih"):
        copied = getattr(gru, name)[CANDIDATE]
        assert same(getattr(rnn, name), copied if input_weights == "copied" else getattr(random, name))


@pytest.mark.parametrize("input_weights", ["random", "copied"])
def test_a_gru_from_an_rnn_has_random_gates(input_weights: str) -> None:
    rnn, random = start("rnn", 0), start("gru", 1)
    gru = gru_from_rnn(rnn, random, input_weights)
    for name in ("w_hh", "b_hh", "w_ih", "b_ih"):
        moved = name.endswith("hh") or input_weights == "copied"
        expected = getattr(rnn, name) if moved else getattr(random, name)[CANDIDATE]
        assert same(getattr(gru, name)[CANDIDATE], expected)
        assert same(getattr(gru, name)[GATES], getattr(random, name)[GATES])
    for name in ("w_oh", "b_oh"):
        assert same(getattr(gru, name), getattr(rnn, name))


def test_there_and_back_is_the_rnn() -> None:
    rnn, random = start("rnn", 0), start("gru", 1)
    back = rnn_from_gru(gru_from_rnn(rnn, random, "copied"), start("rnn", 2), "copied")
    assert all(same(one, other) for one, other in zip(jax.tree.leaves(back), jax.tree.leaves(rnn), strict=True))


def test_the_rnn_of_a_gru_without_gates_computes_the_same() -> None:
    gru = start("gru", 0)
    # r = 1 and z = 0, to within float32, whatever the word and the state.
    held = jnp.repeat(jnp.array([50.0, -50.0], jnp.float32), HIDDEN_DIM)
    gru = gru.replace(w_ih=gru.w_ih.at[GATES].set(0), w_hh=gru.w_hh.at[GATES].set(0), b_ih=gru.b_ih.at[GATES].set(held))
    rnn = rnn_from_gru(gru, start("rnn", 1), "copied")
    sentences = np.random.default_rng(0).normal(size=(50, 10, INPUT_DIM)).astype(np.float32)
    of_gru, of_rnn = (
        jax.jit(jax.vmap(functools.partial(logits, CELLS[cell], params)))(sentences)
        for cell, params in (("gru", gru), ("rnn", rnn))
    )
    np.testing.assert_allclose(of_rnn, of_gru, rtol=0, atol=5e-6)


def test_many_members_are_transplanted_at_once() -> None:
    keys = jax.random.split(jax.random.key(5), 6)
    draw = jax.vmap(lambda key: parse_sampler("pytorch")(key, CELLS["gru"], INPUT_DIM, HIDDEN_DIM), out_axes=-1)
    draw_rnn = jax.vmap(lambda key: parse_sampler("pytorch")(key, CELLS["rnn"], INPUT_DIM, HIDDEN_DIM), out_axes=-1)
    grus, rnns = draw(keys), draw_rnn(keys)
    together = rnn_from_gru(grus, rnns, "copied"), gru_from_rnn(rnns, grus, "copied")
    for member in range(6):
        gru, rnn = (jax.tree.map(lambda leaf: leaf[..., member], tree) for tree in (grus, rnns))  # noqa: B023
        alone = rnn_from_gru(gru, rnn, "copied"), gru_from_rnn(rnn, gru, "copied")
        for one, other in zip(jax.tree.leaves(together), jax.tree.leaves(alone), strict=True):
            assert same(one[..., member], other)


def test_another_word_for_the_input_weights_is_refused() -> None:
    for transplant, source, target in ((rnn_from_gru, "gru", "rnn"), (gru_from_rnn, "rnn", "gru")):
        with pytest.raises(UserError, match=r"input_weights.*'kept'.*random, copied"):
            transplant(start(source, 0), start(target, 1), "kept")
