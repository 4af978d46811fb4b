"""How likely the printed numbers are under each protocol that a reproduction ran, whether or not it was a finalist.

    python -m experiments.calibration_of_report --workdir=docs/report --into=docs/calibration

experiments.calibration chooses by Tables 4.2, 4.4 and Figure 4.17 and judges its five finalists alone by the others.
frozen_recurrent, rnn_from_gru, gru_from_rnn and data_sets have all of these numbers under every protocol of
programme.PROTOCOLS, in more draws. Leaves protocols.csv where --into says, logarithms of likelihoods, natural; and
protocols_fit.csv, every number that protocols are chosen by beside what sets of ten networks have under each of them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from absl import flags

from experiments import calibration_scores, command_line, conclusion, reporting, thesis
from experiments.calibration_candidates import FITTED
from experiments.claims import Found
from experiments.claims_evidence import accuracies, last_epoch
from experiments.places import check_folder
from experiments.programme import ADOPTED
from rnnjax import likelihood, results
from rnnjax.errors import UserError

_INTO = flags.DEFINE_string("into", None, "Where to leave the tables; default: only on the terminal.")

_CHOSEN_ON = 10  # draws, the first ones, on which calibration ranks all protocols


def rows(found: Mapping[str, Found]) -> list[dict[str, Any]]:
    """Every protocol in all draws, in those that protocols were chosen on, and in the others.

    `fitted` is what chooses; `tables` are Tables 4.1, 4.3, 4.5 and 4.6, draws weighted by how well they fit; `both` are
    all of these multiplied within a draw, `minus_adopted` the difference of that with its 95 % interval over draws,
    which are the same under every protocol.

    Args:
        found: the steps' summaries by protocol, the adopted one among them.

    Raises:
        KeyError: "frozen_recurrent: CountII/rnn_2x4", where a number is missing.
    """
    logs = {protocol: _logs(of_protocol) for protocol, of_protocol in found.items()}
    draws = min(len(each) for of in logs.values() for each in of.values())
    parts = {"all": slice(0, draws), "chosen on": slice(0, _CHOSEN_ON), "others": slice(_CHOSEN_ON, draws)}
    return [
        {"protocol": protocol, "draws": which} | _row(of, logs[ADOPTED], some)
        for which, some in parts.items()
        if draws > _CHOSEN_ON or which == "all"
        for protocol, of in logs.items()
    ]


def fit_rows(found: Mapping[str, Found]) -> list[dict[str, Any]]:
    """As of calibration_scores.predictions, of every protocol; raises as rows does."""
    return [
        {"protocol": protocol} | row
        for protocol, of_protocol in found.items()
        for row in calibration_scores.predictions(_fitted(of_protocol))
    ]


def _row(logs: Mapping[str, np.ndarray], adopted: Mapping[str, np.ndarray], some: slice) -> dict[str, float]:
    here, there = ({name: values[some] for name, values in of.items()} for of in (logs, adopted))
    both, theirs = (of["fitted"] + of["tables"] for of in (here, there))
    resampled = likelihood.bootstrap_marginal(np.stack([both, theirs]))
    with np.errstate(invalid="ignore"):  # of resamples in which neither has a donor
        low, high = np.nanquantile(resampled[0] - resampled[1], (0.025, 0.975))
    row = {"num_draws": len(both), "fitted": likelihood.marginal(here["fitted"])}
    row |= {"tables": likelihood.weighted(here["tables"], here["fitted"]), "both": likelihood.marginal(both)}
    row |= {"effective_draws": likelihood.effective_draws(both)}
    row |= {"minus_adopted": likelihood.marginal(both) - likelihood.marginal(theirs), "low": low, "high": high}
    return row | {name: likelihood.marginal(values) for name, values in here.items() if name.startswith("XorI")}


def _logs(found: Found) -> dict[str, np.ndarray]:
    """[R] each: of what protocols are chosen by, of the held-out tables, and of each line of Figure 4.7.

    R is the number of draws that all of these have.
    """
    tables: dict[str, np.ndarray] = {}
    for data in ("CountII", "FirstII"):
        tables[f"{data} gru"] = np.array(last_epoch(found, "rnn_from_gru", f"{data}/gru_2x4"))
        tables[f"{data} rnn"] = np.array(last_epoch(found, "gru_from_rnn", f"{data}/rnn_2x4"))
        for cell, donor in (("rnn", "gru"), ("gru", "rnn")):
            step, name = f"{cell}_from_{donor}", f"{data}/input_weights_random/{cell}_2x4"
            tables[f"{data} {step}"] = np.array(accuracies(found, step, name))
    printed = thesis.printed("figure_4_7", "rows")
    xor = {architecture: np.array(accuracies(found, "data_sets", f"XorI/{architecture}")) for architecture in printed}
    draws = min(len(values) for values in tables.values())
    tables = {name: values[:draws] for name, values in tables.items()}
    return {
        "fitted": calibration_scores.together(calibration_scores.fit(_fitted(found))),
        "tables": calibration_scores.together(calibration_scores.held_out(tables)),
        **calibration_scores.held_out_rows(xor),
    }


def _fitted(found: Found) -> np.ndarray:
    """Of FITTED's networks, [10, R, S]."""
    names = [f"{data}/{'frozen/' if frozen else ''}{architecture}" for data, architecture, frozen in FITTED]
    return np.array([accuracies(found, "frozen_recurrent", name) for name in names])


def _main() -> int:
    workdir = command_line.given_workdir() or Path("docs", "report")
    with command_line.clear_errors():
        if _INTO.value:
            check_folder(f"--into={_INTO.value}", Path(_INTO.value))
        try:
            found = conclusion.summaries(workdir)
            tables = {"protocols.csv": rows(found), "protocols_fit.csv": fit_rows(found)}
        except KeyError as error:
            raise UserError(f"{workdir} does not have all that is needed: {error.args[0]} is missing") from error
        for name, table in tables.items():
            print(f"{name}:", *reporting.to_text(table), sep="\n")
            if _INTO.value:
                results.write_text(Path(_INTO.value, name), reporting.to_csv(table))
    return 0


if __name__ == "__main__":
    command_line.run(_main, "into", "workdir")
