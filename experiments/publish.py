"""A reproduction at a size fit for a repository: report, figures with few colours, numbers behind them."""

import base64
import shutil
from pathlib import Path

from experiments.programme import jobs
from experiments.report_images import read_picture
from rnnjax import results
from rnnjax.errors import UserError

_OF_ALL = ("config.json", "status.json", "ledger.json", "trainability_and_density.csv", "report.html", "report.md")
_OF_A_STEP = ("config.json", "environment.json", "summary.json", "*.csv")


def check_target(target: Path) -> None:
    """Whether a report may be published there: in a new or empty folder, or over another report.

    Raises:
        UserError: it has something else in it.
    """
    if target.exists() and any(target.iterdir()) and not (target / "ledger.json").exists():
        raise UserError(f"{target} has other files than a published report; valid: a new folder, or such a report's")


def publish(workdir: Path, target: Path, preset: str) -> list[Path]:
    """Copy what readers need, and what --check needs; the files that are now there.

    Args:
        workdir: of a reproduction.
        target: a folder, such as docs/report; what an earlier reproduction left there goes.
        preset: of the reproduction.

    Raises:
        UserError: the target has something else in it.
    """
    check_target(target)
    results.remove_tree(target)
    target.mkdir(parents=True)
    kept = [workdir / name for name in _OF_ALL]
    for job in jobs(preset):
        folder = workdir / job.name
        kept += [path for pattern in _OF_A_STEP for path in sorted(folder.glob(pattern))]
        for path in sorted(folder.glob("*.png")):
            _write(target / job.name / path.name, _small(path))
    for path in kept:
        if path.exists():
            place = target / path.relative_to(workdir)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    return sorted(path for path in target.rglob("*") if path.is_file())


def _small(path: Path) -> bytes:
    return base64.b64decode(read_picture(path, path.name, "", "").uri.partition(",")[2])


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
