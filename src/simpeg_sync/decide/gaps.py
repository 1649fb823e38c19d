"""How far has a log been read whose ids become visible out of order, and may be missing for ever?

A writer draws its id when it writes, but its row is seen when it commits. So id 2 may be there while 1 is
still to come, and after a rollback 1 never comes. A bare ``id > cursor`` loses row 1. Here the cursor is
*high*, the greatest id seen, and the *gaps*, the ids below it not seen yet. Everything at or below ``high``
and in no gap has been taken.

A gap is closed by its rows, or **burnt** when no transaction can fill it any more. The argument, for a log
whose ids are drawn in ascending order (one counter, no per-session cache):

1. Reading R1 sees id h and not g < h. g was drawn before h, so before R1; whoever drew it had a transaction
   at R1.
2. *After* R1 a token is noted that names every transaction that ran then (a list of them, or a number above
   all of them). Noted before R1, it could miss a writer that began and drew g in between.
3. Later, *before* a reading R2, a look shows that none of them runs any more. Looked at after R2, the writer
   could have committed between R2 and the look, and its row be called dead unseen.
4. What R2 does not see of the gap, as far as it read, was rolled back.

On PostgreSQL the token of step 2 is a fresh transaction id and not ``pg_snapshot_xmax``: that is the latest
*finished* id plus one, and a writer with a greater id may already hold g.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Gap:
    """Ids ``first`` to ``last``, both included, that have not been seen."""

    first: int
    last: int
    since: float
    """When it was first noticed, in seconds since the epoch."""
    proof: str = ""
    """The token of step 2; empty as long as none could be had."""

    @property
    def size(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Position:
    high: int = 0
    gaps: tuple[Gap, ...] = ()
    """Ascending, never touching."""

    def wants(self, id_: int) -> bool:
        return id_ > self.high or _gap_of(self.gaps, id_) is not None

    def to_text(self) -> str:
        grouped = groupby(self.gaps, key=lambda gap: (gap.since, gap.proof))
        groups = [[since, proof, [[gap.first, gap.last] for gap in gaps]] for (since, proof), gaps in grouped]
        return json.dumps({"high": self.high, "gaps": groups}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> "Position":
        """Raises ValueError when the text is not one of ours."""
        try:
            saved = json.loads(text)
            gaps = tuple(
                Gap(int(first), int(last), float(since), str(proof))
                for since, proof, ranges in saved["gaps"]
                for first, last in ranges
            )
            return cls(int(saved["high"]), gaps)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("not a position of a change log") from error


@dataclass(frozen=True, slots=True)
class Step:
    position: Position
    taken: tuple[int, ...]
    burnt: int
    """How many ids were given up as never to come."""
    is_held: bool
    """The bound of gaps is reached: some ids seen stay unread until a gap closes. Nothing is lost, but it
    waits."""


def advance(
    position: Position,
    ids: Iterable[int],
    *,
    now: float,
    gaps_max: int,
    is_dead: Callable[[Gap], bool] = lambda gap: False,
    complete_to: int | None = None,
) -> Step:
    """Takes the ids that one ordered reading saw, and drops the gaps that are dead.

    ``is_dead`` must rest on a look made before the reading. ``complete_to`` is the id up to which the reading
    left nothing out (None: to the end); only so far is a dead gap dropped. New gaps carry no proof yet: see
    ``prove``.
    """
    seen = sorted(set(ids))
    gaps, taken, burnt = _without_dead(position.gaps, seen, is_dead, complete_to)
    high, held = position.high, False
    for id_ in seen:
        if id_ > high:
            if id_ > high + 1:
                if len(gaps) >= gaps_max:
                    held = True
                    break
                gaps.append(Gap(high + 1, id_ - 1, now))
            high = id_
            taken.append(id_)
        elif (index := _gap_of(gaps, id_)) is not None:
            rest = _without(gaps[index], id_)
            if len(rest) > 1 and len(gaps) >= gaps_max:
                held = True
                continue
            gaps[index : index + 1] = rest
            taken.append(id_)
    return Step(Position(high, tuple(gaps)), tuple(sorted(taken)), burnt, held)


def advance_serial(position: Position, ids: Iterable[int]) -> Step:
    """The same where writers come one by one (SQLite): an id that is missing below a visible one is dead at
    once."""
    taken = tuple(sorted({id_ for id_ in ids if id_ > position.high}))
    high = taken[-1] if taken else position.high
    return Step(Position(high), taken, burnt=high - position.high - len(taken), is_held=False)


def prove(position: Position, token: str) -> Position:
    """Notes the token, taken after the reading, at every gap that has none."""
    return replace(position, gaps=tuple(gap if gap.proof else replace(gap, proof=token) for gap in position.gaps))


def ranges_to_read(position: Position, ranges_max: int) -> tuple[tuple[int, int], ...]:
    """At most ``ranges_max`` ranges that cover all gaps. They may cover taken ids too: ask
    ``Position.wants``."""
    ranges = [(gap.first, gap.last) for gap in position.gaps]
    if len(ranges) <= ranges_max:
        return tuple(ranges)
    distances = sorted(range(1, len(ranges)), key=lambda i: ranges[i][0] - ranges[i - 1][1], reverse=True)
    cuts = sorted(distances[: ranges_max - 1])
    starts, ends = [0, *cuts], [*cuts, len(ranges)]
    return tuple((ranges[a][0], ranges[b - 1][1]) for a, b in zip(starts, ends, strict=True))


def _without_dead(
    gaps: Sequence[Gap], seen: Sequence[int], is_dead: Callable[[Gap], bool], complete_to: int | None
) -> tuple[list[Gap], list[int], int]:
    """What is left of the gaps, the ids taken from the dead ones, and how many of their ids were given up.

    What the reading saw in a dead gap is all that will ever be there, so the part it covered goes whole, from
    the left. Split by late rows, dead gaps at the bound would wait for each other; left until covered whole,
    a gap with more rows than a page would wait for ever.
    """
    left: list[Gap] = []
    taken: list[int] = []
    burnt = 0
    for gap in gaps:
        covered = gap.last if complete_to is None else min(gap.last, complete_to)
        if covered < gap.first or not is_dead(gap):
            left.append(gap)
            continue
        there = seen[bisect_left(seen, gap.first) : bisect_right(seen, covered)]
        taken += there
        burnt += covered - gap.first + 1 - len(there)
        if covered < gap.last:
            left.append(replace(gap, first=covered + 1))
    return left, taken, burnt


def _gap_of(gaps: Sequence[Gap], id_: int) -> int | None:
    index = bisect_right(gaps, id_, key=lambda gap: gap.first) - 1
    return index if index >= 0 and gaps[index].last >= id_ else None


def _without(gap: Gap, id_: int) -> list[Gap]:
    halves = (replace(gap, last=id_ - 1), replace(gap, first=id_ + 1))
    return [half for half in halves if half.first <= half.last]
