"""The ledger's entries as the report shows them: badges, numbers in words, the part that stands for a claim."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.claims import CLAIMS, Claim
from experiments.programme import ADOPTED, STEPS, Job
from experiments.report_tables import NONE, interval, number
from rnnjax.verdicts import DEPENDS, ENOUGH_DRAWS, INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED

if TYPE_CHECKING:
    from experiments.ledger import Entry, Judged, Part

NOT_JUDGED = "not judged"


class Badge(NamedTuple):
    """A verdict in colour, symbol and text."""

    text: str
    symbol: str
    kind: str  # the colour's name in the style sheet


class PartShown(NamedTuple):
    """One part of the evidence."""

    what: str
    effect: str
    decides: str  # the stretched interval, or of what it has too few
    says: str  # what the claim says of it
    members: str
    draws: str
    times: str  # as many networks and draws would decide it; empty if it is decided
    badge: Badge


class JudgedShown(NamedTuple):
    """A claim under one protocol."""

    protocol: str
    badge: Badge
    missing: str
    parts: list[PartShown]
    steps: tuple[str, ...]  # folders of its own, under another protocol than the adopted one


class ClaimShown(NamedTuple):
    """A line of the ledger with everything behind it."""

    claim: Claim
    badge: Badge
    headline: PartShown | None
    hold: str  # "2 of 3 parts hold under adopted", and what other protocols make of it
    test: str
    judged: list[JudgedShown]
    controls: list[JudgedShown]  # beside the verdict, which they do not enter
    steps: tuple[str, ...]
    figures: tuple[str, ...]


def badge(verdict: str) -> Badge:
    """What stands for a verdict."""
    symbols = {REPRODUCED: "✓", NOT_REPRODUCED: "✗", INCONCLUSIVE: "?", DEPENDS: "↔", NOT_JUDGED: "–"}
    return Badge(verdict, symbols[verdict], verdict.split(" ")[0] if verdict != NOT_REPRODUCED else "refuted")


def shown_claims(entries: "Sequence[Entry]", known: Sequence[str]) -> list[ClaimShown]:
    """Every claim of the thesis in order, judged or not.

    Args:
        entries: of the ledger.
        known: the steps' folders that the report knows of.
    """
    by_id = {entry.claim.id: entry for entry in entries}
    claims: Mapping[str, Claim] = CLAIMS | {id: entry.claim for id, entry in by_id.items()}
    return [_shown(claims[id], by_id.get(id), known) for id in sorted(claims)]


def counts(claims: Sequence[ClaimShown]) -> list[tuple[Badge, int]]:
    """How many claims have each verdict."""
    found = Counter(claim.badge.text for claim in claims)
    always = REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, DEPENDS
    return [
        (badge(verdict), found[verdict]) for verdict in (*always, NOT_JUDGED) if verdict in always or found[verdict]
    ]


def with_draws(steps: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    """The steps that a number rests on, and beside the landscape those of other draws (claims_landscape.landscapes)."""
    others = [name for name in known if name.startswith("landscape_")]
    return (*steps, *others) if "landscape" in steps else tuple(steps)


def _shown(claim: Claim, entry: "Entry | None", known: Sequence[str]) -> ClaimShown:
    if entry is None:
        return ClaimShown(claim, badge(NOT_JUDGED), None, "", "no test of it is there", [], [], (), ())
    judged = [_judged(name, each, _own(entry.test.steps, name, known)) for name, each in entry.judged.items()]
    parts = judged[0].parts if judged else []
    hold = sum(part.badge.text == REPRODUCED for part in parts)
    holds = f"{hold} of {len(parts)} {'part holds' if len(parts) == 1 else 'parts hold'} under {judged[0].protocol}"
    others = ", ".join(f"{each.protocol} ({each.badge.text})" for each in judged[1:] if not each.missing)
    return ClaimShown(
        claim,
        badge(entry.verdict),
        _headline(entry, parts),
        (f"{holds}, repeated under {others}" if others else f"{holds} only") if parts else "no evidence",
        entry.test.states,
        judged,
        [
            _judged(name, each)
            for name, each in (
                ("control: without early stop", entry.unstopped),
                ("control: RNNs with a GRU's number of parameters", entry.matched),
            )
            if each
        ],
        with_draws(entry.test.steps, known),
        entry.test.figures,
    )


def _own(steps: Sequence[str], protocol: str, known: Sequence[str]) -> tuple[str, ...]:
    """The folders of steps under a protocol; none under the adopted one, whose are told once for all."""
    folders = (Job(step, protocol).name for step in STEPS if step.name in steps and protocol != ADOPTED)
    return tuple(folder for folder in folders if folder in known)


def _headline(entry: "Entry", parts: Sequence[PartShown]) -> PartShown | None:
    """The first part that has the claim's verdict, one with an interval if there is any."""
    if not parts:
        return None
    first = next(iter(entry.judged.values()))
    same = [i for i, part in enumerate(first.parts) if part.verdict == first.verdict] or [0]
    known = [i for i in same if np.isfinite(first.parts[i].evidence.effect).all()]
    return parts[(known or same)[0]]


def _judged(protocol: str, judged: "Judged", steps: tuple[str, ...] = ()) -> JudgedShown:
    parts = [_part(part) for part in judged.parts]
    return JudgedShown(protocol, badge(judged.verdict), judged.missing or "", parts, steps)


def _part(part: "Part") -> PartShown:
    evidence = part.evidence
    says = _says(evidence.above, evidence.below)
    effect = interval(*evidence.effect)
    members, draws = f"{evidence.members:,}", str(evidence.draws)
    return PartShown(evidence.what, effect, _decides(part), says, members, draws, _times(part), badge(part.verdict))


def _decides(part: "Part") -> str:
    evidence = part.evidence
    if not evidence.enough:
        return "too few draws" if evidence.draws < ENOUGH_DRAWS else "too few members"
    return f"[{number(part.stretched.low)}, {number(part.stretched.high)}]" if part.stretched else NONE


def _times(part: "Part") -> str:
    if part.verdict != INCONCLUSIVE:
        return ""
    if np.isinf(part.times):
        return NONE
    # Rounded up, so that it is enough.
    return f"{np.ceil(10 * part.times) / 10:.1f} ×" if part.times < 10 else f"{np.ceil(part.times):,.0f} ×"


def _says(above: float, below: float) -> str:
    """The values that the claim allows."""
    if np.isfinite(above) and np.isfinite(below):
        return f"between {number(above)} and {number(below)}"
    if np.isfinite(above):
        return f"above {number(above)}"
    return f"below {number(below)}" if np.isfinite(below) else "any value"
