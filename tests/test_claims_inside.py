"""Claims on what is inside networks: made-up summaries in which each is true, false and undecidable."""

import copy
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from made_up_summaries import MATCHED, Found, named, percent, plain, summaries

from configs.thesis import get_config
from experiments import (
    claims_landscape,
    claims_states,
    claims_words,
    success_groups,
    word_projection,
    word_projection_tables,
)
from experiments.claims import CLAIMS
from experiments.claims_landscape import RARE, density_table, rare_settings
from experiments.claims_rows import ends, of_networks, row
from experiments.density import HEADLINE, SAME, SHAPES
from experiments.ledger import TESTS, Judged, ledger
from experiments.programme import STEPS
from experiments.report import DENSITY_FIGURE
from rnnjax.statistics import Interval
from rnnjax.verdicts import DEPENDS, INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, Evidence

YES, NO, OPEN = REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE
INSIDE = [f"C{number}" for number in (*range(11, 19), *range(26, 33))]


def judged(found: Found, id: str) -> Judged:
    """The claim's verdict, beside others that need no other steps."""
    steps = TESTS[id].steps
    needed = {name: summary for name, summary in found.items() if name.startswith(steps)}
    return next(entry for entry in ledger({"adopted": needed}) if entry.claim.id == id).judged["adopted"]


def change(step: str, table: str, values: Found, **where: Any) -> Callable[[Found], None]:
    """Other numbers in all rows of a table that have these values."""

    def changed(found: Found) -> None:
        rows = [r for r in found[step][table] if all(r[name] == value for name, value in where.items())]
        assert rows
        for each in rows:
            assert set(values) <= set(each)
            each |= values

    return changed


def counts(cell: str, factor: float) -> Callable[[Found], None]:
    """More random settings of a cell above any accuracy."""

    def changed(found: Found) -> None:
        for step in found:
            for each in found[step]["tails"] if step.startswith("landscape") else ():
                each[f"{cell}_above"] = round(factor * each[f"{cell}_above"])

    return changed


def shares(name: str, good: int) -> Callable[[Found], None]:
    """So many of a condition's 100 networks of each draw are above 90 %."""

    def changed(found: Found) -> None:
        found["capacity"]["conditions"][f"FirstI/{name}"]["accuracy"] = [[0.95] * good + [0.5] * (100 - good)] * 10

    return changed


def rarely(rnn: float, gru: float, draws: int = 12) -> Callable[[Found], None]:
    """Of random settings above 60 %, by splitting; and in landscapes there are none."""

    def changed(found: Found) -> None:
        counts("gru", 0)(found)
        counts("rnn", 0)(found)
        by_draw = 10.0 ** (np.arange(draws) % 5)  # draws differ, both cells alike
        rows = []
        for cell, rate in (("rnn", rnn), ("gru", gru)):
            rates, bounds = (rate * by_draw).tolist(), np.maximum(rate * by_draw, 1e-15).tolist()
            for shape, accuracy in itertools.product(SHAPES, (0.6, 0.65)):
                row = {"sampler": "pytorch:1", "architecture": f"{cell}_{shape}", "accuracy_above": accuracy}
                rows.append(row | {"rates": rates, "bounds": bounds})
        found["rare_settings"] = {"particles": 1000, "tails": rows}

    return changed


def boxes(cell: str, points: float) -> Callable[[Found], None]:
    """Boxes of a cell's settings that are wider by so many points."""

    def changed(found: Found) -> None:
        for step in found:
            for name, of in found[step]["samplers"]["pytorch:1"].items() if step.startswith("landscape") else ():
                if name.startswith(cell):
                    low, middle, high = of["quartiles"]
                    of["quartiles"] = [low - points / 200, middle, high + points / 200]

    return changed


def outermost(shape: str, add: float) -> Callable[[Found], None]:
    def changed(found: Found) -> None:
        for step in found:
            if step.startswith("landscape"):
                found[step]["samplers"]["pytorch:1"][f"gru_{shape}"]["best"] += add

    return changed


_W, _N, _F, _U, _P = "word_projection", "noise_robustness", "vector_field", "update_cosine", "perturbation"
_TWO = {"trained": "FirstI", "shape": "2x4"}
M = MATCHED.items()


DECIDING: list[tuple[str, Callable[[Found], Any], str]] = [
    ("C11", change(_W, "measures", plain("trained", 0.05), measure="stop_norm_above_least"), NO),
    ("C11", change(_W, "measures", plain("trained", 0.15, 0.1), measure="stop_norm_above_least"), OPEN),
    ("C11", change(_W, "measures", plain("trained", 0.3), measure="stop_norm"), YES),  # no W_ih may have less
    ("C12", change(_W, "measures", plain("change", 0.0), measure="hidden_axis", cell="rnn"), NO),
    ("C12", change(_W, "measures", plain("change", 0.0), measure="hidden_axis", cell="gru"), YES),
    ("C12", change(_W, "measures", plain("trained", 0.9), measure="logits_axis", cell="gru"), NO),
    ("C12", change(_W, "measures", plain("trained", 0.22, 0.1), measure="singular_ratio", cell="rnn"), OPEN),
    ("C13", change(_W, "measures", plain("change", -0.3), measure="hidden_separation", cell="gru"), NO),
    ("C13", change(_W, "measures", plain("trained", 0.0), measure="logits_separation", cell="rnn"), NO),
    ("C13", change(_W, "measures", plain("change", 0.0, 0.1), measure="logits_separation", cell="rnn"), OPEN),
    ("C14", change(_N, "survival", plain("median", 50.0, 2), until="forgets", cell="rnn"), NO),
    ("C14", change(_N, "survival", plain("median", 1.0, 0.1), until="first_wrong"), YES),
    ("C14", change(_N, "survival", plain("after_2000", 0.2), until="forgets", cell="gru"), NO),
    ("C14", change(_N, "survival", plain("median", 28.0, 20), until="meeting", cell="rnn"), OPEN),
    ("C14", change(_N, "survival", {"median_high": None}, until="meeting", cell="rnn"), OPEN),
    ("C15", change(_N, "noise", plain("distance_over_apart", 0.35), cell="gru"), NO),
    ("C15", change(_N, "noise", plain("distance_over_apart", 0.3), cell="gru"), OPEN),
    ("C15", change(_N, "noise", plain("distance_over_apart", 0.1, 0.01), cell="rnn"), NO),
    ("C15", change(_N, "noise", plain("spoiled", 0.0)), OPEN),
    ("C15", change(_N, "noise", plain("spoiled", -0.03), cell="rnn - gru"), NO),
    ("C15", change(_N, "noise", plain("flipped", -0.03), cell="rnn - gru"), YES),  # most of these noise mends
    ("C16", change(_F, "shares", percent("mean", 0.66), measure="stop_keeps"), NO),
    ("C16", change(_F, "contrasts", percent("difference", 0.0), measure="moves"), OPEN),
    ("C16", lambda found: found[_F]["contrasts"].clear(), OPEN),
    ("C17", change(_F, "shares", percent("mean", 0.3), measure="crosses_near"), NO),
    ("C17", change(_F, "shares", percent("mean", 0.95, 0.02), measure="sentiment_keeps_far"), OPEN),
    ("C17", change(_F, "contrasts", percent("difference", -0.1), measure="stop_keeps_far"), NO),
    ("C17", change(_F, "contrasts", percent("difference", 0.0), measure="crosses_near"), OPEN),
    ("C18", change(_F, "correlations", named("pearson", 0.3), data="CountII", cell="rnn"), NO),
    ("C18", change(_F, "correlations", named("spearman", 0.0), data="FirstII", cell="gru"), OPEN),
    ("C18", change(_F, "correlations", named("within", 0.3), data="FirstII", cell="rnn"), NO),
    ("C18", change(_F, "correlations", named("pearson", 0.3), data="FirstII", cell="gru", words="stop"), NO),
    ("C18", change(_F, "correlations", named("spearman", 0.0), data="CountII", cell="rnn", words="positive"), OPEN),
    ("C26", counts("gru", 10), NO),
    ("C26", counts("rnn", 2), OPEN),
    ("C26", counts("rnn", 1.2), YES),
    ("C26", counts("rnn", 0), NO),  # the ratio is infinite
    ("C26", counts("gru", 0), NO),
    ("C27", boxes("rnn", 3), NO),
    ("C27", boxes("gru", 3), NO),
    ("C27", boxes("gru", 1), YES),
    ("C27", boxes("gru", 1.96), OPEN),
    ("C27", outermost("4x4", -0.2), NO),
    ("C27", outermost("2x4", 0.2), NO),
    ("C27", outermost("2x2", -0.045), OPEN),
    ("C28", counts("gru", 10), NO),  # successes are as frequent as solutions explain
    ("C28", counts("gru", 0.1), YES),
    ("C28", counts("gru", 0), OPEN),
    ("C28", counts("rnn", 0), NO),  # training adds more to an RNN
    ("C28", counts("gru", 2.9), OPEN),
    ("C28", shares("rnn_2x4", 99), NO),
    ("C28", shares("rnn_2x4", 100), OPEN),  # of ten draws that all agree too little is known
    ("C28", shares("rnn_2x4", 92), OPEN),
    ("C28", shares("matched_gru_4x4/rnn_4x8", 99), YES),  # of which the claim does not speak
    ("C28", shares("matched_gru_2x2/rnn_2x4", 99), YES),
    ("C28", lambda found: [found["capacity"]["conditions"].pop(f"FirstI/matched_gru_{s}/{r}") for s, r in M], YES),
    ("C28", rarely(1e-6, 1e-6), YES),  # 0.9 over 0.3
    ("C28", rarely(1e-6, 1e-5), NO),
    ("C28", rarely(1e-5, 1e-6), YES),
    ("C28", rarely(1e-6, 2.9e-6), OPEN),
    ("C28", rarely(0, 1e-6), OPEN),  # of what was found in no draw there is no estimate
    ("C28", rarely(1e-6, 0), OPEN),
    ("C28", rarely(1e-5, 1e-6, draws=9), OPEN),
    ("C29", change(_U, "gru_minus_rnn", {"low": 0.08, "high": 0.12, "estimate": 0.1}, measure="roughness"), NO),
    ("C29", change(_U, "cosine", named("early_slope", -0.03), architecture="gru_4x8"), NO),
    ("C29", change(_U, "cosine", named("early_slope", -0.03), architecture="rnn_4x8"), YES),
    ("C29", change(_U, "gru_minus_rnn", {"low": -0.1}, measure="mean", **_TWO), OPEN),
    ("C29", change(_U, "gru_minus_rnn", {"rnn_networks": 2}, measure="mean", **_TWO), OPEN),
    ("C30", change(_P, "recovery", named("accuracy_after_30", 70.0, 1), architecture="gru_2x4", factor=1.0), NO),
    ("C30", change(_P, "recovery", named("accuracy_after_30", 95.0, 1), architecture="rnn_2x4", factor=1.0), NO),
    ("C30", change(_P, "recovery", named("accuracy_after_30", 88.0, 1), architecture="rnn_2x4", factor=1.0), OPEN),
    ("C30", change(_P, "recovery", named("accuracy_after_30", 70.0, 1), trained="FirstI/unstopped_0.001"), YES),
    ("C31", change(_P, "distances", named("end_to_start", 0.1), distance="aligned_distance", factor=0.5), NO),
    ("C31", change(_P, "distances", named("end_to_start", 0.1), factor=0.1), YES),  # no further than without noise
    ("C31", change(_P, "distances", named("end_to_start", 0.5, 0.1), distance="distance", factor=1.0), OPEN),
    ("C32", change(_P, "rnn_beside_gru", named("rnn_to_gru_loss_after_0", 2.5), factor=0.2), NO),
    ("C32", change(_P, "rnn_beside_gru", named("rnn_to_gru_loss_after_0", 1.9, 0.1), factor=0.2), NO),
    ("C32", change(_P, "rnn_beside_gru", named("rnn_to_gru_loss_after_0", 1.5, 0.4), factor=0.2), OPEN),
]


@pytest.mark.parametrize(("id", "changed", "verdict"), DECIDING)
def test_what_decides(id: str, changed: Callable[[Found], None], verdict: str) -> None:
    found = copy.deepcopy(ALL)
    changed(found)
    result = judged(found, id)
    assert (result.verdict, result.missing) == (verdict, None)


def test_every_claim_has_a_case_that_refutes_it_and_one_that_leaves_it_open() -> None:
    assert {(id, verdict) for id, _, verdict in DECIDING} >= set(itertools.product(INSIDE, (NO, OPEN)))


ALL = summaries()


def test_protocols_that_disagree_are_told_in_the_ledger() -> None:
    against = {id: changed for id, changed, verdict in DECIDING if verdict == NO and id in ("C12", "C29")}
    found = copy.deepcopy(ALL)
    for changed in against.values():
        changed(found)
    verdicts = {entry.claim.id: entry.verdict for entry in ledger({"adopted": ALL, "batch_4": found})}
    assert {id: verdicts[id] for id in INSIDE} == {id: DEPENDS if id in against else YES for id in INSIDE}


@pytest.mark.parametrize("id", INSIDE)
def test_all_hold_in_the_made_up_summaries(id: str) -> None:
    result = judged(ALL, id)
    assert (result.verdict, result.missing) == (YES, None)


@pytest.mark.parametrize(("members", "draws"), [(20, 10), (1000, 9)])
def test_few_networks_or_draws_decide_nothing(members: int, draws: int) -> None:
    entries = ledger({"adopted": summaries(members, draws)})
    mine = {entry.claim.id: entry.judged["adopted"] for entry in entries if entry.claim.id in INSIDE}
    if members < 1000:  # random settings are not networks
        del mine["C26"], mine["C27"]
    assert {part.verdict for each in mine.values() for part in each.parts} == {OPEN}
    assert {each.verdict for each in mine.values()} == {OPEN}


@pytest.mark.parametrize(("id", "step"), [("C29", _U), ("C30", _P), ("C31", _P), ("C32", _P)])
def test_no_network_found_leaves_a_claim_open(id: str, step: str) -> None:
    found = copy.deepcopy(ALL)
    change(step, "networks", {"networks": 0}, trained="FirstI", architecture="rnn_2x4")(found)
    for table in set(found[step]) - {"networks"}:  # such networks have no rows
        lacking = {"architecture": "rnn_2x4"}, {"shape": "2x4"}
        found[step][table] = [
            r
            for r in found[step][table]
            if r["trained"] != "FirstI" or not any(some.items() <= r.items() for some in lacking)
        ]
    entry = next(entry for entry in ledger({"adopted": found}) if entry.claim.id == id)
    assert entry.verdict == OPEN and entry.judged["adopted"].missing is None
    assert entry.unstopped is not None and entry.unstopped.verdict == YES


@pytest.mark.parametrize("id", INSIDE)
def test_what_is_missing_is_named(id: str) -> None:
    for step in TESTS[id].steps:
        if step in ("data_sets", "capacity_4x2") or step.startswith("rare_settings"):
            continue  # which stand in for capacity and the landscape
        found = {name: summary for name, summary in ALL.items() if name != step}
        missing = judged(found, id).missing
        assert missing is not None and missing.startswith(step)
        missing = judged(ALL | {step: {}}, id).missing
        assert missing is not None and missing.startswith(step)


def test_fewer_epochs_or_no_success_are_told_and_decide_nothing() -> None:
    found = copy.deepcopy(ALL)
    for of in found[_P]["recovery"]:
        for end in ("estimate", "low", "high"):
            of[f"accuracy_after_4_{end}"] = of.pop(f"accuracy_after_30_{end}")
    here = judged(found, "C30")
    assert here.verdict == OPEN and all("4 epochs after" in part.evidence.what for part in here.parts)
    whole = judged(ALL, "C30")
    assert [p.evidence.effect.estimate for p in here.parts] == [p.evidence.effect.estimate for p in whole.parts]
    found = copy.deepcopy(ALL)
    for of in found[_F]["shares"]:
        of["group"] = "below 70 %"
    for id in ("C16", "C17"):
        here = judged(found, id)
        assert here.verdict == OPEN and here.missing is None
        assert 0 in {part.evidence.members for part in here.parts}


def test_networks_of_section_4_2_2_are_the_step_s_that_has_more() -> None:
    few = copy.deepcopy(ALL)
    for condition in few["capacity"]["conditions"].values():
        condition["accuracy"] = [of_draw[:2] for of_draw in condition["accuracy"][:1]]
    assert judged(few, "C28").verdict == OPEN

    def told(found: Found) -> list[tuple[Evidence, str]]:  # intervals are stretched for as many parts as there are
        return [(part.evidence, part.verdict) for part in judged(found, "C28").parts]

    for others in (few, {step: summary for step, summary in ALL.items() if step != "capacity"}):
        assert told(others | {"data_sets": ALL["capacity"]}) == told(ALL)
        assert told(ALL | {"data_sets": few["capacity"]}) == told(ALL)


def of_draws(found: Found, step: str, shapes: Sequence[str]) -> dict[str, Any]:
    """The summary of a step that climbed, of these shapes alone."""
    return {
        **found[step],
        "tails": [row for row in found[step]["tails"] if row["architecture"].partition("_")[2] in shapes],
    }


def test_further_draws_of_rare_settings_follow_the_first_and_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims_landscape, "_FIRST_DRAW", dict(zip(RARE, (0, 12, 18), strict=True)))
    found = copy.deepcopy(ALL)
    rarely(1e-6, 1e-6, draws=30)(found)
    every = found["rare_settings"]["tails"]

    def cut(first: int, last: int, shapes: Sequence[str]) -> dict[str, Any]:
        tails = of_draws(found, "rare_settings", shapes)["tails"]
        named = [row | {name: row[name][first:last] for name in ("rates", "bounds")} for row in tails]
        return {"particles": 1000, "tails": named}

    parts = dict(zip(RARE, (cut(0, 12, SHAPES), cut(12, 18, SHAPES), cut(18, 30, ["4x2"])), strict=True))
    whole = rare_settings(ALL | parts)
    assert whole is not None and whole["particles"] == 1000
    for line, mine in zip(every, whole["tails"], strict=True):
        draws = 30 if line["architecture"].endswith("4x2") else 18
        assert mine["rates"] == line["rates"][:draws] and mine["bounds"] == line["bounds"][:draws]
    gap = rare_settings(ALL | {step: parts[step] for step in (RARE[0], RARE[2])})
    assert gap is not None and {len(row["rates"]) for row in gap["tails"]} == {12}  # the 19th does not follow the 12th
    assert rare_settings(ALL) is None


def test_each_shape_has_the_networks_that_have_its_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims_landscape, "_FIRST_DRAW", dict(zip(RARE, (0, 10, 10), strict=True)))
    found = copy.deepcopy(ALL)
    rarely(1e-6, 1e-6, draws=30)(found)
    more = of_draws(found, "rare_settings", ["4x2"])
    rarely(1e-6, 1e-6, draws=10)(found)
    found["rare_settings_4x2"] = more | {
        "tails": [row | {name: row[name][10:] for name in ("rates", "bounds")} for row in more["tails"]]
    }
    conditions = found["capacity"]["conditions"]
    trained = {f"FirstI/{cell}_4x2": conditions[f"FirstI/{cell}_4x2"]["accuracy"] for cell in ("rnn", "gru")}

    def grid(draws: int, seeds: int) -> dict[str, Any]:
        return {name: {"accuracy": [of_draw[:seeds] for of_draw in of * 3][:draws]} for name, of in trained.items()}

    found["capacity_4x2"] = {"conditions": grid(30, 40)}
    found["data_sets"] = {"conditions": conditions | grid(20, 100)}  # more networks, in fewer of the draws
    for part in TESTS["C28"].evidence(found):
        assert (part.draws, part.members) == ((30, 1200) if "4x2" in part.what else (10, 1000))
    judged_at = [line for line in density_table(found) if (line["sampler"], line["accuracy_above"]) == (HEADLINE, 0.6)]
    rows = {line["shape"]: line for line in judged_at if line["beside"] == SAME}
    assert (rows["4x2"]["random_draws"], rows["4x2"]["quotient_networks"]) == (30, 1200)
    assert (rows["2x2"]["random_draws"], rows["2x2"]["quotient_networks"]) == (10, 1000)
    found["capacity_4x2"] = {"conditions": grid(30, 30)}  # too few to decide anything
    few = [part for part in TESTS["C28"].evidence(found) if "4x2" in part.what]
    assert {(part.draws, part.members) for part in few} == {(20, 2000)}


def test_one_landscape_has_numbers_and_no_verdict() -> None:
    found = {step: summary for step, summary in ALL.items() if not step.startswith("landscape_")}
    for id in ("C26", "C27", "C28"):
        here = judged(found, id)
        assert here.verdict == OPEN and here.parts
        assert np.isfinite([part.evidence.effect.estimate for part in here.parts]).all()


def test_tests_are_of_claims_and_steps_that_there_are() -> None:
    assert set(TESTS) == set(CLAIMS)
    steps = {step.name for step in STEPS}
    for test in TESTS.values():
        assert set(test.steps) <= steps
        of_steps = [figure for figure in test.figures if figure != DENSITY_FIGURE]  # which is of several
        assert {figure.split("/")[0] for figure in of_steps} <= set(test.steps)


def test_rows_are_read_in_every_style_and_unit() -> None:
    assert ends(percent("mean", 0.5, 0.1), "mean", 100) == pytest.approx((0.5, 0.4, 0.6))
    assert ends(plain("x", 2.0, 1.0) | {"low": 7, "high": 8}, "x") == (2, 1, 3)
    assert ends(named("x", 2.0, 1.0), "x") == (2, 1, 3)
    assert ends({"x": 3.0, "x_low": None, "x_high": None}, "x") == (3, -np.inf, np.inf)
    with pytest.raises(KeyError, match="has no y"):
        ends(plain("x", 1.0), "y")
    with pytest.raises(KeyError, match="perturbation: recovery, factor=7"):
        row(ALL, _P, "recovery", factor=7)


def test_no_interval_of_few_networks_is_believed() -> None:
    assert of_networks("x", Interval(1, 0.99, 1.01), 29, 10).effect == (1, -np.inf, np.inf)
    assert of_networks("x", Interval(1, 0.99, 1.01), 30, 10).effect == (1, 0.99, 1.01)


def test_numbers_that_a_protocol_shares_are_no_repetition() -> None:
    changed = copy.deepcopy(ALL)
    change(_F, "correlations", named("pearson", 0.3), data="CountII", cell="rnn")(changed)
    entries = {entry.claim.id: entry for entry in ledger({"adopted": ALL, "other": changed, "lacking": {}})}
    assert set(entries["C18"].judged) == {"adopted", "other", "lacking"}
    assert set(entries["C26"].judged) == {"adopted", "lacking"} and entries["C26"].judged["lacking"].missing
    assert set(entries["C17"].judged) == {"adopted", "lacking"} and entries["C17"].verdict == YES


def test_groups_that_claims_speak_of_are_those_that_experiments_make() -> None:
    config = get_config()
    made = success_groups.groups(config, "vector_field", np.zeros((1, 1)))
    assert {claims_states._SUCCESS, claims_states._FAILURE} <= set(made)
    assert claims_states.ABOVE == config.noise_robustness.above
    assert claims_words.NULL == config.word_projection.null_below
    assert claims_words.LINE == config.word_projection.line_above
    assert word_projection_tables.SUCCESSES == f"above {100 * word_projection._SUCCESS:g} %"
