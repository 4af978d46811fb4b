"""Beyond section 4.3.3: where a word leaves the state as it is, in trained RNNs and GRUs with 2 and 4 hidden units.

    python -m experiments.fixed_points --config=configs/thesis.py

Section 4.3.3 looks at vector fields of a few networks with two units. What decides is where the vectors vanish: one
stable point in each region under stop words remembers a region for good; a line of slow points (a near-line
attractor) keeps a count for long. result.npz: see outcomes; with R draws, S seeds, V words, M the most points of any
word and H units, as "measured/CountII/gru_2x4/final/states" and so on, of "initial" and "final" parameters:
`states` and `eigenvalues`, the largest modulus first, [V, M, H, R, S] of fixed points; `margins` of the readout and
`kinds` (see stability) [V, M, R, S]; `number` [V, R, S], found; `index_sum` [V, R, S], 1 if none was missed;
`slow_speeds` [V, M, R, S] of slow points; `spread` [R, S] of the states that occur in sentences; and after a word has
been repeated as often as a sentence has words: `kept`, the spread that is left; `axis`, its share on one line;
`on_way`, the share of states that are on their way (see relaxation); after 1,000 more words `settled`, the spread
that is left; all [V, R, S]. NaN where there is no point.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from experiments import runner, success_groups
from experiments.analysis import Measured, analysis, embeddings_of, of_each
from experiments.conditions import Condition, architectures, data_sets, different, draw_data, listed, make
from experiments.fixed_points_report import report
from experiments.fixed_points_tables import CELLS, NAME
from experiments.one_call import apart
from experiments.outcomes import Outcome
from experiments.success_groups import STAGES
from experiments.training_experiment import Outcomes
from experiments.training_sweep import Sweep
from rnnjax import relaxation, stability
from rnnjax.classifier import margin
from rnnjax.errors import in_range
from rnnjax.fixed_points import Points, find, word_step
from rnnjax.landscape import Architecture
from rnnjax.parameters import unflatten

_STEPS, _ROOM = 60, 24  # of a search; points that are kept of a word


class Found(NamedTuple):
    """What is found in one network; V words."""

    fixed: Points  # [V, M, ...]
    slow: Points
    margins: jax.Array  # [V, M], of the readout at fixed points
    relaxed: relaxation.Relaxation  # [V, ...]


def conditions(config: ConfigDict) -> list[Condition]:
    """RNN and GRU with each number of hidden units, on every data set.

    Raises:
        UserError: a value that cannot be used.
    """
    wanted = config[NAME]
    different(f"{NAME}.hidden_dims", listed(wanted.hidden_dims))
    in_range(f"{NAME}.starts", wanted.starts, 1, 10_000)
    in_range(f"{NAME}.sentences", wanted.sentences, 1, 1000)
    success_groups.check(config, NAME)
    shapes = architectures(CELLS, (2,), listed(wanted.hidden_dims))  # type: ignore[arg-type]
    return [make(config, NAME, data, shape) for data in data_sets(config, NAME) for shape in shapes]


def measure(run: runner.Run, _: Sweep, outcomes: Outcomes) -> Measured:
    """The points of all networks, before and after training; those of one architecture in one call."""
    found: Measured = {}
    for shape in dict.fromkeys(outcome.condition.architecture for outcome in outcomes.values()):
        same = [outcome for outcome in outcomes.values() if outcome.condition.architecture == shape]
        parts = [(outcome, stage) for outcome in same for stage in STAGES]
        given = [_given(run.config, outcome, stage) for outcome, stage in parts]
        together = tuple(np.concatenate(each, -1) for each in zip(*given, strict=True))
        jobs = apart(_arrays(_search(run, shape, *together)), [flat.shape[-1] for flat, *_ in given])
        for (outcome, stage), arrays in zip(parts, jobs, strict=True):
            here, grid = f"{outcome.condition.name}/{stage}", outcome[stage].shape[1:]
            found |= {f"{here}/{key}": values.reshape(*values.shape[:-1], *grid) for key, values in arrays.items()}
    return found


def _given(config: ConfigDict, outcome: Outcome, stage: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of R·S members: parameters [P, R·S], words [V, D, R·S], some sentences of the training set [N, T, R·S]."""
    condition, (_, num_draws, num_seeds) = outcome.condition, outcome[stage].shape
    number = config[NAME].sentences
    sentences = [draw_data(config, condition.data, draw).train.words[:number] for draw in range(num_draws)]
    flat = outcome[stage].reshape(-1, num_draws * num_seeds)
    words = np.repeat(embeddings_of(config, condition), num_seeds, -1)
    return flat.astype(float), words.astype(float), np.repeat(np.stack(sentences, -1), num_seeds, -1)


def _search(run: runner.Run, shape: Architecture, flat: np.ndarray, words: np.ndarray, sentences: np.ndarray) -> Found:
    """What is found in every network, members last."""
    cell, hidden = shape.cell, shape.hidden_dim
    anywhere = np.random.default_rng(0).uniform(-1, 1, (run.config[NAME].starts, hidden))
    length = run.config.data.sentence_length

    def one(flat: jax.Array, words: jax.Array, sentences: jax.Array) -> Found:
        params = unflatten(flat, shape.sizes)
        visited = relaxation.visited(cell, params, words, sentences)
        starts = jnp.concatenate([jnp.asarray(anywhere), visited[length - 1 :: length]])

        def of_word(x: jax.Array) -> Found:
            step = word_step(cell, params, x)
            fixed, slow = find(step, starts, _STEPS, _ROOM)
            return Found(fixed, slow, margin(params, fixed.states.T), relaxation.relax(step, visited, length))

        return jax.vmap(of_word)(words)

    with jax.enable_x64(True):
        found: Found = of_each(run, one, flat, words, sentences)
    return found


def _arrays(found: Found) -> Measured:
    """What is kept of it, members last."""
    fixed, slow, relaxed = found.fixed, found.slow, found.relaxed

    def members_first(values: Any) -> np.ndarray:
        return np.moveaxis(values, -1, 0)

    jacobians = members_first(fixed.jacobians)  # [S, V, M, H, H]
    eigenvalues = stability.eigenvalues(jacobians)
    before, after, settled = (members_first(each) for each in (relaxed.before, relaxed.after, relaxed.settled))
    spread = np.sqrt(np.trace(before[:, 0], axis1=-2, axis2=-1))
    most, most_slow = (max(1, min(int(number.max()), _ROOM)) for number in (fixed.number, slow.number))
    small: dict[str, tuple[Any, Any]] = {
        "states": (fixed.states[:, :most], np.float32),
        "margins": (found.margins[:, :most], np.float32),
        "number": (fixed.number, np.int32),
        "slow_speeds": (slow.speeds[:, :most_slow], np.float32),
        "on_way": (relaxed.on_way, np.float32),
        "spread": (spread, np.float32),
    }
    of_members = {
        "eigenvalues": (eigenvalues[:, :, :most], np.complex64),
        "kinds": (stability.classify(eigenvalues)[:, :, :most], np.int8),
        "index_sum": (stability.index_sum(jacobians), np.int32),
        "kept": (relaxation.spread_ratio(after, before), np.float32),
        "settled": (relaxation.spread_ratio(settled, before), np.float32),
        "axis": (relaxation.axis_share(after), np.float32),
    }
    small |= {key: (np.moveaxis(values, 0, -1), dtype) for key, (values, dtype) in of_members.items()}
    return {key: values.astype(dtype) for key, (values, dtype) in small.items()}


EXPERIMENT = analysis(NAME, conditions, measure, report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
