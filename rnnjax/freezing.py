"""Which parameters training leaves alone: names to a mask over the flat vector."""

from collections.abc import Sequence

import numpy as np

from rnnjax.cells import Cell
from rnnjax.errors import UserError
from rnnjax.parameters import Params, flatten, shapes


def trainable(cell: Cell, input_dim: int, hidden_dim: int, frozen: Sequence[str]) -> np.ndarray:
    """[P] bool, in the order of parameters.flatten: False for what is frozen.

    Args:
        cell: an entry of CELLS.
        input_dim: D.
        hidden_dim: H.
        frozen: leaves of Params ("w_hh"), or one gate's rows of one ("w_hh.candidate").

    Raises:
        UserError: a name that is no leaf, or a gate that the leaf or the cell does not have.
    """
    sizes = shapes(len(cell.gates), input_dim, hidden_dim)
    masks = {name: np.ones(shape, bool) for name, shape in vars(sizes).items()}
    rows = {gate.name: slice(i * hidden_dim, (i + 1) * hidden_dim) for i, gate in enumerate(cell.gates)}
    recurrent = [name for name in masks if not name.endswith("_oh")]
    valid = [*masks, *(f"{name}.{gate}" for name in recurrent for gate in rows)]
    for name in frozen:
        if name not in valid:
            raise UserError(f"cannot freeze {name!r} of a {cell.title}; valid: {', '.join(valid)}")
        leaf, _, gate = name.partition(".")
        masks[leaf][rows[gate] if gate else ...] = False
    return np.asarray(flatten(Params(**masks)))
