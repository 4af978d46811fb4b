"""Section 4.6.1's oracle: settings scored again one network and one sentence at a time, and --replay."""

import json
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from absl import flags

from experiments import runner
from experiments.landscape_inputs import Inputs, place
from experiments.landscape_programs import Programs
from experiments.workdir import told_differences
from rnnjax import landscape, results
from rnnjax.errors import UserError, in_range
from rnnjax.initializers import Sampler
from rnnjax.landscape import NEAR_TIE, Architecture, Tally, parse_architecture
from rnnjax.parameters import Params

flags.DEFINE_string("replay", None, "Show one setting instead of running, such as gru_2x4:123456.")


class Audit(NamedTuple):
    """What came of scoring some settings again; result.npz holds it as four numbers."""

    settings: int
    sentences: int  # of all these settings together
    judged_differently: int  # at least so many sentences
    near_ties: int  # sentences whose two logits lie within NEAR_TIE


def audit(
    margins_of: Callable[[np.ndarray], np.ndarray], positive: np.ndarray, tally: Tally, number: int, what: str
) -> np.ndarray:
    """Score the best settings again without anything of the fast path, and compare the counts.

    Args:
        margins_of: indices [S] -> margins [S, N], by landscape.plain_margins.
        positive: the sentences' labels, [N].
        tally: has the best settings and their counts.
        number: how many are scored again, if there are as many.
        what: the architecture and sampler, for the error's message.

    Raises:
        RuntimeError: a count differs by more than there are near ties: the fast path is wrong.
    """
    indices = tally.best[:number]
    margins = margins_of(indices)
    again = ((margins > 0) == positive).sum(1)
    near = _near_ties(margins).sum(1)
    differences = np.abs(again - tally.best_counts[: len(indices)])
    if (differences > near).any():
        wrong = int(np.argmax(differences > near))
        raise RuntimeError(
            f"{what}: setting {indices[wrong]} has {tally.best_counts[wrong]} correct sentences, but"
            f" {again[wrong]} when scored one by one"
        )
    return np.array(Audit(len(indices), margins.size, int(differences.sum()), int(near.sum())), np.int64)


def replay(request: str, run: runner.Run, inputs: Inputs) -> None:
    """Print one setting's accuracy, confusion and parameters, from its architecture and index.

    Raises:
        UserError: the request is not of the form gru_2x4:123456.
    """
    name, _, number = request.partition(":")
    if not (number.isascii() and number.isdecimal()):
        raise UserError(f"replay {request!r}; valid: an architecture and an index, such as gru_2x4:123456")
    architecture, index, sampler = parse_architecture(name), int(number), inputs.samplers[0]
    in_range(f"replay {request!r}: the index", index, 0, 2**32 - 1)
    if architecture.input_dim not in inputs.embeddings:
        dims = ", ".join(map(str, inputs.embeddings))
        raise UserError(f"replay {request!r}: the config's architectures have input dimensions {dims}")
    programs, indices = Programs(run, inputs, 1), np.array([index])
    params = programs.settings(sampler, architecture, indices)
    (margins,) = programs.margins(sampler, architecture, indices)
    fast = fast_count(run, inputs, sampler, architecture, index)
    for line in _describe(architecture, index, sampler, inputs, params, margins, fast):
        run.log.info("%s", line)
    for line in _compare(run, sampler, architecture, index, fast):
        run.log.info("%s", line)


def fast_count(run: runner.Run, inputs: Inputs, sampler: Sampler, architecture: Architecture, index: int) -> int:
    """The sweep's own count of one setting."""
    return int(next(Programs(run, inputs, 1).counts(sampler, architecture, index, index + 1))[0])


def fast_histogram(run: runner.Run, inputs: Inputs, sampler: Sampler, architecture: Architecture) -> np.ndarray:
    """How many of all settings have 0, 1, ..., N correct sentences, [N + 1], counted as the sweep does."""
    tally, start, settings = landscape.empty_tally(len(inputs.split.words)), 0, run.config.landscape.num_settings
    for chunk in Programs(run, inputs, settings).counts(sampler, architecture, 0, settings):
        tally, start = tally.add(start, chunk), start + len(chunk)
    return tally.histogram


def _near_ties(margins: np.ndarray) -> np.ndarray:
    """[S, N]; for networks with logits beyond 10 the bound grows with them, as float32's spacing does."""
    size = np.abs(margins).max(-1, keepdims=True, initial=0.0)
    return np.abs(margins) <= NEAR_TIE * np.maximum(1.0, size / 10)


def _describe(
    architecture: Architecture,
    index: int,
    sampler: Sampler,
    inputs: Inputs,
    params: Params,
    margins: np.ndarray,
    fast: int,
) -> list[str]:
    positive, total = inputs.split.positive, len(inputs.split.positive)
    gates = [gate.name for gate in architecture.cell.gates]
    called = margins > 0
    cells = [[int((called[positive == truth] == call).sum()) for call in (True, False)] for truth in (True, False)]
    plain = cells[0][0] + cells[1][1]
    with np.printoptions(precision=6, suppress=True, linewidth=100):
        leaves = [f"{name} =\n{np.asarray(leaf)[0]}" for name, leaf in vars(params).items()]
    return [
        f"{architecture.title}, setting {index} under {sampler.spec}, {sampler.title}",
        f"accuracy {fast / total:.2%}: {fast} of {total} validation sentences correct",
        "",
        f"{'':16}{'called positive':>16}{'called negative':>16}",
        f"{'positive':16}{cells[0][0]:16}{cells[0][1]:16}",
        f"{'negative':16}{cells[1][0]:16}{cells[1][1]:16}",
        "",
        f"scored one sentence at a time: {plain} correct; {int(_near_ties(margins).sum())} sentences have their two"
        f" logits within {NEAR_TIE:g}, where float32 may decide either way",
        "",
        f"gate rows of w_ih, w_hh, b_ih, b_hh, top to bottom: {', '.join(gates)}",
        *leaves,
    ]


def _compare(run: runner.Run, sampler: Sampler, architecture: Architecture, index: int, fast: int) -> list[str]:
    """What the working directory has for the setting, if it has it."""
    result = run.workdir / "result.npz"
    if not result.exists():
        return []
    name = place(sampler, architecture) + "counts"
    try:
        theirs = results.read_object(run.workdir / "config.json")
        stored = results.read_npz(result, [name])[name]
    except (FileNotFoundError, results.Damaged) as error:
        return [f"\nwarning: not compared with the working directory: {error}"]
    ours = json.loads(json.dumps(run.config.to_dict()))
    # What settings and sentences depend on; the other fields say how many there are, or are of other experiments.
    other = told_differences(*({field: config.get(field) for field in ("seed", "data")} for config in (theirs, ours)))
    if other:
        return [f"\n{run.workdir} was made by another config, not compared: {other}"]
    if index >= len(stored):
        return [f"\n{result} has settings 0 to {len(stored) - 1} only"]
    same = "the same" if stored[index] == fast else f"not {fast}: made by another config?"
    return [f"\n{result}: {stored[index]} correct, {same}"]
