"""Judging against the thesis' equations in float64; members, draws, calls that hold others."""

import functools

import jax
import numpy as np
import pytest
from oracles import states_of

from rnnjax import members
from rnnjax.datasets import Split, make_dataset
from rnnjax.embeddings import make_embedding
from rnnjax.errors import UserError
from rnnjax.initializers import parse_sampler
from rnnjax.judging import Exam, Judging, compile_judging, judge, make_exam
from rnnjax.landscape import Architecture, parse_architecture
from rnnjax.parameters import flatten, unflatten

KEY = jax.random.key(3)
NUMBER = 150  # sentences of an exam
EMBEDDINGS = [make_embedding(KEY, f"embedding_{i}", 2) for i in (3, 2, 4)]


def splits() -> list[Split]:
    """The same number of sentences of different data sets, so that no two exams share sentences or labels."""
    some = [make_dataset(jax.random.key(i), label, "II").test for i, label in enumerate(("count", "first", "xor"))]
    return [Split(split.words[:NUMBER], split.positive[:NUMBER]) for split in some]


SPLITS = splits()
EXAMS = [make_exam(split, embedding) for split, embedding in zip(SPLITS, EMBEDDINGS, strict=True)]


def networks(architecture: Architecture, number: int) -> np.ndarray:
    """[P, S], of large weights: few of their margins are near 0."""
    sample = parse_sampler("normal:2")
    dims = architecture.input_dim, architecture.hidden_dim
    one = jax.vmap(lambda key: flatten(sample(key, architecture.cell, *dims)), out_axes=1)
    return np.asarray(one(jax.random.split(KEY, number)))


@functools.cache
def compiled(name: str, tile: int = 4, size: int = 12) -> tuple[Judging, np.ndarray]:
    architecture = parse_architecture(name)
    judging = compile_judging(architecture, members.make_mesh(1), tile, size, EXAMS[0])
    return judging, networks(architecture, 12)


def by_hand(name: str, flat: np.ndarray, split: Split, embedding: np.ndarray) -> tuple[int, float]:
    """(1.1)-(1.6), the softmax's argmax, minus the logarithm of the label's share: one network, one sentence a time."""
    architecture = parse_architecture(name)
    params = unflatten(flat.astype(np.float64), architecture.sizes)
    correct, loss = 0, 0.0
    for words, positive in zip(split.words, split.positive, strict=True):
        h = states_of(architecture.cell.name, params, embedding[words])[-1]
        logits = params.w_oh @ h + params.b_oh
        share = np.exp(logits) / np.exp(logits).sum()
        assert abs(logits[1] - logits[0]) > 1e-5, "a near tie decides nothing"
        correct += int(np.argmax(share) == positive)
        loss -= float(np.log(share[int(positive)])) / len(split.words)
    return correct, loss


@pytest.mark.parametrize("name", ["rnn_2x2", "gru_2x3"])
def test_each_network_is_judged_by_its_own_draw_s_exam_as_by_hand(name: str) -> None:
    judging, flat = compiled(name)
    draws = np.array([0, 1, 1, 2, 1, 0, 2])  # two, three and two: a tile each, none of them full
    correct, loss = judge(judging, flat[:, :7], EXAMS, draws)
    assert correct.shape == loss.shape == (7,) and len(set(correct.tolist())) > 3
    for member, draw in enumerate(draws):
        told = by_hand(name, flat[:, member], SPLITS[draw], EMBEDDINGS[draw])
        assert correct[member] == told[0]
        assert loss[member] == pytest.approx(told[1], rel=1e-4)


def test_by_default_there_is_one_exam() -> None:
    judging, flat = compiled("rnn_2x2")
    first, second = (judge(judging, flat, exam)[0] for exam in EXAMS[:2])
    assert (first != second).any()
    np.testing.assert_array_equal(judge(judging, flat, EXAMS)[0], first)
    np.testing.assert_array_equal(judge(judging, flat, EXAMS, np.full(12, 1))[0], second)
    np.testing.assert_array_equal(judge(judging, flat, [EXAMS[1]], np.zeros(12))[0], second)


@pytest.mark.parametrize("tile", [3, 12])
def test_a_network_is_judged_alike_in_any_tile_place_and_company(tile: int) -> None:
    architecture, draws = parse_architecture("gru_2x3"), np.arange(12) % 3
    flat = networks(architecture, 12)
    expected = np.array([judge(*one) for one in alone(flat, draws)])[..., 0]
    judging = compile_judging(architecture, members.make_mesh(1), tile, 36, EXAMS[0])
    for order in (np.arange(12), np.arange(12)[::-1], np.random.default_rng(0).permutation(12)[:7]):
        correct, loss = judge(judging, flat[:, order], EXAMS, draws[order])
        np.testing.assert_array_equal(correct, expected[order, 0])
        np.testing.assert_allclose(loss, expected[order, 1], rtol=1e-4)


def alone(flat: np.ndarray, draws: np.ndarray) -> list[tuple[Judging, np.ndarray, Exam]]:
    judging, _ = compiled("gru_2x3", tile=1, size=1)
    return [(judging, flat[:, [member]], EXAMS[draw]) for member, draw in enumerate(draws)]


def test_a_network_that_is_no_number_calls_all_sentences_negative_and_touches_no_other() -> None:
    judging, flat = compiled("rnn_2x2")
    healthy, losses = judge(judging, flat, EXAMS[0])
    ill = flat.copy()
    ill[:, 5] = np.nan
    correct, loss = judge(judging, ill, EXAMS[0])
    assert correct[5] == (~SPLITS[0].positive).sum() and np.isnan(loss[5])
    others = np.arange(12) != 5
    np.testing.assert_array_equal(correct[others], healthy[others])
    np.testing.assert_array_equal(loss[others], losses[others])


@pytest.mark.parametrize("draws", [[0] * 5 + [1] * 5, [0] * 13, []])
def test_more_networks_than_fit_are_refused(draws: list[int]) -> None:
    judging, _ = compiled("rnn_2x2")  # three tiles of four
    flat = np.zeros((18, len(draws)), np.float32)
    with pytest.raises(UserError, match="tiles; this program has 3"):
        judge(judging, flat, EXAMS, np.array(draws, np.int32))


@pytest.mark.parametrize("draw", [-1, 2])
def test_a_draw_without_an_exam_is_refused(draw: int) -> None:
    judging, flat = compiled("rnn_2x2")
    with pytest.raises(ValueError, match=f"{draw}.*where there are 2"):
        judge(judging, flat[:, :2], EXAMS[:2], np.array([0, draw]))
