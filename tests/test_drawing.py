"""Figures' files: whole or absent, the same by another process, and what that process does when something is amiss."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from PIL import Image

from experiments.drawing import Artist, save_figure
from rnnjax import plotting

ROOT = Path(__file__).parents[1]


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
    save_figure(path, Figure((1, 1)))
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n") and content.endswith(b"IEND\xaeB`\x82")

    class Broken(Figure):
        def savefig(self, fname: Any, **_: Any) -> None:
            fname.write(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        save_figure(path, Broken((1, 1)))
    assert path.read_bytes() == content and [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_figure_for_a_first_look_has_half_the_resolution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plotting, "_STYLE", dict(plotting._STYLE))
    sizes = []
    for make in (lambda: None, plotting.be_coarse):
        make()
        save_figure(tmp_path / "figure.png", plotting.new_figure(3, 2))
        with Image.open(tmp_path / "figure.png") as image:
            sizes.append(image.size)
    assert sizes == [(600, 400), (300, 200)]


def test_another_process_draws_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While this one is within a style of its own, too, and all that was ordered before it leaves."""
    save_figure(tmp_path / "here.png", a_figure())
    monkeypatch.setattr(plotting, "_STYLE", dict(plotting._STYLE))
    with Artist() as artist, plotting.house_style():
        artist.draw(tmp_path / "there.png", a_figure())
        assert artist.problems(tmp_path) == []
        assert (tmp_path / "there.png").read_bytes() == (tmp_path / "here.png").read_bytes()
        plotting.be_coarse()
        for number in range(3):
            artist.draw(tmp_path / f"{number}.png", a_figure())
    assert artist._process and artist._process.returncode == 0
    for number in range(3):
        with Image.open(tmp_path / f"{number}.png") as image:
            assert image.size == (300, 200)


def test_a_figure_that_cannot_be_drawn_is_told_with_its_folder_and_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "one" / "taken.png").mkdir(parents=True)
    with Artist() as artist:
        artist.draw(tmp_path / "one" / "taken.png", a_figure())
        artist.draw(tmp_path / "one" / "wrong.png", a_figure("$x^{$"))  # no mathematics
        artist.draw(tmp_path / "other" / "fine.png", a_figure())
        taken, wrong = artist.problems(tmp_path / "one")
        assert isinstance(taken, OSError) and isinstance(wrong, ValueError)
        assert artist.problems(tmp_path / "other") == [] and (tmp_path / "other" / "fine.png").exists()


def test_a_figure_that_cannot_be_sent_is_drawn_at_once(tmp_path: Path) -> None:
    figure = a_figure()
    figure.axes[0].xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    with Artist() as artist:
        artist.draw(tmp_path / "figure.png", figure)
        assert (tmp_path / "figure.png").exists() and artist._process is None


def test_an_artist_that_is_gone_is_told(tmp_path: Path) -> None:
    with Artist() as artist:
        artist.draw(tmp_path / "first.png", a_figure())
        assert artist.problems(tmp_path) == [] and artist._process
        artist._process.kill()
        artist._process.wait()
        artist.draw(tmp_path / "second.png", a_figure())
        (problem,) = artist.problems(tmp_path)
        assert "is gone" in str(problem) and not (tmp_path / "second.png").exists()


@pytest.mark.parametrize("cut", [lambda order: b"", lambda order: order[: len(order) // 2]])
def test_an_artist_whose_customer_is_gone_leaves_without_a_word(cut: Callable[[bytes], bytes]) -> None:
    order = pickle.dumps((Path("never.png"), a_figure(), 100))
    command = [sys.executable, "-m", "experiments.drawing"]
    done = subprocess.run(command, input=cut(order), cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
