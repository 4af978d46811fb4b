"""Controls that the thesis left out: training that is not stopped, and an RNN with a GRU's number of parameters.

The networks without early stop are some of the section's own, trained again; a comparison has the same ones, and so as
many, on both sides.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator
from ml_collections import ConfigDict

from experiments.conditions import Condition, DataSet, different, make, unstopped
from experiments.training_experiment import Outcomes
from experiments.training_figures import Rate, success_rate
from rnnjax import grids, plotting
from rnnjax.cells import CELLS
from rnnjax.errors import in_range
from rnnjax.landscape import Architecture
from rnnjax.parameters import count
from rnnjax.statistics import Interval

# What accuracies may be of: all networks under section 3.2's protocol; some of them without early stop; the same
# ones, for comparison, under section 3.2's protocol.
THESIS, UNSTOPPED, STOPPED = "thesis", "unstopped", "stopped"


def unstopped_conditions(config: ConfigDict, section: str, data: DataSet, shape: Architecture) -> list[Condition]:
    """The same networks without early stop, at every constant rate of config.training.unstopped_learning_rates.

    Patience 4 at a rate of 0.001 ends many runs on the chance plateau: "untrainable" may mean "stopped early".

    Raises:
        UserError: more seeds or draws than the section has, or a rate that cannot be or is there twice.
    """
    wanted = config[section]
    seeds, draws = wanted.unstopped_seeds, wanted.unstopped_draws
    in_range(f"{section}.unstopped_seeds", seeds, 0, wanted.seeds)
    in_range(f"{section}.unstopped_draws", draws, 0, wanted.draws)
    rates = config.training.unstopped_learning_rates
    for rate in rates:
        in_range("training.unstopped_learning_rates", rate, 1e-9, 1e3)
    if len(rates):
        different("training.unstopped_learning_rates", [float(f"{rate:g}") for rate in rates])  # as names have them
    if not seeds or not draws:
        return []
    return [
        make(
            config, section, data, shape, f"unstopped_{rate:g}",
            protocol=unstopped(config, rate), num_seeds=seeds, num_draws=draws,
        )
        for rate in rates
    ]  # fmt: skip


class Unstopped(NamedTuple):
    """Networks without early stop, at their best constant rate, and the same ones under section 3.2's protocol."""

    learning_rates: tuple[float, ...]  # one, or two where either half of the seeds has its own
    accuracy: np.ndarray  # [R, S] in [0, 1], each seed's at a rate that it had no part in choosing
    stopped: np.ndarray  # [R, S], of the same draws and seeds

    @property
    def told(self) -> str:
        """The rates, for people."""
        return " and ".join(f"{rate:g}" for rate in self.learning_rates)


def best_unstopped(
    config: ConfigDict, outcomes: Outcomes, data: DataSet, shapes: Sequence[Architecture], threshold: float
) -> dict[Architecture, Unstopped]:
    """Of each shape, if there are such controls, its networks at the rates of at_best_rates."""
    every, report = config.training.unstopped_learning_rates, config.training.report
    found = {}
    for shape in shapes:
        names = {rate: f"{data.title}/unstopped_{rate:g}/{shape.name}" for rate in every}
        there = {rate: outcomes[name].accuracy(report) for rate, name in names.items() if name in outcomes}
        if there:
            rates, accuracy = at_best_rates(there, threshold)
            draws, seeds = accuracy.shape
            stopped = outcomes[f"{data.title}/{shape.name}"].accuracy(report)[:draws, :seeds]
            found[shape] = Unstopped(rates, accuracy, stopped)
    return found


def at_best_rates(there: Mapping[float, np.ndarray], threshold: float) -> tuple[tuple[float, ...], np.ndarray]:
    """Every network at the constant rate that is best for the others: with most above a threshold, then in the mean.

    Of every second seed the others choose the rate, and the other way round: the best of several rates on the very
    networks that it is judged by would flatter whichever cell varies more. A single seed has no other, and chooses.

    Args:
        there: accuracies [R, S] by rate.
        threshold: an accuracy in [0, 1].

    Returns:
        The rates that were chosen, ascending, and the accuracies [R, S].
    """
    accuracy, chosen = np.empty_like(next(iter(there.values()))), set()
    for judged in (0, 1):
        choosing = slice(1 - judged, None, 2) if accuracy.shape[1] > 1 else slice(None)
        rate = _best(there, choosing, threshold)
        accuracy[:, judged::2] = there[rate][:, judged::2]
        chosen.add(rate)
    return tuple(sorted(chosen)), accuracy


def by_protocol(
    config: ConfigDict,
    outcomes: Outcomes,
    data: DataSet,
    shapes: Sequence[Architecture],
    pairs: Mapping[Architecture, Unstopped],
) -> dict[str, dict[Architecture, np.ndarray]]:
    """Every shape's accuracies [R, S] under THESIS and, if there are such pairs, STOPPED and UNSTOPPED."""
    found = {THESIS: {s: outcomes[f"{data.title}/{s.name}"].accuracy(config.training.report) for s in shapes}}
    if pairs:
        found[STOPPED] = {shape: pair.stopped for shape, pair in pairs.items()}
        found[UNSTOPPED] = {shape: pair.accuracy for shape, pair in pairs.items()}
    return found


@plotting.house_style()
def unstopped_figure(
    where: str,
    x_label: str,
    pairs: Mapping[Architecture, Unstopped],
    measure: Callable[[np.ndarray], Interval],
    means: bool = False,
) -> Figure:
    """A line a shape: on the left under section 3.2's protocol, on the right the same networks without early stop.

    Args:
        where: the section and the data set.
        x_label: what is measured.
        pairs: of each shape.
        measure: of accuracies [R, S].
        means: whether that is their mean.
    """
    figure = plotting.new_figure(7.2, 0.2 * len(pairs) + 1.5)
    axes = figure.subplots(1, 2, sharey=True)
    sides = [pair.stopped for pair in pairs.values()], [pair.accuracy for pair in pairs.values()]
    colours, drawn = [plotting.COLOURS[shape.cell.name] for shape in pairs], list[Interval]()
    for ax, accuracies in zip(axes, sides, strict=True):
        intervals = [measure(accuracy) for accuracy in accuracies]
        grids.draw_rates(ax, [shape.title for shape in pairs], intervals, [None] * len(pairs), colours, means)
        ax.xaxis.set_major_locator(MultipleLocator(0.1 if means else 0.2))
        ax.set_xlabel(x_label)
        drawn += intervals
    for ax in axes:
        ax.set_xlim(min(each.get_xlim()[0] for each in axes), 1)
    told = [pair.told for pair in pairs.values()]
    axes[0].set_title("learning rate halved, early stop (section 3.2)")
    axes[1].set_title("constant learning rate to the end" + (f": {told[0]}" if len(set(told)) == 1 else ""))
    one = next(iter(pairs.values()))
    title = f"{where}: the same networks, stopped early and not; {numbers(one.accuracy)}"
    if len(set(told)) > 1:
        title += (
            "\n(at the edge: the learning rate; where there are two, each half of the seeds has the other half's best)"
        )
        for place, text in enumerate(told, 1):
            axes[1].annotate(text, (1.03, place), xycoords=("axes fraction", "data"), va="center", size=6.5)
    figure.suptitle(title, size=9)
    figure.legend(handles=grids.rate_handles(drawn, []), loc="outside lower center", ncols=3)
    return figure


def numbers(accuracy: np.ndarray) -> str:
    """How many networks a line of a figure stands for, from its accuracies [R, S]."""
    counts = zip(accuracy.shape, ("draw", "seed"), strict=True)
    told = " x ".join(f"{number} {word}{'s' * (number != 1)}" for number, word in counts) + " a line"
    return told + ("\n(intervals: of this one draw's seeds alone)" if len(accuracy) == 1 else "")


def matched_condition(config: ConfigDict, section: str, data: DataSet, gru: Architecture) -> Condition:
    """RNNs with about as many parameters as a GRU: capacity is defined per parameter (section 4.2.2)."""
    return make(config, section, data, matched_rnn(gru), f"matched_{gru.name}")


def matched_rate(config: ConfigDict, outcomes: Outcomes, data: DataSet, gru: Architecture, threshold: float) -> Rate:
    """A figure's line: how many of the RNNs of matched_condition are above a threshold."""
    outcome = outcomes[matched_name(data, gru)]
    label = f"{outcome.condition.architecture.title}, parameters as {gru.title}"
    return Rate(label, success_rate(outcome, config.training.report, threshold), None, "rnn")


def matched_name(data: DataSet, gru: Architecture) -> str:
    """The name of matched_condition."""
    return f"{data.title}/matched_{gru.name}/{matched_rnn(gru).name}"


def matched_rnn(gru: Architecture) -> Architecture:
    """The RNN with the same inputs whose number of parameters is nearest (GRU 2x2: 42, RNN 2x4: 42)."""
    # One with three times as many units has more parameters than the GRU.
    candidates = [Architecture(CELLS["rnn"], gru.input_dim, hidden) for hidden in range(1, 3 * gru.hidden_dim + 1)]
    wanted = count(gru.sizes)
    return min(candidates, key=lambda rnn: (abs(count(rnn.sizes) - wanted), rnn.hidden_dim))


def _best(there: Mapping[float, np.ndarray], seeds: slice, threshold: float) -> float:
    def goodness(rate: float) -> tuple[float, float, float]:
        accuracy = there[rate][:, seeds]
        return float((accuracy > threshold).mean()), float(accuracy.mean()), rate

    return max(there, key=goodness)
