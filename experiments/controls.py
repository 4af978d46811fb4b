"""Controls that the thesis left out: training that is not stopped, and an RNN with a GRU's number of parameters."""

from ml_collections import ConfigDict

from experiments.conditions import Condition, DataSet, make, unstopped
from experiments.training_experiment import Outcomes
from rnnjax.cells import CELLS
from rnnjax.errors import in_range
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
    if not seeds or not draws:
        return []
    return [
        make(
            config, section, data, shape, f"unstopped_{rate:g}",
            protocol=unstopped(config, rate), num_seeds=seeds, num_draws=draws,
        )
        for rate in config.training.unstopped_learning_rates
    ]  # fmt: skip


def best_unstopped(
    config: ConfigDict, outcomes: Outcomes, data: DataSet, shape: Architecture, threshold: float
) -> tuple[float, str] | None:
    """The constant rate with most networks above a threshold (then the highest mean), and its condition's name.

    Chosen on the same networks: a little optimistic for both cells alike.
    """
    found = []
    for rate in config.training.unstopped_learning_rates:
        name = f"{data.title}/unstopped_{rate:g}/{shape.name}"
        if name in outcomes:
            accuracy = outcomes[name].accuracy(config.training.report)
            found.append(((accuracy > threshold).mean(), accuracy.mean(), rate, name))
    return max(found)[2:] if found else None


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
