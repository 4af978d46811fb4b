"""What the experiments that look inside networks share: a few networks are not worked on as if they were many."""

import logging
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from configs.thesis import get_config
from experiments import analysis, runner
from rnnjax import members


@pytest.mark.parametrize(("number", "worked_on"), [(1, 1), (3, 3), (4, 4), (5, 8), (9, 12)])
def test_no_tile_is_wider_than_there_are_networks(number: int, worked_on: int, monkeypatch: Any) -> None:
    widths: list[int] = []
    spread = members.spread

    def watched(function: Any, mesh: Any, tile: int, given: Any, **more: Any) -> Any:
        widths.append(given[0].shape[-1])
        return spread(function, mesh, tile, given, **more)

    monkeypatch.setattr(members, "spread", watched)
    config = get_config("quick")
    config.members.tile = 4
    log, mesh = logging.getLogger("rnnjax.test"), members.make_mesh(1)
    run = runner.Run(config, jax.random.key(0), mesh, Path("nowhere"), log, {"compile": 0.0}, None)
    values = np.arange(2.0 * number).reshape(2, number)
    np.testing.assert_array_equal(analysis.of_each(run, lambda flat: flat[::-1] * 3, values), values[::-1] * 3)
    assert widths == [worked_on]
