"""The samplers: their distributions, PyTorch's ranges, the identity's blocks, names and scales."""

import jax
import numpy as np
import pytest
import torch
from scipy import stats

from rnnjax.cells import CELLS
from rnnjax.errors import UserError
from rnnjax.initializers import SAMPLERS, Sampler, parse_sampler
from rnnjax.parameters import Params

INPUT_DIM, HIDDEN_DIM = 20, 49  # 1/√H = 1/7
# The chance that a sound sampler fails a test; the keys are fixed, so it fails always or never.
SIGNIFICANCE = 1e-4
LEAVES = ("w_ih", "w_hh", "b_ih", "b_hh", "w_oh", "b_oh")


def sample(spec: str, cell: str = "gru", seed: int = 0) -> Params:
    return parse_sampler(spec)(jax.random.key(seed), CELLS[cell], INPUT_DIM, HIDDEN_DIM)


def numbers(params: Params, names: tuple[str, ...] = LEAVES) -> np.ndarray:
    return np.concatenate([np.ravel(getattr(params, name)) for name in names])


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize(
    ("spec", "bound"),
    [("pytorch", 1 / 7), ("pytorch:0.5", 0.5 / 7), ("pytorch:3", 3 / 7), ("uniform", 1), ("uniform:0.25", 0.25)],
)
def test_every_leaf_of_a_uniform_sampler_is_uniform_within_its_bound(spec: str, bound: float, cell: str) -> None:
    params = sample(spec, cell)
    for name in LEAVES:
        leaf = numbers(params, (name,))
        assert np.abs(leaf).max() <= bound * (1 + 1e-6)
        assert stats.kstest(leaf, stats.uniform(-bound, 2 * bound).cdf).pvalue > SIGNIFICANCE


@pytest.mark.parametrize(("spec", "deviation"), [("normal", 1), ("normal:0.5", 0.5), ("normal:3", 3)])
def test_every_leaf_of_a_normal_sampler_is_normal_with_its_deviation(spec: str, deviation: float) -> None:
    params = sample(spec)
    for name in LEAVES:
        assert stats.kstest(numbers(params, (name,)), stats.norm(0, deviation).cdf).pvalue > SIGNIFICANCE


@pytest.mark.parametrize(
    ("spec", "deviation"),
    [("pytorch", 1 / 7 / np.sqrt(3)), ("uniform:2", 2 / np.sqrt(3)), ("normal:0.3", 0.3)],
)
def test_the_mean_is_zero_and_the_variance_that_of_the_distribution(spec: str, deviation: float) -> None:
    drawn = np.concatenate([numbers(sample(spec, seed=seed)) for seed in range(10)])
    # Standard errors are 1/√n of the deviation, and at most √(2/n) of the variance.
    assert abs(drawn.mean()) < 4 * deviation / np.sqrt(len(drawn))
    assert abs(drawn.var() / deviation**2 - 1) < 4 * np.sqrt(2 / len(drawn))


@pytest.mark.parametrize(("cell", "kind"), [("rnn", torch.nn.RNN), ("gru", torch.nn.GRU)])
def test_the_default_sampler_draws_as_the_torch_modules_do(
    cell: str, kind: type[torch.nn.RNN] | type[torch.nn.GRU]
) -> None:
    torch.manual_seed(0)
    recurrent, linear = kind(INPUT_DIM, HIDDEN_DIM), torch.nn.Linear(HIDDEN_DIM, 2)
    params = sample("pytorch", cell)
    for module, names in ((recurrent, LEAVES[:4]), (linear, LEAVES[4:])):
        of_torch = np.concatenate([p.detach().numpy().ravel() for p in module.parameters()])
        own = numbers(params, names)
        assert len(own) == len(of_torch)
        assert max(np.abs(own).max(), np.abs(of_torch).max()) <= 1 / np.sqrt(HIDDEN_DIM) * (1 + 1e-6)
        assert stats.ks_2samp(own, of_torch).pvalue > SIGNIFICANCE


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize(("spec", "scale"), [("identity", 1.0), ("identity:0.01", 0.01)])
def test_the_identity_sampler_has_a_scaled_identity_for_the_candidate_and_no_biases(
    spec: str, scale: float, cell: str
) -> None:
    params = sample(spec, cell)
    np.testing.assert_array_equal(params.w_hh[-HIDDEN_DIM:], np.float32(scale) * np.eye(HIDDEN_DIM, dtype=np.float32))
    assert not numbers(params, ("b_ih", "b_hh", "b_oh")).any()


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_other_weights_of_the_identity_sampler_are_as_in_pytorch_at_any_scale(cell: str) -> None:
    params = sample("identity:3", cell)
    for leaf in (params.w_ih, params.w_oh, params.w_hh[:-HIDDEN_DIM]):
        if leaf.size:  # an RNN has no gates
            assert np.abs(leaf).max() <= 1 / 7 * (1 + 1e-6)
            assert stats.kstest(np.ravel(leaf), stats.uniform(-1 / 7, 2 / 7).cdf).pvalue > SIGNIFICANCE


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_the_same_key_draws_the_same_parameters_and_another_key_others(name: str) -> None:
    drawn = sample(name)
    jax.tree.map(np.testing.assert_array_equal, sample(name), drawn)
    other = sample(name, seed=1)
    assert not np.isclose(other.w_ih, drawn.w_ih, rtol=0, atol=1e-7).any(axis=1).all()


@pytest.mark.parametrize("name", ["pytorch", "uniform", "normal"])
def test_every_number_of_a_network_is_drawn_anew(name: str) -> None:
    drawn = numbers(parse_sampler(name)(jax.random.key(0), CELLS["gru"], 4, 4))
    assert len(set(drawn.tolist())) == len(drawn)


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_a_name_alone_stands_for_the_scale_one(name: str) -> None:
    assert parse_sampler(name) == parse_sampler(f"{name}:1") == Sampler(name, 1.0)


@pytest.mark.parametrize("scale", [1.0, 0.5, 1e-6, 1e6, 1 / 3, 123456.789])
def test_a_sampler_is_parsed_from_its_own_specification(scale: float) -> None:
    assert parse_sampler(Sampler("normal", scale).spec) == Sampler("normal", scale)


@pytest.mark.parametrize(
    ("spec", "title"), [("pytorch", "U(±1/√H)"), ("uniform:0.5", "U(±0.5)"), ("normal:2", "N(0, 2²)")]
)
def test_the_title_is_the_distribution_in_mathematical_notation(spec: str, title: str) -> None:
    assert parse_sampler(spec).title == title


@pytest.mark.parametrize("spec", ["cauchy", "", ":1", "Normal", "normal 1", "cauchy:nan"])
def test_an_unknown_sampler_is_refused_with_the_valid_names(spec: str) -> None:
    with pytest.raises(UserError, match=f"'{spec.partition(':')[0]}'.*pytorch, uniform, normal, identity"):
        parse_sampler(spec)


@pytest.mark.parametrize("number", ["", "one", "1:2", "0x1"])
def test_a_scale_that_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(UserError, match=f"sampler 'uniform:{number}'.*is no number"):
        parse_sampler(f"uniform:{number}")


@pytest.mark.parametrize("number", ["0", "-1", "1e-7", "1e7", "inf", "nan"])
@pytest.mark.parametrize("name", list(SAMPLERS))
def test_a_scale_outside_the_range_is_refused(name: str, number: str) -> None:
    with pytest.raises(UserError, match=f"sampler '{name}:{number}': the scale is .*; it must be from 1e-06 to"):
        parse_sampler(f"{name}:{number}")
