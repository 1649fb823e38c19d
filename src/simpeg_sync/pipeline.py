"""What happens to one record, from its turn to the ledger. The first file to read.

    dirty record ─▶ read row ─▶ map ─▶ decide ─┬─▶ unchanged, ignored
                                               ├─▶ held (why, what would release it)
                                               └─▶ intent ─▶ call BKN ─▶ outcome ─▶ ledger
                                                                  └─ uncertain ─▶ settle ─▶ read-back

A change never carries the truth; it only marks a record dirty. Here the row is read as it is now, and the least is done
that makes BKN equal to it, one step at a time: link, save, upload, until nothing is left to do. Everything that decides
is in `decide/`, everything that talks is behind `ports.py`.
"""

import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, assert_never

from simpeg_sync import logs
from simpeg_sync.clock import Clock
from simpeg_sync.decide import plan, readback, retry
from simpeg_sync.decide.fields import Resource, identifier
from simpeg_sync.decide.look import BknRow, Look, candidates
from simpeg_sync.decide.plan import Decision
from simpeg_sync.domain.change import FeedName, Nip
from simpeg_sync.domain.errors import BknAnswersBadly, BknDown, BknError, SourceUnfit, SyncError
from simpeg_sync.domain.move import NO_LINK, Intent, Move, saved
from simpeg_sync.domain.outcome import Outcome, Verdict
from simpeg_sync.domain.record import Action, Attempt, AttemptId, BknId, Digest, Record, RecordId, person_of
from simpeg_sync.domain.status import Status
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, Rendered, Wanted, render
from simpeg_sync.ports import Bkn, Claim, Document, Files, Ledger, Link, Source

STEPS_MAX = 4
"""Link, save, upload, rest: no record needs more steps in one turn."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds, from the settings; see design 4.1 and 4.7 for what each protects against."""

    settle_s: float = 180.0
    absent_gap_s: float = 60.0
    delete_grace_s: float = 900.0
    look_again_s: float = 3600.0
    """How often a held record is looked at again when time alone may release it."""


@dataclass(slots=True)
class Turn:
    """One person's turn: the claim, and what BKN has shown of this person so far."""

    claim: Claim
    looks: dict[str, Look] = field(default_factory=dict)
    failed_looks: dict[str, BknError] = field(default_factory=dict)
    """A list that fails for one record of the person fails for all; it is asked for once a turn."""
    unsettled: set[str] = field(default_factory=set)
    """Resources with an open attempt: until it is decided nobody knows what BKN has, so nothing is written there."""
    unlinked: set[RecordId] = field(default_factory=set)
    """Records that lost their row at BKN in this turn, to the same certificate entered anew."""


@dataclass(frozen=True, slots=True)
class Work:
    """One record in its turn: what SIMPEG wants for it now."""

    turn: Turn
    feed: Feed
    resource: Resource
    record: Record
    rendered: Rendered
    document: Document

    @property
    def wanted(self) -> Wanted:
        assert isinstance(self.rendered, Wanted), "only a wanted row is saved, linked or given a document"
        return self.rendered


@dataclass(frozen=True, slots=True)
class Pipeline:
    feeds: Mapping[FeedName, Feed]
    source: Source
    bkn: Bkn
    files: Files
    ledger: Ledger
    clock: Clock
    timing: Timing
    left_at: dict[AttemptId, float] = field(default_factory=dict)
    """Monotonic time of this process's unclear writes: a wall clock that jumps must not shorten their settle time."""

    def take_turn(self, claim: Claim) -> None:
        """Every due record of one person, one after the other. Raises SourceError, LedgerError, LostClaim."""
        turn = Turn(claim, unsettled=self.unsettled(claim))
        # What is uncertain is decided first: nothing else of its kind may leave before.
        for record in sorted(claim.records, key=lambda record: record.status is not Status.UNCERTAIN):
            self.take_one(turn, replace(record, **NO_LINK) if record.id in turn.unlinked else record)

    def take_one(self, turn: Turn, record: Record) -> None:
        try:
            if record.feed not in self.feeds:
                self.without_feed(turn, record)
            elif record.status is Status.UNCERTAIN:
                self.settle(turn, record)
            else:
                self.make_equal(turn, record)
        except BknError as error:
            self.not_now(turn, record, error)
        except SourceUnfit as error:
            self.feed_stops(turn, record, error)
        except SyncError:
            raise
        except Exception as error:
            # One record that our program cannot take must not stop the others.
            self.failed(turn, record, error)

    # ---------------------------------------------------------------------------------------- one record, step by step

    def make_equal(self, turn: Turn, record: Record) -> None:
        feed = self.feeds[record.feed]
        rendered = self.rendered(feed, record)
        if self.is_anothers(turn, record, rendered):
            return
        work = Work(turn, feed, self.bkn.resource(feed.target), record, rendered, self.document(feed, rendered))
        for _ in range(STEPS_MAX):
            after = self.act(work, self.decide(work))
            if after.status is not Status.WORKING:
                return
            work = replace(work, record=after)
        self.ledger.finish(turn.claim, work.record, Move.held("program.too_many_steps"))

    def decide(self, work: Work) -> Decision:
        feed, record, rendered = work.feed, work.record, work.rendered
        decision = plan.before_looking(
            feed,
            record,
            rendered,
            work.document.state,
            moved=self.moved(feed, record, rendered),
            now=self.clock.now(),
            grace_s=self.timing.delete_grace_s,
        )
        if isinstance(decision, plan.Upload) and feed.target in work.turn.unsettled:
            return plan.Later("bkn.unsettled", self.timing.absent_gap_s)
        if not isinstance(decision, plan.LookFirst):
            return decision
        if isinstance(rendered, Wanted) and (complaint := self.bkn.check(feed.target, rendered.body)) is not None:
            return plan.Hold(complaint.reason, complaint.field)
        if feed.target in work.turn.unsettled:
            return plan.Later("bkn.unsettled", self.timing.absent_gap_s)
        if isinstance(rendered, Wanted) and (problem := self.person_problem(rendered)) is not None:
            return problem
        if not feed.look_before_write:
            return plan.without_looking(record, rendered)
        look = self.look(work.turn, feed)
        if isinstance(rendered, Gone):
            if self.is_entered_anew(work, look):
                return plan.Hold("delete.entered_anew", looks_again=True)
            others_wait = self.ledger.has_unlinked_work(work.turn.claim.lane, but=record)
            return plan.after_looking_for_delete(
                work.resource, record, look, reason=rendered.reason, others_wait=others_wait, patience=self.patience
            )
        if record.bkn_id is None and self.is_look_behind(work, look):
            return plan.Later("bkn.not_visible_yet", self.timing.absent_gap_s)
        free, taken = self.matches(work, look)
        return plan.after_looking(
            work.resource, record, work.wanted, look, free=set(free), taken=taken, patience=self.patience
        )

    def act(self, work: Work, decision: Decision) -> Record:
        """Does what was decided and gives the record as the ledger has it afterwards."""
        match decision:
            case plan.Save():
                return self.save(work, decision)
            case plan.Link(bkn_id):
                return self.link(work, bkn_id)
            case plan.Upload(bkn_id, digest):
                return self.upload(work, bkn_id, digest)
            case plan.Delete(bkn_id, reason):
                return self.delete(work, bkn_id, reason)
            case plan.Unchanged():
                move = Move.unchanged()
            case plan.StillRefused():
                move = Move.still_refused(work.record)
            case plan.Removed(reason):
                move = Move.removed(reason)
            case plan.Ignore(reason):
                move = Move.ignored(reason)
            case plan.Hold(reason, detail, looks_again):
                again = self.clock.now() + self.timing.look_again_s if looks_again else None
                move = Move.held(reason, detail, look_again_at=again)
            case plan.Later(reason, wait_s):
                move = self.later(work, reason, wait_s)
            case plan.LookFirst():
                raise AssertionError("decide() looks before it answers")
            case _:
                assert_never(decision)
        if not isinstance(work.rendered, Gone):
            move = move.with_row_back()
        return self.ledger.finish(work.turn.claim, work.record, move)

    # ------------------------------------------------------------------------------------------------- the four steps

    def save(self, work: Work, decision: plan.Save) -> Record:
        wanted, look = work.wanted, self.seen(work)
        pns_id = self.pns_id(wanted)
        assert pns_id is not None, "decide() holds a person that BKN does not know"
        body = {**decision.carried_over, **wanted.body}
        if (complaint := self.bkn.check(work.feed.target, body)) is not None:
            # BKN holds a value of its own that it would not take back; emptying it in silence is not ours to do.
            return self.ledger.finish(work.turn.claim, work.record, Move.held("carried_over.unfit", complaint.field))
        with self.bkn.about_to_write():
            attempt = self.intend(work, decision.action, wanted.digest, decision.bkn_id, body=wanted.body, look=look)
            outcome = called(lambda: self.bkn.save(work.feed.target, body, pns_id=pns_id, bkn_id=decision.bkn_id))
        outcome = proof(decision, outcome, known_ids=look.ids | self.links(work.turn).keys())
        bkn_id = outcome.bkn_id or decision.bkn_id
        if outcome.verdict is not Verdict.ACCEPTED or bkn_id is None:
            return self.not_accepted(work, attempt, outcome)
        look.note_save(work.resource, bkn_id, body)
        confirmed = work.resource.confirmed(wanted.body)
        now = self.clock.now()
        after = replace(work.record, **saved(bkn_id, wanted.digest, confirmed, now=now))
        more_to_do = not isinstance(plan.document_step(after, work.document.state), plan.Unchanged)
        move = Move.proved(
            bkn_id,
            digest=wanted.digest,
            confirmed=confirmed,
            now=now,
            more_to_do=more_to_do,
            wakes=work.feed.moves_with,
        )
        return self.ledger.end_attempt(work.turn.claim, work.record, attempt, outcome, move)

    def link(self, work: Work, bkn_id: BknId) -> Record:
        """BKN has the row already; its content and its certificate may still differ, the next step will see."""
        row = self.look(work.turn, work.feed).row(bkn_id) or {}
        body, record = work.wanted.body, work.record
        owner = self.owner(work, bkn_id)
        if owner is not None:
            work.turn.unlinked.add(owner)
        equal = not work.resource.differences(body, row)
        document_digest = record.document_digest
        if record.bkn_id is None and work.document.state.digest is not None:
            served = self.bkn.document(work.feed.target, row)
            document_digest = work.document.state.digest if served == work.document.content else None
        move = Move.linked(
            bkn_id,
            confirmed={**work.resource.seen(body, row), **work.resource.unseen(body)},
            synced_digest=work.wanted.digest if equal else None,
            document_digest=document_digest,
            link_from=owner,
            wakes=work.feed.moves_with if equal else (),
        )
        return self.ledger.finish(work.turn.claim, record, move)

    def upload(self, work: Work, bkn_id: BknId, digest: Digest) -> Record:
        file_name = work.wanted.file_name or ""
        with self.bkn.about_to_write():
            attempt = self.intend(work, Action.UPLOAD, digest, bkn_id)
            outcome = called(
                lambda: self.bkn.upload(work.feed.target, bkn_id, file_name=file_name, content=work.document.content)
            )
        if outcome.verdict is Verdict.REFUSED:
            move = Move.document_refused(digest, outcome.code, outcome.message)
        elif outcome.verdict is Verdict.ACCEPTED:
            move = Move.document_proved(digest)
        else:
            return self.not_accepted(work, attempt, outcome)
        return self.ledger.end_attempt(work.turn.claim, work.record, attempt, outcome, move)

    def delete(self, work: Work, bkn_id: BknId, reason: str) -> Record:
        look = self.seen(work)
        with self.bkn.about_to_write():
            attempt = self.intend(work, Action.DELETE, plan.delete_digest(bkn_id), bkn_id)
            outcome = called(lambda: self.bkn.delete(work.feed.target, bkn_id))
        if outcome.verdict is not Verdict.ACCEPTED:
            return self.not_accepted(work, attempt, outcome)
        look.note_delete(bkn_id)
        return self.ledger.end_attempt(work.turn.claim, work.record, attempt, outcome, Move.removed(reason))

    # --------------------------------------------------------------------------------- before and after a write leaves

    def intend(
        self,
        work: Work,
        action: Action,
        digest: Digest,
        bkn_id: BknId | None,
        *,
        body: Mapping[str, Any] | None = None,
        look: Look | None = None,
    ) -> Attempt:
        """Durable before the request leaves. From here on only an answer or a read-back says what happened."""
        intent = Intent(
            record=work.record,
            action=action,
            digest=digest,
            body=body or {},
            bkn_id=bkn_id,
            known_ids=look.ids if look else frozenset(),
            settle_at=self.clock.now() + self.timing.settle_s,
        )
        return self.ledger.begin_attempt(work.turn.claim, intent)

    def not_accepted(self, work: Work, attempt: Attempt, outcome: Outcome) -> Record:
        record, failures = work.record, work.record.failures + 1
        match outcome.verdict:
            case Verdict.REFUSED:
                move = Move.refused(outcome.code, outcome.message, attempt.digest)
            case Verdict.UNCLEAR | Verdict.ACCEPTED:
                work.turn.unsettled.add(work.feed.target)
                self.left_at[attempt.id] = self.clock.monotonic()
                move = Move.unclear(outcome.code, settle_at=self.clock.now() + self.timing.settle_s)
            case Verdict.NOT_EXECUTED if outcome.stops_all or not retry.too_often(failures):
                wait_s = retry.wait_s(failures, jitter=self.clock.jitter(), retry_after_s=outcome.retry_after_s)
                # An outage is not the record's fault: it burns none of its tries.
                counted = record.failures if outcome.stops_all else failures
                move = Move.put_back(
                    "bkn.not_executed", outcome.code, due_at=self.clock.now() + wait_s, failures=counted
                )
            case Verdict.NOT_EXECUTED:
                move = Move.held("tries.exhausted", outcome.code)
            case _:
                assert_never(outcome.verdict)
        return self.ledger.end_attempt(work.turn.claim, record, attempt, outcome, move)

    # ------------------------------------------------------------------------------------------ an uncertain write

    def settle(self, turn: Turn, record: Record) -> None:
        """A fresh look at BKN says what became of the write. Nothing is sent."""
        feed = self.feeds[record.feed]
        resource = self.bkn.resource(feed.target)
        attempt = self.ledger.open_attempt(record)
        if attempt is None:
            raise AssertionError(f"record {record.id} is uncertain without an open attempt")
        if (early_s := self.settles_in_s(attempt)) > 0:
            again = self.clock.now() + early_s
            self.ledger.finish(turn.claim, record, Move.still_unclear("answer.unclear", look_again_at=again))
            return
        look = self.look(turn, feed, fresh=True)
        judgement = readback.judge(
            attempt,
            record,
            resource,
            look,
            owned_by_others={
                identifier(link.record.bkn_id)
                for link in self.ledger.links(turn.claim.lane)
                if link.record.id != record.id
            },
            natural_key=feed.natural_key,
            document_matches=self.document_arrived(feed, attempt, look),
            now=self.clock.now(),
            absent_gap_s=self.timing.absent_gap_s,
        )
        self.settled(turn, record, attempt, judgement)

    def settles_in_s(self, attempt: Attempt) -> float:
        left_at = self.left_at.get(attempt.id)
        return 0.0 if left_at is None else left_at + self.timing.settle_s - self.clock.monotonic()

    def settled(self, turn: Turn, record: Record, attempt: Attempt, judgement: readback.Judgement) -> None:
        feed, now = self.feeds[record.feed], self.clock.now()
        changes: Mapping[str, Any]
        match judgement:
            case readback.AskAgain(wait_s):
                move = Move.still_unclear("settle.no_trace_yet", look_again_at=now + wait_s)
                self.ledger.note_absent(turn.claim, record, attempt, move)
                return
            case readback.Undecidable(reason, detail):
                # What BKN holds now is not what it held before, even if SIMPEG should take its change back.
                changes = {} if attempt.action is Action.UPLOAD else {"synced_digest": None}
                move, verdict = Move.held(reason, detail, **changes), "undecidable"
            case readback.NotExecuted() if record.deaths >= retry.DEATHS_MAX:
                move, verdict = Move.held("worker.dies"), "not_executed"
            case readback.NotExecuted() if retry.too_often(record.failures + 1):
                move, verdict = Move.held("tries.exhausted", "settle.not_executed"), "not_executed"
            case readback.NotExecuted():
                wait_s = retry.wait_s(record.failures, jitter=self.clock.jitter()) if record.failures else 0.0
                changes = {"failures": record.failures + 1}
                move, verdict = (
                    Move.decided("settle.not_executed", due_at=now + wait_s, changes=changes),
                    "not_executed",
                )
            case readback.Landed(bkn_id):
                row = self.look(turn, feed).row(bkn_id) or {}
                confirmed = self.bkn.resource(feed.target).seen(attempt.body, row)
                changes = {"bkn_id": bkn_id, "confirmed": confirmed, "synced_digest": None}
                move, verdict = Move.decided("settle.landed", due_at=now, changes=changes), "executed"
            case readback.Executed() if attempt.action is Action.DELETE:
                verdict, move = "executed", Move.removed("settle.executed")
                if not isinstance(self.rendered(feed, record), Gone):
                    # Entered again meanwhile: the record starts afresh, without a row at BKN.
                    move = Move.decided("settle.executed", due_at=now, changes=NO_LINK)
            case readback.Executed(bkn_id):
                changes = executed(attempt, bkn_id, self.bkn.resource(feed.target), now=now)
                move = Move.decided("settle.executed", due_at=now, changes=changes, wakes=feed.moves_with)
                verdict = "executed"
            case _:
                assert_never(judgement)
        self.ledger.settle_attempt(turn.claim, record, attempt, verdict, move)
        self.left_at.pop(attempt.id, None)
        turn.unsettled = self.unsettled(turn.claim)

    def unsettled(self, claim: Claim) -> set[str]:
        links = self.ledger.links(claim.lane)
        feeds = [self.feeds.get(link.record.feed) for link in links if link.has_open_attempt]
        return {feed.target for feed in feeds if feed is not None}

    def document_arrived(self, feed: Feed, attempt: Attempt, look: Look) -> bool:
        if attempt.action is not Action.UPLOAD or attempt.bkn_id is None:
            return False
        row = look.row(attempt.bkn_id)
        served = self.bkn.document(feed.target, row) if row is not None else None
        return served is not None and self.files.digest(served) == attempt.digest

    # ------------------------------------------------------------------------------------- what the decisions ask for

    def rendered(self, feed: Feed, record: Record) -> Rendered:
        """What the feed wants for the record's key, by SIMPEG as it is now."""
        return render(feed, self.source.read(feed, [record.key]).get(record.key))

    def is_anothers(self, turn: Turn, record: Record, rendered: Rendered) -> bool:
        """The lane is a person; a row that is somebody else's now must not be written in this lane.

        Where BKN shows our row under the new NIP, both sides have corrected the NIP of one person, and the link goes along.
        """
        nip = None if isinstance(rendered, Gone) else rendered.nip
        if nip is None or nip == turn.claim.lane:
            return False
        if record.bkn_id is None or self.has_row(self.feeds[record.feed], nip, record.bkn_id):
            self.ledger.change_lane(turn.claim, record, nip)
        else:
            self.ledger.finish(turn.claim, record, Move.held("person.changed"))
        return True

    def has_row(self, feed: Feed, nip: Nip, bkn_id: BknId) -> bool:
        return Look.of(self.bkn.rows(feed.target, nip)).row(bkn_id) is not None

    def document(self, feed: Feed, rendered: Rendered) -> Document:
        if feed.document is None or not isinstance(rendered, Wanted) or not rendered.file_name:
            return Document(plan.NO_FILE)
        return self.files.read(feed.document.directory, rendered.file_name)

    def moved(self, feed: Feed, record: Record, rendered: Rendered) -> plan.Moved | None:
        """Whether another feed of the same table has the row of a gone record now, and whether BKN has it there."""
        if not isinstance(rendered, Gone) or record.bkn_id is None:
            return None
        for name in feed.moves_with:
            there = self.rendered(self.feeds[name], record)
            if isinstance(there, Gone):
                continue
            sibling = self.ledger.find(name, record.key)
            is_proved = (
                sibling is not None
                and isinstance(there, Wanted)
                and sibling.synced_digest == there.digest
                and sibling.status not in (Status.SENDING, Status.UNCERTAIN)
            )
            return plan.Moved(proved=is_proved, same_person=there.nip in (None, record.lane))
        return None

    def look(self, turn: Turn, feed: Feed, *, fresh: bool = False) -> Look:
        """BKN's rows of this person: one list GET per resource and turn."""
        nip = person_of(turn.claim.lane)
        assert nip is not None, "a lane without a person has nothing at BKN"
        if feed.target in turn.failed_looks:
            raise turn.failed_looks[feed.target]
        if fresh or feed.target not in turn.looks:
            try:
                turn.looks[feed.target] = Look.of(self.bkn.rows(feed.target, nip))
            except BknError as error:
                turn.failed_looks[feed.target] = error
                raise
        return turn.looks[feed.target]

    @property
    def patience(self) -> plan.Patience:
        return plan.Patience(self.clock.now(), self.timing.settle_s, self.timing.absent_gap_s)

    def seen(self, work: Work) -> Look:
        """What this turn has seen already; nothing when the feed writes without looking."""
        return (
            work.turn.looks.setdefault(work.feed.target, Look())
            if not work.feed.look_before_write
            else self.look(work.turn, work.feed)
        )

    def pns_id(self, wanted: Wanted) -> BknId | None:
        """BKN's id of the person, as BKN itself says it: asked once for each NIP. SIMPEG's own copy is only compared,
        since a copied row or a wrong join would write into a stranger's history."""
        known = self.ledger.person(wanted.nip)
        if known is None and (known := self.bkn.person(wanted.nip)) is not None:
            self.ledger.remember_person(wanted.nip, known)
        return known

    def person_problem(self, wanted: Wanted) -> plan.Hold | None:
        known = self.pns_id(wanted)
        if known is None:
            return plan.Hold("person.unknown_at_bkn", looks_again=True)
        if wanted.person_bkn_id is not None and identifier(wanted.person_bkn_id) != identifier(known):
            return plan.Hold("person.id_differs", looks_again=True)
        return None

    def matches(self, work: Work, look: Look) -> tuple[list[BknId], list[BknId]]:
        """BKN's rows that may be this unlinked record: the free ones, and those that a living record owns."""
        if work.record.bkn_id is not None:
            return [], []
        found = candidates(work.wanted, work.resource, work.feed.natural_key, look)
        links = self.links(work.turn)
        free = [
            bkn_id
            for bkn_id in found
            if (link := links.get(identifier(bkn_id))) is None or self.has_lost_its_row(link, look.row(bkn_id) or {})
        ]
        return free, [bkn_id for bkn_id in found if bkn_id not in free]

    def is_look_behind(self, work: Work, look: Look) -> bool:
        """Whether the look cannot show yet what we wrote for this person a moment ago: a row that we made is missing, or
        one that we deleted is still there. Before an unlinked record is linked or created, it has to."""
        since = self.clock.now() - self.timing.settle_s
        made = [
            link.record
            for link in self.ledger.links(work.turn.claim.lane)
            if link.record.feed in self.feeds
            and self.feeds[link.record.feed].target == work.feed.target
            and (link.record.synced_at or 0.0) > since
        ]
        is_missing = any(record.bkn_id is not None and look.row(record.bkn_id) is None for record in made)
        gone = {identifier(bkn_id) for bkn_id in self.ledger.deleted_since(work.turn.claim.lane, since)}
        return is_missing or not gone.isdisjoint(look.ids)

    def is_entered_anew(self, work: Work, look: Look) -> bool:
        """Whether another row of the person, that may not leave yet, is the certificate that is about to be deleted."""
        row = look.row(work.record.bkn_id) if work.record.bkn_id else None
        for other in self.ledger.held_without_row(work.turn.claim.lane) if row is not None else ():
            feed = self.feeds.get(other.feed)
            if feed is None or feed.target != work.feed.target:
                continue
            # Verified or not, active or not: it is the same certificate that counts.
            wanted = self.rendered(replace(feed, verified=None, active_person=None), other)
            if isinstance(wanted, Wanted) and work.resource.same_by(feed.natural_key, wanted.body, row or {}):
                return True
        return False

    def owner(self, work: Work, bkn_id: BknId) -> RecordId | None:
        """The record whose row was deleted and entered anew as this one; it loses its link."""
        link = self.links(work.turn).get(identifier(bkn_id))
        return link.record.id if link is not None and link.record.id != work.record.id else None

    def links(self, turn: Turn) -> Mapping[str, Link]:
        return {
            identifier(link.record.bkn_id): link for link in self.ledger.links(turn.claim.lane) if link.record.bkn_id
        }

    def has_lost_its_row(self, link: Link, row: BknRow) -> bool:
        """Whether the owner of BKN's row wants another one now: its own row in SIMPEG is gone, or its key was re-used for
        another certificate. While anything of it is under way nobody knows."""
        feed = self.feeds.get(link.record.feed)
        if feed is None or link.has_open_attempt:
            return False
        now = self.rendered(replace(feed, verified=None, active_person=None), link.record)
        if isinstance(now, Wanted):
            return not self.bkn.resource(feed.target).same_by(feed.natural_key, now.body, row)
        return isinstance(now, Gone)

    def later(self, work: Work, reason: str, wait_s: float) -> Move:
        now, record = self.clock.now(), work.record
        is_gone = isinstance(work.rendered, Gone)
        gone_since = (now if record.gone_since is None else record.gone_since) if is_gone else None
        return Move.put_back(reason, due_at=now + wait_s, failures=record.failures, gone_since=gone_since)

    def not_now(self, turn: Turn, record: Record, error: BknError) -> None:
        """Nothing of this record left: BKN is down, refuses our login, or cannot tell us about this person."""
        asked = error.retry_after_s if isinstance(error, BknDown) else None
        is_records_own = isinstance(error, BknAnswersBadly)
        failures = record.failures + is_records_own
        wait_s = retry.wait_s(max(1, failures), jitter=self.clock.jitter(), retry_after_s=asked)
        due_at = self.clock.now() + wait_s
        reason = "bkn.read_fails" if is_records_own else "bkn.down"
        if record.status is Status.UNCERTAIN:
            move = Move.still_unclear(reason, look_again_at=due_at, failures=failures)
        elif is_records_own and retry.too_often(failures):
            move = Move.held(reason, look_again_at=self.clock.now() + self.timing.look_again_s, failures=0)
        else:
            move = Move.put_back(reason, due_at=due_at, failures=failures)
        self.ledger.finish(turn.claim, record, move)

    def without_feed(self, turn: Turn, record: Record) -> None:
        """The configuration no longer has the record's feed: nothing is done to it, and nothing is forgotten."""
        if record.status is Status.UNCERTAIN:
            again = self.clock.now() + self.timing.look_again_s
            self.ledger.finish(turn.claim, record, Move.still_unclear("feed.removed", look_again_at=again))
        else:
            self.ledger.finish(turn.claim, record, Move.held("feed.removed"))

    def feed_stops(self, turn: Turn, record: Record, error: SourceUnfit) -> None:
        """A table or column of the feed is not what it was; its records wait, the other feeds go on."""
        logs.get().error("source.feed_unfit", feed=record.feed, problem=str(error))
        again = self.clock.now() + self.timing.look_again_s
        if record.status is Status.UNCERTAIN:
            self.ledger.finish(turn.claim, record, Move.still_unclear("source.unfit", look_again_at=again))
        else:
            self.ledger.finish(turn.claim, record, Move.held("source.unfit", look_again_at=again))

    def failed(self, turn: Turn, record: Record, error: Exception) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        detail = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
        logs.get().error("record.failed", record_id=record.id, feed=record.feed, error_class=detail)
        self.ledger.break_off(turn.claim, record, "program.failed", detail)
        turn.unsettled = self.unsettled(turn.claim)


def called(call: Callable[[], Outcome]) -> Outcome:
    """BknDown and LoginRefused come only from calls that never left."""
    try:
        return call()
    except BknError as error:
        retry_after_s = error.retry_after_s if isinstance(error, BknDown) else None
        return Outcome.not_executed("bkn.down", stops_all=True, retry_after_s=retry_after_s)


def proof(decision: plan.Save, outcome: Outcome, *, known_ids: Collection[str]) -> Outcome:
    """A save's answer carries only an id. It proves itself when the id is new to us, or the one we named."""
    if outcome.verdict is not Verdict.ACCEPTED:
        return outcome
    if decision.action is Action.CREATE:
        proved = outcome.bkn_id is not None and identifier(outcome.bkn_id) not in known_ids
    else:
        proved = identifier(outcome.bkn_id) == identifier(decision.bkn_id)
    return outcome if proved else Outcome.unclear("answer.not_proved", http_status=outcome.http_status)


def executed(attempt: Attempt, bkn_id: BknId | None, resource: Resource, *, now: float) -> Mapping[str, Any]:
    """What is known of the record once a read-back has found the write. The next step starts from here."""
    match attempt.action:
        case Action.CREATE | Action.UPDATE:
            assert bkn_id is not None
            return saved(bkn_id, attempt.digest, resource.confirmed(attempt.body), now=now)
        case Action.UPLOAD:
            return {"document_digest": attempt.digest, "failures": 0, "deaths": 0}
        case Action.DELETE:
            raise AssertionError("a proved delete removes the record, nothing of it is left to know")
