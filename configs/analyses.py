"""The fields of what looks inside trained networks: sections 4.3, 4.6.2 and 4.6.3, and what goes beyond them."""

from collections.abc import Callable
from typing import Any

from ml_collections import ConfigDict

# No field that has one of these names is larger in mode quick.
_MOST_IF_QUICK = {"seeds": 4, "draws": 2, "members": 4}


def experiments(mode: str) -> dict[str, ConfigDict]:
    """The experiments' sections: data sets, numbers of draws and seeds, and what each of them needs."""
    found = {name: fields() for name, fields in _FIELDS.items()}
    if mode == "quick":
        for fields in found.values():
            fields |= {key: min(most, fields[key]) for key, most in _MOST_IF_QUICK.items() if key in fields}
    elif mode == "many":
        for fields in found.values():
            fields |= {"seeds": 100} if "seeds" in fields else {}
    return {name: ConfigDict(fields) for name, fields in found.items()}


_FIELDS: dict[str, Callable[[], dict[str, Any]]] = {}
