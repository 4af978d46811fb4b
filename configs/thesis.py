"""Every experiment on the data sets that the thesis names for it (section 4).

Used by, at the thesis' counts and more, half a minute to four minutes each on 2 cores:
    python -m experiments.separability --config=configs/thesis.py
and likewise all that README lists (landscape has configs/first_i.py beside it).
"""

from ml_collections import ConfigDict

from configs.base import base_config


def get_config(mode: str = "full") -> ConfigDict:
    """The config of all experiments; mode "quick" is the same run in seconds."""
    return base_config("first", "I", mode, everywhere=False)
