"""Section 4.1.1, Figures 4.1-4.3: does it help when the kinds of words are linearly separable?

    python -m experiments.separability --config=configs/thesis.py

result.npz: see outcomes; conditions are named "CountII/embedding_1/gru_2x4".
"""

from collections.abc import Sequence
from itertools import pairwise
from string import ascii_lowercase
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from ml_collections import ConfigDict

from experiments import runner
from experiments.conditions import Condition, architectures, data_sets, draw_embedding, listed, make
from experiments.reporting import estimate_columns
from experiments.training_experiment import Outcomes, Report, experiment
from experiments.training_figures import Panel, figure_name, heat_maps, shown, strips_and_rates
from rnnjax import plotting, resampling
from rnnjax.errors import in_range
from rnnjax.separability import kind_margins

_NAME, _CELLS, _SUCCESS = "separability", ("rnn", "gru"), 0.9
_FIGURES = {"CountII": "4.2", "FirstII": "4.3"}
_VARIES = "embedding_2"  # separable in some draws alone
_MOST_MARGINS = 100_000  # draws; a thousand take half a minute


def conditions(config: ConfigDict, _: Outcomes) -> list[Condition]:
    """Data set x embedding x cell x hidden size; the words have two dimensions.

    Raises:
        UserError: a value that cannot be used.
    """
    wanted = config[_NAME]
    in_range(f"{_NAME}.margin_draws", wanted.margin_draws, 0, _MOST_MARGINS)
    return [
        make(config, _NAME, data, architecture, embedding)
        for embedding in listed(wanted.embeddings)
        for data in data_sets(config, _NAME, embedding)
        for architecture in architectures(_CELLS, (2,), wanted.hidden_dims)
    ]


def report(config: ConfigDict, outcomes: Outcomes) -> Report:
    """Figures 4.1 to 4.3 and claims C02 and C03."""
    wanted, embeddings = config[_NAME], listed(config[_NAME].embeddings)
    figures = {"figure_4_1.png": _figure_4_1(config, embeddings)}
    for data in data_sets(config, _NAME):
        figure, file = figure_name(_FIGURES, data.title)
        panels = []
        all_members: dict[str, tuple[Sequence[np.ndarray], str]] = {}
        for architecture in architectures(_CELLS, (2,), wanted.hidden_dims):
            found = {e: outcomes[f"{data.title}/{e}/{architecture.name}"] for e in embeddings}
            rows = {_short(e): shown(o, config.training.report, wanted.shown_seeds) for e, o in found.items()}
            panels.append(Panel(f"{architecture.cell.title}, H = {architecture.hidden_dim}", rows))
            for e, outcome in found.items():
                label = f"{architecture.cell.title}, H = {architecture.hidden_dim}: {e.capitalize()}"
                all_members[label] = (list(outcome.accuracy(config.training.report)), architecture.cell.name)
        columns = [str(i + 1) for i in range(wanted.shown_seeds)]
        title = f"{figure}: validation accuracy on {data.title}, {wanted.shown_seeds} initialisations, first draw"
        figures[f"{file}.png"] = heat_maps(title, panels, columns, "initialisation", "embedding", 4)
        title = f"Section 4.1.1: all {wanted.draws} x {wanted.seeds} networks of each kind on {data.title}"
        figures[f"{file}_all.png"], figures[f"{file}_rates.png"] = strips_and_rates(title, all_members, _SUCCESS)
    table = _neighbours(config, outcomes, embeddings)
    return Report(
        figures, {"neighbours_4_1_1.csv": table}, {"neighbours": table, "margins": _margins(config, embeddings)}
    )


@plotting.house_style()
def _figure_4_1(config: ConfigDict, embeddings: list[str]) -> Figure:
    figure = plotting.new_figure(7.2, 2.4)
    axes = figure.subplots(1, len(embeddings), squeeze=False)[0]
    data = data_sets(config, _NAME)[0]
    for letter, ax, name in zip(ascii_lowercase, axes, embeddings, strict=False):
        plotting.draw_words(ax, draw_embedding(config, data._replace(embedding=name), 0, 2))
        ax.set_title(f"({letter}) {name.capitalize()}")
        ax.set_xlabel("input 1")
    axes[0].set_ylabel("input 2")
    figure.legend(handles=plotting.word_handles(), loc="outside lower center", ncols=3)
    figure.suptitle("Figure 4.1: where the ten words lie, first draw", size=9)
    return figure


def _neighbours(config: ConfigDict, outcomes: Outcomes, embeddings: list[str]) -> list[dict[str, Any]]:
    """C02: by how much each embedding's mean accuracy exceeds that of the one before, in per cent."""
    rows = []
    for data in data_sets(config, _NAME):
        for architecture in architectures(_CELLS, (2,), config[_NAME].hidden_dims):
            for one, other in pairwise(embeddings):
                lower, higher = (outcomes[f"{data.title}/{e}/{architecture.name}"] for e in (one, other))
                values = [list(o.accuracy(config.training.report)) for o in (higher, lower)]
                gain = resampling.difference(values[0], values[1])
                here = {"data": data.title, "architecture": architecture.name, "from": one, "to": other}
                rows.append(here | estimate_columns("gain", gain, 100))
    return rows


def _margins(config: ConfigDict, embeddings: list[str]) -> dict[str, list[dict[str, float]]]:
    """C03: each draw's margins between kinds of words, by a linear programme."""
    wanted, data = config[_NAME], data_sets(config, _NAME)[0]
    draws = {e: max(wanted.draws, wanted.margin_draws if e == _VARIES else 0) for e in embeddings}
    return {
        e: [kind_margins(draw_embedding(config, data._replace(embedding=e), d, 2)) for d in range(number)]
        for e, number in draws.items()
    }


def _short(embedding: str) -> str:
    return embedding.removeprefix("embedding_")


EXPERIMENT = experiment(_NAME, [conditions], report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
