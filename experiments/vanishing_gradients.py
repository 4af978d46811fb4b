"""Chapter 1's explanation, which the thesis never measures: do gradients vanish, and is that why RNNs do not train?

    python -m experiments.vanishing_gradients --config=configs/thesis.py

Of every network, before and after training: the gradients dL/dh_t of single sentences' losses at every state, and the
Jacobians dh_T/dh_t, over `sentences` validation sentences, in float64; of some networks also after some epochs. The
number that is compared is the ratio |dL/dh_1| / |dL/dh_T|, from the first word's state to the last one's. The size of
the loss, which is small wherever a network has decided, does not matter to it (see rnnjax/vanishing.py).

Do starts with larger ratios end better? Asked in two ways. Within a cell and a draw, by rank correlation; controls: the
same without early stop, for who is slow is stopped early, and with what else tells starts apart held fixed (loss, size
of the input weights and of the readout). And by changing the ratio by hand, all else as it was (see
vanishing_conditions): the same seeds are compared.

result.npz: see outcomes; conditions are named "FirstII/gru_2x4", "FirstII/unstopped_0.001/gru_2x4",
"FirstII/identity/rnn_2x4", "FirstII/closed/gru_2x4", "FirstII/open/gru_2x4". As "measured/FirstII/gru_2x4/": of
"start" and "end" each `mean`, `median`, `relative` [T + 1, R, S], `singular` [T + 1, H, R, S] (see vanishing.Profile)
and `loss` [R, S], mean over these sentences; of n followed networks `followed/draws`, `followed/seeds`,
`followed/differ` [n] (bool, whether training again gave another accuracy), `followed/epochs` [F], `followed/relative`
and `followed/mean` [F, T + 1, n], `followed/singular` [F, T + 1, H, n]; whoever has ended stays as it is.

Thesis leaves open: all of it; here: single validation sentences, medians over them, geometric means over networks.
"""

from collections.abc import Iterator
from typing import Any

from matplotlib.figure import Figure
from ml_collections import ConfigDict

from experiments import runner
from experiments import vanishing_figures as drawn
from experiments.analysis import Measured, analysis
from experiments.conditions import data_sets
from experiments.training_experiment import Outcomes, Report
from experiments.vanishing_conditions import NAME, conditions, some_seeds
from experiments.vanishing_measures import measure
from experiments.vanishing_tables import Row, Seen, change_rows, correlation_rows, measure_rows, seen_of


def report(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> Report:
    """What vanishes, how much, and whether success goes with it."""
    every = [seen_of(config, outcome, measured) for outcome in outcomes.values()]
    rows = [row for one in every for row in measure_rows(one)]
    correlations = [row for one in every for row in correlation_rows(one)]
    changes = change_rows(every)
    figures: dict[str, Figure] = {}
    for data in data_sets(config, NAME):
        here = [one for one in every if one.data == data.title]
        for name, figure in _figures(here, correlations):
            figures[f"figure_vanishing_{data.title}_{name}.png"] = figure
    tables = {
        "vanishing.csv": rows, "vanishing_changes.csv": changes, "vanishing_correlations.csv": correlations,
    }  # fmt: skip
    summary: dict[str, Any] = {"measures": rows, "changes": changes, "correlations": correlations}
    differ = [values for key, values in measured.items() if key.endswith("followed/differ")]
    summary["differ_when_trained_again"] = int(sum(values.sum() for values in differ))
    return Report(figures, tables, summary)


def _figures(seen: list[Seen], correlations: list[Row]) -> Iterator[tuple[str, Figure]]:
    """A data set's figures, by the end of their names."""
    data, plain = seen[0].data, [one for one in seen if not one.kind]
    unstopped, changed = [one for one in seen if one.unstopped], [one for one in seen if one.changed]
    hidden = plain[0].measured["end/singular"].shape[1]
    number = "{} draws x {} networks".format(*plain[0].accuracy.shape)
    networks = f"{data}, H = {hidden}, {number}"
    about = f"{networks}: median, middle 80 %"
    ratio = r"$|\partial L/\partial h_t|\ /\ |\partial L/\partial h_T|$"
    yield "relative", drawn.draw_gradients(f"Gradients on the way back, {about}", ratio, plain, "relative")
    norm = r"mean $|\partial L/\partial h_t|$"
    yield "norms", drawn.draw_gradients(f"Norms of gradients, {about}", norm, plain, "mean")
    singular = rf"Singular values of $\partial h_T/\partial h_t$, {networks}: medians"
    yield "singular", drawn.draw_singular(f"{singular}\nshaded: the middle 80 % of the largest and of the least", plain)
    if "followed/epochs" in plain[0].measured:
        followed = f"{len(plain[0].measured['followed/draws'])} networks a cell: median, middle 80 %"
        text = f"Gradients and Jacobians along training, {data}, H = {hidden}, {followed}"
        text += "\nnetworks that have stopped keep their last value"
        yield "training", drawn.draw_training(text, plain)
    what = r"ratio: $|\partial L/\partial h_1|\ /\ |\partial L/\partial h_T|$"
    text = f"Do starts with larger gradients at the first word end better? {data}, H = {hidden}\n{what};"
    text += " above each panel: rank correlation within draws"
    yield "starts", drawn.draw_starts(text, [plain, unstopped] if unstopped else [plain], correlations)
    if changed:
        seeds = changed[0].accuracy.shape[1]
        text = f"Starts with more and less vanishing gradients, {data}, H = {hidden}"
        text += f"\nthe same {len(changed[0].accuracy)} draws x {seeds} seeds; {what}, geometric mean; bars: 95 %"
        yield "changed", drawn.draw_changes(text, [one.first(seeds) for one in plain + changed])
    text = f"Networks by their gradient at the first word before training, {data}, H = {hidden}"
    text += f"\n{what}; bars: 95 %"
    yield "rates", drawn.draw_rates(text, plain + changed)


def _followed(config: ConfigDict) -> bool:
    return some_seeds(config, "followed_seeds") > 0


EXPERIMENT = analysis(NAME, conditions, measure, report, _followed)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
