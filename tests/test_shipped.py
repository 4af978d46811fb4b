"""What is shipped: README's summary is the ledger's, which the shipped numbers give; links lead somewhere."""

import csv
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from configs.thesis import get_config
from experiments import calibration_effects, calibration_report, check, conclusion, reporting
from experiments.calibration_ranking import in_report, rank, rank_finalists
from experiments.ledger import TESTS
from experiments.programme import PROTOCOLS, looks
from experiments.report import FILES
from experiments.report_ledger import counts, shown_claims
from rnnjax import members, results

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "docs" / "report"
FIELDS = ("reading", "report", "batch_size", "margin", "scale", "stop_share")


def test_readme_has_the_verdicts_of_the_shipped_ledger() -> None:
    ledger = json.loads((SHIPPED / "ledger.json").read_text())
    shipped = Counter(row["verdict"] for row in ledger)
    told = re.findall(r"^\| ([a-z ]+) \| (\d+)([^|]*)\|$", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    verdicts = [badge.text for badge, _ in counts(shown_claims([], [])) if badge.text != "not judged"]
    assert [name for name, *_ in told] == verdicts
    assert {name: int(number) for name, number, _ in told} == {name: shipped[name] for name in verdicts}
    for name, _, claims in told:
        assert re.findall(r"C\d\d", claims) == [row["id"] for row in ledger if row["verdict"] == name]


def test_readme_counts_the_parts_of_the_shipped_ledger() -> None:
    ledger = json.loads((SHIPPED / "ledger.json").read_text())
    judged = [
        [*row["by_protocol"].values(), row["without_early_stop"], row["with_as_many_parameters"]] for row in ledger
    ]
    numbers = [sum(len(each["parts"]) for each in row if each) for row in judged]
    times = [looks(TESTS[row["id"]].steps) for row in ledger]
    told = f"for {np.dot(numbers, times):,} looks at {sum(numbers):,} parts of evidence"
    assert told in (ROOT / "README.md").read_text()


def test_the_ledger_as_a_table_has_every_part_with_its_verdict() -> None:
    with (SHIPPED / "ledger.csv").open() as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    expected = []
    for entry in json.loads((SHIPPED / "ledger.json").read_text()):
        controls = {
            "without early stop": entry["without_early_stop"], "as many parameters": entry["with_as_many_parameters"],
        }  # fmt: skip
        for under, judged in (entry["by_protocol"] | controls).items():
            for part in judged["parts"] if judged else []:
                stretched = part["stretched"] or {"low": None, "high": None}
                ends = (*part["effect"].values(), stretched["low"], stretched["high"], part["above"], part["below"])
                numbers = [f"{end:.6g}" if isinstance(end, float) else str(end) for end in ends]
                counted = str(part["members"]), str(part["draws"])
                expected.append((entry["id"], under, part["what"], *numbers, *counted, part["verdict"]))
    unknown = dict.fromkeys(("", "nan", "inf", "-inf"), "None")  # JSON has none of these
    assert [(*row[:3], *(unknown.get(value, value) for value in row[3:])) for row in rows] == expected


def anchors(text: str) -> set[str]:
    """GitHub's: small letters, blanks as dashes, no punctuation."""
    heads = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", ["README.md", "docs/findings.md"])
def test_what_a_document_points_at_is_there(name: str) -> None:
    document = ROOT / name
    links = re.findall(r"\]\((?!http)([^)]+)\)", document.read_text())
    assert len(links) > 3
    for link in links:
        file, _, anchor = link.partition("#")
        target = document.parent / file if file else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".md")])
def test_the_markdown_is_small_enough_for_github(name: str) -> None:
    """It cuts documents off at half a megabyte."""
    assert (SHIPPED / name).stat().st_size < 500_000


def test_the_shipped_ledger_is_what_the_shipped_summaries_give() -> None:
    assert conclusion.numbers_agree(SHIPPED)


def test_the_shipped_ranking_of_protocols_is_what_the_shipped_networks_give() -> None:
    folder = ROOT / "docs" / "calibration"
    config = get_config()
    assert conclusion.same_config(results.read_json(folder / "config.json"), config.to_dict(), "calibration")
    arrays = results.read_npz(folder / "result.npz")
    ranking, finalists = rank(config, arrays), rank_finalists(config, arrays)
    for name, rows in calibration_report.tables_of(arrays, ranking, finalists).items():
        assert (folder / name).read_text() == reporting.to_csv(rows), name
    possible = {tuple(row[field] for field in FIELDS) for row in results.read_json(folder / "not_ruled_out.json")}
    kept_of = [each.candidate for each in ranking if tuple(each.candidate.row()[field] for field in FIELDS) in possible]
    assert len(kept_of) == len(possible) and {in_report(candidate) for candidate in kept_of} - {""} == set(PROTOCOLS)
    with (folder / "effects_by_protocol.csv").open(newline="") as file:
        by_protocol = list(csv.DictReader(file))
    kept = [(row["reading"], row["report"], *(f"{float(row[name]):.4g}" for name in FIELDS[2:])) for row in by_protocol]
    told = {(reading, report, *(f"{value:.4g}" for value in rest)) for reading, report, *rest in possible}
    with (folder / "effects.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            name, wanted = row["effect"], row["protocols"] == "possible"
            own = [each for each, place in zip(by_protocol, kept, strict=True) if (place in told) is wanted]
            assert int(row["number"]) == len(own)
            assert int(row["above_0"]) == sum(float(each[name]) > 0 for each in own)
            assert int(row["interval_above_0"]) == sum(float(each[f"{name}_low"]) > 0 for each in own)
            assert int(row["interval_below_0"]) == sum(float(each[f"{name}_high"]) < 0 for each in own)
    some = [0, 120, 250, 383]
    measured = calibration_effects.measure([ranking[place] for place in some])
    rows = calibration_effects.protocol_rows([ranking[place] for place in some], measured)
    shipped = (folder / "effects_by_protocol.csv").read_text().splitlines()
    for place, line in zip(some, reporting.to_csv(rows).splitlines()[1:], strict=True):
        assert shipped[place + 1].partition(",")[2] == line.partition(",")[2]


def test_every_shipped_step_is_done_and_leads_to_its_command() -> None:
    status = conclusion.read_status(SHIPPED)
    assert len(status) >= 19
    for name, entry in status.items():
        assert (
            entry["error"] is None and entry["preset"] in ("thesis", "full") and entry["command"].startswith("python")
        )
        for file in ("config.json", "environment.json", "summary.json.gz"):
            assert (SHIPPED / name / file).is_file(), f"{name} has no {file}"


def test_what_is_checked_is_drawn_from_all_that_is_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_again", lambda number, run: number.shipped)
    presets = {name: entry["preset"] for name, entry in conclusion.read_status(SHIPPED).items()}
    checked = list(check.check(SHIPPED, presets, 500, np.random.default_rng(0), members.make_mesh(1)))
    assert len(checked) == 500 and all(one.agrees for one in checked)
    assert {one.number.job.protocol for one in checked} == set(PROTOCOLS)
    assert len({one.number.job.name for one in checked}) > 0.9 * len(presets)
