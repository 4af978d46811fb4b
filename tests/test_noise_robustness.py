"""Section 4.3.2 end to end, tiny: its numbers again from result.npz by a NumPy loop, a network and a word at a time."""

import functools
from pathlib import Path
from typing import Any

import jax
import launching
import numpy as np
import pytest
from ml_collections import ConfigDict
from oracles import kind_letters, label_of, states_of
from outputs import arrays_of, rows_of, summary_of

from configs.thesis import get_config
from experiments import noise_robustness
from experiments.conditions import draw_embedding
from rnnjax import noise, resampling
from rnnjax.errors import UserError
from rnnjax.landscape import parse_architecture
from rnnjax.parameters import Params, unflatten
from rnnjax.streams import of_members, stream

DRAWS, SEEDS, STEPS, LENGTH = 2, 3, 40, 5
COUNTS, MOST, ABOVE, STRICTER, OVERLAP, SEED = (1, 3), 2, 0.94, 0.998, 0.05, 5
CELLS, KINDS = ("rnn", "gru"), ("random", "repeated")
FILES = {
    "config.json", "conditions.csv", "summary.json", "result.npz", "figure_4_9.png", "figure_4_9_survival.png",
    "figure_4_10.png", "figure_4_10_noise.png", "survival_4_3_2.csv", "noise_4_3_2.csv",
}  # fmt: skip
NEAR = 1e-4  # of a margin, or of a distance to the limit: closer ones may be judged differently in float32

Arrays = dict[str, np.ndarray]


def small_config(**changed: Any) -> ConfigDict:
    config = get_config("quick")
    config.seed, config.data.sentence_length = SEED, LENGTH
    wanted = {"seeds": SEEDS, "draws": DRAWS, "steps": STEPS, "stop_counts": COUNTS, "most_sentiments": MOST}
    config.noise_robustness.update(wanted | {"above": ABOVE, "stricter": STRICTER, "overlap": OVERLAP})
    config.training.update({"batch_size": 200, "max_epochs": 4, "learning_rate": 0.05, "tile": 4})
    config.training.update({"members_per_call": 16})
    config.update_from_flattened_dict(changed)
    return config


run_in = functools.partial(launching.run_in, noise_robustness.EXPERIMENT)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("noise_robustness")
    run_in(here, small_config())
    return here


@pytest.fixture(scope="module")
def arrays(workdir: Path) -> Arrays:
    return arrays_of(workdir)


class Network:
    """One network of the run, with its words and its margins of any sentence."""

    def __init__(self, arrays: Arrays, cell: str, draw: int, seed: int) -> None:
        config = small_config()
        data = noise_robustness.conditions(config)[0].data
        flat = arrays[f"CountI/{cell}_4x2/final"][:, draw, seed].astype(float)
        self.cell, self.params = cell, unflatten(flat, parse_architecture(f"{cell}_4x2").sizes)
        self.words = draw_embedding(config, data, draw, 4)

    def read(self, sentence: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """States [T, H] and margins [T]."""
        params: Params = self.params
        states = states_of(self.cell, params, self.words[sentence])
        logits = states @ params.w_oh.T + params.b_oh
        return states, logits[:, 1] - logits[:, 0]


def all_networks() -> list[tuple[str, int, int]]:
    return [(cell, draw, seed) for cell in CELLS for draw in range(DRAWS) for seed in range(SEEDS)]


def pair_of(kind: str, draw: int, seed: int) -> np.ndarray:
    """The two sentences that network `seed` of a draw reads, whatever its cell."""
    (key,) = of_members(stream(jax.random.key(SEED + draw), "perturb"), np.array([seed]))
    return np.asarray(noise.first_word_then_noise(jax.random.split(key)[0], STEPS, kind == "repeated"))


def is_at(step: int, found: int, values: np.ndarray) -> bool:
    """Whether a first step is as expected, or differs where a value is within rounding of its limit."""
    return found == step or bool(np.abs(values[min(found, step) - 1]) < NEAR)


@pytest.mark.parametrize("kind", KINDS)
def test_first_steps_are_those_of_a_loop_over_each_network_s_own_sentences(arrays: Arrays, kind: str) -> None:
    seen = set()
    for cell, draw, seed in all_networks():
        network, here = Network(arrays, cell, draw, seed), f"measured/CountI/{cell}_4x2/{kind}"
        (one, low), (other, high) = (network.read(sentence) for sentence in pair_of(kind, draw, seed))
        wrong = [step for step in range(1, STEPS + 1) if low[step - 1] > 0 or high[step - 1] <= 0]
        first = next(iter(wrong), STEPS + 1)
        later = next((step for step in wrong if step >= LENGTH), STEPS + 1)
        closest = np.append(np.minimum(np.abs(low), np.abs(high)), 0)
        assert is_at(first, int(arrays[f"{here}/first_wrong"][draw, seed]), closest)
        assert is_at(later, int(arrays[f"{here}/forgets"][draw, seed]), closest)
        apart = np.append(np.linalg.norm(one - other, axis=1) - OVERLAP, 0)
        together = next((s for s in range(1, STEPS + 1) if (apart[s - 1 : STEPS] <= 0).all()), STEPS + 1)
        assert is_at(together, int(arrays[f"{here}/meeting"][draw, seed]), apart)
        seen |= {first, later, together}
    assert len(seen) > 5 and min(seen) < LENGTH and max(seen) == STEPS + 1


def noisy_sentences() -> tuple[list[np.ndarray], np.ndarray]:
    """Without stop words and with each number of them, and the labels."""
    sentences = noise.sentiment_sentences(MOST)
    labels = [label_of("count", kind_letters(row[row >= 0])) for row in sentences]
    defined = np.array([label is not None for label in labels])
    sentences, positive = sentences[defined], np.array([bool(label) for label in labels])[defined]
    key = jax.random.fold_in(stream(jax.random.key(SEED), "perturb"), 2**32 - 1)
    noisy = [noise.with_stop_words(jax.random.fold_in(key, n), sentences, n) for n in COUNTS]
    return [sentences, *noisy], positive


def test_noise_is_measured_on_the_end_states_of_a_loop(arrays: Arrays) -> None:
    groups, positive = noisy_sentences()
    for group in groups[1:]:
        assert [label_of("count", kind_letters(row[row >= 0])) for row in group] == positive.tolist()
    flips, compared = 0, 0
    for cell, draw, seed in all_networks():
        network, here = Network(arrays, cell, draw, seed), f"measured/CountI/{cell}_4x2/noise"
        ends = [[network.read(row[row >= 0]) for row in group] for group in groups]
        states = np.array([[way[0][-1] for way in group] for group in ends])
        margins = np.array([[way[1][-1] for way in group] for group in ends])
        if np.abs(margins).min() < NEAR:
            continue
        calls = margins > 0
        stored = {key: arrays[f"{here}/{key}"][..., draw, seed] for key in ("flipped", "wrong", "distance", "apart")}
        np.testing.assert_allclose(stored["wrong"], (calls != positive).mean(1), atol=1e-6)
        np.testing.assert_allclose(stored["flipped"], (calls[1:] != calls[0]).mean(1), atol=1e-6)
        spoiled = (stored["flipped"] + stored["wrong"][1:] - stored["wrong"][0]) / 2  # as the table has it
        np.testing.assert_allclose(spoiled, ((calls[0] == positive) & (calls[1:] != positive)).mean(1), atol=1e-6)
        distances = np.linalg.norm(states[1:] - states[0], axis=-1).mean(1)
        np.testing.assert_allclose(stored["distance"], distances, rtol=1e-3, atol=1e-4)
        apart = np.linalg.norm(states[0][positive].mean(0) - states[0][~positive].mean(0))
        assert stored["apart"] == pytest.approx(apart, rel=1e-3, abs=1e-4)
        flips, compared = flips + int((calls[1:] != calls[0]).sum()), compared + 1
    assert flips > 0 and compared >= 2 * DRAWS * SEEDS - 1  # a near tie is rare


def test_what_is_shown_is_the_network_nearest_to_the_thesis_one_on_its_sentences(arrays: Arrays) -> None:
    for cell, lasts in (("rnn", 15), ("gru", 2000)):
        here = f"measured/CountI/{cell}_4x2/shown"
        accuracy = arrays[f"CountI/{cell}_4x2/correct"][-1] / 2000
        draw, seed = arrays[here]
        wrong = arrays[f"measured/CountI/{cell}_4x2/random/first_wrong"]
        good = [(d, s) for d in range(DRAWS) for s in range(SEEDS) if accuracy[d, s] > ABOVE]
        assert (draw, seed) == min(good, key=lambda place: (abs(wrong[place] - 1 - lasts), place))
        network = Network(arrays, cell, draw, seed)
        np.testing.assert_array_equal(arrays[f"{here}/figure_4_9/words"], pair_of("random", draw, seed))
        spelled = ["PNN", "SPSSSSNSSSN", "SSSSSSNN", "NN"]
        rows = arrays[f"{here}/figure_4_10/words"]
        assert [kind_letters(row[row >= 0]) for row in rows] == spelled
        for one, other in ((rows[0], rows[1]), (rows[3], rows[2])):
            np.testing.assert_array_equal(one[one >= 6], other[other >= 6])
        for figure in ("figure_4_9", "figure_4_10"):
            words, states, margins = (arrays[f"{here}/{figure}/{key}"] for key in ("words", "states", "margins"))
            for row, way, calls in zip(words, states, margins, strict=True):
                expected, logits = network.read(row[row >= 0])
                np.testing.assert_allclose(way[: len(expected)], expected, rtol=1e-3, atol=1e-3)
                np.testing.assert_allclose(calls[: len(expected)], logits, rtol=1e-2, atol=1e-2)


def chosen(values: np.ndarray, which: np.ndarray) -> list[np.ndarray]:
    return [own[mine] for own, mine in zip(values, which, strict=True) if mine.any()]


def above(arrays: Arrays, cell: str, limit: str) -> np.ndarray:
    which: np.ndarray = arrays[f"CountI/{cell}_4x2/correct"][-1] / 2000 > float(limit)
    return which


def test_the_table_of_shares_that_last_is_of_the_networks_above_each_limit(workdir: Path, arrays: Arrays) -> None:
    rows = rows_of(workdir / "survival_4_3_2.csv")
    assert len(rows) == 2 * 2 * 3 * 3  # limits, kinds, what ends, cells and their difference
    for row in rows:
        key = "{stop_words}/{until}".format(**row)
        sides = [(arrays[f"measured/CountI/{cell}_4x2/{key}"], above(arrays, cell, row["above"])) for cell in CELLS]
        for step in (10, 15, 30):
            shares = [chosen(values > step, which) for values, which in sides]
            found = [row[f"after_{step}{end}"] for end in ("", "_low", "_high")]
            if row["cell"] in CELLS:
                own = shares[CELLS.index(row["cell"])]
                assert int(row["networks"]) == sum(map(len, own)) and int(row["draws"]) == len(own)
                expected = resampling.mean(own) if own else (np.nan,) * 3
            elif all(len(share) == DRAWS for share in shares):
                expected = resampling.difference(shares[0], shares[1])
            else:
                continue
            np.testing.assert_allclose([float(each or "nan") for each in found], list(expected), rtol=1e-4, atol=1e-6)
    assert {int(row["networks"]) for row in rows if row["above"] == str(ABOVE) and row["cell"] == "gru"} != {0}


def test_the_table_of_noise_is_of_the_networks_above_each_limit(workdir: Path, arrays: Arrays) -> None:
    rows = rows_of(workdir / "noise_4_3_2.csv")
    assert [int(row["stop_words"]) for row in rows] == [n for _ in range(2) for n in (0, *COUNTS) for _ in range(3)]
    for row in (row for row in rows if row["cell"] in CELLS):
        here, place = f"measured/CountI/{row['cell']}_4x2/noise", (0, *COUNTS).index(int(row["stop_words"]))
        which = above(arrays, row["cell"], row["above"])
        assert int(row["networks"]) == which.sum()
        values = {"wrong": arrays[f"{here}/wrong"][place]}
        if place:
            values |= {key: arrays[f"{here}/{key}"][place - 1] for key in ("flipped", "distance")}
            values["distance_over_apart"] = values["distance"] / arrays[f"{here}/apart"]
            spoiled = (values["flipped"] + values["wrong"] - arrays[f"{here}/wrong"][0]) / 2
            mended = values["flipped"] - spoiled
            assert spoiled.min() > -1e-6 and mended.min() > -1e-6
            values["spoiled"] = spoiled
        for key, each in values.items():
            if which.any():
                expected = resampling.mean(chosen(each, which))
                found = [float(row[f"{key}{end}"]) for end in ("", "_low", "_high")]
                np.testing.assert_allclose(found, list(expected), rtol=1e-4, atol=1e-6)


def test_the_summary_says_how_many_were_tried_and_found(workdir: Path, arrays: Arrays) -> None:
    found = summary_of(workdir)["networks"]["CountI"]
    for cell in CELLS:
        which, own = above(arrays, cell, str(ABOVE)), found[f"{cell}_4x2"]
        assert own["tried"] == DRAWS * SEEDS and own["found"] == which.sum() >= 1
        assert own["found_by_draw"] == which.sum(1).tolist()
        assert cell == "gru" or which.sum() < which.size
        draw, seed = own["shown"]["draw"], own["shown"]["seed"]
        assert own["shown"]["forgets"] == arrays[f"measured/CountI/{cell}_4x2/random/forgets"][draw, seed]


def test_it_leaves_its_files_and_draws_again_from_them(workdir: Path) -> None:
    assert {path.name for path in workdir.iterdir() if path.is_file()} >= FILES
    kept = {name: (workdir / name).read_bytes() for name in FILES if not name.endswith(".png")}
    (workdir / "figure_4_10.png").unlink()
    run_in(workdir, small_config())
    assert all((workdir / name).read_bytes() == content for name, content in kept.items())
    assert (workdir / "figure_4_10.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("above", 98.0, "noise_robustness.above is 98.0; it must be from 0 to 1"),
        ("stricter", -1.0, "noise_robustness.stricter is -1.0"),
        ("steps", 4, "noise_robustness.steps is 4; it must be from 5"),
        ("overlap", -0.1, "noise_robustness.overlap is -0.1"),
        ("stop_words", ("none",), "noise_robustness.stop_words is 'none'; valid: random, repeated"),
        ("stop_words", ("random", "random"), "noise_robustness.stop_words is .*one or more different"),
        ("stop_counts", (1, 0), "noise_robustness.stop_counts: a number of stop words is 0; it must be from 1"),
        ("stop_counts", (2.5,), "stop_counts: a number of stop words is 2.5; it must be a whole number"),
        ("stop_counts", ("few",), "stop_counts: a number of stop words is 'few'; it must be a number from 1 to 1000"),
        ("stop_counts", (), "noise_robustness.stop_counts is .*one or more different"),
        ("most_sentiments", 7, "noise_robustness.most_sentiments is 7; it must be from 1 to 6"),
        ("data_sets", ("XorI",), "noise_robustness.data_sets has 'XorI'; valid: those whose label"),
    ],
)
def test_a_bad_value_is_refused_before_anything_is_trained(field: str, value: Any, message: str) -> None:
    config = small_config()
    with config.unlocked():
        config.noise_robustness[field] = value
    with pytest.raises(UserError, match=message):
        noise_robustness.EXPERIMENT.prepare(config)
