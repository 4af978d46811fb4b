"""The learning rate and the end of training: hand tables, PyTorch's and Flax's controllers, members apart."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from flax.training.early_stopping import EarlyStopping

from rnnjax.schedule import Clock, Rules, start, tick


def follow(rules: Rules, script: Any) -> list[Clock]:
    """The clocks after each epoch."""
    clocks, clock = [], start(rules)
    for correct in script:
        clock = tick(rules, clock, jnp.int32(correct))
        clocks.append(clock)
    return clocks


def rates(rules: Rules, script: list[int]) -> list[float]:
    """In units of the first."""
    return [float(clock.learning_rate / rules.learning_rate) for clock in follow(rules, script)]


def epochs_run(rules: Rules, script: Any) -> int:
    """How many epochs begin while the member is active."""
    return 1 + sum(bool(clock.active) for clock in follow(rules, script)[:-1])


# Accuracies:              50  60  60  55  58  61  61  57  56
SCRIPT = [50, 60, 60, 55, 58, 61, 61, 57, 56]


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        # Worse than the epoch before: 55 < 60, 57 < 61, 56 < 57.
        ({}, [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.125]),
        # ... and a tie is worse: 60 = 60, 61 = 61 as well.
        ({"tie_is_worse": True}, [1, 1, 0.5, 0.25, 0.25, 0.25, 0.125, 0.0625, 0.03125]),
        # Worse than the best: 55 and 58 < 60, 57 and 56 < 61.
        ({"worse_than_best": True}, [1, 1, 1, 0.5, 0.25, 0.25, 0.25, 0.125, 0.0625]),
        (
            {"worse_than_best": True, "tie_is_worse": True},
            [1, 1, 0.5, 0.25, 0.125, 0.125, 0.0625, 0.03125, 0.015625],
        ),
        ({"factor": 0.1}, [1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.001]),
    ],
)
def test_the_learning_rate_by_hand(readings: dict[str, Any], expected: list[float]) -> None:
    rules = Rules(**readings)._replace(early_stop=False)
    assert rates(rules, SCRIPT) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("readings", "script", "expected"),
    [
        ({}, [50, 60, 60, 60, 60, 60, 60], 6),  # best in epoch 2, four without improvement: 3, 4, 5, 6
        ({}, [50, 60, 59, 59, 61, 60, 60, 60, 60, 60], 9),
        ({}, [50, 50, 50, 50, 50, 50], 5),
        ({"patience": 1}, [50, 60, 60, 70], 3),
        ({"early_stop": False}, [50] * 12, 12),
        ({}, [50, 60, 55, 56, 57, 58, 59, 60, 61], 6),  # on the best: 55, 56, 57, 58 are no improvement
        ({"improves_on_best": False}, [50, 60, 55, 56, 57, 58, 59, 60, 61], 9),
        ({"improves_on_best": False}, [50, 60, 55, 55, 54, 53, 59], 6),
        # Halved in every epoch from the second on: 1e-3 / 2^10 < 1e-6 after the eleventh.
        ({"patience": 99}, list(range(100, 80, -1)), 11),
        ({"patience": 99, "least_learning_rate": 1e-5}, list(range(100, 80, -1)), 8),
    ],
)
def test_the_end_by_hand(readings: dict[str, Any], script: list[int], expected: int) -> None:
    assert epochs_run(Rules(**readings), script) == expected


def test_after_the_end_nothing_changes() -> None:
    clocks = follow(Rules(patience=2), [50, 49, 48, 99, 10])
    assert not clocks[2].active
    assert clocks[2] == clocks[3] == clocks[4]


SCRIPTS = [np.random.default_rng(seed).integers(40, 60, 60).tolist() for seed in range(20)]


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize(("tie_is_worse", "threshold"), [(True, 0.0), (False, -0.5)])  # of whole numbers
def test_worse_than_the_best_is_the_plateau_rule_of_torch(
    script: list[int], tie_is_worse: bool, threshold: float
) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1e-3)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode="max", factor=0.5, patience=0, threshold=threshold, threshold_mode="abs", eps=0.0
    )
    rules = Rules(worse_than_best=True, tie_is_worse=tie_is_worse, early_stop=False)
    for clock, correct in zip(follow(rules, script), script, strict=True):
        plateau.step(correct)
        assert float(clock.learning_rate) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-6)


@pytest.mark.parametrize("patience", [1, 2, 4])
@pytest.mark.parametrize("script", SCRIPTS[:5])
def test_the_end_is_that_of_flax(script: list[int], patience: int) -> None:
    early = EarlyStopping(min_delta=0, patience=patience - 1)
    for clock, correct in zip(follow(Rules(patience=patience, least_learning_rate=0.0), script), script, strict=True):
        early = early.update(-correct)
        assert bool(clock.active) == (not early.should_stop)
        if early.should_stop:
            return
    pytest.fail("the script never ends training")


def test_members_do_not_see_each_other() -> None:
    rules = Rules()
    together = start(rules, (len(SCRIPTS),))
    for correct in np.transpose(SCRIPTS):
        together = tick(rules, together, jnp.asarray(correct, jnp.int32))
    for member, script in enumerate(SCRIPTS):
        alone = follow(rules, script)[-1]
        assert Clock(*(leaf[member].item() for leaf in together)) == Clock(*(leaf.item() for leaf in alone))


def test_all_readings_are_arguments_of_one_compiled_function() -> None:
    traces = []

    @jax.jit
    def compiled(rules: Rules, clock: Clock, correct: jax.Array) -> Clock:
        traces.append(1)
        return tick(rules, clock, correct)

    for worse, tie, improves, stop in itertools.product([False, True], repeat=4):
        rules = Rules(worse_than_best=worse, tie_is_worse=tie, improves_on_best=improves, early_stop=stop)
        clock = expected = start(rules)
        for correct in SCRIPT:
            clock, expected = compiled(rules, clock, jnp.int32(correct)), tick(rules, expected, jnp.int32(correct))
        assert clock == expected
    assert len(traces) == 1
