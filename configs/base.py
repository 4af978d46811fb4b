"""Every field of every experiment, with its default and the reason for it.

A config file picks a data set and is given with --config=configs/<file>.py; any field can be set with
--config.<section>.<field>=<value>; --config=configs/<file>.py:quick is the same run in seconds.
"""

from ml_collections import ConfigDict

from configs import analyses, training
from rnnjax.errors import one_of

MODES = ("full", "quick", "many")

_ARCHITECTURES = "rnn_2x2", "gru_2x2", "rnn_2x4", "gru_2x4", "rnn_4x2", "gru_4x2", "rnn_4x4", "gru_4x4"


def base_config(label: str, version: str, mode: str, everywhere: bool = True) -> ConfigDict:
    """The locked config of one data set.

    Args:
        label: count, first or xor.
        version: I or II.
        mode: full, quick for the same run in seconds, or many, in hours, for 1,000 networks a condition (of
            trainability's shapes 160; fewer of some controls).
        everywhere: train on this data set in all experiments; otherwise on those that the thesis names.
    """
    one_of("config mode", mode, MODES)
    config = ConfigDict()
    config.seed = 0  # of parameters, shuffles, perturbations; the data have seeds of their own
    config.data = _data(label, version)
    config.members = ConfigDict()
    config.members.tile = 80  # networks a device works on at once; 80 to 128 were fastest
    config.landscape = _landscape(mode)
    config.rare_settings = _rare_settings(mode)
    config.training = training.protocol(mode)
    for name, section in (training.experiments(mode) | analyses.experiments(mode)).items():
        if everywhere and "data_sets" in section:
            section.data_sets = (f"{label.capitalize()}{version}",)
        config[name] = section
    config.lock()
    return config


def _data(label: str, version: str) -> ConfigDict:
    """Section 3.1."""
    data = ConfigDict()
    data.label = label
    data.version = version
    data.seed = 0  # of the sentences
    data.sentence_length = 10  # section 3.2: "fixed to 10 words"
    data.kind_probabilities = (0.6, 0.2, 0.2)  # stop, positive, negative; open in the thesis: all words alike
    data.embedding = "embedding_2"  # section 3.1: in all experiments except 4.1.1
    data.embedding_seed = 0  # of where the words lie; open in the thesis
    data.embedding_scale = 1.0  # open in the thesis: coordinates of about 1
    data.embedding_margin = 0.25  # open in the thesis: least distance of embedding_2's sentiments from their plane
    return data


def _landscape(mode: str) -> ConfigDict:
    """Section 4.6.1: "a million different parameter settings", "all the four combinations" of 2 and 4."""
    quick = mode == "quick"
    landscape = ConfigDict()
    landscape.num_settings = 4_000 if quick else 1_000_000
    landscape.architectures = _ARCHITECTURES
    # Open in the thesis: PyTorch's own initial weights are what "parameter settings" of its models are.
    landscape.sampler = "pytorch:1"
    # The same comparison elsewhere, because the interval can decide it (Hochreiter and Schmidhuber 1996).
    landscape.compared_samplers = ("uniform:1", "uniform:10", "normal:1")
    landscape.settings_per_part = 65_536  # a killed run loses at most one part
    landscape.settings_per_call = 8_192  # of one compiled call; rounded up to fill the devices
    landscape.audited_settings = 32 if quick else 100  # of each architecture, scored again in the plain way
    return landscape


def _rare_settings(mode: str) -> ConfigDict:
    """Beyond section 4.6.1: what a million settings are too few for, where training's own starts come from."""
    quick = mode == "quick"
    rare = ConfigDict()
    rare.architectures = _ARCHITECTURES[:2] if quick else _ARCHITECTURES  # each takes a second to trace
    rare.samplers = ("pytorch:1",)
    rare.draws = {"quick": 2, "full": 10, "many": 32}[mode]  # of sentences and words
    rare.particles = 80 if quick else 1_000
    rare.keep = 0.3  # the share of particles above the next level
    rare.moves = 2 if quick else 10  # of each particle from level to level
    rare.highest = 0.6 if quick else 0.95  # the accuracy at which a climb ends
    rare.rarest = 1e-15  # the probability at which it ends before
    rare.audited_settings = 10 if quick else 100  # of the last particles, scored again in the plain way
    return rare
