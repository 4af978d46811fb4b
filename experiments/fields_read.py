"""Which fields of the config each experiment reads, and what is valid instead of the others."""

from typing import Any

from ml_collections import ConfigDict

_TRAINED = "data", "training"
_MEASURED = *_TRAINED, "members"  # analyses: all check members.tile, some measure so many networks at once
_SEARCHED = *_MEASURED, "search"
# What each reads beside `seed` and its own section: sections, or of a section these fields alone.
READ: dict[str, tuple[str, ...]] = {
    "landscape": ("data", "members"),
    "rare_settings": ("data", "members"),
    "calibration": _TRAINED,
    "separability": _TRAINED,
    "trainability": _TRAINED,
    "capacity": _TRAINED,
    "identity_init": _TRAINED,
    "rnn_from_gru": _TRAINED,
    "gru_from_rnn": _TRAINED,
    "frozen_recurrent": _TRAINED,
    "gate_variants": _TRAINED,
    "word_projection": _MEASURED,
    "noise_robustness": _MEASURED,
    "vector_field": _MEASURED,
    "fixed_points": _MEASURED,
    "search": _TRAINED,
    "update_cosine": _SEARCHED,
    "perturbation": _SEARCHED,
    "hessian_spectrum": (*_SEARCHED, "perturbation.ddof", "perturbation.readout"),
    "vanishing_gradients": _MEASURED,
}
_PRINTED = "none, it trains on what the printed numbers are about"
# Of those sections, what an experiment does not read: the field that it reads instead, or why there is none.
_INSTEAD: dict[str, dict[str, str]] = {
    "calibration": {
        "data.label": _PRINTED,
        "data.version": _PRINTED,
        "data.embedding_margin": "calibration.margins",
        "data.embedding_scale": "calibration.scales",
        "data.kind_probabilities": "calibration.stop_shares",
        "training.batch_size": "calibration.batch_sizes",
        "training.worse_than_best": "calibration.readings",
        "training.tie_is_worse": "calibration.readings",
        "training.improves_on_best": "calibration.readings",
        "training.report": "none, it has both",
    },
    "separability": {"data.embedding": "separability.embeddings"},
    "update_cosine": {"search.thresholds": "update_cosine.trained_above"},
    "perturbation": {"search.thresholds": "perturbation.trained_above"},
    "hessian_spectrum": {"search.thresholds": "hessian_spectrum.success_above"},
}
_RATES = "training.unstopped_learning_rates"
_WITH_RATES = "trainability", "capacity", "gate_variants"
# Random settings know of a protocol only the words; the commands that experiments.programme prints have all of it.
_OF_PROTOCOLS: dict[str, tuple[Any, ...]] = {
    "training.batch_size": (4, 64),
    "training.improves_on_best": (False,),
    "training.report": ("best",),
}


def valid_instead(config: ConfigDict, experiment: str, field: str, value: Any) -> str | None:
    """What is valid instead of a field that an experiment does not read.

    Args:
        config: of the run.
        experiment: its name.
        field: such as data.label.
        value: what it is to be.

    Returns:
        For people; None: the experiment reads the field, or it is not known whether it does.
    """
    section, _, name = field.rpartition(".")
    if experiment not in READ or section not in {"data", "members", "training", *READ}:
        return None
    there, unread = (experiment, *READ[experiment]), _unread(experiment)
    if field in unread:
        return _now(config, unread[field])
    if section in there or field in there:
        return None
    if "training" not in there and value in _OF_PROTOCOLS.get(field, ()):
        return None
    namesakes = (f"{one}.{name}" for one in there if name in config.get(one, {}))
    found = next((one for one in namesakes if one not in unread), None)
    return _now(config, found) if found else f"seed, and fields of {', '.join(there)}"


def _unread(experiment: str) -> dict[str, str]:
    """Of the sections that an experiment reads, what it does not read, as in _INSTEAD."""
    if "training" not in READ[experiment]:
        return {}
    trained = "search" if "search" in READ[experiment] else experiment
    found = dict.fromkeys(("data.label", "data.version"), f"{trained}.data_sets")
    if experiment not in _WITH_RATES:
        found[_RATES] = "none, it has no controls without early stop"
    if trained == "search" or experiment == "vanishing_gradients":
        found[_RATES] = f"{trained}.unstopped_learning_rate"
    return found | _INSTEAD.get(experiment, {})


def _now(config: ConfigDict, told: str) -> str:
    """A flag and what it is now; what is no field stays as it is."""
    section, _, name = told.rpartition(".")
    if name not in config.get(section, {}):
        return told
    value = config[section][name]
    values = value if isinstance(value, tuple | list) else (value,)
    return f"--config.{told}, now {', '.join(map(str, values)) or 'none'}"
