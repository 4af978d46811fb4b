"""Validation accuracy of parameters that no curve has: a network's start."""

import numpy as np

from experiments import runner
from experiments.conditions import Condition, draw_data, draw_embedding
from rnnjax import judging
from rnnjax.datasets import VERSIONS
from rnnjax.members import call_size


def validation_accuracy(run: runner.Run, condition: Condition, params: np.ndarray) -> np.ndarray:
    """What share of each draw's validation sentences networks classify correctly, [R, S] in [0, 1].

    Args:
        run: its config has the draws' seeds and the tile.
        condition: of the networks.
        params: [P, R, S].
    """
    _, num_draws, num_seeds = params.shape
    correct = np.zeros((num_draws, num_seeds))
    tile = run.config.training.tile
    size = call_size(run.mesh, tile, min(num_seeds, run.config.training.members_per_call))
    compiled = None
    for draw in range(num_draws):
        places = draw_embedding(run.config, condition.data, draw, condition.architecture.input_dim)
        exam = judging.make_exam(draw_data(run.config, condition.data, draw).validation, places)
        if compiled is None:
            compiled = judging.compile_judging(condition.architecture, run.mesh, tile, size, exam)
        for start in range(0, num_seeds, size):
            some = slice(start, start + size)
            correct[draw, some], _ = judging.judge(compiled, params[:, draw, some], exam)
    return correct / VERSIONS[condition.data.version][1]
