"""All sentences of a split at once, the prefixes that they share evaluated once.

A network's state after a prefix depends on the prefix alone, and with ten words there are only 1,110
prefixes of up to three words. So the states of *all* short prefixes are computed, each from its
parent's, and every sentence goes on from its own: 15,200 cell steps for 2,000 sentences of ten words,
where 20,000 would do it one by one. The shapes depend on the number of sentences and words alone, so a
new data set compiles nothing anew.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rnnjax.cells import Cell
from rnnjax.parameters import Params
from rnnjax.words import NUM_WORDS


class Stage(NamedTuple):
    """R rows that start from rows of the stage before and read L words each."""

    parents: np.ndarray  # [R] int32
    words: np.ndarray  # [L + 1, R] int32; the last row is never read (see final_states)
    num_words: np.ndarray  # [] int32, L: an argument, so that XLA keeps even a loop of one turn a loop


Plan = tuple[Stage, ...]


def make_plan(sentences: np.ndarray) -> Plan:
    """The stages that end in one row a sentence, in the given order.

    Args:
        sentences: word indices, [N, T].
    """
    num_sentences, length = sentences.shape
    # As long as the complete tree has fewer rows than there are sentences, it is the cheaper way.
    full = next(depth for depth in range(length + 1) if depth == length or NUM_WORDS ** (depth + 1) > num_sentences)
    cuts = [depth for depth in (full - 1, full) if 0 < depth < length]
    stages, start = [], 0
    for end in cuts:
        codes = np.arange(NUM_WORDS**end)
        prefixes = codes[:, None] // NUM_WORDS ** np.arange(end) % NUM_WORDS
        stages.append(_stage(prefixes, start))
        start = end
    return (*stages, _stage(sentences, start))


def final_states(cell: Cell, params: Params, plan: Plan, embedding: jax.Array | np.ndarray) -> jax.Array:
    """The state after the last word of every sentence, for S networks: [N, H, S].

    Args:
        cell: an entry of CELLS.
        params: of S networks, members last.
        plan: of make_plan.
        embedding: the word vectors, [V, D].
    """
    projected = jax.vmap(cell.project, in_axes=(None, 0))(params, jnp.asarray(embedding)[:, :, None])  # [V, gates·H, S]
    advance = jax.vmap(cell.advance, in_axes=(None, 0, 0))
    h = jnp.zeros((1, *params.w_hh.shape[1:]), embedding.dtype)

    # The row of words is rotated into place, not indexed by the loop's counter: XLA:CPU cannot prove
    # that the counter keeps its value while the state is written, and gives up on vector instructions.
    # (And a single row, rotated, would be a constant of the loop, its projections hoisted to memory.)
    def read(_: int, carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        h, words = carry
        return advance(params, h, _rows(projected, words[0])), jnp.concatenate([words[1:], words[:1]])

    for stage in plan:
        h, _ = jax.lax.fori_loop(0, stage.num_words, read, (_rows(h, stage.parents), stage.words))
    return h


def _stage(prefixes: np.ndarray, start: int) -> Stage:
    """Rows that go on with prefixes[:, start:] from the complete tree's rows of depth `start`."""
    parents = prefixes[:, :start] @ NUM_WORDS ** np.arange(start, dtype=np.int64)
    words = np.pad(prefixes[:, start:].T, ((0, 1), (0, 0)))
    return Stage(parents.astype(np.int32), words.astype(np.int32), np.array(len(words) - 1, np.int32))


def _rows(table: jax.Array, index: jax.Array | np.ndarray) -> jax.Array:
    return table.at[index].get(mode="promise_in_bounds")
