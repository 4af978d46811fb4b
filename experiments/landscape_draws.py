"""Section 4.6.1 over several draws of sentences and words: how far the ratio of tails goes from draw to draw.

    python -m experiments.landscape_draws results/draws/* --output=docs/draws.csv

Each directory is one run of experiments.landscape. A draw counts for a threshold if at least 20 of its settings,
of both cells together, lie above it: a rule that looks at their number, not at which cell they are of.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import reporting
from experiments.command_line import clear_errors
from experiments.places import check_file
from rnnjax import results
from rnnjax.errors import UserError

LEAST = 20
_COLUMNS: dict[str, Any] = dict.fromkeys(("draw", "sampler", "shape"), str)
_COLUMNS |= dict.fromkeys(("accuracy_above", "rnn_above", "gru_above", "ratio_low"), int | float)
_COLUMNS |= {"ratio_high": int | float | None}  # None: infinite


def main() -> None:
    """Read the draws, print the table, write the CSV."""
    parser = argparse.ArgumentParser(prog="python -m experiments.landscape_draws", description=__doc__.split("\n")[0])
    parser.add_argument("workdirs", nargs="+", type=Path, help="directories of experiments.landscape")
    parser.add_argument("--output", type=Path, help="all draws' counts, as CSV")
    flags = parser.parse_args()
    with clear_errors():
        if flags.output:
            check_file("output", flags.output)
        rows = [row for workdir in flags.workdirs for row in read(workdir)]
        for line in table(rows):
            print(line)
        if flags.output:
            results.write_text(flags.output, reporting.to_csv(rows))


def read(workdir: Path) -> list[dict[str, Any]]:
    """One draw's rows: for every sampler, shape and threshold how many settings of each cell lie above.

    Raises:
        UserError: the directory has no summary.json with an RNN and a GRU of one shape.
    """
    try:
        tails = results.read_json(workdir / "summary.json")["tails"]
        rows = [row | {"draw": workdir.name} for row in tails if row.get("ratio") == "gru/rnn"]
        rows = [{name: row[name] for name in _COLUMNS} for row in rows]
        for name, value in (cell for row in rows for cell in row.items()):
            if not isinstance(value, _COLUMNS[name]):
                raise results.Damaged(f"summary.json: {name} is {value!r}")
    except (OSError, results.Damaged, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{workdir} is no directory of a finished experiments.landscape ({error})") from None
    if not rows:
        raise UserError(f"{workdir} has no RNN beside a GRU of the same shape")
    return rows


def table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Per sampler, shape and threshold: the ratio's range over the draws that count, and who is ahead in how many."""
    yield "sampler     shape  a      draws  GRU ahead  RNN ahead  GRU/RNN      (in brackets: with a 95 % interval)"
    for kind in dict.fromkeys((row["sampler"], row["shape"], row["accuracy_above"]) for row in rows):
        here = [row for row in rows if (row["sampler"], row["shape"], row["accuracy_above"]) == kind]
        counted = [row for row in here if row["rnn_above"] + row["gru_above"] >= LEAST]
        if not counted:
            continue
        ratios = sorted(row["gru_above"] / row["rnn_above"] if row["rnn_above"] else np.inf for row in counted)
        gru = sum(row["ratio_low"] > 1 for row in counted)
        rnn = sum(row["ratio_high"] is not None and row["ratio_high"] < 1 for row in counted)
        ahead = [sum(ratio > 1 for ratio in ratios), sum(ratio < 1 for ratio in ratios)]
        cells = "".join(f"{f'{n} ({clearly})':>11}" for n, clearly in zip(ahead, (gru, rnn), strict=True))
        draws, span = f"{len(counted):>3}/{len(here):<2}", f"{ratios[0]:.2g} to {ratios[-1]:.2g}"
        yield f"{kind[0]:<12}{kind[1]:<7}{kind[2]:<6}{draws}{cells}  {span}"


if __name__ == "__main__":
    main()
