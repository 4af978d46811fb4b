"""The report's table of contents: every figure and table of the thesis, and which step leaves which file for it."""

from fnmatch import fnmatchcase
from typing import NamedTuple


class Item(NamedTuple):
    """A figure or table of the thesis."""

    number: str  # "Figure 4.9"
    step: str  # of the programme
    file: str  # in that step's folder
    caption: str  # what is seen, axes; ours
    printed: str = ""  # the entry of thesis_numbers.json with what the thesis prints
    tables: tuple[str, ...] = ()  # files of the same step with our numbers beside the thesis'


class Section(NamedTuple):
    """A section of the thesis, or something beyond it."""

    number: str  # empty beyond the thesis
    title: str
    asks: str
    step: str


SECTIONS = (
    Section("3.1", "Data sets", "Which of Count, First and Xor is the easiest, which the hardest?", "data_sets"),
    Section("4.1.1", "Separability of word vectors", "Do networks train better where planes separate the kinds of"
            " words?", "separability"),
    Section("4.2.1", "Trainability", "How often do RNNs and GRUs of 16 shapes succeed?", "trainability"),
    Section("4.2.2", "Capacity", "Can the smallest shapes succeed at all, over many initialisations?", "capacity"),
    Section("4.3.1", "Stop words and other words", "What do the input and output matrices make of the words?",
            "word_projection"),
    Section("4.3.2", "Noise robustness", "How long does a network remember, and what do stop words do to its state?",
            "noise_robustness"),
    Section("4.3.3", "Vector fields of the hidden state", "Where does a word move the state, from everywhere in the"
            " plane?", "vector_field"),
    Section("4.4.1", "ReLU RNN with identity start", "Does an RNN with rectified units that starts at the identity"
            " train better?", "identity_init"),
    Section("4.4.2", "RNN from a trained GRU", "Does it help an RNN to start from the weights of a GRU that succeeded?",
            "rnn_from_gru"),
    Section("4.4.3", "GRU from a trained RNN", "What becomes of a failed RNN when gates are put around it?",
            "gru_from_rnn"),
    Section("4.5.1", "Frozen recurrent weights", "Does a GRU need to train its candidate's recurrent weights?",
            "frozen_recurrent"),
    Section("4.5.2", "Gate variants", "Which gate matters, the reset gate or the update gate?", "gate_variants"),
    Section("4.6.1", "Frequency of solutions", "Are good parameter settings as frequent for an RNN as for a GRU?",
            "landscape"),
    Section("4.6.2", "Local and global updates", "Does each epoch go where training as a whole goes?",
            "update_cosine"),
    Section("4.6.3", "Perturbation", "Does training recover from noise on the weights, and does it come back?",
            "perturbation"),
)  # fmt: skip

BEYOND = (
    Section("", "Untrainable, or stopped early?", "Do networks that fail in section 4.2.1 succeed without early stop,"
            " at any of three learning rates, or with as many parameters as a GRU?", "trainability_controls"),
    Section("", "Untrainable, or stopped early? In all draws", "How many networks of section 4.2.1 succeed without"
            " early stop where the words lie elsewhere, at the rate that is the best for RNNs in the section above?",
            "trainability_unstopped"),
    Section("", "XorI, in many more draws", "Section 4.2.1's networks on XorI once more: how rare are RNNs that reach"
            " 70 %? The verdict on C06 rests on these.", "trainability_draws"),
    Section("", "Frozen recurrent weights, in many more draws", "Section 4.5.1's networks once more, in so many draws"
            " that small differences can be told: what does freezing cost? The verdict on C22 rests on these, not on"
            " section 4.5.1's fewer ones.", "frozen_recurrent_draws"),
    Section("", "Gate variants, in many more draws", "Section 4.5.2's networks likewise: which variant is ahead? The"
            " verdicts on C23 to C25 rest on these, not on section 4.5.2's fewer ones; so does C03's within"
            " Embedding_2.", "gate_variants_draws"),
    Section("", "Vanishing gradients", "How much of the gradient reaches the first word, and does accuracy follow it?",
            "vanishing_gradients"),
    Section("", "Fixed points", "Where does a word leave the state as it is, and is that point stable?",
            "fixed_points"),
    Section("", "The search for successes", "How many networks have to be trained until enough succeed for sections"
            " 4.6.2 and 4.6.3?", "search"),
    Section("", "Rarer than one in a million", "How often are random settings good where a million have none (4.6.1)?",
            "rare_settings"),
    Section("", "Rarer than one in a million, in more draws", "The same in 32 further draws, up to 60 %, where C28 is"
            " judged: how much does it differ from draw to draw?", "rare_settings_draws"),
    Section("", "Rarer than one in a million: 4 x 2 in many more draws", "And in 128 more: of this shape the two cells"
            " are so near each other that C28 takes as many.", "rare_settings_4x2"),
    Section("", "Capacity: 4 x 2 in many more draws", "Section 4.2.2's networks on FirstI in the draws of those random"
            " settings: how many succeed? C28 rests on both.", "capacity_4x2"),
    Section("", "Hessians", "How does the loss curve where training begins, where it ends and after a perturbation?",
            "hessian_spectrum"),
)  # fmt: skip

_FIELD = (
    "Hidden units 1 and 2 run across and up. (a) The half of the plane that the readout calls positive (orange) or"
    " negative (blue). (b, c, d) Where the first positive, negative and stop word moves the state: arrows give the"
    " direction, colours the length; black dots are stable fixed points, hollow ones unstable, crosses saddles."
)
_FAILURE = "of the success' draw of words, if a GRU of that draw is below 70 %, or else of all draws; the title has"
_IF_NONE = "if it is far above the thesis' failure, no GRU here fails"
_ROWS = "Each row holds the validation accuracies of the first draw's initialisations, sorted, in per cent."

THESIS = (
    Item("Figure 4.1", "separability", "figure_4_1.png",
         "Where the ten words lie in each of the four two-dimensional embeddings, in the first draw. The axes are the"
         " two inputs; marks tell stop, positive and negative words apart. In (a), Embedding_1, no line separates any"
         " two kinds of words; in (b), 2, one separates positive from negative ones; in (c) and (d), 3 and 4, every two"
         " kinds, in 4 each kind from the rest too."),
    Item("Figure 4.2", "separability", "figure_4_2.png",
         "Validation accuracy on CountII in per cent: embeddings down, initialisations across, one panel for each cell"
         " and number of hidden units H.", "", ("neighbours_4_1_1.csv",)),
    Item("Figure 4.3", "separability", "figure_4_3.png",
         "Validation accuracy on FirstII in per cent: embeddings down, initialisations across, one panel for each cell"
         " and number of hidden units H."),
    Item("Figure 4.4", "trainability", "figure_4_4.png",
         "Validation accuracy on FirstI in per cent: hidden units down, inputs across, one panel for each"
         " initialisation, RNNs above and GRUs below.", "figure_4_4", ("overall_4_2_1.csv",)),
    Item("Figure 4.5", "trainability", "figure_4_5.png",
         "The same on XorI: hidden units down, inputs across, one panel for each initialisation.", "figure_4_5"),
    Item("Figure 4.6", "capacity", "figure_4_6.png",
         f"Many initialisations of the four smallest shapes on FirstI (inputs x hidden units). {_ROWS}", "figure_4_6",
         ("capacity_4_2_2.csv",)),
    Item("Figure 4.7", "capacity", "figure_4_7.png",
         f"Many initialisations of the four smallest shapes on XorI (inputs x hidden units). {_ROWS} Below each row the"
         " thesis' own, of thirty initialisations; where 31 or 32 numbers were read off its row in the text of the PDF,"
         " all are shown.", "figure_4_7"),
    Item("Figure 4.8", "word_projection", "figure_4_8.png",
         "The ten words x as points: (a) as the networks read them (axes: inputs), (b) after the RNN's W_ih (hidden"
         " units), (c) after the RNN's W_oh W_ih and (d) after the GRU's, with its candidate's W_ih (logits)."
         " Picked are, of one draw, the networks that end nearest to the thesis' 87 % (RNN) and 100 % (GRU).",
         "section_4_3_1"),
    Item("Figure 4.9", "noise_robustness", "figure_4_9.png",
         "One positive or negative word, then stop words only: both hidden units (up) over the words read (across,"
         " logarithmic), and below them the class that the network gives after each word; RNN left, GRU right. Picked"
         " are the networks above 98 % that stay right about as long as the thesis' (RNN 15 words, GRU 2,000): how many"
         " do is below, and in C14. Each network reads words of its own draw and seed.",
         "section_4_3_2", ("survival_4_3_2.csv",)),
    Item("Figure 4.10", "noise_robustness", "figure_4_10.png",
         "The way of the state through the plane of two hidden units for a sentence and for the same one with stop"
         " words put in, on the regions that the readout calls positive and negative; the networks of Figure 4.9, RNN"
         " left, GRU right, which read the same kinds of words, each those of its own draw. In the thesis the stop"
         " words lead the RNN into the other region; whether they do here depends on the sentence, how often is in"
         " figure_4_10_noise.", "",
         ("noise_4_3_2.csv",)),
    Item("Figure 4.11", "vector_field", "figure_4_11.png",
         f"The GRU on CountII whose accuracy is nearest to that of the thesis' success. {_FIELD}",
         "section_4_3_3", ("shown_4_11_to_4_14.csv",)),
    Item("Figure 4.12", "vector_field", "figure_4_12.png",
         f"The GRU on CountII nearest to the thesis' failure (51.2 %), {_FAILURE} its accuracy: {_IF_NONE}. {_FIELD}"),
    Item("Figure 4.13", "vector_field", "figure_4_13.png",
         f"The GRU on FirstII whose accuracy is nearest to that of the thesis' success. {_FIELD}"),
    Item("Figure 4.14", "vector_field", "figure_4_14.png",
         f"The GRU on FirstII nearest to the thesis' failure (50.0 %), {_FAILURE} its accuracy: {_IF_NONE}."
         f" {_FIELD}"),
    Item("Figure 4.15", "vector_field", "figure_4_15.png",
         "What training changes: the mean norm of a word's vector field (across) and the network's validation accuracy"
         " (up). A point is a word of a network; the line is the best fit.", "", ("correlation_4_15.csv",)),
    Item("Figure 4.16", "identity_init", "figure_4_16.png",
         f"RNN and ReLU RNN with identity start, on CountII and FirstII; rows are numbers of hidden units. {_ROWS}",
         "figure_4_16", ("identity_4_4_1.csv",)),
    Item("Table 4.1", "rnn_from_gru", "table_4_1.csv",
         "CountII, H = 4: RNNs that start from the weights of trained GRUs, without and with the GRU's input weights,"
         " beside the GRU they come from and the thesis. Validation accuracy in per cent."),
    Item("Table 4.2", "rnn_from_gru", "table_4_2.csv",
         "CountII, H = 4: greatest, mean and least validation accuracy of RNNs that start at random, in per cent."),
    Item("Table 4.3", "rnn_from_gru", "table_4_3.csv", "As Table 4.1, on FirstII."),
    Item("Table 4.4", "rnn_from_gru", "table_4_4.csv", "As Table 4.2, on FirstII."),
    Item("Table 4.5", "gru_from_rnn", "table_4_5.csv",
         "CountII, H = 4: failed RNNs (the first below 60 %; where they are too few, as here perhaps, the worst of all,"
         " which are no typical ones) and the GRUs that start"
         " from their weights, beside GRUs of the same seed that start at random and the thesis. Validation accuracy in"
         " per cent."),
    Item("Table 4.6", "gru_from_rnn", "table_4_6.csv", "As Table 4.5, on FirstII."),
    Item("Figure 4.17", "frozen_recurrent", "figure_4_17.png",
         "GRU and GRU with frozen recurrent weights of the candidate, on CountII and FirstII; rows are numbers of"
         f" hidden units. {_ROWS}", "figure_4_17", ("frozen_4_5_1.csv",)),
    Item("Figure 4.18", "gate_variants", "figure_4_18.png",
         f"RNN, reset-gate GRU, update-gate GRU and GRU, on CountII and FirstII. {_ROWS}", "figure_4_18"),
    Item("Figure 4.19", "landscape", "figure_4_19.png",
         "Random parameter settings on FirstI, none trained: how many (up, logarithmic) have a validation accuracy"
         " (across), one panel for each architecture. A setting on the edge of two bars is half in each.",
         "section_4_6_1", ("tails_4_6_1.csv",)),
    Item("Figure 4.20", "landscape", "figure_4_20.png",
         "The same settings as box plots of validation accuracy (across): quartiles, whiskers of 1.5 interquartile"
         " ranges, and every accuracy that lies outside of them."),
    Item("Figure 4.21", "update_cosine", "figure_4_21.png",
         "Cosine between an epoch's update and the update of all of training (up) over epochs (across), for one RNN and"
         " one GRU of each shape.", "section_4_6_2", ("gru_minus_rnn_4_6_2.csv",)),
    Item("Figure 4.22", "perturbation", "figure_4_22.png",
         "One trained RNN and one GRU, perturbed by factors k and trained on: loss and accuracy of training and of"
         " validation, and distance to the old weights (up) over epochs (across); the thesis' (g) and (h), the"
         " distances, are (i) and (j) here. Those of training are means over an"
         " epoch's minibatches, each before its step; epoch 0 and the dotted line are of all sentences at once. A panel"
         " is empty where no network was good enough.",
         "section_4_6_3", ("recovery_4_6_3.csv", "rnn_beside_gru_4_6_3.csv")),
)  # fmt: skip


def placed(step: str) -> list[Item]:
    """The thesis' figures and tables that a step makes, in the thesis' order."""
    return [item for item in THESIS if item.step == step]


def thesis_caption(experiment: str, file: str) -> str | None:
    """The caption of a figure of the thesis, wherever the experiment was run once more; None of any other file."""
    return next((item.caption for item in placed(experiment) if item.file == file), None)


def matching(captions: dict[str, str], file: str) -> str | None:
    """The caption whose pattern a file's name matches, with what the pattern's star stands for in it.

    Args:
        captions: by pattern with at most one star, such as "figure_hessian_*_pair.png"; {} in a caption is its match.
        file: the name.
    """
    for pattern, caption in captions.items():
        if fnmatchcase(file, pattern):
            before, _, after = pattern.partition("*")
            match = file.removeprefix(before).removesuffix(after)
            return caption.replace("{}", match.replace("_and_", " and ").replace("_", "."))
    return None
