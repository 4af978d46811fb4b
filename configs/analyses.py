"""The fields of what looks inside trained networks: sections 4.3, 4.6.2 and 4.6.3, and what goes beyond them."""

from collections.abc import Callable
from typing import Any

from ml_collections import ConfigDict

# No field that has one of these names is larger in mode quick.
_MOST_IF_QUICK = {
    "seeds": 4, "draws": 2, "members": 4, "rare_seeds": 4, "unstopped_seeds": 4, "rare_unstopped_seeds": 4, "epochs": 4,
    "constant_epochs": 4, "first_epochs": 3, "slope_epochs": 3, "starts": 16,
    "trained_above": 0.4,  # a few epochs take few networks further
}  # fmt: skip

# In mode many, in each of 32 draws: where only successes are looked at, and of the rare ones, more are trained.
_MANY = {"noise_robustness": {"seeds": 64}, "vector_field": {"seeds": 160}, "search": {"rare_seeds": 320}}


def experiments(mode: str) -> dict[str, ConfigDict]:
    """The experiments' sections: data sets, numbers of draws and seeds, and what each of them needs."""
    found = {name: fields() for name, fields in _FIELDS.items()}
    if mode == "quick":
        for fields in found.values():
            fields |= {key: min(most, fields[key]) for key, most in _MOST_IF_QUICK.items() if key in fields}
        found["fixed_points"]["hidden_dims"] = (2,)  # no claim looks at it, and half of its time is the other size's
    elif mode == "many":
        for name, fields in found.items():
            more = {"seeds": 32, "draws": 32, "members": 1000, "rare_unstopped_seeds": 64} | _MANY.get(name, {})
            fields |= {key: most for key, most in more.items() if key in fields}
    return {name: ConfigDict(fields) for name, fields in found.items()}


def _word_projection() -> dict[str, Any]:
    """Section 4.3.1: "2 input and 2 hidden dimensions"."""
    return {
        "data_sets": ("CountI",),
        "seeds": 40,  # in each draw
        "draws": 10,
        "rnn_target": 0.87,  # the networks shown: "validation accuracy of 87%"
        "gru_target": 1.0,  # "while GRU could get 100%"
        "line_above": 0.95,  # open: "roughly on a straight line" is more than this share of the variance on one axis
        "null_below": 0.1,  # open: "null space" is stop words shorter than this, beside sentiment words
    }


def _noise_robustness() -> dict[str, Any]:
    """Section 4.3.2: "input dimension and the hidden dimension as 4 and 2"."""
    return {
        "data_sets": ("CountI",),
        "seeds": 60,  # in each draw
        "draws": 10,
        "above": 0.98,  # "validation accuracy greater than 98%"
        "stricter": 0.995,  # control: above this both cells' accuracies are nearer to each other
        "steps": 2000,  # "even till the 2000 time steps"
        "stop_words": ("random", "repeated"),  # open: each drawn from all six, or one over and over; the first is shown
        "overlap": 0.02,  # open: states "overlap" when they are within this; each unit goes from -1 to 1
        "most_sentiments": 4,  # sentences with and without noise have 1 to so many sentiment words, all of them
        "stop_counts": (1, 2, 4, 6, 10, 20, 50, 100),  # stop words put into them; up to 6 are as long as in training
    }


def _search() -> dict[str, Any]:
    """Sections 4.6.2 and 4.6.3: networks of "at least 96%" and "at least [...] 98%"."""
    return {
        "data_sets": ("FirstI",),
        "architectures": ("rnn_2x4", "gru_2x4", "rnn_4x8", "gru_4x8"),  # 4.6.2's; 4.6.3's are among them
        "seeds": 40,  # in each draw
        "draws": 10,
        "unstopped": ("rnn_2x4", "gru_2x4"),  # trained without early stop too
        "unstopped_seeds": 10,
        "rare": ("rnn_2x4",),  # of which more are tried, since few of them succeed
        "rare_seeds": 500,
        "rare_unstopped_seeds": 60,
        "unstopped_learning_rate": 0.001,  # of 0.001, 0.003 and 0.01 the best for RNNs (section 4.2.2's control)
        "thresholds": (0.96, 0.98),  # that are counted
    }


def _update_cosine() -> dict[str, Any]:
    """Section 4.6.2, on what config.search trains."""
    return {
        "trained_above": 0.96,  # "at least 96% validation accuracy"
        "members": 100,  # networks of each architecture, data set and way of training, at most
        "slope_epochs": 5,  # values of the curve that its early slope is of
        "first_epochs": 10,  # control: these epochs alone, as if training had ended there
        "constant_epochs": 40,  # control: the same networks so long at a constant rate, without early stop
        "constant_learning_rate": 0.001,
    }


def _perturbation() -> dict[str, Any]:
    """Section 4.6.3, on what config.search trains."""
    return {
        "architectures": ("rnn_2x4", "gru_2x4"),  # "2 input and 4 hidden units"
        "trained_above": 0.98,  # "at least a validation accuracy of 98%"
        "members": 100,  # networks of each architecture, data set and way of training, at most
        "factors": (0.1, 0.2, 0.5, 1.0),  # "0.1, 0.2, 0.5 and 1"
        "ddof": 0,  # open: the noise's deviation divides by n, as NumPy's, or (1) by n - 1, as PyTorch's
        "readout": True,  # open: "all the weight matrices and the bias vectors"; False leaves the readout as it is
        "epochs": 30,  # "trained to 30 epochs"
        "learning_rate": 0.001,  # open: anew, or (0) each network's own last one
        "factor": 0.5,  # open: the rate is "halved every time [...] the validation accuracy gets worse"; 1: constant
        "early_stop": False,  # open: its curves have all 30 epochs
    }


def _vector_field() -> dict[str, Any]:
    """Section 4.3.3: "The hidden units in all the models are 2"."""
    return {
        "data_sets": ("CountII", "FirstII"),
        "seeds": 40,  # in each draw
        "draws": 10,
        "points": 40,  # squares along each axis of the plane [-1, 1]², at whose centres the field is measured
        "success_above": 0.9,  # open: what "successful" means
        "failure_below": 0.7,  # open: and "unsuccessful"; what lies between is a group of its own
    }


def _fixed_points() -> dict[str, Any]:
    """Beyond section 4.3.3: where its vectors vanish, in networks with 2 and 4 hidden units."""
    return {
        "data_sets": ("CountII", "FirstII"),
        "hidden_dims": (2, 4),
        "seeds": 20,  # in each draw
        "draws": 10,
        "starts": 64,  # of the search, anywhere in [-1, 1]^H
        "sentences": 8,  # of the training set, whose states are watched while a word is repeated
        "success_above": 0.9,  # as in vector_field
        "failure_below": 0.7,
    }


def _vanishing_gradients() -> dict[str, Any]:
    """Chapter 1: "Exploding and Vanishing gradients", on the data sets of section 4.5.2 and its cells."""
    return {
        "data_sets": ("CountII", "FirstII"),
        "cells": ("rnn", "reset_gate_gru", "update_gate_gru", "gru"),
        "hidden_dim": 4,  # with 2 inputs
        "seeds": 20,  # in each draw
        "draws": 10,
        "changed_seeds": 10,  # so many of the seeds also from starts changed by hand: W_hh = I, other update gates
        "update_gate_bias": 2.0,  # more and less of it, so that z is about 0.88 and 0.12
        "unstopped_seeds": 6,  # control: so many of the seeds without early stop, which takes most of the time, in
        "unstopped_draws": 5,  # so many of the draws
        "unstopped_learning_rate": 0.001,
        "followed_seeds": 4,  # so many of the seeds are also looked at after followed_epochs
        "followed_epochs": (0, 1, 2, 5, 10, 20, 50, 150),
        "sentences": 128,  # validation sentences that gradients are of
        "success_above": 0.9,
        "failure_below": 0.7,  # "decent" begins here
    }


def _hessian_spectrum() -> dict[str, Any]:
    """Section 4.6: curvature, on what config.search trains."""
    return {
        "architectures": ("rnn_2x4", "gru_2x4"),
        "members": 40,  # successes of each architecture and way of training, and as many failures, at most
        "success_above": 0.9,
        "failure_below": 0.7,  # "decent" begins here
        "factor": 0.5,  # of the perturbation, (4.11); whose other fields are config.perturbation's
        "sentences": 1000,  # training sentences that the loss is the mean of
    }


_FIELDS: dict[str, Callable[[], dict[str, Any]]] = {
    "word_projection": _word_projection,
    "noise_robustness": _noise_robustness,
    "search": _search,
    "update_cosine": _update_cosine,
    "perturbation": _perturbation,
    "vanishing_gradients": _vanishing_gradients,
    "hessian_spectrum": _hessian_spectrum,
    "vector_field": _vector_field,
    "fixed_points": _fixed_points,
}
