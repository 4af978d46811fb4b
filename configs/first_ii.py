"""FirstII (section 3.1)."""

from ml_collections import ConfigDict

from configs.base import base_config


def get_config(mode: str = "full") -> ConfigDict:
    """The config of FirstII; mode "quick" is the same run in seconds."""
    return base_config("first", "II", mode)
