"""Calibration: what is trained, which log belongs to which printed number, who ranks first, what is refused."""

import math
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import jax
import matplotlib.image
import numpy as np
import outputs
import pytest
from launching import run_of
from ml_collections import ConfigDict

from configs.thesis import get_config
from experiments import calibration, calibration_ranking, calibration_report, calibration_scores, thesis
from experiments.calibration_candidates import (
    FITTED,
    READINGS,
    Candidate,
    Setting,
    candidates,
    condition,
    fitted_conditions,
    settings,
)
from experiments.conditions import REPORTED, Condition, draw_starts, fingerprint, protocol
from experiments.outcomes import Outcome
from experiments.training_sweep import Sweep
from rnnjax import likelihood, results
from rnnjax.errors import UserError
from rnnjax.parameters import count, unflatten
from rnnjax.schedule import Clock, Rules, start, tick

# In the order of training: what the thesis prints of it, by the names of fit and of predictions.
PRINTED: list[tuple[str, str, Any]] = [
    ("CountII table 4.2", "CountII RNN H = 4", (0.91, 0.7687, 0.551)),
    ("CountII figure 4.17 gru_2x2", "CountII GRU H = 2, above 90 % of ten", 8),
    ("CountII figure 4.17 gru_2x2 frozen", "CountII frozen GRU H = 2, above 90 % of ten", 7),
    ("CountII figure 4.17 gru_2x4", "CountII GRU H = 4, above 90 % of ten", 10),
    ("CountII figure 4.17 gru_2x4 frozen", "CountII frozen GRU H = 4, above 90 % of ten", 10),
    ("FirstII table 4.4", "FirstII RNN H = 4", (0.712, 0.534, 0.484)),
    ("FirstII figure 4.17 gru_2x2", "FirstII GRU H = 2, above 90 % of ten", 0),
    ("FirstII figure 4.17 gru_2x2 frozen", "FirstII frozen GRU H = 2, above 90 % of ten", 0),
    ("FirstII figure 4.17 gru_2x4", "FirstII GRU H = 4, above 90 % of ten", 8),
    ("FirstII figure 4.17 gru_2x4 frozen", "FirstII frozen GRU H = 4, above 90 % of ten", 4),
]
IS_RNN = [isinstance(printed, tuple) for *_, printed in PRINTED]


def small_config(**changed: Any) -> ConfigDict:
    """One epoch of big minibatches, one setting, four protocols."""
    config = get_config("quick")
    config.data.sentence_length = 5
    config.training.update({"max_epochs": 1, "tile": 4, "members_per_call": 16})
    fields = {"batch_sizes": (500,), "margins": (1.0,), "readings": ("epoch/best", "tie/best"), "finalists": 2}
    sizes = {"seeds": 3, "draws": 2, "final_seeds": 4, "final_draws": 3, "xor_seeds": 1, "xor_draws": 2}
    config.calibration.update(fields | sizes | changed)
    return config


# --- protocols ------------------------------------------------------------------------------------


def clock_after(rules: Rules, best: int, previous: int, correct: int) -> Clock:
    """After an epoch with so many correct sentences."""
    before = start(rules)._replace(best=jax.numpy.int32(best), previous=jax.numpy.int32(previous))
    return tick(rules, before, jax.numpy.int32(correct))


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("correct", [700, 750, 800, 850, 900, 950])
def test_a_reading_does_what_its_name_says(reading: str, correct: int) -> None:
    """Best 900, the epoch before 800."""
    worse, better = reading.split("/")
    reference = {"epoch": 800, "best": 900, "tie": 801}[worse]  # worse: fewer than that
    bar = {"epoch": 800, "best": 900}[better]  # better: more than that
    rules = Rules(learning_rate=0.5)._replace(**READINGS[reading])
    after = clock_after(rules, 900, 800, correct)
    assert float(after.learning_rate) == (0.25 if correct < reference else 0.5)
    assert int(after.waited) == (0 if correct > bar else 1)


def test_readings_are_different_and_set_all_that_is_open() -> None:
    assert len({tuple(sorted(rules.items())) for rules in READINGS.values()}) == len(READINGS) == 4
    for rules in READINGS.values():
        assert rules.keys() == {"worse_than_best", "tie_is_worse", "improves_on_best"}
    assert set(get_config().calibration.readings) == set(READINGS)


def test_candidates_are_the_full_product() -> None:
    config = small_config(batch_sizes=(4, 64), margins=(0.25, 1.0), scales=(1.0, 3.0), stop_shares=(0.6, 1 / 3))
    found = candidates(config)
    expected = {
        Candidate(Setting(batch, margin, scale, share), reading, report)
        for batch in (4, 64)
        for margin in (0.25, 1.0)
        for scale in (1.0, 3.0)
        for share in (0.6, 1 / 3)
        for reading in ("epoch/best", "tie/best")
        for report in ("last", "best")
    }
    assert len(found) == len(expected) == 64
    assert set(found) == expected
    assert len({candidate.name for candidate in found}) == 64
    assert not any("/" in candidate.name for candidate in found)  # it is a folder in result.npz
    assert found[0].name == "batch_4_margin_0.25_scale_1_stop_0.6 epoch_best last"
    assert len({setting.name for setting in settings(config)}) == 16
    assert found == candidates(config)
    assert found[0].row() == {
        "batch_size": 4, "margin": 0.25, "scale": 1.0, "stop_share": 0.6, "reading": "epoch/best", "report": "last"
    }  # fmt: skip


def test_readings_may_come_as_one_string() -> None:
    config = small_config(readings=("best/best,epoch/epoch",))
    assert {candidate.reading for candidate in candidates(config)} == {"best/best", "epoch/epoch"}


def test_a_condition_has_its_protocols_fields_and_no_others_change() -> None:
    config = small_config()
    made = condition(config, Setting(7, 0.5, 2.0, 0.4), "epoch/epoch", "FirstII", "gru_2x4")
    assert made.protocol.batch_size == 7
    assert made.protocol.rules == protocol(config).rules._replace(improves_on_best=False)
    assert (made.data.title, made.data.margin, made.data.scale) == ("FirstII", 0.5, 2.0)
    assert made.data.kind_probabilities == pytest.approx((0.4, 0.3, 0.3))
    assert (made.num_seeds, made.num_draws, made.frozen) == (3, 2, ())
    # A field of config.training that a reading does not leave as it is must not shine through.
    config.training.update({"worse_than_best": True, "tie_is_worse": True})
    plain = condition(config, Setting(7, 0.5, 2.0, 0.4), "epoch/best", "FirstII", "gru_2x4").protocol.rules
    assert (plain.worse_than_best, plain.tie_is_worse, plain.improves_on_best) == (False, False, True)


def test_what_is_trained_comes_reading_by_reading_in_the_order_of_the_printed_numbers() -> None:
    found = list(fitted_conditions(small_config(), Setting(500, 1.0, 1.0, 0.6)))
    assert len(found) == 20 and len({made.name for made in found}) == 20
    for i, made in enumerate(found):
        name = PRINTED[i % 10][0]
        assert made.protocol.rules.tie_is_worse == (i >= 10)
        assert made.data.title == name.split()[0]
        assert made.architecture.name == ("rnn_2x4" if IS_RNN[i % 10] else name.split()[3])
        assert made.frozen == (("w_hh.candidate", "b_hh.candidate") if "frozen" in name else ())


def test_accuracies_are_kept_by_reading_condition_and_report() -> None:
    """Of a thousand validation sentences after three epochs: the second is the best."""
    config, setting = small_config(), Setting(500, 1.0, 1.0, 0.6)

    class Pretended:
        def train(self, stage: str, conditions: Sequence[Condition]) -> dict[str, Outcome]:
            assert stage == "a stage" and len(conditions) == 20
            outcomes = {}
            for i, each in enumerate(conditions):
                last = 10 * i + np.arange(6).reshape(2, 3)
                outcomes[each.name] = Outcome(each, {"correct": np.stack([0 * last, 300 + last, last])})
            return outcomes

    found = calibration._simulated(config, Pretended(), setting, "a stage")  # type: ignore[arg-type]
    assert list(found) == ["batch_500_margin_1_scale_1_stop_0.6/accuracy"]
    (accuracy,) = found.values()
    assert accuracy.shape == (2, 10, 2, 2, 3) and accuracy.dtype == np.float32
    for (reading, i, report, draw, seed), value in np.ndenumerate(accuracy):
        thousandths = 10 * (10 * reading + i) + 3 * draw + seed + (300 if report else 0)
        assert value == pytest.approx(thousandths / 1000, abs=1e-6)


# --- what every printed number is scored by -------------------------------------------------------


def made_up(rng: np.random.Generator, draws: int = 6, shift: float = 0.0) -> np.ndarray:
    """[10, R, 10]: networks like the thesis', but for a shift of the RNNs' accuracies and of the GRUs' rates."""
    found = np.empty((10, draws, 10), np.float32)
    for i, (*_, printed) in enumerate(PRINTED):
        for draw in range(draws):
            if IS_RNN[i]:
                most, mean, least = printed
                middle = (10 * mean - most - least) / 8
                values = np.concatenate([[most, least], np.full(8, middle)]) - shift
            else:
                number = abs(printed - round(10 * shift))
                values = np.where(np.arange(10) < number, 0.95, 0.6)
            found[i, draw] = rng.permutation(values) + 0.004 * rng.standard_normal(10)
    return np.asarray(np.round(found, 3), np.float32)


def expected_log(printed: Any, simulated: np.ndarray) -> float:
    """One number's, from what the thesis prints as this file has it."""
    if isinstance(printed, tuple):
        most, mean, least = printed
        return likelihood.log_extremes(most, mean, least, 10, simulated)
    good = sum(float(value) > 0.9000001 for value in simulated) + 0.5
    chance, total = float(math.comb(10, printed)), len(simulated) + 1
    for i in range(10):  # one after another, every one makes the next of its kind likelier
        chance *= (good + i if i < printed else total - good + i - printed) / (total + i)
    return math.log(chance)


def test_every_number_is_scored_by_its_own_networks() -> None:
    rng = np.random.default_rng(0)
    accuracy = rng.uniform(0.5, 1, (10, 3, 7)).astype(np.float32)
    accuracy[:, 0, 0] = 0.9  # not above
    found = calibration_scores.fit(accuracy)
    assert list(found) == [name for name, *_ in PRINTED]
    for (name, _, printed), simulated in zip(PRINTED, accuracy, strict=True):
        expected = [expected_log(printed, of_draw) for of_draw in simulated]
        np.testing.assert_allclose(found[name], expected, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize(("i", "j"), [(0, 5), (1, 2), (3, 4), (2, 8), (6, 9), (4, 7)])
def test_swapped_networks_move_their_two_numbers_alone(i: int, j: int) -> None:
    accuracy = made_up(np.random.default_rng(1))
    swapped = accuracy.copy()
    swapped[[i, j]] = accuracy[[j, i]]
    before, after = (calibration_scores.fit(each) for each in (accuracy, swapped))
    rows = [calibration_scores.predictions(each) for each in (accuracy, swapped)]
    for k, (name, title, _) in enumerate(PRINTED):
        here = [[row for row in table if str(row["number"]).startswith(title)] for table in rows]
        assert len(here[0]) == (3 if IS_RNN[k] else 1)
        if k not in (i, j):
            np.testing.assert_array_equal(after[name], before[name])
            assert here[0] == here[1]
        elif (PRINTED[i][2], PRINTED[j][2]) != (10, 10):
            assert (after[name] < before[name]).all(), name
            assert here[0] != here[1]


def test_predictions_put_every_printed_number_beside_sets_of_its_networks() -> None:
    accuracy = made_up(np.random.default_rng(2), draws=4)
    grus = accuracy[~np.array(IS_RNN)]
    accuracy[~np.array(IS_RNN)] = np.where(grus < 0.7, np.float32(0.9), grus)  # not above
    rows = {str(row["number"]): row for row in calibration_scores.predictions(accuracy)}
    assert len(rows) == 2 * 3 + 8
    for (_, title, printed), simulated in zip(PRINTED, accuracy.astype(float), strict=True):
        if isinstance(printed, tuple):
            for name, value in zip(("max", "mean", "min"), printed, strict=True):
                assert rows[f"{title}, {name} (%)"]["thesis"] == pytest.approx(100 * value)
            row = rows[f"{title}, mean (%)"]
            assert row["simulated"] == pytest.approx(100 * simulated.mean(), abs=0.5)
            # The largest of ten of ten is the largest with a chance of 1 - 0.9^10.
            most = rows[f"{title}, max (%)"]
            assert most["high"] == pytest.approx(100 * simulated.max(), abs=0.01)
        else:
            row = rows[title]
            assert row["thesis"] == printed
            assert row["simulated"] == pytest.approx(10 * (simulated > 0.9).mean(), abs=0.15)
    for row in rows.values():
        assert row["low"] <= row["simulated"] <= row["high"]  # type: ignore[operator]
        assert row["at_most"] + row["at_least"] >= 1 - 1e-12  # type: ignore[operator]


def test_a_simulated_number_that_equals_the_printed_one_is_both_at_most_and_at_least_as_large() -> None:
    """Accuracies are whole thousandths, so ties are frequent; float32 per cents must not break them."""
    accuracy = np.empty((10, 2, 10), np.float32)
    for i, (*_, printed) in enumerate(PRINTED):
        accuracy[i] = printed[0] if isinstance(printed, tuple) else 0.95
    rows = {str(row["number"]): row for row in calibration_scores.predictions(accuracy)}
    for row in (rows["CountII RNN H = 4, max (%)"], rows["FirstII RNN H = 4, max (%)"]):
        assert (row["at_most"], row["at_least"]) == (1, 1)
    for i, least in ((0, 0.551), (5, 0.484)):
        accuracy[i] = least
    rows = {str(row["number"]): row for row in calibration_scores.predictions(accuracy)}
    for row in (rows["CountII RNN H = 4, min (%)"], rows["FirstII RNN H = 4, min (%)"]):
        assert (row["at_most"], row["at_least"]) == (1, 1)
    accuracy[5] = 0.534
    (row,) = (r for r in calibration_scores.predictions(accuracy) if r["number"] == "FirstII RNN H = 4, mean (%)")
    assert (row["at_most"], row["at_least"]) == (1, 1)
    accuracy[5] = 0.535
    (row,) = (r for r in calibration_scores.predictions(accuracy) if r["number"] == "FirstII RNN H = 4, mean (%)")
    assert (row["at_most"], row["at_least"]) == (0, 1)


def test_all_numbers_are_added_draw_by_draw() -> None:
    logs = {
        "CountII table 4.2": np.array([1.0, 2.0, 3.0]),
        "CountII figure 4.17 gru_2x2": np.array([10.0, 20.0, 40.0]),
        "FirstII table 4.4": np.array([-5.0, -6.0, -8.0]),
    }
    np.testing.assert_array_equal(calibration_scores.together(logs), [6, 16, 35])
    accuracy = made_up(np.random.default_rng(3))
    summed = calibration_scores.together(calibration_scores.fit(accuracy))
    assert summed.shape == (6,)
    for draw, log in enumerate(summed):
        assert log == pytest.approx(sum(expected_log(PRINTED[i][2], accuracy[i, draw]) for i in range(10)), rel=1e-6)


NETWORKS = [f"{d} {kind}" for d in ("CountII", "FirstII") for kind in ("gru", "rnn", "rnn_from_gru", "gru_from_rnn")]
HELD_OUT: dict[str, Any] = {
    "CountII table 4.1": [0.852, 0.775, 0.691],
    "CountII table 4.5 given the RNNs": [(0.551, 0.985), (0.801, 0.979), (0.751, 0.941)],
    "FirstII table 4.3": [0.704, 0.663, 0.656],
    "FirstII table 4.6 given the RNNs": [(0.489, 0.917), (0.491, 0.492), (0.484, 0.495)],
}


def finalist(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Networks [R, S] of random accuracies."""
    return {name: rng.uniform(0.5, 1, (3, 20)).astype(np.float32) for name in NETWORKS}


def expected_given(pairs: Sequence[tuple[float, float]], one: np.ndarray, other: np.ndarray) -> float:
    """The second numbers' density given the first."""
    log = 0.0
    for a, b in pairs:
        near = [math.exp(-(((a - x) / 0.02) ** 2) / 2) for x in one.astype(float)]
        there = [math.exp(-(((b - y) / 0.02) ** 2) / 2) / (0.02 * math.sqrt(2 * math.pi)) for y in other.astype(float)]
        joint = sum(x * y for x, y in zip(near, there, strict=True))
        log += math.log(0.95 * joint / sum(near) + 0.05)
    return log


def expected_values(values: Sequence[float], simulated: np.ndarray) -> float:
    log = 0.0
    for value in values:
        kernels = [math.exp(-(((value - x) / 0.02) ** 2) / 2) for x in simulated.astype(float)]
        log += math.log(0.95 * sum(kernels) / len(kernels) / (0.02 * math.sqrt(2 * math.pi)) + 0.05)
    return log


def expected_held_out(own: Mapping[str, np.ndarray]) -> dict[str, list[float]]:
    """By draw."""
    found: dict[str, list[float]] = {}
    for data, one, other in (("CountII", "4.1", "4.5"), ("FirstII", "4.3", "4.6")):
        for draw in range(len(own[f"{data} gru"])):
            donors = own[f"{data} gru"][draw].astype(float) > 0.9400001
            name, simulated = f"{data} table {one}", own[f"{data} rnn_from_gru"][draw][donors]
            log = expected_values(HELD_OUT[name], simulated) if donors.any() else -math.inf
            found.setdefault(name, []).append(log)
            both = own[f"{data} rnn"][draw], own[f"{data} gru_from_rnn"][draw]
            name = f"{data} table {other} given the RNNs"
            found.setdefault(name, []).append(expected_given(HELD_OUT[name], *both))
    return found


def test_held_out_numbers_are_scored_by_what_the_thesis_transplanted() -> None:
    own = finalist(np.random.default_rng(4))
    own["CountII gru"][0] = 0.94  # not above: no donor in this draw
    found, expected = calibration_scores.held_out(own), expected_held_out(own)
    assert list(found) == list(HELD_OUT)
    for name, logs in found.items():
        np.testing.assert_allclose(logs, expected[name], rtol=1e-6, err_msg=name)
    assert found["CountII table 4.1"][0] == -np.inf
    assert np.isfinite(found["CountII table 4.1"][1:]).all()


def test_only_rnns_from_gru_above_94_per_cent_count() -> None:
    own = finalist(np.random.default_rng(5))
    for data in ("CountII", "FirstII"):
        own[f"{data} gru"][:] = 0.94
        own[f"{data} gru"][:, :5] = 0.941
    before = calibration_scores.held_out(own)
    others, donors = dict(own), dict(own)
    for data in ("CountII", "FirstII"):
        name = f"{data} rnn_from_gru"
        others[name], donors[name] = own[name].copy(), own[name].copy()
        others[name][:, 5:] = 0.7
        donors[name][:, :5] = 0.7
    for name, logs in calibration_scores.held_out(others).items():
        np.testing.assert_array_equal(logs, before[name])
    after = calibration_scores.held_out(donors)
    for name in HELD_OUT:
        assert (after[name] != before[name]).all() == (name in ("CountII table 4.1", "FirstII table 4.3"))


def test_how_many_rnns_are_like_the_printed_ones_says_nothing_of_what_became_of_them() -> None:
    """The thesis picked them."""
    own = finalist(np.random.default_rng(5))
    before = calibration_scores.held_out(own)
    for kind in ("rnn", "gru_from_rnn"):
        for data in ("CountII", "FirstII"):
            own[f"{data} {kind}"] = np.concatenate([own[f"{data} {kind}"], np.zeros((3, 200), np.float32)], 1)
    for name, logs in calibration_scores.held_out(own).items():
        np.testing.assert_allclose(logs, before[name], rtol=1e-6, err_msg=name)


def row_log(name: str, simulated: np.ndarray) -> float:
    """Figure 4.7's row by whole per cents, drawn one after another; orders within a row count as one."""
    edges = (54, 71, 91)  # the lowest of the classes above

    def counted(per_cents: Sequence[float]) -> list[int]:
        return [sum(sum(round(x) >= edge for edge in edges) == k for x in per_cents) for k in range(4)]

    printed = counted(thesis.printed("figure_4_7", "rows", name))
    balls = [number + 0.5 for number in counted([100 * float(value) for value in simulated])]
    log = math.lgamma(sum(printed) + 1)
    for i, number in enumerate(printed):
        log -= math.lgamma(number + 1)
        for _ in range(number):
            log += math.log(balls[i] / sum(balls))
            balls[i] += 1
    return log


def test_rows_of_figure_4_7_are_added_draw_by_draw_where_they_share_their_words() -> None:
    rng = np.random.default_rng(6)
    xor = {name: np.round(rng.uniform(0.4, 1, (3, 40)), 2) + 0.003 for name in calibration._XOR}
    found = calibration_scores.held_out_rows(xor)
    assert list(found) == ["XorI figure 4.7, 2 inputs", "XorI figure 4.7, 4 inputs"]
    for inputs in (2, 4):
        shapes = [f"{cell}_{inputs}x{hidden}" for cell in ("rnn", "gru") for hidden in (2, 4)]
        expected = [sum(row_log(name, xor[name][draw]) for name in shapes) for draw in range(3)]
        np.testing.assert_allclose(found[f"XorI figure 4.7, {inputs} inputs"], expected, rtol=1e-9)


def test_rows_of_other_inputs_need_not_have_as_many_draws() -> None:
    found = calibration_scores.held_out_rows({"rnn_2x2": np.full((1, 8), 0.5), "gru_4x4": np.full((2, 8), 0.5)})
    assert {name: logs.shape for name, logs in found.items()} == {
        "XorI figure 4.7, 2 inputs": (1,), "XorI figure 4.7, 4 inputs": (2,)
    }  # fmt: skip


def test_xor_rows_are_scored_in_classes_of_whole_per_cents() -> None:
    """49 to 52 in all of 30 RNNs; 94 in one of the GRUs 4x4."""
    chance, one_success = np.full((1, 40), 0.5), np.full((1, 40), 0.5)
    one_success[0, 0] = 0.94
    for name, better in (("rnn_2x2", chance), ("gru_4x4", one_success)):
        logs = []
        for simulated in (chance, one_success):
            (log,) = calibration_scores.held_out_rows({name: simulated}).values()
            logs.append(float(log[0]))
        assert (logs[0] > logs[1]) == (better is chance)
    # 53.4 rounds to chance, 53.6 does not; 90.4 is decent, 90.6 a success.
    for low, high in ((0.534, 0.536), (0.704, 0.706), (0.904, 0.906)):
        (below,), (above,) = (
            calibration_scores.held_out_rows({"rnn_2x2": np.full((1, 20), value)}).values() for value in (low, high)
        )
        assert (below != above).all() == (low == 0.534)  # the printed ones are all chance
    expected, number = 0.0, len(thesis.printed("figure_4_7", "rows", "rnn_2x2"))
    for i in range(number):
        expected += math.log((0.5 + i) / (22 + i))
    assert below[0] == pytest.approx(expected)


def test_every_row_of_figure_4_7_is_trained() -> None:
    assert set(calibration._XOR) == set(thesis.printed("figure_4_7", "rows"))


# --- ranking --------------------------------------------------------------------------------------


def arrays_of(config: ConfigDict, accuracy: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """result.npz's arrays from [10, R, S] of every candidate, in the order of candidates(config)."""
    readings = list(config.calibration.readings)
    found: dict[str, np.ndarray] = {}
    for candidate, of_candidate in zip(candidates(config), accuracy, strict=True):
        shape = (len(readings), 10, 2, *of_candidate.shape[1:])
        array = found.setdefault(f"{candidate.setting.name}/accuracy", np.full(shape, np.nan, np.float32))
        array[readings.index(candidate.reading), :, ("last", "best").index(candidate.report)] = of_candidate
    return found


@pytest.mark.parametrize("truth", range(8))
def test_the_protocol_that_is_like_the_thesis_comes_first(truth: int) -> None:
    """Beside it a twin, one that is nearly as good, and five that are far off."""
    config = small_config(margins=(0.25, 1.0))
    good = made_up(np.random.default_rng(7))
    twin, near = (truth + 3) % 8, (truth + 5) % 8
    found = [made_up(np.random.default_rng(8 + i), shift=0.3) for i in range(8)]
    found[truth], found[twin], found[near] = good, good, good.copy()
    found[near][1, :, 0] = 0.6  # one GRU fewer or as many as before
    ranking = calibration_ranking.rank(config, arrays_of(config, found))
    known = candidates(config)
    assert len(ranking) == 8 and {ranked.candidate for ranked in ranking} == set(known)
    assert {ranking[0].candidate, ranking[1].candidate} == {known[truth], known[twin]}
    by_candidate = {ranked.candidate: ranked for ranked in ranking}
    for i in (truth, twin):
        assert by_candidate[known[i]].behind == (0, 0, 0)
        assert not by_candidate[known[i]].ruled_out
    assert ranking[2].candidate == known[near]
    assert 0 < ranking[2].behind[0] < math.log(20) and not ranking[2].ruled_out
    for ranked in ranking[3:]:
        assert ranked.ruled_out
        assert math.log(20) < ranked.behind[1] <= ranked.behind[0] <= ranked.behind[2]


def test_the_fit_is_the_mean_likelihood_of_both_data_sets_together() -> None:
    """Draw d has one embedding for both: what fits one in draw 0 and the other in draw 1 fits in none."""
    config = small_config()
    found = [made_up(np.random.default_rng(i), draws=4, shift=i / 20) for i in range(4)]
    found[3][5:] = found[3][5:, [3, 0, 1, 2]]
    ranking = calibration_ranking.rank(config, arrays_of(config, found))
    fits = {}
    for candidate, accuracy in zip(candidates(config), found, strict=True):
        mean = 0.0
        for draw in range(4):
            mean += math.exp(sum(expected_log(PRINTED[i][2], accuracy[i, draw]) for i in range(10))) / 4
        fits[candidate] = math.log(mean)
    assert [ranked.candidate for ranked in ranking] == sorted(fits, key=lambda c: -fits[c])
    for ranked in ranking:
        assert ranked.fit == pytest.approx(fits[ranked.candidate], rel=1e-6)
        assert ranked.behind[0] == pytest.approx(max(fits.values()) - ranked.fit, abs=1e-9)


def test_what_fits_one_data_set_here_and_the_other_there_fits_in_no_draw() -> None:
    good, off = (made_up(np.random.default_rng(22), draws=4, shift=shift) for shift in (0.0, 0.4))
    same, apart = off.copy(), off.copy()
    same[:, :2] = good[:, :2]
    apart[:5, :2], apart[5:, 2:] = good[:5, :2], good[5:, :2]
    config = small_config(readings=("epoch/best",))
    first, second = calibration_ranking.rank(config, arrays_of(config, [apart, same]))
    assert (first.candidate.report, second.candidate.report) == ("best", "last")
    assert second.behind[0] > 3


def test_finalists_are_ranked_by_what_was_simulated_again_alone() -> None:
    """The first simulation has them the other way round, and a third one ahead of both."""
    config = small_config()
    good, middling, bad = (made_up(np.random.default_rng(20), shift=shift) for shift in (0.0, 0.1, 0.3))
    arrays, known = arrays_of(config, [good, bad, middling, bad]), candidates(config)
    arrays[f"fresh {known[1].name}/fitted"] = made_up(np.random.default_rng(21), draws=9)
    arrays[f"fresh {known[2].name}/fitted"] = made_up(np.random.default_rng(21), draws=9, shift=0.3)
    arrays[f"fresh {known[1].name}/CountII gru"] = np.ones((9, 10))
    finalists = calibration_ranking.rank_finalists(config, arrays)
    assert [each.candidate for each in finalists] == [known[1], known[2]]
    for each in finalists:
        again = arrays[f"fresh {each.candidate.name}/fitted"]
        np.testing.assert_array_equal(each.accuracy, again)
        np.testing.assert_array_equal(each.logs, calibration_scores.together(calibration_scores.fit(again)))
        assert each.fit == pytest.approx(np.log(np.mean(np.exp(each.logs))))
    assert finalists[0].behind == (0, 0, 0)
    assert finalists[1].behind[0] == pytest.approx(finalists[0].fit - finalists[1].fit) and finalists[1].ruled_out
    assert calibration_ranking.rank(config, arrays)[0].candidate == known[0]


def with_good_draws(draws: int, *good: slice) -> dict[str, np.ndarray]:
    """Arrays of two protocols that fit CountII in some draws only, there equally well, and FirstII alike."""
    one, off = made_up(np.random.default_rng(9), draws=1), made_up(np.random.default_rng(10), draws=1, shift=0.4)
    found = []
    for here in good:
        accuracy = np.repeat(one, draws, 1)
        accuracy[:5] = off[:5]
        accuracy[:5, here] = one[:5]
        found.append(accuracy)
    return arrays_of(small_config(readings=("epoch/best",)), found)


def test_a_protocol_is_ruled_out_by_the_lower_end_of_how_far_it_is_behind() -> None:
    """It fits in 3 of 80 draws, so is 27 times less likely; but a resample may have them seven times."""
    config = small_config(readings=("epoch/best",))
    first, second = calibration_ranking.rank(config, with_good_draws(80, slice(3), slice(80)))
    assert (first.candidate.report, second.candidate.report) == ("best", "last")
    assert first.behind == (0, 0, 0)
    assert second.behind[0] == pytest.approx(math.log(80 / 3), abs=1e-3)
    # Chances of six or more, seven, eight: 8, 3.4, 1.2 %.
    assert 80 / math.exp(second.behind[1]) == pytest.approx(7.5, abs=0.6)
    assert second.behind[2] > 10  # that of none: 5 %
    assert not second.ruled_out
    _, rarer = calibration_ranking.rank(config, with_good_draws(400, slice(3), slice(400)))
    assert rarer.behind[0] == pytest.approx(math.log(400 / 3), abs=0.1)
    assert rarer.ruled_out


def test_what_only_the_draws_that_chose_the_best_rule_out_is_possible() -> None:
    """It is 133 times less likely than a best that fits all draws, and 1.3 times than one that fits 1 of 100 others."""
    config, arrays = small_config(readings=("epoch/best",)), with_good_draws(400, slice(3), slice(400))
    best, other = calibration_ranking.rank(config, arrays)
    assert other.ruled_out and best.behind_fresh == other.behind_fresh == math.inf
    one, off = made_up(np.random.default_rng(9), draws=1), made_up(np.random.default_rng(10), draws=1, shift=0.4)
    name = f"fresh {best.candidate.name}/fitted"
    arrays[name] = np.repeat(one, 400, 1)
    best, other = calibration_ranking.rank(config, arrays)
    assert best.behind_fresh == pytest.approx(0, abs=1e-6)
    assert other.behind_fresh == pytest.approx(other.behind[1], abs=0.2)
    assert other.ruled_out and not best.ruled_out
    arrays[name] = np.concatenate([np.repeat(one, 4, 1), np.repeat(off, 396, 1)], 1)
    arrays[name][5:] = one[5:]
    best, other = calibration_ranking.rank(config, arrays)
    assert other.behind[1] > math.log(20) > 0 > other.behind_fresh
    assert not other.ruled_out


def test_the_second_best_may_be_ahead_in_resampled_draws_and_the_best_is_its_own_measure() -> None:
    """One fits in three draws of five, the other in the other two."""
    config = small_config(readings=("epoch/best",))
    first, second = calibration_ranking.rank(config, with_good_draws(5, slice(3), slice(3, 5)))
    assert (first.candidate.report, first.behind) == ("last", (0, 0, 0))
    assert second.behind[0] == pytest.approx(math.log(3 / 2), abs=1e-3)
    assert second.behind[1] <= -math.log(4) + 1e-3  # the shares 1 and 4 of five or worse: 9 % of the resamples
    assert second.behind[2] >= math.log(4)
    assert not second.ruled_out


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("calibration.readings", ("epoch/never",), "calibration.readings is 'epoch/never'; valid: epoch/best, best/"),
        ("calibration.readings", (), r"calibration.readings is \(\); valid: one or more"),
        ("calibration.readings", ("tie/best", "tie/best"), "calibration.readings .* different ones"),
        ("calibration.stop_shares", (0.6, 0.99), "calibration.stop_shares is 0.99; it must be from 0 to 0.98"),
        ("calibration.stop_shares", (-0.1,), "calibration.stop_shares is -0.1"),
        ("calibration.stop_shares", (float("nan"),), "calibration.stop_shares is nan"),
        ("calibration.stop_shares", (), "calibration.stop_shares is empty"),
        ("calibration.batch_sizes", (32, 0), "calibration.batch_sizes is 0; it must be from 1 to 5000"),
        ("calibration.batch_sizes", (5001,), "calibration.batch_sizes is 5001"),
        ("calibration.batch_sizes", (8, 8), "calibration has batch_8_.* twice"),
        ("calibration.batch_sizes", (2.5,), "calibration.batch_sizes is 2.5; it must be a whole number"),
        ("calibration.batch_sizes", ("small",), "calibration.batch_sizes is 'small'; it must be a number from 1"),
        ("calibration.margins", ("wide",), "calibration.margins is 'wide'; it must be a number from 0"),
        ("data.sentence_length", 1, "sentence"),
        ("calibration.margins", (-1.0,), "calibration.margins is -1.0"),
        ("calibration.scales", (0.0,), "calibration.scales is 0.0"),
        ("calibration.finalists", 0, "calibration.finalists is 0; it must be from 1 to 1000"),
        ("calibration.final_draws", 0, "calibration.final_draws is 0"),
        ("calibration.final_seeds", 0, "calibration.final_seeds is 0"),
        ("calibration.xor_draws", 0, "calibration.xor_draws is 0"),
        ("calibration.xor_seeds", 0, "calibration.xor_seeds is 0"),
        ("calibration.seeds", 0, "calibration.seeds is 0"),
        ("data.embedding", "embedding_5", "unknown embedding 'embedding_5'"),
        ("data.seed", -1, "data.seed is -1"),
        # Two settings of one name would be one entry of result.npz, and the second would get the first's networks.
        ("calibration.stop_shares", (0.60001, 0.60002), "calibration.*stop_0.6 twice"),
    ],
)
def test_a_bad_value_is_named(field: str, value: Any, message: str) -> None:
    config = small_config()
    with config.unlocked():
        config.update_from_flattened_dict({field: value})
    with pytest.raises(UserError, match=message):
        calibration.prepare(config)


# --- from the config to the figures ---------------------------------------------------------------

FILES = (
    "ranking.csv", "finalists.csv", "fit.csv", "effects.csv", "effects_by_protocol.csv", "summary.json", "result.npz",
    "figure_calibration.png", "figure_calibration_fields.png", "figure_calibration_effects.png",
)  # fmt: skip


def launch(workdir: Path, config: ConfigDict | None = None) -> None:
    config = config or small_config()
    calibration.run(run_of(workdir, config), calibration.prepare(config))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workdir = tmp_path_factory.mktemp("calibration")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "_XOR", ("rnn_2x2", "rnn_4x2"))  # two shapes share a program
        launch(workdir)
    return workdir


def test_a_run_leaves_tables_figures_and_no_parts(finished: Path) -> None:
    assert {path.name for path in finished.iterdir()} == set(FILES)
    for name in FILES[-3:]:
        picture = matplotlib.image.imread(finished / name)
        assert min(picture.shape[:2]) > 200 and picture.std() > 0.01


def as_shown(value: Any) -> str:
    if value is None:  # JSON has no infinities: no GRU is a donor
        return "-inf"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def test_rankings_are_those_of_the_simulations(finished: Path) -> None:
    summary, config = outputs.summary_of(finished), small_config()
    arrays = outputs.arrays_of(finished)
    assert summary["protocols"] == len(summary["ranking"]) == 4
    assert len(summary["finalists"]) == 2
    for name, ranking in (
        ("ranking", calibration_ranking.rank(config, arrays)),
        ("finalists", calibration_ranking.rank_finalists(config, arrays)),
    ):
        rows, shown = summary[name], outputs.rows_of(finished / f"{name}.csv")
        assert len(rows) == len(shown) == len(ranking)
        for place, (row, line, ranked) in enumerate(zip(rows, shown, ranking, strict=True), 1):
            assert line == {field: as_shown(value) for field, value in row.items()}
            assert row["rank"] == place
            assert {field: row[field] for field in ranked.candidate.row()} == ranked.candidate.row()
            assert row["log_likelihood"] == ranked.fit
            assert (row["behind"], row["behind_low"], row["behind_high"]) == ranked.behind
            likelihoods = np.exp(ranked.logs - ranked.logs.max())
            assert row["effective_draws"] == pytest.approx(likelihoods.sum() ** 2 / (likelihoods**2).sum())
            far = min(row["behind_low"], row.get("behind_fresh_low", math.inf))
            assert row["ruled_out"] == str(far > math.log(20))
            assert ("behind_fresh_low" in row) == (name == "ranking")
        fits = [row["log_likelihood"] for row in rows]
        assert fits == sorted(fits, reverse=True) and rows[0]["behind"] == 0
    fields = ("batch_size", "margin", "scale", "stop_share", "reading", "report")
    chosen = {tuple(row[field] for field in fields) for row in summary["finalists"]}
    assert chosen == {tuple(row[field] for field in fields) for row in summary["ranking"][:2]}
    assert summary["best"] == {field: summary["finalists"][0][field] for field in fields}
    kept = [row | {"draws": "fresh"} for row in summary["finalists"] if row["ruled_out"] == "False"]
    kept += [row | {"draws": "first"} for row in summary["ranking"][2:] if row["ruled_out"] == "False"]
    assert summary["not_ruled_out"] == [{field: row[field] for field in (*fields, "behind", "draws")} for row in kept]


def past_the_first_draws(config: ConfigDict) -> ConfigDict:
    """Draw 0 of it is the first one by which no protocol was chosen."""
    assert config.calibration.draws == 2
    seeds = {"seed": config.seed + 2, "data.seed": config.data.seed + 2, "data.embedding_seed": 2}
    assert config.data.embedding_seed == 0
    config.update_from_flattened_dict(seeds)
    return config


def test_finalists_are_simulated_again_on_draws_by_which_none_was_chosen(finished: Path, tmp_path: Path) -> None:
    arrays, (setting,) = outputs.arrays_of(finished), settings(small_config())
    first, config = arrays[f"{setting.name}/accuracy"], past_the_first_draws(small_config())
    sweep = Sweep(run_of(tmp_path, config))
    accuracy = calibration._simulated(config, sweep, setting, "fresh")[f"{setting.name}/accuracy"]
    assert accuracy.shape == first.shape == (2, 10, 2, 2, 3)
    assert all((accuracy[..., draw, :] != first[..., other, :]).any() for draw in (0, 1) for other in (0, 1))
    finalists = calibration_ranking.rank_finalists(small_config(), arrays)
    assert len(finalists) == 2
    for candidate in (each.candidate for each in finalists):
        own = accuracy[("epoch/best", "tie/best").index(candidate.reading), :, REPORTED.index(candidate.report)]
        again = {name: arrays[f"fresh {candidate.name}/{name}"] for name in (*NETWORKS, "fitted")}
        assert again["fitted"].shape == (10, 3, 4)
        # Other neighbours in a call may change a last bit, so a near tie may fall either way.
        np.testing.assert_allclose(again["fitted"][:, :2, :3], own, rtol=0, atol=0.0021)
        last = accuracy[("epoch/best", "tie/best").index(candidate.reading), :, 0]
        for name, place in (("CountII rnn", 0), ("CountII gru", 3), ("FirstII rnn", 5), ("FirstII gru", 8)):
            assert not FITTED[place][2]
            np.testing.assert_allclose(again[name][:2, :3], last[place], rtol=0, atol=0.0021)
            assert len(np.unique(again[name])) > 3
        for name in NETWORKS:
            assert again[name].shape == (3, 4)
        for name in ("rnn_2x2", "rnn_4x2"):
            assert arrays[f"fresh {candidate.name}/xor {name}"].shape == (2, 1)


def test_finalists_of_an_earlier_version_are_simulated_again(
    staged: "Staged", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were simulated on the draws by which they were chosen, and named otherwise; nor was it told by what."""
    arrays = {name.replace("fresh ", "final "): array for name, array in outputs.arrays_of(staged[0]).items()}
    del arrays["simulated_by"]
    results.write_npz(tmp_path / "result.npz", arrays)
    assert list(pretend(tmp_path, monkeypatch)) == SETTINGS + FINALS
    same_results(tmp_path, staged[0])


def test_a_finished_run_is_only_drawn_again(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> NoReturn:
        raise AssertionError("trained again")

    monkeypatch.setattr(Sweep, "train", fails)
    before = {name: (finished / name).read_bytes() for name in FILES}
    for name in FILES:
        if name != "result.npz":
            (finished / name).unlink()
    launch(finished)
    for name in FILES:
        assert (finished / name).read_bytes() == before[name], name


def test_a_damaged_result_is_made_again(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (finished / "result.npz").read_bytes()
    (tmp_path / "result.npz").write_bytes(whole[:-100])

    def trains(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(Sweep, "train", trains)
    with pytest.raises(KeyboardInterrupt):
        launch(tmp_path)


# --- stages: what is kept, what is made again, whose networks are whose ---------------------------


def pretended(condition: Condition) -> Outcome:
    """Networks that depend on everything a condition is, after two epochs; the last is the best of some."""
    rules = sorted(condition.protocol.rules._asdict().items())
    fields = condition.name, condition.data, condition.protocol.batch_size, rules, condition.frozen
    rng = np.random.default_rng(zlib.crc32(f"{fields} {fingerprint(condition)}".encode()))
    members = condition.num_draws, condition.num_seeds
    final = rng.standard_normal((count(condition.architecture.sizes), *members)).astype(np.float32)
    return Outcome(condition, {"correct": rng.integers(500, 1000, (2, 2, *members)).max(0), "final": final})


class Trainer:
    """Takes Sweep.train's place; stops like a killed run before a stage."""

    def __init__(self, workdir: Path, killed_before: str = "") -> None:
        self.stages: dict[str, list[Condition]] = {}
        self._workdir, self._killed_before = workdir, killed_before

    def __call__(self, stage: str, conditions: Sequence[Condition]) -> dict[str, Outcome]:
        if stage == self._killed_before:
            raise KeyboardInterrupt
        assert stage not in self.stages
        self.stages[stage] = list(conditions)
        results.write_npz(self._workdir / "parts" / "networks" / stage / "0.npz", {"a": np.ones(1)})
        return {each.name: pretended(each) for each in conditions}


def pretend(
    workdir: Path, patch: pytest.MonkeyPatch, config: ConfigDict | None = None, killed_before: str = ""
) -> dict[str, list[Condition]]:
    """The stages that were trained, with their conditions."""
    trainer = Trainer(workdir, killed_before)
    patch.setattr(Sweep, "train", lambda _, stage, conditions: trainer(stage, conditions))
    config = config or stages_config()
    if killed_before:
        with pytest.raises(KeyboardInterrupt):
            launch(workdir, config)
    else:
        launch(workdir, config)
    return trainer.stages


def stages_config() -> ConfigDict:
    """Three settings, twelve protocols, three finalists."""
    return small_config(batch_sizes=(500, 400, 50), finalists=3, final_seeds=12, xor_draws=2, xor_seeds=5)


SETTINGS = [f"batch_{size}_margin_1_scale_1_stop_0.6" for size in (500, 400, 50)]
FINALS = [f"fresh_{i}_{which}" for i in (1, 2, 3) for which in ("donors", "recipients")]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[Condition]]]:
    """A run that nothing stopped."""
    workdir = tmp_path_factory.mktemp("staged")
    with pytest.MonkeyPatch.context() as patch:
        stages = pretend(workdir, patch)
    return workdir, stages


def same_results(one: Path, other: Path) -> None:
    for name in FILES:
        if not name.endswith(("npz", "png")):
            assert (one / name).read_bytes() == (other / name).read_bytes(), name
    arrays, others = outputs.arrays_of(one), outputs.arrays_of(other)
    assert list(arrays) == list(others)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, others[name])


Staged = tuple[Path, dict[str, list[Condition]]]


def test_stages_are_trained_in_turn_and_leave_no_parts(staged: Staged) -> None:
    workdir, stages = staged
    assert list(stages) == SETTINGS + FINALS
    assert {path.name for path in workdir.iterdir()} == set(FILES)


@pytest.mark.parametrize("killed", [1, 2, 3, 4, 6])
def test_a_killed_run_goes_on_with_the_stage_it_was_in(
    killed: int, staged: Staged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = SETTINGS + FINALS
    assert list(pretend(tmp_path, monkeypatch, killed_before=stages[killed])) == stages[:killed]
    # A finished stage is one part; of the networks' own, those of the stage at work are left.
    begun = {"networks"} if killed in (4, 6) else set()
    done = SETTINGS[:killed] + (["fresh_1"] if killed >= 5 else [])
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {f"{name}.npz" for name in done} | begun
    again = list(pretend(tmp_path, monkeypatch))
    assert again == stages[killed - (1 if begun else 0) :]  # Sweep.train itself finds the donors' parts
    same_results(tmp_path, staged[0])
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)


@pytest.mark.parametrize("how", ["truncated", "corrupted", "of another config", "of another stage", "removed"])
def test_a_part_that_is_not_what_it_should_be_is_computed_again(
    how: str, staged: Staged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(tmp_path, monkeypatch, killed_before="fresh_2_donors")
    part = tmp_path / "parts" / f"{SETTINGS[1]}.npz"
    whole = part.read_bytes()
    if how == "truncated":
        part.write_bytes(whole[:-50])
    elif how == "corrupted":
        middle = len(whole) // 2
        part.write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])
    elif how == "of another config":
        config, elsewhere = stages_config(), tmp_path / "elsewhere"
        config.training.learning_rate *= 2
        pretend(elsewhere, monkeypatch, config, killed_before=SETTINGS[2])
        part.write_bytes((elsewhere / "parts" / part.name).read_bytes())
        results.remove_tree(elsewhere)
    elif how == "of another stage":
        part.write_bytes((part.parent / f"{SETTINGS[0]}.npz").read_bytes())
    else:
        part.unlink()
    assert list(pretend(tmp_path, monkeypatch)) == [SETTINGS[1], *FINALS[2:]]
    same_results(tmp_path, staged[0])


def under(config: ConfigDict, candidate: Candidate, data: str, name: str, **changed: Any) -> Condition:
    """A finalist's networks."""
    sizes = {"num_draws": config.calibration.final_draws, "num_seeds": config.calibration.final_seeds} | changed
    return condition(config, candidate.setting, candidate.reading, data, name, **sizes)


def test_finalists_are_judged_by_networks_of_their_own_protocol(staged: Staged) -> None:
    """The right setting, reading, report, donors; and each one's held-out numbers stand in its own row."""
    workdir, stages = staged
    arrays, config = outputs.arrays_of(workdir), stages_config()
    chosen = [ranked.candidate for ranked in calibration_ranking.rank(config, arrays)[:3]]
    assert len({(each.setting, each.reading, each.report) for each in chosen}) == 3
    rows = {tuple(row[f] for f in chosen[0].row()): row for row in outputs.rows_of(workdir / "finalists.csv")}
    assert len(rows) == 3
    finite = 0
    for place, candidate in enumerate(chosen, 1):
        here, report = f"fresh {candidate.name}/", candidate.report
        own: dict[str, np.ndarray] = {}
        donors, trained = {}, {made.name: made for made in stages[f"fresh_{place}_recipients"]}
        for data in ("CountII", "FirstII"):
            for cell in ("rnn", "gru"):
                donors[data, cell] = pretended(under(config, candidate, data, f"{cell}_2x4"))
                own[f"{data} {cell}"] = donors[data, cell].accuracy("last")  # what was transplanted
        for data, cell, donor in ((d, *c) for d in ("CountII", "FirstII") for c in (("rnn", "gru"), ("gru", "rnn"))):
            like = under(config, candidate, data, f"{cell}_2x4")
            made = trained.pop(f"{like.name}/transplanted")
            assert made._replace(name=like.name, start=None) == like
            assert made.start is not None
            check_start(past_the_first_draws(stages_config()), made, donors[data, donor])
            own[f"{data} {cell}_from_{donor}"] = pretended(made).accuracy(report)
        assert not trained
        for i, (data, name, frozen) in enumerate(FITTED):
            changed = {"frozen": ("w_hh.candidate", "b_hh.candidate")} if frozen else {}
            expected = pretended(under(config, candidate, data, name, **changed)).accuracy(report)
            np.testing.assert_allclose(arrays[f"{here}fitted"][i], expected, rtol=1e-6)
        xor = {}
        for name in calibration._XOR:
            xor[name] = pretended(under(config, candidate, "XorI", name, num_draws=2, num_seeds=5)).accuracy(report)
            np.testing.assert_allclose(arrays[f"{here}xor {name}"], xor[name], rtol=1e-6)
        for name, array in own.items():
            np.testing.assert_allclose(arrays[f"{here}{name}"], array, rtol=1e-6)
        assert {n for n in arrays if n.startswith(here)} == {
            f"{here}{n}" for n in ("fitted", *own, *(f"xor {n}" for n in xor))
        }
        # Draws weigh as they fit what the finalist was chosen by.
        fitted = arrays[f"{here}fitted"]
        logs = [sum(expected_log(PRINTED[i][2], fitted[i, draw]) for i in range(10)) for draw in range(3)]
        weights = np.exp(np.array(logs) - max(logs))
        weights /= weights.sum()
        row = rows[tuple(as_shown(value) for value in candidate.row().values())]
        tables = expected_held_out(own)
        # One Embedding_2 made all of them: what is likely in different draws is not likely together.
        for name, by_draw in {**tables, "tables": np.sum(list(tables.values()), 0)}.items():
            with np.errstate(divide="ignore"):  # there may be no donors
                log = float(np.log((weights * np.exp(by_draw)).sum()))
            finite += bool(np.isfinite(log))
            assert float(row[name]) == pytest.approx(log, rel=1e-4, abs=1e-5), name  # a log of 1 is 0
        for inputs in (2, 4):
            by_draw = [sum(row_log(n, xor[n][draw]) for n in xor if f"_{inputs}x" in n) for draw in range(2)]
            log = float(np.logaddexp(by_draw[0], by_draw[1])) - math.log(2)
            assert float(row[f"XorI figure 4.7, {inputs} inputs"]) == pytest.approx(log, rel=1e-4)
        assert "held_out" not in row  # XorI's draws are others
    assert finite > 8


def test_the_fit_is_shown_of_the_best_finalist_unless_the_adopted_protocol_is_one(
    staged: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    workdir = staged[0]
    summary, arrays = outputs.summary_of(workdir), outputs.arrays_of(workdir)
    finalists = calibration_ranking.rank_finalists(stages_config(), arrays)
    expected, *others = (
        [
            {"protocol": each.candidate.name} | row
            for row in calibration_scores.predictions(arrays[f"fresh {each.candidate.name}/fitted"])
        ]
        for each in finalists
    )
    assert len(others) == 2 and expected not in others
    assert summary["fit"] == expected
    assert outputs.rows_of(workdir / "fit.csv") == [
        {key: as_shown(value) for key, value in row.items()} for row in expected
    ]
    adopted = finalists[-1].candidate
    monkeypatch.setattr(calibration_report, "in_report", lambda candidate: "adopted" if candidate == adopted else "")
    fit = calibration_report.tables_of(arrays, finalists, finalists)["fit.csv"]
    assert fit == [row | {"protocol": "adopted"} for row in others[-1]]


def check_start(config: ConfigDict, made: Condition, donor: Outcome) -> None:
    """The donor's recurrent weights and readout, member by member; the rest random as ever."""
    assert made.start is not None
    members = made.num_draws * made.num_seeds
    seeds = np.arange(made.num_seeds)
    random = np.stack([draw_starts(config, made._replace(start=None), d, seeds) for d in range(made.num_draws)], 1)
    given, usual, trained = (
        unflatten(jax.numpy.asarray(flat.reshape(-1, members)), sizes)
        for flat, sizes in (
            (made.start, made.architecture.sizes),
            (random, made.architecture.sizes),
            (donor["final"], donor.condition.architecture.sizes),
        )
    )
    for name in ("w_hh", "b_hh", "w_oh", "b_oh"):
        here, there = (getattr(params, name) for params in (given, trained))
        rows = min(len(here), len(there))
        np.testing.assert_array_equal(here[-rows:], there[-rows:])
        np.testing.assert_array_equal(here[:-rows], getattr(usual, name)[:-rows])
    for name in ("w_ih", "b_ih"):
        np.testing.assert_array_equal(getattr(given, name), getattr(usual, name))
