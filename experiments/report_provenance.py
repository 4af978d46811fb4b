"""Where the report's numbers come from: of every step its state, config, seeds, versions and revision."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from experiments.programme import Job
from rnnjax.results import Damaged, digest, read_object

DONE, FAILED, MISSING = "done", "failed", "not run"
_UNKNOWN = "not recorded"


class Provenance(NamedTuple):
    """A step's run."""

    name: str  # its folder
    step: str
    anchor: str
    section: str
    state: str  # DONE, FAILED or MISSING
    error: str
    command: str
    seconds: str  # of the longest run of this step: others found what was there
    config: str  # path of its config.json, empty without one
    digest: str
    seeds: list[tuple[str, str]]  # field and value
    ended: str  # of the last session
    machine: str  # of the longest session, which computed most, as versions and revision
    versions: str
    revision: str
    did: str  # what that session did, if it did not train or measure all
    later: list[tuple[str, str]]  # revisions of sessions after that one, and what each did
    sessions: int


class Overview(NamedTuple):
    """What the steps have in common; several values where they differ."""

    ended: str
    duration: str
    machine: str
    versions: str
    revision: str


def provenance(workdir: Path, status: Mapping[str, Mapping[str, Any]], job: Job, preset: str) -> Provenance:
    """Of one step under one protocol, whatever there is of it.

    Args:
        workdir: of the reproduction.
        status: its status.json.
        job: the step and its protocol.
        preset: whose command is told of a step that was not run.
    """
    entry, config = status.get(job.name), _read(workdir / job.name / "config.json")
    sessions = _sessions(workdir / job.name / "environment.json")
    last = sessions[-1]
    longest = max(sessions, key=lambda session: float(session.get("seconds", {}).get("total", 0)))
    return Provenance(
        name=job.name,
        step=job.step.name,
        anchor=step_anchor(job.name),
        section=job.step.section,
        state=MISSING if entry is None else FAILED if entry.get("error") else DONE,
        error=" ".join(str((entry or {}).get("error") or "").split()),
        command=str((entry or {}).get("command") or job.step.command(preset, job.protocol)),
        seconds=duration(entry["seconds"]) if entry and "seconds" in entry else _UNKNOWN,
        config=f"{job.name}/config.json" if config else "",
        digest=digest(config) if config else _UNKNOWN,
        seeds=[(name, str(value)) for name, value in _seeds(config)],
        ended=str(last.get("ended", _UNKNOWN)),
        machine=_listed(longest.get("processor"), longest.get("devices"), longest.get("platform")),
        versions=_versions(longest),
        revision=str(longest.get("revision") or _UNKNOWN),
        did=str(longest.get("what") or _found(longest)),
        later=_later(sessions, longest),
        sessions=len(sessions) if last else 0,
    )


def _found(session: Mapping[str, Any]) -> str:
    """What it did not train itself."""
    networks = session.get("networks", {})
    found, trained = (int(networks.get(how, 0)) for how in ("found", "trained"))
    return f"found {found:,} of {found + trained:,} networks that were trained before" if found else ""


def _later(sessions: Sequence[Mapping[str, Any]], longest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The sessions of other revisions after the longest, which went on, or drew again what was there."""
    after = sessions[sessions.index(longest) + 1 :]
    told = [(str(each.get("revision") or _UNKNOWN), str(each.get("what") or "went on or drew again")) for each in after]
    return list(dict.fromkeys(each for each in told if each[0] != longest.get("revision")))


def overview(status: Mapping[str, Mapping[str, Any]], steps: Sequence[Provenance]) -> Overview:
    """When, how long, on what and with what."""
    ended = [step.ended for step in steps if step.ended != _UNKNOWN]
    seconds = sum(entry.get("seconds", 0) for entry in status.values())
    several = (_common(getattr(step, name) for step in steps) for name in ("machine", "versions", "revision"))
    return Overview(max(ended, default=_UNKNOWN), duration(seconds), *several)


def step_anchor(name: str) -> str:
    """Where the report tells of a step's provenance, by its folder."""
    return f"step-{name.replace('/', '--')}"


def duration(seconds: float) -> str:
    """A duration as people read it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min {rest:02d} s"


def _read(path: Path) -> dict[str, Any]:
    """A JSON file's object; empty where it is missing or damaged."""
    try:
        return read_object(path)
    except (OSError, Damaged):
        return {}


def _sessions(path: Path) -> list[dict[str, Any]]:
    """Those of environment.json; one of which nothing is known where they are missing or damaged."""
    found = _read(path).get("sessions")
    whole = isinstance(found, list) and all(isinstance(session, dict) for session in found)
    return (found if whole else None) or [{}]


def _seeds(config: Mapping[str, Any], place: str = "") -> list[tuple[str, Any]]:
    """Every field from which random keys are made."""
    found = []
    for name, value in config.items():
        if isinstance(value, Mapping):
            found += _seeds(value, f"{place}{name}.")
        elif name in ("seed", "embedding_seed"):
            found.append((place + name, value))
    return found


def _versions(session: Mapping[str, Any]) -> str:
    named = {"rnnjax": session.get("rnnjax"), "Python": session.get("python"), **session.get("packages", {})}
    return _listed(*(f"{name} {version}" for name, version in named.items() if version))


def _listed(*values: Any) -> str:
    return ", ".join(str(value) for value in values if value) or _UNKNOWN


def _common(values: Any) -> str:
    different = list(dict.fromkeys(value for value in values if value != _UNKNOWN))
    return "; ".join(different[:2]) + (f"; and {len(different) - 2} more" if len(different) > 2 else "") or _UNKNOWN
