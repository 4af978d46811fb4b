"""Training against a PyTorch loop with the same weights, data and batch order; members, tiles, freezing, ends."""

import functools
from collections.abc import Sequence
from typing import Any

import forked
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from rnnjax import members, sweeps, training
from rnnjax.datasets import Dataset, Split, make_dataset
from rnnjax.embeddings import make_embedding
from rnnjax.errors import UserError
from rnnjax.initializers import parse_sampler
from rnnjax.landscape import Architecture, parse_architecture
from rnnjax.parameters import flatten, shapes, unflatten, with_inputs
from rnnjax.schedule import Rules
from rnnjax.streams import of_members
from rnnjax.training import Material, Setup, make_material

KEY = jax.random.key(3)
TRAIN, VALIDATION, BATCH = 203, 120, 16  # the last minibatch has 11 sentences
WORDS = 5  # of a sentence; programs of the thesis' ten take twice as long to compile
RULES = Rules(early_stop=False)


@functools.cache
def dataset(words: int) -> Dataset:
    return make_dataset(KEY, "count", "II", sentence_length=words)


def few(split: Split, number: int) -> Split:
    return Split(split.words[:number], split.positive[:number])


def material(architecture: Architecture, words: int = WORDS) -> Material:
    embedding = make_embedding(
        KEY, "embedding_3" if architecture.input_dim == 2 else "embedding_2", architecture.input_dim
    )
    drawn = dataset(words)
    return make_material(few(drawn.train, TRAIN), few(drawn.validation, VALIDATION), embedding)


def starts(architecture: Architecture, number: int, sampler: str = "pytorch") -> np.ndarray:
    """[P, S]."""
    sample = parse_sampler(sampler)
    keys = jax.random.split(KEY, number)
    draw = jax.vmap(
        lambda key: flatten(sample(key, architecture.cell, architecture.input_dim, architecture.hidden_dim))
    )
    return np.asarray(draw(keys)).T


@functools.cache
def program(
    name: str, tile: int = 4, size: int = 8, devices: int = 1, words: int = WORDS, **setup: Any
) -> tuple[sweeps.Program, Material]:
    architecture = parse_architecture(name)
    data = material(architecture, words)
    chosen = Setup(architecture, **{"batch_size": BATCH, **setup})
    return sweeps.compile_program(chosen, members.make_mesh(devices), tile, size, data), data


def run(
    name: str, number: int, epochs: int, rules: Rules = RULES, sampler: str = "pytorch", **options: Any
) -> sweeps.Trained:
    """Train members 0, 1, ..., as the experiments do."""
    trainable, history = options.pop("trainable", None), options.pop("history", False)
    indices = options.pop("indices", np.arange(number))
    compiled, data = program(name, **options)
    start = starts(compiled.setup.architecture, int(indices.max()) + 1, sampler)[:, indices]
    keys = of_members(KEY, indices)
    return sweeps.train(compiled, start, keys, data, rules, epochs, None, trainable, history=history)


class TorchClassifier(torch.nn.Module):
    """The thesis' model: a recurrent module and a linear readout of its last state."""

    def __init__(self, architecture: Architecture, flat: np.ndarray) -> None:
        super().__init__()
        dims = architecture.input_dim, architecture.hidden_dim
        kinds = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU}
        self.cell = kinds[architecture.cell.name](*dims, batch_first=True)
        self.readout = torch.nn.Linear(architecture.hidden_dim, 2)
        sizes = shapes(len(architecture.cell.gates), *dims)
        params = unflatten(flat, sizes)
        with torch.no_grad():
            for leaf, value in zip(self.leaves(), vars(params).values(), strict=True):
                leaf.copy_(torch.from_numpy(np.array(value)))

    def leaves(self) -> list[torch.Tensor]:
        """In the order of Params."""
        cell = self.cell
        recurrent = [cell.weight_ih_l0, cell.weight_hh_l0, cell.bias_ih_l0, cell.bias_hh_l0]
        return [*recurrent, self.readout.weight, self.readout.bias]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, _ = self.cell(x)
        return self.readout(states[:, -1])


def torch_training(
    architecture: Architecture,
    flat: np.ndarray,
    data: Material,
    validation: Split,
    orders: list[np.ndarray],
    rates: np.ndarray,
    size: int,
) -> tuple[list[np.ndarray], list[float], list[float], list[int]]:
    """Parameters after each epoch, mean losses of training and validation, correct validation sentences."""
    model = TorchClassifier(architecture, flat)
    adam = torch.optim.Adam(model.parameters())
    x = torch.from_numpy(data.embedding[data.words])
    labels = torch.from_numpy(data.positive.astype(np.int64))
    targets = torch.from_numpy(validation.positive.astype(np.int64))
    parameters, losses, unseen, correct = [], [], [], []
    for order, rate in zip(orders, rates, strict=True):
        adam.param_groups[0]["lr"] = float(rate)
        total = 0.0
        for batch in torch.split(torch.from_numpy(order), size):
            loss = torch.nn.functional.cross_entropy(model(x[batch]), labels[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(batch)
        with torch.no_grad():
            answers = model(torch.from_numpy(data.embedding[validation.words]))
            calls = answers.argmax(1).numpy()
            unseen.append(torch.nn.functional.cross_entropy(answers, targets).item())
            parameters.append(np.concatenate([leaf.numpy().ravel() for leaf in model.leaves()]))
        losses.append(total / len(order))
        correct.append(int((calls == validation.positive).sum()))
    return parameters, losses, unseen, correct


@pytest.mark.parametrize(
    ("name", "words", "size", "rules"),
    [
        ("rnn_2x2", WORDS, BATCH, Rules(learning_rate=0.01, factor=1.0, early_stop=False)),
        ("gru_2x4", 10, BATCH, Rules(learning_rate=0.01, factor=1.0, early_stop=False)),
        ("gru_3x2", WORDS, 20, Rules(learning_rate=0.01, early_stop=False)),  # no multiple of what is worked on at once
        ("gru_2x2", WORDS, 2, Rules(learning_rate=0.004, factor=1.0, early_stop=False)),
        ("rnn_2x4", 10, 2, Rules(learning_rate=0.004, factor=1.0, early_stop=False)),
    ],
)
def test_a_member_trains_as_in_torch_with_the_same_start_data_and_order(
    name: str, words: int, size: int, rules: Rules
) -> None:
    epochs, number = 4, 3
    trained = run(name, number, epochs, rules, history=True, batch_size=size, words=words)
    architecture = parse_architecture(name)
    data, validation = material(architecture, words), few(dataset(words).validation, VALIDATION)
    assert trained.history is not None
    if rules.factor != 1:  # whose rates torch is given below
        assert (trained.curves.learning_rate[-1] < trained.curves.learning_rate[0]).any()
    for member in range(number):
        keys = [jax.random.fold_in(jax.random.fold_in(KEY, member), epoch) for epoch in range(epochs)]
        orders = np.asarray(training.orders(jnp.stack(keys), TRAIN)).T.astype(np.int64)
        start = starts(architecture, number)[:, member]
        rates = trained.curves.learning_rate[:, member]
        parameters, losses, unseen, correct = torch_training(
            architecture, start, data, validation, list(orders), rates, size
        )
        np.testing.assert_array_equal(trained.history[0, :, member], start)
        for epoch in range(epochs):
            np.testing.assert_allclose(trained.history[epoch + 1, :, member], parameters[epoch], rtol=0, atol=2e-4)
        np.testing.assert_allclose(trained.curves.train_loss[:, member], losses, rtol=0, atol=2e-5)
        np.testing.assert_allclose(trained.curves.validation_loss[:, member], unseen, rtol=0, atol=1e-4)
        np.testing.assert_allclose(trained.curves.correct[:, member], correct, rtol=0, atol=1)


def test_each_member_s_rate_and_end_follow_its_own_validation_accuracy() -> None:
    most, patience = 30, 3
    trained = run("gru_2x4", 8, most, Rules(learning_rate=0.03, patience=patience), words=10, history=True)
    halved, ended = 0, 0
    for member, epochs in enumerate(trained.epochs_run):
        rate, best, previous, waited = np.float32(0.03), -1, -1, 0
        for epoch in range(epochs):
            assert trained.curves.learning_rate[epoch, member] == rate
            correct = int(trained.curves.correct[epoch, member])  # of validation sentences, as torch says above
            if correct < previous:
                rate, halved = rate / np.float32(2), halved + 1
            waited = 0 if correct > best else waited + 1
            best, previous = max(best, correct), correct
            last = epoch == epochs - 1
            assert (waited == patience) == (last and epochs < most) or (last and epochs == most)
        ended += epochs < most
    assert halved > 8 and ended > 0


@pytest.mark.parametrize(("name", "tiles"), [("rnn_2x2", (8, 32)), ("gru_2x2", (1, 3))])
def test_a_member_is_the_same_in_any_sweep_tile_and_place(name: str, tiles: tuple[int, int]) -> None:
    together = run(name, 8, 4)
    others: list[tuple[sweeps.Trained, Sequence[int]]] = [
        (run(name, 1, 4, indices=np.array([5])), [5]),
        (run(name, 3, 4, indices=np.array([6, 0, 5])), [6, 0, 5]),
        *((run(name, 8, 4, tile=tile, size=-(-8 // tile) * tile), range(8)) for tile in tiles),
    ]
    for trained, indices in others:
        for place, member in enumerate(indices):
            ours, theirs = trained.state.params[:, place], together.state.params[:, member]
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
            ours, theirs = trained.curves.train_loss[:, place], together.curves.train_loss[:, member]
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["rnn_2x2", "gru_2x2"])
def test_a_member_of_whole_vectors_is_the_same_bit_by_bit(name: str) -> None:
    # Sixteen networks fill any processor's vectors: so killed sweeps go on identically, among whatever neighbours.
    def trained(indices: list[int]) -> sweeps.Trained:
        rules = Rules(learning_rate=0.03, patience=3)
        return run(name, len(indices), 12, rules, tile=16, size=32, indices=np.array(indices))

    together = trained([*range(20)])
    assert len(set(together.epochs_run.tolist())) > 2
    for indices in ([5], [19, 0, 5, *range(6, 16), 1, 2, 3, 18]):
        other = trained(indices)
        np.testing.assert_array_equal(other.state.params, together.state.params[:, indices])
        np.testing.assert_array_equal(other.epochs_run, together.epochs_run[indices])
        for curve, values in other.curves._asdict().items():
            ours = getattr(together.curves, curve)[: len(values), indices]
            off = 1e-7 if curve == "validation_loss" else 0  # which no rule asks for: its last bit may be another
            np.testing.assert_allclose(values, ours, rtol=0, atol=off, err_msg=curve)


def test_a_network_with_inputs_that_are_always_0_trains_as_the_one_without_them() -> None:
    narrow, data = program("gru_2x2")
    wide, _ = program("gru_5x2")
    embedding = np.pad(data.embedding, ((0, 0), (0, 3)))
    start, keys = starts(narrow.setup.architecture, 8), of_members(KEY, np.arange(8))
    one = sweeps.train(narrow, start, keys, data, RULES, 4)
    other = sweeps.train(
        wide, with_inputs(start, shapes(3, 2, 2), 5), keys, data._replace(embedding=embedding), RULES, 4
    )
    back = with_inputs(other.state.params, shapes(3, 5, 2), 2)
    np.testing.assert_allclose(back, one.state.params, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(with_inputs(back, shapes(3, 2, 2), 5), other.state.params)
    np.testing.assert_allclose(other.curves.validation_loss, one.curves.validation_loss, rtol=0, atol=1e-6)


def test_orders_are_permutations_each_of_its_own() -> None:
    orders = np.asarray(training.orders(jax.random.split(KEY, 50), 203))
    assert orders.shape == (203, 50)
    np.testing.assert_array_equal(np.sort(orders, 0), np.repeat(np.arange(203)[:, None], 50, 1))
    assert len(np.unique(orders, axis=1).T) == 50
    # Where a number lands is uniform: its mean place over many orders, in standard errors.
    many = np.argsort(np.asarray(training.orders(jax.random.split(KEY, 4000), 20)), 0)
    z = (many.mean(1) - 9.5) / np.sqrt((20**2 - 1) / 12 / 4000)
    assert np.abs(z).max() < 4


def test_frozen_parameters_stay_bitwise_and_the_others_move() -> None:
    trainable = np.arange(42) % 3 > 0
    trained = run("gru_2x2", 4, 3, trainable=trainable)
    start, end = trained.initial.view(np.int32), trained.state.params.view(np.int32)
    assert (start[~trainable] == end[~trainable]).all()
    assert (start[trainable] != end[trainable]).mean() > 0.99


def test_a_member_that_has_ended_is_left_as_it_is_while_others_train_on() -> None:
    rules = Rules(learning_rate=0.01, patience=2)
    trained = run("rnn_2x2", 8, 40, rules, tile=4, size=8, history=True)
    assert trained.history is not None
    assert len(set(trained.epochs_run.tolist())) > 2
    for member, epochs in enumerate(trained.epochs_run):
        alone = run("rnn_2x2", 1, 40, rules, indices=np.array([member]))
        assert alone.epochs_run[0] == epochs
        np.testing.assert_allclose(alone.state.params[:, 0], trained.state.params[:, member], rtol=0, atol=1e-4)
        after = trained.history[epochs:, :, member]
        np.testing.assert_array_equal(after, np.broadcast_to(after[:1], after.shape))
        np.testing.assert_array_equal(after[0], trained.state.params[:, member])
        np.testing.assert_array_equal(
            trained.curves.correct[epochs:, member], trained.curves.correct[epochs - 1, member]
        )
        assert trained.curves.trained[:, member].tolist() == [e < epochs for e in range(len(trained.curves.trained))]


def another_material(architecture: Architecture) -> Material:
    """Other sentences, other words, of the same shapes."""
    other = make_dataset(jax.random.key(8), "first", "II", sentence_length=WORDS)
    embedding = make_embedding(jax.random.key(9), "embedding_2", architecture.input_dim)
    return make_material(few(other.train, TRAIN), few(other.validation, VALIDATION), embedding)


def test_members_of_several_draws_train_together_as_each_draw_alone() -> None:
    # Six members of the first draw and three of the second need three tiles of four.
    compiled, data = program("gru_2x2", tile=4, size=16)
    other = another_material(compiled.setup.architecture)
    start, keys = starts(compiled.setup.architecture, 9), of_members(KEY, np.arange(9))
    draws = np.array([0, 1, 0, 0, 1, 0, 0, 1, 0])
    rules = Rules(learning_rate=0.01, patience=2)
    together = sweeps.train(compiled, start, keys, [data, other], rules, 9, draws, history=True)
    assert together.history is not None
    for draw, only in enumerate((data, other)):
        own = draws == draw
        alone = sweeps.train(compiled, start[:, own], keys[own], only, rules, 9, history=True)
        assert alone.history is not None
        np.testing.assert_array_equal(together.state.params[:, own], alone.state.params)
        np.testing.assert_array_equal(together.epochs_run[own], alone.epochs_run)
        epochs = len(alone.curves.correct)
        np.testing.assert_array_equal(together.curves.correct[:epochs, own], alone.curves.correct)
        np.testing.assert_array_equal(together.history[: epochs + 1, :, own], alone.history)


def test_each_member_has_its_own_rules_and_its_own_frozen_parameters() -> None:
    compiled, data = program("gru_2x2", tile=4, size=8)
    start, keys = starts(compiled.setup.architecture, 6), of_members(KEY, np.arange(6))
    stop, rate = np.arange(6) % 2 == 0, np.repeat([0.01, 0.002, 0.03], 2)
    trainable = np.arange(42)[:, None] % np.arange(2, 8) > 0
    rules = Rules(learning_rate=rate, early_stop=stop, patience=np.array([1, 1, 2, 2, 3, 3]))
    together = sweeps.train(compiled, start, keys, data, rules, 9, trainable=trainable)
    for i in range(6):
        own = Rules(learning_rate=rate[i], early_stop=stop[i], patience=i // 2 + 1)
        mask = trainable[:, i]
        alone = sweeps.train(compiled, start[:, [i]], keys[i : i + 1], data, own, 9, trainable=mask)
        np.testing.assert_array_equal(together.state.params[:, i], alone.state.params[:, 0])
        assert together.epochs_run[i] == alone.epochs_run[0]
        np.testing.assert_array_equal(together.state.params[~mask, i], start[~mask, i])
    assert (together.epochs_run[~stop] == 9).all()
    assert (together.epochs_run[stop] < 9).any()


@pytest.mark.parametrize("draws", [[0] * 9, [0, 1, 2], []])
def test_more_members_than_fit_are_refused(draws: list[int]) -> None:
    compiled, data = program("rnn_2x2")  # two tiles of four
    number = len(draws)
    keys = of_members(KEY, np.arange(max(number, 1)))[:number]
    start = np.zeros((18, number), np.float32)
    with pytest.raises(UserError, match="tiles; this program has 2"):
        sweeps.train(compiled, start, keys, [data] * 3, RULES, 1, np.array(draws, np.int32))


def test_materials_that_nobody_needs_take_no_room() -> None:
    compiled, data = program("rnn_2x2")  # two tiles of four, so two materials
    other = another_material(compiled.setup.architecture)
    start, keys = starts(compiled.setup.architecture, 2), of_members(KEY, np.arange(2))
    wanted = sweeps.train(compiled, start, keys, [data, other], RULES, 2, np.array([0, 1]))
    among = sweeps.train(compiled, start, keys, [other, data, data, other], RULES, 2, np.array([2, 3]))
    np.testing.assert_array_equal(among.state.params, wanted.state.params)
    np.testing.assert_array_equal(among.curves.correct, wanted.curves.correct)


@pytest.mark.parametrize("draw", [-1, 1])
def test_a_draw_without_material_is_refused(draw: int) -> None:
    compiled, data = program("rnn_2x2")
    start, keys = starts(compiled.setup.architecture, 2), of_members(KEY, np.arange(2))
    with pytest.raises(ValueError, match=f"{draw}.*where there are 1"):
        sweeps.train(compiled, start, keys, data, RULES, 1, np.array([0, draw]))


def test_training_goes_on_from_a_state_as_if_it_had_never_stopped() -> None:
    compiled, data = program("gru_2x2")
    start = starts(compiled.setup.architecture, 4)
    whole = sweeps.train(compiled, start, of_members(KEY, np.arange(4)), data, RULES, 4)
    first = sweeps.train(compiled, start, of_members(KEY, np.arange(4)), data, RULES, 2)
    second = sweeps.train(compiled, first.state, of_members(KEY, np.arange(4)), data, RULES, 4, first_epoch=2)
    np.testing.assert_array_equal(second.state.params, whole.state.params)
    np.testing.assert_array_equal(second.curves.train_loss, whole.curves.train_loss[2:])


def test_who_had_ended_before_stays_as_it_was() -> None:
    compiled, data = program("rnn_2x2")
    rules = Rules(learning_rate=0.01, patience=2)
    start = starts(compiled.setup.architecture, 8)
    first = sweeps.train(compiled, start, of_members(KEY, np.arange(8)), data, rules, 9)
    ended = ~np.asarray(first.state.clock.active)
    assert 0 < ended.sum() < 8
    keys = of_members(KEY, np.arange(8))
    second = sweeps.train(compiled, first.state, keys, data, rules, 12, first_epoch=9, history=True)
    assert second.history is not None
    np.testing.assert_array_equal(second.epochs_run[ended], 0)
    np.testing.assert_array_equal(second.curves.correct[:, ended], 0)
    for epoch in second.history:
        np.testing.assert_array_equal(epoch[:, ended], first.state.params[:, ended])
    assert (second.epochs_run[~ended] > 0).all()


def test_a_loss_that_is_no_number_stays_with_its_member() -> None:
    compiled, data = program("rnn_2x2")
    start = starts(compiled.setup.architecture, 8)
    healthy = sweeps.train(compiled, start, of_members(KEY, np.arange(8)), data, RULES, 3)
    start = start.copy()
    start[:, 2] = np.nan
    trained = sweeps.train(compiled, start, of_members(KEY, np.arange(8)), data, RULES, 3)
    assert trained.finite.tolist() == [member != 2 for member in range(8)]
    others = np.arange(8) != 2
    np.testing.assert_array_equal(trained.state.params[:, others], healthy.state.params[:, others])
    assert healthy.finite.all()


DIGEST = """
import hashlib, sys
import jax
devices = int(sys.argv[1])
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", devices)
import numpy as np
from test_training import run
from rnnjax.schedule import Rules
size = 2 * devices * -(-16 // (2 * devices))  # some places are left over on five
rules, digest = Rules(learning_rate=0.01, patience=2), hashlib.sha256()
for name in ("rnn_2x2", "gru_2x2"):
    trained = run(name, 16, 5, rules, tile=2, size=size, devices=devices)
    curves = trained.curves._asdict()
    del curves["validation_loss"]  # its last bit is the neighbours'
    for array in (trained.state.params, trained.epochs_run, *curves.values()):
        digest.update(array.tobytes())
print(jax.device_count(), digest.hexdigest())
"""


def test_members_of_a_draw_fill_tiles_of_their_own_and_tiles_are_dealt_out_in_turn() -> None:
    draws = np.array([1, 0, 0, 1, 0, 0, 0])
    placed, back = sweeps.places(members.make_mesh(1), 2, 12, draws)
    np.testing.assert_array_equal(placed[back], np.arange(7))  # everyone is found, among members of the same draw
    tiles = placed.reshape(-1, 2)
    assert all(len(set(draws[tile])) == 1 for tile in tiles)
    assert [len(set(tile)) for tile in tiles[:4]] == [2, 2, 2, 1]  # the fullest first
    np.testing.assert_array_equal(tiles[4:], np.tile(tiles[0], (2, 1)))  # nobody needs these
    with pytest.raises(UserError, match="7 members need 4 tiles; this program has 3"):
        sweeps.places(members.make_mesh(1), 2, 6, draws)


def test_who_still_trains_learns_in_as_few_tiles_as_hold_them_whatever_their_draws() -> None:
    compiled, data = program("rnn_2x2", tile=4, size=16)
    learned, marked = list[tuple[np.ndarray, np.ndarray]](), list[tuple[np.ndarray, np.ndarray]]()

    def watched(kept: list[tuple[np.ndarray, np.ndarray]], call: Any) -> Any:
        def watched(state: Any, task: Any, *shared: Any) -> Any:
            kept.append((state.clock.active.reshape(-1, 4), task.draw.reshape(-1, 4)))
            return call(state, task, *shared)

        return watched

    whole = compiled.trainer
    trainer = whole._replace(learn=watched(learned, whole.learn), mark=watched(marked, whole.mark))
    draws = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2], np.int32)
    several = [data, another_material(compiled.setup.architecture), data]
    start, keys = starts(compiled.setup.architecture, 9), of_members(KEY, np.arange(9))
    rules = Rules(learning_rate=0.01, patience=np.arange(1, 10))
    trained = sweeps.train(compiled._replace(trainer=trainer), start, keys, several, rules, 40, draws)
    still = [int(epoch.sum()) for epoch in trained.curves.trained]
    assert len(learned) == len(marked) == len(still)
    assert still[0] == 9 and len({-(-number // 4) for number in still}) == 3  # three tiles, then two, then one
    for number, (learn, _), (mark, draw) in zip(still, learned, marked, strict=True):
        assert learn.any(1).sum() == -(-number // 4)
        assert (draw == draw[:, :1]).all()  # who is marked together has one draw
        assert learn.sum() == mark.sum() == number  # each in one place
    active, draw = learned[0]
    assert any(len(set(d[a])) > 1 for a, d in zip(active, draw, strict=True))


def test_where_all_have_ended_nothing_is_done() -> None:
    compiled, data = program("rnn_2x2")
    start, keys = starts(compiled.setup.architecture, 3), of_members(KEY, np.arange(3))
    first = sweeps.train(compiled, start, keys, data, Rules(patience=1), 60)
    assert (first.epochs_run < 60).all()
    second = sweeps.train(compiled, first.state, keys, data, Rules(patience=1), 61, first_epoch=60, history=True)
    np.testing.assert_array_equal(second.state.params, first.state.params)
    assert second.epochs_run.tolist() == [0, 0, 0] and second.curves.correct.shape == (0, 3)
    assert second.history is not None and second.history.shape == (1, 18, 3)


def test_any_number_of_devices_trains_the_same_networks() -> None:
    running = {devices: forked.start("-c", DIGEST, str(devices)) for devices in (1, 2, 5, 8)}
    said = {devices: process.finish().stdout.split() for devices, process in running.items()}
    assert {devices: int(count) for devices, (count, _) in said.items()} == {1: 1, 2: 2, 5: 5, 8: 8}
    assert len({digest for _, digest in said.values()}) == 1
