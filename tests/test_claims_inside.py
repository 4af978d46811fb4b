"""Claims on what is inside networks: made-up summaries in which each is true, false and undecidable."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from experiments import claims_inside
from experiments.claims import CLAIMS
from experiments.claims_rows import ends, of_networks, row
from experiments.ledger import Judged, ledger
from experiments.programme import STEPS
from rnnjax.statistics import Interval
from rnnjax.verdicts import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED

YES, NO, OPEN = REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE
SHAPES = ("2x2", "2x4", "4x2", "4x4")
MATCHED = {"2x2": "rnn_2x4", "2x4": "rnn_2x8", "4x2": "rnn_4x4", "4x4": "rnn_4x8"}
Found = dict[str, Any]


def plain(name: str, value: float, half: float = 0.004) -> Found:
    return {name: value, f"{name}_low": value - half, f"{name}_high": value + half}


def named(name: str, value: float, half: float = 0.004) -> Found:
    return {f"{name}_estimate": value, f"{name}_low": value - half, f"{name}_high": value + half}


def percent(name: str, value: float, half: float = 0.004) -> Found:
    return {name: 100 * value, "low": 100 * (value - half), "high": 100 * (value + half)}


def words(members: int, draws: int) -> Found:
    where: Found
    good = {"stop_norm": (0.9, 0.0), "singular_ratio": (0.1, -0.2), "hidden_axis": (0.98, 0.1)}
    good |= {"logits_axis": (0.99, 0.1), "hidden_separation": (0.5, 0.1), "logits_separation": (0.5, 0.1)}
    rows = []
    for cell in ("rnn", "gru"):
        where = {"data": "CountI", "cell": cell, "gate": "candidate", "group": "all"}
        for measure, (trained, change) in good.items():
            rows.append(where | {"measure": measure, "networks": members, "draws": draws})
            rows[-1] |= plain("trained", trained) | plain("change", change)
    return {"measures": rows}


def noise(members: int, draws: int) -> Found:
    where: Found
    survival = []
    for cell in ("rnn", "gru"):
        for until, median in (("first_wrong", 16.0), ("meeting", 28.0)):
            where = {"data": "CountI", "above": 0.98, "cell": cell, "stop_words": "random", "until": until}
            survival.append(where | {"networks": members, "draws": draws} | plain("median", median, 2))
            survival[-1] |= plain("after_2000", 0.8 if cell == "gru" else 0.1)
    both = {"data": "CountI", "above": 0.98, "cell": "rnn - gru", "stop_words": 6, "networks": members}
    both |= plain("distance_over_apart", 0.4) | plain("flipped", 0.03)
    networks = {f"{cell}_4x2": {"found_by_draw": [members // 10] * draws} for cell in ("rnn", "gru")}
    return {"survival": survival, "noise": [both], "networks": {"CountI": networks}}


def field(members: int, draws: int) -> Found:
    where: Found
    counted = {"networks": members, "draws": draws}
    shares, contrasts, correlations = [], [], []
    for data, values in (
        ("CountII", {"moves": 0.98, "stop_keeps": 0.98}),
        ("FirstII", {"stop_keeps_far": 0.98, "sentiment_keeps_far": 0.98, "crosses_near": 0.7}),
    ):
        where = {"data": data, "cell": "gru"}
        for measure, value in values.items():
            shares.append(where | {"stage": "final", "group": "above 90 %", "measure": measure} | counted)
            shares[-1] |= percent("mean", value)
            contrasts.append(where | {"what": "above 90 % - others", "measure": measure, "others": members} | counted)
            contrasts[-1] |= percent("difference", 0.1)
        for cell in ("rnn", "gru"):
            where = {"data": data, "cell": cell, "words": "all", "networks": "all", "number": members}
            correlations.append(where | named("pearson", -0.3) | named("spearman", -0.2))
    conditions = {f"{d}/{c}_2x2": {"num_draws": draws} for d in ("CountII", "FirstII") for c in ("rnn", "gru")}
    return {"shares": shares, "contrasts": contrasts, "correlations": correlations, "conditions": conditions}


def path(members: int, draws: int) -> Found:
    where: Found
    compared, cosine, networks = [], [], []
    for trained, shapes in (("FirstI", ("2x4", "4x8")), ("FirstI/unstopped_0.001", ("2x4",))):
        for shape in shapes:
            where = {"trained": trained, "shape": shape, "way": "whole", "draws": draws}
            where |= {"gru_networks": members, "rnn_networks": members}
            for measure, value in (("roughness", -0.1), ("mean", 0.1)):
                ends = {"estimate": value, "low": value - 0.004, "high": value + 0.004}
                compared.append(where | {"measure": measure} | ends)
            for cell in ("rnn", "gru"):
                where = {"trained": trained, "architecture": f"{cell}_{shape}"}
                networks.append(where | {"networks": members, "draws": draws})
                cosine.append(where | {"way": "whole", "networks": members} | named("early_slope", 0.1))
    return {"gru_minus_rnn": compared, "cosine": cosine, "networks": networks}


def perturbed(members: int, draws: int) -> Found:
    where: Found
    recovery, distances, beside, networks = [], [], [], []
    for trained in ("FirstI", "FirstI/unstopped_0.001"):
        for cell in ("rnn", "gru"):
            where = {"trained": trained, "architecture": f"{cell}_2x4"}
            networks.append(where | {"networks": members, "draws": draws})
            for factor in (0.0, 0.1, 0.2, 0.5, 1.0):
                back = 0.95 if cell == "gru" or factor < 0.5 else 0.7
                recovery.append(where | {"factor": factor} | named("accuracy_after_30", 100 * back, 0.4))
                each = ({"factor": factor, "distance": d} for d in ("distance", "seen_distance", "aligned_distance"))
                distances += [where | distance | named("end_to_start", 1.1) for distance in each]
        for factor in (0.0, 0.1, 0.2, 0.5, 1.0):
            where = {"trained": trained, "shape": "2x4", "factor": factor, "draws": draws}
            where |= {"rnn_networks": members, "gru_networks": members}
            beside.append(where | named("rnn_to_gru_loss_after_0", 1.1))
    return {"recovery": recovery, "distances": distances, "rnn_beside_gru": beside, "networks": networks}


def trained(members: int, draws: int) -> Found:
    def accuracy(share: float) -> Found:
        good = round(share * members / draws)
        return {"accuracy": [[0.95] * good + [0.5] * (members // draws - good)] * draws}

    conditions: Found = {}
    for shape in SHAPES:
        conditions |= {f"FirstI/rnn_{shape}": accuracy(0.3), f"FirstI/gru_{shape}": accuracy(0.9)}
        conditions[f"FirstI/matched_gru_{shape}/{MATCHED[shape]}"] = accuracy(0.4)
    return {"conditions": conditions}


def landscape(draw: int) -> Found:
    where: Found
    above = {0.55: 1000, 0.6: 300}
    tails, boxes = [], {}
    for shape in SHAPES:
        for percents in range(55, 100, 5):
            number = above.get(percents / 100, 0)
            where = {"sampler": "pytorch:1", "shape": shape, "accuracy_above": percents / 100}
            where |= {"rnn_settings": 100_000, "gru_settings": 100_000}
            tails.append(where | {"rnn_above": number, "gru_above": number + draw % 3 * (number > 0)})
        for cell in ("rnn", "gru"):
            wider = 0.001 * draw + (0.04 if cell == "gru" and shape != "2x4" else 0)
            box = {"quartiles": [0.499, 0.5, 0.501 + 1e-4 * draw * (cell == "gru")], "num_settings": 100_000}
            boxes[f"{cell}_{shape}"] = box | {"lowest": 0.4, "best": 0.6 + wider * (cell == "gru")}
    return {"tails": tails, "samplers": {"pytorch:1": boxes}}


def summaries(members: int = 1000, draws: int = 10) -> Found:
    """In these every claim holds."""
    found = {"word_projection": words, "noise_robustness": noise, "vector_field": field}
    found |= {"update_cosine": path, "perturbation": perturbed, "capacity": trained}
    made = {step: of(members, draws) for step, of in found.items()}
    return made | {"landscape" if not draw else f"landscape_{draw}": landscape(draw) for draw in range(draws)}


def judged(found: Found, id: str) -> Judged:
    """The claim's verdict, beside others that need no other steps."""
    steps = claims_inside.TESTS[id].steps
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


def outermost(shape: str, add: float) -> Callable[[Found], None]:
    def changed(found: Found) -> None:
        for step in found:
            if step.startswith("landscape"):
                found[step]["samplers"]["pytorch:1"][f"gru_{shape}"]["best"] += add

    return changed


_W, _N, _F, _U, _P = "word_projection", "noise_robustness", "vector_field", "update_cosine", "perturbation"
_TWO = {"trained": "FirstI", "shape": "2x4"}


@pytest.mark.parametrize(
    ("id", "changed", "verdict"),
    [
        ("C11", change(_W, "measures", plain("trained", 0.05), measure="stop_norm"), NO),
        ("C11", change(_W, "measures", plain("trained", 0.15, 0.1), measure="stop_norm"), OPEN),
        ("C12", change(_W, "measures", plain("change", 0.0), measure="hidden_axis", cell="rnn"), NO),
        ("C12", change(_W, "measures", plain("change", 0.0), measure="hidden_axis", cell="gru"), YES),
        ("C12", change(_W, "measures", plain("trained", 0.9), measure="logits_axis", cell="gru"), NO),
        ("C12", change(_W, "measures", plain("trained", 0.22, 0.1), measure="singular_ratio", cell="rnn"), OPEN),
        ("C13", change(_W, "measures", plain("change", -0.3), measure="hidden_separation", cell="gru"), NO),
        ("C13", change(_W, "measures", plain("trained", 0.0), measure="logits_separation", cell="rnn"), NO),
        ("C13", change(_W, "measures", plain("change", 0.0, 0.1), measure="logits_separation", cell="rnn"), OPEN),
        ("C14", change(_N, "survival", plain("median", 50.0, 2), until="first_wrong", cell="rnn"), NO),
        ("C14", change(_N, "survival", plain("after_2000", 0.2), until="first_wrong", cell="gru"), NO),
        ("C14", change(_N, "survival", plain("median", 28.0, 20), until="meeting", cell="rnn"), OPEN),
        ("C14", change(_N, "survival", {"median_high": None}, until="meeting", cell="rnn"), OPEN),
        ("C15", change(_N, "noise", plain("distance_over_apart", 0.02)), NO),
        ("C15", change(_N, "noise", plain("flipped", 0.0)), OPEN),
        ("C16", change(_F, "shares", percent("mean", 0.66), measure="stop_keeps"), NO),
        ("C16", change(_F, "contrasts", percent("difference", 0.0), measure="moves"), OPEN),
        ("C16", lambda found: found[_F]["contrasts"].clear(), OPEN),
        ("C17", change(_F, "shares", percent("mean", 0.3), measure="crosses_near"), NO),
        ("C17", change(_F, "shares", percent("mean", 0.95, 0.02), measure="sentiment_keeps_far"), OPEN),
        ("C18", change(_F, "correlations", named("pearson", 0.3), data="CountII", cell="rnn"), NO),
        ("C18", change(_F, "correlations", named("spearman", 0.0), data="FirstII", cell="gru"), OPEN),
        ("C26", counts("gru", 10), NO),
        ("C26", counts("rnn", 2), OPEN),
        ("C26", counts("rnn", 1.2), YES),
        ("C27", outermost("4x4", -0.2), NO),
        ("C27", outermost("2x4", 0.2), NO),
        ("C27", outermost("2x2", -0.045), OPEN),
        ("C28", counts("gru", 10), NO),  # successes are as frequent as solutions explain
        ("C28", counts("gru", 0.1), YES),
        ("C28", counts("gru", 0), OPEN),
        ("C28", counts("rnn", 0), NO),  # training adds more to an RNN
        ("C28", counts("gru", 2.2), OPEN),
        ("C28", shares("rnn_2x4", 95), NO),
        ("C28", shares("matched_gru_4x4/rnn_4x8", 95), NO),
        ("C28", shares("matched_gru_4x4/rnn_4x8", 90), OPEN),
        ("C29", change(_U, "gru_minus_rnn", {"low": 0.08, "high": 0.12, "estimate": 0.1}, measure="roughness"), NO),
        ("C29", change(_U, "cosine", named("early_slope", -0.03), architecture="gru_4x8"), NO),
        ("C29", change(_U, "cosine", named("early_slope", -0.03), architecture="rnn_4x8"), YES),
        ("C29", change(_U, "gru_minus_rnn", {"low": -0.1}, measure="mean", **_TWO), OPEN),
        ("C29", change(_U, "gru_minus_rnn", {"rnn_networks": 2}, measure="mean", **_TWO), OPEN),
        ("C30", change(_P, "recovery", named("accuracy_after_30", 70.0, 1), architecture="gru_2x4", factor=1.0), NO),
        ("C30", change(_P, "recovery", named("accuracy_after_30", 95.0, 1), architecture="rnn_2x4", factor=1.0), NO),
        ("C30", change(_P, "recovery", named("accuracy_after_30", 88.0, 1), architecture="rnn_2x4", factor=1.0), OPEN),
        ("C30", change(_P, "recovery", named("accuracy_after_30", 70.0, 1), trained="FirstI/unstopped_0.001"), YES),
        ("C31", change(_P, "distances", named("end_to_start", 0.1), distance="aligned_distance", factor=0.1), NO),
        ("C31", change(_P, "distances", named("end_to_start", 0.5, 0.1), distance="distance", factor=1.0), OPEN),
        ("C32", change(_P, "rnn_beside_gru", named("rnn_to_gru_loss_after_0", 2.5), factor=0.2), NO),
        ("C32", change(_P, "rnn_beside_gru", named("rnn_to_gru_loss_after_0", 2.0, 0.4), factor=0.2), OPEN),
    ],
)
def test_what_decides(id: str, changed: Callable[[Found], None], verdict: str) -> None:
    found = copy.deepcopy(ALL)
    changed(found)
    result = judged(found, id)
    assert (result.verdict, result.missing) == (verdict, None)


ALL = summaries()


@pytest.mark.parametrize("id", sorted(claims_inside.TESTS))
def test_all_hold_in_the_made_up_summaries(id: str) -> None:
    result = judged(ALL, id)
    assert (result.verdict, result.missing) == (YES, None)


@pytest.mark.parametrize(("members", "draws"), [(20, 10), (1000, 9)])
def test_few_networks_or_draws_decide_nothing(members: int, draws: int) -> None:
    entries = ledger({"adopted": summaries(members, draws)})
    mine = {entry.claim.id: entry.judged["adopted"] for entry in entries if entry.claim.id in claims_inside.TESTS}
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


@pytest.mark.parametrize("id", sorted(claims_inside.TESTS))
def test_what_is_missing_is_named(id: str) -> None:
    for step in claims_inside.TESTS[id].steps:
        found = {name: summary for name, summary in ALL.items() if name != step}
        missing = judged(found, id).missing
        assert missing is not None and missing.startswith(step)
        missing = judged(ALL | {step: {}}, id).missing
        assert missing is not None and missing.startswith(step)


def test_one_landscape_has_numbers_and_no_verdict() -> None:
    found = {step: summary for step, summary in ALL.items() if not step.startswith("landscape_")}
    for id in ("C26", "C27", "C28"):
        here = judged(found, id)
        assert here.verdict == OPEN and here.parts
        assert np.isfinite([part.evidence.effect.estimate for part in here.parts]).all()


def test_tests_are_of_claims_and_steps_that_there_are() -> None:
    inside = {f"C{number}" for number in (*range(11, 19), *range(26, 33))}
    assert set(claims_inside.TESTS) == inside <= set(CLAIMS)
    steps = {step.name for step in STEPS}
    for test in claims_inside.TESTS.values():
        assert set(test.steps) <= steps
        assert {figure.split("/")[0] for figure in test.figures} <= set(test.steps)


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
