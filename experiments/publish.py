"""A reproduction at a size fit for a repository: report, figures with few colours, numbers behind them (compressed).

What is published can be added to, a few steps at a time: `--keep` leaves steps that are there already, of a smaller
preset perhaps, where the working directory has none, and the ledger and the report are made of all of them.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rnnjax
from experiments import conclusion, report
from experiments.places import check_folder
from experiments.programme import jobs_of
from experiments.report_images import small_png
from experiments.report_sections import is_repeat, shown_elsewhere
from experiments.store import engine
from rnnjax import results
from rnnjax.errors import UserError

_OF_A_STEP = ("config.json", "environment.json", "*.csv")
_SUMMARY = "summary.json"  # a sixth of its size when compressed, and nobody reads all accuracies of all networks
_TABLES = (report.LEDGER_TABLE, report.DENSITY_TABLE)
_OF_ALL = ("config.json", "status.json", "ledger.json", *report.FILES, *_TABLES, report.DENSITY_FIGURE)

Status = Mapping[str, Mapping[str, Any]]  # by job as in status.json


def check_target(target: Path, keep: bool, workdir: Path) -> None:
    """Refuse a target that is neither a new or empty folder nor another published report.

    Args:
        target: where to.
        keep: add to what is there.
        workdir: of the reproduction, which must not go with what was published before.

    Raises:
        UserError: it is the working directory or holds it, cannot be written, has something else in it, or what is to
            be kept is of another version.
    """
    here, there = workdir.resolve(), target.resolve()
    if not target.name or there in (here, *here.parents) or here in there.parents:
        raise UserError(f"--publish={target} is, holds or lies in the working directory {workdir}; valid: elsewhere")
    check_folder(f"--publish={target}", target.parent)
    if target.exists() and not target.is_dir():
        raise UserError(f"--publish={target} is a file; valid: a new folder, or a published report's")
    _put_back(target)
    _earlier(target, keep)


def publish(workdir: Path, target: Path, status: Status, keep: bool = False) -> list[Path]:
    """Copy what readers need, and what --check needs; the files that are now there.

    The new folder takes the old one's place when it is complete; after a kill the next call puts the old one back.

    Args:
        workdir: of a reproduction.
        target: a folder, such as docs/report; what an earlier reproduction left there goes.
        status: of the reproduction.
        keep: but not the steps that this one has not done.

    Raises:
        UserError: the target has something else in it, or what is to be kept is of another version.
    """
    _put_back(target)
    kept = _earlier(target, keep)
    broken = conclusion.unreadable(workdir, status)  # a folder may have been removed
    told = {name: {**entry, "error": broken.get(name, entry["error"])} for name, entry in status.items()}
    new = {name: entry for name, entry in told.items() if name not in kept or entry["error"] is None}
    both = {**kept, **new}
    wanted = [job for job in jobs_of() if job.name in both]
    ordered = {job.name: dict(both[job.name]) for job in wanted}
    ready = target.with_name(f".{target.name}.new")
    results.remove_tree(ready)
    for job in wanted:
        if job.name in new:
            _copy(workdir / job.name, ready / job.name, figures=not is_repeat(job))  # which the report does not show
        else:
            shutil.copytree(target / job.name, ready / job.name)
    again = [path for job in wanted for path in shown_elsewhere(ready / job.name, ready / job.step.module)]
    for path in again:
        path.unlink()
    results.write_json(ready / "status.json", ordered)
    results.write_json(ready / "config.json", {"rnnjax": rnnjax.__version__, "training": engine()})
    conclusion.conclude(ready, ordered)
    old = _aside(target)
    results.remove_tree(old)
    if target.exists():
        target.rename(old)
    ready.rename(target)
    results.remove_tree(old)
    return sorted(path for path in target.rglob("*") if path.is_file())


def _put_back(target: Path) -> None:
    """What a publishing that was killed between two renamings left aside."""
    if (old := _aside(target)).exists() and not target.exists():
        old.rename(target)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _earlier(target: Path, keep: bool) -> dict[str, Any]:
    """The steps that are there and to be kept, all of them this version's."""
    there = {path.name for path in target.iterdir()} if target.exists() else set()
    if there and (others := sorted(_not_published(target, there))):
        raise UserError(
            f"{target} has other files than a published report, such as {others[0]}; valid: a new folder, or such a"
            " report's"
        )
    if not (keep and there):
        return {}
    if (maker := conclusion.made_by(target)) != engine():
        raise UserError(f"{target} was made by {maker}, not {engine()}; valid: publish without --keep")
    status = conclusion.read_status(target)
    by_name = {job.name: job for job in jobs_of()}
    for name, entry in status.items():
        if name not in by_name:
            raise UserError(f"{target} has {name}, which this version does not know; valid: publish without --keep")
        if entry["error"] is None:
            conclusion.check_config(target, by_name[name], entry["preset"])
    return {name: entry for name, entry in status.items() if entry["error"] is None}


def _not_published(target: Path, there: set[str]) -> set[str]:
    """What of a folder no publishing has left there: everything, if it was none."""
    if not {"ledger.json", "status.json", "config.json"} <= there:
        return there
    if set(results.read_object(target / "config.json")) != {"rnnjax", "training"}:  # a working directory has more
        return there
    return there - {*_OF_ALL, *(name.partition("/")[0] for name in conclusion.read_status(target))}


def _copy(folder: Path, place: Path, figures: bool) -> None:
    place.mkdir(parents=True)
    for pattern in _OF_A_STEP:
        for path in folder.glob(pattern):
            shutil.copyfile(path, place / path.name)
    if (summary := folder / _SUMMARY).exists():
        results.pack(summary, place)
    for path in folder.glob("*.png") if figures else ():
        (place / path.name).write_bytes(small_png(path))
