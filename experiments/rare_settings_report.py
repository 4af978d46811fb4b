"""What experiments.rare_settings writes: the tails as CSV and figure, summary.json."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from ml_collections import ConfigDict

from experiments import reporting, runner
from experiments.landscape_inputs import place
from experiments.rare_settings_tables import NAME, beside, read, tail_rows, typical_rate
from rnnjax import plotting, results, statistics
from rnnjax.initializers import Sampler
from rnnjax.landscape import Architecture

_INCHES = 2.1, 2.0  # a panel
_NARROWEST = 7.2  # inches, which the title needs


def report(
    run: runner.Run,
    climbs: Mapping[str, np.ndarray],
    architectures: Sequence[Architecture],
    samplers: Sequence[Sampler],
    data: str,
    num_sentences: int,
) -> None:
    """Write all that result.npz holds.

    Args:
        run: its working directory is written to.
        climbs: the arrays of result.npz.
        architectures: those of all of them.
        samplers: likewise.
        data: the data set's title.
        num_sentences: of validation.
    """
    wanted: ConfigDict = run.config[NAME]
    tails = tail_rows(climbs, samplers, architectures, wanted.draws, num_sentences, wanted.highest)
    lines = list(beside(tails))
    summary = {
        "num_sentences": num_sentences,
        "confidence": statistics.CONFIDENCE,
        "particles": wanted.particles,
        "tails": tails,
        "climbs": [_climbs(climbs, s, a, wanted.draws, num_sentences) for s in samplers for a in architectures],
    }
    results.write_text(run.workdir / "rare_4_6_1.csv", reporting.to_csv(lines))
    results.write_json(run.workdir / "summary.json", summary)
    run.save_figure("figure_4_19_rare.png", _figure(tails, architectures, samplers, data, wanted))
    run.log.info("P(accuracy > a) of random settings, the median and the mean over draws:")
    for line in reporting.to_text(lines):
        run.log.info("%s", line)


def _climbs(
    climbs: Mapping[str, np.ndarray], sampler: Sampler, architecture: Architecture, draws: int, num_sentences: int
) -> dict[str, object]:
    """How far each draw's climb came, and how its moves went; the oracle's account of the first draw's particles."""
    here = place(sampler, architecture)
    last = [climbs[f"{here}{draw}/levels"][-1] for draw in range(draws)]
    moved = [climbs[f"{here}{draw}/taken"] for draw in range(draws)]
    taken = [float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else None for values in moved]
    return {
        "sampler": sampler.spec,
        "architecture": architecture.name,
        "best": [float(climbs[f"{here}{draw}/best_count"][0]) / num_sentences for draw in range(draws)],
        "last_level": [float(level) / num_sentences for level in last],
        "levels": [len(climbs[f"{here}{draw}/levels"]) for draw in range(draws)],
        "proposals_taken": taken,
        "audit": climbs[f"{here}0/audit"].tolist(),
    }


@plotting.house_style()
def _figure(
    tails: reporting.Rows,
    architectures: Sequence[Architecture],
    samplers: Sequence[Sampler],
    data: str,
    wanted: ConfigDict,
) -> Figure:
    """A row a sampler, a column a shape."""
    shapes = list(dict.fromkeys(a.shape for a in architectures))
    cells = list(dict.fromkeys(a.cell for a in architectures))
    figure = plotting.new_figure(max(_NARROWEST, _INCHES[0] * len(shapes) + 0.6), _INCHES[1] * len(samplers) + 1.2)
    axes = figure.subplots(len(samplers), len(shapes), sharex=True, sharey=True, squeeze=False)
    for row, sampler in zip(axes, samplers, strict=True):
        for ax, shape in zip(row, shapes, strict=True):
            for architecture in architectures:
                if architecture.shape == shape:
                    _draw_tail(ax, tails, sampler, architecture, wanted.rarest)
            ax.set_title(f"{shape.replace('x', ' x ')}, {sampler.title}")
            ax.set_yscale("log")
            ax.xaxis.set_major_formatter(plotting.per_cent)
    for ax in axes[-1]:
        ax.set_xlabel("accuracy a")
    figure.supylabel("P(accuracy > a)", size=8)
    figure.suptitle(
        f"Section 4.6.1, further up: random settings on {data}, by multilevel splitting ({wanted.particles:,}"
        f" particles);\nmedian of {wanted.draws} draws of sentences and words, 95 % band, and each draw (thin)",
        size=9,
    )
    figure.legend(
        handles=[plotting.cell_handle(cell.name, cell.title) for cell in cells],
        loc="outside lower center",
        ncols=len(cells),
    )
    return figure


def _draw_tail(axes: Axes, tails: reporting.Rows, sampler: Sampler, architecture: Architecture, rarest: float) -> None:
    mine = [row for row in tails if (row["sampler"], row["architecture"]) == (sampler.spec, architecture.name)]
    levels, rates = np.array([row["accuracy_above"] for row in mine]), [read(row) for row in mine]
    of_draws = np.array([of.rates for of in rates])  # [accuracies, draws]
    means = np.array([typical_rate(of) for of in rates])
    colour, line = plotting.COLOURS[architecture.cell.name], plotting.LINES[architecture.cell.name]
    hidden = np.where(of_draws > 0, of_draws, np.nan)
    axes.plot(levels, hidden, color=colour, lw=0.4, alpha=0.35)
    seen = means[:, 0] > 0
    (mean, low, high), levels = means[seen].T, levels[seen]
    axes.plot(levels, mean, color=colour, ls=line, lw=1.4)
    if np.isfinite(high).all():
        axes.fill_between(levels, np.maximum(low, rarest), high, color=colour, alpha=0.2, lw=0)
