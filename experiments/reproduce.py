"""The whole thesis by one command: all experiments, one after the other, each in a folder of its own.

    python -m experiments.reproduce --preset=thesis

Presets: `quick` (minutes, nothing is decided by it), `thesis` (its counts, the million settings included), `full`
(1,000 networks a condition, several evenings). Networks that one experiment has trained serve the others. Killed
anywhere, the same command goes on; an experiment that fails does not take the others down: status.json and the exit
status say so.
"""

import logging
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from absl import app, flags

import rnnjax
from experiments import runner
from experiments.programme import PRESETS, STEPS, Step
from experiments.runner import explained
from experiments.store import engine
from rnnjax import results
from rnnjax.errors import UserError, one_of

_PRESET = flags.DEFINE_string("preset", None, f"How much: {', '.join(PRESETS)}.")


class Reproduction:
    """The state of a reproduction in its directory: what is done, how long it took, what failed."""

    def __init__(self, workdir: Path, preset: str) -> None:
        self._workdir, self._preset = workdir, preset
        self.status: dict[str, dict[str, Any]] = {}

    def identity(self) -> dict[str, Any]:
        """What a directory is of; another version's is refused."""
        configs = {step.name: results.digest(step.config(self._preset).to_dict()) for step in STEPS}
        return {"preset": self._preset, "rnnjax": rnnjax.__version__, "training": engine(), "configs": configs}

    def run(self, log: logging.Logger) -> bool:
        """All steps; whether every one was done."""
        mesh, started, spent = runner.make_mesh(), time.monotonic(), 0.0
        for number, step in enumerate(STEPS, 1):
            passed = time.monotonic() - started
            left = sum(s.cost for s in STEPS[number - 1 :]) * (passed / spent if spent else 1)
            known = f", about {_clock(left)} left" if spent or self._preset == "thesis" else ""
            log.info(
                "[%d/%d] %s (section %s) after %s%s", number, len(STEPS), step.name, step.section, _clock(passed), known
            )
            self._step(step, mesh, log)
            spent += step.cost
        return all(entry["error"] is None for entry in self.status.values())

    def _step(self, step: Step, mesh: Any, log: logging.Logger) -> None:
        started, error = time.monotonic(), None
        try:
            config, experiment = step.config(self._preset), step.experiment()
            inputs = experiment.prepare(config)
            here = runner.new_run(step.name, config, mesh, self._workdir / step.name, self._workdir / "networks")
            runner.perform(experiment, here, inputs, f"preset {self._preset}")
        except (UserError, OSError, MemoryError) as problem:
            error, _ = explained(problem, self._workdir / step.name)
        except Exception as problem:  # a defect: the others go on, and it is shown
            error = f"{type(problem).__name__}: {problem}"
            log.debug("%s", traceback.format_exc())
        if error:
            log.error("%s failed: %s", step.name, error)
        seconds = round(time.monotonic() - started, 1)
        self.status[step.name] = {"error": error, "seconds": seconds, "command": step.command(self._preset)}
        results.write_json(self._workdir / "status.json", self.status)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"


def _main(argv: list[str]) -> None:
    workdir = runner.given_workdir() or Path("results", "reproduce", str(_PRESET.value))
    with runner.clear_errors(workdir):
        if len(argv) > 1 or runner.has_config():
            raise UserError(
                f"unexpected argument {[*argv, '--config'][1]!r}; valid: --preset, --workdir, --num_devices"
            )
        one_of("preset", _PRESET.value, tuple(PRESETS))
        runner.begin()
        reproduction = Reproduction(workdir, _PRESET.value)
        with results.own_workdir(workdir, reproduction.identity()):
            done = reproduction.run(runner.new_log("reproduce"))
    sys.exit(0 if done else 1)


if __name__ == "__main__":
    app.run(_main)
