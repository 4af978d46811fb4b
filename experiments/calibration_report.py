"""The ranking of protocols: tables, figures, summary.json; all from result.npz alone."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from ml_collections import ConfigDict

from experiments import calibration_scores, reporting, runner
from experiments.calibration_candidates import NAME, Candidate, candidates
from experiments.conditions import REPORTED, listed
from rnnjax import likelihood, plotting, results

_RULED_OUT = np.log(20)  # a protocol that is 20 times less likely than the best one, in 97.5 % of resampled draws
_SHOWN = 40
_FIELDS = ("batch_size", "margin", "scale", "stop_share", "reading", "report")


class Ranked(NamedTuple):
    """A protocol and how it fits; logarithms of likelihoods, natural."""

    candidate: Candidate
    logs: dict[str, np.ndarray]  # [R] of each printed number
    fit: float  # of all of them together
    behind: tuple[float, float, float]  # by how much less than the best: estimate, 2.5 % and 97.5 % of resampled draws

    @property
    def ruled_out(self) -> bool:
        return self.behind[1] > _RULED_OUT


def rank(config: ConfigDict, arrays: Mapping[str, np.ndarray]) -> list[Ranked]:
    """All protocols, the likeliest first."""
    found = []
    for candidate in candidates(config):
        accuracy = arrays[f"{candidate.setting.name}/accuracy"]
        reading = listed(config[NAME].readings).index(candidate.reading)
        logs = calibration_scores.fit(accuracy[reading, :, REPORTED.index(candidate.report)])
        found.append((candidate, logs))
    by_data = np.stack([calibration_scores.per_data_set(logs) for _, logs in found])  # [M, 2, R]
    fits = np.array([[likelihood.marginal(each) for each in by_data[:, i]] for i in range(2)]).sum(0)
    resampled = np.sum([likelihood.bootstrap_marginal(by_data[:, i], seed=i) for i in range(2)], 0)  # [M, B]
    best = int(np.argmax(fits))
    # Against the same protocol in every resample: the question is whether this one may be as likely.
    behind = resampled[best] - resampled
    ends = np.quantile(behind, (0.025, 0.975), axis=1)
    ranked = [
        Ranked(candidate, logs, float(fits[i]), (float(fits[best] - fits[i]), float(ends[0, i]), float(ends[1, i])))
        for i, (candidate, logs) in enumerate(found)
    ]
    return sorted(ranked, key=lambda each: -each.fit)


def write(run: runner.Run, arrays: Mapping[str, np.ndarray]) -> None:
    """ranking.csv, fit.csv, held_out.csv, two figures, summary.json."""
    ranking = rank(run.config, arrays)
    judged = _held_out(run.config, arrays, ranking)
    rows = [_row(place, ranked, judged) for place, ranked in enumerate(ranking, 1)]
    fit = _fit_rows(run.config, arrays, ranking[0])
    for name, table in {"ranking.csv": rows, "fit.csv": fit, "held_out.csv": _held_out_rows(judged)}.items():
        results.write_text(run.workdir / name, reporting.to_csv(table))
        run.log.info("%s:", name)
        for line in reporting.to_text(table[:_SHOWN]):
            run.log.info("  %s", line)
    draws = f"{run.config[NAME].draws} draws x {run.config[NAME].seeds} seeds"
    reporting.save_figure(run.workdir / "figure_calibration.png", _figure_ranking(ranking, draws))
    reporting.save_figure(run.workdir / "figure_calibration_fields.png", _figure_fields(ranking))
    kept = [ranked.candidate.row() | {"behind": ranked.behind[0]} for ranked in ranking if not ranked.ruled_out]
    summary = {
        "best": ranking[0].candidate.row(),
        "not_ruled_out": kept,
        "protocols": len(ranking),
        "ruled_out_beyond": float(_RULED_OUT),
        "ranking": rows,
        "fit": fit,
    }
    results.write_json(run.workdir / "summary.json", summary)
    run.log.info("%d of %d protocols are not ruled out", len(kept), len(ranking))


def _row(place: int, ranked: Ranked, judged: Sequence[Mapping[str, np.ndarray]]) -> dict[str, Any]:
    row = {"rank": place, **ranked.candidate.row(), "log_likelihood": ranked.fit}
    row |= dict(zip(("behind", "behind_low", "behind_high"), ranked.behind, strict=True))
    row["ruled_out"] = str(ranked.ruled_out)
    if place <= len(judged):
        row["held_out_log_likelihood"] = sum(likelihood.marginal(logs) for logs in judged[place - 1].values())
    return row


def _held_out(
    config: ConfigDict, arrays: Mapping[str, np.ndarray], ranking: Sequence[Ranked]
) -> list[dict[str, np.ndarray]]:
    """What every finalist is judged by."""
    found = []
    for place in range(1, min(config[NAME].finalists, len(ranking)) + 1):
        here = f"finalist_{place}/"
        own = {name.removeprefix(here): array for name, array in arrays.items() if name.startswith(here)}
        xor = {name.removeprefix("xor "): array for name, array in own.items() if name.startswith("xor ")}
        found.append(calibration_scores.held_out(own, xor))
    return found


def _held_out_rows(judged: Sequence[Mapping[str, np.ndarray]]) -> list[dict[str, Any]]:
    """A line a printed table or row, a column a finalist."""
    return [
        {"printed": name} | {f"finalist_{i}": likelihood.marginal(each[name]) for i, each in enumerate(judged, 1)}
        for name in judged[0]
    ]


def _fit_rows(config: ConfigDict, arrays: Mapping[str, np.ndarray], best: Ranked) -> list[dict[str, Any]]:
    """What the best protocol makes of every printed number, in sets of ten networks of one draw."""
    accuracy = arrays[f"{best.candidate.setting.name}/accuracy"]
    reading = listed(config[NAME].readings).index(best.candidate.reading)
    return calibration_scores.predictions(accuracy[reading, :, REPORTED.index(best.candidate.report)])


@plotting.house_style()
def _figure_ranking(ranking: Sequence[Ranked], draws: str) -> Figure:
    """The likeliest protocols, and by how much less likely than the best each is."""
    shown = ranking[:_SHOWN]
    figure = plotting.new_figure(7.2, 0.17 * len(shown) + 1.2)
    ax = figure.subplots()
    places = np.arange(len(shown))
    for place, ranked in zip(places, shown, strict=True):
        colour = plotting.COLOURS["rnn" if ranked.ruled_out else "gru"]
        estimate, low, high = ranked.behind
        ax.plot([low, high], [place, place], color=colour, lw=1.2)
        ax.plot([estimate], [place], "x" if ranked.ruled_out else "o", color=colour, ms=4)
    ax.set_yticks(places, [_label(ranked.candidate) for ranked in shown], size=6.5)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.axvline(_RULED_OUT, color="0.4", lw=0.6, ls=":")
    ax.set_xlabel(
        f"log-likelihood of Tables 4.2, 4.4, Figure 4.17 below the best protocol's (nats; 95 % over draws; {draws})\n"
        "dotted: 20 times less likely; blue dots: not ruled out, orange crosses: ruled out"
    )
    ax.set_title(f"Calibration: the {len(shown)} likeliest of {len(ranking)} protocols", size=9)
    return figure


@plotting.house_style()
def _figure_fields(ranking: Sequence[Ranked]) -> Figure:
    """Of every field's values: how far behind the protocols that have it are."""
    rows = [ranked.candidate.row() for ranked in ranking]
    fields = [field for field in _FIELDS if len({str(row[field]) for row in rows}) > 1]
    figure = plotting.new_figure(7.2, 2.4)
    axes = figure.subplots(1, max(1, len(fields)), sharey=True, squeeze=False)[0]
    for ax, field in zip(axes, fields, strict=False):
        values = sorted({row[field] for row in rows}, key=str if field in ("reading", "report") else float)  # type: ignore[arg-type]
        for place, value in enumerate(values):
            behind = [r.behind[0] for r, row in zip(ranking, rows, strict=True) if row[field] == value]
            jitter = np.random.default_rng(place).uniform(-0.25, 0.25, len(behind))
            ax.plot(place + jitter, behind, ".", color=plotting.COLOURS["gru"], alpha=0.4, mew=0, ms=4)
            ax.plot([place - 0.35, place + 0.35], [min(behind)] * 2, color="black", lw=1.2)
        ax.set_xticks(range(len(values)), [f"{v:.2g}" if isinstance(v, float) else str(v) for v in values])
        ax.tick_params(axis="x", labelsize=6, rotation=30 if field == "reading" else 0)
        ax.set_xlabel(field.replace("_", " "))
    axes[0].invert_yaxis()
    axes[0].set_ylabel("log-likelihood below the best (nats)")
    figure.suptitle("Calibration: every dot a protocol; black: the likeliest with that value", size=9)
    return figure


def _label(candidate: Candidate) -> str:
    setting = candidate.setting
    return (
        f"batch {setting.batch_size}, margin {setting.margin:g}, scale {setting.scale:g}, stop words"
        f" {setting.stop_share:.2g}, worse/better than {candidate.reading}, {candidate.report} epoch"
    )
