"""Section 4.3.1 end to end, tiny: what it leaves, and its numbers recomputed from result.npz, a network at a time."""

import functools
from pathlib import Path
from typing import Any

import launching
import numpy as np
import pytest
from ml_collections import ConfigDict
from outputs import arrays_of, rows_of, summary_of

from configs.thesis import get_config
from experiments import word_projection
from experiments.conditions import draw_embedding
from experiments.word_projection_tables import groups_of, with_criteria
from rnnjax import resampling
from rnnjax.errors import UserError
from rnnjax.landscape import parse_architecture
from rnnjax.parameters import Params, unflatten

DRAWS, SEEDS = 2, 3
FILES = {
    "config.json", "conditions.csv", "summary.json", "result.npz", "figure_4_8.png", "figure_4_8_gates.png",
    "figure_4_8_measures.png", "projection_4_3_1.csv", "projection_differences_4_3_1.csv",
}  # fmt: skip


def small_config(**changed: Any) -> ConfigDict:
    config = get_config("quick")
    config.word_projection.update({"seeds": SEEDS, "draws": DRAWS})
    config.data.sentence_length = 5
    config.training.update({"batch_size": 500, "max_epochs": 10, "learning_rate": 0.05, "tile": 4})
    config.training.update({"members_per_call": 16, "history": True})
    config.update_from_flattened_dict(changed)
    return config


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("word_projection")
    run_in(here, small_config())
    return here


run_in = functools.partial(launching.run_in, word_projection.EXPERIMENT)


def network(arrays: dict[str, np.ndarray], cell: str, stage: str, draw: int, seed: int) -> Params:
    return unflatten(
        arrays[f"CountI/{cell}_2x2/{stage}"][:, draw, seed].astype(float), parse_architecture(f"{cell}_2x2").sizes
    )


def test_it_leaves_its_files_and_draws_again_from_them(workdir: Path) -> None:
    assert {path.name for path in workdir.iterdir() if path.is_file()} >= FILES
    before = {name: (workdir / name).read_bytes() for name in FILES}
    (workdir / "figure_4_8.png").unlink()
    run_in(workdir, small_config())
    for name in FILES - {"conditions.csv"}:
        if not name.endswith(".png"):
            assert (workdir / name).read_bytes() == before[name], name
    assert (workdir / "figure_4_8.png").stat().st_size > 20_000


@pytest.mark.parametrize(("cell", "gates"), [("rnn", ["candidate"]), ("gru", ["reset", "update", "candidate"])])
def test_each_network_s_measures_are_of_its_own_weights_and_its_draw_s_words(
    workdir: Path, cell: str, gates: list[str]
) -> None:
    arrays, config = arrays_of(workdir), small_config()
    data = word_projection.conditions(config)[0].data
    for stage in ("initial", "final"):
        for draw in range(DRAWS):
            words = draw_embedding(config, data, draw, 2).astype(float)
            np.testing.assert_array_equal(arrays["measured/CountI/words/places"][..., draw], words.astype(np.float32))
            for seed in range(SEEDS):
                params = network(arrays, cell, stage, draw, seed)
                for number, gate in enumerate(gates):
                    w_ih = params.w_ih[2 * number : 2 * number + 2]
                    here = f"measured/CountI/{cell}_2x2/{stage}/{gate}"
                    points = words @ w_ih.T
                    lengths = np.linalg.norm(points, axis=1)
                    ratio = lengths[:6].mean() / lengths[6:].mean()
                    assert arrays[f"{here}/stop_norm"][draw, seed] == pytest.approx(ratio, rel=1e-9)
                    axes = np.linalg.eigvalsh(np.cov((points @ params.w_oh.T).T))
                    share = axes[-1] / axes.sum()
                    assert arrays[f"{here}/logits_axis"][draw, seed] == pytest.approx(share, rel=1e-9)


def test_tables_are_of_the_networks_that_they_name(workdir: Path) -> None:
    arrays, rows = arrays_of(workdir), rows_of(workdir / "projection_4_3_1.csv")
    assert len(rows) == (1 + 3) * 3 * 19
    for row in rows:
        accuracy = arrays[f"CountI/{row['cell']}_2x2/correct"][-1] / 2000
        which = {"all": accuracy >= 0, "above 90 %": accuracy > 0.9, "at most 90 %": accuracy <= 0.9}[row["group"]]
        assert int(row["networks"]) == which.sum() and int(row["draws"]) == which.any(1).sum()
        here = "measured/CountI/{cell}_2x2/{{}}/{gate}/{measure}".format(**row)
        if here.format("final") not in arrays or not which.any():
            continue
        before, after = arrays[here.format("initial")], arrays[here.format("final")]
        for what, values in {"before": before, "trained": after, "change": after - before}.items():
            expected = resampling.mean([own[mine] for own, mine in zip(values, which, strict=True) if mine.any()])
            found = [float(row[f"{what}{end}"]) for end in ("", "_low", "_high")]
            assert found == pytest.approx(list(expected), rel=1e-4, abs=1e-5), row
    assert {row["group"] for row in rows if int(row["networks"])} == {"all", "above 90 %", "at most 90 %"}


def test_differences_are_one_group_minus_the_other(workdir: Path) -> None:
    arrays, rows = arrays_of(workdir), rows_of(workdir / "projection_differences_4_3_1.csv")
    for row in (row for row in rows if row["what"] == "RNN - GRU"):
        rnn, gru = (arrays[f"measured/CountI/{c}_2x2/final/candidate/{row['measure']}"] for c in ("rnn", "gru"))
        assert float(row["difference"]) == pytest.approx(rnn.mean() - gru.mean(), rel=1e-4, abs=1e-5)
        assert row["networks"] == row["others"] == str(DRAWS * SEEDS)


def test_the_networks_shown_are_the_nearest_pair_of_one_draw(workdir: Path) -> None:
    arrays = arrays_of(workdir)
    rnn, gru = summary_of(workdir)["shown"]["CountI"]
    accuracies = {cell: arrays[f"CountI/{cell}_2x2/correct"][-1] / 2000 for cell in ("rnn", "gru")}
    costs = {
        (draw, one, other): abs(accuracies["rnn"][draw, one] - 0.87) + abs(accuracies["gru"][draw, other] - 1)
        for draw in range(DRAWS)
        for one in range(SEEDS)
        for other in range(SEEDS)
    }
    assert rnn["draw"] == gru["draw"]
    assert costs[rnn["draw"], rnn["seed"], gru["seed"]] == min(costs.values())
    assert rnn["accuracy"] == accuracies["rnn"][rnn["draw"], rnn["seed"]]
    for gate in ("reset", "update", "candidate"):
        expected = arrays[f"measured/CountI/gru_2x2/final/{gate}/hidden_axis"][gru["draw"], gru["seed"]]
        assert gru["gates"][gate]["hidden_axis"] == pytest.approx(expected)


def test_the_nearest_pair_by_hand() -> None:
    rnn = np.array([[0.5, 0.86], [0.87, 0.5], [0.9, 0.87]])
    gru = np.array([[0.9, 0.7], [0.8, 0.6], [0.5, 0.95]])
    assert word_projection.nearest_pair([rnn, gru], [0.87, 1.0]) == (2, [1, 1])
    assert word_projection.nearest_pair([rnn, gru], [0.87, 0.88]) == (0, [1, 0])
    both_a_little, one_more = np.array([[0.7], [0.72]]), np.array([[0.6], [0.5]])
    assert word_projection.nearest_pair([both_a_little, one_more], [0.6, 0.5]) == (1, [0, 0])


def test_the_sum_of_the_readout_s_rows_is_what_it_was_before_training(workdir: Path) -> None:
    """So trained logits lie along their difference, whatever was learnt."""
    arrays = arrays_of(workdir)
    for cell in ("rnn", "gru"):
        for draw in range(DRAWS):
            for seed in range(SEEDS):
                before, after = (network(arrays, cell, stage, draw, seed).w_oh for stage in ("initial", "final"))
                assert after[0] + after[1] == pytest.approx(before[0] + before[1], abs=1e-4)
                assert np.abs(after[1] - after[0] - before[1] + before[0]).max() > 0.1


def test_criteria_are_the_config_s_sides_of_the_measures() -> None:
    values = {"stop_norm": np.array([0.09, 0.11]), "hidden_axis": np.array([0.94, 0.96])}
    values |= {"logits_axis": np.array([0.99, 0.5]), "hidden_separation": np.array([0.0, 0.3])}
    values |= {"logits_separation": np.array([1e-9, 1.0]), "difference_gap": np.array([-0.2, 0.2])}
    found = with_criteria(values, 0.95, 0.1)
    expected = {"in_null_space": [True, False], "hidden_line": [False, True], "logits_line": [True, False]}
    expected |= {key: [False, True] for key in ("hidden_separable", "logits_separable", "difference_separates")}
    for name, rule in expected.items():
        assert found[name].tolist() == rule, name


def test_groups_part_all_networks() -> None:
    shape = parse_architecture("rnn_2x2")
    found = groups_of({shape: np.array([[0.9, 0.91], [0.5, 1.0]])}, 0.9)
    assert found[shape, "all"].all()
    assert found[shape, "above 90 %"].tolist() == [[False, True], [False, True]]
    np.testing.assert_array_equal(found[shape, "at most 90 %"], ~found[shape, "above 90 %"])


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("rnn_target", 87.0, "word_projection.rnn_target is 87.0; it must be from 0 to 1"),
        ("line_above", -0.1, "word_projection.line_above is -0.1"),
        ("data_sets", ("CountIII",), "unknown data set 'CountIII'"),
        ("data_sets", (), "word_projection.data_sets is .*one or more different"),
        ("seeds", 0, "word_projection.seeds is 0"),
    ],
)
def test_a_bad_value_is_refused_before_anything_is_trained(field: str, value: Any, message: str) -> None:
    config = small_config()
    with config.unlocked():
        config.word_projection[field] = value
    with pytest.raises(UserError, match=message):
        word_projection.EXPERIMENT.prepare(config)
