"""Why do gated recurrent networks train where vanilla ones do not?

A functional JAX library for thousands of tiny recurrent networks at once. Axis letters, the
same everywhere: S members (seeds or settings), N sequences, B batch, T words, D input, H hidden,
V vocabulary, K classes, E epochs, P flat parameters, G grid points (a cell's stacked gate rows
are written "gates·H"). "Thesis" is Ojas Mehta, An Analysis of Various Aspects of RNNs in
Sequence Classification, M.Tech. report, IIT Madras, June 2020.
"""

__version__ = "0.1.0"
