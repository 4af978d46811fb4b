"""Starting one cell from another's trained weights: sections 4.4.2 and 4.4.3.

An RNN is a GRU with r = 1 and z = 0, so the RNN's rows correspond to the GRU's candidate rows. What is
copied: "hidden weights, fully connected layer's weights and their biases" (4.4.2), "recurrent hidden
weights, fully connected layer's weights and their biases" (4.4.3): W_hh, b_hh, W_oh, b_oh. Thesis leaves open:
the input weights W_ih, b_ih, which its wording does not name; here: the caller says, as the wording has it
("random") or copied too ("copied"). Everything else stays as it is in the random start.
"""

from rnnjax.errors import one_of
from rnnjax.parameters import Params

INPUT_WEIGHTS = ("random", "copied")


def rnn_from_gru(gru: Params, random: Params, input_weights: str = "random") -> Params:
    """Section 4.4.2: an RNN with a trained GRU's candidate weights and readout.

    Args:
        gru: a GRU's parameters; like `random` of one network, or of S with the members last.
        random: an RNN's random start of the same shape.
        input_weights: one of INPUT_WEIGHTS.

    Raises:
        UserError: another word for the input weights.
    """
    one_of("input_weights", input_weights, INPUT_WEIGHTS)
    candidate = slice(-gru.w_hh.shape[1], None)
    start = random.replace(w_hh=gru.w_hh[candidate], b_hh=gru.b_hh[candidate], w_oh=gru.w_oh, b_oh=gru.b_oh)
    if input_weights == "copied":
        start = start.replace(w_ih=gru.w_ih[candidate], b_ih=gru.b_ih[candidate])
    return start


def gru_from_rnn(rnn: Params, random: Params, input_weights: str = "random") -> Params:
    """Section 4.4.3: a GRU with a trained RNN's weights as its candidate's, and its readout; random gates.

    Args:
        rnn: an RNN's parameters; like `random` of one network, or of S with the members last.
        random: a GRU's random start of the same shape.
        input_weights: one of INPUT_WEIGHTS.

    Raises:
        UserError: another word for the input weights.
    """
    one_of("input_weights", input_weights, INPUT_WEIGHTS)
    candidate = slice(-rnn.w_hh.shape[1], None)
    leaves = ["w_hh", "b_hh"] + (["w_ih", "b_ih"] if input_weights == "copied" else [])
    copied = {name: getattr(random, name).at[candidate].set(getattr(rnn, name)) for name in leaves}
    return random.replace(**copied, w_oh=rnn.w_oh, b_oh=rnn.b_oh)
