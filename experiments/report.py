"""The report of a reproduction: report.html, one file that holds everything, and Markdown beside the figures.

The Markdown is in three files, since GitHub does not show a large one: report.md, the claims' evidence, the provenance.
This is no command: `python -m experiments.reproduce` writes the report.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from experiments import thesis
from experiments.density import DECIDING, headline
from experiments.programme import PRESETS, Job, jobs_of, looks
from experiments.report_images import Picture
from experiments.report_ledger import ClaimShown, counts, shown_claims, with_draws
from experiments.report_provenance import overview, provenance, step_anchor
from experiments.report_sections import (
    SectionShown,
    beyond_sections,
    figure_anchor,
    picture_if_any,
    repeats,
    thesis_sections,
)
from experiments.report_tables import Table, make_table
from experiments.report_terms import rule, terms
from experiments.reporting import Rows, columns
from rnnjax import results

if TYPE_CHECKING:
    from experiments.ledger import Entry

_TEMPLATES = Path(__file__).with_name("templates")
FILES = ("report.html", "report.md", "report_evidence.md", "report_provenance.md")
_DENSITY_CAPTION = (
    f"Left, shares above {100 * DECIDING:g} % of trained networks (up, means) and of random settings (across, medians"
    " where they are by splitting); a grey line joins an RNN and the GRU of its shape (inputs x hidden units). Right,"
    " the GRU's trained share over its random share, over the same of the RNN: right of 1, training helps a GRU more"
    " than the frequency of good settings explains. By splitting that is the trained shares' quotient over the median"
    " of the random shares' quotient within one draw, which is not the quotient of the medians on the left. Verdicts"
    " correct these intervals for many claims."
)
_FEW = 8  # steps that are named
_MARKS = "\\`*_[]|"  # that mean something in Markdown
LEDGER_TABLE = "ledger.csv"  # all evidence
DENSITY_TABLE, DENSITY_FIGURE = "trainability_and_density.csv", "trainability_and_density.png"  # of C28
_DENSITY_STEPS = (  # on which the table of trainability and density rests
    "capacity", "data_sets", "capacity_4x2", "landscape", "rare_settings", "rare_settings_draws", "rare_settings_4x2",
)  # fmt: skip


def write(
    workdir: Path,
    status: Mapping[str, Mapping[str, Any]],
    entries: "Sequence[Entry]",
    density: Rows = (),
    wanted: Sequence[Job] | None = None,
) -> None:
    """Write the report of what the working directory holds; what failed or is missing is told, and stops nothing.

    Args:
        workdir: of the reproduction.
        status: by step as in status.json, `error`, `seconds`, `command`, `preset`.
        entries: of the ledger.
        density: success after training beside the density of solutions, as lines of a table.
        wanted: what it is about; default: what the presets run.

    Raises:
        OSError: it cannot be written.
    """
    presets = list(dict.fromkeys(entry["preset"] for entry in status.values()))
    largest = max(presets, key=_size, default=list(PRESETS)[-1])
    found = _gathered(workdir, status, entries, jobs_of(presets) if wanted is None else wanted, largest)
    found["preset"] = _presets(status, presets)
    steps = with_draws(_DENSITY_STEPS, found["known_steps"]) if density else _DENSITY_STEPS
    found |= {"density": _density(density), "density_steps": steps, "density_figure": _density_figure(workdir)}
    found |= {"density_caption": _DENSITY_CAPTION, "density_table": DENSITY_TABLE, "ledger_table": LEDGER_TABLE}
    if picture := found["density_figure"]:
        found["figures"][picture.anchor] = picture.path
    for name in FILES:
        results.write_text(workdir / name, _environment().get_template(f"{name}.j2").render(found))


def markdown(text: Any) -> str:
    """Text as GitHub's Markdown shows it, on one line."""
    line = " ".join(str(text).split())
    escaped = "".join("\\" + letter if letter in _MARKS else letter for letter in line)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _size(preset: str) -> int:
    return list(PRESETS).index(preset)


def _presets(status: Mapping[str, Mapping[str, Any]], presets: Sequence[str]) -> str:
    """Which preset the steps are of; by name where they are few."""
    of = {preset: [name for name, entry in status.items() if entry["preset"] == preset] for preset in presets}
    told = {preset: ", ".join(names) if len(names) <= _FEW else f"{len(names)} steps" for preset, names in of.items()}
    several = "; ".join(f"{preset}: {names}" for preset, names in told.items())
    return presets[0] if len(of) == 1 else several


def _gathered(
    workdir: Path,
    status: Mapping[str, Mapping[str, Any]],
    entries: "Sequence[Entry]",
    wanted: Sequence[Job],
    preset: str,
) -> dict[str, Any]:
    runs = [provenance(workdir, status, job, preset) for job in wanted]
    known = {run.name: None for run in runs}
    claims, sections = shown_claims(entries, list(known)), thesis_sections(workdir, wanted)
    beyond = beyond_sections(workdir, wanted)
    return {
        "source": thesis.NUMBERS["source"],
        "terms": terms(),
        "rule": rule(_number_of_parts(claims), _number_of_looks(claims)),
        "overview": overview(status, runs),
        "steps": runs,
        "known_steps": known,
        "claims": claims,
        "counts": counts(claims),
        "sections": sections,
        "beyond": beyond,
        "repeats": repeats(workdir, wanted),
        "figures": _figures(sections, beyond),
        "cited": _cited(claims),
    }


def _number_of_parts(claims: Sequence[ClaimShown]) -> int:
    """That the ledger judges together."""
    return sum(len(each.parts) for claim in claims for each in (*claim.judged, *claim.controls))


def _number_of_looks(claims: Sequence[ClaimShown]) -> int:
    """At those parts (ledger.ledger)."""
    return sum(looks(claim.steps) * _number_of_parts([claim]) for claim in claims)


def _figures(*parts: Sequence[SectionShown]) -> dict[str, str]:
    """The number or name of every figure that is shown, by its anchor."""
    sections = [section for part in parts for section in part]
    return {item.anchor: item.number for each in sections for item in (*each.items, *each.further)}


def _cited(claims: Sequence[ClaimShown]) -> dict[str, list[str]]:
    """The claims that point to a figure, by its anchor."""
    found: dict[str, list[str]] = {}
    for claim in claims:
        for path in claim.figures:
            found.setdefault(figure_anchor(path), []).append(claim.claim.id)
    return found


def _density_figure(workdir: Path) -> Picture | None:
    alt = f"Success after training over frequency at random, above {100 * DECIDING:g} %, by cell and shape"
    return picture_if_any(workdir / DENSITY_FIGURE, DENSITY_FIGURE, figure_anchor(DENSITY_FIGURE), alt)


def _density(rows: Rows) -> list[Table]:
    """Claim C28 in short, then everything behind it."""
    short = f"success after training over frequency at random, above {100 * DECIDING:g} %, cells of one shape"
    table = make_table(headline(rows), short) if rows else None
    return ([table] if table else []) + _by_first_column(rows)


def _by_first_column(rows: Rows) -> list[Table]:
    """A long table as several, one for each value of its first column."""
    first = columns(rows)[0] if rows else ""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        rest = {name: value for name, value in row.items() if name != first}
        found.setdefault(f"{first} {row[first]}", []).append(rest)
    tables = (make_table(group, caption) for caption, group in found.items())
    return [table for table in tables if table]


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"markdown": markdown, "figure_anchor": figure_anchor, "step_anchor": step_anchor}
    return environment
