"""What the thesis prints of a figure, as a sentence: words of ours, numbers of thesis_numbers.json."""

from collections.abc import Mapping
from typing import Any

from experiments import thesis

# By the entry of thesis_numbers.json, with the names of its numbers; a list's values stand one after the other.
_SENTENCES = {
    "figure_4_4": "an RNN with ten inputs and two hidden units reaches {rnn_10x2_reaches} %; the first two columns, of"
    " two and five inputs, have at most {rnn_first_two_columns_at_most} %",
    "figure_4_5": "{rnn_decent_runs} of {rnn_runs} RNNs has a decent accuracy",
    "figure_4_6": "of {initialisations} initialisations the best RNN 2x4 has {rnn_2x4_max} %, the best RNN 4x4"
    " {rnn_4x4_max} %",
    "figure_4_7": "the rows that stand below ours, of {initialisations} initialisations each",
    "section_4_3_1": "the RNN 2x2 has {rnn_2x2} %, the GRU 2x2 {gru_2x2} %",
    "section_4_3_2": "networks {cell_shape} above {trained_above} %; the RNN is right until about word"
    " {rnn_correct_until_word} and its states overlap near word {rnn_states_overlap_near_word}, the GRU is right until"
    " word {gru_correct_until_word}",
    "section_4_3_3": "GRUs with {gru_hidden} hidden units; on CountII the success has {CountII[success]} % and the"
    " failure {CountII[failure]} %, on FirstII {FirstII[success]} and {FirstII[failure]} %",
    "figure_4_16": "of {initialisations} RNNs on FirstII {rnn_above_65[hidden_2]} (two hidden units) and"
    " {rnn_above_65[hidden_4]} (four) are above 65 %, of as many ReLU RNNs that start from the identity more than"
    " {relu_rnn_above_65_more_than}",
    "figure_4_17": "above {threshold} % of {initialisations} frozen and whole GRUs are, on CountII,"
    " {CountII[hidden_2][frozen]} and {CountII[hidden_2][gru]} (two hidden units), {CountII[hidden_4][frozen]} and"
    " {CountII[hidden_4][gru]} (four), on FirstII {FirstII[hidden_2][frozen]} and {FirstII[hidden_2][gru]},"
    " {FirstII[hidden_4][frozen]} and {FirstII[hidden_4][gru]}",
    "figure_4_18": "of {initialisations} initialisations each, best first: on CountII {order_best_first[CountII]}; on"
    " FirstII {order_best_first[FirstII]}",
    "section_4_6_1": "{settings:,} settings of each of {shapes}; every accuracy is about as frequent for both cells",
    "section_4_6_2": "networks {shapes} above {trained_above} %",
    "section_4_6_3": "networks {shape} above {trained_above} %, noise of {factors} times the weights' spread and"
    " {retrain_epochs} more epochs: after the strongest the GRU is close to {gru_after_factor_1} % again; here, not"
    " always, the RNN's loss is at first almost {initial_loss_ratio_rnn_to_gru} times the GRU's",
}


def sentence(entry: str) -> str:
    """What the thesis prints, without a full stop; empty where it prints nothing.

    Args:
        entry: of thesis_numbers.json, or empty.
    """
    numbers = thesis.printed(entry)
    return _SENTENCES[entry].format_map(_in_words(numbers)) if numbers else ""


def _in_words(value: Any) -> Any:
    """Lists as text."""
    if isinstance(value, Mapping):
        return {name: _in_words(each) for name, each in value.items()}
    return ", ".join(str(each).replace("_", "-") for each in value) if isinstance(value, list) else value
