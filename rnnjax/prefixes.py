"""All sentences of a split at once, the prefixes that they share evaluated once.

A network's state after a prefix depends on the prefix alone, and with ten words there are only 1,110
prefixes of up to three words. So the states of *all* short prefixes are computed, each from its
parent's, and every sentence goes on from its own: 15,110 cell steps for 2,000 sentences of ten words,
where 20,000 would do it one by one. The shapes depend on the number of sentences and words alone, so a
new data set compiles nothing anew.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rnnjax.cells import Cell
from rnnjax.parameters import Params
from rnnjax.words import NUM_WORDS


class Plan(NamedTuple):
    """Which words are read from which states; of make_plan. The last row of `tree`'s and `rest`'s is never read."""

    tree: tuple[np.ndarray, ...]  # level d = 1, 2, ...: [2, V^d] uint32, the last words of all prefixes of d words
    parents: np.ndarray  # [N] uint32, each sentence's row of the tree's last level
    first: np.ndarray  # [N] uint32, the word that each sentence reads from there
    rest: np.ndarray  # [2·num_pairs + 1, N] uint32, the words after that
    num_pairs: np.ndarray  # [] int32; an argument, so that XLA keeps the loop
    one: np.ndarray  # [] int32, 1: likewise


def make_plan(sentences: np.ndarray) -> Plan:
    """The plan that ends in one row a sentence, in the given order.

    Args:
        sentences: word indices, [N, T].
    """
    num_sentences, length = sentences.shape
    # As long as a level of the tree has fewer rows than there are sentences, it is the cheaper way. An
    # odd number of words must remain: one to read from the tree, then pairs.
    fits = [d for d in range(length) if (length - d) % 2 and NUM_WORDS**d < num_sentences]
    depth = max(fits, default=(length - 1) % 2)
    tree = [np.arange(NUM_WORDS**d) // NUM_WORDS ** (d - 1) for d in range(1, depth + 1)]
    parents = sentences[:, :depth] @ NUM_WORDS ** np.arange(depth, dtype=np.int64)
    rest = _with_last_row(sentences[:, depth + 1 :].T)
    return Plan(
        tuple(_with_last_row(words[None]) for words in tree),
        parents.astype(np.uint32),
        sentences[:, depth].astype(np.uint32),
        rest,
        np.array(len(rest) // 2, np.int32),
        np.array(1, np.int32),
    )


def final_states(cell: Cell, params: Params, plan: Plan, embedding: jax.Array | np.ndarray) -> jax.Array:
    """The state after the last word of every sentence, for S networks: [N, H, S].

    Args:
        cell: an entry of CELLS.
        params: of S networks, members last.
        plan: of make_plan.
        embedding: the word vectors, [V, D].
    """
    prepared = cell.prepare(params)
    projected = jax.vmap(cell.project, in_axes=(None, 0))(prepared, jnp.asarray(embedding)[:, :, None])
    advance = jax.vmap(cell.advance, in_axes=(None, 0, 0))

    # Rows of words are rotated into place, not indexed by the loop's counter: XLA:CPU cannot prove
    # that the counter keeps its value while the state is written, and gives up on vector instructions.
    # (And a single row, rotated, would be a constant of the loop, its projections hoisted to memory.)
    def read(num_words: int) -> Callable[[int, tuple[jax.Array, jax.Array]], tuple[jax.Array, jax.Array]]:
        def turn(_: int, carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            h, words = carry
            for row in words[:num_words]:
                h = advance(prepared, h, _rows(projected, row))
            return h, jnp.concatenate([words[num_words:], words[:num_words]])

        return turn

    h = jnp.zeros((1, *params.w_hh.shape[1:]), embedding.dtype)
    for words in plan.tree:
        h = jnp.broadcast_to(h, (NUM_WORDS, *h.shape)).reshape(-1, *h.shape[1:])
        h, _ = jax.lax.fori_loop(0, plan.one, read(1), (h, words))
    h = advance(prepared, _rows(h, plan.parents), _rows(projected, plan.first))
    # Two words a turn, because what a turn hands on to the next is copied.
    return jax.lax.fori_loop(0, plan.num_pairs, read(2), (h, plan.rest))[0]


def _with_last_row(words: np.ndarray) -> np.ndarray:
    return np.pad(words, ((0, 1), (0, 0))).astype(np.uint32)


def _rows(table: jax.Array, index: jax.Array | np.ndarray) -> jax.Array:
    return table.at[index].get(mode="promise_in_bounds")
