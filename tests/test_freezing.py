"""Masks of frozen parameters, counted by hand and against the layout of flatten."""

import numpy as np
import pytest

from rnnjax.cells import CELLS
from rnnjax.errors import UserError
from rnnjax.freezing import trainable
from rnnjax.parameters import shapes, unflatten

GRU = CELLS["gru"]


def test_nothing_frozen_is_all_trainable() -> None:
    mask = trainable(GRU, 2, 2, [])
    assert mask.shape == (42,)
    assert mask.all()


def test_a_leaf_and_a_gate_s_rows_are_what_their_names_say() -> None:
    mask = unflatten(trainable(GRU, 3, 2, ["w_hh.candidate", "b_hh.candidate", "w_oh", "b_ih.reset"]), shapes(3, 3, 2))
    np.testing.assert_array_equal(mask.w_ih, np.ones((6, 3), bool))
    np.testing.assert_array_equal(mask.w_hh, [[True] * 2] * 4 + [[False] * 2] * 2)
    np.testing.assert_array_equal(mask.b_hh, [True] * 4 + [False] * 2)
    np.testing.assert_array_equal(mask.b_ih, [False] * 2 + [True] * 4)
    assert not np.asarray(mask.w_oh).any()
    assert np.asarray(mask.b_oh).all()


def test_a_cell_s_own_gates_count() -> None:
    mask = trainable(CELLS["update_gate_gru"], 2, 3, ["w_hh.update"])
    assert (~mask).sum() == 9
    mask = trainable(CELLS["rnn"], 2, 3, ["w_hh.candidate"])
    np.testing.assert_array_equal(mask, trainable(CELLS["rnn"], 2, 3, ["w_hh"]))


@pytest.mark.parametrize("name", ["w_hx", "w_hh.forget", "w_oh.reset", "", "w_hh."])
def test_an_unknown_name_is_named_with_the_valid_ones(name: str) -> None:
    with pytest.raises(UserError, match=r"valid: w_ih, w_hh, .*w_hh\.candidate"):
        trainable(GRU, 2, 2, [name])


def test_a_gate_of_another_cell_is_refused() -> None:
    with pytest.raises(UserError, match="reset"):
        trainable(CELLS["rnn"], 2, 2, ["w_hh.reset"])
