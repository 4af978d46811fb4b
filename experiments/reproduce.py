"""The whole thesis by one command: all experiments, one after the other, each in a folder of its own, and the report.

    python -m experiments.reproduce --preset=thesis

Presets: `quick` (minutes, nothing is decided by it), `thesis` (its counts, the million settings included), `full`
(1,024 networks a condition and more, several evenings). Networks that one experiment has trained serve the others.
Killed anywhere, the same command goes on; an experiment that fails does not take the others down: status.json, the
report and the exit status say so. report.html and report.md have every figure, table and claim (report_evidence.md has
what decides these); ledger.json the claims, ledger.csv every part of their evidence.

    python -m experiments.reproduce --check

computes a random sample of the shipped numbers anew (experiments/check.py) and says whether they agree.
"""

import logging
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from absl import flags
from jax.sharding import Mesh

import rnnjax
from experiments import command_line, conclusion, runner
from experiments.check import check
from experiments.drawing import Artist
from experiments.places import check_folder
from experiments.programme import PRESETS, PROTOCOLS, Job, jobs
from experiments.progress import clock
from experiments.publish import check_target, publish
from experiments.store import engine
from experiments.workdir import own_workdir
from rnnjax import plotting, results
from rnnjax.errors import UserError, in_range, one_of

_PRESET = flags.DEFINE_string("preset", None, f"How much: {', '.join(PRESETS)}.")
_ONLY = flags.DEFINE_list("only", [], "Names of steps, such as landscape,capacity; default: all.")
_PROTOCOLS = flags.DEFINE_list("protocols", [], f"Of {', '.join(PROTOCOLS)}; default: all that the preset has.")
_PUBLISH = flags.DEFINE_string("publish", None, "Copy the report and what is behind it here, such as docs/report.")
_KEEP = flags.DEFINE_bool("keep", False, "With --publish: keep the steps that are there and not in --workdir.")
_CHECK = flags.DEFINE_bool("check", False, "Compute a random sample of the numbers of --workdir anew.")
_SAMPLE = flags.DEFINE_integer("sample", 8, "How many numbers --check computes.")
_SAMPLE_SEED = flags.DEFINE_integer("sample_seed", None, "Which ones; default: others each time.")

_SHIPPED = Path("docs", "report")


class Reproduction:
    """The state of a reproduction in its directory: what is done, how long it took, what failed."""

    def __init__(self, workdir: Path, preset: str, wanted: Sequence[Job]) -> None:
        self._workdir, self._preset, self._jobs = workdir, preset, wanted
        self.status: dict[str, dict[str, Any]] = {}

    def identity(self) -> dict[str, Any]:
        """What a directory is of; another version's is refused."""
        configs = {job.name: results.digest(job.config(self._preset).to_dict()) for job in jobs(self._preset)}
        return {"preset": self._preset, "rnnjax": rnnjax.__version__, "training": engine(), "configs": configs}

    def run(self, mesh: Mesh, log: logging.Logger) -> bool:
        """The steps, then the report of all that there is; whether every step was done."""
        started = time.monotonic()
        computing, spent = 0.0, 0.0  # seconds, and what was expected of the steps that took them
        self.status = self._earlier()
        with Artist() as artist:
            for number, job in enumerate(self._jobs, 1):
                passed = time.monotonic() - started
                left = sum(map(self._cost, self._jobs[number - 1 :])) * (computing / spent if spent else 1)
                known = f", about {clock(left)} left" if spent or self._preset == "thesis" else ""
                where = f"[{number}/{len(self._jobs)}] {job.name} (section {job.step.section})"
                log.info("%s after %s%s", where, clock(passed), known)
                cost = self._cost(job)
                self._run(job, mesh, artist, log)
                if cost:
                    computing, spent = computing + time.monotonic() - started - passed, spent + cost
            for job in self._jobs:
                for problem in artist.problems(self._workdir / job.name):
                    self._note(job.name, {"error": self._told(job, problem, log)})
        broken = conclusion.unreadable(self._workdir, self.status)
        for name, lacks in broken.items():
            log.error("%s: %s; --only=%s makes it again", name, lacks, name.rpartition("/")[2])
            self._note(name, {"error": lacks})
        for entry in conclusion.conclude(self._workdir, self.status):
            missing = next(iter(entry.judged.values())).missing
            lacks = f" (missing: {missing})" if missing else ""
            log.info("%s %-24s %s%s", entry.claim.id, entry.verdict, entry.claim.says, lacks)
        log.info("report: %s", self._workdir / "report.html")
        return not broken and all(self.status[job.name]["error"] is None for job in self._jobs)

    def _cost(self, job: Job) -> float:
        """How long a step may take, in seconds of some machine; nothing where it is only drawn again."""
        before = self.status.get(job.name)
        return 0.0 if before and before["error"] is None else job.step.cost

    def _earlier(self) -> dict[str, dict[str, Any]]:
        """What earlier commands did in this directory.

        Raises:
            UserError: it cannot be read; what failed, and how long all took, would be lost.
        """
        return conclusion.read_status(self._workdir) if (self._workdir / "status.json").exists() else {}

    def _run(self, job: Job, mesh: Mesh, artist: Artist, log: logging.Logger) -> None:
        started, error, folder = time.monotonic(), None, self._workdir / job.name
        try:
            config, experiment = job.config(self._preset), job.step.experiment()
            inputs = experiment.prepare(config)
            networks = command_line.shared_networks() or self._workdir / "networks"
            here = runner.new_run(job.name, config, mesh, folder, networks, artist)
            runner.perform(experiment, here, inputs, f"preset {self._preset}")
        except Exception as problem:
            error = self._told(job, problem, log)
        seconds = round(time.monotonic() - started, 1)
        if not error and (before := self.status.get(job.name)) and before["error"] is None:
            seconds = max(seconds, before["seconds"])  # now it was only drawn again
        command = job.step.command(self._preset, job.protocol)
        self._note(job.name, {"error": error, "seconds": seconds, "command": command, "preset": self._preset})

    def _told(self, job: Job, problem: Exception, log: logging.Logger) -> str:
        """Why a step failed."""
        if isinstance(problem, UserError | results.Damaged | OSError | MemoryError):
            error, _ = command_line.explained(problem, self._workdir / job.name)
        else:  # a defect: the others go on, and it is shown
            error = f"{type(problem).__name__}: {problem}"
            log.debug("%s", "".join(traceback.format_exception(problem)))
        log.error("%s failed: %s", job.name, error)
        return error

    def _note(self, name: str, told: dict[str, Any]) -> None:
        self.status[name] = self.status.get(name, {}) | told
        results.write_json(self._workdir / "status.json", self.status)


def _reproduce(workdir: Path, preset: str | None) -> bool:
    for flag in (_SAMPLE, _SAMPLE_SEED):
        if flag.present:
            raise UserError(f"--{flag.name} is given without --check; valid: --check --{flag.name}={flag.value}")
    if preset is None:
        raise UserError(f"--preset is missing; valid: {', '.join(f'--preset={name}' for name in PRESETS)}")
    one_of("preset", preset, tuple(PRESETS))
    here, told = jobs(preset), f"--preset={preset}"
    for name in _ONLY.value:
        one_of(f"{told}: only", name, dict.fromkeys(job.step.name for job in here))
    told += f" --only={','.join(_ONLY.value)}" if _ONLY.value else ""
    here = [job for job in here if job.step.name in (_ONLY.value or [job.step.name])]
    for name in _PROTOCOLS.value:
        one_of(f"{told}: protocols", name, dict.fromkeys(job.protocol for job in here))
    wanted = [job for job in here if job.protocol in (_PROTOCOLS.value or [job.protocol])]
    if _PUBLISH.value:
        check_target(Path(_PUBLISH.value), _KEEP.value, workdir)
    elif _KEEP.value:
        raise UserError("--keep is given without --publish; valid: --publish=docs/report --keep")
    if networks := command_line.shared_networks():
        check_folder(f"--networks={networks}", networks)
    runner.begin()
    if preset == "quick":
        plotting.be_coarse()
    reproduction, mesh = Reproduction(workdir, preset, wanted), runner.make_mesh()
    log = runner.new_log("reproduce")
    with own_workdir(workdir, reproduction.identity()), runner.log_to(workdir / "log.txt", log):
        done = reproduction.run(mesh, log)
        if _PUBLISH.value:
            files = publish(workdir, Path(_PUBLISH.value), reproduction.status, _KEEP.value)
            size = sum(path.stat().st_size for path in files) / 1e6
            log.info("%d files, %.1f MB, are in %s", len(files), size, _PUBLISH.value)
    return done


def _check(shipped: Path) -> bool:
    """Whether all of the sample agrees.

    Raises:
        UserError: a file of the report is missing.
    """
    for name in (*(flag.name for flag in (_PRESET, _ONLY, _PROTOCOLS, _PUBLISH, _KEEP)), "networks"):
        if flags.FLAGS[name].present:
            raise UserError(f"--{name} has no part in --check; valid: --workdir, --sample, --sample_seed")
    in_range("sample", _SAMPLE.value, 1, 10**6)
    in_range("sample_seed", _SAMPLE_SEED.value or 0, 0, 2**32 - 1)
    try:
        return _checked(shipped)
    except FileNotFoundError as error:
        raise UserError(f"{shipped} is not a whole report: {error.filename} is missing") from None


def _checked(shipped: Path) -> bool:
    runner.begin()
    log = runner.new_log("check")
    presets = {name: entry["preset"] for name, entry in conclusion.read_status(shipped).items()}
    seed = int(np.random.default_rng().integers(2**31)) if _SAMPLE_SEED.value is None else _SAMPLE_SEED.value
    log.info("%d numbers of %s (--sample_seed=%d)", _SAMPLE.value, shipped, seed)
    if (maker := conclusion.made_by(shipped)) != engine():
        log.info("made by %s, computed again by %s: rounding may differ", maker, engine())
    done, agreed = 0, 0
    for one in check(shipped, presets, _SAMPLE.value, np.random.default_rng(seed), runner.make_mesh()):
        done, agreed = done + 1, agreed + one.agrees
        verdict = "agrees" if one.agrees else "DIFFERS"
        log.info("%s: shipped %g, again %g: %s", one.number.title, one.number.shipped, one.again, verdict)
    judged = conclusion.numbers_agree(shipped)
    log.info("%d of %d numbers agree; the ledger and its table %s", agreed, done, "agree" if judged else "DIFFER")
    return agreed == done and judged


def main() -> NoReturn:
    """Parse the command line and do it; does not return."""

    def action() -> int:
        default = _SHIPPED if _CHECK.value else Path("results", "reproduce", str(_PRESET.value))
        workdir = command_line.given_workdir() or default
        if _CHECK.value:  # of which nothing is kept
            with command_line.clear_errors():
                return 0 if _check(workdir) else 1
        with command_line.clear_errors(workdir):
            return 0 if _reproduce(workdir, _PRESET.value) else 1

    own = (flag.name for flag in (_PRESET, _ONLY, _PROTOCOLS, _PUBLISH, _KEEP, _CHECK, _SAMPLE, _SAMPLE_SEED))
    command_line.run(action, *own, "workdir", "networks", "num_devices")


if __name__ == "__main__":
    main()
