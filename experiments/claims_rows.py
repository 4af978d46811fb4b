"""Parts of evidence from rows of the tables in summary.json."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.claims import Found
from experiments.claims_evidence import entry, interval, undecided
from experiments.draw_intervals import ENOUGH, NONE
from rnnjax.statistics import Interval
from rnnjax.verdicts import Evidence

Row = Mapping[str, Any]
_STYLES = (("{}_estimate", "{}_low", "{}_high"), ("{}", "{}_low", "{}_high"), ("{}", "low", "high"))


def row(found: Found, step: str, table: str, **where: Any) -> Row:
    """The first row of a table that has these values.

    Raises:
        KeyError: "perturbation: recovery, architecture=gru_2x4, factor=1.0", where there is none.
    """
    for each in _rows(found, step, table, where):
        return dict(each) | {"": f"{step}: {table}"}
    raise KeyError(", ".join([f"{step}: {table}", *(f"{name}={value}" for name, value in where.items())]))


def has_row(found: Found, step: str, table: str, **where: Any) -> bool:
    """Whether a table has a row that has these values.

    Raises:
        KeyError: there is no such table.
    """
    return bool(_rows(found, step, table, where))


def _rows(found: Found, step: str, table: str, where: Mapping[str, Any]) -> list[Row]:
    every = entry(found, step, table)
    return [each for each in every if all(each.get(name) == value for name, value in where.items())]


def ends(of: Row, name: str, unit: float = 1.0) -> Interval:
    """The interval of that name, in any of the ways in which tables have one.

    Args:
        of: a row.
        name: of the estimate: name_estimate, name_low, name_high, or name, name_low, name_high, or name, low, high.
        unit: by which it is divided; 100: per cent.

    Raises:
        KeyError: there is none.
    """
    for style in _STYLES:
        names = [each.format(name) for each in style]
        if set(names) <= set(of):
            read = {f"x_{end}": of[each] for end, each in zip(Interval._fields, names, strict=True)}
            return interval(read, "x", unit)
    raise KeyError(f"{of.get('', 'a table')} has no {name}")


def of_networks(what: str, effect: Interval, members: int, draws: int, **asserted: Any) -> Evidence:
    """A part that rests on so many networks; of fewer than ENOUGH no interval is believed: its ends are infinite.

    Args:
        what: for the reader.
        effect: with its interval.
        members: of the smaller side.
        draws: of sentences and words.
        asserted: above, below, scale, ratio of Evidence.
    """
    part = Evidence(what, effect, members=members, draws=draws, **asserted)
    return part if members >= ENOUGH else undecided(part)


def of_row(what: str, of: Row, name: str, unit: float = 1.0, **asserted: float) -> Evidence:
    """The same of a row that says itself how many networks and draws it is of; of two sides the smaller.

    Raises:
        KeyError: the row has no such interval, or does not say it.
    """
    missing = {"networks", "draws"} - set(of)
    if missing:
        raise KeyError(f"{of.get('', 'a table')} has no {sorted(missing)[0]}")
    members = min(of["networks"], of.get("others", of["networks"]))
    return of_networks(what, ends(of, name, unit), members, of["draws"], **asserted)


def of_nobody(what: str, **asserted: float) -> Evidence:
    """A part of which there are no networks at all."""
    return of_networks(what, NONE, 0, 0, **asserted)


def over(one: Interval, other: Interval) -> Interval:
    """one / other of two intervals from 0 on, at their corners; what is 0 / 0 or ∞ / ∞ is NaN, as an end 0 or ∞."""
    low, high = _quotient(one.low, other.high), _quotient(one.high, other.low)
    return Interval(
        _quotient(one.estimate, other.estimate), 0.0 if np.isnan(low) else low, np.inf if np.isnan(high) else high
    )


def _quotient(top: float, bottom: float) -> float:
    if bottom == 0:
        return np.nan if top == 0 or np.isnan(top) else np.inf
    return float(np.divide(top, bottom)) if np.isfinite(top) or np.isfinite(bottom) else np.nan
