"""What a reader sees of cells with numbers and labels, from the axes that have them."""

from matplotlib.axes import Axes


def texts_of(axes: Axes) -> list[list[str]]:
    """The cells' texts by rows as a reader sees them: from the top, from the left."""
    axes.get_figure().draw_without_rendering()  # type: ignore[union-attr]
    places = [(*axes.transData.transform(text.get_position()), text.get_text()) for text in axes.texts]
    rows = sorted({round(y) for _, y, _ in places}, reverse=True)
    return [[text for _, y, text in sorted(places) if round(y) == row] for row in rows]


def labels_of(axes: Axes, which: str) -> list[str]:
    """The ticks' labels within the axes, from the top or from the left."""
    axis, (low, high) = (axes.yaxis, axes.get_ylim()[::-1]) if which == "y" else (axes.xaxis, axes.get_xlim())
    pairs = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
    shares = [((tick - low) / (high - low), label.get_text()) for tick, label in pairs]
    return [label for share, label in sorted(shares) if -1e-9 < share < 1 + 1e-9]
