"""The report of a made-up reproduction: everything is in it, failures are told, nothing is loaded from elsewhere."""

import base64
import io
import math
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import made_up_report as made_up
import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

from configs.thesis import get_config
from experiments import thesis
from experiments.captions import figure_caption, table_caption
from experiments.claims import CLAIMS
from experiments.contents import BEYOND, SECTIONS, THESIS, matching
from experiments.ledger import Judged, Part
from experiments.printed import sentence
from experiments.programme import ADOPTED, PROTOCOLS, STEPS, Job, Step, jobs, jobs_of, looks
from experiments.report import DENSITY_FIGURE, DENSITY_TABLE, FILES, markdown, write
from experiments.report_images import MAX_WIDTH, read_picture, small_png
from experiments.report_ledger import shown_claims, with_draws
from experiments.report_provenance import provenance
from experiments.report_sections import shown_elsewhere
from experiments.report_tables import ROWS, interval, make_table, number, read_table
from experiments.report_terms import terms
from rnnjax.results import write_json
from rnnjax.statistics import Interval
from rnnjax.verdicts import INCONCLUSIVE, REPRODUCED, Evidence


class Page(HTMLParser):
    """What the tests look at of an HTML file."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def values(self, attribute: str) -> list[str]:
        return [str(attributes[attribute]) for _, attributes in self.tags if attribute in attributes]


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reproduce")
    made_up.make(path)
    return path


@pytest.fixture(scope="module")
def html(workdir: Path) -> str:
    return (workdir / "report.html").read_text()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def test_the_contents_have_every_figure_and_table_of_the_thesis_once() -> None:
    expected = [f"Figure 4.{n}" for n in range(1, 23)] + [f"Table 4.{n}" for n in range(1, 7)]
    assert Counter(item.number for item in THESIS) == Counter(expected)
    assert len({(item.step, item.file) for item in THESIS}) == len(THESIS)
    for kind in ("Figure", "Table"):  # in order, section after section
        steps = [section.step for section in SECTIONS]
        mine = [
            item for item in sorted(THESIS, key=lambda item: steps.index(item.step)) if item.number.startswith(kind)
        ]
        assert [item.number for item in mine] == [each for each in expected if each.startswith(kind)]


def test_the_thesis_numbers_stand_in_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, but what is no number, or is drawn (Figure 4.7's rows)."""
    for entry in {item.printed for item in THESIS} - {""}:
        marks: list[str] = []

        def marked(value: Any, marks: list[str] = marks) -> Any:
            if isinstance(value, dict):
                left_out = "section", "dataset", "note", "finding", "rows"
                return {name: marked(each) for name, each in value.items() if name not in left_out}
            if isinstance(value, list):
                return [marked(each) for each in value]
            marks.append(f"{1_000_003 + len(marks):,}")
            return 1_000_002 + len(marks)

        found = marked(thesis.NUMBERS[entry])
        monkeypatch.setitem(thesis.NUMBERS, entry, found)
        told = sentence(entry)
        assert marks and all(mark in told or mark.replace(",", "") in told for mark in marks), entry
        monkeypatch.undo()
    assert sentence("figure_4_5") == "1 of 48 RNNs has a decent accuracy" and sentence("") == ""


def test_the_contents_place_every_step_of_the_programme() -> None:
    sections = {job.step.name: job.step.section for job in jobs_of(("quick", "thesis"))}
    more = {step.name for step in STEPS if step.name.endswith(("_draws", "_4x2"))}  # of the preset full alone
    assert {section.step for section in (*SECTIONS, *BEYOND)} == set(sections) | more and len(more) == 6
    assert all(sections[section.step] == section.number for section in SECTIONS)


def test_every_figure_and_table_is_there_with_its_caption(html: str, page: Page) -> None:
    text = _one_line(" ".join(page.words))
    for item in THESIS:
        assert f"<b>{item.number}.</b>" in html and _one_line(item.caption) in text
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    shown = [item for item in THESIS if item.file.endswith(".png") and item.step != made_up.FAILED]
    assert len(pictures) == len(shown) - 1 + 2  # one is damaged; two that are not the thesis'
    for attributes in pictures:
        assert attributes["alt"] and (attributes["width"], attributes["height"]) == ("24", "16")
        assert attributes["loading"] == "lazy"
        content = base64.b64decode(str(attributes["src"]).removeprefix("data:image/webp;base64,"), validate=True)
        assert Image.open(io.BytesIO(content)).size == (24, 16)


def test_every_claim_has_its_row_and_its_evidence(page: Page) -> None:
    ids, text = page.values("id"), _one_line(" ".join(page.words))
    for claim in CLAIMS.values():
        assert ids.count(claim.id) == ids.count(f"{claim.id}-evidence") == 1 and _one_line(claim.says) in text
    assert len(ids) == len(set(ids))


def test_the_tally_counts_the_verdicts(html: str) -> None:
    number_of = Counter(entry.verdict for entry in made_up.entries()) | {"not judged": 1}
    found = re.findall(r"<li><b>(\d+)</b><span class=\"badge \S+\"><span[^>]*>.</span> ([^<]+)</span></li>", html)
    assert {verdict: int(count) for count, verdict in found} == dict(number_of)


@pytest.mark.parametrize(
    ("id", "effect", "hold"),
    [("C01", "0.3 [0.2, 0.4]", "2 of 2 parts hold"), ("C02", "−0.123 [−0.2, ∞]", "1 of 2 parts hold")],
)
def test_the_part_that_decides_stands_in_the_row(html: str, id: str, effect: str, hold: str) -> None:
    row = html.split(f'<tr id="{id}">')[1].split("</tr>")[0]
    assert f"<b>{effect}</b>" in row and hold in row
    assert ("1,200" in row) == (id == "C01") and ("4,567" in row) == (id == "C02")


def test_evidence_has_claimed_values_protocols_and_what_is_missing(html: str) -> None:
    evidence = {id: html.split(f'<details id="{id}-evidence">')[1].split("<p><a href")[0] for id in ("C04", "C05")}
    assert "above 0.05" in evidence["C04"] and "between −0.5 and 0.5" in evidence["C04"]
    assert "Batches of 16" in evidence["C04"] and "Batches of 16" not in evidence["C05"]
    assert all("Missing: capacity: FirstI/unstopped" in each for each in evidence.values())
    assert 'href="#separability--figure_4_2"' in evidence["C04"]


def test_claims_that_chose_the_protocol_are_marked(html: str) -> None:
    for claim in CLAIMS.values():
        row = html.split(f'<tr id="{claim.id}">')[1].split("</tr>")[0]
        assert ("†" in row) == claim.chose_the_protocol


def test_what_others_wrote_is_escaped(html: str, workdir: Path) -> None:
    for raw in ("<b>'mean'", "<i>minus", "rnn <4>", "<certain>"):
        assert raw not in html
    assert "&lt;b&gt;&#39;mean&#39;&lt;/b&gt; &amp; more" in html and "rnn &lt;4&gt;" in html
    text = (workdir / "report_evidence.md").read_text()
    assert r"GRU &lt;i&gt;minus&lt;/i&gt; RNN &amp; \| rest" in text and "<i>minus" not in text


def test_a_failed_step_and_one_that_was_not_run_are_told(page: Page, workdir: Path) -> None:
    text = _one_line(" ".join(page.words))
    assert text.count(made_up.ERROR) >= 2 and f"{made_up.NOT_RUN}: not run" in text
    told, steps = ((workdir / name).read_text() for name in ("report.md", "report_provenance.md"))
    assert f"✗ failed: {markdown(made_up.ERROR)}" in steps
    number = len(re.findall(r"^\| \[.*\| ✓ done \|", steps, flags=re.MULTILINE))
    assert f"{number} of {len(jobs('quick'))} are done; failed: {made_up.FAILED} (" in text
    assert f"- Steps: {number} of {len(jobs('quick'))} are done; failed: [{made_up.FAILED}](" in told


def test_a_missing_and_a_damaged_file_are_named(page: Page, workdir: Path) -> None:
    text, told = _one_line(" ".join(page.words)), (workdir / "report.md").read_text()
    for name in ("capacity/figure_4_6.png", "capacity/figure_4_7.png", "separability/figure_4_3.png"):
        assert f"{name} is missing." in text and f"{markdown(name)} is missing." in told


def test_every_file_that_steps_left_is_shown(html: str, workdir: Path) -> None:
    left = [path.relative_to(workdir) for path in workdir.glob("*/*") if path.suffix in (".png", ".csv")]
    assert len(left) > len(THESIS)
    for path in left:
        shown = f'id="{path.parent}--{path.stem}"' if path.suffix == ".png" else f"<code>{path}</code>"
        assert shown in html, path


def test_every_number_leads_to_its_provenance(page: Page, html: str) -> None:
    ids = set(page.values("id"))
    for job in jobs("quick"):
        assert f"step-{job.name}" in ids
    for figure in html.split("<figure ")[1:]:
        assert 'href="#step-' in figure.split("</figure>")[0]
    own = html.split('<section class="step" id="step-separability">')[1].split("</section>")[0]
    for expected in ("seed = 3", "data.seed = 5", "data.embedding_seed = 7", "jax 9.9", "0" * 40, "1 min 01 s"):
        assert expected in own


def test_a_step_s_provenance_is_of_the_session_that_computed_and_says_who_drew_it_again(tmp_path: Path) -> None:
    job = jobs("quick")[0]
    sessions: list[dict[str, Any]] = [
        {"ended": f"2020-0{month}-01", "seconds": {"total": seconds}, "revision": letter * 40, "processor": letter}
        for month, (letter, seconds) in enumerate((("a", 3.0), ("b", 500.0), ("c", 2.0)), 1)
    ]
    write_json(tmp_path / job.name / "environment.json", {"sessions": sessions})
    found = provenance(tmp_path, {}, job, "quick")
    assert (found.revision, found.machine, found.sessions) == ("b" * 40, "b", 3)
    assert found.ended == "2020-03-01" and found.later == [("c" * 40, "went on or drew again")]
    write_json(tmp_path / job.name / "environment.json", {"sessions": sessions[:2]})
    assert provenance(tmp_path, {}, job, "quick").later == []
    sessions[1]["networks"] = {"found": 3000, "trained": 1000}
    write_json(tmp_path / job.name / "environment.json", {"sessions": [*sessions, {"revision": "d", "what": "orders"}]})
    write(tmp_path, {}, [], wanted=[job])
    for name in ("report.html", "report_provenance.md"):
        text = (tmp_path / name).read_text()
        assert "which found 3,000 of 4,000 networks that were trained before" in text
        assert re.search(r"b{40}.* later .*c{40}.*: went on or drew again; later .*d.*: orders", text), name


@pytest.mark.parametrize("sessions", [3, "ab", {"a": {}}, [3], [{"ended": "2020-01-01"}, None], []])
def test_sessions_of_another_shape_are_none(tmp_path: Path, sessions: object) -> None:
    job = jobs("quick")[0]
    write_json(tmp_path / job.name / "environment.json", {"sessions": sessions})
    found = provenance(tmp_path, {}, job, "quick")
    assert (found.sessions, found.ended, found.machine) == (0, "not recorded", "not recorded")


def test_what_rests_on_all_landscapes_leads_to_all_of_them() -> None:
    known = ["capacity", "landscape", "landscape_1", "landscape_2", "protocols/batch_4/landscape"]
    assert with_draws(("capacity", "landscape"), known) == ("capacity", "landscape", "landscape_1", "landscape_2")
    assert with_draws(("capacity",), known) == ("capacity",)


def test_internal_links_resolve_and_nothing_is_loaded_from_elsewhere(page: Page, html: str) -> None:
    ids = set(page.values("id"))
    for target in page.values("href"):
        assert target == "data:," or target.removeprefix("#") in ids, target
    assert all(source.startswith("data:image/webp;base64,") for source in page.values("src"))
    assert not re.search(r"https?:|//|url\(|@import|<script|file:", re.sub(r"data:image[^\"]*", "", html))


def markdown_of(workdir: Path) -> dict[str, str]:
    return {name: (workdir / name).read_text() for name in FILES if name.endswith(".md")}


def test_links_of_the_markdown_resolve(workdir: Path) -> None:
    texts = markdown_of(workdir)
    anchors = {name: set(re.findall(r'<a id="([^"]+)"></a>', text)) for name, text in texts.items()}
    assert len(texts) == 3 and texts["report.md"].count(".png)") > 20
    for name, text in texts.items():
        targets = re.findall(r"\]\(([^)]+)\)", text)
        assert targets
        for target in targets:
            file, _, anchor = target.partition("#")
            assert anchor in anchors[file or name] if anchor else (workdir / target).is_file(), f"{name}: {target}"


def test_every_claim_and_step_is_in_the_markdown(workdir: Path) -> None:
    texts = markdown_of(workdir)
    for claim in CLAIMS.values():
        assert texts["report.md"].count(f'<a id="{claim.id}"></a>') == 1
        assert texts["report_evidence.md"].count(f'<a id="{claim.id}-evidence"></a>') == 1
    for job in jobs("quick"):
        assert texts["report_provenance.md"].count(f'<a id="step-{job.name}"></a>') == 1


def test_tables_of_the_markdown_have_as_many_cells_in_every_line(workdir: Path) -> None:
    lines, widths = "\n".join(markdown_of(workdir).values()).splitlines(), 0
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("|") and following.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == len(re.findall(r"(?<!\\)\|", following)), line
            widths += 1
    assert widths > 100


def test_the_table_of_density_is_one_for_each_value_of_its_first_column(html: str) -> None:
    part = html.split('<h2 id="density">')[1].split("<h2")[0]
    assert re.findall(r"<summary>([^<]+)</summary>", part) == ["sampler uniform:1", "sampler normal:1"]
    first, other = part.split("<summary>")[1:]
    assert "0.250 [0.125, 0.500]" in first and "4x4" in first and "4x4" not in other
    assert part.count("<details open>") == 1 and 'href="#step-landscape"' in part


def test_the_density_of_solutions_has_its_file_and_its_figure(tmp_path: Path, html: str, workdir: Path) -> None:
    for text in (html, markdown_of(workdir)["report.md"]):
        assert DENSITY_TABLE.replace("_", "") in text.replace("\\", "").replace("_", "")
        assert DENSITY_FIGURE not in text  # there is none
    made_up.leave(tmp_path / DENSITY_FIGURE)
    write(tmp_path, {}, [], [{"sampler": "pytorch:1", "shape": "2x2"}], wanted=jobs("quick"))
    assert f"]({DENSITY_FIGURE})" in (tmp_path / "report.md").read_text()
    part = (tmp_path / "report.html").read_text().split('<h2 id="density">')[1]
    assert part.count("<img ") == 1 and '<figure id="trainability_and_density">' in part


def test_a_report_of_nothing_at_all(tmp_path: Path) -> None:
    write(tmp_path, {}, [], wanted=jobs("quick"))
    text = (tmp_path / "report.html").read_text()
    assert text.count("not run") >= len(jobs("quick")) and "not judged" in text and "Not computed" in text
    assert all(f"<b>{item.number}.</b>" in text for item in THESIS)


def test_a_figure_that_the_experiment_s_own_step_shows_is_not_shown_again(tmp_path: Path) -> None:
    steps = [step for step in STEPS if step.name in ("trainability", "trainability_controls")]
    for step in steps:
        made_up.leave(tmp_path / step.name / "figure_4_4.png")
        made_up.leave(tmp_path / step.name / "figure_4_4_rates.png")
    Image.new("RGB", (24, 16)).save(tmp_path / "trainability_controls" / "figure_4_4_rates.png")
    status = {step.name: {"error": None, "seconds": 1.0, "command": "", "preset": "full"} for step in steps}
    write(tmp_path, status, [], [])
    text = (tmp_path / "report.md").read_text()
    shown = re.findall(r"\]\((trainability\w*/[^)]*\.png)\)", text)
    controls = "trainability_controls/figure_4_4_rates.png"
    assert shown == ["trainability/figure_4_4.png", "trainability/figure_4_4_rates.png", controls]
    own, controls_folder = (tmp_path / step.name for step in steps)
    assert shown_elsewhere(controls_folder, own) == [controls_folder / "figure_4_4.png"]
    assert not shown_elsewhere(own, own)
    Image.new("RGB", (24, 16)).save(controls_folder / "figure_4_4.png")  # of fewer networks, perhaps
    assert shown_elsewhere(controls_folder, own) == [controls_folder / "figure_4_4.png"]
    (own / "figure_4_4.png").unlink()
    assert not shown_elsewhere(controls_folder, own)


def test_repeated_steps_are_named_and_new_experiments_shown(tmp_path: Path) -> None:
    step = next(job.step for job in jobs("thesis") if job.step.name == "landscape")
    own = [Job(step, ADOPTED), Job(step, "batch_4"), Job(step._replace(name="landscape_7"), ADOPTED)]
    new = Job(Step("brand_new", "nobody", "9.9", 1.0), ADOPTED)
    for job in (*own, new):
        made_up.leave(tmp_path / job.name / "figure_4_19.png")
    write(tmp_path, {}, [], wanted=[*own, new])
    text, told = (tmp_path / "report.html").read_text(), (tmp_path / "report.md").read_text()
    assert text.count("<img ") == 2 and 'id="brand_new--figure_4_19"' in text and 'id="section-brand_new"' in text
    for name in ("protocols/batch_4/landscape", "landscape_7"):
        assert f"<summary>{name}</summary>" in text and f"<code>{name}/figure_4_19.png</code>" in text
        assert f'href="#step-{name.replace("/", "--")}"' in text and f"`{name}/figure_4_19.png`" in told


def test_intervals_stand_beside_their_estimates_and_thesis_numbers_as_printed(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(made_up.TABLE)
    table = read_table(tmp_path / "x.csv", "a/x.csv", "A caption.")
    assert table is not None and table.headings == ["cell", "networks", "thesis", "gain [95 %]"]
    assert table.rows == [["rnn <4>", "100", "76.87", "−3.58 [−6.84, ∞]"], ["gru", "60", "–", "5.50 [3.00, 7.80]"]]
    assert table.numeric == [False, True, True, True] and table.left_out == 0


def test_other_names_of_intervals() -> None:
    row = {"p": 0.5, "p_low": 0.25, "p_high": 0.75, "rnn_share": 1, "rnn_low": 0, "rnn_high": 2, "ratio": "gru/rnn"}
    row |= {"ratio_estimate": 3, "ratio_low": 2, "ratio_high": 4, "mean": 7, "low": 6, "high": 8, "none": ""}
    table = make_table([row], "")
    assert table is not None
    assert dict(zip(table.headings, table.rows[0], strict=True)) == {
        "p [95 %]": "0.50 [0.25, 0.75]",
        "rnn share [95 %]": "1 [0, 2]",
        "ratio": "gru/rnn",
        "ratio [95 %]": "3 [2, 4]",
        "mean [95 %]": "7 [6, 8]",
    }


def test_of_a_long_table_of_tails_the_lowest_accuracies_are_shown(tmp_path: Path) -> None:
    lines = [f"{shape},{above}" for shape in range(ROWS - 5) for above in ("0.55", "0.6", "0.7")]
    for name, expected in (
        ("tails_4_6_1.csv", [(str(shape), "0.55") for shape in range(ROWS - 5)] + [(str(i), "0.60") for i in range(5)]),
        ("another.csv", [(str(i // 3), ("0.55", "0.60", "0.70")[i % 3]) for i in range(ROWS)]),
    ):
        (tmp_path / name).write_text("\n".join(["shape,accuracy_above", *lines]) + "\n")
        table = read_table(tmp_path / name, name, "")
        assert table is not None and table.left_out == 3 * (ROWS - 5) - ROWS
        assert [tuple(row) for row in table.rows] == expected


def test_a_long_table_is_cut_and_says_so_and_an_empty_one_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(ROWS + 5)))
    table = read_table(tmp_path / "x.csv", "x.csv", "")
    assert table is not None and len(table.rows) == ROWS and table.left_out == 5
    (tmp_path / "x.csv").write_text("n\n")
    assert read_table(tmp_path / "x.csv", "x.csv", "") is None
    assert read_table(tmp_path / "y.csv", "y.csv", "") is None and make_table([], "") is None


def test_an_interval_of_no_width_is_not_shown_as_one() -> None:
    table = make_table([{"x": 2.5, "x_low": 2.5, "x_high": 2.5}, {"x": 2.0, "x_low": 1.5, "x_high": 2.5}], "")
    assert table is not None and table.headings == ["x [95 %]"] and table.numeric == [True]
    assert table.rows == [["2.5 [–]"], ["2.0 [1.5, 2.5]"]]


def test_ends_are_told_where_there_is_no_estimate_and_they_tell_something() -> None:
    inf, rest = float("inf"), {"x": 2.0, "x_low": 1.0, "x_high": 3.0}
    ends = [(0.0, 1.5), (2.5, inf), (1.0, 4.0), (-3.0, 2.0), (-3.0, 0.0), (0.0, inf), (None, None), (0.0, 0.0)]
    rows = [{"x": float("nan"), "x_low": low, "x_high": high} for low, high in ends]
    table = make_table([*rows, rest], "")
    assert table is not None and table.numeric == [True]
    shown = ["≤ 1.5", "≥ 2.5", "[1.0, 4.0]", "[−3.0, 2.0]", "[−3.0, 0.0]", "–", "–", "–", "2.0 [1.0, 3.0]"]
    assert [row[0] for row in table.rows] == shown


def test_large_numbers_with_ends_are_shortened_and_counts_are_not() -> None:
    table = make_table([{"x": 3356420.0, "x_low": 5.0, "x_high": 12503100000.0, "n": 3356420}], "")
    assert table is not None and table.rows == [["3.36e6 [5, 1.25e10]", "3356420"]]


def test_millions_have_three_digits() -> None:
    assert [number(value) for value in (999_999.4, 3_356_420.0, -2e7)] == ["999,999", "3.36e6", "−2e7"]


def test_columns_lose_no_small_number() -> None:
    values = np.random.default_rng(1).lognormal(sigma=6, size=40) * np.resize([1, -1], 40)
    table = make_table([{"x": float(value)} for value in values], "")
    assert table is not None
    read = [float(row[0].replace("−", "-").replace(",", "")) for row in table.rows]
    np.testing.assert_allclose(read, values, rtol=5.1e-3)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (12345.6, "12,346"), (999.7, "1,000"), (0.98765, "0.988"), (0.99996, "1.0000"), (0.9996, "0.9996"),
     (1.0, "1"), (-0.5, "−0.5"), (1.5e-6, "1.5e−6"), (1e-11, "1e−11"), (float("nan"), "–"),
     (float("-inf"), "−∞"), (0.001, "0.001")],
)  # fmt: skip
def test_how_a_number_is_shown(value: float, shown: str) -> None:
    assert number(value) == shown
    assert interval(value, 0.0, 2.0) == f"{shown} [0, 2]"


def test_a_ratio_that_may_be_anything_is_not_shown_as_one(tmp_path: Path) -> None:
    assert interval(0.0, 0.0, math.inf) == interval(math.inf, 0.0, math.inf) == "–"
    assert interval(math.inf, 2.0, math.inf) == "∞ [2, ∞]" and interval(0.0, 0.0, 0.5) == "0 [0, 0.5]"
    (tmp_path / "x.csv").write_text("what,ratio,ratio_low,ratio_high\na,0,0,inf\nb,inf,0,inf\nc,inf,2,inf\n")
    table = read_table(tmp_path / "x.csv", "x.csv", "")
    assert table and [row[1] for row in table.rows] == ["–", "–", "∞ [2, ∞]"]


def test_captions_by_pattern() -> None:
    captions = {"a_*_b.png": "{} once, {} twice", "a_*.png": "the rest"}
    assert matching(captions, "a_4_1_and_4_2_b.png") == "4.1 and 4.2 once, 4.1 and 4.2 twice"
    assert matching(captions, "a_x.png") == "the rest" and matching(captions, "b.png") is None
    assert figure_caption("capacity", "figure_4_6.png") == next(i.caption for i in THESIS if i.number == "Figure 4.6")
    assert figure_caption("capacity", made_up.UNKNOWN) is None and table_caption("x.csv") is None


def test_a_picture_keeps_its_colours_on_white_and_is_no_wider_than_needed(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (40, 4), np.uint8)
    colours[:, 3] = 255
    colours[0] = 0  # transparent
    pixels = np.repeat(np.repeat(colours.reshape(5, 8, 4), 30, 0), 300, 1)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    picture = read_picture(tmp_path / "x.png", "s/x.png", "x", "alt")
    assert (picture.width, picture.height) == (MAX_WIDTH, 90)
    expected = np.where(colours[:, 3:] > 0, colours[:, :3], 255).reshape(5, 8, 3)
    embedded = base64.b64decode(picture.uri.partition(",")[2])
    for content, off in ((embedded, 0), (small_png(tmp_path / "x.png"), 40)):
        found = Image.open(io.BytesIO(content)).convert("RGB")
        middles = np.asarray(found, np.int16)[9::18, 90::180]
        assert np.abs(middles - expected).max() <= off


def test_a_small_mark_keeps_its_colour_beside_a_heat_map_of_many(tmp_path: Path) -> None:
    pixels = np.full((400, 600, 3), 255, np.uint8)
    ramp = np.linspace(0, 1, 400)[:, None] * np.array([250, 180, 30]) + np.array([5, 20, 120])
    pixels[:, 300:] = ramp[:, None].astype(np.uint8)
    marks = np.array([[0, 114, 178], [230, 159, 0], [213, 94, 0], [0, 158, 115], [204, 121, 167]], np.uint8)
    for place, colour in enumerate(marks):
        pixels[10:15, 40 * place : 40 * place + 5] = colour
    Image.fromarray(pixels).save(tmp_path / "x.png")
    small = np.asarray(Image.open(io.BytesIO(small_png(tmp_path / "x.png"))).convert("RGB"), np.int16)
    assert np.abs(small - pixels).max() <= 40
    assert (small[:, :300][(pixels[:, :300] == 255).all(-1)] == 255).all()  # the ground stays white
    for place, colour in enumerate(marks):
        assert np.abs(small[12, 40 * place + 2] - colour.astype(np.int16)).max() <= 12


def test_the_words_used_tell_every_protocol_and_the_rule_its_numbers(html: str, workdir: Path) -> None:
    told = dict(terms())
    assert set(PROTOCOLS) <= set(told)
    training = get_config().training
    adopted = f"batches of {training.batch_size}, all words", f"{training.report} epoch's accuracy"
    assert all(words in told[ADOPTED] for words in adopted)
    assert not (training.worse_than_best or training.tie_is_worse) and training.improves_on_best
    assert "worse than the epoch before, no improvement on the best epoch" in told[ADOPTED]
    for words in (
        f"a rate of {training.learning_rate:g}",
        f"up to {training.max_epochs} epochs",
        "the rate is halved",
        "after four epochs without improvement or below a rate of 1e-6",
    ):
        assert words in told["Section 3.2's protocol"]
    assert (training.factor, training.patience, training.least_learning_rate) == (0.5, 4, 1e-6)
    assert told["batch_64_margin_1"].startswith("As adopted, but batches of 64, positive and negative words at least 1")
    for text in (html, (workdir / "report.md").read_text()):
        assert "Words used" in text and "words 3 times as far apart" in text
        assert "1,000 members" in text and "in at least 10 draws" in text
        parts = [sum(len(each.parts) for each in entry.judged.values()) for entry in made_up.entries()]
        times = [looks(entry.test.steps) for entry in made_up.entries()]
        assert f"stretched for {np.dot(parts, times):,} looks at {sum(parts):,} parts" in text


def test_a_part_shows_the_interval_that_decides_or_what_it_lacks() -> None:
    effect = Interval(0.3, 0.2, 0.4)
    evidence = Evidence("x", effect, above=0.05, members=1200, draws=10)
    few = evidence._replace(members=3), evidence._replace(draws=9)
    judged = Judged([Part(one, INCONCLUSIVE, Interval(0.3, 0.1, 0.5)) for one in (evidence, *few)], INCONCLUSIVE, None)
    entry = made_up.entries()[0]
    (shown,) = shown_claims([entry._replace(judged={"adopted": judged})], [])[:1]
    assert [part.decides for part in shown.judged[0].parts] == ["[0.1, 0.5]", "too few members", "too few draws"]


@pytest.mark.parametrize(
    ("times", "shown"), [(1.21, "1.3 ×"), (9.99, "10.0 ×"), (12.1, "13 ×"), (4321.0, "4,321 ×"), (np.inf, "–")]
)
def test_an_open_part_says_how_many_times_as_many_networks_it_takes(times: float, shown: str) -> None:
    evidence = Evidence("x", Interval(0.3, 0.2, 0.4), above=0.05, members=1200, draws=10)
    parts = [Part(evidence, verdict, evidence.effect, times) for verdict in (INCONCLUSIVE, REPRODUCED)]
    entry = made_up.entries()[0]._replace(judged={"adopted": Judged(parts, INCONCLUSIVE, None)})
    assert [part.times for part in shown_claims([entry], [])[0].judged[0].parts] == [shown, ""]


def test_markdown_marks_nothing_that_others_wrote() -> None:
    assert markdown("a_b |c|\n <d> & [e](f) *g* `h`") == r"a\_b \|c\| &lt;d&gt; &amp; \[e\](f) \*g\* \`h\`"


def test_a_colour_bar_keeps_its_steps(tmp_path: Path) -> None:
    bar = (colormaps["cividis"](np.arange(256))[:, :3] * 255).astype(np.uint8)
    picture = np.full((300, 400, 3), 255, np.uint8)
    picture[20:276, 350:358] = bar[:, None]
    shades = np.random.default_rng(0).integers(0, 256, (200, 200, 1), np.uint8)  # of letters
    picture[50:250, 50:250] = np.where(shades < 60, shades, 255)
    Image.fromarray(picture).save(tmp_path / "figure.png")
    with Image.open(io.BytesIO(small_png(tmp_path / "figure.png"))) as small:
        found = np.asarray(small.convert("RGB"), int)[20:276, 353]
    assert np.abs(found - bar).max() <= 16


def test_evidence_of_another_protocol_leads_to_its_own_steps() -> None:
    entry = next(each for each in made_up.entries() if each.test.steps[0] in {step.name for step in STEPS})
    judged, step = next(iter(entry.judged.values())), entry.test.steps[0]
    several = entry._replace(judged={ADOPTED: judged, "batch_4": judged, "scale_3": judged})
    found = {each.claim.id: each for each in shown_claims([several], [step, f"protocols/batch_4/{step}"])}
    assert [each.steps for each in found[entry.claim.id].judged] == [(), (f"protocols/batch_4/{step}",), ()]
