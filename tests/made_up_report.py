"""A reproduction's directory of tiny pictures and tables, made up, and the report that is written of it."""

from pathlib import Path
from typing import Any

from PIL import Image

from experiments import report
from experiments.claims import CLAIMS, Found, Test
from experiments.contents import THESIS
from experiments.ledger import Entry, Judged, Part
from experiments.programme import jobs
from rnnjax.results import write_json, write_text
from rnnjax.statistics import Interval
from rnnjax.verdicts import DEPENDS, INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, Evidence

FAILED, NOT_RUN = "capacity", "hessian_spectrum"
ERROR = "training.report is <b>'mean'</b> & more; valid: last, best"
WHAT = "GRU <i>minus</i> RNN & | rest"
UNKNOWN = "figure_nobody_wrote_of.png"
FIGURES = ("separability/figure_4_2.png", "capacity/figure_4_6.png", "update_cosine/figure_4_21_bands.png")
TABLE = (
    "cell,networks,thesis,gain_estimate,gain_low,gain_high\nrnn <4>,100,76.87,-3.5776,-6.84281,inf\ngru,60,,5.5,3,7.8\n"
)
VERDICTS = REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, DEPENDS


def make(workdir: Path) -> None:
    """The directory and its report: one step failed and left nothing, one was not run, one picture is damaged."""
    for item in THESIS:
        if item.step != FAILED:
            for file in (item.file, *item.tables):
                leave(workdir / item.step / file)
    leave(workdir / "update_cosine" / "figure_4_21_bands.png")
    leave(workdir / "separability" / UNKNOWN)
    (workdir / "separability" / "figure_4_3.png").write_bytes(b"no picture")
    for job in jobs("quick"):
        if job.name not in (FAILED, NOT_RUN):
            _environment(workdir / job.name)
    settings = (("uniform:1", "2x2"), ("uniform:1", "4x4"), ("normal:1", "2x2"))
    density: list[dict[str, Any]] = [{"sampler": sampler, "shape": shape} for sampler, shape in settings]
    density[0] |= {"gru_estimate": 0.25, "gru_low": 0.125, "gru_high": 0.5}
    for table in (report.LEDGER_TABLE, report.DENSITY_TABLE):
        leave(workdir / table)
    report.write(workdir, status(), entries(), density)


def status() -> dict[str, dict[str, Any]]:
    """Of every step but the one that was not run."""
    return {
        job.name: {
            "error": ERROR if job.name == FAILED else None,
            "seconds": 61.0,
            "command": job.step.command("quick", job.protocol),
            "preset": "quick",
        }
        for job in jobs("quick")
        if job.name != NOT_RUN
    }


def entries() -> list[Entry]:
    """A claim each, with all verdicts in turn; the last claim has no test."""
    return [_entry(id, VERDICTS[number % 4]) for number, id in enumerate(sorted(CLAIMS)[:-1])]


def leave(path: Path) -> None:
    """A tiny picture or table."""
    if path.suffix == ".csv":
        write_text(path, TABLE)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (24, 16), (200, 90, 0)).save(path)


def _entry(id: str, verdict: str) -> Entry:
    test = Test("the difference is above 0.05 & <certain>", ("capacity", "separability"), FIGURES, _no_evidence)
    by_protocol = {"adopted": _judged(verdict)}
    if verdict == DEPENDS:
        by_protocol = {"adopted": _judged(REPRODUCED), "batches of 16": _judged(NOT_REPRODUCED)}
    unstopped = Judged([], INCONCLUSIVE, "capacity: FirstI/unstopped") if id in ("C04", "C05") else None
    return Entry(CLAIMS[id], test, by_protocol, unstopped, None, verdict)


def _judged(verdict: str) -> Judged:
    """The second of two parts decides where the claim is not reproduced."""
    one = Evidence("all of it", Interval(0.3, 0.2, 0.4), above=0.05, members=1200, draws=10)
    other = Evidence(WHAT, Interval(-0.123, -0.2, float("inf")), above=-0.5, below=0.5, members=4567, draws=12)
    return Judged([Part(one, REPRODUCED), Part(other, verdict)], verdict, None)


def _no_evidence(_: Found) -> list[Evidence]:
    raise AssertionError("the report makes no evidence")


def _environment(folder: Path) -> None:
    write_json(folder / "config.json", {"seed": 3, "data": {"seed": 5, "embedding_seed": 7}, "step": folder.name})
    session = {"ended": "2020-06-30T12:00:00+00:00", "python": "3.11.0", "rnnjax": "0.1.0", "packages": {"jax": "9.9"}}
    write_json(
        folder / "environment.json",
        {"sessions": [session | {"revision": "0" * 40, "devices": "2 x cpu", "processor": "slow", "platform": "old"}]},
    )
