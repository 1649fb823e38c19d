"""The files of a first configuration, as text: what was recognised stands written, what was not stands as a comment.

Nothing of a person goes into them: names of tables and columns, codes and their texts, nothing else.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from simpeg_sync.config.schema import FEED_FILE, MODELINE, template
from simpeg_sync.discover.conditions import UNDECIDED, Guess
from simpeg_sync.discover.drafts import CodeDraft, Discovery, FeedDraft, FieldDraft
from simpeg_sync.source.survey import CaptureFacts

LIKELY = 0.75
QUOTED_ON = "'on':"
"""As YAML 1.1 would have it; the reader and every editor take the bare word."""


def feed_path(feed: FeedDraft) -> str:
    return f"feeds/{feed.name}.yaml" + (".example" if feed.why_not else "")


def feed_page(feed: FeedDraft) -> str:
    return "\n".join([*_feed_lines(feed), ""])


def code_page(draft: CodeDraft) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["local", "bkn", "text"])
    rows.writerows([code.local, "", code.text] for code in draft.codes)
    return out.getvalue()


def settings_page(*, source: str, facts: CaptureFacts | None, discovery: Discovery) -> str:
    """The template with the source filled in. ``source``: the line ``url: ...`` or ``url_file: ...``."""
    text = re.sub(r"^  url_file: source_url$", lambda _: f"  {source}", template(), count=1, flags=re.MULTILINE)
    advice = "".join(f"  # {line}\n" for line in capture_advice(facts, discovery)) if facts else ""
    return re.sub(r"^  # Default: \[log\]\n", lambda found: found[0] + advice, text, count=1, flags=re.MULTILINE)


def capture_advice(facts: CaptureFacts, discovery: Discovery) -> Sequence[str]:
    """Which ways to notice changes fit this database and this account."""
    mode = {"postgresql": "wal", "mysql": "binlog", "mariadb": "binlog"}.get(facts.dialect, "")
    lines = ["What `simpeg-sync init` saw:"]
    if facts.has_log:
        lines.append(f"  {mode}: the server's log can be followed, no trigger is needed")
    elif mode:
        lines.append(f"  {mode}: not as it is now ({facts.missing})")
    if facts.may_create_triggers:
        lines.append("  log: this account may perhaps create triggers; else its DBA runs `simpeg-sync source sql`")
    else:
        lines.append("  log: this account may not create triggers; its DBA runs `simpeg-sync source sql`")
    lines.append("  scan: always works, with SELECT alone")
    if keyless := [feed.table for feed in discovery.feeds if feed.identity]:
        lines.append(f"  without a key: {', '.join(sorted(set(keyless)))}; compare docs/source-modes.md")
    best = mode if facts.has_log else "log" if facts.may_create_triggers else "scan"
    return [*lines, f"Recommended: capture: [{best}]"]


def _feed_lines(feed: FeedDraft) -> Iterator[str]:
    yield f"{MODELINE}../schema/{FEED_FILE}"
    yield "# Written by `simpeg-sync init`: a first guess, for a person to read and to correct."
    yield "# The numbers say how sure it is, 0 to 1."
    if feed.why_not:
        yield f"# NOT USABLE YET: {feed.why_not}"
        yield "# Correct it, then take .example off the file's name."
    yield f"# {_sure(feed.score)}: {feed.table} is {feed.target}{_also(feed.also_targets)}"
    if not feed.is_written:
        yield "# BKN takes this kind from no region: rows are compared and reported."
    yield f"feed: {feed.name}"
    yield f"target: {feed.target}"
    yield f"table: {flow(feed.table)}"
    if feed.key:
        if not feed.key_is_declared:
            yield "# likely: no key is declared; every value of the sample is different"
        yield f"key: {flow(list(feed.key))}"
    else:
        yield "# No key was found: TODO name the columns that tell the rows apart."
        yield f"identity: {flow(list(feed.identity))}"
    if feed.joins:
        yield "joins:"
        yield from (f"  - {flow(dict(join)).replace(QUOTED_ON, 'on:')}" for join in feed.joins)
    yield f"# {_sure(feed.person_score)}"
    yield f"person: {flow(feed.person)}"
    if feed.person_bkn_id:
        yield f"person_bkn_id: {flow(feed.person_bkn_id)}"
    if feed.bkn_id:
        yield f"bkn_id: {flow(feed.bkn_id)}"
    yield ""
    yield from _conditions(feed)
    yield "fields:"
    for field in feed.fields:
        yield from _field_lines(field)
    if missing := [field.name for field in feed.fields if field.is_required and not field.is_sure]:
        yield f"# TODO: BKN wants these too: {', '.join(missing)}"
    yield "# By these a row that BKN has already is found; all must agree."
    yield f"natural_key: {flow(list(feed.natural_key))}" if feed.natural_key else "# TODO natural_key: [...]"
    yield ""
    yield from _document_lines(feed)
    yield "# A row that disappears: hold, delete or ignore."
    yield "delete: hold"
    if feed.moves_with:
        yield f"moves_with: {flow(list(feed.moves_with))}"


def _conditions(feed: FeedDraft) -> Iterator[str]:
    if feed.scope is not None:
        yield "# By the text of these codes, one table holds two kinds: check them."
        yield f"scope: {flow(feed.scope)}"
    if feed.verified is None:
        yield "# TODO verified: no column was recognised by which somebody approves rows. Without it EVERY row may leave."
    else:
        yield from _guess_lines(feed.verified)
        yield f"verified: {flow(feed.verified.condition)}"
    if feed.deleted is not None:
        yield f"# {_sure(feed.deleted.score)}: rows that count as deleted"
        yield f"deleted: {flow(feed.deleted.condition)}"
    yield "# TODO active_person: whose rows may leave, e.g. {p.status: [aktif]}"


def _guess_lines(guess: Guess) -> Iterator[str]:
    values = ", ".join(value[:30] for value in guess.values) or "none"
    yield f"# {_sure(guess.score)}: rows that somebody has approved. Values seen: {values}"
    if UNDECIDED in guess.condition.values():
        yield "# TODO: write the value that means approved. Until then no row leaves."


def _field_lines(field: FieldDraft) -> Iterator[str]:
    if field.expression is None:
        if field.is_required:
            yield f"  # TODO {field.name}: required by BKN, no column was recognised"
        return
    required = ", required by BKN" if field.is_required else ""
    note = f": {field.note}" if field.note else ""
    yield f"  # {_sure(field.score)}{note}{_also(field.also)}{'' if field.is_sure else required}"
    yield f"  {'' if field.is_sure else '# '}{field.name}: {flow(field.expression)}"


def _document_lines(feed: FeedDraft) -> Iterator[str]:
    if feed.document:
        yield "# TODO: the folder in which the files lie, then remove the # of three lines."
        yield "# document:"
        yield f"#   file: {flow(feed.document)}"
        yield "#   directory: /TODO"
    elif feed.document_kind:
        yield f"# document: {feed.document_note or 'no column with file names was recognised'}"


def _sure(score: float) -> str:
    return f"{'likely' if score >= LIKELY else 'perhaps'} ({score:.2f})"


def _also(others: Sequence[tuple[str, float]]) -> str:
    return f"; also: {', '.join(f'{name} {score:.2f}' for name, score in others)}" if others else ""


def flow(value: Any) -> str:
    """As it stands in a YAML file, in one line; texts that YAML would read otherwise are quoted."""
    written = yaml.safe_dump(
        [value], default_flow_style=True, sort_keys=False, allow_unicode=True, width=100_000
    ).strip()
    return written[1:-1]


def summary(discovery: Discovery) -> Mapping[str, Any]:
    """What was recognised, for people and as JSON."""
    return {
        "persons": [
            {
                "table": master.table.name,
                "nip": master.nip,
                "bkn_id": master.bkn_id,
                "score": round(min(master.score, 1.0), 2),
            }
            for master in discovery.masters
        ],
        "feeds": [
            {
                "file": feed_path(feed),
                "target": feed.target,
                "table": feed.table,
                "score": feed.score,
                "fields": sum(field.is_sure for field in feed.fields),
                "missing": [field.name for field in feed.fields if field.is_required and not field.is_sure],
                "why_not": feed.why_not,
            }
            for feed in discovery.feeds
        ],
        "codes": [
            {"file": one.file, "table": one.bkn_table, "codes": len(one.codes), "origin": one.origin}
            for one in discovery.codes
        ],
        "left_alone": [{"table": one.table, "why": one.why} for one in discovery.left_alone],
    }
