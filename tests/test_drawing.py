"""Figures' files: whole or absent, the same by another process, and what that process does when something is amiss."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from PIL import Image

from experiments.drawing import Artist, save_figure
from rnnjax import plotting

ROOT = Path(__file__).parents[1]
DPI = 100


@plotting.house_style()
def a_figure(label: str = "epoch") -> Figure:
    figure = plotting.new_figure(3, 2)
    axes = figure.subplots(1, 2, sharey=True)
    for ax in axes:
        ax.plot([1, 3, 2], label=r"$\sigma$")
        ax.set_xlabel(label)
        ax.legend()
    return figure


def test_a_figure_is_a_whole_png_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "figure_4_1.png"
    save_figure(path, Figure((1, 1)), DPI)
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n") and content.endswith(b"IEND\xaeB`\x82")

    class Broken(Figure):
        def savefig(self, fname: Any, **_: Any) -> None:
            fname.write(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        save_figure(path, Broken((1, 1)), DPI)
    assert path.read_bytes() == content and [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_figure_for_a_first_look_has_half_the_resolution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plotting, "_STYLE", dict(plotting._STYLE))
    sizes = []
    for make in (lambda: None, plotting.be_coarse):
        make()
        save_figure(tmp_path / "figure.png", plotting.new_figure(3, 2), plotting.resolution())
        with Image.open(tmp_path / "figure.png") as image:
            sizes.append(image.size)
    assert sizes == [(600, 400), (300, 200)]


def test_another_process_draws_the_same_and_all_before_it_leaves(tmp_path: Path) -> None:
    save_figure(tmp_path / "here.png", a_figure(), DPI)
    with Artist() as artist, plotting.house_style():  # which is this process's
        for number in range(3):
            artist.draw(tmp_path / f"{number}.png", a_figure(), DPI)
    assert artist._process and artist._process.returncode == 0
    drawn = {(tmp_path / f"{number}.png").read_bytes() for number in range(3)}
    assert drawn == {(tmp_path / "here.png").read_bytes()}


def test_a_figure_that_cannot_be_drawn_is_told_with_its_folder_and_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "one" / "taken.png").mkdir(parents=True)
    with Artist() as artist:
        artist.draw(tmp_path / "one" / "taken.png", a_figure(), DPI)
        artist.draw(tmp_path / "one" / "wrong.png", a_figure("$x^{$"), DPI)  # no mathematics
        artist.draw(tmp_path / "other" / "fine.png", a_figure(), DPI)
        taken, wrong = artist.problems(tmp_path / "one")
        assert isinstance(taken, OSError) and isinstance(wrong, ValueError)
        assert artist.problems(tmp_path / "other") == [] and (tmp_path / "other" / "fine.png").exists()
        assert artist._process
        artist._process.kill()
        artist._process.wait()
        artist.draw(tmp_path / "again" / "next.png", a_figure(), DPI)
        assert artist.problems(tmp_path / "again") == [] and (tmp_path / "again" / "next.png").exists()


class Deadly(Figure):
    """What ends the process that reads it."""

    def __reduce__(self) -> Any:
        return os._exit, (3,)


def test_a_figure_that_ends_the_other_process_is_told_and_the_next_one_is_drawn(tmp_path: Path) -> None:
    with Artist() as artist:
        artist.draw(tmp_path / "one" / "deadly.png", Deadly((1, 1)), DPI)
        artist.draw(tmp_path / "other" / "fine.png", a_figure(), DPI)
        (problem,) = artist.problems(tmp_path / "one")
        assert "is gone" in str(problem) and not (tmp_path / "one").exists()
        assert artist.problems(tmp_path / "other") == [] and (tmp_path / "other" / "fine.png").exists()


def test_a_figure_that_cannot_be_sent_is_drawn_at_once(tmp_path: Path) -> None:
    figure = a_figure()
    figure.axes[0].xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    with Artist() as artist:
        artist.draw(tmp_path / "figure.png", figure, DPI)
        assert (tmp_path / "figure.png").exists() and artist._process is None


def test_an_artist_that_cannot_be_started_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    with Artist() as artist:
        artist.draw(tmp_path / "figure.png", a_figure(), DPI)
        (problem,) = artist.problems(tmp_path)
        assert "could not be started" in str(problem)


def test_an_artist_whose_customer_is_gone_in_the_midst_of_an_order_leaves_without_a_word() -> None:
    order = pickle.dumps((Path("never.png"), a_figure(), DPI))
    command = [sys.executable, "-m", "experiments.drawing"]
    done = subprocess.run(command, input=order[: len(order) // 2], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
