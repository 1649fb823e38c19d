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
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, assert_never

from simpeg_sync import logs
from simpeg_sync.decide import permission, plan, readback, retry
from simpeg_sync.decide.fields import identifier
from simpeg_sync.decide.look import Look
from simpeg_sync.decide.plan import Decision
from simpeg_sync.domain.errors import BknAnswersBadly, BknDown, BknError, FeedBraked, SourceUnfit, SyncError
from simpeg_sync.domain.move import NO_LINK, Intent, Move, saved
from simpeg_sync.domain.outcome import Outcome, Verdict
from simpeg_sync.domain.permission import Stage
from simpeg_sync.domain.record import Action, Attempt, BknId, Digest, Record
from simpeg_sync.domain.status import Status
from simpeg_sync.mapping.render import Gone, Rendered, Unready, Wanted
from simpeg_sync.ports import Certificate, Claim
from simpeg_sync.settling import KIND, Settling
from simpeg_sync.turn import Turn, View, Work

STEPS_MAX = 6
"""Link, save, two certificates, follow-up, rest: no record needs more steps in one turn."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    view: View
    settling: Settling = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settling", Settling(self.view))

    def prepared(self, claims: Sequence[Claim]) -> list[Turn]:
        """What the turns of several people need first, read at once for all of them. Raises SourceDown."""
        return self.view.prepared(claims)

    def take_turn(self, turn: Turn) -> None:
        """Every due record of one person, one after the other. Raises SourceError, LedgerError, LostClaim."""
        claim = turn.claim
        for record in sorted(claim.records, key=self.order):
            self.take_one(turn, replace(record, **NO_LINK) if record.id in turn.unlinked else record)

    def order(self, record: Record) -> tuple[bool, bool, bool]:
        """What is uncertain is decided first: nothing else of its kind may leave before. Then who the person is, since that
        may hold all else. Who waits for the others comes after them, those that are only looked at again too."""
        is_known = record.status is not Status.UNCERTAIN
        return is_known, record.feed not in self.view.identifying, record.reason == plan.OTHERS_FIRST

    def take_one(self, turn: Turn, record: Record) -> None:
        turn.links = None
        try:
            if record.feed not in self.view.feeds:
                self.without_feed(turn, record)
            elif record.status is Status.UNCERTAIN:
                self.settling.settle(turn, record)
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
        rendered = self.view.rendered(self.view.feeds[record.feed], record, turn)
        if self.is_anothers(turn, record, rendered):
            return
        work = self.view.work(turn, record, rendered)
        for _ in range(STEPS_MAX):
            work, decision = self.permitted(work)
            if work.resource.identity:
                self.view.note_identity(work, decision)
            try:
                after = self.act(work, decision)
            except FeedBraked as braked:
                turn.braked = None
                after = self.act(work, plan.Hold("feed.braked", braked.by))
            if after.status is not Status.WORKING:
                return
            work, turn.links = replace(work, record=after, taken={}), None
        self.view.ledger.finish(turn.claim, work.record, Move.held("program.too_many_steps"))

    def permitted(self, work: Work) -> tuple[Work, Decision]:
        """What is to be done. Where an operator's plan names the record, exactly what it says, as long as both sides show
        what they showed then; else the ordinary rules, and the plan is told what has changed."""
        asked = work.record.permission
        if asked is None or asked.stage is Stage.SPENT:
            return work, self.decide(work)
        plain = replace(work, record=permission.restored(work.record))
        wished = replace(plain, record=permission.wished(plain.record, work.resource, asked.wishes))
        decision = self.decide(wished)
        match permission.judged(asked, self.facts(plain, decision), decision):
            case permission.Fits():
                seen = self.view.seen_digests(plain)
                taken = permission.taken(asked, plain.record, wished.record, seen)
                return replace(wished, record=replace(wished.record, **taken), taken=taken), decision
            case permission.Rests():
                return work, decision
            case permission.Changed(reason, detail):
                after = self.view.ledger.void(work.turn.claim, work.record, reason, detail)
                plain = replace(plain, record=after)
                return plain, self.decide(plain)

    def facts(self, work: Work, decision: Decision) -> permission.Facts:
        look = work.turn.looks.get(work.feed.target)
        files = work.files if isinstance(work.rendered, Wanted) else None
        return permission.facts(work.resource, work.record, work.rendered, decision, files=files, look=look)

    def decide(self, work: Work) -> Decision:
        feed, resource, record, rendered = work.feed, work.resource, work.record, work.rendered
        decision = plan.before_looking(
            feed,
            resource,
            record,
            rendered,
            work.files,
            moved=self.view.moved(feed, record, rendered),
            now=self.view.clock.now(),
            grace_s=self.view.timing.delete_grace_s,
        )
        is_to_write = isinstance(decision, plan.Upload | plan.FollowUp | plan.LookFirst)
        if is_to_write and (doubtful := self.view.doubtful(work)) is not None:
            return doubtful
        if isinstance(decision, plan.Upload) and feed.target in work.turn.unsettled:
            return plan.Later("bkn.unsettled", self.view.timing.absent_gap_s)
        if not isinstance(decision, plan.LookFirst):
            return decision
        if by := self.view.braked_by(work):
            return plan.Hold("feed.braked", by)
        if isinstance(rendered, Wanted) and (complaint := self.view.bkn.check(feed.target, rendered.body)) is not None:
            # BKN's code tables grow: what is not known today may be after the next pull.
            return plan.Hold(complaint.reason, complaint.field, looks_again=complaint.reason == "code.not_at_bkn")
        if feed.target in work.turn.unsettled:
            return plan.Later("bkn.unsettled", self.view.timing.absent_gap_s)
        if isinstance(rendered, Wanted) and (problem := self.view.person_problem(work)) is not None:
            return problem
        keeps_last = isinstance(rendered, Gone) and resource.keeps_last
        if not self.view.looks_first(feed) and not keeps_last:
            return plan.without_looking(record, rendered)
        look = self.view.look(work.turn, feed)
        if isinstance(rendered, Gone):
            return self.decide_delete(work, rendered, look)
        if record.bkn_id is None and self.view.is_look_behind(work, look):
            return plan.Later("bkn.not_visible_yet", self.view.timing.absent_gap_s)
        free, taken = self.view.matches(work, look)
        decision = plan.after_looking(
            resource,
            record,
            work.wanted,
            look,
            files=work.files,
            natural_key=feed.natural_key,
            free=set(free),
            taken=taken,
            patience=self.view.patience,
        )
        if resource.identity:
            return self.view.identified(work, look, decision)
        return self.view.case(work, look, free).decide(decision)

    def decide_delete(self, work: Work, gone: Gone, look: Look) -> Decision:
        if self.view.is_entered_anew(work, look):
            return plan.Hold("delete.entered_anew", looks_again=True)
        if (other := self.view.under_unknown_nip(work)) is not None:
            return plan.Hold("delete.renamed", f"record {other.id}", looks_again=True)
        if work.resource.keeps_last and self.view.is_look_behind(work, look):
            # A row that we have deleted, still shown, must not count as the one that stays.
            return plan.Later("bkn.not_visible_yet", self.view.timing.absent_gap_s)
        others_wait = self.view.ledger.has_unlinked_work(work.turn.claim.lane, but=work.record)
        return plan.after_looking_for_delete(
            work.resource, work.record, look, reason=gone.reason, others_wait=others_wait, patience=self.view.patience
        )

    def act(self, work: Work, decision: Decision) -> Record:
        """Does what was decided and gives the record as the ledger has it afterwards."""
        now = self.view.clock.now()
        match decision:
            case plan.Save():
                return self.save(work, decision)
            case plan.Link(bkn_id):
                return self.link(work, bkn_id)
            case plan.Upload(bkn_id, kind, digest):
                return self.upload(work, bkn_id, kind, digest)
            case plan.FollowUp(call):
                return self.follow_up(work, call)
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
                again = now + self.view.timing.look_again_s if looks_again else None
                move = Move.held(reason, detail, look_again_at=again)
            case plan.Report(reason, detail):
                move = Move.held(reason, detail, look_again_at=now + self.view.timing.compare_again_s)
            case plan.Later(reason, wait_s):
                move = self.later(work, reason, wait_s)
            case plan.LookFirst():
                raise AssertionError("decide() looks before it answers")
            case _:
                assert_never(decision)
        if not isinstance(work.rendered, Gone):
            left = isinstance(work.rendered, Unready) and work.rendered.reason == "person.inactive"
            move = move.with_row_back(person_left=left, wanted_digest=self.view.content(work))
        return self.view.ledger.finish(work.turn.claim, work.record, move)

    # ------------------------------------------------------------------------------------------------- the five steps

    def save(self, work: Work, decision: plan.Save) -> Record:
        wanted, look, resource = work.wanted, self.view.seen(work), work.resource
        pns_id = self.view.pns_id(work.turn, wanted)
        assert pns_id is not None, "decide() holds a person that BKN does not know"
        bkn_id = decision.bkn_id or (pns_id if resource.is_single else None)
        body = {**decision.carried_over, **wanted.body}
        if decision.carried_over and (complaint := self.view.bkn.check(work.feed.target, body)) is not None:
            # BKN holds a value of its own that it would not take back; emptying it in silence is not ours to do.
            return self.view.ledger.finish(
                work.turn.claim, work.record, Move.held("carried_over.unfit", complaint.field)
            )
        files = self.certificates(work) if resource.takes_files_with_save else {}
        with self.about_to_write(work):
            attempt = self.intend(work, decision.action, wanted.digest, bkn_id, body=wanted.body, look=look)
            outcome = called(
                lambda: self.view.bkn.save(work.feed.target, body, pns_id=pns_id, bkn_id=bkn_id, files=files)
            )
        outcome = self.proved(work, attempt, outcome, look)
        named = outcome.bkn_id or bkn_id
        if outcome.verdict is not Verdict.ACCEPTED or (named is None and resource.is_listed):
            return self.not_accepted(work, attempt, outcome)
        if named is not None:
            look.note_save(resource, named, body)
        now, confirmed = self.view.clock.now(), resource.confirmed(wanted.body)
        done = {**work.record.done, **(self.digests(work) if files else {})}
        after = replace(work.record, **saved(named, wanted.digest, confirmed, now=now), done=done)
        move = Move.proved(
            named,
            digest=wanted.digest,
            confirmed=confirmed,
            now=now,
            more_to_do=plan.after_content(resource, after, work.files) != plan.Unchanged(),
            wakes=self.view.waiting_for(work.feed),
            done=done,
        )
        return self.view.ledger.end_attempt(work.turn.claim, work.record, attempt, outcome, move)

    def link(self, work: Work, bkn_id: BknId) -> Record:
        """BKN has the row already; its content and its certificates may still differ, the next step will see."""
        row = self.view.look(work.turn, work.feed).row(bkn_id) or {}
        body, record, resource = work.wanted.body, work.record, work.resource
        owner = self.view.owner(work, bkn_id)
        if owner is not None:
            work.turn.unlinked.add(owner)
        equal = not resource.differences(body, row)
        if resource.identity and self.view.ledger.person(work.wanted.nip) != bkn_id:
            self.view.ledger.remember_person(work.wanted.nip, bkn_id)
        done = dict(record.done)
        if record.bkn_id is None:
            done |= self.served(work, row)
        if resource.follow_up and equal:
            # BKN had the content without our save: what has to follow one was another hand's business.
            done[resource.follow_up] = work.wanted.digest
        move = Move.linked(
            bkn_id,
            confirmed={**resource.seen(body, row), **resource.unseen(body, row)},
            synced_digest=work.wanted.digest if equal else None,
            done=done,
            link_from=owner,
            wakes=self.view.waiting_for(work.feed),
        )
        return self.view.ledger.finish(work.turn.claim, record, move)

    def upload(self, work: Work, bkn_id: BknId, kind: str, digest: Digest) -> Record:
        certificate = self.certificates(work)[kind]
        with self.about_to_write(work):
            attempt = self.intend(work, Action.UPLOAD, digest, bkn_id, body={KIND: kind})
            outcome = called(lambda: self.view.bkn.upload(work.feed.target, bkn_id, kind, certificate))
        done = {**work.record.done, kind: digest}
        if outcome.verdict is Verdict.REFUSED:
            # Beside those that were refused before, or two refused ones would be sent in turns.
            files = [one for one in self.digests(work).values() if one == digest or work.record.has_refused(one)]
            refused = Digest(" ".join(dict.fromkeys(files)))
            after = plan.after_content(work.resource, replace(work.record, refused_digest=refused), work.files)
            again = self.view.clock.now() if isinstance(after, plan.Upload | plan.FollowUp) else None
            move = Move.document_refused(refused, outcome.code, outcome.message, look_again_at=again)
        elif outcome.verdict is Verdict.ACCEPTED:
            after = plan.after_content(work.resource, replace(work.record, done=done), work.files)
            move = Move.document_proved(done, more_to_do=after != plan.Unchanged())
        else:
            return self.not_accepted(work, attempt, outcome)
        return self.view.ledger.end_attempt(work.turn.claim, work.record, attempt, outcome, move)

    def follow_up(self, work: Work, call: str) -> Record:
        """A GET of BKN that may be made any number of times: it needs no intent, and what is unclear is asked again."""
        record, now = work.record, self.view.clock.now()
        pns_id = self.view.pns_id(work.turn, work.wanted)
        assert pns_id is not None and record.synced_digest is not None, "only what is at BKN is followed up"
        outcome = called(lambda: self.view.bkn.follow_up(work.feed.target, pns_id))
        failures = record.failures + (not outcome.stops_all)
        if outcome.verdict is Verdict.ACCEPTED:
            move = self.followed_up(work, {**record.done, call: record.synced_digest})
        elif outcome.verdict is Verdict.REFUSED or retry.too_often(failures):
            move = Move.held("follow_up.fails", outcome.code)
        else:
            wait_s = retry.wait_s(
                max(1, failures), jitter=self.view.clock.jitter(), retry_after_s=outcome.retry_after_s
            )
            move = Move.put_back("follow_up.waits", outcome.code, due_at=now + wait_s, failures=failures)
        return self.view.ledger.finish(work.turn.claim, record, move)

    def followed_up(self, work: Work, done: Mapping[str, Digest]) -> Move:
        match plan.after_content(work.resource, replace(work.record, done=done), work.files):
            case plan.Hold(reason, detail, looks_again):
                again = self.view.clock.now() + self.view.timing.look_again_s if looks_again else None
                return Move.held(reason, detail, look_again_at=again, done=done)
            case _:
                return Move.followed_up(done)

    def delete(self, work: Work, bkn_id: BknId, reason: str) -> Record:
        look = self.view.seen(work)
        with self.about_to_write(work):
            attempt = self.intend(work, Action.DELETE, plan.delete_digest(bkn_id), bkn_id)
            outcome = called(lambda: self.view.bkn.delete(work.feed.target, bkn_id))
        if outcome.verdict is not Verdict.ACCEPTED:
            return self.not_accepted(work, attempt, outcome)
        look.note_delete(bkn_id)
        return self.view.ledger.end_attempt(work.turn.claim, work.record, attempt, outcome, Move.removed(reason))

    def certificates(self, work: Work) -> Mapping[str, Certificate]:
        return {
            kind: Certificate(document.file_name, document.content)
            for kind, document in work.documents.items()
            if document.state.digest is not None
        }

    def digests(self, work: Work) -> dict[str, Digest]:
        return {kind: file.digest for kind, file in work.files.items() if file.digest is not None}

    def served(self, work: Work, row: Mapping[str, Any]) -> dict[str, Digest]:
        """The certificates that BKN already has for a row, byte for byte."""
        return {
            kind: document.state.digest
            for kind, document in work.documents.items()
            if document.state.digest is not None
            and self.view.served(work.turn.claim.lane, work.feed.target, row, kind) == document.content
        }

    # --------------------------------------------------------------------------------- before and after a write leaves

    def about_to_write(self, work: Work) -> AbstractContextManager[None]:
        """Whoever wakes up after the lease is over must not send: another worker may have the person then."""
        claim = work.turn.claim
        return self.view.bkn.about_to_write(leaves_before=lambda: self.view.ledger.lease_ends_at(claim))

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
        """Durable before the request leaves. From here on only an answer or a read-back says what happened.
        Raises FeedBraked when too much of the feed vanishes or changes at once: then nothing may leave."""
        intent = Intent(
            record=work.record,
            action=action,
            digest=digest,
            body=body or {},
            bkn_id=bkn_id,
            known_ids=look.ids if look else frozenset(),
            settle_at=self.view.clock.now() + self.view.timing.settle_s,
            counted=self.view.counted(work, action),
            changes=work.taken,
        )
        attempt = self.view.ledger.begin_attempt(work.turn.claim, intent)
        work.turn.has_sent = True
        return attempt

    def proved(self, work: Work, attempt: Attempt, outcome: Outcome, look: Look) -> Outcome:
        """Accepted only with proof: by the id in the answer; where BKN answers none, by a look at once, since whoever
        has been answered is no longer on the way; where BKN shows no rows, its word is all there will ever be."""
        if outcome.verdict is not Verdict.ACCEPTED or not work.resource.is_listed:
            return outcome
        known_ids = look.ids | self.view.owned_ids(work)
        by_id = proof(attempt.action, outcome, named=attempt.bkn_id, known_ids=known_ids)
        if work.resource.answers_id:
            return by_id
        # An id that such an answer has all the same may be another's: of the marriage, not of the spouse.
        unproved = Outcome.unclear("answer.not_proved", http_status=outcome.http_status)
        try:
            fresh = self.view.look(work.turn, work.feed, fresh=True)
        except BknError:
            return unproved  # its read-back comes after the settle time
        if outcome.bkn_id is not None and by_id.verdict is Verdict.ACCEPTED and fresh.row(outcome.bkn_id) is not None:
            return by_id
        row = fresh.row(attempt.bkn_id) if attempt.bkn_id else None
        if row is not None and not work.resource.differences(attempt.body, row):
            return replace(outcome, bkn_id=attempt.bkn_id)
        found = self.settling.judged(work.turn, work.record, attempt, fresh)
        return replace(outcome, bkn_id=found.bkn_id) if isinstance(found, readback.Executed) else unproved

    def not_accepted(self, work: Work, attempt: Attempt, outcome: Outcome) -> Record:
        record, failures = work.record, work.record.failures + 1
        match outcome.verdict:
            case Verdict.REFUSED:
                is_save = attempt.action in (Action.CREATE, Action.UPDATE)
                what = plan.leaving(work.resource, attempt.digest, work.files) if is_save else attempt.digest
                move = Move.refused(outcome.code, outcome.message, what)
            case Verdict.UNCLEAR | Verdict.ACCEPTED:
                work.turn.unsettled.add(work.feed.target)
                self.settling.note(attempt)
                move = Move.unclear(outcome.code, settle_at=self.view.clock.now() + self.view.timing.settle_s)
            case Verdict.NOT_EXECUTED if outcome.stops_all or not retry.too_often(failures):
                wait_s = retry.wait_s(failures, jitter=self.view.clock.jitter(), retry_after_s=outcome.retry_after_s)
                # An outage is not the record's fault: it burns none of its tries.
                counted = record.failures if outcome.stops_all else failures
                move = Move.put_back(
                    "bkn.not_executed", outcome.code, due_at=self.view.clock.now() + wait_s, failures=counted
                )
            case Verdict.NOT_EXECUTED:
                move = Move.held("tries.exhausted", outcome.code)
            case _:
                assert_never(outcome.verdict)
        return self.view.ledger.end_attempt(work.turn.claim, record, attempt, outcome, move)

    # --------------------------------------------------------------------------------------- records that cannot go on

    def is_anothers(self, turn: Turn, record: Record, rendered: Rendered) -> bool:
        """The lane is a person; a row that is somebody else's now must not be written in this lane.

        Where BKN knows both NIPs as one person, or shows our row under the new one, both sides have corrected the NIP, and
        the link goes along. Where BKN does not know the new NIP, its correction is waited for.
        """
        nip = None if isinstance(rendered, Gone) else rendered.nip
        if nip is None or nip == turn.claim.lane:
            return False
        again = self.view.clock.now() + self.view.timing.look_again_s
        if record.bkn_id is None or self.view.is_same_person(turn, nip):
            self.view.ledger.change_lane(turn.claim, record, nip)
        elif self.view.known_person(nip) is None:
            self.view.ledger.finish(turn.claim, record, Move.held("person.renamed", look_again_at=again))
        elif self.view.has_row(self.view.feeds[record.feed], nip, record.bkn_id):
            self.view.ledger.change_lane(turn.claim, record, nip)
        else:
            self.view.ledger.finish(turn.claim, record, Move.held("person.changed", look_again_at=again))
        return True

    def later(self, work: Work, reason: str, wait_s: float) -> Move:
        now, record = self.view.clock.now(), work.record
        is_gone = isinstance(work.rendered, Gone)
        gone_since = (now if record.gone_since is None else record.gone_since) if is_gone else None
        return Move.put_back(reason, due_at=now + wait_s, failures=record.failures, gone_since=gone_since)

    def not_now(self, turn: Turn, record: Record, error: BknError) -> None:
        """Nothing of this record left: BKN is down, refuses our login, or cannot tell us about this person."""
        asked = error.retry_after_s if isinstance(error, BknDown) else None
        is_records_own = isinstance(error, BknAnswersBadly)
        failures = record.failures + is_records_own
        wait_s = retry.wait_s(max(1, failures), jitter=self.view.clock.jitter(), retry_after_s=asked)
        due_at = self.view.clock.now() + wait_s
        reason = error.reason if isinstance(error, BknDown) else "bkn.read_fails" if is_records_own else "bkn.down"
        if record.status is Status.UNCERTAIN:
            move = Move.still_unclear(reason, look_again_at=due_at, failures=failures)
        elif is_records_own and retry.too_often(failures):
            move = Move.held(reason, look_again_at=self.view.clock.now() + self.view.timing.look_again_s, failures=0)
        else:
            move = Move.put_back(reason, due_at=due_at, failures=failures)
        self.view.ledger.finish(turn.claim, record, move)

    def without_feed(self, turn: Turn, record: Record) -> None:
        """The configuration no longer has the record's feed: nothing is done to it, and nothing is forgotten."""
        if record.status is Status.UNCERTAIN:
            again = self.view.clock.now() + self.view.timing.look_again_s
            self.view.ledger.finish(turn.claim, record, Move.still_unclear("feed.removed", look_again_at=again))
        else:
            self.view.ledger.finish(turn.claim, record, Move.held("feed.removed"))

    def feed_stops(self, turn: Turn, record: Record, error: SourceUnfit) -> None:
        """A table or column of the feed is not what it was; its records wait, the other feeds go on."""
        logs.get().error("source.feed_unfit", feed=record.feed, problem=str(error))
        again = self.view.clock.now() + self.view.timing.look_again_s
        if record.status is Status.UNCERTAIN:
            self.view.ledger.finish(turn.claim, record, Move.still_unclear("source.unfit", look_again_at=again))
        else:
            self.view.ledger.finish(turn.claim, record, Move.held("source.unfit", look_again_at=again))

    def failed(self, turn: Turn, record: Record, error: Exception) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        detail = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
        logs.get().error("record.failed", record_id=record.id, feed=record.feed, error_class=detail)
        self.view.ledger.break_off(turn.claim, record, "program.failed", detail)
        turn.unsettled = self.view.unsettled(turn.claim)


def called(call: Callable[[], Outcome]) -> Outcome:
    """BknDown and LoginRefused come only from calls that never left."""
    try:
        return call()
    except BknError as error:
        if not isinstance(error, BknDown):
            return Outcome.not_executed("bkn.down", stops_all=True)
        return Outcome.not_executed(error.reason, stops_all=True, retry_after_s=error.retry_after_s)


def proof(action: Action, outcome: Outcome, *, named: BknId | None, known_ids: Collection[str]) -> Outcome:
    """A save's answer carries only an id. It proves itself when the id is new to us, or the one we named."""
    if outcome.verdict is not Verdict.ACCEPTED:
        return outcome
    if action is Action.CREATE:
        proved = outcome.bkn_id is not None and identifier(outcome.bkn_id) not in known_ids
    else:
        proved = identifier(outcome.bkn_id) == identifier(named)
    return outcome if proved else Outcome.unclear("answer.not_proved", http_status=outcome.http_status)
