"""The thesis' definitions in plain Python and its equations in float64 NumPy: nothing of rnnjax is in them."""

from typing import Any

import numpy as np

POSITIVE_WORDS, NEGATIVE_WORDS = (6, 7), (8, 9)


def kind_letters(words: Any) -> str:
    """A sentence of word indices as letters: P positive, N negative, S stop word."""
    return "".join("P" if word in POSITIVE_WORDS else "N" if word in NEGATIVE_WORDS else "S" for word in words)


def label_of(rule: str, letters: str) -> bool | None:
    """Section 3.1: whether the sentence is positive; None where the thesis gives it no label."""
    sentiments = letters.replace("S", "")
    if rule == "count":
        positives, negatives = sentiments.count("P"), sentiments.count("N")
        return None if positives == negatives else positives > negatives
    if rule == "first":
        return sentiments[0] == "P" if sentiments else None
    if rule == "xor":
        return sentiments[0] != sentiments[1] if len(sentiments) >= 2 else None
    raise ValueError(rule)


def states_of(cell: str, params: Any, sentence: Any) -> np.ndarray:
    """Sections 1.1, 1.2 and 4.5.2: the hidden state after every word, [T, H], from h = 0.

    Args:
        cell: "rnn", "relu_rnn", "gru", "update_gate_gru" or "reset_gate_gru".
        params: has w_ih, w_hh, b_ih, b_hh, of one network.
        sentence: its embedded words, [T, D].
    """
    w_i, w_h, b_i, b_h = (np.array(a, np.float64) for a in (params.w_ih, params.w_hh, params.b_ih, params.b_hh))
    size = w_h.shape[1]
    reset, update = slice(0, size), slice(size, 2 * size)
    if cell == "update_gate_gru":
        update = slice(0, size)
    new = slice(len(w_h) - size, len(w_h))

    def gate(rows: slice, x: np.ndarray, h: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(w_i[rows] @ x + b_i[rows] + w_h[rows] @ h + b_h[rows])))

    h = np.zeros(size)
    states = []
    for x in np.array(sentence, np.float64):
        if cell in ("rnn", "relu_rnn"):
            a = w_i @ x + b_i + w_h @ h + b_h
            h = np.tanh(a) if cell == "rnn" else np.maximum(a, 0)  # (1.1)
        else:
            r = np.ones(size) if cell == "update_gate_gru" else gate(reset, x, h)  # (1.5), (4.1), (4.5)
            z = np.zeros(size) if cell == "reset_gate_gru" else gate(update, x, h)  # (1.6), (4.2), (4.6)
            n = np.tanh(w_i[new] @ x + b_i[new] + r * (w_h[new] @ h + b_h[new]))  # (1.4), (4.3), (4.7)
            h = (1 - z) * n + z * h  # (1.3), (4.4), (4.8)
        states.append(h)
    return np.array(states)


def step(params: Any, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """(1.1), (1.3)-(1.6) of states [G, 2]; a GRU has three rows of gates."""
    word, state = params.w_ih @ x + params.b_ih, h @ params.w_hh.T + params.b_hh
    if len(params.w_hh) == 2:
        return np.tanh(word + state)
    r, z = (1 / (1 + np.exp(-(word + state)[:, rows])) for rows in (slice(0, 2), slice(2, 4)))
    n = np.tanh(word[4:] + r * state[:, 4:])
    return (1 - z) * n + z * h
