"""The search: how many it tries and finds; which networks are looked at, against plain loops."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from outputs import arrays_of, rows_of, summary_of
from searched import (
    CONDITIONS,
    DRAWS,
    EPOCHS,
    RARE_SEEDS,
    RATE,
    SEEDS,
    VALIDATION,
    networks,
    small_config,
)

from experiments import found, search
from experiments.conditions import Condition
from experiments.outcomes import Outcome
from rnnjax.errors import UserError
from rnnjax.landscape import parse_architecture


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return networks(tmp_path_factory.getbasetemp()).parent / "search"


def outcome(correct: np.ndarray, name: str = "FirstI/rnn_2x2") -> Outcome:
    """Of correct validation sentences [E, R, S]."""
    condition = next(c for c in search.conditions(small_config()) if c.name == name)
    return Outcome(condition, {"correct": correct})


def test_what_is_searched() -> None:
    config = small_config()
    conditions: dict[str, Condition] = {condition.name: condition for condition in search.conditions(config)}
    assert tuple(conditions) == CONDITIONS
    for name, condition in conditions.items():
        assert condition.num_seeds == (RARE_SEEDS if "rnn" in name else SEEDS) and condition.num_draws == DRAWS
        rules = condition.protocol.rules
        assert (rules.early_stop, rules.factor) == ((False, 1.0) if "unstopped" in name else (True, 0.5))
        assert rules.learning_rate == RATE and condition.protocol.max_epochs == EPOCHS


def test_the_thesis_networks_are_searched_by_default() -> None:
    from configs.thesis import get_config

    tried = {condition.name: condition.num_seeds * condition.num_draws for condition in search.conditions(get_config())}
    assert tried["FirstI/rnn_2x4"] == 5000
    assert [tried[f"FirstI/{name}"] for name in ("gru_2x4", "rnn_4x8", "gru_4x8")] == [400] * 3


def test_what_was_tried_and_found_is_counted(workdir: Path) -> None:
    arrays, told = arrays_of(workdir), summary_of(workdir)["search"]
    rows, per_draw = rows_of(workdir / "search.csv"), rows_of(workdir / "search_draws.csv")
    assert [(row["condition"], row["at_least"]) for row in rows] == [(c, t) for c in CONDITIONS for t in ("55", "70")]
    counts = []
    for row, also in zip(rows, told, strict=True):
        correct = arrays[f"{row['condition']}/correct"][-1]
        good = correct >= float(row["at_least"]) / 100 * VALIDATION
        counts.append(int(good.sum()))
        assert (int(row["tried"]), int(row["found"])) == (good.size, good.sum()) == (also["tried"], also["found"])
        assert int(row["draws_with_any"]) == good.any(1).sum()
        assert float(row["rate_estimate"]) == pytest.approx(100 * good.mean(), rel=1e-4)
        assert float(row["rate_low"]) <= float(row["rate_estimate"]) <= float(row["rate_high"])
        mine = [r for r in per_draw if (r["condition"], r["at_least"]) == (row["condition"], row["at_least"])]
        assert [int(r["draw"]) for r in mine] == list(range(DRAWS))
        assert [int(r["found"]) for r in mine] == list(good.sum(1)) and {int(r["tried"]) for r in mine} == {
            len(good[0])
        }
    assert len(set(counts)) > 2 and min(counts) < max(counts)
    assert (workdir / "figure_search_FirstI.png").read_bytes().startswith(b"\x89PNG")


def test_the_figure_has_every_draw_s_share_and_their_mean(workdir: Path) -> None:
    arrays, config = arrays_of(workdir), small_config()
    outcomes = [Outcome(c, {"correct": arrays[f"{c.name}/correct"]}) for c in search.conditions(config)]
    figure = search.draw_search("made up", outcomes, (0.55, 0.7))
    for ax, threshold in zip(figure.axes, (0.55, 0.7), strict=True):
        dots, ends, means = ([np.array(line.get_data()) for line in list(ax.lines)[part::3]] for part in range(3))
        for place, each in enumerate(outcomes):
            shares = found.successes(each, threshold).mean(1)
            x, y = dots[place]
            np.testing.assert_array_equal(x, shares)
            assert len(set(zip(x, y, strict=True))) == DRAWS and (np.abs(y - place) < 0.5).all()
            ((mean,), _), ((low, high), _) = means[place], ends[place]
            assert mean == pytest.approx(shares.mean()) and low <= mean <= high
    assert {text.get_text() for ax in figure.axes for text in ax.texts} == set()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert [("no early stop" in label) for label in labels] == [False, False, True, True]
    assert all(f"{each.condition.num_seeds} a draw" in label for each, label in zip(outcomes, labels, strict=True))


def test_draws_of_the_same_share_stand_apart_and_many_are_counted() -> None:
    correct = np.zeros((1, 32, 4))
    correct[0, :3, :2], correct[0, 3:5, 0] = VALIDATION, VALIDATION
    (ax, hidden) = search.draw_search("made up", [outcome(correct)], (0.9,)).axes
    x, y = np.array(ax.lines[0].get_data())
    piles = {share: np.sort(y[x == share]) for share in (0, 0.25, 0.5)}
    assert [len(pile) for pile in piles.values()] == [27, 2, 3]
    np.testing.assert_allclose(np.diff(piles[0.5]), 0.1)
    np.testing.assert_allclose(np.diff(piles[0.25]), 0.1)
    assert np.ptp(piles[0]) == pytest.approx(0.5) and (np.diff(piles[0]) > 0).all()
    assert [text.get_text() for text in ax.texts] == ["27"] and not hidden.get_visible()


def test_at_least_means_at_least_in_the_end() -> None:
    correct = np.array([[[1960, 1919, 1920, 0]], [[1919, 1920, 1921, 1959]]])  # [E, R, S]
    np.testing.assert_array_equal(found.successes(outcome(correct), 0.96), [[False, True, True, True]])
    np.testing.assert_array_equal(found.reached(outcome(correct), 0.96), [[1, 2, 1, 2]])
    np.testing.assert_array_equal(found.reached(outcome(correct), 0.98), [[1, 0, 0, 0]])


def test_networks_are_taken_in_turn_from_all_draws() -> None:
    there = np.array([[0, 1, 0, 1, 1], [0, 0, 0, 0, 0], [1, 0, 0, 0, 1], [0, 0, 1, 0, 0]], bool)
    in_turn = [(0, 1), (2, 0), (3, 2), (0, 3), (2, 4), (0, 4)]
    for most in (1, 2, 4, 6, 100):
        draws, seeds = found.first_found(there, most)
        assert list(zip(draws, seeds, strict=True)) == in_turn[:most]
    assert not len(found.first_found(np.zeros((2, 3), bool), 5)[0])


def test_pairs_are_of_one_shape_and_of_what_was_found() -> None:
    class Seen:
        def __init__(self, name: str, number: int) -> None:
            self.shape, self.draws = parse_architecture(name), np.zeros(number)

    seen = [Seen(*each) for each in (("rnn_2x4", 1), ("gru_4x8", 2), ("rnn_4x8", 0), ("gru_2x4", 3), ("gru_2x2", 1))]
    assert [tuple(one.shape.name for one in pair) for pair in found.pairs(seen)] == [("rnn_2x4", "gru_2x4")]


def test_groups_are_trained_alike() -> None:
    outcomes = {condition.name: Outcome(condition) for condition in search.conditions(small_config())}
    groups = found.groups(outcomes)
    assert {name: list(group) for name, group in groups.items()} == {
        "FirstI": list(CONDITIONS[:2]),
        "FirstI/unstopped_0.03": list(CONDITIONS[2:]),
    }
    told = [found.how_trained(outcomes[name].condition) for name in CONDITIONS[1:3]]
    assert told == ["section 3.2's protocol", "no early stop, rate 0.03"]


def test_nothing_need_be_rare_or_trained_without_early_stop() -> None:
    conditions = search.conditions(small_config(**{"search.rare": (), "search.unstopped": ()}))
    assert len(conditions) == 2 and all(condition.num_seeds == SEEDS for condition in conditions)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("rare", ("gru_4x4",), r"search\.rare is 'gru_4x4'; valid: rnn_2x2, gru_2x2"),
        ("unstopped", ("lstm",), r"search\.unstopped is 'lstm'; valid: rnn_2x2, gru_2x2"),
        ("rare", ("rnn_2x2", "rnn_2x2"), r"search\.rare is .*one or more different ones"),
        ("unstopped", ("gru_2x2", "gru_2x2"), r"search\.unstopped is .*one or more different ones"),
        ("architectures", (), r"search\.architectures is \(\)"),
        ("architectures", ("rnn_2x2", "rnn_2x2"), r"search\.architectures"),
        ("architectures", ("lstm_2x2",), "lstm"),
        ("rare_seeds", 0, r"search\.rare_seeds is 0"),
        ("rare_unstopped_seeds", 0, r"search\.rare_unstopped_seeds is 0"),
        ("unstopped_learning_rate", 0.0, r"search\.unstopped_learning_rate is 0"),
        ("thresholds", (0.96, 1.1), r"search\.thresholds is 1\.1"),
        ("thresholds", ("high",), r"search\.thresholds is 'high'; it must be a number from 0 to 1"),
        ("thresholds", (), r"search\.thresholds is \(\)"),
        ("data_sets", ("FirstIII",), "FirstIII"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_before_anything_is_trained(field: str, value: Any, told: str) -> None:
    with pytest.raises(UserError, match=told):
        search.EXPERIMENT.prepare(small_config(**{f"search.{field}": value}))
