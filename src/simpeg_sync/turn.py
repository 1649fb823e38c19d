"""One person's turn: what SIMPEG, BKN, the folder of certificates and the ledger show of the person while it lasts.

Nothing here writes to BKN. The pipeline asks, decides by what it hears, and acts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from simpeg_sync.clock import Clock
from simpeg_sync.decide import identity, plan
from simpeg_sync.decide.fields import Resource, identifier
from simpeg_sync.decide.look import BknRow, Look, candidates, id_of
from simpeg_sync.decide.policy import Case
from simpeg_sync.documents import Documents
from simpeg_sync.domain.brake import Counted, Kind, Limits
from simpeg_sync.domain.change import FeedName, Nip, Row, SourceKey
from simpeg_sync.domain.errors import BknAnswersBadly, BknError, SourceUnfit
from simpeg_sync.domain.record import Action, BknId, Digest, Identity, Record, RecordId, person_of
from simpeg_sync.domain.status import Status
from simpeg_sync.mapping.expressions import Unfit
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, Rendered, Unready, Wanted, render
from simpeg_sync.ports import Bkn, Claim, Document, Files, Ledger, Link, SourceOfDocuments

PERSON, CERTIFICATE = "person", "certificate"
"""What is read of a person beside BKN's lists, as the trail names it."""
AHEAD_S = 2.0
"""How old a row may be that was read before its turn."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds, from the settings; see design 4.1 and 4.7 for what each protects against."""

    settle_s: float = 180.0
    absent_gap_s: float = 60.0
    delete_grace_s: float = 900.0
    look_again_s: float = 3600.0
    """How often a held record is looked at again when time alone may release it."""
    compare_again_s: float = 7 * 86400.0
    """How often a row that is only compared is looked at again while the two sides differ."""


@dataclass(slots=True)
class Turn:
    """One person's turn: the claim, and what SIMPEG and BKN have shown of this person so far."""

    claim: Claim
    ahead: Mapping[RecordId, Row | None] = field(default_factory=dict)
    """Rows that were read for many turns at once, after their lanes were claimed: what changes later marks them anew."""
    ahead_until: float = float("-inf")
    """Monotonic; later they are read again, so that a burst of edits is one write."""
    links: Sequence[Link] | None = None
    """The person's records that own a row of BKN, until the next step."""
    looks: dict[str, Look] = field(default_factory=dict)
    failed_looks: dict[str, BknError] = field(default_factory=dict)
    """A list that fails for one record of the person fails for all; it is asked for once a turn."""
    unsettled: set[str] = field(default_factory=set)
    """Resources with an open attempt: until it is decided nobody knows what BKN has, so nothing is written there."""
    twice: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    """By table, column and NIP: whether several people of SIMPEG have the NIP."""
    braked: Mapping[FeedName, str] | None = None
    """Feeds that have stopped by themselves; asked for when something is about to leave."""
    has_sent: bool = False
    """Whether a write has left in this turn."""
    doubted: RecordId | None = None
    """The record by which this may be another person at BKN; 0 for none, None while nobody has asked."""
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
    documents: Mapping[str, Document] = field(default_factory=dict)
    """By kind of certificate."""
    taken: Mapping[str, Any] = field(default_factory=dict)
    """What an operator's permission changes about the record, written down with the intent that it allows."""

    @property
    def wanted(self) -> Wanted:
        assert isinstance(self.rendered, Wanted), "only a wanted row is saved, linked or given a document"
        return self.rendered

    @property
    def files(self) -> plan.Files:
        return {kind: document.state for kind, document in self.documents.items()}


@dataclass(frozen=True, slots=True)
class View:
    feeds: Mapping[FeedName, Feed]
    source: SourceOfDocuments
    bkn: Bkn
    files: Files
    ledger: Ledger
    clock: Clock
    timing: Timing
    brake: Limits = field(default_factory=Limits)
    why: str = "turn"
    """What BKN is read for, as the trail says it."""
    identifying: frozenset[FeedName] = field(init=False)
    """Feeds that say who a person is."""
    _waiting_for: Mapping[FeedName, tuple[FeedName, ...]] = field(init=False)
    _brakes: Mapping[FeedName, Limits] = field(init=False)

    def __post_init__(self) -> None:
        known = frozenset(name for name, feed in self.feeds.items() if self.bkn.resource(feed.target).identity)
        object.__setattr__(self, "identifying", known)
        naming: dict[FeedName, list[FeedName]] = {name: list(feed.moves_with) for name, feed in self.feeds.items()}
        for name, feed in self.feeds.items():
            for linked in feed.linked_feeds:
                naming.setdefault(linked, []).append(name)
        object.__setattr__(self, "_waiting_for", {name: tuple(dict.fromkeys(some)) for name, some in naming.items()})
        brakes = {name: replace(self.brake, **feed.brake) for name, feed in self.feeds.items()}
        object.__setattr__(self, "_brakes", brakes)

    def work(self, turn: Turn, record: Record, rendered: Rendered) -> Work:
        feed = self.feeds[record.feed]
        resource = self.bkn.resource(feed.target)
        documents: Mapping[str, Document] = {}
        if isinstance(rendered, Wanted) and feed.documents:
            certificates = Documents(self.source, self.files)
            documents = certificates.of(feed, resource, record.key, rendered)
            missing = certificates.not_named(feed, resource, documents)
            if missing is not None:
                rendered, documents = Unready("document.not_named", missing, rendered.nip), {}
        return Work(turn, feed, resource, record, rendered, documents)

    # ----------------------------------------------------------------------------------------------- SIMPEG, the folder

    def rendered(self, feed: Feed, record: Record, turn: Turn | None = None) -> Rendered:
        """What the feed wants for the record's key, by SIMPEG as it is now."""
        if turn is not None and record.id in turn.ahead and self.clock.monotonic() < turn.ahead_until:
            return render(feed, turn.ahead[record.id], link_of=self.link_of)
        return render(feed, self.source.read(feed, [record.key]).get(record.key), link_of=self.link_of)

    def prepared(self, claims: Sequence[Claim]) -> list[Turn]:
        """The turns of several people, with their rows read in one statement a feed. Raises SourceDown."""
        wanted: dict[FeedName, list[Record]] = {}
        for claim in claims:
            for record in claim.records:
                if record.status is not Status.UNCERTAIN and record.feed in self.feeds:
                    wanted.setdefault(record.feed, []).append(record)
        until = self.clock.monotonic() + AHEAD_S
        ahead: dict[RecordId, Row | None] = {}
        for name, records in wanted.items():
            try:
                rows = self.source.read(self.feeds[name], [record.key for record in records])
            except SourceUnfit:
                continue  # found again, and said, when the first of them has its turn
            ahead |= {record.id: rows.get(record.key) for record in records}
        return [
            Turn(
                claim, {r.id: ahead[r.id] for r in claim.records if r.id in ahead}, until, unsettled=self.opened(claim)
            )
            for claim in claims
        ]

    def waiting_for(self, feed: Feed) -> tuple[FeedName, ...]:
        """Feeds whose records may wait for a proof of this one: a move between endpoints, or a field that names its row."""
        return self._waiting_for[feed.name]

    def link_of(self, feed: FeedName, key: SourceKey, nip: Nip) -> BknId | None:
        """BKN's id of another feed's row, for fields that name it (a credit names its post). Raises Unfit for the row of
        another person, as a wrong join names it."""
        record = self.ledger.find(feed, key)
        if record is not None and record.bkn_id is not None and record.lane != nip:
            raise Unfit("link.another_person", feed)
        return record.bkn_id if record is not None else None

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

    # ------------------------------------------------------------------------------------------------------------ BKN

    def look(self, turn: Turn, feed: Feed, *, fresh: bool = False) -> Look:
        """BKN's rows of this person: one list GET per resource and turn."""
        nip = person_of(turn.claim.lane)
        assert nip is not None, "a lane without a person has nothing at BKN"
        if feed.target in turn.failed_looks:
            raise turn.failed_looks[feed.target]
        if fresh or feed.target not in turn.looks:
            try:
                turn.looks[feed.target] = self.rows(feed, nip, why="settle" if fresh else self.why)
            except BknError as error:
                turn.failed_looks[feed.target] = error
                raise
        return turn.looks[feed.target]

    def rows(self, feed: Feed, nip: Nip, *, why: str = "") -> Look:
        """Raises BknAnswersBadly for another person's rows, also where only our own links can tell."""
        look = Look.of(self.bkn.rows(feed.target, nip, pns_id=self.ledger.person(nip)))
        self.ledger.note_read(nip, feed.target, why or self.why)
        names_person = self.bkn.resource(feed.target).rows_name_person
        if not names_person and self.ledger.are_linked_elsewhere(nip, look.ids):
            raise BknAnswersBadly("a list answered with rows that are linked to another person")
        return look

    def looks_first(self, feed: Feed) -> bool:
        resource = self.bkn.resource(feed.target)
        # A kind without content, a photo, has no save that could go first.
        return resource.is_listed and (feed.look_before_write or not resource.fields)

    def seen(self, work: Work) -> Look:
        """What this turn has seen already; nothing when the feed writes without looking."""
        if self.looks_first(work.feed):
            return self.look(work.turn, work.feed)
        return work.turn.looks.setdefault(work.feed.target, Look())

    @property
    def patience(self) -> plan.Patience:
        return plan.Patience(self.clock.now(), self.timing.settle_s, self.timing.absent_gap_s)

    def has_row(self, feed: Feed, nip: Nip, bkn_id: BknId) -> bool:
        return self.bkn.resource(feed.target).is_listed and self.rows(feed, nip).row(bkn_id) is not None

    def pns_id(self, turn: Turn, wanted: Wanted) -> BknId | None:
        if turn.claim.person is not None and wanted.nip == turn.claim.lane:
            return turn.claim.person
        return self.known_person(wanted.nip)

    def known_person(self, nip: Nip) -> BknId | None:
        """BKN's id of the person, as BKN itself says it: asked once for each NIP. SIMPEG's own copy is only compared,
        since a copied row or a wrong join would write into a stranger's history."""
        known = self.ledger.person(nip)
        if known is None:
            known = self.bkn.person(nip)
            self.ledger.note_read(nip, PERSON, self.why)
            if known is not None:
                self.ledger.remember_person(nip, known)
        return known

    def served(self, lane: str, target: str, row: BknRow, kind: str, *, why: str = "") -> bytes | None:
        """The certificate of that kind that BKN serves for a row of the person."""
        served = self.bkn.document(target, row, kind)
        self.ledger.note_read(lane, f"{target} {CERTIFICATE}", why or self.why)
        return served

    def is_same_person(self, turn: Turn, nip: Nip) -> bool:
        """Whether BKN knows this NIP as the person of the lane: it has corrected the NIP, and the person's id stays."""
        here = self.ledger.person(Nip(turn.claim.lane))
        return here is not None and identifier(here) == identifier(self.known_person(nip))

    def person_problem(self, work: Work) -> plan.Hold | None:
        """Why nothing may be written for the person that the row names."""
        wanted = work.wanted
        if self.is_twice(work):
            return plan.Hold("person.twice", work.feed.person, looks_again=True)
        if work.resource.identity:
            return None  # the row that is looked at next says it all
        known = self.pns_id(work.turn, wanted)
        if known is None:
            return plan.Hold("person.unknown_at_bkn", looks_again=True)
        if wanted.person_bkn_id is not None and identifier(wanted.person_bkn_id) != identifier(known):
            return plan.Hold("person.id_differs", looks_again=True)
        return None

    # ----------------------------------------------------------------------------------------------- who the person is

    def doubtful(self, work: Work) -> plan.Hold | None:
        """Why nothing may be written for the person while the NIP may be somebody else's at BKN. Asked once a turn, and
        only where a feed says who people are."""
        turn = work.turn
        if not self.identifying or not work.resource.is_writable:
            return None
        if turn.doubted is None:
            turn.doubted = self.ledger.doubted_by(turn.claim.lane) or RecordId(0)
        return plan.Hold("person.doubtful", f"record {turn.doubted}", looks_again=True) if turn.doubted else None

    def doubt(self, work: Work) -> identity.Doubt | None:
        """By what this turn has seen at BKN."""
        rows = list(work.turn.looks.get(work.feed.target, Look()).rows.values())
        return identity.doubt(work.resource, work.wanted, rows[0], linked=work.record.bkn_id) if rows else None

    def identified(self, work: Work, look: Look, decision: plan.Decision) -> plan.Decision:
        """What is decided about a record that says who a person is."""
        row = next(iter(look.rows.values()), None)
        if row is None:
            return plan.Hold("person.unknown_at_bkn", looks_again=True)
        stored = work.wanted.person_bkn_id
        if stored is not None and identifier(stored) != identifier(id_of(row)):
            return plan.Hold("person.id_differs", looks_again=True)
        found = self.doubt(work)
        if found is None or found.digest == self.ledger.identity(work.record).accepted:
            return decision
        return plan.Hold("person.differs", ", ".join(found.fields), looks_again=True)

    def note_identity(self, work: Work, decision: plan.Decision) -> None:
        """Before the record's move: a doubt must be there when the record's own turn is over."""
        before = self.ledger.identity(work.record)
        now: Identity | None = None
        if not isinstance(work.rendered, Gone):
            unit = work.rendered.unit
            now = replace(before, unit=unit.code, unit_name=unit.name) if unit is not None else before
        if now is not None and isinstance(work.rendered, Wanted):
            if work.feed.target in work.turn.looks:
                found = self.doubt(work)
                now = replace(now, doubt=found.digest if found is not None else None)
            elif isinstance(decision, plan.Unchanged):
                now = replace(now, doubt=None)
        if (now or Identity()) != before:
            self.ledger.note_identity(work.turn.claim, work.record, now)
        work.turn.doubted = None

    def is_twice(self, work: Work) -> bool:
        """Whether SIMPEG has two people with this NIP, where it says who its people are: in the table that the feed takes
        the NIP from. Asked once a turn."""
        turn, feed = work.turn, work.feed
        alias, dot, column = feed.person.rpartition(".")
        table = next((join.table for join in feed.joins if dot and join.alias == alias), None)
        if table is None and work.resource.is_single:
            table = feed.table
        if table is None:
            return False
        place = (table, column, work.wanted.nip)
        if place not in turn.twice:
            turn.twice[place] = self.source.is_twice(feed, work.wanted.nip)
        return turn.twice[place]

    def seen_digests(self, work: Work) -> Mapping[str, str]:
        """What BKN's row of the record holds now in the fields that are ours, as the ledger would know it."""
        look, record = work.turn.looks.get(work.feed.target), work.record
        row = look.row(record.bkn_id) if look is not None and record.bkn_id is not None else None
        ours = work.rendered.body if isinstance(work.rendered, Wanted) else dict.fromkeys(record.confirmed, "")
        return work.resource.seen(ours, row) if row is not None else {}

    # ----------------------------------------------------------------------------- the person's other records, by the ledger

    def opened(self, claim: Claim) -> set[str]:
        """As `unsettled`, by what was known when the lane was claimed."""
        return {self.feeds[name].target for name in claim.opened if name in self.feeds}

    def unsettled(self, claim: Claim) -> set[str]:
        links = self.ledger.links(claim.lane)
        feeds = [self.feeds.get(link.record.feed) for link in links if link.has_open_attempt]
        return {feed.target for feed in feeds if feed is not None}

    def counted(self, work: Work, action: Action) -> Counted:
        """How the feed's brake sees a write: what was equal at BKN and is not any more, in SIMPEG's eyes."""
        record = work.record
        kind: Kind | None = None
        if action is Action.DELETE and not record.delete_released:
            kind = "vanish"
        elif action is Action.UPDATE and (record.synced_at is not None or record.synced_digest is not None):
            kind = "change"
        return Counted(self._brakes[work.feed.name], kind)

    def braked_by(self, work: Work) -> str:
        """What has stopped the feed, if it stops this record; asked once a turn, before a look is spent on it."""
        if work.turn.braked is None:
            work.turn.braked = work.turn.claim.braked
        by = work.turn.braked.get(work.feed.name, "")
        is_delete = isinstance(work.rendered, Gone) and not work.record.delete_released
        return by if by == "change" or is_delete else ""

    def matches(self, work: Work, look: Look) -> tuple[list[BknId], list[BknId]]:
        """BKN's rows that may be this unlinked record: the free ones, and those that a living record owns."""
        own = work.record.bkn_id
        if own is not None and (work.resource.is_writable or look.row(own) is not None):
            return [], []
        links = self.links(work)
        found = [
            bkn_id
            for bkn_id in candidates(work.wanted, work.resource, work.feed.natural_key, look)
            if (link := links.get(identifier(bkn_id))) is None or not self.is_known_otherwise(work, link.record)
        ]
        free = [
            bkn_id
            for bkn_id in found
            if (link := links.get(identifier(bkn_id))) is None or self.has_lost_its_row(link, look.row(bkn_id) or {})
        ]
        if not found:
            free = [bkn_id for link in links.values() if (bkn_id := self.left_behind(work, link, look)) is not None]
        return free, [bkn_id for bkn_id in found if bkn_id not in free]

    def case(self, work: Work, look: Look, free: Sequence[BknId]) -> Case:
        """The record for the feed's policy."""
        unowned: list[BknId] = []
        record = work.record
        if work.record.bkn_id is None and look.rows:
            owned = self.links(work)
            unowned = [id_of(row) for bkn_id, row in sorted(look.rows.items()) if bkn_id not in owned]
        return Case(
            work.feed.policy,
            work.resource,
            work.record,
            work.wanted.body,
            look,
            free,
            unowned,
            do_others_wait=lambda: self.ledger.has_unlinked_work(
                work.turn.claim.lane, but=work.record, not_for=plan.OTHERS_FIRST
            ),
            gap_s=self.timing.absent_gap_s,
            seen_equal=lambda: None if record.overrides else self.ledger.seen_equal(record.feed, record.key),
            do_rivals_want=lambda bkn_id: self.do_rivals_want(work, look, bkn_id),
        )

    def do_rivals_want(self, work: Work, look: Look, bkn_id: BknId) -> bool:
        """Whether another record of the person, without a row at BKN, has this row's natural key too."""
        row = look.row(bkn_id) or {}
        resting = (Status.IGNORED, Status.REMOVED)
        for other in self.ledger.records_of([work.record.lane])[work.record.lane]:
            feed = self.feeds.get(other.feed)
            if other.id == work.record.id or other.bkn_id is not None or other.status in resting:
                continue
            if feed is None or feed.target != work.feed.target:
                continue
            there = self.rendered(feed, other)
            if isinstance(there, Wanted) and work.resource.same_by(feed.natural_key, there.body, row):
                return True
        return False

    def left_behind(self, work: Work, link: Link, look: Look) -> BknId | None:
        """BKN's row of a key that is gone, if this row differs from it in nothing but what the feed computes from the key:
        then the key was edited. Only for captures that do not see it happen."""
        owner, feed = link.record, work.feed
        if owner.feed != feed.name or owner.bkn_id is None or link.has_open_attempt:
            return None
        of_key = {name for name, one in feed.fields.items() if not set(feed.key).isdisjoint(one.columns)}
        now = work.resource.confirmed(work.wanted.body)
        rest = {name for name in now if name not in of_key}
        is_same = bool(of_key) and bool(rest) and all(owner.confirmed.get(name) == now[name] for name in rest)
        if not is_same or look.row(owner.bkn_id) is None or not isinstance(self.rendered(feed, owner), Gone):
            return None
        return owner.bkn_id

    def owners(self, turn: Turn) -> Sequence[Link]:
        if turn.links is None:
            turn.links = self.ledger.links(turn.claim.lane)
        return turn.links

    def links(self, work: Work) -> Mapping[str, Link]:
        return {
            identifier(link.record.bkn_id): link
            for link in self.owners(work.turn)
            if link.record.bkn_id and self.may_share_row(work, link.record.feed)
        }

    def owned_ids(self, work: Work) -> set[str]:
        """What BKN had of ours when the turn began. What was written since stands in the looks."""
        owned = work.turn.claim.owned
        return {identifier(bkn_id) for feed, bkn_id in owned if self.may_share_row(work, feed)}

    def may_share_row(self, work: Work, other: FeedName) -> bool:
        """Kinds with one row a person all have the person's id for its own: in another kind that is another row."""
        feed = self.feeds.get(other)
        if feed is None:
            return not work.resource.is_single
        is_single = work.resource.is_single or self.bkn.resource(feed.target).is_single
        return feed.target == work.feed.target or not is_single

    def owner(self, work: Work, bkn_id: BknId) -> RecordId | None:
        """The record whose row was deleted and entered anew as this one; it loses its link."""
        link = self.links(work).get(identifier(bkn_id))
        return link.record.id if link is not None and link.record.id != work.record.id else None

    def is_known_otherwise(self, work: Work, owner: Record) -> bool:
        """Whether the owner's row is another one than this record's, by what BKN never shows: two quarters of a year."""
        feed = self.feeds.get(owner.feed)
        if feed is None or feed.target != work.feed.target or work.wanted.stored_bkn_id == owner.bkn_id:
            return False
        return work.resource.is_known_otherwise(work.feed.natural_key, work.wanted.body, owner.confirmed)

    def has_lost_its_row(self, link: Link, row: BknRow) -> bool:
        """Whether the owner of BKN's row wants another one now: its own row in SIMPEG is gone, or its key was re-used for
        another certificate. While anything of it is under way nobody knows."""
        feed = self.feeds.get(link.record.feed)
        if feed is None or link.has_open_attempt:
            return False
        now = self.rendered(replace(feed, verified=None, active_person=None), link.record)
        if not isinstance(now, Wanted):
            return isinstance(now, Gone)
        resource = self.bkn.resource(feed.target)
        # Without a key that BKN shows nothing tells another row from this one.
        has_key = not resource.is_single and bool(resource.readable(dict.fromkeys(feed.natural_key), row))
        return has_key and not resource.same_by(feed.natural_key, now.body, row)

    def is_look_behind(self, work: Work, look: Look) -> bool:
        """Whether the look cannot show yet what we wrote for this person a moment ago: a row that we made is missing, or
        one that we deleted is still there. Before an unlinked record is linked or created, it has to."""
        since = self.clock.now() - self.timing.settle_s
        made = [
            link.record
            for link in self.owners(work.turn)
            if link.record.feed in self.feeds
            and self.feeds[link.record.feed].target == work.feed.target
            and (link.record.synced_at or 0.0) > since
        ]
        is_missing = any(record.bkn_id is not None and look.row(record.bkn_id) is None for record in made)
        gone = {identifier(bkn_id) for bkn_id in self.ledger.deleted_since(work.turn.claim.lane, since)}
        return is_missing or not gone.isdisjoint(look.ids)

    def content(self, work: Work) -> Digest | None:
        """What an unlinked row would be at BKN, verified or not: by it the row is known again when it vanishes under
        another NIP."""
        if work.record.bkn_id is not None:
            return None
        rendered = work.rendered
        if isinstance(rendered, Unready) and rendered.reason in ("unverified", "person.inactive"):
            rendered = self.rendered(replace(work.feed, verified=None, active_person=None), work.record)
        return rendered.digest if isinstance(rendered, Wanted) else None

    def under_unknown_nip(self, work: Work) -> Record | None:
        """A record with this very content whose NIP BKN does not know: probably the same person, whose NIP was corrected
        in SIMPEG. BKN's row is waited with until BKN has corrected it too."""
        digest = work.record.synced_digest
        for other in self.ledger.held_elsewhere(work.turn.claim.lane, digest) if digest is not None else ():
            feed, nip = self.feeds.get(other.feed), person_of(other.lane)
            if (
                feed is None
                or nip is None
                or feed.target != work.feed.target
                or isinstance(self.rendered(feed, other), Gone)
            ):
                continue
            if self.known_person(nip) is None or self.is_same_person(work.turn, nip):
                return other
        return None

    def is_entered_anew(self, work: Work, look: Look) -> bool:
        """Whether another row of the person, that may not leave yet, is the certificate that is about to be deleted."""
        row = look.row(work.record.bkn_id) if work.record.bkn_id else None
        for other in self.ledger.held_without_row(work.turn.claim.lane) if row is not None else ():
            feed = self.feeds.get(other.feed)
            if feed is None or feed.target != work.feed.target:
                continue
            # Verified or not, active or not, complete or not: it is the same certificate that counts.
            key = feed.natural_key
            named = {name: feed.fields[name] for name in key}
            bare = replace(feed, verified=None, active_person=None, fields=named, required=(), documents=())
            wanted = self.rendered(bare, other)
            if not isinstance(wanted, Wanted):
                continue
            body = wanted.body
            is_another = work.resource.is_known_otherwise(key, body, work.record.confirmed)
            if not is_another and work.resource.same_by(key, body, row or {}):
                return True
        return False
