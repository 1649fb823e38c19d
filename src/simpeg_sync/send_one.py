"""One record now, step by step: what the daemon does for it, done by the daemon's own code and told as it happens.

The neighbours are the real ones; what they are asked and how long they take is noted on the way. Nothing here decides.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from simpeg_sync.decide import permission, plan
from simpeg_sync.decide.fields import Resource
from simpeg_sync.decide.situations import differences
from simpeg_sync.domain.errors import BknError, SyncError
from simpeg_sync.domain.outcome import Outcome, Verdict
from simpeg_sync.domain.record import Record
from simpeg_sync.domain.status import Status
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, Rendered, Unready, Wanted, render
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.ports import Claim
from simpeg_sync.turn import Turn, View, Work

SCOPE = frozenset({"unverified", "person.inactive", "person.no_nip", "identity.twice", "join.several"})
"""Why a row is not the feed's to send, or nobody knows whose it is, before anything of it is mapped."""
MATCHING, DIFFERING = ("match.", "delete.", "bkn.not_visible_yet"), ("conflict.", "compare.")
WRITES = frozenset({"bkn.save", "bkn.upload", "bkn.delete", "bkn.follow_up"})


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    """read, scope, map, validate, match, diff, send or verify."""
    result: str
    ms: float
    detail: str = ""
    """Names of fields, codes; no values of persons."""


Tell = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    ms: float
    answer: Any = field(default=None, repr=False)
    error: SyncError | None = None


@dataclass(slots=True)
class Tape:
    """What the neighbours were asked, in order."""

    calls: list[Call] = field(default_factory=list)

    def ms(self, *names: str, since: int = 0) -> float:
        return sum(call.ms for call in self.calls[since:] if call.name in names)

    def error(self) -> SyncError | None:
        return next((call.error for call in reversed(self.calls) if call.error is not None), None)


class Heard:
    """A neighbour whose calls are noted."""

    def __init__(self, name: str, neighbour: Any, tape: Tape) -> None:
        self._name, self._neighbour, self._tape = name, neighbour, tape

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._neighbour, name)
        if not callable(asked) or name == "about_to_write":
            return asked

        def noted(*args: Any, **more: Any) -> Any:
            begun = time.perf_counter()
            try:
                answer = asked(*args, **more)
            except SyncError as error:
                self._tape.calls.append(Call(f"{self._name}.{name}", _ms(begun), error=error))
                raise
            self._tape.calls.append(Call(f"{self._name}.{name}", _ms(begun), answer))
            return answer

        return noted


@dataclass(frozen=True, slots=True)
class Told(Pipeline):
    """The pipeline, telling what it does."""

    tape: Tape = field(kw_only=True)
    tell: Tell = field(kw_only=True)
    done: list[plan.Decision] = field(default_factory=list, kw_only=True)

    def act(self, work: Work, decision: plan.Decision) -> Record:
        if not self.done:
            self.tell_before(work, decision)
        self.done.append(decision)
        begun = len(self.tape.calls)
        after = Pipeline.act(self, work, decision)
        for call in self.tape.calls[begun:]:
            if call.name in WRITES:
                self.tell(_sent(decision, call))
        if isinstance(decision, plan.Link) and decision.bkn_id != work.record.bkn_id:
            self.tell(Step("send", "linked: BKN has the row already, its id is kept", 0.0))
        return after

    def tell_before(self, work: Work, decision: plan.Decision) -> None:
        """What came before the first action, up to where it ended."""
        steps = Before(self.view, work.feed, work.record, work.rendered, self.tape)
        for step in steps.until(decision, work.resource, work.turn):
            self.tell(step)


@dataclass(frozen=True, slots=True)
class Before:
    """The steps up to the decision, as the neighbours were heard and the pure parts say."""

    view: View
    feed: Feed
    record: Record
    rendered: Rendered
    tape: Tape

    def until(self, decision: plan.Decision, resource: Resource, turn: Turn) -> Sequence[Step]:
        held = decision.reason if isinstance(decision, plan.Hold | plan.Report | plan.Later) else ""
        where = decision.detail if isinstance(decision, plan.Hold | plan.Report) else ""
        steps = self.of_simpeg()
        if not isinstance(self.rendered, Wanted) and not isinstance(decision, plan.Delete):
            return steps
        if isinstance(self.rendered, Wanted):
            steps.append(self.validated(held, where))
            if held and not held.startswith((*MATCHING, *DIFFERING)):
                return steps
        look = turn.looks.get(self.feed.target)
        ms = self.tape.ms("bkn.rows")
        if look is None:
            return [*steps, Step("match", "not looked at: what BKN has is known, or nothing is to be done", ms)]
        if held.startswith(MATCHING):
            return [*steps, Step("match", held, ms, where)]
        bkn_id = permission.named_row(decision) or self.record.bkn_id
        row = look.row(bkn_id) if bkn_id is not None else None
        how = "by its id" if self.record.bkn_id is not None else "by the natural key"
        steps.append(Step("match", f"BKN has the row, found {how}" if row is not None else "BKN has no such row", ms))
        if held.startswith(DIFFERING):
            steps.append(Step("diff", held, 0.0, where))
        elif row is not None and isinstance(self.rendered, Wanted):
            begun = time.perf_counter()
            found = differences(resource, self.rendered, row)
            names = ", ".join(f"{one.name} ({one.rule})" for one in found)
            steps.append(Step("diff", f"{len(found)} fields differ" if found else "equal", _ms(begun), names))
        return steps

    def of_simpeg(self) -> list[Step]:
        read_ms = self.tape.ms("source.read")
        if isinstance(self.rendered, Gone) and self.rendered.reason == "row.gone":
            return [Step("read", "row.gone", read_ms)]
        steps = [Step("read", "the row is there", read_ms)]
        begun = time.perf_counter()
        self.again()
        map_ms = _ms(begun)
        match self.rendered:
            case Gone(reason):
                return [*steps, Step("scope", reason, map_ms)]
            case Unready(reason, detail) if reason in SCOPE:
                return [*steps, Step("scope", reason, map_ms, detail)]
            case Unready(reason, detail):
                return [*steps, Step("scope", "the feed's, and verified", 0.0), Step("map", reason, map_ms, detail)]
            case Wanted(body=body):
                steps.append(Step("scope", "the feed's, and verified", 0.0))
                return [*steps, Step("map", f"{len(body)} fields", map_ms)]

    def again(self) -> Rendered:
        """Scope and mapping once more, alone: how long they take. The row was just read."""
        rows = [call.answer for call in self.tape.calls if call.name == "source.read" and call.answer is not None]
        row = next((found[self.record.key] for found in reversed(rows) if self.record.key in found), None)
        return render(self.feed, row, link_of=self.view.link_of)

    def validated(self, held: str, where: str) -> Step:
        ms = self.tape.ms("bkn.check", "bkn.person", "source.is_twice", "source.pieces", "files.read", "files.stored")
        fits = not held or held.startswith((*MATCHING, *DIFFERING))
        return Step("validate", "fits BKN's rules" if fits else held, ms, "" if fits else where)


def send(view: View, claim: Claim, tell: Tell) -> None:
    """The claimed record's turn. Raises SourceError, LedgerError, LostClaim."""
    tape = Tape()
    heard = replace(
        view,
        source=Heard("source", view.source, tape),
        bkn=Heard("bkn", view.bkn, tape),
        files=Heard("files", view.files, tape),
        ledger=Heard("ledger", view.ledger, tape),
    )
    pipeline = Told(heard, tape=tape, tell=tell)
    [turn] = pipeline.prepared([claim])
    was_uncertain = any(record.status is Status.UNCERTAIN for record in claim.records)
    pipeline.take_turn(turn)
    error = tape.error()
    if not pipeline.done and isinstance(error, BknError):
        tell(Step("match", "BKN could not be asked", tape.ms("bkn.rows", "bkn.person"), str(error)))
    if was_uncertain:
        tell(Step("verify", "an earlier write was looked for at BKN", tape.ms("bkn.rows", "bkn.document")))
    elif any(isinstance(one, plan.Save | plan.Upload | plan.Delete) for one in pipeline.done):
        written = [call for call in tape.calls if call.name in WRITES]
        if written and _is_accepted(written[-1]):
            tell(_read_back(heard, turn, claim.records[0], tape))


def _read_back(view: View, turn: Turn, record: Record, tape: Tape) -> Step:
    """A look at BKN after the save, for whoever wants to see it."""
    feed = view.feeds[record.feed]
    resource = view.bkn.resource(feed.target)
    if not resource.is_listed:
        return Step("verify", "BKN shows no rows of this kind; its word counts", 0.0)
    before, now = len(tape.calls), view.ledger.find(record.feed, record.key)
    try:
        look = view.look(turn, feed, fresh=True)
    except BknError as error:
        return Step("verify", "BKN could not be asked again", tape.ms("bkn.rows", since=before), str(error))
    ms = tape.ms("bkn.rows", since=before)
    row = look.row(now.bkn_id) if now is not None and now.bkn_id is not None else None
    if now is None or now.bkn_id is None:
        return Step("verify", "BKN does not have the row any more", ms)
    if row is None:
        return Step("verify", "proved by BKN's answer; its list does not show it yet", ms)
    rendered = view.rendered(feed, now)
    names = resource.differences(rendered.body, row) if isinstance(rendered, Wanted) else []
    if names:
        return Step("verify", "BKN shows it with other values, or does not show the new ones yet", ms, ", ".join(names))
    return Step("verify", "BKN shows the row, equal", ms)


def _sent(decision: plan.Decision, call: Call) -> Step:
    action = permission.name_of(decision)
    if call.error is not None:
        return Step("send", f"{action}: not sent", call.ms, str(call.error))
    outcome = call.answer
    assert isinstance(outcome, Outcome)
    http = f"HTTP {outcome.http_status}" if outcome.http_status else ""
    return Step("send", f"{action}: {outcome.verdict}", call.ms, " ".join(filter(None, (http, outcome.code))))


def _is_accepted(call: Call) -> bool:
    return isinstance(call.answer, Outcome) and call.answer.verdict is Verdict.ACCEPTED


def _ms(begun: float) -> float:
    return round((time.perf_counter() - begun) * 1000, 2)
