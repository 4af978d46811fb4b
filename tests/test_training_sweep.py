"""Sweeps of conditions: which members share a call, resumption, damage, and that a member is the same everywhere."""

import functools
import logging
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from launching import run_of
from ml_collections import ConfigDict

from configs.thesis import get_config
from experiments import conditions, training_experiment, training_sweep
from experiments.conditions import Condition, DataSet, draw_data, draw_embedding, draw_starts, make
from experiments.outcomes import Outcome
from experiments.training_sweep import Sweep
from rnnjax import sweeps
from rnnjax.classifier import logits
from rnnjax.errors import UserError
from rnnjax.landscape import parse_architecture
from rnnjax.parameters import unflatten

FROZEN = ("w_hh.candidate", "b_hh.candidate")


def small_config(**training: Any) -> ConfigDict:
    """Two epochs of big minibatches, two tiles of sixteen networks a call: whole vectors, so each is exactly itself."""
    config = get_config("quick")
    config.data.sentence_length = 5
    config.gate_variants.update({"seeds": 3, "draws": 2, "shown_seeds": 2})
    config.training.update({"batch_size": 500, "max_epochs": 2, "tile": 16, "members_per_call": 32, **training})
    return config


def some_conditions(config: ConfigDict) -> list[Condition]:
    """GRUs, some of them frozen, on two data sets; and one with three inputs."""
    count, first = (conditions.data_set(config, name) for name in ("CountII", "FirstII"))
    gru, wide = parse_architecture("gru_2x2"), parse_architecture("gru_3x2")
    plain = functools.partial(make, config, "gate_variants")
    return [plain(count, gru), plain(count, gru, "frozen", frozen=FROZEN), plain(first, gru), plain(first, wide)]


def trained(workdir: Path, config: ConfigDict) -> dict[str, Outcome]:
    return Sweep(run_of(workdir, config)).train("stage", some_conditions(config))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    return trained(tmp_path_factory.mktemp("whole"), small_config())


def assert_same(one: dict[str, Outcome], other: dict[str, Outcome]) -> None:
    """Bit by bit, whoever their neighbours in a tile are."""
    assert list(one) == list(other)
    for name, outcome in one.items():
        theirs = other[name].arrays
        assert theirs.keys() == outcome.arrays.keys()
        for array, values in outcome.arrays.items():
            np.testing.assert_array_equal(values, theirs[array], err_msg=array)


def test_every_member_starts_where_it_should_and_scores_what_its_final_weights_score(whole: dict[str, Outcome]) -> None:
    config = small_config()
    for name, outcome in whole.items():
        condition = outcome.condition
        for draw in range(2):
            starts = draw_starts(config, condition, draw, np.arange(3))
            np.testing.assert_array_equal(outcome["initial"][:, draw], starts)
            data = draw_data(config, condition.data, draw)
            embedding = draw_embedding(config, condition.data, draw, condition.architecture.input_dim)
            for seed in range(3):
                network = unflatten(jnp.asarray(outcome["final"][:, draw, seed]), condition.architecture.sizes)
                for split, counted in (
                    (data.validation, outcome["correct"][-1, draw, seed]),
                    (data.test, outcome["test_correct"][draw, seed]),
                ):
                    pairs = jax.vmap(functools.partial(logits, condition.architecture.cell, network))(
                        embedding[split.words]
                    )
                    correct = int(((pairs[:, 1] > pairs[:, 0]) == split.positive).sum())
                    assert abs(correct - counted) <= 1, name  # a near tie may fall either way


def test_no_sentence_of_the_test_set_is_touched_by_training(
    whole: dict[str, Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_another_test_set(*of: Any) -> Any:
        drawn = draw_data(*of)
        return drawn._replace(test=drawn.test._replace(words=drawn.test.words[::-1, ::-1]))

    monkeypatch.setattr(training_sweep, "draw_data", with_another_test_set)
    monkeypatch.setattr(training_sweep, "_DRAWN", {})
    for name, outcome in trained(tmp_path, small_config()).items():
        for array, values in outcome.arrays.items():
            theirs = whole[name].arrays[array]
            if array == "test_correct":
                assert (values != theirs).any()
            else:
                np.testing.assert_array_equal(values, theirs, err_msg=array)


def test_drawn_data_are_kept_up_to_a_number_and_drawn_again_beyond_it(
    whole: dict[str, Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[DataSet, int]] = []

    def counted(config: ConfigDict, data: DataSet, draw: int) -> Any:
        drawn.append((data, draw))
        return draw_data(config, data, draw)

    monkeypatch.setattr(training_sweep, "draw_data", counted)
    for most in (100, 1):
        drawn.clear()
        monkeypatch.setattr(training_sweep, "_MOST_DRAWN", most)
        monkeypatch.setattr(training_sweep, "_DRAWN", {})
        for again in range(2):
            found = trained(tmp_path / f"{most}_{again}", small_config())
            assert len(training_sweep._DRAWN) <= most
            for name, outcome in found.items():
                for array, values in outcome.arrays.items():
                    np.testing.assert_array_equal(values, whole[name].arrays[array], err_msg=array)
        assert len(drawn) == 6 if most == 100 else len(drawn) > 6  # three kinds of words and sentences, two draws


def test_losses_that_are_no_numbers_are_counted_where_they_are(tmp_path: Path) -> None:
    config = small_config()
    sound = some_conditions(config)[0]
    starts = np.stack([draw_starts(config, sound, draw, np.arange(3)) for draw in range(2)], 1)
    starts[:, 1, 2] = np.nan
    broken = sound._replace(name="CountII/broken/gru_2x2", start=starts)
    outcomes = Sweep(run_of(tmp_path, config)).train("stage", [sound, broken])
    assert np.argwhere(~outcomes[broken.name]["finite"]).tolist() == [[1, 2]]
    for name, number in ((sound.name, 0), (broken.name, 1)):
        told = training_experiment.summary(outcomes[name], "last")
        assert told["not_finite"] == number
        assert training_experiment.condition_row(name, told)["not_finite"] == number
    healthy = outcomes[broken.name]["finite"]
    np.testing.assert_array_equal(outcomes[broken.name]["final"][:, healthy], outcomes[sound.name]["final"][:, healthy])


def test_different_draws_and_seeds_are_different_and_conditions_share_their_starts(whole: dict[str, Outcome]) -> None:
    plain, frozen = whole["CountII/gru_2x2"], whole["CountII/frozen/gru_2x2"]
    flat = plain["initial"].reshape(len(plain["initial"]), -1)
    assert len(np.unique(flat, axis=1).T) == 6
    np.testing.assert_array_equal(plain["initial"], frozen["initial"])
    np.testing.assert_array_equal(plain["initial"], whole["FirstII/gru_2x2"]["initial"])
    mask = conditions.trainable(frozen.condition)
    np.testing.assert_array_equal(frozen["final"][~mask], frozen["initial"][~mask])
    assert (plain["final"][~mask] != plain["initial"][~mask]).all()


def test_members_do_not_depend_on_how_calls_are_cut(whole: dict[str, Outcome], tmp_path: Path) -> None:
    assert_same(trained(tmp_path, small_config(members_per_call=64)), whole)


def test_fewer_seeds_and_draws_are_the_first_of_more(whole: dict[str, Outcome], tmp_path: Path) -> None:
    config = small_config()
    config.gate_variants.update({"seeds": 2, "draws": 1})
    few = trained(tmp_path, config)
    for name, outcome in few.items():
        np.testing.assert_array_equal(outcome["final"], whole[name]["final"][:, :1, :2])


def test_a_stopped_sweep_goes_on_with_the_group_that_is_missing(
    whole: dict[str, Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, calls, train = small_config(), [], sweeps.train

    def stops_in_the_third_call(*args: Any, **options: Any) -> sweeps.Trained:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return train(*args, **options)

    monkeypatch.setattr(sweeps, "train", stops_in_the_third_call)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, config)
    assert sorted(tmp_path.rglob("*.npz"))
    assert_same(trained(tmp_path, config), whole)
    calls.clear()
    assert_same(trained(tmp_path, config), whole)
    assert not calls


def test_a_damaged_part_is_named_and_trained_again(
    whole: dict[str, Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, warned = small_config(), list[str]()
    trained(tmp_path, config)
    part = sorted(tmp_path.rglob("*.npz"))[0]
    part.write_bytes(part.read_bytes()[:-100])
    monkeypatch.setattr(logging.getLogger("rnnjax.test"), "warning", lambda *args: warned.append(args[0] % args[1:]))
    again = trained(tmp_path, config)
    assert len(warned) == 1 and str(part) in warned[0]
    assert_same(again, whole)  # its networks have others in their tile now
    assert_same(trained(tmp_path, config), again)


def test_a_sweep_killed_while_it_wrote_a_group_goes_on_to_the_same_networks(
    whole: dict[str, Outcome], tmp_path: Path
) -> None:
    config = small_config()
    trained(tmp_path, config)
    written = sorted(tmp_path.rglob("*.npz"), key=lambda path: path.stat().st_mtime_ns)
    for part in written[-3::2]:  # of the last group's, one in the middle and the last
        part.unlink()
    assert_same(trained(tmp_path, config), whole)


def test_more_seeds_train_what_is_missing(whole: dict[str, Outcome], tmp_path: Path, monkeypatch: Any) -> None:
    few = small_config()
    few.gate_variants.update({"seeds": 2})
    trained(tmp_path, few)
    numbers, train = [], sweeps.train

    def counted(*args: Any, **options: Any) -> sweeps.Trained:
        numbers.append(args[1].shape[1])
        return train(*args, **options)

    monkeypatch.setattr(sweeps, "train", counted)
    more = trained(tmp_path, small_config())
    assert sum(numbers) == 4 * 2 * 1  # conditions, draws, the third seed
    assert_same(more, whole)


def test_history_holds_the_start_and_every_epoch(tmp_path: Path, whole: dict[str, Outcome]) -> None:
    found = trained(tmp_path, small_config(history=True))
    for name, outcome in found.items():
        np.testing.assert_array_equal(outcome["history"][0], outcome["initial"])
        np.testing.assert_array_equal(outcome["history"][-1], outcome["final"])
        assert outcome["history"].shape[0] == 3
        np.testing.assert_allclose(outcome["final"], whole[name]["final"], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("training.batch_size", 0, "training.batch_size is 0; it must be from 1 to 5000"),
        ("training.patience", 0, "training.patience is 0"),
        ("training.report", "mean", "training.report is 'mean'; valid: last, best"),
        ("training.sampler", "gauss", "unknown sampler 'gauss'; valid: pytorch"),
        ("gate_variants.seeds", 0, "gate_variants.seeds is 0"),
        ("gate_variants.shown_seeds", 9, "gate_variants.shown_seeds is 9; it must be from 1 to 3"),
        ("gate_variants.data_sets", ("CountIII",), "unknown data set 'CountIII'; valid: CountI, CountII"),
        ("gate_variants.data_sets", ("XorI", "XorI"), "valid: one or more different ones"),
        ("data.embedding", "embedding_5", "unknown embedding 'embedding_5'"),
        ("data.embedding_margin", -1.0, "data.embedding_margin is -1.0"),
    ],
)
def test_a_bad_value_is_named_with_the_valid_ones(field: str, value: Any, message: str) -> None:
    config = small_config()
    with config.unlocked():
        config.update_from_flattened_dict({field: value})
    shape = parse_architecture("gru_2x2")
    with pytest.raises(UserError, match=message):
        for data in conditions.data_sets(config, "gate_variants"):
            make(config, "gate_variants", data, shape)


def test_what_cannot_be_frozen_is_refused() -> None:
    config = small_config()
    with pytest.raises(UserError, match=r"cannot freeze 'w_hh.update' of a RNN; valid: w_ih"):
        data: DataSet = conditions.data_sets(config, "gate_variants")[0]
        make(config, "gate_variants", data, parse_architecture("rnn_2x2"), frozen=("w_hh.update",))


def test_members_are_those_of_the_grid_with_their_histories(whole: dict[str, Outcome], tmp_path: Path) -> None:
    run = run_of(tmp_path, small_config())
    condition, outcome = some_conditions(run.config)[3], whole["FirstII/gru_3x2"]
    draws, seeds = np.array([1, 0, 1, 0, 0]), np.array([2, 0, 0, 2, 1])
    found = Sweep(run).train_members("members", condition, draws, seeds)
    for name in ("initial", "final", "correct", "test_correct", "epochs_run"):
        np.testing.assert_allclose(found[name], outcome[name][..., draws, seeds], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(found["history"][0], found["initial"])
    np.testing.assert_array_equal(found["history"][-1], found["final"])
    again = Sweep(run).train_members("members", condition, draws[::-1], seeds[::-1])
    for name, values in found.items():
        np.testing.assert_array_equal(values[..., ::-1], again[name])


def test_networks_that_will_be_followed_are_trained_once(
    whole: dict[str, Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(tmp_path, small_config())
    wanted = some_conditions(run.config)
    followed = Sweep(run).train("stage", wanted, followed=True)
    for name, outcome in followed.items():
        assert outcome.arrays.keys() == whole[name].arrays.keys()  # no history
        np.testing.assert_allclose(outcome["final"], whole[name]["final"], rtol=0, atol=1e-5)
    monkeypatch.setattr(sweeps, "train", lambda *_, **__: pytest.fail("trained again"))
    assert_same(followed, Sweep(run).train("stage", wanted, followed=True))
    assert_same(followed, Sweep(run).train("stage", wanted))  # such as another experiment's
    draws, seeds = np.array([0, 1]), np.array([2, 0])
    found = Sweep(run).train_members("members", wanted[3], draws, seeds)
    np.testing.assert_array_equal(found["final"], followed["FirstII/gru_3x2"]["final"][:, draws, seeds])
    np.testing.assert_array_equal(found["history"][-1], found["final"])


def test_what_is_there_without_its_history_is_not_trained_again_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = trained(tmp_path, small_config())
    monkeypatch.setattr(sweeps, "train", lambda *_, **__: pytest.fail("trained again"))
    run = run_of(tmp_path, small_config())
    assert_same(there, Sweep(run).train("stage", some_conditions(run.config), followed=True))


def test_members_train_on_from_given_weights_each_its_own(whole: dict[str, Outcome], tmp_path: Path) -> None:
    run = run_of(tmp_path, small_config())
    condition, outcome = some_conditions(run.config)[0], whole["CountII/gru_2x2"]
    final = outcome["final"][:, 0, 1]
    starts = np.stack([final, final * np.float32(1.5), outcome["initial"][:, 0, 1]], -1)
    found = Sweep(run).train_members("on", condition, np.zeros(3, int), np.ones(3, int), starts, history=False)
    np.testing.assert_array_equal(found["initial"], starts)
    np.testing.assert_allclose(found["final"][:, 2], final, rtol=0, atol=1e-5)
    assert (found["final"][:, :2] != final[:, None]).any(0).all()
    assert "history" not in found
    # Other starts of the same draw and seed are other networks.
    other = Sweep(run).train_members(
        "on", condition, np.zeros(1, int), np.ones(1, int), starts[:, :1] + 1, history=False
    )
    np.testing.assert_array_equal(other["initial"], starts[:, :1] + 1)
