"""Section 4.3.2, Figures 4.9 and 4.10: how stop words, the noise, move the state and the decision.

    python -m experiments.noise_robustness --config=configs/thesis.py

RNNs and GRUs with 4 inputs and 2 hidden units on CountI, those above 98 %. result.npz: see outcomes; with R draws, S
seeds and C numbers of stop words, of all networks, under "measured/CountI/gru_4x2/": "random/first_wrong" [R, S], the
first step at which one of [N, S, S, ...] and [P, S, S, ...] is called wrongly, "random/forgets", the first such step
among those of sentences as long as in training or longer, "random/meeting", the first from which on their states
stay together (steps + 1: never), "repeated/..." likewise; "noise/flipped" and "noise/distance"
[C, R, S], the share of sentences whose class differs with noise, and the mean distance of the end states;
"noise/wrong" [C + 1, R, S], the share called wrongly, without noise first; "noise/apart" [R, S], the distance
between positive and negative sentences' mean end states without noise. "shown" [2] is the draw and seed of the
network in the figures, "shown/figure_4_9/words" [2, T], "states" [2, T, H] and "margins" [2, T] what it does there.

Thesis leaves open: which stop words; here: each drawn from all six, for each network its own, and one drawn word
repeated. Its caption gives Figure 4.10 (c, d) the noise in Sequence1, its text in Sequence2; here: the caption's.
Which networks; here: of each cell, of those above 98 %, the one that goes wrong in Figure 4.9 most nearly when the
thesis' does, after 15 words or after 2,000 (the best of all, if none is above 98 %).
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from experiments import runner, thesis
from experiments.analysis import Measured, analysis, embeddings_of, last_accuracy, of_each, pick
from experiments.conditions import Condition, DataSet, architectures, data_sets, different, listed, make
from experiments.noise_robustness_figures import PAIRS
from experiments.noise_robustness_report import report
from experiments.outcomes import Outcome
from experiments.training_experiment import Outcomes
from experiments.training_sweep import Sweep
from rnnjax import noise
from rnnjax.errors import UserError, in_range, one_of
from rnnjax.labels import LABELS
from rnnjax.landscape import Architecture
from rnnjax.parameters import unflatten
from rnnjax.streams import of_members, stream
from rnnjax.trajectories import first_wrong, follow, meeting

_NAME = "noise_robustness"
STOP_WORDS = ("random", "repeated")
_NOBODY = 2**32 - 1  # no network has this index in the stream "perturb": of the sentences that all read


def conditions(config: ConfigDict) -> list[Condition]:
    """RNN and GRU, 4x2, on every data set that gives [N, S, S, ...] a label.

    Raises:
        UserError: a value that cannot be used.
    """
    wanted = config[_NAME]
    for field, low, high in (("above", 0, 1), ("stricter", 0, 1), ("overlap", 0, 3)):
        in_range(f"{_NAME}.{field}", wanted[field], low, high)
    in_range(f"{_NAME}.steps", wanted.steps, max(2, config.data.sentence_length), 100_000)
    in_range(f"{_NAME}.most_sentiments", wanted.most_sentiments, 1, 6)
    different(f"{_NAME}.stop_words", listed(wanted.stop_words))
    for kind in listed(wanted.stop_words):
        one_of(f"{_NAME}.stop_words", kind, STOP_WORDS)
    different(f"{_NAME}.stop_counts", wanted.stop_counts)
    for number in wanted.stop_counts:
        in_range(f"{_NAME}.stop_counts: a number of stop words", number, 1, 1000, whole=True)
    sets = data_sets(config, _NAME)
    for data in sets:
        if data.label == "xor":
            valid = "those whose label takes one sentiment word, such as CountI, FirstI"
            raise UserError(f"{_NAME}.data_sets has {data.title!r}; valid: {valid}")
    return [make(config, _NAME, data, shape) for data in sets for shape in architectures(("rnn", "gru"), (4,), (2,))]


def measure(run: runner.Run, _: Sweep, outcomes: Outcomes) -> Measured:
    """What noise does to all networks, whatever their accuracy, and the ways of those that are shown."""
    found: Measured = {}
    for name, outcome in outcomes.items():
        condition, flat = outcome.condition, outcome["final"]
        keys = _keys(run.config, condition)
        words = np.repeat(embeddings_of(run.config, condition), condition.num_seeds, -1)  # members draw by draw
        parts = _lasting(run, condition, flat.reshape(len(flat), -1), words, keys)
        parts |= _with_noise(run, condition, flat.reshape(len(flat), -1), words)
        shape = flat.shape[1:]
        found |= {f"{name}/{key}": values.reshape(*values.shape[:-1], *shape) for key, values in parts.items()}
        first = found[f"{name}/{listed(run.config[_NAME].stop_words)[0]}/first_wrong"]
        shown = _shown(outcome, run.config[_NAME].above, first)
        member = int(np.ravel_multi_index(shown, shape))
        ways = _ways(run.config, condition.architecture, flat[:, *shown], words[..., member], keys[member])
        found |= {f"{name}/shown": np.array(shown)} | {f"{name}/shown/{key}": values for key, values in ways.items()}
    return found


def _keys(config: ConfigDict, condition: Condition) -> jax.Array:
    """Of each network, draw by draw: the same for RNN and GRU, and for any number of draws and seeds."""
    seeds = np.arange(condition.num_seeds)
    draws = range(condition.num_draws)
    return jnp.concatenate([of_members(stream(jax.random.key(config.seed + d), "perturb"), seeds) for d in draws])


def _pairs(config: ConfigDict, kind: str, keys: jax.Array) -> np.ndarray:
    """Figure 4.9's two sentences for each network, [2, T, S]; both kinds have the same first words."""

    def of_one(key: jax.Array) -> jax.Array:
        return noise.first_word_then_noise(jax.random.split(key)[0], config[_NAME].steps, kind == "repeated")

    return np.moveaxis(np.asarray(jax.vmap(of_one)(keys)), 0, -1)


def _positive(data: DataSet, sentences: np.ndarray) -> np.ndarray:
    return LABELS[data.label](noise.kinds_of(sentences)).positive


def _lasting(
    run: runner.Run, condition: Condition, flat: np.ndarray, words: np.ndarray, keys: jax.Array
) -> dict[str, np.ndarray]:
    """For how many steps the networks tell Figure 4.9's two sentences apart."""
    cell, sizes = condition.architecture.cell, condition.architecture.sizes
    wanted, found = run.config[_NAME], dict[str, np.ndarray]()
    for kind in listed(wanted.stop_words):
        pairs = _pairs(run.config, kind, keys)
        positive = _positive(condition.data, pairs[:, :, 0])

        def one(flat: jax.Array, words: jax.Array, pair: jax.Array, positive: Any = positive) -> dict[str, jax.Array]:
            way = follow(cell, unflatten(flat, sizes), words, pair)
            return {
                "first_wrong": first_wrong(way.margins, positive),
                "forgets": first_wrong(way.margins, positive, condition.data.sentence_length),
                "meeting": meeting(way.states, wanted.overlap),
            }

        steps = of_each(run, one, flat, words, pairs)
        found |= {f"{kind}/{key}": values for key, values in steps.items()}
    return found


def _with_noise(run: runner.Run, condition: Condition, flat: np.ndarray, words: np.ndarray) -> dict[str, np.ndarray]:
    """The end states of all labelled sentences of sentiment words, without stop words and with some put in."""
    wanted, cell, sizes = run.config[_NAME], condition.architecture.cell, condition.architecture.sizes
    sentences = noise.sentiment_sentences(wanted.most_sentiments)
    labels = LABELS[condition.data.label](noise.kinds_of(sentences))
    sentences, positive = sentences[labels.defined], labels.positive[labels.defined]
    key = jax.random.fold_in(stream(run.key, "perturb"), _NOBODY)
    noisy = [noise.with_stop_words(jax.random.fold_in(key, n), sentences, n) for n in wanted.stop_counts]
    together = noise.filled([sentences, *noisy])

    def one(flat: jax.Array, words: jax.Array) -> dict[str, jax.Array]:
        params = unflatten(flat, sizes)

        def end(some: jax.Array) -> tuple[jax.Array, jax.Array]:
            way = follow(cell, params, words, some)
            return way.states[:, -1], way.margins[:, -1] > 0

        ends, calls = jax.lax.map(end, together)
        means = [jnp.mean(ends[0][label], 0) for label in (positive, ~positive)]
        return {
            "noise/flipped": jnp.mean(calls[1:] != calls[:1], 1),
            "noise/distance": jnp.mean(jnp.linalg.norm(ends[1:] - ends[:1], axis=-1), 1),
            "noise/wrong": jnp.mean(calls != positive[None], 1),
            "noise/apart": jnp.linalg.norm(means[0] - means[1]),
        }

    found: dict[str, np.ndarray] = of_each(run, one, flat, words)
    return found


def _shown(outcome: Outcome, above: float, first_wrong: np.ndarray) -> tuple[int, int]:
    """Of the networks above an accuracy the one that is right about as long as the thesis'; or else the best of all."""
    accuracy = last_accuracy(outcome)
    if (accuracy > above).any():
        until = thesis.printed("section_4_3_2", f"{outcome.condition.architecture.cell.name}_correct_until_word")
        draw, seed = pick(np.where(accuracy > above, first_wrong, np.nan), until + 1)
    else:
        draw, seed = pick(accuracy, 1.0)
    return draw, seed


def _ways(
    config: ConfigDict, architecture: Architecture, flat: np.ndarray, words: np.ndarray, key: jax.Array
) -> dict[str, np.ndarray]:
    """What one network does with the sentences of both figures."""
    kind = listed(config[_NAME].stop_words)[0]
    spelled = [noise.spell(jax.random.split(key)[1], letters)[None] for letters in sum(PAIRS, ())]
    sentences = {"figure_4_9": _pairs(config, kind, key[None])[..., 0], "figure_4_10": noise.filled(spelled)[:, 0]}
    params, found = unflatten(jnp.asarray(flat), architecture.sizes), dict[str, np.ndarray]()
    read = jax.jit(lambda some: follow(architecture.cell, params, words, some))
    for name, some in sentences.items():
        way = read(some)
        found |= {f"{name}/words": some, f"{name}/states": np.asarray(way.states)}
        found[f"{name}/margins"] = np.asarray(way.margins)
    return found


EXPERIMENT = analysis(_NAME, conditions, measure, report)

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
