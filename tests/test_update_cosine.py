"""Section 4.6.2 end to end, tiny: the cosine from the weights of every epoch, and every number of the tables."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ml_collections import ConfigDict
from outputs import arrays_of, rows_of, summary_of
from searched import CONDITIONS, EPOCHS, RATE, networks, run_in, small_config

from experiments import found, update_cosine
from experiments.outcomes import Outcome
from experiments.update_cosine_figures import Seen, draw_bands
from rnnjax.errors import UserError
from rnnjax.landscape import parse_architecture

FIRST, CONSTANT, SLOPE, MEMBERS, ABOVE = 3, 4, 3, 5, 0.55
Arrays = dict[str, np.ndarray]


def config_of() -> ConfigDict:
    config = small_config()
    config.update_cosine.update(
        {"trained_above": ABOVE, "members": MEMBERS, "first_epochs": FIRST, "slope_epochs": SLOPE}
        | {"constant_epochs": CONSTANT, "constant_learning_rate": RATE}
    )
    return config


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    searched = networks(tmp_path_factory.getbasetemp())
    return run_in(tmp_path_factory.mktemp("cosine") / "run", "update_cosine", config_of(), searched)


@pytest.fixture(scope="module")
def arrays(workdir: Path) -> Arrays:
    return arrays_of(workdir)


def of_grid(arrays: Arrays, name: str) -> tuple[np.ndarray, np.ndarray]:
    """History [E + 1, P, n] and epochs run [n] of the networks that are looked at."""
    draws, seeds = (arrays[f"measured/{name}/{key}"] for key in ("draws", "seeds"))
    return arrays[f"{name}/history"][:, :, draws, seeds], arrays[f"{name}/epochs_run"][draws, seeds]


def plain(history: np.ndarray, number: int) -> np.ndarray:
    """(4.9) of one network [E + 1, P], N epochs."""
    weights = history.astype(float)
    whole = weights[number] - weights[0]
    local = [weights[t] - weights[t - 1] for t in range(1, number + 1)]
    return np.array([whole @ each / (np.linalg.norm(whole) * np.linalg.norm(each)) for each in local])


def measures(curve: np.ndarray) -> dict[str, float]:
    """Of one curve without NaN."""
    return {
        "roughness": float(np.mean([abs(a - 2 * b + c) for a, b, c in zip(curve, curve[1:], curve[2:], strict=False)])),
        "variation": float(np.mean([abs(a - b) for a, b in pairwise(curve)])),
        "mean": float(np.mean(curve)),
        "early_slope": float(np.polyfit(range(SLOPE), curve[:SLOPE], 1)[0]),
    }


def test_the_first_successes_are_looked_at_and_train_again_alike(arrays: Arrays) -> None:
    numbers = []
    for name in CONDITIONS:
        good = arrays[f"{name}/correct"][-1] / 2000 >= ABOVE
        draws, seeds = found.first_found(good, MEMBERS)
        np.testing.assert_array_equal(arrays[f"measured/{name}/draws"], draws)
        np.testing.assert_array_equal(arrays[f"measured/{name}/seeds"], seeds)
        numbers.append(len(draws))
        assert not arrays[f"measured/{name}/differ"].any()
    assert min(numbers) > 1 and max(numbers) == MEMBERS


def test_the_cosines_are_those_of_the_weights_after_every_epoch(arrays: Arrays) -> None:
    lengths = set()
    for name in CONDITIONS:
        history, epochs = of_grid(arrays, name)
        whole, first = (arrays[f"measured/{name}/{way}/cosine"] for way in ("whole", "first"))
        for member, number in enumerate(epochs):
            lengths.add(int(number))
            np.testing.assert_allclose(whole[:number, member], plain(history[..., member], number), atol=1e-9)
            assert np.isnan(whole[number:, member]).all()
            if number >= FIRST:
                np.testing.assert_allclose(first[:, member], plain(history[..., member], FIRST), atol=1e-9)
            else:
                assert np.isnan(first[:, member]).all()
        assert len(first) == FIRST and len(whole) == epochs.max()
    assert len(lengths) > 1


def test_straightness_is_the_way_s(arrays: Arrays) -> None:
    for name in CONDITIONS:
        history, epochs = of_grid(arrays, name)
        for member, number in enumerate(epochs):
            path = history[: number + 1, :, member].astype(float)
            way = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
            expected = np.linalg.norm(path[-1] - path[0]) / way
            assert arrays[f"measured/{name}/whole/straightness"][member] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_at_a_constant_rate_a_network_is_the_one_without_early_stop(arrays: Arrays, cell: str) -> None:
    """Same start, same orders, same rate: the first epochs of the network of the same draw and seed."""
    unstopped = arrays[f"FirstI/unstopped_{RATE:g}/{cell}_2x2/history"]
    for name in (f"FirstI/{cell}_2x2", f"FirstI/unstopped_{RATE:g}/{cell}_2x2"):
        measured = {key: arrays[f"measured/{name}/{key}"] for key in ("draws", "seeds", "constant/cosine")}
        assert measured["constant/cosine"].shape == (CONSTANT, len(measured["draws"]))
        for member, (draw, seed) in enumerate(zip(measured["draws"], measured["seeds"], strict=True)):
            expected = plain(unstopped[:, :, draw, seed], CONSTANT)
            np.testing.assert_allclose(measured["constant/cosine"][:, member], expected, atol=1e-9)


def test_learning_rates_end_where_training_does(arrays: Arrays) -> None:
    for name in CONDITIONS:
        _, epochs = of_grid(arrays, name)
        rates = arrays[f"measured/{name}/learning_rate"]
        np.testing.assert_array_equal((~np.isnan(rates)).sum(0), epochs)
        if "unstopped" in name:
            assert (rates == np.float32(RATE)).all() and len(rates) == EPOCHS


def test_the_tables_are_means_over_draws_of_every_network_s_measures(workdir: Path, arrays: Arrays) -> None:
    rows = rows_of(workdir / "cosine_4_6_2.csv")
    assert [(row["trained"] + "/" + row["architecture"], row["way"]) for row in rows] == [
        (name, way) for name in CONDITIONS for way in ("whole", "first", "constant")
    ]
    by_key: dict[tuple[str, str, str], dict[int, list[float]]] = {}
    for row in rows:
        name = f"{row['trained']}/{row['architecture']}"
        curves, draws = arrays[f"measured/{name}/{row['way']}/cosine"], arrays[f"measured/{name}/draws"]
        there = ~np.isnan(curves).all(0)
        assert int(row["networks"]) == there.sum()
        for measure in ("roughness", "variation", "mean", "early_slope"):
            by_draw: dict[int, list[float]] = {}
            for member in np.flatnonzero(there):
                curve = curves[:, member][~np.isnan(curves[:, member])]
                if len(curve) >= 3:
                    by_draw.setdefault(int(draws[member]), []).append(measures(curve)[measure])
            by_key[name, row["way"], measure] = by_draw
            expected = float(np.mean([np.mean(values) for values in by_draw.values()]))
            assert float(row[f"{measure}_estimate"]) == pytest.approx(expected, rel=1e-4, abs=1e-6)
            assert float(row[f"{measure}_low"]) <= float(row[f"{measure}_high"])
    compared = [row for row in rows_of(workdir / "gru_minus_rnn_4_6_2.csv") if row["measure"] != "straightness"]
    assert len(compared) == 2 * 3 * 4
    for row in compared:
        gru, rnn = (by_key[f"{row['trained']}/{cell}_2x2", row["way"], row["measure"]] for cell in ("gru", "rnn"))
        both = sorted(set(gru) & set(rnn))
        expected = float(np.mean([np.mean(gru[d]) for d in both]) - np.mean([np.mean(rnn[d]) for d in both]))
        assert float(row["estimate"]) == pytest.approx(expected, rel=1e-3, abs=1e-6)
        assert int(row["draws"]) == len(both) and int(row["gru_networks"]) == sum(len(gru[d]) for d in both)
        assert row["gru_is"] == "inconclusive"
        assert row["thesis_gru_is"] == {"roughness": "lower", "mean": "higher"}.get(row["measure"], "")


def test_the_files_and_the_shown_network(workdir: Path, arrays: Arrays) -> None:
    figures = {path.name for path in workdir.iterdir() if path.suffix == ".png"}
    assert figures == {
        f"figure_4_21{how}{what}.png" for how in ("", "_unstopped") for what in ("", "_bands", "_measures")
    }
    for row in summary_of(workdir)["networks"]:
        name = f"{row['trained']}/{row['architecture']}"
        good = np.argwhere(arrays[f"{name}/correct"][-1] / 2000 >= ABOVE)
        assert [row["shown_draw"], row["shown_seed"]] == list(good[0])
        assert row["shown_accuracy"] == pytest.approx(arrays[f"{name}/correct"][-1][tuple(good[0])] / 20)


@pytest.mark.parametrize("lacking", [CONDITIONS[:1], CONDITIONS])
def test_where_nothing_is_found_the_report_says_so(workdir: Path, arrays: Arrays, lacking: tuple[str, ...]) -> None:
    config = config_of()
    outcomes, measured = {}, {}
    for condition in update_cosine.conditions(config):
        own = {key.rpartition("/")[2]: a for key, a in arrays.items() if key.rpartition("/")[0] == condition.name}
        outcomes[condition.name] = Outcome(condition, own)
    for key, array in arrays.items():
        name = key.removeprefix("measured/")
        if name != key and not any(name.startswith(f"{other}/") for other in lacking):
            measured[name] = array
    for other in lacking:
        measured |= {f"{other}/{key}": np.zeros(0, int) for key in ("draws", "seeds")}
    told = update_cosine.report(config, outcomes, measured)
    rows = {f"{row['trained']}/{row['architecture']}": row for row in told.tables["networks_4_6_2.csv"]}
    for name in CONDITIONS:
        assert rows[name]["networks"] == (0 if name in lacking else len(arrays[f"measured/{name}/draws"]))
    both = {"FirstI/unstopped_0.03"} if len(lacking) == 1 else set()
    assert {row["trained"] for row in told.tables["gru_minus_rnn_4_6_2.csv"]} == both
    assert "figure_4_21.png" in told.figures and "figure_4_21_bands.png" not in told.figures
    assert ("figure_4_21_unstopped_bands.png" in told.figures) == bool(both)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trained_above", 1.5),
        ("members", 0),
        ("first_epochs", 2),
        ("slope_epochs", 1),
        ("constant_epochs", 0),
        ("constant_learning_rate", 0.0),
    ],
)
def test_a_value_that_cannot_be_used_is_told_before_anything_is_trained(field: str, value: Any) -> None:
    with pytest.raises(UserError, match=rf"update_cosine\.{field} is {value}; it must be from"):
        update_cosine.EXPERIMENT.prepare(small_config(**{f"update_cosine.{field}": value}))


def test_all_networks_are_seen_in_training_whichever_shape_has_more() -> None:
    def seen(name: str, number: int) -> Seen:
        nothing = np.zeros(number)
        return Seen(parse_architecture(name), nothing, nothing, nothing, {"whole": np.ones((6, number))}, {})

    few, many = ((seen("rnn_2x4", n), seen("gru_2x4", n)) for n in (3, 40))
    for pairs in ((few, many), (many, few)):
        counts = draw_bands("x", pairs).axes[2:]
        for axes, pair in zip(counts, pairs, strict=True):
            assert all(np.max(line.get_ydata()) == len(pair[0].draws) for line in axes.lines)
            assert axes.get_yscale() == "log" and 0 < axes.get_ylim()[0] < 1 and axes.get_ylim()[1] > 40
