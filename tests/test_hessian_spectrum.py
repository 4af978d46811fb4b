"""Spectra of Hessians end to end, tiny: eigenvalues against differences of the loss in NumPy, measures by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import searched
from ml_collections import ConfigDict
from oracles import states_of
from outputs import arrays_of, rows_of, summary_of

from experiments import hessian_spectrum, search
from experiments.conditions import draw_data, draw_embedding
from experiments.hessian_tables import Seen, cell_rows, group_rows, measure_rows, measures, pair_of
from experiments.retraining import noises
from rnnjax.errors import UserError
from rnnjax.landscape import parse_architecture
from rnnjax.parameters import unflatten
from rnnjax.perturbation import perturbed

SENTENCES, MEMBERS, FACTOR = 40, 2, 0.5
NAMES = tuple(name for name in searched.CONDITIONS if "rnn" in name or "unstopped" not in name)
FIGURES = {f"figure_hessian_FirstI_{name}.png" for name in ("pair", "spectra", "measures")}
TABLES = {"hessian.csv", "hessian_groups.csv", "hessian_cells.csv", "conditions.csv"}
STAGES = ("start", "end", "perturbed")
SIZES = {"rnn": (18, 5), "gru": (42, 7)}  # parameters, of which so many flat directions


def small_config(**changed: Any) -> ConfigDict:
    config = searched.small_config()
    config.hessian_spectrum.update(
        {"architectures": ("rnn_2x2", "gru_2x2"), "members": MEMBERS, "sentences": SENTENCES, "factor": FACTOR}
        | {"success_above": 0.6, "failure_below": 0.55}
    )
    config.update_from_flattened_dict(changed)
    return config


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = searched.networks(tmp_path_factory.getbasetemp())
    return searched.run_in(tmp_path_factory.mktemp("hessian"), "hessian_spectrum", small_config(), found)


@pytest.fixture(scope="module")
def arrays(workdir: Path) -> dict[str, np.ndarray]:
    return arrays_of(workdir)


def loss_of(cell: str, flat: np.ndarray, sentences: np.ndarray, positive: np.ndarray) -> float:
    params = unflatten(flat, parse_architecture(f"{cell}_2x2").sizes)
    last = np.array([states_of(cell, params, sentence)[-1] for sentence in sentences])
    margins = last @ (params.w_oh[1] - params.w_oh[0]) + params.b_oh[1] - params.b_oh[0]
    return float(np.logaddexp(0, np.where(positive, -margins, margins)).mean())


def test_it_leaves_its_files_and_draws_again_from_them(workdir: Path) -> None:
    assert {path.name for path in workdir.iterdir()} >= FIGURES | TABLES | {"summary.json", "result.npz", "config.json"}
    before = {name: (workdir / name).read_bytes() for name in TABLES | {"result.npz", "summary.json"}}
    for name in FIGURES:
        assert (workdir / name).stat().st_size > 10_000, name
        (workdir / name).unlink()
    searched.run_in(workdir, "hessian_spectrum", small_config(), workdir / "none")
    assert {name: (workdir / name).read_bytes() for name in before} == before
    assert {path.name for path in workdir.glob("*.png")} == FIGURES


@pytest.mark.parametrize("name", searched.CONDITIONS)
def test_the_first_successes_and_failures_of_each_condition_are_looked_at(
    arrays: dict[str, np.ndarray], name: str
) -> None:
    accuracy = arrays[f"{name}/correct"][-1] / searched.VALIDATION
    draws, seeds, success = (arrays[f"measured/{name}/{key}"] for key in ("draws", "seeds", "success"))
    own = accuracy[draws, seeds]
    assert (own[success] > 0.6).all() and (own[~success] < 0.55).all()
    assert success.sum() == min(MEMBERS, (accuracy > 0.6).sum())
    assert (~success).sum() == min(MEMBERS, (accuracy < 0.55).sum())
    for group, wanted in ((success, accuracy > 0.6), (~success, accuracy < 0.55)):
        firsts = [(int(np.flatnonzero(row)[0]), draw) for draw, row in enumerate(wanted) if row.any()]
        mine = list(zip(seeds[group], draws[group], strict=True))
        assert mine[: len(firsts)] == firsts[:MEMBERS]


@pytest.mark.parametrize("cell", ["rnn", "gru"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_spectrum_is_of_the_network_s_own_loss(arrays: dict[str, np.ndarray], cell: str, stage: str) -> None:
    name, config = f"FirstI/{cell}_2x2", small_config()
    shape = parse_architecture(f"{cell}_2x2")
    draws, seeds = arrays[f"measured/{name}/draws"], arrays[f"measured/{name}/seeds"]
    last = len(draws) - 1
    draw, seed = draws[last], seeds[last]
    flat = arrays[f"{name}/{'initial' if stage == 'start' else 'final'}"][:, draw, seed].astype(float)
    if stage == "perturbed":
        noise = noises(config, shape, draws[last:], seeds[last:])
        flat = perturbed(shape, flat[:, None], noise, [FACTOR])[0, :, 0].astype(float)
    data = search.conditions(config)[0].data
    split = draw_data(config, data, draw).train
    sentences = draw_embedding(config, data, draw, 2).astype(float)[split.words[:SENTENCES]]
    rest = sentences, split.positive[:SENTENCES]

    def loss(moved: np.ndarray) -> float:
        return loss_of(cell, flat + moved, *rest)

    eigenvalues = arrays[f"measured/{name}/{stage}/eigenvalues"][:, last]
    number, num_flat = SIZES[cell]
    assert len(eigenvalues) == number - num_flat and (np.diff(eigenvalues) >= 0).all()
    assert arrays[f"measured/{name}/{stage}/loss"][last] == pytest.approx(loss(np.zeros(number)), rel=1e-10)
    unit, step = np.eye(number), 1e-5
    gradient = np.array([loss(step * one) - loss(-step * one) for one in unit]) / (2 * step)
    assert arrays[f"measured/{name}/{stage}/gradient"][last] == pytest.approx(np.linalg.norm(gradient), rel=1e-6)
    # The trace is the sum of the eigenvalues, of which the flat directions' are 0.
    step = 1e-4
    curves = [loss(step * one) - 2 * loss(0 * one) + loss(-step * one) for one in unit]
    assert eigenvalues.sum() == pytest.approx(sum(curves) / step**2, rel=1e-4, abs=1e-5)


def test_stages_differ(arrays: dict[str, np.ndarray]) -> None:
    largest = [arrays[f"measured/FirstI/gru_2x2/{stage}/eigenvalues"][-1] for stage in STAGES]
    assert len({values.tobytes() for values in largest}) == 3


def test_tables_hold_every_condition(workdir: Path) -> None:
    rows = rows_of(workdir / "hessian.csv")
    assert {(row["how"], row["architecture"]) for row in rows} >= {
        ("section 3.2's protocol", "rnn_2x2"), ("section 3.2's protocol", "gru_2x2")
    }  # fmt: skip
    pair = summary_of(workdir)["pairs"]["FirstI"]
    assert [one["architecture"] for one in pair] == ["rnn_2x2", "gru_2x2"]
    assert all(one["accuracy"] > 0.6 and set(STAGES) <= set(one) for one in pair)


# Measures of spectra that are known ----------------------------------------------------------------------------------


def test_measures_by_hand() -> None:
    spectra = np.array([[-9.0, -1e-12, 1.0], [-1.0, 1e-13, 2.0], [0.5, 1e-12, 3.0], [8.0, 2.0, 5.0]])
    found = measures(spectra)
    assert found["largest"].tolist() == [8, 2, 5]
    assert found["least"][0] == 9 and np.isnan(found["least"][1:]).all()
    assert found["negative"].tolist() == [2, 0, 0]  # what is within rounding has no sign
    assert found["negative_share"].tolist() == [0.5, 0, 0]
    assert found["condition"][[0, 2]].tolist() == [9 / 4.5, 5 / 2.5]


def seen(cell: str, largest: Any, success: Any, draws: Any, how: str = "alike") -> Seen:
    """Networks whose spectra are (-1, 1, largest) at the start, ten times as large later; losses of 1/2."""
    largest = np.array(largest, float)
    spectrum = np.stack([-np.ones(len(largest)), np.ones(len(largest)), largest])
    measured: dict[str, np.ndarray] = {}
    for stage, factor in zip(STAGES, (1, 10, 100), strict=True):
        measured |= {f"{stage}/eigenvalues": factor * spectrum, f"{stage}/gradient": largest}
        measured[f"{stage}/loss"] = np.full(len(largest), 0.5)
    architecture = parse_architecture(f"{cell}_2x4")
    accuracy = np.where(success, np.linspace(0.91, 0.99, len(largest)), 0.5)
    return Seen(
        "FirstI", how, architecture, np.array(draws), np.arange(len(largest)), np.array(success), accuracy, measured
    )


def test_means_are_of_draws_and_geometric_where_values_spread() -> None:
    one = seen("rnn", [10, 1000, 100, 5], [True, True, True, False], [0, 0, 1, 1])
    rows = {(row["stage"], row["group"]): row for row in measure_rows(one)}
    assert set(rows) == {(stage, group) for stage in STAGES for group in ("success", "failure")}
    row = rows["start", "success"]
    assert row["networks"] == 3 and row["draws"] == 2
    assert row["largest"] == pytest.approx(100) and row["largest_low"] < 100 < row["largest_high"]
    assert row["largest_per_loss"] == pytest.approx(200)
    assert row["negative"] == pytest.approx(1) and row["negative_share"] == pytest.approx(1 / 3)
    assert row["condition"] == pytest.approx(100) and row["least"] == pytest.approx(1)
    assert rows["end", "success"]["largest"] == pytest.approx(1000)
    assert rows["end", "failure"]["least"] == pytest.approx(10)


def test_successes_are_compared_with_failures_of_the_same_draws() -> None:
    one = seen("rnn", [100, 100, 900, 10, 10], [True, True, True, False, False], [0, 1, 2, 0, 1])
    rows = {(row["stage"], row["measure"]): row for row in group_rows([one])}
    row = rows["start", "largest"]
    assert row["value"] == pytest.approx(10) and (row["networks"], row["others"], row["draws"]) == (2, 2, 2)
    assert row["finding"] == "inconclusive"  # of so few networks
    assert rows["start", "negative_share"]["value"] == 0
    many = seen("rnn", [100] * 40 + [10] * 40, [True] * 40 + [False] * 40, [*range(8)] * 10)
    rows = {(row["stage"], row["measure"]): row for row in group_rows([many])}
    assert rows["end", "largest"]["finding"] == "higher" and rows["end", "loss"]["finding"] == "open"


def test_rnns_are_compared_with_grus_that_were_trained_likewise() -> None:
    rnn = seen("rnn", [100, 50], [True, False], [0, 0])
    grus = seen("gru", [10, 25], [True, False], [0, 0]), seen("gru", [1, 1], [True, False], [0, 0], "otherwise")
    rows = {(row["group"], row["stage"], row["measure"]): row for row in cell_rows([*grus, rnn])}
    assert rows["success", "start", "largest"]["value"] == pytest.approx(10)
    assert rows["failure", "perturbed", "largest"]["value"] == pytest.approx(2)
    assert {row["how"] for row in rows.values()} == {"alike"}


def test_the_pair_is_of_one_draw_and_nearest_in_accuracy() -> None:
    rnn = seen("rnn", [1, 1, 1], [False, True, True], [0, 1, 0])
    gru = seen("gru", [1, 1, 1, 1], [True] * 4, [1, 0, 0, 0])
    (one, first), (other, second) = pair_of([gru, rnn])
    assert (one.shape.cell.name, first, other.shape.cell.name, second) == ("rnn", 1, "gru", 0)
    assert pair_of([rnn]) == []
    elsewhere = seen("gru", [1, 1], [True, True], [5, 6])
    last = rnn._replace(success=np.array([False, False, True]))  # 99 %, as the second of these GRUs
    assert [place for _, place in pair_of([last, elsewhere])] == [2, 1]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("architectures", ("rnn_4x4",), "rnn_4x4"), ("architectures", (), "architectures"),
        ("members", 0, "members is 0"), ("sentences", 8001, "8000"), ("sentences", 0, "sentences is 0"),
        ("factor", 0.0, "factor is 0"), ("failure_below", 0.7, "failure_below"),
        ("success_above", 2.0, "success_above"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_one_line(field: str, value: Any, words: str) -> None:
    config = small_config()
    config.hessian_spectrum[field] = value
    with pytest.raises(UserError, match=words) as caught:
        hessian_spectrum.EXPERIMENT.prepare(config)
    assert "\n" not in str(caught.value)


def test_nothing_to_look_at_is_no_error(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    found = searched.networks(tmp_path_factory.getbasetemp())
    config = small_config(**{"hessian_spectrum.success_above": 1.0, "hessian_spectrum.failure_below": 0.0})
    workdir = searched.run_in(tmp_path / "none", "hessian_spectrum", config, found)
    assert summary_of(workdir)["pairs"] == {}
    assert not list(workdir.glob("*.png"))


def test_perturbation_s_deviations_are_checked_too() -> None:
    config = small_config()
    config.perturbation.ddof = -1
    with pytest.raises(UserError, match=r"perturbation\.ddof is -1; valid: 0, 1"):
        hessian_spectrum.EXPERIMENT.prepare(config)
