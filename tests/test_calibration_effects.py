"""Differences under every protocol of a calibration: networks made by hand, counts by hand."""

import numpy as np
import pytest

from experiments.calibration_candidates import FITTED, Candidate, Setting
from experiments.calibration_effects import EFFECTS, effect_rows, figure, measure, protocol_rows
from experiments.calibration_ranking import Ranked
from rnnjax.statistics import Interval

DRAWS, SEEDS = 3, 4


def ranked(accuracy: np.ndarray, batch_size: int = 3) -> Ranked:
    candidate = Candidate(Setting(batch_size, 1.0, 1.0, 0.5), "epoch/best", "last")
    return Ranked(candidate, accuracy, {"": np.zeros(accuracy.shape[1])}, (0.0, 0.0, 0.0))


def with_successes(successes: dict[tuple[str, str, bool], int]) -> np.ndarray:
    """[10, R, S]: so many of every draw's networks at 0.95, the others at 0.65."""
    accuracy = np.full((len(FITTED), DRAWS, SEEDS), 0.65)
    for network, number in successes.items():
        accuracy[FITTED.index(network), :, :number] = 0.95
    return accuracy


@pytest.mark.parametrize(
    ("data", "claim", "number", "of"),
    [
        ("CountII", "C23", 3, "gru_2x4"),
        ("FirstII", "C24", 4, "gru_2x4"),
        ("CountII", "C22", 2, "gru_2x4 frozen"),
        ("FirstII", "C22", 2, "gru_2x2 frozen"),
        ("FirstII", "C22", 1, "rnn_2x4"),
        ("CountII", "C22", 1, "gru_2x2"),
    ],
)
def test_an_effect_is_of_its_networks_alone(data: str, claim: str, number: int, of: str) -> None:
    """One kind of network succeeds: it is ahead where it comes first, behind where it comes second, else nothing."""
    architecture, *frozen = of.split()
    (intervals,) = measure([ranked(with_successes({(data, architecture, bool(frozen)): number}))])
    share = number / SEEDS
    concerned = 0
    for effect, interval in zip(EFFECTS, intervals, strict=True):
        who = (architecture, bool(frozen))
        sign = (effect.data == data) * ((effect.one == who) - (effect.other == who))
        expected = sign * (share if effect.is_rate else 0.3 * share)
        assert interval.estimate == pytest.approx(expected, abs=1e-12), effect.name
        assert interval.low <= interval.estimate <= interval.high
        concerned += bool(sign) and effect.claim == claim
    assert concerned


def test_effects_have_names_of_their_own_and_say_what_they_are() -> None:
    names = [effect.name for effect in EFFECTS]
    assert len(set(names)) == len(names) == 10
    assert "FirstII: GRU 2x4 minus RNN 2x4, mean accuracy" in names
    assert "CountII: frozen GRU 2x2 minus GRU 2x2, above 90 %" in names


def with_all(interval: Interval) -> list[Interval]:
    return [interval] * len(EFFECTS)


def test_protocols_are_counted_by_the_side_of_0_and_the_ruled_out_apart() -> None:
    accuracy = with_successes({})
    ranking = [ranked(accuracy, batch_size) for batch_size in (3, 5, 6, 7)]
    found = [
        with_all(Interval(*values))
        for values in ((0.2, 0.1, 0.3), (0.1, -0.1, 0.2), (-0.3, -0.4, -0.2), (0.0, 0.0, 0.0))
    ]
    possible = {ranking[i].candidate for i in (0, 1, 3)}
    rows = effect_rows(ranking, found, possible)
    assert len(rows) == 2 * len(EFFECTS)
    counts = ("number", "above_0", "interval_above_0", "interval_below_0")
    for kept, out in zip(rows[::2], rows[1::2], strict=True):
        assert kept["effect"] == out["effect"]
        assert (kept["protocols"], out["protocols"]) == ("possible", "ruled out")
        assert [kept[name] for name in counts] == [3, 2, 1, 0]
        assert [out[name] for name in counts] == [1, 0, 0, 1]
        assert (kept["least"], kept["median"], kept["most"]) == pytest.approx((0, 10, 20))
        assert out["least"] == out["median"] == out["most"] == pytest.approx(-30)


def test_without_ruled_out_protocols_there_is_no_row_of_them() -> None:
    only = ranked(with_successes({}))
    rows = effect_rows([only], [with_all(Interval(0.0, 0.0, 0.0))], {only.candidate})
    assert [row["protocols"] for row in rows] == ["possible"] * len(EFFECTS)


def test_every_protocol_has_its_row_in_points() -> None:
    ranking = [ranked(with_successes({("CountII", "gru_2x4", False): number}), 3 + number) for number in range(3)]
    rows = protocol_rows(ranking, measure(ranking))
    assert [row["batch_size"] for row in rows] == [3, 4, 5] and [row["rank"] for row in rows] == [1, 2, 3]
    found = [row["CountII: GRU 2x4 minus RNN 2x4, above 90 %"] for row in rows]
    assert found == pytest.approx([0, 25, 50])
    assert rows[0]["CountII: GRU 2x4 minus RNN 2x4, above 90 %_high"] > 0  # none of 12 is not never


def test_the_figure_has_a_dot_a_protocol_and_effect() -> None:
    ranking = [ranked(with_successes({("FirstII", "gru_2x4", False): number}), 3 + number) for number in range(4)]
    found = measure(ranking)
    drawn = figure(ranking, found, {each.candidate for each in ranking[1:]})
    (axes,) = drawn.axes
    lines = [line for line in axes.lines if line.get_marker() in (".", "x")]
    assert len(lines) == 2 * len(EFFECTS)
    of_rate = [i for i, effect in enumerate(EFFECTS) if effect.name == "FirstII: GRU 2x4 minus RNN 2x4, above 90 %"]
    values = np.concatenate([line.get_xdata() for line in lines[2 * of_rate[0] : 2 * of_rate[0] + 2]])
    np.testing.assert_allclose(sorted(values), [0, 25, 50, 75])
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["possible (3 protocols)", "ruled out (1)"]
