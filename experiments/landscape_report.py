"""Section 4.6.1's files: figures 4.19 and 4.20, the tails as CSV, summary.json; all from result.npz alone."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from experiments import reporting, runner
from experiments.landscape_audit import Audit
from experiments.landscape_inputs import Inputs, place
from rnnjax import plotting, results, statistics
from rnnjax.initializers import Sampler
from rnnjax.landscape import NEAR_TIE, Architecture
from rnnjax.separability import kind_margins

THRESHOLDS = [percent / 100 for percent in range(55, 100, 5)]
_NARROWEST = 7.2  # inches, which the figures' titles need

Histograms = dict[Sampler, dict[Architecture, np.ndarray]]


def report(run: runner.Run, inputs: Inputs, samplers: Sequence[Sampler]) -> None:
    """Write everything that result.npz holds of these samplers, the main one first."""
    places = {(s, a): place(s, a) for s in samplers for a in inputs.architectures}
    names = [
        where + what for where in places.values() for what in ("histogram", "best", "best_counts", "lowest", "audit")
    ]
    arrays = results.read_npz(run.workdir / "result.npz", names)
    histograms = {s: {a: arrays[places[s, a] + "histogram"] for a in inputs.architectures} for s in samplers}
    tails = [row for sampler in samplers for row in _tails(sampler, histograms[sampler])]
    results.write_text(run.workdir / "tails_4_6_1.csv", reporting.to_csv(tails))
    summary = {
        "num_sentences": len(inputs.split.words),
        "confidence": statistics.CONFIDENCE,
        "near_tie": NEAR_TIE,
        "separability": {f"{dim} dimensions": kind_margins(words) for dim, words in inputs.embeddings.items()},
        "samplers": {s.spec: {a.name: _summary(arrays, places[s, a]) for a in inputs.architectures} for s in samplers},
        "tails": tails,
    }
    if len(samplers) == len(inputs.samplers):  # claims speak of all: what is there of some is for looking at
        results.write_json(run.workdir / "summary.json", summary)
    data = f"{run.config.data.label.capitalize()}{run.config.data.version}"
    main = histograms[samplers[0]]
    run.save_figure("figure_4_19.png", figure_4_19(main, samplers[0], data))
    run.save_figure("figure_4_20.png", figure_4_20(main, samplers[0], data))
    run.save_figure("figure_4_19_tails.png", _figure_tails(histograms, data))
    for sampler in samplers:
        for line in _table(tails, sampler):
            run.log.info("%s", line)


@plotting.house_style()
def figure_4_19(histograms: dict[Architecture, np.ndarray], sampler: Sampler, data: str) -> Figure:
    """Figure 4.19: one panel an architecture, the cells of one shape side by side."""
    shapes = list(dict.fromkeys(a.shape for a in histograms))
    cells = list(dict.fromkeys(a.cell for a in histograms))
    figure = plotting.new_figure(max(_NARROWEST, 3.4 * len(cells) + 0.4), 1.75 * len(shapes) + 0.9)
    axes = figure.subplots(len(shapes), len(cells), sharex=True, sharey=True, squeeze=False)
    for ax in axes.flat:
        ax.set_visible(False)
    span = plotting.limits(list(histograms.values()))
    bin_width = 0.01 if span[1] > 0.65 else 0.005
    for architecture in histograms:
        ax = axes[shapes.index(architecture.shape), cells.index(architecture.cell)]
        ax.set_visible(True)
        same_shape = {a.cell.name: h for a, h in histograms.items() if a.shape == architecture.shape}
        plotting.draw_frequencies(ax, same_shape, architecture.cell.name, bin_width)
        ax.set_title(architecture.title)
        ax.set_xlim(*span)
    total, num_sentences = _sizes(histograms)
    for ax in axes[-1]:
        ax.set_xlabel(f"accuracy on {data}'s {num_sentences:,} validation sentences")
    figure.supylabel(f"settings in a bin of {bin_width:.1%}\n(those on an edge: half to each side)", size=8)
    figure.suptitle(
        f"Figure 4.19: accuracy of {total:,} random parameter settings (inputs x hidden units H), no training;"
        f"\n{sampler.title}; one draw of sentences and words",
        size=9,
    )
    handles: list[Artist] = [plotting.cell_handle(c.name, c.title) for c in cells]
    handles.append(Line2D([], [], ls="", marker="x", ms=4, color="0.35", label="the other cell of the same shape"))
    handles.append(Patch(fill=False, ec="0.35", label=f"fair coins: {total:,} × {num_sentences:,} tosses"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


@plotting.house_style()
def figure_4_20(histograms: dict[Architecture, np.ndarray], sampler: Sampler, data: str) -> Figure:
    """Figure 4.20: box plots of all architectures."""
    figure = plotting.new_figure(7.2, 0.42 * len(histograms) + 1.3)
    ax = figure.subplots()
    plotting.draw_boxes(ax, [a.cell.name for a in histograms], [a.title for a in histograms], list(histograms.values()))
    total, num_sentences = _sizes(histograms)
    ax.set_xlim(*plotting.limits(list(histograms.values())))
    ax.set_xlabel(
        f"validation accuracy on {data} ({num_sentences:,} sentences)\n"
        "box: quartiles; whiskers: last value within 1.5 interquartile ranges; each mark: an accuracy reached outside"
    )
    title = f"Figure 4.20: {total:,} random parameter settings an architecture"
    ax.set_title(f"{title}; {sampler.title};\none draw of sentences and words", size=9)
    return figure


@plotting.house_style()
def _figure_tails(histograms: Histograms, data: str) -> Figure:
    """Beside figure 4.19: the tails of all samplers, one row a sampler, one column a shape."""
    some = next(iter(histograms.values()))
    shapes, cells = list(dict.fromkeys(a.shape for a in some)), list(dict.fromkeys(a.cell for a in some))
    figure = plotting.new_figure(max(_NARROWEST, 1.9 * len(shapes) + 0.6), 1.7 * len(histograms) + 1.0)
    axes = figure.subplots(len(histograms), len(shapes), sharex=True, sharey=True, squeeze=False)
    for row, (sampler, of_sampler) in zip(axes, histograms.items(), strict=True):
        for ax, shape in zip(row, shapes, strict=True):
            plotting.draw_tails(ax, {a.cell.name: h for a, h in of_sampler.items() if a.shape == shape})
            ax.set_title(f"{shape.replace('x', ' x ')}, {sampler.title}")
    total, num_sentences = _sizes(some)
    for ax in axes[-1]:
        ax.set_xlabel("accuracy a")
    figure.supylabel("P(accuracy > a), 95 % Wilson band", size=8)
    figure.suptitle(
        f"Section 4.6.1: tails of {total:,} random settings each on {data}'s {num_sentences:,} validation sentences;"
        "\none draw of sentences and words: bands are of the settings alone",
        size=9,
    )
    handles = [plotting.cell_handle(c.name, c.title) for c in cells]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def _sizes(histograms: dict[Architecture, np.ndarray]) -> tuple[int, int]:
    """Settings an architecture, and sentences."""
    histogram = next(iter(histograms.values()))
    return int(histogram.sum()), len(histogram) - 1


def _tails(sampler: Sampler, histograms: dict[Architecture, np.ndarray]) -> Iterator[dict[str, Any]]:
    """Rows: for each shape, threshold and pair (first cell, another one) of that shape."""
    by_shape = groupby(sorted(histograms, key=lambda a: (a.input_dim, a.hidden_dim)), key=lambda a: a.shape)
    for shape, group in by_shape:
        first, *others = sorted(group, key=list(histograms).index)
        for threshold in THRESHOLDS:
            row = {"sampler": sampler.spec, "shape": shape, "accuracy_above": threshold}
            one = _tail(first, histograms[first], threshold)
            if not others:
                yield row | one
            for other in others:
                two = _tail(other, histograms[other], threshold)
                yield row | one | two | _ratio(first, one, other, two)


def _tail(architecture: Architecture, histogram: np.ndarray, threshold: float) -> dict[str, Any]:
    above, settings = statistics.num_above(histogram, threshold), int(histogram.sum())
    interval, cell = statistics.proportion(above, settings), architecture.cell.name
    values = {"above": above, "settings": settings, "p": interval.estimate, "low": interval.low, "high": interval.high}
    return {f"{cell}_{name}": value for name, value in values.items()}


def _ratio(first: Architecture, one: dict[str, Any], other: Architecture, two: dict[str, Any]) -> dict[str, Any]:
    a, b = first.cell.name, other.cell.name
    ratio = statistics.ratio_of_rates(two[f"{b}_above"], two[f"{b}_settings"], one[f"{a}_above"], one[f"{a}_settings"])
    return {"ratio": f"{b}/{a}", "ratio_estimate": ratio.estimate, "ratio_low": ratio.low, "ratio_high": ratio.high}


def _summary(arrays: dict[str, np.ndarray], where: str) -> dict[str, Any]:
    histogram = arrays[where + "histogram"]
    num_sentences = len(histogram) - 1
    mean, sd = statistics.mean_and_sd(histogram)
    box = statistics.box(histogram)
    return {
        "num_settings": int(histogram.sum()),
        "mean": mean,
        "sd": sd,
        "quartiles": [box.first_quartile, box.median, box.third_quartile],
        "whiskers": [box.low_whisker, box.high_whisker],
        "outliers": box.num_outliers,
        "lowest": float(np.flatnonzero(histogram)[0]) / num_sentences,
        "best": float(arrays[where + "best_counts"][0]) / num_sentences,
        "best_index": int(arrays[where + "best"][0]),
        "lowest_index": int(arrays[where + "lowest"][0]),
        "exactly_half": int(histogram[num_sentences // 2]) if num_sentences % 2 == 0 else 0,
        "audit": Audit(*arrays[where + "audit"].tolist())._asdict(),
    }


def _table(tails: Sequence[dict[str, Any]], sampler: Sampler) -> Iterator[str]:
    """One sampler's ratios of tails, as text; what neither cell reached is left out."""
    rows = [row for row in tails if row["sampler"] == sampler.spec]
    shown = [
        row for row in rows if any(row[name] for name in row if name.endswith("_above") and name[:8] != "accuracy")
    ]
    yield f"P(accuracy > a) under {sampler.spec}; of two cells of one shape the ratio too, with a 95 % interval:"
    if not shown:
        yield f"  no setting above {THRESHOLDS[0]:.2f}"
    for row in shown:
        cells = [name.removesuffix("_p") for name in row if name.endswith("_p")]
        tail = "".join(f"  {cell} {row[f'{cell}_p']:.2e}" for cell in cells)
        ratio = ""
        if "ratio" in row:
            ratio = f"  {row['ratio']} {row['ratio_estimate']:.3g} [{row['ratio_low']:.3g}, {row['ratio_high']:.3g}]"
        yield f"  {row['shape']:>5}  a = {row['accuracy_above']:.2f}{tail}{ratio}"
