"""What a reproduction ends with: the ledger of claims and the report, from the summaries of its steps."""

import io
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments import density_figure, report, reporting
from experiments.claims import Found
from experiments.claims_landscape import density_table
from experiments.ledger import Entry, Judged, ledger, parts_table
from experiments.programme import ADOPTED, PRESETS, PROTOCOLS, STEPS, Job, is_same
from experiments.report_images import small_png
from rnnjax import plotting, results
from rnnjax.errors import UserError, one_of

_OF_STATUS = "error", "seconds", "command", "preset"  # what status.json has of each step
# Fields that configs of what is shipped did not have yet, and what they stand for there: it is what was always done.
_ADDED: Mapping[str, Mapping[str, Any]] = {
    "rnn_from_gru": {"input_weights": ["random", "copied"]},
    "gru_from_rnn": {"input_weights": ["random", "copied"]},
    "separability": {"margin_draws": 0},
}
_LATER = ("rare_settings",)  # experiments that configs of what is shipped did not have yet
# Fields that decide no number; of epochs_per_call and enough only configs of what is shipped know.
_NO_NUMBER = {"training": ("epochs_per_call", "members_per_call"), "noise_robustness": ("enough",)}


def conclude(workdir: Path, status: Mapping[str, Mapping[str, Any]]) -> list[Entry]:
    """Write ledger.json, ledger.csv and the report; the ledger.

    Args:
        workdir: of a reproduction, or a published one, where presets may differ from step to step.
        status: its status.json.
    """
    found = summaries(workdir)
    entries = ledger(found)
    results.write_json(workdir / "ledger.json", _as_json(entries))
    results.write_text(workdir / report.LEDGER_TABLE, reporting.to_csv(parts_table(entries)))
    rows = _density_rows(found[ADOPTED])
    results.write_text(workdir / report.DENSITY_TABLE, reporting.to_csv(rows) if rows else "")
    _draw(rows, workdir / report.DENSITY_FIGURE)
    report.write(workdir, status, entries, rows)
    return entries


def summaries(workdir: Path) -> dict[str, Found]:
    """summary.json of every step that has one, undamaged, by protocol; the adopted protocol first.

    A protocol that was run at all has the adopted one's numbers where they are the same.
    """
    found = {protocol: _of_protocol(workdir, protocol) for protocol in PROTOCOLS}
    adopted = found[ADOPTED]
    return {
        protocol: {**_shared(adopted, protocol), **own} for protocol, own in found.items() if own or protocol == ADOPTED
    }


def _density_rows(found: Found) -> list[dict[str, Any]]:
    """The table of C28, or none where what it needs is not there."""
    try:
        return density_table(found)
    except KeyError:
        return []


def _draw(rows: reporting.Rows, path: Path) -> None:
    """C28's figure, or none where there is nothing to show."""
    if made := density_figure.figure(rows):
        drawn = io.BytesIO()
        made.savefig(drawn, format="png", dpi=plotting.resolution())
        with results.atomic_write(path) as file:
            file.write(small_png(drawn))
    else:
        path.unlink(missing_ok=True)


def _as_json(entries: list[Entry]) -> list[dict[str, Any]]:
    """The ledger for ledger.json."""
    return [
        {
            "id": entry.claim.id,
            "verdict": entry.verdict,
            "steps": entry.test.steps,
            "figures": entry.test.figures,
            "by_protocol": {name: _judged(judged) for name, judged in entry.judged.items()},
            "without_early_stop": entry.unstopped and _judged(entry.unstopped),
            "with_as_many_parameters": entry.matched and _judged(entry.matched),
        }
        for entry in entries
    ]


def unreadable(workdir: Path, status: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Steps that are done by status.json, but of which nothing usable is left: what is wrong with each."""
    found = {}
    for name in (name for name, entry in status.items() if entry["error"] is None):
        try:
            _read_summary(workdir / name)
        except results.Damaged as error:
            found[name] = f"damaged: {error}"
        except OSError as error:
            found[name] = f"cannot read {error.filename or workdir / name}: {error.strerror or error}"
    return found


def read_status(workdir: Path) -> dict[str, dict[str, Any]]:
    """status.json of a reproduction or of a published one.

    Raises:
        UserError: it is none.
    """
    try:
        found = results.read_object(workdir / "status.json")
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{workdir} is no reproduction: it has no status.json") from None
    except results.Damaged as error:
        raise UserError(f"{workdir} is no reproduction: {error}") from None
    for name, entry in found.items():
        lacking = [key for key in _OF_STATUS if not isinstance(entry, dict) or key not in entry]
        if lacking:
            raise UserError(f"{workdir / 'status.json'} has no {lacking[0]} of {name}; needed: {', '.join(_OF_STATUS)}")
        one_of(f"{workdir / 'status.json'}: the preset of {name}", entry["preset"], tuple(PRESETS))
    return found


def made_by(workdir: Path) -> str:
    """What trained the networks of a reproduction, as store.engine tells it.

    Raises:
        UserError: nobody says.
    """
    path = workdir / "config.json"
    if "training" not in (found := results.read_object(path)):
        raise UserError(f"{path} has no training, which tells what trained the networks: it is of no reproduction")
    return str(found["training"])


def check_config(folder: Path, job: Job, preset: str) -> None:
    """Refuse a step whose config is not this version's.

    Raises:
        UserError: they are not.
    """
    path = folder / job.name / "config.json"
    if not same_config(results.read_object(path), job.config(preset).to_dict(), job.step.module):
        raise UserError(f"{path} is not what this version has for --preset={preset}")


def same_config(shipped: Mapping[str, Any], ours: Mapping[str, Any], module: str) -> bool:
    """Whether a config of this or an earlier version asks an experiment for what this version's does.

    It may lack the section of an experiment that came later, unless it is that one's own.
    """
    theirs = comparable(shipped)
    lacking = {name for name in _LATER if name not in theirs and name != module}
    return bool(theirs == {name: of for name, of in comparable(ours).items() if name not in lacking})


def comparable(config: Mapping[str, Any]) -> Any:
    """A config of this or an earlier version, as JSON, with this one's fields, but those that decide no number."""
    found = json.loads(json.dumps(config))
    for section, fields in _ADDED.items():
        if isinstance(own := found.get(section, {}), dict):
            found[section] = {**fields, **own}
    for section, gone in _NO_NUMBER.items():
        if isinstance(own := found.get(section), dict):
            found[section] = {name: value for name, value in own.items() if name not in gone}
    return found


def numbers_agree(workdir: Path) -> bool:
    """Whether ledger.json and the table of trainability and density are what the summaries beside them give.

    Every effect, interval, number of networks and verdict, to six digits.
    """
    found = summaries(workdir)
    rows = _density_rows(found[ADOPTED])
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch, "ledger.json")
        results.write_json(again, _as_json(ledger(found)))
        same = _rounded(results.read_json(again)) == _rounded(results.read_json(workdir / "ledger.json"))
    table = workdir / report.DENSITY_TABLE
    return same and table.is_file() and table.read_text() == (reporting.to_csv(rows) if rows else "")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return f"{value:.6g}" if isinstance(value, float) else value


def _shared(adopted: Found, protocol: str) -> Found:
    """The adopted protocol's numbers that another one has too."""
    return {step.name: adopted[step.name] for step in STEPS if step.name in adopted and is_same(step, protocol)}


def _of_protocol(workdir: Path, protocol: str) -> Found:
    found = {}
    for step in STEPS:
        try:
            found[step.name] = _read_summary(workdir / Job(step, protocol).name)
        except (OSError, results.Damaged):  # the step is shown as failed: unreadable
            continue
    return found


def _read_summary(folder: Path) -> dict[str, Any]:
    """A step's summary.json.

    Raises:
        Damaged: it is none.
        OSError: it cannot be read.
    """
    path = folder / "summary.json"
    found = results.read_object(path)
    conditions = found.get("conditions", {})
    if not (isinstance(conditions, dict) and all(isinstance(told, dict) for told in conditions.values())):
        raise results.Damaged(f"{path}: its conditions are no numbers by name")
    return found


def _judged(judged: Judged) -> dict[str, Any]:
    parts = [
        {
            **part.evidence._asdict(),
            "effect": part.evidence.effect._asdict(),
            "stretched": part.stretched and part.stretched._asdict(),
            "verdict": part.verdict,
        }
        for part in judged.parts
    ]
    return {"verdict": judged.verdict, "missing": judged.missing, "parts": parts}
