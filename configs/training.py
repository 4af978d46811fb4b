"""The fields of what trains: section 3.2's protocol, and each experiment's data sets and numbers of networks."""

from typing import Any

from ml_collections import ConfigDict

_VERSION_1, _VERSION_2 = ("FirstI", "XorI"), ("CountII", "FirstII")


def protocol(mode: str) -> ConfigDict:
    """Section 3.2's protocol."""
    training = ConfigDict()
    training.batch_size = 2  # open in the thesis: the likeliest of those tried (BUILD_NOTES.md, "The protocol")
    training.max_epochs = 3 if mode == "quick" else 150
    training.learning_rate = 0.001
    training.factor = 0.5  # "halved every time [...] when the validation accuracy gets worse"
    training.patience = 4  # "does not improve continuously for 4 epochs"
    training.least_learning_rate = 1e-6  # "or learning rate becomes less than 10^-6"
    training.early_stop = True  # False: neither ends the training
    training.worse_than_best = False  # open: worse than the best, or (False) than the epoch before
    training.tie_is_worse = False  # open
    training.improves_on_best = True  # open: improvement on the best, or (False) on the epoch before
    training.report = "last"  # open: accuracy after the last epoch, or the best epoch's
    training.sampler = "pytorch:1"  # open: the starts; PyTorch's default
    training.start_from = ""  # the --workdir of a finished run whose final weights of the same names are the starts
    training.unstopped_learning_rates = (0.001,) if mode == "quick" else (0.001, 0.003, 0.01)  # of the controls
    # Networks a device works on at once; few, because those that are validated together are of one draw.
    training.tile = 32 if mode == "many" else 16
    # Trained together, and kept on the disk when all have ended; many, since the last ones leave devices idle.
    training.members_per_call = 256 if mode == "quick" else 1024
    training.history = False  # keep the parameters after every epoch too
    return training


def experiments(mode: str) -> dict[str, ConfigDict]:
    """The experiments of sections 4.1, 4.2, 4.4, 4.5: what they train on and how often.

    The thesis' figures show the first draw's first `shown_seeds` networks, as many as it had; rates and means
    rest on all `seeds` in each of `draws` draws of sentences and words. An experiment's controls without early stop
    are the first unstopped_seeds of them in each of the first unstopped_draws.
    """
    found = {name: fields() for name, fields in _FIELDS.items()}
    for name, fields in found.items():
        if mode == "quick":
            most = {"shown_seeds": 4, "seeds": 4, "draws": 2, "unstopped_seeds": 2, "unstopped_draws": 2}
            fields |= {key: min(value, fields[key]) for key, value in most.items() if key in fields}
        elif mode == "many" and name != "calibration":
            # Where the words lie spreads results more than the seeds do; 32 networks of a draw fill a tile.
            more = {"seeds": 32, "draws": 32, "unstopped_seeds": 32, "unstopped_draws": 32, "matched": True}
            fields |= {key: value for key, value in (more | _MANY.get(name, {})).items() if key in fields}
    if mode == "quick":
        # The larger shapes' programs take most of the time; its claims look at controls too.
        found["trainability"] |= {"input_dims": (2, 5, 10), "hidden_dims": (2, 4)}
        found["trainability"] |= {"matched": True, "unstopped_seeds": 2, "unstopped_draws": 1}
        found["calibration"] |= {
            "batch_sizes": (32,), "scales": (1.0,), "stop_shares": (0.6,),
            "finalists": 2, "final_draws": 2, "final_seeds": 4, "xor_draws": 1, "xor_seeds": 2,
        }  # fmt: skip
    return {name: ConfigDict(fields) for name, fields in found.items()}


def _numbers(data_sets: tuple[str, ...], shown: int, seeds: int, draws: int) -> dict[str, Any]:
    return {"data_sets": data_sets, "shown_seeds": shown, "seeds": seeds, "draws": draws}


def _separability() -> dict[str, Any]:
    """Section 4.1.1: "2 and 4 hidden dimensions", "three different initializations".

    Of Embedding_2, which is separable in some draws alone, margins are told in margin_draws, if those are more than
    are trained: other steps train it in more draws.
    """
    embeddings = ("embedding_1", "embedding_2", "embedding_3", "embedding_4")
    return _numbers(_VERSION_2, 3, 10, 10) | {"embeddings": embeddings, "hidden_dims": (2, 4), "margin_draws": 0}


def _trainability() -> dict[str, Any]:
    """Section 4.2.1: "all the 16 combinations", "each with 3 different initializations"; controls take hours: :many.

    Sixteen, of which the figures show three: half of the time of three is compiling.
    """
    shapes = {"input_dims": (2, 5, 10, 15), "hidden_dims": (2, 4, 8, 16)}
    return _numbers(_VERSION_1, 3, 16, 1) | shapes | {"matched": False, "unstopped_seeds": 0, "unstopped_draws": 0}


def _capacity() -> dict[str, Any]:
    """Section 4.2.2: "all the four combinations [...] as 2 and 4", "30 different initializations"."""
    shapes = {"input_dims": (2, 4), "hidden_dims": (2, 4)}
    return _numbers(_VERSION_1, 30, 30, 1) | shapes | {"matched": True, "unstopped_seeds": 10, "unstopped_draws": 1}


def _identity_init() -> dict[str, Any]:
    """Section 4.4.1: "10 different initializations". Inputs are not printed; here: 2, the plane of Figure 4.1."""
    return _numbers(_VERSION_2, 10, 10, 10) | {"hidden_dims": (2, 4)}


def _frozen_recurrent() -> dict[str, Any]:
    """Section 4.5.1: "W_hn and b_hn as mentioned in equation 1.4"."""
    return _identity_init() | {"frozen": ("w_hh.candidate", "b_hh.candidate")}


def _gate_variants() -> dict[str, Any]:
    """Section 4.5.2."""
    return _identity_init() | {"unstopped_seeds": 10, "unstopped_draws": 2}


def _rnn_from_gru() -> dict[str, Any]:
    """Section 4.4.2: "a validation accuracy greater than 94%", three of them; its wording names no input weights."""
    return _numbers(_VERSION_2, 10, 10, 10) | {
        "hidden_dim": 4, "donor_above": 0.94, "shown_donors": 3, "input_weights": ("random", "copied"),
    }  # fmt: skip


def _gru_from_rnn() -> dict[str, Any]:
    """Section 4.4.3: "less than 60% accuracy", three of them; its wording names no input weights."""
    return _numbers(_VERSION_2, 10, 10, 10) | {
        "hidden_dim": 4, "donor_below": 0.6, "shown_donors": 3, "input_weights": ("random", "copied"),
    }  # fmt: skip


def _calibration() -> dict[str, Any]:
    """All combinations of what the thesis does not print; finalists are judged by further tables."""
    return {
        "seeds": 10,
        "draws": 10,
        "batch_sizes": (2, 4, 8, 16, 32, 64),
        "margins": (0.25, 1.0),
        "scales": (1.0, 3.0),
        "stop_shares": (0.6, 1 / 3),
        "readings": ("epoch/best", "best/best", "epoch/epoch", "tie/best"),
        "finalists": 5,
        "final_draws": 24,
        "final_seeds": 16,
        "xor_draws": 5,
        "xor_seeds": 30,
    }


# Other numbers in mode many: trainability has 288 conditions then, controls included; those without early stop take as
# long for one draw as all else for ten.
_MANY = {"trainability": {"seeds": 16, "draws": 10, "unstopped_seeds": 16, "unstopped_draws": 1}}

_FIELDS = {
    "separability": _separability,
    "trainability": _trainability,
    "capacity": _capacity,
    "identity_init": _identity_init,
    "rnn_from_gru": _rnn_from_gru,
    "gru_from_rnn": _gru_from_rnn,
    "frozen_recurrent": _frozen_recurrent,
    "gate_variants": _gate_variants,
    "calibration": _calibration,
}
