"""One person's turn: what SIMPEG, BKN, the folder of certificates and the ledger show of the person while it lasts.

Nothing here writes to BKN. The pipeline asks, decides by what it hears, and acts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from simpeg_sync.clock import Clock
from simpeg_sync.decide import plan
from simpeg_sync.decide.fields import Resource, identifier
from simpeg_sync.decide.look import BknRow, Look, candidates
from simpeg_sync.documents import Documents
from simpeg_sync.domain.change import FeedName, Nip, SourceKey
from simpeg_sync.domain.errors import BknAnswersBadly, BknError
from simpeg_sync.domain.record import BknId, Record, RecordId, person_of
from simpeg_sync.domain.status import Status
from simpeg_sync.mapping.expressions import Unfit
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, Rendered, Unready, Wanted, render
from simpeg_sync.ports import Bkn, Claim, Document, Files, Ledger, Link, SourceOfDocuments


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
    documents: Mapping[str, Document] = field(default_factory=dict)
    """By kind of certificate."""

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

    def work(self, turn: Turn, record: Record, rendered: Rendered) -> Work:
        feed = self.feeds[record.feed]
        resource = self.bkn.resource(feed.target)
        documents: Mapping[str, Document] = {}
        if isinstance(rendered, Wanted):
            certificates = Documents(self.source, self.files)
            documents = certificates.of(feed, resource, record.key, rendered)
            missing = certificates.not_named(feed, resource, documents)
            if missing is not None:
                rendered, documents = Unready("document.not_named", missing, rendered.nip), {}
        return Work(turn, feed, resource, record, rendered, documents)

    # ----------------------------------------------------------------------------------------------- SIMPEG, the folder

    def rendered(self, feed: Feed, record: Record) -> Rendered:
        """What the feed wants for the record's key, by SIMPEG as it is now."""
        return render(feed, self.source.read(feed, [record.key]).get(record.key), link_of=self.link_of)

    def waiting_for(self, feed: Feed) -> tuple[FeedName, ...]:
        """Feeds whose records may wait for a proof of this one: a move between endpoints, or a field that names its row."""
        naming = [name for name, other in self.feeds.items() if feed.name in other.linked_feeds]
        return tuple(dict.fromkeys([*feed.moves_with, *naming]))

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
                turn.looks[feed.target] = self.rows(feed, nip)
            except BknError as error:
                turn.failed_looks[feed.target] = error
                raise
        return turn.looks[feed.target]

    def rows(self, feed: Feed, nip: Nip) -> Look:
        """Raises BknAnswersBadly for another person's rows, also where only our own links can tell."""
        look = Look.of(self.bkn.rows(feed.target, nip, pns_id=self.ledger.person(nip)))
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

    # ----------------------------------------------------------------------------- the person's other records, by the ledger

    def unsettled(self, claim: Claim) -> set[str]:
        links = self.ledger.links(claim.lane)
        feeds = [self.feeds.get(link.record.feed) for link in links if link.has_open_attempt]
        return {feed.target for feed in feeds if feed is not None}

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
        return free, [bkn_id for bkn_id in found if bkn_id not in free]

    def links(self, work: Work) -> Mapping[str, Link]:
        return {
            identifier(link.record.bkn_id): link
            for link in self.ledger.links(work.turn.claim.lane)
            if link.record.bkn_id and self.may_share_row(work, link.record)
        }

    def may_share_row(self, work: Work, other: Record) -> bool:
        """Kinds with one row a person all have the person's id for its own: in another kind that is another row."""
        feed = self.feeds.get(other.feed)
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
