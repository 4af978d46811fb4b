"""The thesis in its order, as found in a working directory: figures, tables, and what is missing of them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from experiments.captions import figure_caption, table_caption
from experiments.contents import BEYOND, SECTIONS, Item, Section, placed
from experiments.printed import sentence
from experiments.programme import Job
from experiments.report_images import Picture, read_picture
from experiments.report_tables import Table, read_table
from rnnjax.members import num_cores


class Shown(NamedTuple):
    """A figure or table with what belongs to it."""

    number: str  # the thesis'; else the file's name
    anchor: str
    caption: str
    picture: Picture | None
    table: Table | None
    missing: str  # the file that is not there, or cannot be read
    printed: str  # what the thesis prints
    beside: list[Table]  # our numbers


class SectionShown(NamedTuple):
    """A section as the report has it."""

    anchor: str
    section: Section
    items: list[Shown]  # with numbers of the thesis
    further: list[Shown]
    tables: list[Table]


class Repeat(NamedTuple):
    """A step that repeats an experiment: on other draws, or under another protocol."""

    name: str  # its folder
    files: list[str]  # figures and tables in it


def thesis_sections(workdir: Path, wanted: Sequence[Job]) -> list[SectionShown]:
    """The thesis' sections, in its order."""
    return _sections(workdir, SECTIONS, wanted)


def beyond_sections(workdir: Path, wanted: Sequence[Job]) -> list[SectionShown]:
    """What goes beyond the thesis as far as it is run, and experiments of which contents.py does not know."""
    experiments = {job.step.name: job.step.module for job in wanted}
    others = [name for name in experiments if not _is_placed(name) and not _is_placed(experiments[name])]
    found = [section for section in BEYOND if section.step in experiments]
    found += [Section("", name.replace("_", " "), "", name) for name in others]
    return _sections(workdir, found, wanted)


def repeats(workdir: Path, wanted: Sequence[Job]) -> list[Repeat]:
    """What runs an experiment once more; of these the report names the figures and tables and does not show them."""
    found = [job for job in wanted if is_repeat(job)]
    return [Repeat(job.name, [f"{job.name}/{path.name}" for path in _files(workdir / job.name)]) for job in found]


def figure_anchor(path: str) -> str:
    """Where a figure is in the report, by its path in the working directory."""
    return path.removesuffix(".png").replace("/", "--")


def picture_if_any(path: Path, name: str, anchor: str, alt: str) -> Picture | None:
    """As report_images.read_picture; None where it cannot be read."""
    try:
        return read_picture(path, name, anchor, alt)
    except OSError:
        return None


def is_repeat(job: Job) -> bool:
    """Whether it runs, under another name, what has a section already."""
    return job.name != job.step.name or (_is_placed(job.step.module) and not _is_placed(job.name))


def shown_elsewhere(folder: Path, own: Path) -> list[Path]:
    """A step's figures that its experiment's own folder has.

    Those with the thesis' numbers, which show as many networks as it had there; and any that are the same byte by byte.
    """
    pairs = [] if folder == own else [(path, own / path.name) for path in _files(folder) if path.suffix == ".png"]
    numbered = {item.file for item in placed(own.name)}
    return [
        path
        for path, other in pairs
        if other.is_file() and (path.name in numbered or path.read_bytes() == other.read_bytes())
    ]


def _sections(workdir: Path, sections: Sequence[Section], wanted: Sequence[Job]) -> list[SectionShown]:
    with ThreadPoolExecutor(num_cores()) as pool:  # pictures are encoded outside of Python's lock
        return list(pool.map(lambda section: _section(workdir, section, wanted), sections))


def _section(workdir: Path, section: Section, wanted: Sequence[Job]) -> SectionShown:
    folder, own = workdir / section.step, placed(section.step)
    experiment = next((job.step.module for job in wanted if job.step.name == section.step), section.step)
    taken = {name for item in own for name in (item.file, *item.tables)}
    taken |= {path.name for path in shown_elsewhere(folder, workdir / experiment)}
    files = [path for path in _files(folder) if path.name not in taken]
    figures = [_further(path, section.step, experiment) for path in files if path.suffix == ".png"]
    tables = [_table(folder, path.name) for path in files if path.suffix == ".csv"]
    anchor = f"section-{section.number.replace('.', '-') or section.step}"
    items, kept = [_item(folder, item) for item in own], [table for table in tables if table]
    return SectionShown(anchor, section, items, figures, kept)


def _is_placed(step: str) -> bool:
    """Whether it has a section of its own."""
    return any(section.step == step for section in (*SECTIONS, *BEYOND))


def _files(folder: Path) -> list[Path]:
    """A step's figures and tables."""
    return sorted(path for path in folder.glob("*") if path.suffix in (".png", ".csv"))


def _item(folder: Path, item: Item) -> Shown:
    name, path = f"{item.step}/{item.file}", folder / item.file
    anchor = figure_anchor(name.removesuffix(".csv"))
    picture = table = None
    if path.suffix == ".png":
        picture = picture_if_any(path, name, anchor, f"{item.number}: {item.caption}")
    else:
        table = read_table(path, name, "")  # the item has the caption
    missing = "" if picture or table else name
    beside = [found for each in item.tables if (found := _table(folder, each))]
    return Shown(item.number, anchor, item.caption, picture, table, missing, sentence(item.printed), beside)


def _further(path: Path, step: str, experiment: str) -> Shown:
    name, caption = f"{step}/{path.name}", figure_caption(experiment, path.name) or ""
    anchor = figure_anchor(name)
    picture = picture_if_any(path, name, anchor, caption or path.stem.replace("_", " "))
    return Shown(path.name, anchor, caption, picture, None, "" if picture else name, "", [])


def _table(folder: Path, file: str) -> Table | None:
    return read_table(folder / file, f"{folder.name}/{file}", table_caption(file) or "")
