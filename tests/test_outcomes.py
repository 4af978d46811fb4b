"""What is kept of a condition: groups of different lengths, the two readings of accuracy, the way to disk and back."""

from pathlib import Path

import numpy as np
import pytest

from configs.thesis import get_config
from experiments import outcomes
from experiments.conditions import Condition, data_set, make
from experiments.outcomes import Outcome
from rnnjax import results
from rnnjax.landscape import parse_architecture
from rnnjax.training import Epoch

PER_NETWORK = ("test_correct", "epochs_run", "finite")


def condition(kind: str = "", draws: int = 2, seeds: int = 3) -> Condition:
    config = get_config("quick")
    config.gate_variants.update({"draws": draws, "seeds": seeds, "shown_seeds": 1})
    kinds = (kind,) if kind else ()
    return make(config, "gate_variants", data_set(config, "CountII"), parse_architecture("rnn_2x2"), *kinds)


def of(group: np.ndarray) -> np.ndarray:
    """A group's values as a condition with one draw."""
    return group[:, None]


def test_values_go_to_their_draw_and_seeds() -> None:
    outcome = Outcome(condition())
    outcome.put("test_correct", 1, np.array([2, 0]), np.array([12, 10]))
    outcome.put("test_correct", 0, np.array([0, 1, 2]), np.array([1, 2, 3]))
    outcome.put("test_correct", 1, np.array([1]), np.array([11]))
    assert outcome["test_correct"].tolist() == [[1, 2, 3], [10, 11, 12]]
    outcome.put("final", 1, np.array([1, 2]), np.arange(8).reshape(4, 2))
    assert outcome["final"].shape == (4, 2, 3)
    assert outcome["final"][:, 1].tolist() == [[0, 0, 1], [0, 2, 3], [0, 4, 5], [0, 6, 7]]


@pytest.mark.parametrize("longer_first", [True, False])
def test_what_a_group_lacks_of_epochs_repeats_its_last(longer_first: bool) -> None:
    outcome = Outcome(condition(draws=1))
    long, short = np.array([[500, 510], [520, 530], [540, 550], [560, 570]]), np.array([[700], [710]])
    groups = [(np.array([0, 2]), long), (np.array([1]), short)]
    for seeds, values in groups if longer_first else reversed(groups):
        outcome.put("correct", 0, seeds, values)
        outcome.put("trained", 0, seeds, np.ones(values.shape, bool))
        outcome.put("history", 0, seeds, values[:, None])
    expected = [[500, 700, 510], [520, 710, 530], [540, 710, 550], [560, 710, 570]]
    assert outcome["correct"][:, 0].tolist() == expected
    assert outcome["history"][:, 0, 0].tolist() == expected
    # Of the epochs that it lacks the shorter group trained in none.
    assert outcome["trained"][:, 0].tolist() == [[True] * 3, [True] * 3, [True, False, True], [True, False, True]]
    assert outcome.accuracy("last").tolist() == [[0.56, 0.71, 0.57]]


def test_groups_of_three_lengths() -> None:
    outcome = Outcome(condition(draws=1))
    for seed, epochs in enumerate((2, 4, 3)):
        outcome.put("train_loss", 0, np.array([seed]), 10.0 * seed + np.arange(epochs, dtype=np.float32)[:, None])
    assert outcome["train_loss"][:, 0].T.tolist() == [[0, 1, 1, 1], [10, 11, 12, 13], [20, 21, 22, 22]]


def test_the_number_of_parameters_is_not_taken_for_a_number_of_epochs() -> None:
    outcome = Outcome(condition(draws=1))
    outcome.put("final", 0, np.array([0]), np.zeros((18, 1)))
    with pytest.raises(ValueError):
        outcome.put("final", 0, np.array([1]), np.zeros((22, 1)))


def test_the_best_epoch_is_at_least_the_last() -> None:
    outcome = Outcome(condition(draws=1))
    outcome.put("correct", 0, np.arange(3), np.array([[500, 600, 900], [800, 700, 500], [700, 750, 500]]))
    assert outcome.accuracy("last").tolist() == [[0.7, 0.75, 0.5]]
    assert outcome.accuracy("best").tolist() == [[0.8, 0.75, 0.9]]
    rng = np.random.default_rng(0)
    outcome.put("correct", 0, np.arange(3), rng.integers(0, 1001, (3, 3)))
    assert (outcome.accuracy("best") >= outcome.accuracy("last")).all()


@pytest.mark.parametrize(("name", "sentences", "test_sentences"), [("CountII", 1000, 1000), ("XorI", 2000, 3000)])
def test_accuracies_are_shares_of_the_version_s_sentences(name: str, sentences: int, test_sentences: int) -> None:
    found = condition(draws=1)._replace(data=data_set(get_config("quick"), name))
    arrays = {"correct": np.full((2, 1, 3), sentences // 4), "test_correct": np.full((1, 3), test_sentences // 5)}
    outcome = Outcome(found, arrays)
    assert outcome.accuracy("last").tolist() == [[0.25] * 3] and outcome.test_accuracy.tolist() == [[0.2] * 3]


def filled(found: Condition, seed: int) -> Outcome:
    rng = np.random.default_rng(seed)
    arrays = {name: rng.integers(0, 9, (2, 3)) for name in PER_NETWORK}
    arrays |= {name: rng.normal(size=(18, 2, 3)).astype(np.float32) for name in ("initial", "final")}
    return Outcome(found, arrays | {name: rng.integers(0, 9, (4, 2, 3)) for name in Epoch._fields})


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    # One's name is the beginning of the other's folder, and the middle of a third's.
    kinds = ("", "unstopped_0.1", "unstopped_0.1/rnn_2x2")
    written = [filled(condition(kind), seed) for seed, kind in enumerate(kinds)]
    assert written[2].condition.name == "CountII/unstopped_0.1/rnn_2x2/rnn_2x2"
    results.write_npz(tmp_path / "result.npz", dict(item for outcome in written for item in outcome.items()))
    found = outcomes.read(tmp_path / "result.npz", [outcome.condition for outcome in written])
    assert list(found) == [outcome.condition.name for outcome in written]
    for outcome in written:
        ours, theirs = dict(outcome.items()), dict(found[outcome.condition.name].items())
        assert ours.keys() == theirs.keys()
        for name, array in ours.items():
            np.testing.assert_array_equal(theirs[name], array)
            assert theirs[name].dtype == array.dtype


@pytest.mark.parametrize("missing", ["final", "finite", "trained", None])
def test_a_result_that_lacks_something_is_damaged(missing: str | None, tmp_path: Path) -> None:
    outcome = filled(condition(), 0)
    path = tmp_path / "result.npz"
    with pytest.raises(FileNotFoundError):
        outcomes.read(path, [outcome.condition])
    kept = {name: array for name, array in outcome.items() if missing and name.rpartition("/")[2] != missing}
    results.write_npz(path, kept)
    with pytest.raises(results.Damaged, match=f"it lacks CountII/rnn_2x2/{missing or 'correct'}"):
        outcomes.read(path, [outcome.condition])


@pytest.mark.parametrize("changed", ["start", "rate", "engine", "none"])
def test_networks_of_other_starts_rules_or_sources_are_not_read(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = filled(condition(), 0)
    path, wanted = tmp_path / "result.npz", outcome.condition
    written = dict(outcome.items())
    if changed == "start":
        wanted = wanted._replace(start=np.ones((18, 2, 3), np.float32))
    elif changed == "rate":
        rules = wanted.protocol.rules._replace(learning_rate=0.5)
        wanted = wanted._replace(protocol=wanted.protocol._replace(rules=rules))
    elif changed == "engine":
        monkeypatch.setattr(outcomes, "engine", lambda: "later")
    else:  # of an earlier version, that did not tell
        del written["CountII/rnn_2x2/trained_by"]
    results.write_npz(path, written)
    with pytest.raises(results.Damaged, match="another version trained CountII/rnn_2x2, or from other starts"):
        outcomes.read(path, [wanted])


def test_what_is_below_a_name_is_not_below_another_that_begins_so() -> None:
    arrays = {name: np.zeros(0) for name in ("CountI/a", "CountI/b/a", "CountII/c", "CountI", "in/CountI/d")}
    assert list(outcomes.below(arrays, "CountI")) == ["a", "b/a"]
    assert list(outcomes.below(arrays, "CountI/b")) == ["a"]
