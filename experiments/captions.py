"""Captions of the figures and tables that the thesis does not have, by experiment and pattern of the file's name."""

from experiments.contents import matching, thesis_caption

_STOPPED = "here with its 95 % interval, the thesis' where it prints one"

_BOTH_WAYS = (
    "(across) with the same starts trained both ways: as section 3.2 has it (left), and without early stop at a"
    " constant learning rate (right). Where several learning rates were tried, each half of the seeds has the one that"
    " is best for the other half; they stand at the right edge."
)
_RATES_BOTH_WAYS = f"Share of networks above 90 % {_BOTH_WAYS}"
_CONTROLS = "RNNs with as many parameters as the GRU beside them (below)"

_FIGURES = {
    "separability": {
        "figure_4_2_all.png": "All networks on CountII: validation accuracy (across) by cell, H and embedding; a point"
        " is a network, the tick is the mean of all.",
        "figure_4_3_all.png": "All networks on FirstII: validation accuracy (across) by cell, H and embedding; a point"
        " is a network, the tick is the mean of all.",
        "figure_4_2_rates.png": "Share of all networks on CountII above 90 % (across), with 95 % intervals.",
        "figure_4_3_rates.png": "Share of all networks on FirstII above 90 % (across), with 95 % intervals.",
    },
    "trainability": {
        "figure_4_*_rates.png": "Share of all networks above 90 % validation accuracy (across) by architecture (inputs"
        f" x hidden units), with 95 % intervals; where controls were trained, {_CONTROLS}.",
        "figure_4_*_rates_unstopped.png": _RATES_BOTH_WAYS,
    },
    "capacity": {
        "like_figure_4_6_*_rates.png": "{}: share of networks above 90 % validation accuracy (across) by architecture.",
        "like_figure_4_6_*.png": "{}: many initialisations of the four smallest shapes (inputs x hidden units),"
        " validation accuracy in per cent, sorted in each row.",
        "figure_4_*_rates.png": f"Share of networks above 90 % validation accuracy (across) by architecture,"
        f" {_STOPPED}; where controls were trained, {_CONTROLS}.",
        "figure_4_*_rates_unstopped.png": _RATES_BOTH_WAYS,
    },
    "word_projection": {
        "figure_4_8_gates.png": "The GRU of Figure 4.8: its words after each gate's W_ih, and after W_oh times that.",
        "figure_4_8_measures.png": "All networks before and after training: how long stop words' W_ih x is, how near to"
        " a line the products lie, and how wide positive and negative words stay apart.",
    },
    "noise_robustness": {
        "figure_4_9_survival.png": "Share of networks (up) that are still right, or whose two states are still apart,"
        " over the words read (across, logarithmic): stop words drawn at random, as C14 judges it, or one repeated (the"
        " thesis does not say which); bands are 95 %.",
        "figure_4_10_noise.png": "Decisions that stop words flip, wrong decisions, and distance between the final"
        " states in the plane of the hidden units (up) over the number of stop words put in (across, logarithmic);"
        " bands are 95 %. C15 judges this distance divided by that between the two classes' states, which the table"
        " below has (distance_over_apart): the classes of RNNs and GRUs lie differently far apart.",
    },
    "vector_field": {
        "figure_4_11_to_4_14_distance_*.png": "{}: share of states that a word leads into the positive region (up) over"
        " the state's signed distance to the boundary (across), by accuracy after training.",
        "figure_4_11_to_4_14_shares.png": "Share of the plane (across) from which sentiment words move the state their"
        " way, from which they lead into their region, and from which stop words keep the region.",
        "figure_4_15_correlations.png": "Correlation of the change of the mean norm with the change of accuracy"
        " (across), Pearson's, Spearman's and Spearman's within draws, by data set, cell and kind of word, with 95 %"
        " intervals.",
    },
    "identity_init": {
        "figure_4_16_rates.png": f"Share of networks above 65 % validation accuracy (across), {_STOPPED} (for"
        " the ReLU RNN on FirstII it says more than 8 of 10). C19 also compares mean accuracies: gain_of_mean in the"
        " table below.",
    },
    "rnn_from_gru": {
        "figure_tables_*_rates.png": "Tables {}: share of these networks above 90 % (across), with 95 % intervals.",
        "figure_tables_*.png": "All networks behind Tables {}: validation accuracy (across) by start; a point is a"
        " network, the tick is the mean of all.",
    },
    "gru_from_rnn": {
        "figure_table_*_rates.png": "Table {}: share of these networks above 90 % (across), with 95 % intervals.",
        "figure_table_*.png": "All networks behind Table {}: validation accuracy (across) by start; a point is a"
        " network, the tick is the mean of all. Failed RNNs, where there are any, are those below 60 %; on CountII"
        " RNNs below 81.15 % are shown too, the best of those that the thesis calls failed there (C21).",
    },
    "frozen_recurrent": {
        "figure_4_17_rates.png": f"Share of networks above 90 % validation accuracy (across), {_STOPPED}.",
    },
    "gate_variants": {
        "figure_4_18_*_means.png": "{}: mean validation accuracy (across) by cell and H, with 95 % intervals.",
        "figure_4_18_*_rates.png": "{}: share of networks above 90 % validation accuracy (across) by cell and H.",
        "figure_4_18_*_means_unstopped.png": f"{{}}: mean validation accuracy {_BOTH_WAYS}",
    },
    "landscape": {
        "figure_4_19_tails.png": "Share of random settings (up, logarithmic) whose accuracy is above a (across), RNN"
        " beside GRU, by shape and by the distribution that the settings are drawn from; of this one draw of sentences"
        " and words. C26 judges the mean of ten draws.",
    },
    "rare_settings": {
        "figure_4_19_rare.png": "P(accuracy > a) of random settings from training's own distribution (up, logarithmic)"
        " over a (across), by multilevel splitting: RNN beside GRU, by shape. Thick: median over draws and its 95 %"
        " interval; thin: single draws, each as far as it found any.",
    },
    "update_cosine": {
        "figure_4_21_unstopped.png": "As Figure 4.21, of networks that were trained without early stop.",
        "figure_4_21*_bands.png": "Median and middle 80 % of the cosine (up) over epochs (across) of the successes, and"
        " below it how many are still in training. Of fewer than five networks there is no band, and a curve ends where"
        " fewer than five (or one of few) are still in training.",
        "figure_4_21*_measures.png": "The curves in numbers, a box for each architecture (n: networks): roughness,"
        " variation, mean, early slope and straightness (distance from the first weights to the last, over the length"
        " of the path); of all of training, its first epochs, and a constant learning rate. Of fewer than five"
        " networks a box says nothing.",
    },
    "perturbation": {
        "figure_4_22_unstopped.png": "As Figure 4.22, of networks that were trained without early stop, perturbed when"
        " they first reached 98 %, so that both cells start equally good.",
        "figure_4_22*_recovery.png": "Loss and accuracy just after the perturbation, accuracy and share above 90 % at"
        " the end of training on (up) over the factor k (across, not to scale), with 95 % intervals. Where all networks"
        " of a group are above 90 % the interval is what so many draws leave possible.",
        "figure_4_22*_distances.png": "Distance to the old weights (up) over epochs (across), medians and quartiles."
        " Raw: of the weights as vectors. As outputs see it: less what no output depends on (two biases that are added"
        " can differ, as can both logits' common part). To the nearest copy: of the networks that compute the same with"
        " hidden units in another order or of another sign, the one whose weights are nearest.",
    },
    "vanishing_gradients": {
        "figure_vanishing_*_changed.png": "{}: starts whose gradients vanish more and less: accuracy and rates of"
        " success (up) over the ratio of the first word's gradient to the last's before training (across).",
        "figure_vanishing_*_norms.png": "{}: norm of the gradient at the state (up, logarithmic) over the words read"
        " (across), before and after training, by cell and by accuracy after training.",
        "figure_vanishing_*_relative.png": "{}: norm of the gradient at the state relative to that at the last state"
        " (up, logarithmic) over the words read (across), before and after training, by cell and by accuracy.",
        "figure_vanishing_*_rates.png": "{}: share of networks above 70 and 90 % (up) by their ratio before training"
        " (across, logarithmic).",
        "figure_vanishing_*_singular.png": "{}: singular values of the last state's derivative with respect to earlier"
        " ones (up, logarithmic) over the words read (across), by cell.",
        "figure_vanishing_*_starts.png": "{}: validation accuracy (up) over the ratio before training (across); a point"
        " is a network, the number is the rank correlation within draws.",
        "figure_vanishing_*_training.png": "{}: over epochs of training (across): the ratio, the norm of the gradient"
        " at the first word's state, the largest singular value of the last state's derivative with respect to it (up,"
        " logarithmic), by cell and by accuracy after training.",
    },
    "fixed_points": {
        "figure_fixed_points_stop_words_*.png": "{}: share of stop words (across) with one stable point in each region,"
        " with differences held for good or for a sentence, and with a line of slow states.",
        "figure_fixed_points_time_constants.png": "Share of stop words (up) whose slowest stable point has a time"
        " constant above x words (across, logarithmic).",
        "figure_fixed_points_*.png": "{}: number of stable, saddle and unstable fixed points of a word (across), before"
        " training and by accuracy after it.",
    },
    "search": {
        "figure_search_*.png": "{}: share of networks that end at or above the two thresholds (across): a dot each"
        " draw of sentences and words (hollow: without early stop; above piles, how many), and their mean"
        " with its interval.",
    },
    "hessian_spectrum": {
        "figure_hessian_*_pair.png": "{}: all eigenvalues (up) of one RNN and one GRU, sorted (across), before"
        " training, after it and perturbed.",
        "figure_hessian_*_spectra.png": "{}: sorted eigenvalues (up) of all networks that are looked at, by rank"
        " (across): median and middle 80 %, successes and failures.",
        "figure_hessian_*_measures.png": "{}: largest eigenvalue, the same over the loss, share of negative ones, and"
        " condition (across, logarithmic but for the share), by cell, stage and success (above 90 %; grey: failures);"
        " in brackets how many networks, in black their mean.",
    },
}

_TABLES = {
    "conditions.csv": "Every condition: accuracy after the last epoch, in per cent. With one draw the intervals do not"
    " cover draws.",
    "neighbours_4_1_1.csv": "Gain of mean accuracy from one embedding to the next, in percentage points.",
    "overall_4_2_1.csv": "Networks above 90 % over all shapes, in per cent; decent: at least 70 % (C06); best: of the"
    " RNNs that the figure shows.",
    "data_sets_4_2_1.csv": "Networks above 90 % on one data set minus another, in percentage points.",
    "capacity_4_2_2.csv": "Best network and share above 90 % by shape, in per cent; the thesis' best is of 30"
    " initialisations, ours of all networks.",
    "ratios_4_2_2.csv": "How many times as often a GRU is above 90 % as an RNN; left_chance: networks above 55 %"
    " (C10 rounds as the thesis prints: from 55.5 % on); sd_of_seeds: how much seeds of one draw differ, in"
    " percentage points.",
    "projection_4_3_1.csv": "Every measure of the products, before and after training, mean over networks.",
    "projection_differences_4_3_1.csv": "Differences of these measures between cells and groups.",
    "survival_4_3_2.csv": "Median of words until the event, and shares of networks that last. first_wrong: one of the"
    " two sentences is called wrongly; forgets: the same from the trained length on; meeting: their two states stay"
    " together.",
    "noise_4_3_2.csv": "Shares of decisions that are wrong or flipped, and distances of final states.",
    "shown_4_11_to_4_14.csv": "Which networks Figures 4.11 to 4.14 show, their accuracy beside the thesis'.",
    "correlation_4_15.csv": "Correlations of Figure 4.15.",
    "field_4_3_3.csv": "Shares of the plane, mean over networks.",
    "field_contrasts_4_3_3.csv": "Differences of these shares between groups of networks.",
    "distance_4_3_3.csv": "The same shares by distance to the boundary.",
    "identity_4_4_1.csv": "Networks above 65 %, in per cent; gains: ReLU RNN minus RNN, of that share and of the mean"
    " accuracy.",
    "rnn_from_gru_4_4_2.csv": "RNNs from GRUs beside random starts: mean, least and gain, in per cent.",
    "gru_from_rnn_4_4_3.csv": "GRUs from RNNs beside random starts, in per cent. donors: RNNs below 60 % (failed),"
    " below 81.15 % (the best that the thesis calls failed on CountII), or all.",
    "frozen_4_5_1.csv": "Networks above 90 %, in per cent.",
    "gates_4_5_2.csv": "Gains from one cell to the other, in percentage points.",
    "orders_4_5_2.csv": "The variants by mean accuracy, best first, beside the thesis' order.",
    "tails_4_6_1.csv": "Shares of random settings above an accuracy, and the ratio of the cells.",
    "rare_4_6_1.csv": "The same as in Figure 4.19's table, by multilevel splitting, medians (typical) and means over"
    " draws; found_in: in how many of the draws any setting as good was found.",
    "cosine_4_6_2.csv": "Measures of the cosine's curve, mean over networks.",
    "gru_minus_rnn_4_6_2.csv": "GRU minus RNN in each measure, beside what the thesis says of the GRU.",
    "networks_4_6_2.csv": "Which networks were looked at; accuracy in per cent.",
    "recovery_4_6_3.csv": "Loss and accuracy just after the perturbation and after training on, in nats and per cent."
    " Networks without early stop are perturbed when they first reach 98 %: more than end there (search.csv).",
    "rnn_beside_gru_4_6_3.csv": "GRU minus RNN after training on, in percentage points; RNN's loss over GRU's.",
    "distances_4_6_3.csv": "Distances to the old weights.",
    "networks_4_6_3.csv": "Which networks were perturbed; accuracy in per cent.",
    "vanishing.csv": "Gradients and singular values, geometric means over networks. above, between, below: networks"
    " that end above 90 %, from 70 to 90 %, below 70 %; kind: changed starts, or no early stop.",
    "vanishing_changes.csv": "What changing the start changes; accuracies in percentage points.",
    "vanishing_correlations.csv": "Rank correlations of the ratio before training with accuracy after it. pooled: of"
    " all networks; within: within draws; partial: likewise, with loss and sizes of weights held fixed; gain:"
    " accuracy of the starts with the larger ratios minus that of the others, in percentage points.",
    "fixed_points.csv": "Every measure of fixed points, mean over networks: stable, saddle and unstable are numbers"
    " of points, the rest shares of words. one_in_each: two stable points, one in each region; forgets, fades, holds:"
    " less than half of the differences of states is left after as many repeats as a sentence has words, is left then"
    " but not after 1,000, is left for good; near_line: what is left lies on a line of slow states; slow_direction: a"
    " stable point with a longer time constant than a sentence; missed: the indices of the points do not add up to 1.",
    "fixed_points_contrasts.csv": "Differences of these measures between groups of networks.",
    "search.csv": "Networks that end at or above each threshold, in per cent.",
    "search_draws.csv": "The same draw by draw.",
    "hessian.csv": "Measures of the Hessian's spectrum, means over networks (geometric ones of sizes). least: the size"
    " of the most negative eigenvalue, of networks that have one; negative: how many are negative; condition: largest"
    " over median size.",
    "hessian_groups.csv": "Successes beside failures.",
    "hessian_cells.csv": "RNN beside GRU.",
}


def figure_caption(experiment: str, file: str) -> str | None:
    """What a figure shows that stands beside the thesis'; None where nothing is written about it."""
    return matching(_FIGURES.get(experiment, {}), file) or thesis_caption(experiment, file)


def table_caption(file: str) -> str | None:
    """What a table holds; None where nothing is written about it."""
    return _TABLES.get(file)
