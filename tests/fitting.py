"""Every figure that a test has written is looked at: titles and legends that are cut at its edges fail the test."""

import functools
from collections.abc import Iterator
from typing import Any

from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_TOLERANCE = 1  # dots


def watch() -> None:
    """From now on, in this process."""
    save = Figure.savefig
    if hasattr(save, "__wrapped__"):
        return

    @functools.wraps(save)
    def checked(figure: Figure, *arguments: Any, **named: Any) -> None:
        save(figure, *arguments, **named)
        assert not (cut := cut_texts(figure)), f"cut at the figure's edge: {cut}"

    Figure.savefig = checked  # type: ignore[method-assign, assignment]


def cut_texts(figure: Figure) -> list[str]:
    """Of a figure that was drawn: what does not lie within it."""
    width, height = figure.bbox.size
    renderer, cut = FigureCanvasAgg(figure).get_renderer(), []
    for name, artist in _texts(figure):
        box = artist.get_window_extent(renderer)
        if min(box.x0, box.y0, width - box.x1, height - box.y1) < -_TOLERANCE:
            cut.append(name)
    return cut


def _texts(figure: Figure) -> Iterator[tuple[str, Artist]]:
    for text in figure.texts:  # the figure's own titles and labels too
        yield text.get_text(), text
    for legend in figure.legends:
        yield "legend", legend
    for axes in figure.axes:  # axes' labels are no more where they were drawn
        if axes.get_visible() and axes.get_title():
            yield axes.get_title(), axes.title
