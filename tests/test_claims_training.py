"""Claims on training: every test of one on made-up networks of which it is true, false, and cannot be told."""

from fnmatch import fnmatch
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pytest

from experiments.claims import TAIL_FACTOR
from experiments.claims_capacity import _squared_deviations
from experiments.claims_evidence import (
    accuracies,
    allowed,
    at_least,
    difference_part,
    mean_part,
    pooled,
    rarer_part,
    unstopped,
)
from experiments.ledger import TESTS
from rnnjax.verdicts import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, Unseen, judge, together

TOGETHER = 200  # parts that are judged at once
RATES = (0.001, 0.003, 0.01)


class Group(NamedTuple):
    """The networks of a condition."""

    share: float  # of its networks that are
    high: float = 0.97  # about this accurate; the others
    low: float = 0.5  # about this
    wobble: float = 0.0  # every second draw's are that much better, the others' as much worse


def groups(shapes: str, cells: str = "rnn gru") -> list[str]:
    return [f"{cell}_{shape}" for shape, cell in product(shapes.split(), cells.split())]


def names() -> list[str]:
    """All conditions that the tests look at, as "step: condition"."""
    small, second = "2x2 2x4 4x2 4x4", ("CountII", "FirstII")
    many = " ".join(f"{d}x{h}" for d in (2, 5, 10, 15) for h in (2, 4, 8, 16))
    variants = "rnn reset_gate_gru update_gate_gru gru"
    found = [f"data_sets: {data}/{name}" for data in ("CountI", "FirstI", "XorI") for name in groups(small)]
    for data, number in product(second, range(1, 5)):
        found += [f"separability: {data}/embedding_{number}/{name}" for name in groups("2x2 2x4")]
    found += [f"gate_variants_draws: {data}/{name}" for data in second for name in groups("2x2 2x4")]
    found += [f"trainability: {data}/{name}" for data in ("FirstI", "XorI") for name in groups(many)]
    found += [f"trainability_draws: XorI/{name}" for name in groups(many)]
    for step, data, shapes in (
        *(("trainability_unstopped", data, groups(many)) for data in ("FirstI", "XorI")),
        *(("capacity", data, groups(small)) for data in ("FirstI", "XorI")),
        *(("gate_variants", data, groups("2x2 2x4", variants)) for data in second),
    ):
        for name in shapes:
            found += [f"{step}: {data}/{name}", *(f"{step}: {data}/unstopped_{rate:g}/{name}" for rate in RATES)]
    found += [f"capacity: FirstI/matched_gru_{gru}/rnn_{rnn}" for gru, rnn in MATCHED.items()]
    found += [f"trainability_controls: FirstI/gru_{gru}" for gru in MATCHED_16]
    found += [f"trainability_controls: FirstI/matched_gru_{gru}/rnn_{rnn}" for gru, rnn in MATCHED_16.items()]
    for data in second:
        found += [f"identity_init: {data}/{name}" for name in groups("2x2 2x4", "rnn relu_rnn")]
        found += [f"frozen_recurrent: {data}/{name}" for name in groups("2x2 2x4")]
        found += [f"frozen_recurrent: {data}/frozen/gru_{shape}" for shape in ("2x2", "2x4")]
        for step, grown in (("rnn_from_gru", "rnn"), ("gru_from_rnn", "gru")):
            found += [f"{step}: {data}/{name}" for name in groups("2x4")]
            found += [f"{step}: {data}/input_weights_{how}/{grown}_2x4" for how in ("random", "copied")]
    return found


# RNNs with about as many parameters: 3H(D + H + 2) + 2H + 2 of a GRU, H(D + H + 2) + 2H + 2 of an RNN.
def _matched(inputs: int, hidden: int) -> int:
    wanted = 3 * hidden * (inputs + hidden + 2) + 2 * hidden + 2
    return min(range(1, 65), key=lambda h: abs(h * (inputs + h + 2) + 2 * h + 2 - wanted))


MATCHED = {f"{d}x{h}": f"{d}x{_matched(d, h)}" for d in (2, 4) for h in (2, 4)}
MATCHED_16 = {f"{d}x{h}": f"{d}x{_matched(d, h)}" for d in (2, 5, 10, 15) for h in (2, 4, 8, 16)}
NAMES = names()


def summaries(worlds: dict[str, Group], steps: tuple[str, ...], draws: int = 10, seeds: int = 100) -> dict[str, Any]:
    """summary.json of some steps, each condition's networks of the last pattern that its name matches."""
    rng = np.random.default_rng(0)
    found: dict[str, Any] = {step: {"conditions": {}} for step in steps}
    for name in NAMES:
        step, condition = name.split(": ")
        of = [group for pattern, group in worlds.items() if fnmatch(name, pattern)]
        if step in steps and of:
            found[step]["conditions"][condition] = {"accuracy": networks(of[-1], draws, seeds, rng)}
    if "separability" in steps:
        in_draws = {f"embedding_{i}": [margins(i, draw) for draw in range(draws)] for i in range(1, 5)}
        found["separability"]["margins"] = in_draws
    return found


def margins(embedding: int, draw: int) -> dict[str, float]:
    """Embedding_2 is separable in every second draw, the first one included."""
    pairs = "positive | negative", "stop | positive", "stop | negative"
    separable = (0, 3 - draw % 2, 3, 3)[embedding - 1]
    return {pair: float(number < separable) for number, pair in enumerate(pairs)} | {"stop | rest": 0.0}


def networks(group: Group, draws: int, seeds: int, rng: np.random.Generator) -> list[list[float]]:
    """[draws][seeds], as many good ones among even seeds as among odd ones, to one."""
    found = []
    for draw in range(draws):
        accuracy = np.full(seeds, group.low)
        for half in (slice(0, None, 2), slice(1, None, 2)):
            number = len(accuracy[half])
            good = rng.permutation(number) < round(group.share * number)
            accuracy[half] = np.where(good, group.high + group.wobble * (-1) ** draw, group.low)
        found.append((accuracy + rng.uniform(-0.005, 0.005, seeds)).round(6).tolist())
    return found


def verdict(evidence: Any, found: dict[str, Any]) -> str:
    return together([judge(part, TOGETHER) for part in evidence(found)])


class Case(NamedTuple):
    """Networks by patterns of names, later ones over earlier ones."""

    true: dict[str, Group]
    false: dict[str, Group]  # changed
    undecided: dict[str, Group]


G = Group
_EQUAL = {"gate_variants: *": G(0.5)}
CASES = {
    "C01": Case(
        {"data_sets: CountI/*": G(0.9), "data_sets: FirstI/*": G(0.5), "data_sets: XorI/*": G(0.2)},
        {"data_sets: XorI/gru*": G(0.7)},
        {"data_sets: XorI/rnn*": G(0.5)},
    ),
    "C02": Case(
        {f"separability: *embedding_{i}/*": G(0.2 * i) for i in range(1, 5)},
        {"separability: FirstII/embedding_2/rnn_2x4": G(0.05)},
        {"separability: CountII/embedding_4/gru_2x2": G(0.6)},
    ),
    "C03": Case(
        {f"separability: *embedding_{i}/*": G(0.25 * i, 0.9, wobble=0.06 * (i == 2)) for i in range(1, 5)}
        | {"gate_variants_draws: *": G(0.5, 0.9, wobble=0.06)},
        {"separability: CountII/embedding_[34]/gru*": G(0.0)},
        {"separability: FirstII/embedding_*/rnn*": G(0.5)},
    ),
    "C04": Case(
        {"trainability*: FirstI/*": G(0.9), "trainability*: FirstI/*rnn_*": G(0.3)},
        {"trainability*: FirstI/*": G(0.9)},
        {"trainability*: FirstI/*": G(0.9), "trainability*: FirstI/*rnn_*": G(0.86)},
    ),
    "C05": Case(
        {"trainability*: FirstI/*": G(0.8), "trainability*: XorI/*": G(0.3)},
        {"trainability*: XorI/*gru_*": G(0.9)},
        {"trainability*: XorI/*gru_*": G(0.8)},
    ),
    "C06": Case(
        {"trainability*: XorI/*": G(0.02, high=0.75)},
        {"trainability*: XorI/*": G(0.2, high=0.75)},
        {"trainability*: XorI/*": G(0.12, high=0.75), "trainability*: XorI/rnn_2x*": G(0.08, high=0.75)},
    ),
    "C07": Case(
        {"trainability*: FirstI/rnn*": G(0.3, high=0.91), "trainability*: FirstI/rnn_[25]x*": G(0.05, high=0.6)},
        {"trainability*: FirstI/rnn_[25]x*": G(0.2, high=0.6)},
        {"trainability*: FirstI/rnn_10x2": G(0.02, high=0.91)},
    ),
    "C08": Case(
        {"capacity: FirstI/*": G(0.1, high=0.98)},
        {"capacity: FirstI/*rnn_2x4": G(0.3, high=0.9)},
        {"capacity: FirstI/*rnn_4x4": G(0.3, high=0.958)},
    ),
    "C09": Case(
        {"capacity: FirstI/*": G(0.8), "capacity: XorI/*": G(0.5), "capacity: *rnn_*": G(0.1)},
        {"capacity: FirstI/*rnn_*": G(0.7)},
        {"capacity: FirstI/*rnn_*": G(0.4)},
    ),
    "C10": Case(
        {
            "capacity: XorI/*": G(0.02, high=0.6),
            "capacity: XorI/gru_4x2": G(0.13, high=0.7),
            "capacity: XorI/gru_4x4": G(0.04),
        },
        {"capacity: XorI/rnn_2x4": G(0.25, high=0.6)},
        {"capacity: XorI/gru_4x2": G(0.04, high=0.7)},
    ),
    "C19": Case(
        {"identity_init: *": G(0.97, high=0.7), "identity_init: FirstII/rnn*": G(0.15, high=0.7)},
        {"identity_init: CountII/relu*": G(0.8, high=0.7)},
        {"identity_init: CountII/relu*": G(0.92, high=0.7)},
    ),
    "C20": Case(
        {
            "rnn_from_gru: *": G(1.0),
            "rnn_from_gru: */rnn_2x4": G(0.3),
            "rnn_from_gru: *input_weights_random*": G(0.7, low=0.65),
        },
        {"rnn_from_gru: FirstII/input_weights_random*": G(0.7, low=0.45)},
        {"rnn_from_gru: CountII/input_weights_random*": G(0.3, low=0.65, high=0.65 - 0.06)},
    ),
    "C21": Case(
        {
            "gru_from_rnn: *": G(0.2, low=0.55),
            "gru_from_rnn: CountII/input_weights_random*": G(0.9),
            "gru_from_rnn: FirstII/input_weights_random*": G(0.3),
        },
        {"gru_from_rnn: CountII/input_weights_random*": G(0.1)},
        {"gru_from_rnn: CountII/input_weights_random*": G(0.29, high=0.97, low=0.85)},
    ),
    "C22": Case(
        {
            "frozen_recurrent: *": G(0.97),
            "frozen_recurrent: */rnn*": G(0.3),
            "frozen_recurrent: FirstII/*x2": G(0.02),
        },
        {"frozen_recurrent: CountII/frozen/gru_2x2": G(0.7)},
        {"frozen_recurrent: FirstII/rnn_2x4": G(0.92)},
    ),
    "C23": Case(
        {
            "gate_variants: CountII/*": G(0.9),
            "gate_variants: CountII/*update_gate*": G(0.7),
            "gate_variants: CountII/*reset_gate*": G(0.4),
            "gate_variants: CountII/*rnn*": G(0.1),
        },
        {"gate_variants: CountII/*rnn_2x4": G(0.6)},
        _EQUAL,
    ),
    "C24": Case(
        {
            "gate_variants: FirstII/*": G(0.7),
            "gate_variants: FirstII/*update_gate*": G(0.9),
            "gate_variants: FirstII/*reset_gate*": G(0.4),
            "gate_variants: FirstII/*rnn*": G(0.1),
        },
        {"gate_variants: FirstII/*update_gate_gru_2x2": G(0.5)},
        _EQUAL,
    ),
    "C25": Case(
        {"gate_variants: *": G(0.4), "gate_variants: *update_gate*": G(0.8)},
        {"gate_variants: CountII/*reset_gate_gru_2x4": G(0.95)},
        _EQUAL,
    ),
    "C33": Case(
        {"*: FirstI/*": G(0.95), "*: XorI/*": G(0.95), "*rnn_*": G(0.5)},
        {"capacity: XorI/*rnn*": G(0.02)},
        {"trainability*: FirstI/*gru*": G(0.86), "trainability*: FirstI/*gru_2x*": G(0.84)},
    ),
}
_TRAINING = [f"C{number:02d}" for number in (*range(1, 11), *range(19, 26), 33)]


def test_every_claim_on_training_has_a_case_and_those_that_are_judged_twice_a_second_test() -> None:
    assert sorted(CASES) == _TRAINING
    twice = {id for id in _TRAINING if TESTS[id].unstopped}
    assert twice == {"C04", "C05", "C09", "C23", "C24", "C25", "C33"}


@pytest.mark.parametrize("id", CASES)
@pytest.mark.parametrize("kind", ["true", "false", "undecided"])
def test_the_verdict_is_that_of_the_networks(id: str, kind: str) -> None:
    wanted = {"true": REPRODUCED, "false": NOT_REPRODUCED, "undecided": INCONCLUSIVE}[kind]
    test, case = TESTS[id], CASES[id]
    worlds = case.true if kind == "true" else _over(case.true, getattr(case, kind))
    # Donors are fewer than networks, and equal rates need many; that nobody reaches something is not to be seen in less
    # than 14,200.
    more = {"gru_from_rnn": 200, "identity_init": 200, "frozen_recurrent": 200}
    seeds = 1450 if (id, kind) == ("C08", "false") else more.get(test.steps[0], 100)
    # Half of C03's draws are on one side of a comparison, half on the other; in ten draws C10's 4 % are not told from
    # the 0.08 % that 1 of 30 allows.
    draws = {"C03": 20, "C10": 40}.get(id, 10)
    found = summaries(worlds, test.steps, draws, seeds)
    assert verdict(test.evidence, found) == wanted
    assert {part.draws for part in test.evidence(found)} == ({10, 20} if id == "C03" else {draws})
    if test.unstopped:
        assert verdict(test.unstopped, found) == wanted


def test_what_differs_between_embeddings_only_is_not_separability() -> None:
    """Embedding_3 and 4 have narrower kinds of words too; within Embedding_2 nothing but separability differs."""
    for wobble, wanted in ((0.06, REPRODUCED), (0.0, INCONCLUSIVE), (-0.06, NOT_REPRODUCED)):
        worlds = CASES["C03"].true | {"separability: *embedding_2/*": G(0.5, 0.9, wobble=wobble)}
        parts = TESTS["C03"].evidence(summaries(worlds, ("separability",), 20))
        assert together([judge(part, TOGETHER) for part in parts]) == wanted
        among, alone = parts[::2], parts[1::2]
        assert {judge(part, TOGETHER) for part in among} == {REPRODUCED}
        for part in alone:
            assert part.effect.estimate == pytest.approx(0.5 * 2 * wobble, abs=0.001) and part.draws == 10
            assert part.what.endswith("draws of Embedding_2 alone")


def test_embedding_2_is_judged_in_more_draws_where_their_margins_are_told() -> None:
    found = summaries(CASES["C03"].true, ("separability",), 20)
    found |= summaries({"gate_variants_draws: *": G(0.5, 0.9, wobble=-0.06)}, ("gate_variants_draws",), 40)
    told = found["separability"]["margins"]
    for known, wobble in ((20, 0.06), (40, -0.06)):
        told["embedding_2"] = [margins(2, draw) for draw in range(known)]
        among, alone = (TESTS["C03"].evidence(found)[i::2] for i in (0, 1))
        assert {part.draws for part in among} == {20} and {part.draws for part in alone} == {known / 2}
        assert [part.effect.estimate for part in alone] == pytest.approx([0.5 * 2 * wobble] * 4, abs=0.002)


def test_equal_rates_near_100_percent_do_not_make_equal_networks() -> None:
    worlds = CASES["C19"].true | {"identity_init: CountII/relu*": G(0.97, high=0.78)}
    parts = TESTS["C19"].evidence(summaries(worlds, ("identity_init",), 10, 200))
    refuted = [part.what for part in parts if judge(part, TOGETHER) == NOT_REPRODUCED]
    assert refuted == [f"ReLU RNN minus RNN, H = {hidden}, CountII, mean accuracy" for hidden in (2, 4)]
    assert verdict(TESTS["C19"].evidence, summaries(worlds, ("identity_init",), 10, 200)) == NOT_REPRODUCED


@pytest.mark.parametrize("id", CASES)
@pytest.mark.parametrize("seeds", [10, 30])
def test_as_few_networks_as_the_thesis_had_decide_nothing(id: str, seeds: int) -> None:
    test, case = TESTS[id], CASES[id]
    for worlds in (case.true, _over(case.true, case.false)):
        found = summaries(worlds, test.steps, draws=1, seeds=seeds)
        for evidence in (test.evidence, test.unstopped):
            if evidence:
                assert {judge(part, 1) for part in evidence(found)} == {INCONCLUSIVE}


@pytest.mark.parametrize("id", CASES)
def test_what_is_missing_is_named(id: str) -> None:
    test = TESTS[id]
    found = summaries(CASES[id].true, test.steps)
    step = test.steps[0]
    with pytest.raises(KeyError, match=f"^'{step}: "):
        test.evidence(
            found | {each: {"conditions": {}, "margins": {}} for each in (step, "data_sets", "trainability_draws")}
        )
    with pytest.raises(KeyError, match=f"^'{step}: "):
        test.evidence({})


@pytest.mark.parametrize("id", ["C04", "C05", "C06", "C07", "C33"])
def test_fewer_shapes_than_the_thesis_has_decide_nothing(id: str) -> None:
    test = TESTS[id]
    found = summaries(CASES[id].true, test.steps)
    of_step = found["trainability"]["conditions"]
    for name in [name for name in of_step if name.endswith(("8", "16"))]:
        del of_step[name]
    parts = test.evidence(found)
    few = [part for part in parts if part.what.endswith((" 8 shapes", " 4 shapes", "4.2.1"))]
    assert few and {judge(part, 1) for part in few} == {INCONCLUSIVE} and all(part.members for part in few)
    assert verdict(test.evidence, found) == INCONCLUSIVE


def test_a_condition_without_accuracies_is_missing() -> None:
    found = {"capacity": {"conditions": {"FirstI/rnn_2x2": {"first_draw": [0.5]}}}}
    with pytest.raises(KeyError, match="capacity: FirstI/rnn_2x2"):
        accuracies(found, "capacity", "FirstI/rnn_2x2")


def test_the_rate_without_early_stop_is_chosen_on_other_seeds_than_it_is_reported_on() -> None:
    # On even seeds 0.003 succeeds most often, on odd ones, which are reported at it, 0.001.
    by_rate = {0.001: [0.6, 0.95, 0.95, 0.95], 0.003: [0.95, 0.5, 0.95, 0.51], 0.01: [0.6, 0.9, 0.6, 0.9]}
    conditions = {f"XorI/unstopped_{rate:g}/rnn_2x4": {"accuracy": [of] * 2} for rate, of in by_rate.items()}
    conditions |= {"XorI/unstopped_0.001/rnn_12x4": {"accuracy": [[0.99] * 4] * 2}}
    chosen = unstopped({"capacity": {"conditions": conditions}}, "capacity", "XorI", "rnn_2x4")
    np.testing.assert_array_equal(chosen, [[0.6, 0.5, 0.95, 0.51]] * 2)
    with pytest.raises(KeyError, match="capacity: FirstI/unstopped"):
        unstopped({"capacity": {"conditions": conditions}}, "capacity", "FirstI", "rnn_2x4")


def test_a_printed_count_allows_the_rates_under_which_it_is_no_surprise() -> None:
    low, high = allowed(1, 48)
    assert 1 - (1 - low) ** 48 == pytest.approx(0.025)
    assert (1 - high) ** 48 + 48 * high * (1 - high) ** 47 == pytest.approx(0.025)
    assert allowed(0, 30) == (-np.inf, pytest.approx(1 - 0.025 ** (1 / 30)))
    assert allowed(3, 3) == (pytest.approx(0.025 ** (1 / 3)), np.inf)


def test_far_rarer_is_a_ratio_below_a_half_wherever_there_is_one() -> None:
    rng = np.random.default_rng(1)
    for rare, common, draws in ((0.1, 0.5, 10), (0.3, 0.5, 10), (0.0, 0.5, 32), (0.5, 0.1, 10)):
        sides = [[rng.permutation(100) < 100 * rate for _ in range(draws)] for rate in (rare, common)]
        part = rarer_part("x", sides[0], sides[1])
        assert part.effect.estimate == pytest.approx(rare - common / TAIL_FACTOR)
        assert (judge(part, 1) == REPRODUCED) == (rare / common < 0.5)
        assert (judge(part, 1) == NOT_REPRODUCED) == (rare / common > 0.5)
    none, all_of_them = [np.zeros(100, bool)] * 10, [np.ones(100, bool)] * 10
    sure, open_ = rarer_part("x", none, all_of_them), rarer_part("x", none, none)
    assert sure.effect.low == -0.5 < sure.effect.high < 0 and judge(sure, 1) == REPRODUCED
    assert open_.effect.low < 0 < open_.effect.high and judge(open_, 1) == INCONCLUSIVE


def test_squared_deviations_have_each_draw_s_variance_as_mean() -> None:
    draws = list(np.random.default_rng(2).uniform(size=(3, 7)))
    means = [values.mean() for values in _squared_deviations(draws)]
    np.testing.assert_allclose(means, np.var(draws, axis=1, ddof=1))
    assert np.isnan(_squared_deviations([np.ones(1)])).all()


def test_one_seed_without_early_stop_has_no_variance() -> None:
    found = summaries(CASES["C33"].true, TESTS["C33"].steps, seeds=1)
    unstopped_evidence = TESTS["C33"].unstopped
    assert unstopped_evidence is not None
    parts = unstopped_evidence(found)
    assert {(part.members, part.draws) for part in parts} == {(0, 0)}
    assert np.isnan([part.effect.estimate for part in parts]).all()


def test_networks_of_several_conditions_stay_in_their_draws() -> None:
    one, other = [np.array([0.1, 0.2]), np.array([0.3, 0.4])], [np.array([0.5]), np.array([0.7])]
    together_ = pooled([one, other])
    np.testing.assert_array_equal(together_[0], [0.1, 0.2, 0.5])
    np.testing.assert_array_equal(together_[1], [0.3, 0.4, 0.7])
    np.testing.assert_array_equal(at_least(together_, 0.4)[1], [False, True, True])


def test_of_a_side_that_all_agree_the_part_knows_how_many() -> None:
    none, some = [np.zeros(64, bool)] * 32, [np.arange(48) < draw for draw in range(32)]
    every = [~values for values in none]
    assert difference_part("x", some, none).unseen == (Unseen(32, 64, 1.0, up=False),)
    assert difference_part("x", none, some).unseen == (Unseen(32, 64, 1.0, up=True),)
    assert difference_part("x", some, every).unseen == (Unseen(32, 64, 1.0, up=True),)
    assert rarer_part("x", none, every).unseen == (Unseen(32, 64, 1.0, up=True), Unseen(32, 64, 0.5, up=True))
    assert mean_part("x", every).unseen == (Unseen(32, 64, 1.0, up=False),)
    assert mean_part("x", some).unseen == () == mean_part("x", [np.full(5, 0.5)] * 3).unseen
    # 0.26 of RNNs and none elsewhere, 32 draws: enough for one part, not for three thousand.
    quarter = [np.arange(64) < 16 for _ in range(32)]
    part = difference_part("x", quarter, none, above=0.0)
    assert part.members == 32 * 64 and judge(part, 1) == REPRODUCED
    sixty_four = difference_part("x", quarter * 2, none * 2, above=0.0)
    assert judge(sixty_four, 3000) == REPRODUCED


def test_donors_are_those_whose_transplanted_weights_are_good_or_bad_enough() -> None:
    """With the best epoch's accuracy reported, the last epoch's weights are transplanted."""
    good, bad = [[0.95] * 3] * 10, [[0.5] * 3] * 10
    for id, step, donor in (("C20", "rnn_from_gru", "gru"), ("C21", "gru_from_rnn", "rnn")):
        found = summaries(CASES[id].true, (step,), seeds=3)
        for data in ("CountII", "FirstII"):
            of = found[step]["conditions"][f"{data}/{donor}_2x4"]
            of["accuracy"], of["last_epoch"] = (good, bad) if id == "C20" else (bad, good)
        assert all(part.members == 0 for part in TESTS[id].evidence(found)), id
        for data in ("CountII", "FirstII"):
            del found[step]["conditions"][f"{data}/{donor}_2x4"]["last_epoch"]
        assert all(part.members > 0 for part in TESTS[id].evidence(found)), id


def test_started_networks_are_compared_with_the_same_seeds_of_draws_that_have_donors() -> None:
    accuracy = {
        "gru_2x4": [[0.95, 0.5, 0.99], [0.6, 0.94, 0.3]],
        "rnn_2x4": [[0.5, 0.99, 0.7], [0.99, 0.99, 0.99]],
        "input_weights_random/rnn_2x4": [[0.8, 0.1, 0.6], [0.1, 0.1, 0.1]],
    }
    sets = ("CountII", "FirstII")
    conditions = {f"{data}/{name}": {"accuracy": of} for data in sets for name, of in accuracy.items()}
    mean, worst, *_ = TESTS["C20"].evidence({"rnn_from_gru": {"conditions": conditions}})
    assert (mean.members, mean.draws) == (2, 1)
    assert mean.effect.estimate == pytest.approx((0.8 + 0.6) / 2 - (0.5 + 0.7) / 2)
    assert worst.effect.estimate == pytest.approx(0.6 - 0.5)


def test_what_an_rnn_reaches_without_early_stop_it_can_represent() -> None:
    worlds = CASES["C08"].true | {"capacity: FirstI/rnn_2x4": G(0.3, high=0.9)}
    rate, gap, *_ = TESTS["C08"].evidence(summaries(worlds, ("capacity",)))
    assert rate.effect.estimate < 0.91 and judge(rate, TOGETHER) == INCONCLUSIVE  # none of 1,000 is no proof
    assert judge(gap, TOGETHER) == REPRODUCED
    # The same networks, trained in four ways.
    assert {(part.members, part.draws) for part in (rate, gap)} == {(1000, 10)}


def test_the_best_of_all_draws_and_trainings_counts() -> None:
    found = summaries(CASES["C08"].true, ("capacity",), draws=2, seeds=2)
    conditions = found["capacity"]["conditions"]
    for cell, of_draws in (("rnn", [0.9, 0.8]), ("gru", [0.95, 0.97])):
        conditions[f"FirstI/{cell}_2x4"] = {"accuracy": [[0.5, of] for of in of_draws]}
        for rate in RATES:
            conditions[f"FirstI/unstopped_{rate:g}/{cell}_2x4"] = {"accuracy": [[0.5, 0.85 + 10 * rate]]}
    best, gap, *_ = TESTS["C08"].evidence(found)
    assert best.effect.estimate == 0.9
    assert gap.effect == pytest.approx((0.95 - 0.97, 0.95 - 0.97, 1 - 0.97))
    # What the search trained is the same shape's.
    searched = {"conditions": {"FirstI/rnn_2x4": {"accuracy": [[0.99] * 3] * 5}}}
    best, gap, *_ = TESTS["C08"].evidence(found | {"search": searched})
    assert (best.effect.estimate, best.members, best.draws) == (0.99, 15, 5)
    assert gap.effect.estimate == pytest.approx(0.99 - 0.97)
    # Shown are the networks of one step, of enough; what so many of any step did not reach is ruled out.
    enough, many = ({"accuracy": [[best] * 50] * draws} for best, draws in ((0.92, 20), (0.91, 300)))
    steps = {"data_sets": enough, "search": many}
    both = found | {step: {"conditions": {"FirstI/rnn_2x4": of}} for step, of in steps.items()}
    best = TESTS["C08"].evidence(both)[0]
    assert (*best.effect, best.members, best.draws) == (0.92, 0.92, 0.92, 1000, 20)
    fewer = both | {"search": {"conditions": {"FirstI/rnn_2x4": {"accuracy": many["accuracy"][:280]}}}}
    assert TESTS["C08"].evidence(fewer)[0].effect.high == 1
    lucky = {"accuracy": [[0.5, 0.97]] * 2}  # of too few to count, but it is there
    with_lucky = both | {"capacity": {"conditions": conditions | {"FirstI/rnn_2x4": lucky}}}
    assert TESTS["C08"].evidence(with_lucky)[0].effect == (0.92, 0.92, 1)


MATCHED_STEPS = {"C04": "trainability_controls", "C08": "capacity", "C09": "capacity"}


@pytest.mark.parametrize("id", MATCHED_STEPS)
def test_rnns_with_as_many_parameters_are_a_control_and_decide_nothing(id: str) -> None:
    step = MATCHED_STEPS[id]
    found = summaries(CASES[id].true, TESTS[id].steps)
    others = summaries(CASES[id].true, TESTS[id].steps)
    for name, condition in others[step]["conditions"].items():
        if "/matched_" in name:
            condition["accuracy"] = [[1.0] * 100] * 10
    assert others != found and TESTS[id].evidence(others) == TESTS[id].evidence(found)


@pytest.mark.parametrize(
    ("id", "rates", "expected"),
    [
        ("C04", (0.2, 0.9), 0.7), ("C04", (0.9, 0.2), -0.7), ("C09", (0.1, 0.8), 0.1 - 0.8 / 2),
        ("C08", (0.5, 0.5), 0.0), ("C08", (0.0, 0.5), 0.5 - 0.97),
    ],
)  # fmt: skip
def test_what_the_control_with_as_many_parameters_measures(
    id: str, rates: tuple[float, float], expected: float
) -> None:
    step = MATCHED_STEPS[id]
    worlds = {"*: FirstI/gru_*": G(rates[1]), f"{step}: FirstI/matched_*": G(rates[0])}
    control = TESTS[id].matched
    assert control is not None
    for part in control(summaries(worlds, TESTS[id].steps)):
        assert part.effect.estimate == pytest.approx(expected, abs=0.012)
        assert part.draws == 10 and part.members >= 1000
    with pytest.raises(KeyError, match=rf"{step}: FirstI/matched_gru_"):
        control(summaries({"*: FirstI/gru_*": G(0.5)}, TESTS[id].steps))


@pytest.mark.parametrize("id", ["C24", "C25"])
def test_where_the_thesis_has_no_success_order_is_that_of_means(id: str) -> None:
    """Section 4.5.1: on FirstII, no GRU with 2 units is above 90 %."""
    small = "gate_variants: FirstII/*{}2x2"
    levels = {"": 0.75, "update_gate_gru_": 0.88, "reset_gate_gru_": 0.65, "rnn_": 0.6}
    failing = {small.format(variant): G(1.0, high=level) for variant, level in levels.items()}
    found = summaries(CASES[id].true | failing, ("gate_variants",), seeds=200)
    assert verdict(TESTS[id].evidence, found) == REPRODUCED
    worse = {small.format("update_gate_gru_"): G(1.0, high=0.62)}
    found = summaries(CASES[id].true | failing | worse, ("gate_variants",), seeds=200)
    assert verdict(TESTS[id].evidence, found) == NOT_REPRODUCED


@pytest.mark.parametrize(
    ("id", "step"), [("C06", "trainability"), ("C22", "frozen_recurrent"), ("C23", "gate_variants")]
)
def test_a_claim_is_judged_on_the_step_with_more_networks(id: str, step: str) -> None:
    """Where it is there; without early stop, which it has not, on the other."""
    test, case = TESTS[id], CASES[id]
    worlds = case.true, _over(case.true, case.false)
    few, more = (summaries(world, (step,), seeds=200)[step] for world in worlds)
    alone = {step: few}
    both = alone | {f"{step}_draws": more | {"conditions": twice(more["conditions"])}}
    assert verdict(test.evidence, alone) == REPRODUCED and verdict(test.evidence, both) == NOT_REPRODUCED
    assert [part.members for part in test.evidence(both)] == [2 * part.members for part in test.evidence(alone)]
    if test.unstopped:
        assert test.unstopped(both) == test.unstopped(alone)


def twice(conditions: dict[str, Any]) -> dict[str, Any]:
    """The same networks in twice as many draws; none without early stop."""
    plain = {name: each for name, each in conditions.items() if "unstopped" not in name}
    return {name: each | {"accuracy": 2 * each["accuracy"]} for name, each in plain.items()}


def test_without_any_donor_nothing_is_concluded() -> None:
    for id in ("C20", "C21"):
        step = TESTS[id].steps[0]
        for group in (G(0.0, low=0.85), G(1.0, high=0.85)):
            found = summaries({f"{step}: *": group}, (step,))
            parts = TESTS[id].evidence(found)
            assert {judge(part, 1) for part in parts if part.members == 0} == {INCONCLUSIVE}
            assert together([judge(part, 1) for part in parts]) == INCONCLUSIVE


def _over(worlds: dict[str, Group], changed: dict[str, Group]) -> dict[str, Group]:
    """Changed ones last, so that they win."""
    return {pattern: group for pattern, group in worlds.items() if pattern not in changed} | changed
