"""Controls: which conditions they are, which constant rate is chosen, how large a matched RNN is; made-up outcomes."""

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from ml_collections import ConfigDict
from reading import texts_of

from configs.thesis import get_config
from experiments import capacity, gate_variants, trainability
from experiments.conditions import Condition, data_set, make
from experiments.controls import (
    at_best_rates,
    best_unstopped,
    matched_condition,
    matched_name,
    matched_rnn,
    unstopped_conditions,
)
from experiments.outcomes import Outcome
from experiments.thesis import NUMBERS
from rnnjax.datasets import VERSIONS
from rnnjax.errors import UserError
from rnnjax.landscape import parse_architecture
from rnnjax.parameters import count

RATES = (0.001, 0.01, 0.1)
ENDS = ("", "_rates", "_rates_unstopped")  # of figures' names
GRU = parse_architecture("gru_2x2")


def small_config(seeds: int = 4, draws: int = 1) -> ConfigDict:
    """Five seeds in each of three draws, of them so many without early stop too."""
    config = get_config("quick")
    config.training.unstopped_learning_rates = RATES
    config.gate_variants.update({"seeds": 5, "draws": 3, "unstopped_seeds": seeds, "unstopped_draws": draws})
    return config


def made_up(condition: Condition, accuracy: np.ndarray | list[list[float]]) -> Outcome:
    """An outcome whose last epoch has these accuracies [R, S]; an epoch before it has others."""
    accuracy = np.asarray(accuracy)
    validation, test = VERSIONS[condition.data.version][1:]
    correct = np.rint(accuracy * validation).astype(np.int32)
    arrays = {"correct": np.stack([correct[:, ::-1], correct]), "test_correct": np.zeros_like(correct) + test // 2}
    arrays |= {"epochs_run": np.full(accuracy.shape, 2), "finite": np.ones(accuracy.shape, bool)}
    return Outcome(condition, arrays)


# What figures of one draw say of their intervals.
ALONE = "\n(intervals: of this one draw's seeds alone)"
# Of the networks under section 3.2's protocol: draw and seed can be read off.
STOPPED = 0.1 * np.arange(1, 4)[:, None] + 0.01 * np.arange(5)


Best = tuple[tuple[float, ...], list[list[float]], list[list[float]]]


def best(accuracies: dict[float, list[list[float]]]) -> Best | None:
    """The rates, what they reach, what the same networks reach under section 3.2's protocol."""
    seeds = max((len(each[0]) for each in accuracies.values()), default=1)
    config = small_config(seeds, max((len(each) for each in accuracies.values()), default=1))
    data = data_set(config, "CountII")
    plain = make(config, "gate_variants", data, GRU)
    found = {
        float(c.name.split("/")[1].removeprefix("unstopped_")): c
        for c in unstopped_conditions(config, "gate_variants", data, GRU)
    }
    assert tuple(found) == RATES
    outcomes = {found[rate].name: made_up(found[rate], each) for rate, each in accuracies.items()}
    outcomes[plain.name] = made_up(plain, STOPPED)
    chosen = best_unstopped(config, outcomes, data, [GRU], 0.9)
    assert list(chosen) == ([GRU] if accuracies else [])
    if not chosen:
        return None
    one = chosen[GRU]
    assert one.told == " and ".join(str(rate) for rate in one.learning_rates)
    return one.learning_rates, one.accuracy.tolist(), one.stopped.tolist()


FOUR = [[0.1, 0.11, 0.12, 0.13]]  # STOPPED's first


def test_either_half_of_the_seeds_has_the_rate_with_most_successes_on_the_other() -> None:
    one_success, two_successes = [[0.95, 0.5, 0.89, 0.5]], [[0.91, 0.6, 0.92, 0.7]]
    # Seeds 0 and 2 choose 0.01, for 1 and 3; these choose 0.1, which is the worst for 0 and 2.
    found = best({0.001: one_success, 0.01: two_successes, 0.1: [[0.5, 1.0, 0.4, 1.0]]})
    assert found == ((0.01, 0.1), [[0.5, 0.6, 0.4, 0.7]], FOUR)


def test_among_equal_successes_the_highest_mean_of_the_choosing_seeds_wins() -> None:
    found = best({0.001: [[0.95, 0.1, 0.5, 0.2]], 0.01: [[0.95, 0.99, 0.4, 0.98]], 0.1: [[0.8, 0.9, 0.85, 0.9]]})
    assert found == ((0.001, 0.01), [[0.95, 0.1, 0.4, 0.2]], FOUR)


def test_the_choice_looks_at_all_draws() -> None:
    found = best({0.001: [[0.95, 0.7], [0.5, 0.6]], 0.01: [[0.94, 0.6], [0.93, 0.8]]})
    assert found == ((0.01,), [[0.94, 0.6], [0.93, 0.8]], [[0.1, 0.11], [0.2, 0.21]])


@pytest.mark.parametrize("favoured", RATES)
def test_no_network_has_a_say_in_its_own_rate(favoured: float) -> None:
    rng = np.random.default_rng(5)
    there = {rate: rng.uniform(0.4, 0.8, (3, 7)) for rate in RATES}
    _, before = at_best_rates(there, 0.9)
    moved = 0
    for draw, seed in np.ndindex(3, 7):
        other = {rate: each.copy() for rate, each in there.items()}
        for rate, each in other.items():
            each[draw, seed] = float(rate == favoured)  # the only success is its
        _, after = at_best_rates(other, 0.9)
        others = np.ones((3, 7), bool)
        others[draw, seed] = False
        mine = others & (np.arange(7) % 2 == seed % 2)
        np.testing.assert_array_equal(after[mine], before[mine])
        theirs = others & ~mine
        np.testing.assert_array_equal(after[theirs], there[favoured][theirs])
        moved += int((after[theirs] != before[theirs]).any())
    assert moved or favoured in at_best_rates(there, 0.9)[0]


def test_the_best_of_equal_rates_is_not_flattered() -> None:
    """Three rates that differ by chance alone: the best on the very networks that it is judged by is, far."""
    rng = np.random.default_rng(6)
    off, flattered = [], []
    for _ in range(400):
        there = {rate: rng.uniform(0, 1, (1, 10)) for rate in RATES}
        off.append(at_best_rates(there, 0.9)[1].mean() - 0.5)
        flattered.append(max(each.mean() for each in there.values()) - 0.5)
    error = np.std(off) / np.sqrt(len(off))
    assert abs(np.mean(off)) < 3 * error < 0.02 < np.mean(flattered)


def test_a_single_seed_chooses_and_is_reported() -> None:
    assert best({0.001: [[0.95]], 0.01: [[0.6]]}) == ((0.001,), [[0.95]], [[0.1]])


def test_an_exact_threshold_is_no_success() -> None:
    found = best({0.001: [[0.9, 0.5, 0.9, 0.5]], 0.01: [[0.901, 0.6, 0.5, 0.6]]})
    assert found == ((0.01,), [[0.901, 0.6, 0.5, 0.6]], FOUR)


def test_without_controls_there_is_no_best() -> None:
    assert best({}) is None
    config, data = small_config(), data_set(small_config(), "CountII")
    for none in ("unstopped_seeds", "unstopped_draws"):
        config = small_config()
        config.gate_variants[none] = 0
        assert unstopped_conditions(config, "gate_variants", data, GRU) == []


@pytest.mark.parametrize(("field", "most"), [("unstopped_seeds", 5), ("unstopped_draws", 3)])
def test_more_networks_without_early_stop_than_there_are_with_it_are_refused(field: str, most: int) -> None:
    config = small_config()
    config.gate_variants[field] = most
    gate_variants.conditions(config, {})
    config.gate_variants[field] = most + 1
    with pytest.raises(UserError, match=f"gate_variants.{field} is {most + 1}; it must be from 0 to {most}"):
        gate_variants.conditions(config, {})


def test_the_unstopped_conditions_differ_from_the_plain_one_in_rate_and_end_alone() -> None:
    config = small_config(seeds=3, draws=2)
    data = data_set(config, "CountII")
    (plain, *_) = gate_variants.conditions(config, {})
    controls = unstopped_conditions(config, "gate_variants", data, plain.architecture)
    for rate, control in zip(RATES, controls, strict=True):
        rules = plain.protocol.rules._replace(learning_rate=rate, factor=1.0, early_stop=False)
        name = f"CountII/unstopped_{rate:g}/{plain.architecture.name}"
        protocol = plain.protocol._replace(rules=rules)
        assert control == plain._replace(name=name, protocol=protocol, num_seeds=3, num_draws=2)


@pytest.mark.parametrize(("gru", "rnn"), [("gru_2x2", 4), ("gru_4x4", 8), ("gru_2x4", 8), ("gru_4x2", 4)])
def test_matched_rnns_by_hand(gru: str, rnn: int) -> None:
    # An RNN has H (D + H + 4) + 2 parameters, a GRU 3 H (D + H + 2) + 2 H + 2:
    # 42 as 42, 130 as 130, 106 between 93 (H = 7) and 114 (H = 8), 54 between 50 (H = 4) and 67 (H = 5).
    assert matched_rnn(parse_architecture(gru)).hidden_dim == rnn


@pytest.mark.parametrize("input_dim", [1, 2, 5, 15, 64])
@pytest.mark.parametrize("hidden_dim", [1, 2, 3, 4, 8, 16, 64])
def test_no_other_rnn_is_nearer_in_parameters(input_dim: int, hidden_dim: int) -> None:
    gru = parse_architecture(f"gru_{input_dim}x{hidden_dim}")
    wanted = 3 * hidden_dim * (input_dim + hidden_dim + 2) + 2 * hidden_dim + 2
    assert count(gru.sizes) == wanted
    rnn = matched_rnn(gru)
    assert (rnn.cell.name, rnn.input_dim) == ("rnn", input_dim)
    away = {hidden: abs(hidden * (input_dim + hidden + 4) + 2 - wanted) for hidden in range(1, 400)}
    assert away[rnn.hidden_dim] == min(away.values())


def test_a_matched_condition_has_the_name_under_which_it_is_looked_up() -> None:
    config = small_config()
    data = data_set(config, "FirstI")
    condition = matched_condition(config, "capacity", data, GRU)
    assert condition.name == matched_name(data, GRU) == "FirstI/matched_gru_2x2/rnn_2x4"
    assert condition.architecture.name == "rnn_2x4"
    assert condition.protocol == capacity.conditions(config, {})[0].protocol


def invented(config: ConfigDict, conditions: list[Condition]) -> dict[str, Outcome]:
    """Outcomes of all conditions, above and below 90 %."""
    rng = np.random.default_rng(0)
    shapes = [(condition, (condition.num_draws, condition.num_seeds)) for condition in conditions]
    return {c.name: made_up(c, np.where(rng.random(s) < 0.4, 0.97, rng.uniform(0.45, 0.9, s))) for c, s in shapes}


def test_capacity_has_the_thesis_numbers_beside_its_own() -> None:
    config = get_config("quick")
    outcomes = invented(config, capacity.conditions(config, {}))
    report = capacity.report(config, outcomes)
    assert set(report.figures) == {f"figure_{n}{end}.png" for n in ("4_6", "4_7") for end in ENDS}
    for row in report.tables["capacity_4_2_2.csv"]:
        accuracy = outcomes[f"{row['data']}/{row['architecture']}"].accuracy("last")
        assert row["best"] == pytest.approx(100 * accuracy.max())
        if row["data"] == "FirstI":
            printed = {"rnn_2x4": 96, "rnn_4x4": 97}.get(row["architecture"])
            assert (row["thesis_best"], row["thesis_above_90"]) == (printed, None)
        else:
            printed_row = NUMBERS["figure_4_7"]["rows"][row["architecture"]]
            assert row["thesis_best"] == max(printed_row)
            assert row["thesis_above_90"] == pytest.approx(100 / 30 if row["architecture"] == "gru_4x4" else 0)


def test_a_network_whose_loss_was_no_number_is_a_dash_in_the_heat_map() -> None:
    config = get_config("quick")
    outcomes = invented(config, trainability.conditions(config, {}))
    outcomes["FirstI/gru_5x4"]["finite"][0, 1] = False
    axes = trainability.report(config, outcomes).figures["figure_4_4.png"].axes
    dashes = [(ax.get_title(), texts_of(ax)) for ax in axes if any(text.get_text() == "–" for text in ax.texts)]
    # Hidden units down (2, 4), inputs across (2, 5, 10).
    ((title, (above, below)),) = dashes
    assert title == "GRU, initialisation 2" and below[1] == "–"
    assert all(text.isdecimal() for text in (*above, below[0], below[2]))


def percent(told: Mapping[str, Any], name: str, accuracy: np.ndarray) -> bool:
    """Whether a line has the share above 90 %, with an interval about it."""
    estimate, low, high = (told[f"{name}_{end}"] for end in ("estimate", "low", "high"))
    return bool(estimate == pytest.approx(100 * (accuracy > 0.9).mean()) and low <= estimate <= high and low < high)


def controlled(section: str, **changed: Any) -> tuple[ConfigDict, dict[str, Outcome]]:
    """Six seeds in each of two draws, five of the first draw's without early stop too, at two rates."""
    config = get_config("quick")
    config.training.unstopped_learning_rates = RATES[:2]
    config[section].update({"seeds": 6, "draws": 2, "unstopped_seeds": 5, "unstopped_draws": 1} | changed)
    return config, invented(config, importlib.import_module(f"experiments.{section}").conditions(config, {}))


def by_hand(outcomes: dict[str, Outcome], data: str, shape: str) -> dict[str, np.ndarray]:
    """Accuracies by protocol; without early stop seeds 1 and 3 have the best rate of 0, 2, 4, and these theirs."""
    plain = outcomes[f"{data}/{shape}"].accuracy("last")
    rates = [outcomes[f"{data}/unstopped_{rate:g}/{shape}"].accuracy("last") for rate in RATES[:2]]
    unstopped = np.full((1, 5), np.nan)
    for judged, choosing in (([1, 3], [0, 2, 4]), ([0, 2, 4], [1, 3])):
        good = [((each[0, choosing] > 0.9).sum(), each[0, choosing].mean()) for each in rates]
        unstopped[:, judged] = rates[int(good[1] > good[0])][:, judged]
    return {"thesis": plain, "stopped": plain[:1, :5], "unstopped": unstopped}


def test_capacity_has_the_same_networks_on_both_sides() -> None:
    config, outcomes = controlled("capacity", hidden_dims=(2, 4), input_dims=(2,))
    report = capacity.report(config, outcomes)
    for row in report.tables["capacity_4_2_2.csv"]:
        hand = by_hand(outcomes, row["data"], row["architecture"])
        assert (row["networks"], row["unstopped_networks"]) == (12, 5)
        assert percent(row, "above_90", hand["thesis"]) and percent(row, "unstopped_above_90", hand["unstopped"])
        assert percent(row, "same_networks_stopped_above_90", hand["stopped"])
    ratios = report.tables["ratios_4_2_2.csv"]
    protocols = ("thesis", "stopped", "unstopped")
    expected = [(data, p, shape) for data in ("FirstI", "XorI") for p in protocols for shape in ("2x2", "2x4")]
    assert [(row["data"], row["protocol"], row["shape"]) for row in ratios] == expected
    for row in ratios:
        both = [by_hand(outcomes, row["data"], f"{cell}_{row['shape']}")[row["protocol"]] for cell in ("rnn", "gru")]
        assert row["networks"] == both[1].size
        assert (row["rnn_left_chance"], row["gru_left_chance"]) == tuple((each > 0.55).sum() for each in both)
        successes = [int((each > 0.9).sum()) for each in both]
        if successes[0]:
            assert row["gru_to_rnn_estimate"] == pytest.approx(successes[1] / successes[0])


def drawn(axes: Axes) -> dict[str, float]:
    """By label, which panels share: where the line's dot is."""
    assert isinstance(axes.figure, Figure)
    dots = [float(np.asarray(line.get_xdata())[0]) for line in axes.lines if line.get_marker() == "o"]
    return dict(zip([label.get_text() for label in axes.figure.axes[0].get_yticklabels()], dots, strict=True))


@pytest.mark.parametrize(
    ("section", "number", "changed"),
    [
        ("capacity", "4_6", {"hidden_dims": (2,)}),
        ("trainability", "4_4", {"hidden_dims": (2,), "input_dims": (2, 5), "matched": True}),
    ],
)
def test_figures_of_rates_say_how_many_networks_a_line_has(section: str, number: str, changed: dict[str, Any]) -> None:
    config, outcomes = controlled(section, **changed)
    figures = importlib.import_module(f"experiments.{section}").report(config, outcomes).figures
    all_networks, pairs = (figures[f"figure_{number}_rates{end}.png"] for end in ("", "_unstopped"))
    label = "share above 90 % validation accuracy, "
    assert all_networks.axes[0].get_xlabel() == f"{label}2 draws x 6 seeds a line"
    assert f"1 draw x 5 seeds a line{ALONE}" in pairs.get_suptitle()
    assert [axes.get_xlabel() for axes in pairs.axes] == ["share above 90 % validation accuracy"] * 2
    shapes = {outcome.condition.architecture for name, outcome in outcomes.items() if name.count("/") == 1}
    (all_axes,) = all_networks.axes
    told, stopped, without = drawn(all_axes), *map(drawn, pairs.axes)
    assert len(told) == len(shapes) * 3 / 2 and len(stopped) == len(without) == len(shapes)
    for shape in shapes:
        hand = {protocol: (each > 0.9).mean() for protocol, each in by_hand(outcomes, "FirstI", shape.name).items()}
        assert told[shape.title] == pytest.approx(hand["thesis"])
        assert stopped[shape.title] == pytest.approx(hand["stopped"])
        assert without[shape.title] == pytest.approx(hand["unstopped"])
        if shape.cell.name == "gru":
            name = matched_name(data_set(config, "FirstI"), shape)
            (matched,) = (told[each] for each in told if each.endswith(f", parameters as {shape.title}"))
            assert matched == pytest.approx((outcomes[name].accuracy("last") > 0.9).mean())


def test_gate_variants_have_the_same_networks_on_both_sides() -> None:
    config, outcomes = controlled("gate_variants", hidden_dims=(2,))
    report = gate_variants.report(config, outcomes)
    rows = report.tables["gates_4_5_2.csv"]
    protocols = {"thesis": 12, "stopped": 5, "unstopped": 5}
    assert [(row["data"], row["protocol"], row["networks"]) for row in rows[::6]] == [
        (data, *each) for data in ("CountII", "FirstII") for each in protocols.items()
    ]
    for row in rows:
        low, high = (by_hand(outcomes, row["data"], f"{row[end]}_2x2")[row["protocol"]] for end in ("from", "to"))
        assert row["mean_gain_estimate"] == pytest.approx(100 * (high.mean() - low.mean()))
        assert row["above_90_gain_estimate"] == pytest.approx(100 * ((high > 0.9).mean() - (low > 0.9).mean()))
    pairs = report.figures["figure_4_18_FirstII_means_unstopped.png"]
    hand = by_hand(outcomes, "FirstII", "gru_2x2")
    for axes, protocol in zip(pairs.axes, ("stopped", "unstopped"), strict=True):
        assert drawn(axes)["GRU (2 x 2)"] == pytest.approx(hand[protocol].mean())
        assert axes.get_xlabel() == "mean validation accuracy"
    assert f"1 draw x 5 seeds a line{ALONE}" in pairs.get_suptitle()
    plain = report.figures["figure_4_18_FirstII_means.png"]
    assert drawn(plain.axes[0])["GRU (2 x 2)"] == pytest.approx(hand["thesis"].mean())
    assert plain.axes[0].get_xlabel() == "mean validation accuracy, 2 draws x 6 seeds a line"


def test_trainability_pools_all_shapes_under_every_protocol() -> None:
    config, outcomes = controlled("trainability", input_dims=(2, 5), hidden_dims=(2, 4), matched=True)
    report = trainability.report(config, outcomes)
    rows = report.tables["overall_4_2_1.csv"]
    networks = {"thesis": 48, "stopped": 20, "unstopped": 20, "matched": 48}
    assert [(row["data"], row["protocol"], row["gru_networks"]) for row in rows] == [
        (data, *each) for data in ("FirstI", "XorI") for each in networks.items()
    ]
    shapes, reached = [f"{d}x{h}" for d in (2, 5) for h in (2, 4)], {}
    for row in rows:
        data, protocol = row["data"], row["protocol"]
        gru, rnn = (
            [by_hand(outcomes, data, f"{cell}_{s}")["thesis" if protocol == "matched" else protocol] for s in shapes]
            for cell in ("gru", "rnn")
        )
        if protocol == "matched":
            rnn = [each.accuracy("last") for name, each in outcomes.items() if name.startswith(f"{data}/matched_")]
        for cell, accuracies in (("gru", gru), ("rnn", rnn)):
            accuracy = np.stack(accuracies)
            assert len(accuracy) == 4 and row["draws"] == accuracy.shape[1]
            assert row[f"{cell}_networks"] == accuracy.size and percent(row, f"{cell}_above_90", accuracy)
            reached[data, protocol, cell] = 100 * float((accuracy > 0.9).mean())
        gain = reached[data, protocol, "gru"] - reached[data, protocol, "rnn"]
        assert row["gru_minus_rnn_estimate"] == pytest.approx(gain)
        assert row["gru_minus_rnn_low"] <= gain <= row["gru_minus_rnn_high"]
    between = report.tables["data_sets_4_2_1.csv"]
    assert [(row["protocol"], row["cell"]) for row in between] == [(p, c) for p in networks for c in ("rnn", "gru")]
    for row in between:
        assert (row["data"], row["minus"], row["networks"]) == ("FirstI", "XorI", networks[row["protocol"]])
        gain = reached["FirstI", row["protocol"], row["cell"]] - reached["XorI", row["protocol"], row["cell"]]
        assert row["above_90_estimate"] == pytest.approx(gain)
        assert row["above_90_low"] <= gain <= row["above_90_high"]
    assert report.summary["overall"] == rows and report.summary["data_sets"] == between


def test_many_has_all_controls_and_a_thousand_networks_but_of_trainability_s_sixteen_shapes() -> None:
    config = get_config("many")
    wanted = config.trainability
    assert (wanted.seeds, wanted.draws, wanted.matched, wanted.shown_seeds) == (16, 10, True, 3)
    assert (wanted.unstopped_seeds, wanted.unstopped_draws) == (16, 1)
    for name in ("capacity", "gate_variants", "identity_init", "word_projection"):
        assert config[name].seeds * config[name].draws >= 1000 and config[name].draws == 32
    for name in ("capacity", "gate_variants"):
        assert (config[name].unstopped_seeds, config[name].unstopped_draws) == (32, 32)
    assert get_config().trainability.seeds == 16


def test_trainability_has_the_thesis_numbers_beside_its_own() -> None:
    config = get_config("quick")
    shapes = {"input_dims": (2, 5, 10), "hidden_dims": (2, 4)}
    config.trainability.update(shapes | {"matched": True, "unstopped_seeds": 0, "unstopped_draws": 0})
    outcomes = invented(config, trainability.conditions(config, {}))
    report = trainability.report(config, outcomes)
    assert set(report.figures) == {f"figure_{n}{end}.png" for n in ("4_4", "4_5") for end in ENDS[:2]}
    first, xor = (row for row in report.tables["overall_4_2_1.csv"] if row["protocol"] == "thesis")

    def most(*shapes: str) -> float:
        shown = config.trainability.shown_seeds
        return 100 * max(float(outcomes[f"FirstI/rnn_{s}"].accuracy("last")[0, :shown].max()) for s in shapes)

    assert first["rnn_10x2_best"] == pytest.approx(most("10x2")) and first["thesis_rnn_10x2_best"] == 90
    assert first["rnn_2_and_5_inputs_best"] == pytest.approx(most("2x2", "2x4", "5x2", "5x4"))
    assert first["thesis_rnn_2_and_5_inputs_best"] == 51 and "thesis_rnn_decent" not in first
    assert xor["thesis_rnn_decent"] == 1 and "rnn_10x2_best" not in xor
