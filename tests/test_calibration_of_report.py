"""The printed numbers' likelihoods under the protocols of a report: against calibration's own way to them."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forked import ROOT, python

from experiments import calibration_report
from experiments.calibration_candidates import FITTED, Candidate, Setting
from experiments.calibration_of_report import fit_rows, rows
from experiments.calibration_ranking import FRESH, Ranked
from experiments.calibration_scores import fit, predictions
from rnnjax import likelihood

DRAWS, SEEDS = 12, 40
XOR = [f"{cell}_{shape}" for shape in ("2x2", "4x2", "2x4", "4x4") for cell in ("rnn", "gru")]


def summaries(seed: int) -> dict[str, Any]:
    """Random accuracies of all that is needed, whole thousandths."""
    rng = np.random.default_rng(seed)

    def some(*names: str) -> dict[str, Any]:
        return {name: {"accuracy": rng.integers(480, 1001, (DRAWS, SEEDS)) / 1000} for name in names}

    two = "CountII", "FirstII"
    frozen = (f"{data}/{'frozen/' if still else ''}{name}" for data, name, still in FITTED)
    return {
        "frozen_recurrent": {"conditions": some(*frozen)},
        "rnn_from_gru": {
            "conditions": some(*(f"{d}/{n}" for d in two for n in ("gru_2x4", "input_weights_random/rnn_2x4")))
        },
        "gru_from_rnn": {
            "conditions": some(*(f"{d}/{n}" for d in two for n in ("rnn_2x4", "input_weights_random/gru_2x4")))
        },
        "data_sets": {"conditions": some(*(f"XorI/{name}" for name in XOR))},
    }


def test_numbers_are_those_that_calibration_has_of_a_finalist() -> None:
    found = {"adopted": summaries(0), "other": summaries(1)}
    table = {(row["protocol"], row["draws"]): row for row in rows(found)}
    assert len(table) == 2 * 3
    for protocol, of in found.items():
        get = {step: summary["conditions"] for step, summary in of.items()}
        fitted = np.array(
            [get["frozen_recurrent"][f"{d}/{'frozen/' if still else ''}{n}"]["accuracy"] for d, n, still in FITTED]
        )
        candidate = Candidate(Setting(2, 1, 1, 0.6), "epoch/best", "last")
        arrays = {f"xor {name}": get["data_sets"][f"XorI/{name}"]["accuracy"] for name in XOR}
        for data in ("CountII", "FirstII"):
            arrays[f"{data} gru"] = get["rnn_from_gru"][f"{data}/gru_2x4"]["accuracy"]
            arrays[f"{data} rnn"] = get["gru_from_rnn"][f"{data}/rnn_2x4"]["accuracy"]
            for cell, donor in (("rnn", "gru"), ("gru", "rnn")):
                name = f"{data}/input_weights_random/{cell}_2x4"
                arrays[f"{data} {cell}_from_{donor}"] = get[f"{cell}_from_{donor}"][name]["accuracy"]
        finalist = Ranked(candidate, fitted, fit(fitted), (0, 0, 0))
        theirs = calibration_report._held_out({f"{FRESH}{candidate.name}/{k}": v for k, v in arrays.items()}, finalist)
        assert [{"protocol": protocol} | row for row in predictions(fitted)] == [
            row for row in fit_rows(found) if row["protocol"] == protocol
        ]
        ours = table[protocol, "all"]
        assert ours["fitted"] == pytest.approx(finalist.fit) and ours["num_draws"] == DRAWS
        assert ours["tables"] == pytest.approx(theirs["tables"])
        for name in theirs:
            assert not name.startswith("XorI") or ours[name] == pytest.approx(theirs[name])
        # What chooses and what is held out, multiplied: the one's mean times the other's, weighted by the one.
        assert ours["both"] == pytest.approx(ours["fitted"] + ours["tables"])
        first = likelihood.marginal(finalist.logs[:10])
        assert table[protocol, "chosen on"]["fitted"] == pytest.approx(first)
        assert table[protocol, "others"]["num_draws"] == DRAWS - 10
    one, other = table["adopted", "all"], table["other", "all"]
    assert one["minus_adopted"] == one["low"] == one["high"] == 0
    assert other["minus_adopted"] == pytest.approx(other["both"] - one["both"])
    assert other["low"] <= other["minus_adopted"] <= other["high"] and other["low"] < other["high"]


def test_draws_without_donors_and_few_draws_are_no_fault() -> None:
    found = {"adopted": summaries(0), "other": summaries(1)}
    for of in found.values():
        for step in of.values():
            for condition in step["conditions"].values():
                condition["accuracy"] = condition["accuracy"][:3]
        for data in ("CountII", "FirstII"):
            of["rnn_from_gru"]["conditions"][f"{data}/gru_2x4"]["accuracy"][0] = 0.5  # no GRU of the first draw is good
    table = rows(found)
    assert [(row["protocol"], row["draws"], row["num_draws"]) for row in table] == [
        ("adopted", "all", 3),
        ("other", "all", 3),
    ]
    assert all(np.isfinite(row["both"]) for row in table) and not np.isnan([table[1]["low"], table[1]["high"]]).any()


def test_the_shipped_tables_are_those_of_the_shipped_report(tmp_path: Path) -> None:
    done = python("-m", "experiments.calibration_of_report", f"--into={tmp_path}")
    assert done.returncode == 0, done.stderr
    for name in ("protocols.csv", "protocols_fit.csv"):
        assert f"{name}:" in done.stdout
        ours, shipped = (
            list(csv.reader((place / name).read_text().splitlines()))
            for place in (tmp_path, ROOT / "docs" / "calibration")
        )
        assert len(ours) == len(shipped)
        for row, other in zip(ours, shipped, strict=True):
            assert [as_number(cell) for cell in row] == [as_number(cell) for cell in other]


def as_number(cell: str) -> Any:
    try:
        return pytest.approx(float(cell), rel=1e-4, abs=1e-6)
    except ValueError:
        return cell


def test_a_folder_without_its_numbers_is_refused_in_one_line(tmp_path: Path) -> None:
    done = python("-m", "experiments.calibration_of_report", f"--workdir={tmp_path}")
    assert done.returncode == 2
    assert f"{tmp_path} does not have all that is needed: rnn_from_gru: conditions is missing" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("--prset=quick", "unknown flag '--prset'; valid: --into, --workdir"),
        ("--num_devices=2", "unexpected argument '--num_devices'; valid: --into, --workdir"),
        ("--into=", "--into has no value; leave it out, or give one: Where to leave the tables"),
        ("--into=README.md", "--into=README.md cannot be written: README.md is a file"),
    ],
)
def test_a_bad_command_ends_in_one_line(flag: str, told: str) -> None:
    done = python("-m", "experiments.calibration_of_report", flag)
    assert done.returncode == 2 and done.stderr.startswith(f"error: {told}") and done.stderr.count("\n") == 1
