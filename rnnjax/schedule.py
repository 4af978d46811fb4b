"""When the learning rate is halved and when training ends: section 3.2's rules, one decision an epoch.

    "The learning rate [...] is halved every time during training when the validation accuracy gets
    worse"; "training terminates when the validation accuracy does not improve continuously for 4
    epochs or learning rate becomes less than 10^-6".

All numbers may carry an axis of members; all decisions are elementwise. Accuracies are compared as whole
numbers of correct sentences.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp


class Rules(NamedTuple):
    """The rules' numbers and readings; arguments of a compiled training, never constants in it."""

    learning_rate: Any = 1e-3
    factor: Any = 0.5
    patience: Any = 4  # epochs without improvement after which training ends
    least_learning_rate: Any = 1e-6  # training ends below it
    early_stop: Any = True  # False: neither ends it
    # Thesis leaves open: worse than the epoch before or than the best, and whether a tie is worse.
    worse_than_best: Any = False
    tie_is_worse: Any = False
    # Thesis leaves open: improvement on the best or on the epoch before. A tie is never one.
    improves_on_best: Any = True


class Clock(NamedTuple):
    """Where a member stands; what the next decision needs."""

    learning_rate: jax.Array  # float32
    best: jax.Array  # int32, the most correct sentences so far; -1 before the first epoch
    previous: jax.Array  # int32, after the epoch before; likewise
    waited: jax.Array  # int32, epochs since the last improvement
    active: jax.Array  # bool, whether it trains on


def start(rules: Rules, shape: tuple[int, ...] = ()) -> Clock:
    """The clock before the first epoch."""
    nothing = jnp.full(shape, -1, jnp.int32)
    rate = jnp.broadcast_to(jnp.asarray(rules.learning_rate, jnp.float32), shape)
    return Clock(rate, nothing, nothing, jnp.zeros(shape, jnp.int32), jnp.ones(shape, bool))


def tick(rules: Rules, clock: Clock, correct: jax.Array) -> Clock:
    """The clock after an epoch; that of a member which has ended stays as it is.

    Args:
        rules: one for all members.
        clock: before.
        correct: validation sentences classified correctly after the epoch, int32.
    """
    reference = jnp.where(rules.worse_than_best, clock.best, clock.previous)
    worse = (correct < reference) | (jnp.asarray(rules.tie_is_worse) & (correct == reference))
    improved = correct > jnp.where(rules.improves_on_best, clock.best, clock.previous)
    rate = jnp.where(worse, clock.learning_rate * rules.factor, clock.learning_rate)
    waited = jnp.where(improved, 0, clock.waited + 1)
    ended = (waited >= rules.patience) | (rate < rules.least_learning_rate)
    after = Clock(rate, jnp.maximum(clock.best, correct), correct, waited, ~(ended & jnp.asarray(rules.early_stop)))
    return jax.tree.map(lambda new, old: jnp.where(clock.active, new, old), after, clock)
