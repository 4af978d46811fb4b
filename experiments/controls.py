"""Controls that the thesis left out: training that is not stopped, and an RNN with a GRU's number of parameters."""

from typing import NamedTuple

import numpy as np
from ml_collections import ConfigDict

from experiments.conditions import Condition, DataSet, make, unstopped
from experiments.training_experiment import Outcomes
from rnnjax.cells import CELLS
from rnnjax.errors import UserError, in_range
from rnnjax.landscape import Architecture
from rnnjax.parameters import count

_MOST_HIDDEN = 64


def unstopped_conditions(config: ConfigDict, section: str, data: DataSet, shape: Architecture) -> list[Condition]:
    """The same networks without early stop, at every constant rate of config.training.unstopped_learning_rates.

    Patience 4 at a rate of 0.001 ends many runs on the chance plateau: "untrainable" may mean "stopped early".
    """
    seeds, draws = config[section].unstopped_seeds, config[section].unstopped_draws
    in_range(f"{section}.unstopped_seeds", seeds, 0, 10**6)
    in_range(f"{section}.unstopped_draws", draws, 0, 10**4)
    rates = config.training.unstopped_learning_rates
    for rate in rates:
        if isinstance(rate, str):
            raise UserError(f"training.unstopped_learning_rates has {rate!r}; valid: numbers, such as 0.001,0.003")
        in_range("training.unstopped_learning_rates", rate, 1e-9, 1e3)
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
    """The same networks without early stop, at their best constant rate."""

    learning_rate: float
    accuracy: np.ndarray  # [R, S'] in [0, 1], of seeds on which the rate was not chosen
    seeds: np.ndarray  # [S'], which those are

    @property
    def title(self) -> str:
        return f"no early stop, rate {self.learning_rate:g}"


def best_unstopped(
    config: ConfigDict, outcomes: Outcomes, data: DataSet, shape: Architecture, threshold: float
) -> Unstopped | None:
    """The constant rate with most networks above a threshold (then the highest mean).

    It is chosen on every second seed and reported on the others: the best of several rates on the same few networks
    would flatter whichever cell varies more. (With one seed there is no other.)
    """
    chosen: tuple[float, float, float] | None = None
    found: dict[float, Unstopped] = {}
    for rate in config.training.unstopped_learning_rates:
        name = f"{data.title}/unstopped_{rate:g}/{shape.name}"
        if name in outcomes:
            accuracy = outcomes[name].accuracy(config.training.report)
            seeds = np.arange(accuracy.shape[1])
            reported = seeds[1::2] if len(seeds) > 1 else seeds
            choosing, found[rate] = accuracy[:, ::2], Unstopped(rate, accuracy[:, reported], reported)
            this = float((choosing > threshold).mean()), float(choosing.mean()), rate
            chosen = this if chosen is None else max(chosen, this)
    return None if chosen is None else found[chosen[2]]


def matched_condition(config: ConfigDict, section: str, data: DataSet, gru: Architecture) -> Condition:
    """RNNs with about as many parameters as a GRU: capacity is defined per parameter (section 4.2.2)."""
    return make(config, section, data, matched_rnn(gru), f"matched_{gru.name}")


def matched_name(data: DataSet, gru: Architecture) -> str:
    """The name of matched_condition."""
    return f"{data.title}/matched_{gru.name}/{matched_rnn(gru).name}"


def matched_rnn(gru: Architecture) -> Architecture:
    """The RNN with the same inputs whose number of parameters is nearest (GRU 2x2: 42, RNN 2x4: 42)."""
    candidates = [Architecture(CELLS["rnn"], gru.input_dim, hidden) for hidden in range(1, _MOST_HIDDEN + 1)]
    wanted = count(gru.sizes)
    return min(candidates, key=lambda rnn: (abs(count(rnn.sizes) - wanted), rnn.hidden_dim))
