"""The ledger: every claim of the thesis with its verdict, from the summaries of what was run."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from experiments import (
    claims_capacity,
    claims_data_sets,
    claims_gates,
    claims_landscape,
    claims_searched,
    claims_starts,
    claims_states,
    claims_trainability,
    claims_words,
)
from experiments.claims import CLAIMS, Claim, Found, Test
from experiments.programme import STEPS, looks
from rnnjax.statistics import Interval
from rnnjax.verdicts import INCONCLUSIVE, Evidence, across, decisive, judge, times_as_many, together

_REPEATED = {step.name for step in STEPS if step.elsewhere is not None}

_MODULES = (
    claims_data_sets, claims_trainability, claims_capacity, claims_words, claims_states, claims_starts, claims_gates,
    claims_landscape, claims_searched,
)  # fmt: skip
TESTS: dict[str, Test] = dict(sorted(item for module in _MODULES for item in module.TESTS.items()))


class Part(NamedTuple):
    """One part of the evidence and its verdict."""

    evidence: Evidence
    verdict: str
    stretched: Interval | None = None  # that decides: the interval for all parts together; None if it cannot
    times: float = 1.0  # as many networks in as many times as many draws would decide it


class Judged(NamedTuple):
    """A claim under one protocol."""

    parts: list[Part]
    verdict: str
    missing: str | None  # the step or number that is not there


class Entry(NamedTuple):
    """A claim's line of the ledger."""

    claim: Claim
    test: Test
    judged: dict[str, Judged]  # by protocol that has numbers of its own, the adopted one first
    unstopped: Judged | None  # without early stop, under the adopted protocol; does not enter the verdict
    matched: Judged | None  # with as many parameters on both sides; likewise
    verdict: str


def ledger(found: Mapping[str, Found]) -> list[Entry]:
    """All claims' entries.

    Args:
        found: the steps' summaries, by protocol; the adopted one first.
    """
    first, adopted = next(iter(found.items()))
    evidence = {
        (protocol, id): _gathered(test.evidence, of_protocol)
        for protocol, of_protocol in found.items()
        for id, test in TESTS.items()
    }
    for protocol, id in list(evidence):
        own, adopteds = evidence[protocol, id][0], evidence[first, id][0]
        # The same numbers, of steps that do not depend on it, are no repetition; nor is one that was never meant.
        if protocol != first and (own == adopteds != [] or not (own or _REPEATED & set(TESTS[id].steps))):
            del evidence[protocol, id]
    unstopped = {id: _gathered(test.unstopped, adopted) for id, test in TESTS.items() if test.unstopped}
    matched = {id: _gathered(test.matched, adopted) for id, test in TESTS.items() if test.matched}
    # Stretched together: all parts that the ledger shows, under whichever protocol, and has shown of fewer networks.
    parts = [*unstopped.items(), *matched.items(), *((id, own) for (_, id), own in evidence.items())]
    number = max(1, sum(looks(TESTS[id].steps) * len(own) for id, (own, _) in parts))
    entries = []
    for id, test in TESTS.items():
        judged = {protocol: _judged(own, number) for (protocol, of), own in evidence.items() if of == id}
        by_part = {name: {part.evidence.what: part.verdict for part in each.parts} for name, each in judged.items()}
        verdict = across(by_part)
        without, equal = (_judged(of[id], number) if id in of else None for of in (unstopped, matched))
        entries.append(Entry(CLAIMS[id], test, judged, without, equal, verdict))
    return entries


def parts_table(entries: list[Entry]) -> list[dict[str, Any]]:
    """Every part that is judged, a row each, for people who would look further: ledger.csv.

    estimate, low, high: the effect and its 95 % interval; stretched_low and _high: the one that decides;
    claimed_above and _below: between what the claim says that it lies.
    """
    rows = []
    for entry in entries:
        for where, judged in _ways(entry):
            for part in judged.parts:
                own, decides = part.evidence, part.stretched
                row = {"claim": entry.claim.id, "under": where, "part": own.what, **own.effect._asdict()}
                row |= {"stretched_low": decides.low, "stretched_high": decides.high} if decides else {}
                row |= {"claimed_above": own.above, "claimed_below": own.below}
                rows.append(row | {"members": own.members, "draws": own.draws, "verdict": part.verdict})
    return rows


def _ways(entry: Entry) -> Iterator[tuple[str, Judged]]:
    """By protocol, and the controls that do not enter the verdict."""
    yield from entry.judged.items()
    for name, control in (("without early stop", entry.unstopped), ("as many parameters", entry.matched)):
        if control:
            yield name, control


def _gathered(evidence: Callable[[Found], list[Evidence]], found: Found) -> tuple[list[Evidence], str | None]:
    """The parts, or which number is missing."""
    try:
        return evidence(found), None
    except KeyError as error:
        return [], str(error.args[0])


def _judged(gathered: tuple[list[Evidence], str | None], number: int) -> Judged:
    evidence, missing = gathered
    parts = [Part(each, judge(each, number), decisive(each, number), times_as_many(each, number)) for each in evidence]
    return Judged(parts, INCONCLUSIVE if missing else together([part.verdict for part in parts]), missing)
