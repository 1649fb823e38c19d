"""Every statement that moves a record, as SQL a database person can read. SQLite and PostgreSQL take the same text.

Times are Unix seconds. {busy} and the like are filled from the table of legal moves, so that both say the same.
"""

import functools

from sqlalchemy import Text, TextClause, bindparam, text

from simpeg_sync.domain.status import BUSY, RESTING
from simpeg_sync.ledger.rowset import GroupStatement

_BUSY = ", ".join(f"'{status}'" for status in sorted(BUSY))
_YIELDS = ", ".join(f"'{status}'" for status in sorted(RESTING | {"waiting"}))

# A change marks its record dirty. A burst of changes pushes the turn back, but never for longer than :wait_max_s.
# What a worker has, or what waits for its settle time, keeps its place and its lane; the mark alone tells it.
MARK = text(f"""
INSERT INTO records (feed, source_key, lane, status, since, due_at, priority, mark, marked_at, dirty_since)
VALUES (:feed, :source_key, :lane, 'waiting', :now, :due_at, :priority, 1, :now, :now)
ON CONFLICT (feed, source_key) DO UPDATE SET
    mark = records.mark + 1,
    marked_at = excluded.marked_at,
    lane = CASE WHEN substr(records.lane, 1, 1) = '?' AND records.status NOT IN ({_BUSY})
                THEN excluded.lane ELSE records.lane END,
    status = CASE WHEN records.status IN ({_BUSY}) THEN records.status ELSE 'waiting' END,
    since = CASE WHEN records.status IN ({_BUSY}, 'waiting') THEN records.since ELSE excluded.since END,
    dirty_since = CASE WHEN records.status = 'waiting' THEN records.dirty_since ELSE excluded.dirty_since END,
    priority = CASE WHEN records.status = 'waiting' AND records.priority < excluded.priority
                    THEN records.priority ELSE excluded.priority END,
    due_at = CASE
        WHEN records.status IN ({_BUSY}) THEN records.due_at
        WHEN records.status = 'waiting' AND records.dirty_since + :wait_max_s < excluded.due_at
            THEN CASE WHEN excluded.marked_at > records.dirty_since + :wait_max_s
                      THEN excluded.marked_at ELSE records.dirty_since + :wait_max_s END
        ELSE excluded.due_at END
""")

# The lane the record is in now, which may be another than the change brought.
WAKE_LANE = text("""
INSERT INTO lanes (lane, due_at, priority)
SELECT lane, :due_at, :priority FROM records WHERE feed = :feed AND source_key = :source_key
ON CONFLICT (lane) DO UPDATE SET
    due_at = CASE WHEN lanes.due_at IS NULL OR lanes.due_at > excluded.due_at THEN excluded.due_at ELSE lanes.due_at END,
    priority = CASE WHEN lanes.priority < excluded.priority THEN lanes.priority ELSE excluded.priority END
""")

# PostgreSQL only. Everybody locks lanes before records, and several in one order: a worker holds its lane when it comes to
# its record, and whoever marks a thousand records at once would otherwise block each other with every worker.
LOCK_LANES = text("""
SELECT 1 FROM lanes WHERE lane IN (SELECT lane FROM records WHERE (feed, source_key) IN :records)
ORDER BY lane FOR UPDATE
""").bindparams(bindparam("records", expanding=True))

LOCK_LANES_BY_ID = text("""
SELECT 1 FROM lanes WHERE lane IN (SELECT lane FROM records WHERE id IN :ids) ORDER BY lane FOR UPDATE
""").bindparams(bindparam("ids", expanding=True))

# Lanes of persons for one worker each. {skip_locked}: PostgreSQL lets several processes claim side by side.
# What this very process has is never taken from it: it may be slow, or the clock has jumped, but it lives.
_CLAIM = """
UPDATE lanes SET owner = :owner, lease_until = :lease_until, fence = fence + 1
WHERE lane IN (
    SELECT lane FROM lanes
    WHERE due_at IS NOT NULL AND due_at <= :now AND (owner IS NULL OR (lease_until < :lease_now AND owner <> :owner))
    ORDER BY priority, due_at LIMIT :limit {skip_locked})
RETURNING lane, fence
"""


def claim(*, skip_locked: bool) -> TextClause:
    return text(_CLAIM.format(skip_locked="FOR UPDATE SKIP LOCKED" if skip_locked else ""))


# For an operator who wants one record dealt with at once.
LANE_OF_RECORD = text("""
SELECT records.lane, records.status, records.due_at, lanes.owner FROM records
JOIN lanes ON lanes.lane = records.lane WHERE records.id = :id
""")

CLAIM_LANE = text("""
UPDATE lanes SET owner = :owner, lease_until = :lease_until, fence = fence + 1
WHERE lane = :lane AND (owner IS NULL OR owner = :dead OR (lease_until < :lease_now AND owner <> :owner))
RETURNING fence
""")

RECORD = text("SELECT * FROM records WHERE id = :id")

_LANES = {"lane": "text"}

DUE_RECORDS = GroupStatement(
    """
SELECT * FROM (
    SELECT records.*, row_number() OVER (PARTITION BY records.lane ORDER BY priority, due_at, id) AS place
    FROM {given} JOIN records ON records.lane = given.lane
    WHERE due_at IS NOT NULL AND due_at <= :now AND status NOT IN ('working', 'sending')) due
WHERE place <= :limit ORDER BY lane, place
""",
    _LANES,
)

TO_WORK = GroupStatement(
    """
UPDATE records SET status = 'working', since = :now FROM {given}
WHERE records.id = given.id AND records.status = given.expected
RETURNING records.id
""",
    {"id": "int", "expected": "text"},
)

# BKN's id of the person, and the other NIPs that BKN knows as the same one.
PERSONS_OF_LANES = GroupStatement(
    """
SELECT given.lane, persons.bkn_id, others.nip AS other FROM {given}
JOIN persons ON persons.nip = given.lane
LEFT JOIN persons others ON others.bkn_id = persons.bkn_id AND others.nip <> persons.nip
""",
    _LANES,
)

OWNED_BY_LANES = GroupStatement(
    """
SELECT records.lane, feed, bkn_id FROM {given} JOIN records ON records.lane = given.lane WHERE bkn_id IS NOT NULL
""",
    _LANES,
)

OPEN_IN_LANES = GroupStatement(
    """
SELECT DISTINCT records.lane, records.feed FROM {given} JOIN records ON records.lane = given.lane
JOIN attempts ON attempts.record_id = records.id AND attempts.ended_at IS NULL
""",
    _LANES,
)

# For each priority the first entry of its part of the index; min() over both would read all of it.
_FIRST_DUE = """SELECT * FROM (SELECT due_at FROM lanes
    WHERE priority = {} AND due_at IS NOT NULL AND owner IS NULL ORDER BY due_at LIMIT 1) first_{}"""
NEXT_DUE = text(
    f"SELECT min(due_at) FROM ({_FIRST_DUE.format(0, 'fresh')} UNION ALL {_FIRST_DUE.format(1, 'bulk')}) soonest"
)

SERVER_TIME = text("SELECT CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)")

OWNERS = text("SELECT DISTINCT owner FROM lanes WHERE owner IS NOT NULL")

# One daemon looks after the change log and the calendar of all.
LEADER = text("SELECT owner FROM leaders WHERE name = :name")

LEAD = text("""
INSERT INTO leaders (name, owner, until, fence) VALUES (:name, :owner, :until, 1)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until,
    fence = CASE WHEN leaders.owner = excluded.owner THEN leaders.fence ELSE leaders.fence + 1 END
WHERE leaders.owner IN (:owner, :dead, '') OR leaders.until < :lease_now
RETURNING fence
""")

HOLD_LEAD = text("UPDATE leaders SET owner = owner WHERE name = :name AND owner = :owner AND fence = :fence")

STOP_LEADING = text("UPDATE leaders SET owner = '' WHERE name = :name AND owner = :owner")

_CLAIMS = {"lane": "text", "fence": "int"}

# Holding the fence is a condition of every write: a worker that was overtaken changes nothing. The owner is asked for in a
# way that no index answers: SQLite would go through all of a process's lanes for each of them.
HOLD_FENCES = GroupStatement(
    """
UPDATE lanes SET lease_until = :lease_until FROM {given}
WHERE lanes.lane = given.lane AND coalesce(lanes.owner, '') = :owner AND lanes.fence = given.fence
RETURNING lanes.lane, lanes.fence
""",
    _CLAIMS,
)

# PostgreSQL, where others lock lanes too; see LOCK_LANES.
LOCK_AND_HOLD_FENCES = GroupStatement(
    """
UPDATE lanes SET lease_until = :lease_until FROM (
    SELECT lanes.lane, lanes.fence FROM lanes JOIN {given}
    ON lanes.lane = given.lane AND lanes.owner = :owner AND lanes.fence = given.fence
    ORDER BY lanes.lane FOR UPDATE OF lanes) held
WHERE lanes.lane = held.lane
RETURNING lanes.lane, lanes.fence
""",
    _CLAIMS,
)

HOLD_FENCE = text(
    "UPDATE lanes SET lease_until = :lease_until WHERE lane = :lane AND owner = :owner AND fence = :fence"
)

# The leases of everything that a living process has.
KEEP_LEASES = text("UPDATE lanes SET lease_until = :lease_until WHERE owner = :owner RETURNING lane, fence")

# The lane itself, locked: is it still this claim's?
HOLD_LANE = text("UPDATE lanes SET owner = owner WHERE lane = :lane AND owner = :owner AND fence = :fence")

# What a lane waits for next: its earliest due record that is not held for a person. What is only looked at again counts as
# bulk: thousands of held records would go before a backlog for ever. HOLD_FENCES has locked the lanes in a statement before:
# a PostgreSQL statement that had to wait for a mark's lock would not see the record it marked.
RELEASE_LANES = GroupStatement(
    """
UPDATE lanes SET
    owner = NULL, lease_until = NULL,
    due_at = (SELECT min(due_at) FROM records WHERE records.lane = lanes.lane AND due_at IS NOT NULL),
    priority = coalesce((SELECT CASE WHEN status = 'held' THEN 1 ELSE priority END FROM records
                         WHERE records.lane = lanes.lane AND due_at IS NOT NULL
                         ORDER BY due_at > :now, CASE WHEN status = 'held' THEN 1 ELSE priority END, due_at LIMIT 1), 0)
FROM {given} WHERE lanes.lane = given.lane
""",
    _LANES,
)

# The workers' results. A mark newer than the one it worked on turns a record back to waiting at once.
_FINISH = f"""
UPDATE records SET
    status = CASE WHEN records.mark > given.mark AND given.next IN ({_YIELDS}) THEN 'waiting' ELSE given.next END,
    dirty_since = CASE WHEN records.mark > given.mark THEN records.marked_at ELSE records.dirty_since END,
    due_at = CASE WHEN records.mark > given.mark AND given.next IN ({_YIELDS})
                  THEN CAST(:due_if_marked AS DOUBLE PRECISION) ELSE given.due_at END,
    since = CASE WHEN records.status = given.next THEN records.since ELSE CAST(:now AS DOUBLE PRECISION) END,
    reason = given.reason, detail = given.detail{{changes}}
FROM {{given}}
WHERE records.id = given.id AND records.status = given.expected
RETURNING records.id, records.status
"""
_FINISH_COLUMNS = {
    "id": "int", "expected": "text", "next": "text", "mark": "int", "due_at": "time", "reason": "text", "detail": "text",
}  # fmt: skip
_CHANGED_COLUMNS = {
    "synced_at": "time", "gone_since": "time", "version": "int", "attempts": "int", "failures": "int", "deaths": "int",
    "delete_released": "int", "person_left": "int",
}  # fmt: skip
"""Of a record; the others are text."""


@functools.cache
def finish(changed: tuple[str, ...]) -> GroupStatement:
    """One statement for each set of changed columns; the names come from Record, never from outside."""
    changes = "".join(f", {name} = given.{name}" for name in changed)
    columns = {**_FINISH_COLUMNS, **{name: _CHANGED_COLUMNS.get(name, "text") for name in changed}}
    return GroupStatement(_FINISH.replace("{changes}", changes), columns)


BRAKE = text("SELECT * FROM brakes WHERE feed = :feed")

PULLED = text("SELECT feed, pulled_by FROM brakes WHERE pulled_at IS NOT NULL")

# One write more in the window, or the first of the next one.
COUNT_WRITE = text("""
INSERT INTO brakes (feed, since, deletes, updates) VALUES (:feed, :now, :deletes, :updates)
ON CONFLICT (feed) DO UPDATE SET
    deletes = CASE WHEN brakes.since + :window_s < :now THEN 0 ELSE brakes.deletes END + :deletes,
    updates = CASE WHEN brakes.since + :window_s < :now THEN 0 ELSE brakes.updates END + :updates,
    since = CASE WHEN brakes.since + :window_s < :now THEN :now ELSE brakes.since END
RETURNING *
""")

# Rows that have vanished and are still at BKN; what a person has released counts no more.
VANISHED = text("""
SELECT count(*) FROM (SELECT 1 FROM records
    WHERE feed = :feed AND gone_since IS NOT NULL AND bkn_id IS NOT NULL AND delete_released = 0 LIMIT :enough) vanished
""")

SIZE_OF_FEED = text("""
SELECT count(*) FROM records
WHERE feed = :feed AND status IN ('waiting', 'working', 'sending', 'uncertain', 'held', 'refused', 'synced')
""")

NOTE_SIZE = text("UPDATE brakes SET size = :size, sized_at = :now WHERE feed = :feed")

PULL_BRAKE = text("""
UPDATE brakes SET pulled_at = :now, pulled_by = :kind, count = :count, most = :most WHERE feed = :feed
""")

LIFT_BRAKE = text("""
UPDATE brakes SET pulled_at = NULL, pulled_by = '', since = :now, deletes = 0, updates = 0, lifted_until = :lifted_until
WHERE feed = :feed AND pulled_at IS NOT NULL
""")

# Whoever approved a plan has seen how much it changes.
ALLOW_FEED = text("""
INSERT INTO brakes (feed, since, lifted_until) VALUES (:feed, :now, :lifted_until)
ON CONFLICT (feed) DO UPDATE SET lifted_until = excluded.lifted_until
""")

LOCK_LANES_OF_BRAKED = text("""
SELECT 1 FROM lanes WHERE lane IN (SELECT lane FROM records
    WHERE status = 'held' AND feed = :feed AND reason = 'feed.braked') ORDER BY lane FOR UPDATE
""")

RELEASE_BRAKED = text("""
UPDATE records SET status = 'waiting', since = :now, due_at = :now, dirty_since = :now, priority = 1, reason = '', detail = ''
WHERE status = 'held' AND feed = :feed AND reason = 'feed.braked'
RETURNING *
""")

ADD_ATTEMPTS = GroupStatement(
    """
INSERT INTO attempts (record_id, number, version, action, digest, bkn_id, known_ids, body, started_at)
SELECT record_id, number, version, action, digest, bkn_id, known_ids, body, :now FROM {given} WHERE true
RETURNING id, record_id
""",
    {
        "record_id": "int", "number": "int", "version": "int", "action": "text", "digest": "text", "bkn_id": "text",
        "known_ids": "text", "body": "text",
    },
)  # fmt: skip

LAST_ATTEMPTS = GroupStatement(
    """
SELECT attempts.record_id, number, version, action, digest FROM {given}
JOIN attempts ON attempts.record_id = given.record_id
WHERE number = (SELECT max(number) FROM attempts others WHERE others.record_id = given.record_id)
""",
    {"record_id": "int"},
)

OPEN_ATTEMPT = text("SELECT * FROM attempts WHERE record_id = :record_id AND ended_at IS NULL")

_TOLD = {"id": "int", "outcome": "text", "code": "text", "http_status": "int", "message": "text"}

# The payload goes with the end of the attempt; digests stay.
END_ATTEMPTS = GroupStatement(
    """
UPDATE attempts SET ended_at = :now, outcome = given.outcome, code = given.code, http_status = given.http_status,
    message = given.message, body = NULL, known_ids = NULL
FROM {given} WHERE attempts.id = given.id AND attempts.ended_at IS NULL
""",
    _TOLD,
)

NOTE_UNCLEAR = GroupStatement(
    """
UPDATE attempts SET outcome = 'unclear', code = given.code, http_status = given.http_status
FROM {given} WHERE attempts.id = given.id
""",
    _TOLD,
)

NOTE_ABSENT = GroupStatement(
    """
UPDATE attempts SET absent_since = coalesce(attempts.absent_since, :now) FROM {given} WHERE attempts.id = given.id
""",
    {"id": "int"},
)

# A person whose NIP was corrected has two lanes for a while: BKN knows both NIPs as one person.
_LANES_OF_PERSON = """(SELECT :lane UNION SELECT others.nip FROM persons
    JOIN persons others ON others.bkn_id = persons.bkn_id WHERE persons.nip = :lane)"""

LINKS = text(f"""
SELECT records.*, attempts.id AS open_attempt_id FROM records
LEFT JOIN attempts ON attempts.record_id = records.id AND attempts.ended_at IS NULL
WHERE records.lane IN {_LANES_OF_PERSON} AND (records.bkn_id IS NOT NULL OR attempts.id IS NOT NULL)
""")

HAS_UNLINKED_WORK = text(f"""
SELECT EXISTS (SELECT 1 FROM records
WHERE lane IN {_LANES_OF_PERSON} AND id <> :but AND bkn_id IS NULL
  AND (status IN ('sending', 'uncertain') OR reason <> coalesce(CAST(:not_for AS TEXT), '-'))
  AND (status IN ('waiting', 'working', 'sending') OR (status = 'uncertain' AND reason <> 'feed.removed')))
""")

HELD_WITHOUT_ROW = text("SELECT * FROM records WHERE lane = :lane AND status = 'held' AND bkn_id IS NULL")

DELETED_SINCE = text("""
SELECT attempts.bkn_id FROM records JOIN attempts ON attempts.record_id = records.id
WHERE records.lane = :lane AND attempts.action = 'delete' AND attempts.ended_at > :since AND attempts.bkn_id IS NOT NULL
AND attempts.outcome IN ('accepted', 'executed')
""")

# Rows that want the same content, of people whom the ledger does not know as this one.
HELD_ELSEWHERE = text("""
SELECT * FROM records WHERE wanted_digest = :digest AND bkn_id IS NULL AND status = 'held' AND lane <> :lane
ORDER BY id LIMIT 20
""")

LINKED_ELSEWHERE = text(f"""
SELECT EXISTS (SELECT 1 FROM records WHERE lower(bkn_id) IN :ids AND lane NOT IN {_LANES_OF_PERSON})
""").bindparams(bindparam("ids", expanding=True, type_=Text()))

FIND = text("SELECT * FROM records WHERE feed = :feed AND source_key = :source_key")

# What it waited for a person for, a delete say, is no longer its business.
UNLINK = text("""
UPDATE records SET bkn_id = NULL, synced_digest = NULL, done = '{}', confirmed = '{}', gone_since = NULL,
    due_at = CASE WHEN status = 'held' THEN :now ELSE due_at END,
    status = CASE WHEN status = 'held' THEN 'waiting' ELSE status END
WHERE id = :id
RETURNING feed, source_key, lane
""")

# Held until the transaction ends, so that no worker claims it meanwhile.
HOLD_IDLE_LANE = text("UPDATE lanes SET fence = fence WHERE lane = :lane AND owner IS NULL")

# A record follows its row to another key. Where a record of the new key has come to nothing yet, the two swap keys.
RECORD_OF_KEY = text("SELECT id FROM records WHERE feed = :feed AND source_key = :source_key")

BLANK_OF_KEY = text(f"""
SELECT id FROM records WHERE feed = :feed AND source_key = :source_key
  AND bkn_id IS NULL AND synced_at IS NULL AND status NOT IN ({_BUSY})
""")

SET_KEY = text("UPDATE records SET source_key = :source_key WHERE id = :id")

# Who waits for this proof: the second half of a move between endpoints, and rows that name this one by BKN's id. Two
# statements, each with its index; one with OR would read the whole feed for every proof.
WAKE_WAITING_FOR = text("""
UPDATE records SET due_at = :now, status = CASE WHEN status = 'held' THEN 'waiting' ELSE status END
WHERE feed = :feed AND source_key = :source_key AND status IN ('waiting', 'held')
""")

WAKE_WAITING_FOR_LINK = text("""
UPDATE records SET due_at = :now, status = 'waiting'
WHERE lane = :lane AND feed = :feed AND status = 'held' AND reason IN ('link.missing', 'link.another_person')
""")

# What is proved and not told to SIMPEG yet; and what SIMPEG was told and is gone from BKN.
UNWRITTEN = text("""
SELECT id, source_key, bkn_id, written_back FROM records
WHERE feed = :feed AND id > :after_id AND coalesce(bkn_id, '') <> coalesce(written_back, '')
  AND ((bkn_id IS NOT NULL AND synced_digest IS NOT NULL) OR (bkn_id IS NULL AND status IN ('removed', 'ignored', 'held')))
ORDER BY id LIMIT :limit
""")

NOTE_WRITTEN = text("UPDATE records SET written_back = :bkn_id WHERE id = :id")

CHANGE_LANE = text(
    "UPDATE records SET lane = :lane, status = 'waiting', due_at = :now WHERE id = :id AND status = 'working'"
)

# What the dead left behind: nothing had left from `working`, nobody knows for `sending`.
ABANDONED = text("SELECT * FROM records WHERE status IN ('working', 'sending') ORDER BY id")

ABANDONED_IN_LANES = GroupStatement(
    """
SELECT records.* FROM {given} JOIN records ON records.lane = given.lane WHERE status IN ('working', 'sending')
ORDER BY records.id
""",
    _LANES,
)

ABANDONED_IN_LANE = text("SELECT * FROM records WHERE lane = :lane AND status IN ('working', 'sending') ORDER BY id")

RECOVER = text("""
UPDATE records SET status = :next, since = :now, due_at = :due_at, deaths = :deaths, reason = :reason WHERE id = :id
""")

# Locked in a statement before they are freed; see RELEASE_LANES.
LOCK_LANES_OF_OWNERS = GroupStatement(
    """
UPDATE lanes SET fence = fence + 1
WHERE owner IS NOT NULL AND (owner IN (SELECT given.owner FROM {given}) OR lease_until < :lease_now)
RETURNING lane
""",
    {"owner": "text"},
)

# A record that was put off while the clock stood in another year does not sleep until then.
WAKE_SLEEPERS = tuple(
    text(f"UPDATE {table} SET due_at = :now WHERE due_at > :latest") for table in ("records", "lanes")
)

FREE_LANES = GroupStatement(
    """
UPDATE lanes SET owner = NULL, lease_until = NULL,
    due_at = (SELECT min(due_at) FROM records WHERE records.lane = lanes.lane AND due_at IS NOT NULL)
FROM {given} WHERE lanes.lane = given.lane
""",
    _LANES,
)

SET_CURSOR = text("""
INSERT INTO cursors (name, cursor, moved_at) VALUES (:name, :cursor, :now)
ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, moved_at = excluded.moved_at
""")

RECORDS_OF_PERSON = text("""
SELECT feed, source_key FROM records WHERE lane = :lane AND feed = :feed AND status NOT IN ('removed', 'ignored')
ORDER BY id LIMIT :limit
""")

RANGE_AFTER = text("""
SELECT until_key, shape, digest, row_count FROM scan_ranges WHERE feed = :feed AND after_key = :after
""")

RANGE_ENTRIES = text("SELECT entries FROM scan_ranges WHERE feed = :feed AND after_key = :after")

PUT_RANGE = text("""
INSERT INTO scan_ranges (feed, after_key, until_key, shape, digest, row_count, entries)
VALUES (:feed, :after, :until, :shape, :digest, :count, :entries)
ON CONFLICT (feed, after_key) DO UPDATE SET until_key = excluded.until_key, shape = excluded.shape,
    digest = excluded.digest, row_count = excluded.row_count, entries = excluded.entries
""")

DROP_RANGE = text("DELETE FROM scan_ranges WHERE feed = :feed AND after_key = :after")

DROP_OTHER_SHAPES = text("DELETE FROM scan_ranges WHERE feed = :feed AND shape <> :shape")

SET_NOTE = text("""
INSERT INTO notes (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value
""")

REMEMBER_PERSON = text("""
INSERT INTO persons (nip, bkn_id, seen_at) VALUES (:nip, :bkn_id, :now)
ON CONFLICT (nip) DO UPDATE SET bkn_id = excluded.bkn_id, seen_at = excluded.seen_at
""")

START_SWEEP = text("""
INSERT INTO sweeps (feed, started_at, done_at, rows, why) VALUES (:feed, :now, NULL, 0, :why)
ON CONFLICT (feed) DO UPDATE SET started_at = excluded.started_at, done_at = NULL, rows = 0, why = excluded.why
""")

END_SWEEP = text("UPDATE sweeps SET done_at = :now, rows = :rows WHERE feed = :feed")

# Records whose key the sweep did not meet: their row is gone. Paged by key, so that it ends whatever the clock does.
NOT_SEEN = text("""
SELECT feed, source_key, lane FROM records
WHERE feed = :feed AND source_key > :after AND marked_at < :started_at AND status NOT IN ('removed', 'ignored')
ORDER BY source_key LIMIT :limit
""")

HAS_WORK = text("""
SELECT EXISTS (SELECT 1 FROM records
WHERE status IN ('waiting', 'working', 'sending')
   OR (status = 'uncertain' AND reason <> 'feed.removed'))
""")

# What is 'working' is in somebody's hands already; what is held comes back again and again, and counts until a given time.
HAS_TURNS_LEFT = text("""
SELECT EXISTS (SELECT 1 FROM records
WHERE status IN ('waiting', 'sending')
   OR (status = 'uncertain' AND reason <> 'feed.removed')
   OR (status = 'held' AND due_at <= :looks_until))
""")

ADD_PLAN = text("""
INSERT INTO plans (made_at, configuration, summary) VALUES (:now, :configuration, :summary) RETURNING id
""")

APPROVE_PLAN = text("UPDATE plans SET approved_at = :now, approved_by = :actor WHERE id = :id RETURNING summary")

IS_APPROVED = text("SELECT count(*) FROM plans WHERE configuration = :configuration AND approved_at IS NOT NULL")

# Only a row that proved to be gone at BKN may lose its link: whoever forgets a living one makes a double.
_RECREATE = ":recreate = 1 AND status = 'held' AND reason = 'conflict.gone_at_bkn'"

RESYNC = text(f"""
UPDATE records SET mark = mark + 1, marked_at = :now, status = 'waiting', since = :now, due_at = :now, priority = 1,
    dirty_since = :now, synced_digest = NULL, refused_digest = NULL, failures = 0, deaths = 0, reason = '', detail = '',
    synced_at = CASE WHEN status = 'held' AND reason = 'settle.not_shown' THEN NULL ELSE synced_at END,
    bkn_id = CASE WHEN {_RECREATE} THEN NULL ELSE bkn_id END,
    gone_since = CASE WHEN {_RECREATE} THEN NULL ELSE gone_since END,
    confirmed = CASE WHEN :overwrite = 1 OR ({_RECREATE}) THEN '{{}}' ELSE confirmed END,
    done = CASE WHEN :documents = 1 OR ({_RECREATE}) THEN '{{}}' ELSE done END
WHERE id IN :ids AND status NOT IN ({_BUSY})
RETURNING *
""").bindparams(bindparam("ids", expanding=True))

RELEASE_DELETE = text("""
UPDATE records SET delete_released = 1, mark = mark + 1, marked_at = :now, status = 'waiting', since = :now, due_at = :now,
    dirty_since = :now
WHERE id = :id AND status = 'held' AND reason = 'delete.needs_release'
RETURNING *
""")
