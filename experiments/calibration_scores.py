"""How likely the printed numbers are under simulated networks: what chooses protocols, and what judges them."""

from collections.abc import Mapping, Sequence

import numpy as np

from experiments import thesis
from experiments.calibration_candidates import FITTED
from rnnjax.likelihood import log_classes, log_count, log_extremes, log_given, log_values

# Chance, some, decent, success, of Figure 4.7's rounded accuracies: edges lie between whole per cents.
_CLASSES = (0.535, 0.705, 0.905)
_SUCCESS = 0.9
_DONOR = 0.94
_SETS = 2000  # of ten networks each


def fit(accuracy: np.ndarray) -> dict[str, np.ndarray]:
    """Log-likelihoods [R] of every number that protocols are chosen by, by its name.

    Args:
        accuracy: of FITTED's networks, [10, R, S].
    """
    found = {}
    for (data, architecture, frozen), of_draws in zip(FITTED, accuracy, strict=True):
        if architecture == "rnn_2x4":
            table = {"CountII": "table_4_2", "FirstII": "table_4_4"}[data]
            most, mean, least = (thesis.printed(table, name) / 100 for name in ("max", "mean", "min"))
            logs = [log_extremes(most, mean, least, 10, simulated) for simulated in of_draws]
            found[f"{data} {table.replace('_', ' ', 1).replace('_', '.')}"] = np.array(logs)
        else:
            successes = thesis.printed("figure_4_17", data, *_key(architecture, frozen))
            logs = [log_count(successes, 10, simulated > _SUCCESS) for simulated in of_draws]
            found[f"{data} figure 4.17 {architecture}{' frozen' if frozen else ''}"] = np.array(logs)
    return found


def together(logs: Mapping[str, np.ndarray]) -> np.ndarray:
    """[R]: the sums over all numbers: one embedding made them all (section 3.1), and draw d has one for both sets."""
    return np.sum(list(logs.values()), 0)


def held_out(accuracy: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Log-likelihoods [R] of the transplants' tables, by which no protocol was chosen.

    Args:
        accuracy: of networks [R, S], by data set and what they are, such as "CountII gru" or "FirstII rnn_from_gru";
            that of donors after their last epoch, whose weights were transplanted.
    """
    found = {}
    for data, one, other in (("CountII", "4_1", "4_5"), ("FirstII", "4_3", "4_6")):
        gru, rnn, from_gru, from_rnn = (
            accuracy[f"{data} {name}"] for name in ("gru", "rnn", "rnn_from_gru", "gru_from_rnn")
        )
        values = _fractions(thesis.printed(f"table_{one}", "values"))
        accepted = gru > _DONOR
        logs = [log_values(values, each[mask]) for each, mask in zip(from_gru, accepted, strict=True)]
        found[f"{data} table {one.replace('_', '.')}"] = np.array(logs)
        columns = (thesis.printed(f"table_{other}", name) for name in ("rnn", "gru_from_rnn"))
        pairs = list(zip(*map(_fractions, columns), strict=True))
        # Given their RNNs: the thesis picked these, and some of them are in Tables 4.2 and 4.4 too.
        logs = [log_given(pairs, a, b) for a, b in zip(rnn, from_rnn, strict=True)]
        found[f"{data} table {other.replace('_', '.')} given the RNNs"] = np.array(logs)
    return found


def held_out_rows(xor: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Log-likelihoods [R] of Figure 4.7's rows by input dimension: shapes of one share their words.

    Args:
        xor: XorI's accuracies [R, S], by architecture.
    """
    found: dict[str, np.ndarray] = {}
    for name, of_draws in xor.items():
        row = _fractions(thesis.printed("figure_4_7", "rows", name))
        logs = np.array([log_classes(row, np.round(simulated, 2), _CLASSES) for simulated in of_draws])
        here = f"XorI figure 4.7, {name.split('_')[-1][0]} inputs"
        found[here] = found.get(here, 0) + logs
    return found


def predictions(accuracy: np.ndarray) -> list[dict[str, object]]:
    """Every printed number that protocols are chosen by, beside sets of ten simulated networks of one draw.

    Args:
        accuracy: of FITTED's networks, [10, R, S].

    Returns:
        Rows with the printed value, the simulated sets' mean, 2.5 % and 97.5 % quantiles, and the share of sets at
        most and at least as large as printed.
    """
    rows: list[dict[str, object]] = []
    for (data, architecture, frozen), of_draws in zip(FITTED, accuracy, strict=True):
        sets = _sets(of_draws)
        if architecture == "rnn_2x4":
            table = {"CountII": "table_4_2", "FirstII": "table_4_4"}[data]
            for name, measure in (("max", np.max), ("mean", np.mean), ("min", np.min)):
                # float32 accuracies are whole thousandths, and so are the printed ones: rounded, ties are ties.
                found = np.round(100 * measure(sets.astype(float), 1), 4)
                rows.append(_compared(f"{data} RNN H = 4, {name} (%)", thesis.printed(table, name), found))
        else:
            printed = thesis.printed("figure_4_17", data, *_key(architecture, frozen))
            kind = f"{'frozen ' if frozen else ''}GRU H = {architecture[-1]}"
            rows.append(_compared(f"{data} {kind}, above 90 % of ten", printed, (sets > _SUCCESS).sum(1)))
    return rows


def _sets(of_draws: np.ndarray) -> np.ndarray:
    """[_SETS, 10]: each a draw, then ten of its networks with replacement."""
    rng = np.random.default_rng(0)
    picked = of_draws[rng.integers(len(of_draws), size=_SETS)]
    return np.take_along_axis(picked, rng.integers(picked.shape[1], size=(_SETS, 10)), 1)


def _compared(name: str, printed: float, simulated: np.ndarray) -> dict[str, object]:
    low, high = np.quantile(simulated, (0.025, 0.975))
    return {
        "number": name,
        "thesis": float(printed),
        "simulated": float(simulated.mean()),
        "low": float(low),
        "high": float(high),
        "at_most": float((simulated <= printed).mean()),
        "at_least": float((simulated >= printed).mean()),
    }


def _key(architecture: str, frozen: bool) -> tuple[str, str]:
    return f"hidden_{architecture[-1]}", "frozen" if frozen else "gru"


def _fractions(percents: Sequence[float]) -> list[float]:
    return [value / 100 for value in percents]
