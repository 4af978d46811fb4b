"""Every experiment on the data sets that the thesis names for it (section 4).

Used by, at the thesis' counts and more, half a minute to four minutes each on 2 cores:
    python -m experiments.separability --config=configs/thesis.py
and likewise trainability, capacity, identity_init, rnn_from_gru, gru_from_rnn, frozen_recurrent, gate_variants.
"""

from ml_collections import ConfigDict

from configs.base import base_config


def get_config(mode: str = "full") -> ConfigDict:
    """The config of all experiments; mode "quick" is the same run in seconds."""
    return base_config("first", "I", mode, everywhere=False)
