"""The cosine against loops and laws, measures of curves against closed forms."""

import numpy as np
import pytest

from rnnjax import geometry

NUM_EPOCHS, NUM_PARAMS = 12, 7
EPOCHS_RUN = np.array([12, 5, 1, 0, 8])


def paths() -> np.ndarray:
    """Random walks [E + 1, P, S]; after a member's end its history has nonsense."""
    rng = np.random.default_rng(0)
    history = np.cumsum(rng.normal(size=(NUM_EPOCHS + 1, NUM_PARAMS, len(EPOCHS_RUN))), 0)
    for member, epochs in enumerate(EPOCHS_RUN):
        history[epochs + 1 :, :, member] = 1e6 * rng.normal(size=(NUM_EPOCHS - epochs, NUM_PARAMS))
    return history.astype(np.float32)


def plain_cosine(history: np.ndarray, epochs: int, t: int) -> float:
    """(4.9) of one member, [E + 1, P], as it is printed."""
    start, end = history[0].astype(float), history[epochs].astype(float)
    local = history[t].astype(float) - history[t - 1]
    return float((end - start) @ local / (np.linalg.norm(end - start) * np.linalg.norm(local)))


def test_the_cosine_is_the_printed_formula_up_to_each_member_s_last_epoch() -> None:
    history = paths()
    found = geometry.cosine(history, EPOCHS_RUN)
    assert found.shape == (NUM_EPOCHS, len(EPOCHS_RUN))
    for member, epochs in enumerate(EPOCHS_RUN):
        expected = [plain_cosine(history[..., member], epochs, t) for t in range(1, epochs + 1)]
        np.testing.assert_allclose(found[:epochs, member], expected, rtol=1e-12, atol=1e-12)
        assert np.isnan(found[epochs:, member]).all()
    assert np.nanmin(found) < 0 < np.nanmax(found) and np.nanmax(found) <= 1 + 1e-12


def test_updates_telescope() -> None:
    history = paths()
    along = geometry.projections(history, EPOCHS_RUN)
    for member in (0, 1, 2, 4):
        start, end = history[0, :, member].astype(float), history[EPOCHS_RUN[member], :, member].astype(float)
        assert np.nansum(along[:, member]) == pytest.approx(np.linalg.norm(end - start), rel=1e-12)
    weighted = geometry.cosine(history, EPOCHS_RUN) * geometry.update_lengths(history, EPOCHS_RUN)
    np.testing.assert_allclose(weighted, along, rtol=1e-12, atol=1e-12)


def test_an_update_of_zero_has_no_direction() -> None:
    history = np.zeros((4, 2, 3))
    history[:, 0, 0] = 0, 1, 1, 3  # rests in the second epoch
    history[:, 1, 1] = 0, 1, 2, 0  # comes back to where it started
    found = geometry.cosine(history, np.array([3, 3, 3]))
    np.testing.assert_array_equal(found, [[1, np.nan, np.nan], [np.nan, np.nan, np.nan], [1, np.nan, np.nan]])
    np.testing.assert_allclose(geometry.update_lengths(history, np.array([3, 3, 3])), [[1, 1, 0], [0, 1, 0], [2, 2, 0]])
    np.testing.assert_array_equal(geometry.straightness(history, np.array([3, 3, 3])), [1, 0, np.nan])


def test_straightness_is_the_length_weighted_mean_cosine_and_that_of_a_square_walk_is_known() -> None:
    history = paths()
    cosines, lengths = geometry.cosine(history, EPOCHS_RUN), geometry.update_lengths(history, EPOCHS_RUN)
    found = geometry.straightness(history, EPOCHS_RUN)
    assert np.isnan(found[3])
    for member in (0, 1, 2, 4):
        here = slice(EPOCHS_RUN[member])
        expected = np.average(cosines[here, member], weights=lengths[here, member])
        assert found[member] == pytest.approx(expected, rel=1e-12)
    corner = np.array([[0, 0], [3, 0], [3, 4]])[..., None]
    np.testing.assert_allclose(geometry.straightness(corner, np.array([2])), [5 / 7])
    np.testing.assert_allclose(geometry.cosine(corner, np.array([2])), [[3 / 5], [4 / 5]])


def test_nearby_float32_weights_lose_nothing() -> None:
    history = np.float32(1000) + np.array([0, 1, 2, 3], np.float32)[:, None, None] * np.float32(2**-10)
    np.testing.assert_array_equal(geometry.cosine(history, np.array([3])), np.ones((3, 1)))


def test_roughness_and_variation_of_lines_zigzags_and_parabolas() -> None:
    t = np.arange(9.0)
    curves = np.stack([3 * t - 2, (-1.0) ** t, t**2, np.full(9, 0.4), np.where(t < 4, t, np.nan)], 1)
    np.testing.assert_allclose(geometry.roughness(curves), [0, 4, 2, 0, 0], atol=1e-12)
    np.testing.assert_allclose(geometry.variation(curves), [3, 2, 8, 0, 1], atol=1e-12)
    np.testing.assert_allclose(geometry.mean(curves), [10, 1 / 9, 204 / 9, 0.4, 1.5])


def test_a_gap_in_a_curve_is_left_out_with_its_neighbours() -> None:
    curve = np.array([0, 1, 5, np.nan, 7, 7, 9, 20])[:, None]
    assert geometry.mean(curve) == pytest.approx(49 / 7)
    assert geometry.variation(curve) == pytest.approx((1 + 4 + 0 + 2 + 11) / 5)
    assert geometry.roughness(curve) == pytest.approx((3 + 2 + 9) / 3)


def test_curves_that_are_too_short_have_no_measure() -> None:
    curves = np.array([[np.nan, 1, 1], [np.nan, np.nan, 2]])
    np.testing.assert_array_equal(geometry.mean(curves), [np.nan, 1, 1.5])
    np.testing.assert_array_equal(geometry.variation(curves), [np.nan, np.nan, 1])
    assert np.isnan(geometry.roughness(curves)).all()


def test_the_early_slope_is_that_of_the_least_squares_line() -> None:
    rng = np.random.default_rng(1)
    curves = rng.normal(size=(10, 4))
    curves[6:, 1], curves[3, 2] = np.nan, np.nan
    for number in (2, 3, 6):
        expected = [np.polyfit(np.arange(number), curves[:number, member], 1)[0] for member in (0, 1, 3)]
        found = geometry.early_slope(curves, number)
        np.testing.assert_allclose(found[[0, 1, 3]], expected, rtol=1e-9)
        assert np.isnan(found[2]) == (number > 3)
    assert np.isnan(geometry.early_slope(curves, 11)).all() and np.isnan(geometry.early_slope(curves, 7)[1])


def test_distances_are_euclidean_norms_of_members() -> None:
    history, reference = paths(), paths()[3]
    found = geometry.distance(history, reference)
    for epoch, member in np.ndindex(*found.shape):
        difference = history[epoch, :, member].astype(float) - reference[:, member]
        assert found[epoch, member] == pytest.approx(np.sqrt((difference**2).sum()), rel=1e-12, abs=1e-12)
    assert (found[3] == 0).all()
