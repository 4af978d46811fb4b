"""FirstI: 8,000 / 2,000 / 3,000 sentences, labelled by their first sentiment word (section 3.1).

Used by: landscape (section 4.6.1, Figures 4.19 and 4.20):
    python -m experiments.landscape --config=configs/first_i.py
Expected there, thesis: RNN and GRU reach each accuracy about equally often.
"""

from ml_collections import ConfigDict

from configs.base import base_config


def get_config(mode: str = "full") -> ConfigDict:
    """The config of FirstI; mode "quick" is the same run in seconds."""
    return base_config("first", "I", mode)
