"""What calibration leaves of its protocols: tables, figures, summary.json; all from result.npz alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments import calibration_effects, calibration_scores, reporting, runner
from experiments.calibration_candidates import Candidate
from experiments.calibration_ranking import FRESH, RULED_OUT, Ranked, in_report, rank, rank_finalists
from experiments.outcomes import below
from experiments.programme import ADOPTED
from rnnjax import likelihood, plotting, results

_SHOWN = 40
_FIELDS = ("batch_size", "margin", "scale", "stop_share", "reading", "report")


def write(run: runner.Run, arrays: Mapping[str, np.ndarray]) -> None:
    """ranking.csv, finalists.csv, fit.csv, effects.csv, effects_by_protocol.csv, three figures, summary.json."""
    ranking, finalists = rank(run.config, arrays), rank_finalists(run.config, arrays)
    # A finalist is judged by fresh draws, the others by those of the first simulation; behind the best one there.
    again = {each.candidate for each in finalists}
    kept = [("fresh", each) for each in finalists if not each.ruled_out]
    kept += [("first", each) for each in ranking if not each.ruled_out and each.candidate not in again]
    possible, measured = {each.candidate for _, each in kept}, calibration_effects.measure(ranking)
    effects = calibration_effects.effect_rows(ranking, measured, possible)
    tables = tables_of(arrays, ranking, finalists)
    for name, table in {**tables, "effects.csv": effects}.items():
        results.write_text(run.workdir / name, reporting.to_csv(table))
        run.log.info("%s:", name)
        for line in reporting.to_text(table[:_SHOWN]):
            run.log.info("  %s", line)
    by_protocol = calibration_effects.protocol_rows(ranking, measured)
    results.write_text(run.workdir / "effects_by_protocol.csv", reporting.to_csv(by_protocol))
    run.save_figure("figure_calibration.png", _figure_ranking(ranking, finalists))
    run.save_figure("figure_calibration_fields.png", _figure_fields(ranking))
    run.save_figure("figure_calibration_effects.png", calibration_effects.figure(ranking, measured, possible))
    summary = {
        "best": finalists[0].candidate.row(),
        "not_ruled_out": [each.candidate.row() | {"behind": each.behind[0], "draws": draws} for draws, each in kept],
        "protocols": len(ranking),
        "ruled_out_beyond": float(RULED_OUT),
        "ranking": tables["ranking.csv"],
        "finalists": tables["finalists.csv"],
        "fit": tables["fit.csv"],
        "effects": effects,
    }
    results.write_json(run.workdir / "summary.json", summary)
    run.log.info("%d of %d protocols are not ruled out", len(kept), len(ranking))


def tables_of(
    arrays: Mapping[str, np.ndarray], ranking: Sequence[Ranked], finalists: Sequence[Ranked]
) -> dict[str, list[dict[str, Any]]]:
    """The rows of ranking.csv, finalists.csv and fit.csv, from result.npz's arrays.

    fit.csv has the adopted protocol's numbers in the finalists' draws; if it is none of them, the first finalist's.
    """
    chosen = next((each for each in finalists if in_report(each.candidate) == ADOPTED), finalists[0])
    protocol = {"protocol": in_report(chosen.candidate) or chosen.candidate.name}
    return {
        "ranking.csv": [_row(place, each) for place, each in enumerate(ranking, 1)],
        "finalists.csv": [_row(place, each) | _held_out(arrays, each) for place, each in enumerate(finalists, 1)],
        "fit.csv": [protocol | row for row in calibration_scores.predictions(chosen.accuracy)],
    }


def _row(place: int, ranked: Ranked) -> dict[str, Any]:
    row = {"rank": place, **ranked.candidate.row(), "log_likelihood": ranked.fit}
    row |= dict(zip(("behind", "behind_low", "behind_high"), ranked.behind, strict=True))
    row |= {"effective_draws": likelihood.effective_draws(ranked.logs), "ruled_out": str(ranked.ruled_out)}
    # Of the printed numbers the one that fits the least often: in the draw where it fits best.
    row |= {"best_draw_of_table_4_2": float(ranked.by_number["CountII table 4.2"].max())}
    return row | ({"behind_fresh_low": ranked.behind_fresh} if np.isfinite(ranked.behind_fresh) else {})


def _held_out(arrays: Mapping[str, np.ndarray], ranked: Ranked) -> dict[str, float]:
    """What a finalist makes of numbers that it was not chosen by.

    The transplants' tables one by one and, as `tables`, multiplied within a draw, for one Embedding_2 made them all;
    draws are weighted by how well they fit the others. XorI's rows are of fewer draws, all of the same weight.
    """
    own = below(arrays, f"{FRESH}{ranked.candidate.name}")
    xor = {name.removeprefix("xor "): array for name, array in own.items() if name.startswith("xor ")}
    tables = calibration_scores.held_out(own)
    found = {name: likelihood.weighted(logs, ranked.logs) for name, logs in tables.items()}
    found["tables"] = likelihood.weighted(calibration_scores.together(tables), ranked.logs)
    return found | {name: likelihood.marginal(logs) for name, logs in calibration_scores.held_out_rows(xor).items()}


@plotting.house_style()
def _figure_ranking(ranking: Sequence[Ranked], finalists: Sequence[Ranked]) -> Figure:
    """The finalists, and below them the likeliest of all protocols: how much less likely than the best each is."""
    shown = ranking[:_SHOWN]
    heights = [len(finalists) + 1.5, len(shown) + 1.5]
    figure = plotting.new_figure(7.2, 0.17 * sum(heights) + 1.3)
    for ax, some, how in zip(
        figure.subplots(2, 1, height_ratios=heights, sharex=True), (finalists, shown), ("again", "first"), strict=True
    ):
        for place, ranked in enumerate(some):
            colour = plotting.COLOURS["rnn" if ranked.ruled_out else "gru"]
            estimate, low, high = ranked.behind
            ax.plot([low, high], [place, place], color=colour, lw=1.2)
            ax.plot([estimate], [place], "x" if ranked.ruled_out else "o", color=colour, ms=4)
        ax.set_yticks(range(len(some)), [_label(ranked.candidate) for ranked in some], size=6.5)
        for label, ranked in zip(ax.get_yticklabels(), some, strict=True):
            label.set_fontweight("bold" if in_report(ranked.candidate) else "normal")
        ax.set_ylim(len(some) - 0.4, -0.6)
        ax.axvline(RULED_OUT, color="0.4", lw=0.6, ls=":")
        draws, seeds = some[0].accuracy.shape[1:]
        title = "simulated again on other draws" if how == "again" else f"the {len(some)} likeliest of {len(ranking)}"
        ax.set_title(f"{title} ({draws} draws x {seeds} seeds)", loc="left")
    ax.set_xlabel("log-likelihood below the best protocol's (nats; bars: 95 % of resampled draws)")
    out = sum(ranked.ruled_out for ranked in ranking)
    crosses = ", orange crosses: ruled out" if any(ranked.ruled_out for ranked in (*finalists, *shown)) else ""
    figure.suptitle(
        "Calibration: how likely protocols make Tables 4.2, 4.4 and Figure 4.17\n"
        "batch size | margin | scale | share of stop words | worse than, no better than | reported epoch; bold: in the"
        f" report\n{len(ranking) - out} of {len(ranking)} not ruled out (dotted: 20 times less likely than the best,"
        f" blue: not ruled out{crosses})",
        size=8,
    )
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
        ax.tick_params(axis="x", labelsize=6)
        for label in ax.get_xticklabels() if field == "reading" else ():
            label.set(rotation=30, rotation_mode="anchor", ha="right")
        ax.set_xlabel("worse than, no better than" if field == "reading" else field.replace("_", " "))
    axes[0].invert_yaxis()
    axes[0].set_ylabel("log-likelihood below the best (nats)")
    title = f"Calibration: every dot one of {len(rows)} protocols; black: the likeliest with that value"
    figure.suptitle(f"{title}\n(likelihood of Tables 4.2 and 4.4 and Figure 4.17's counts)", size=9)
    return figure


def _label(candidate: Candidate) -> str:
    setting = candidate.setting
    numbers = f"{setting.batch_size} | {setting.margin:g} | {setting.scale:g} | {setting.stop_share:.2g}"
    return f"{numbers} | {candidate.reading.replace('/', ', ')} | {candidate.report}"
