"""Commands for auditors: who did what about whom, is the trail whole, take it along; and what is kept about one person."""

import io
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from simpeg_sync.cli import sheets
from simpeg_sync.cli.common import DAMAGED, NUMBER, Shared, actor, pass_shared, printable, said, say, since_option
from simpeg_sync.domain.errors import NothingMatched
from simpeg_sync.insights import masked


@click.group()
def audit() -> None:
    """The trail of every send, read, order and decision: look at it, verify it, take it along."""


@audit.command("list")
@click.option("--since", help="A length of time (7 d) or a date (2026-01-31).")
@click.option("--until", help="Before this: a length of time or a date.")
@click.option("--actor", "who", help="daemon, or an account of the operating system.")
@click.option("--action", help="An event (intent, proved, held), an order (resync, bkn.read), or read.")
@click.option("--feed", help="Name of a feed.")
@click.option("--person", help="NIP, 18 digits.")
@click.option("--record", "record_id", type=NUMBER)
@click.option("--limit", default=200, show_default=True, type=NUMBER, help="The newest so many.")
@sheets.options
@pass_shared
def audit_list(
    shared: Shared,
    since: str | None,
    until: str | None,
    who: str | None,
    action: str | None,
    feed: str | None,
    person: str | None,
    record_id: int | None,
    limit: int,
    output: sheets.Output,
) -> None:
    """Who did what, when, about whom: moves of records, orders of operators, reads at BKN; newest last."""
    from simpeg_sync import wiring
    from simpeg_sync.audit.entries import COLUMNS, entries
    from simpeg_sync.ledger.auditing import AuditReader, EntryFilter

    config = shared.config
    wanted = EntryFilter(since_option(since), since_option(until), who, action, feed, person, record_id)
    found = entries(AuditReader(wiring.ledger_engine(config)), wanted, limit=limit)
    if not found:
        raise NothingMatched("nothing of that kind stands in the trail")
    sheet = sheets.Sheet("audit", COLUMNS, [[row[name] for name in COLUMNS] for row in found])

    def note() -> None:
        _note(shared, "audit.list", f"{len(found)} entries, persons unmasked", person=person or "")

    sheets.show(shared, output, [sheet], note_unmasked=note)


@audit.command("verify")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--head", "heads", multiple=True, callback=lambda _, __, given: [_head(one) for one in given],
    help="A head that was noted before (`audit head`, or the log): is it still there? Repeatable.",
)  # fmt: skip
@pass_shared
def audit_verify(shared: Shared, file: Path | None, heads: Sequence[str]) -> int:
    """Is the trail whole: nothing changed, removed, put in, moved or cut off? Of the ledger, or of an exported FILE.

    Ends with 7 and names the first bad place. An end that was cut off with everything after it can only be told by a head
    that was noted elsewhere.
    """
    from simpeg_sync import wiring
    from simpeg_sync.ledger.trail_file import loaded
    from simpeg_sync.ledger.verifying import snapshot, verify

    began = time.monotonic()
    if file is not None:
        with loaded(file) as (connection, part):
            verdict = verify(connection, heads=heads, part=part)
    else:
        with snapshot(wiring.ledger_engine(shared.config)) as connection:
            verdict = verify(connection, heads=heads)
    seconds = round(time.monotonic() - began, 2)
    data = {
        "whole": verdict.is_whole,
        "problems": [{"where": one.where, "what": one.what} for one in verdict.problems],
        "blocks": verdict.blocks,
        "chains": verdict.chains,
        "rows": verdict.rows,
        "before_trail": verdict.before,
        "attempts": verdict.attempts,
        "heads": len(heads),
        "seconds": seconds,
    }
    shared.show(data, lambda: _print_verdict(data))
    return 0 if verdict.is_whole else DAMAGED


def _print_verdict(data: dict[str, Any]) -> None:
    for problem in data["problems"]:
        click.echo(printable(f"{problem['where']}: {problem['what']}"))
    rows = sum(data["rows"].values())
    click.echo(
        f"{'whole' if data['whole'] else 'NOT WHOLE'}: {rows} rows in {data['blocks']} blocks of {data['chains']} chains, "
        f"{data['attempts']} writes to BKN as they were sealed ({data['seconds']} s)"
    )
    if data["before_trail"]:
        click.echo(f"{data['before_trail']} rows are older than the trail: sealed as they were when it began")
    if data["whole"] and not data["heads"]:
        click.echo("Whether its end was cut off only a head noted elsewhere can tell: --head HASH")


def _head(text: str) -> str:
    bare = text.strip().lower()
    if not 16 <= len(bare) <= 64 or set(bare) - set("0123456789abcdef"):
        raise click.BadParameter("a head has 64 letters from 0 to f; 16 of them are enough")
    return bare


@audit.command("head")
@pass_shared
def audit_head(shared: Shared) -> None:
    """Seal the ends of all chains, and print the hash to note down elsewhere: on paper, in a mail, in another system."""
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    ledger = wiring.open_ledger(shared.config, Clock())
    try:
        ledger.audit(actor=actor(), action="audit.head", target="")
        head = ledger.seal()
    finally:
        ledger.close()
    shared.show({"head": head.hash, "chain": head.chain, "block": head.number}, lambda: click.echo(head.hash))


@audit.command("export")
@click.option("--since", help="What was sealed from then on; a length of time (30 d) or a date.")
@click.option("--until", help="And before this.")
@click.option(
    "--output", "path", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Into this file."
)
@click.option("--reason", required=True, callback=said, help="Why; goes into the audit.")
@pass_shared
def audit_export(shared: Shared, since: str | None, until: str | None, path: Path, reason: str) -> None:
    """Write the trail into a file that `audit verify FILE` checks without the ledger. It holds NIPs."""
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock
    from simpeg_sync.ledger import trail_file
    from simpeg_sync.ledger.verifying import snapshot

    begins, ends = since_option(since), since_option(until)
    ledger = wiring.open_ledger(shared.config, Clock())
    try:
        span = " ".join(part for part in (since and f"since {since}", until and f"until {until}") if part)
        ledger.audit(actor=actor(), action="audit.export", target=span or "all of it", reason=reason)
        head = ledger.seal()
        with _text_into(path) as file, snapshot(ledger.engine) as connection:
            counts = trail_file.write(connection, file, since=begins, until=ends)
    finally:
        ledger.close()
    say(f"written: {path}")
    data = {"file": str(path), "lines": dict(counts), "head": head.hash}
    shared.show(
        data, lambda: click.echo(f"{counts['block']} blocks; the ledger's head when it was written: {head.hash}")
    )


@click.command()
@click.option("--person", required=True, help="NIP, 18 digits.")
@click.option(
    "--output", "path", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Into this file."
)
@click.option("--reason", required=True, callback=said, help="Why, who has asked; goes into the audit.")
@pass_shared
def export(shared: Shared, person: str, path: Path, reason: str) -> None:
    """Everything that is kept or was processed about one person, in Indonesian and English (FILE.json: as data)."""
    import json

    from simpeg_sync import wiring
    from simpeg_sync.audit.person import about, text
    from simpeg_sync.clock import Clock
    from simpeg_sync.ledger.auditing import AuditReader
    from simpeg_sync.mapping.render import nip_of

    nip = nip_of(person)
    if nip is None:
        raise click.UsageError("a NIP has 18 digits")
    config, clock = shared.config, Clock()
    ledger = wiring.open_ledger(config, clock)
    try:
        reader = AuditReader(ledger.engine)
        if about(reader, nip, made_at=clock.now(), actor=actor(), region=config.settings.region) is None:
            raise NothingMatched(f"nothing is known of {masked(nip)}")
        ledger.audit(actor=actor(), action="export", target=f"person {masked(nip)}", reason=reason, person=nip)
        data = about(reader, nip, made_at=clock.now(), actor=actor(), region=config.settings.region)
    finally:
        ledger.close()
    assert data is not None
    with _text_into(path) as file:
        if path.suffix.lower() == ".json":
            json.dump(data, file, ensure_ascii=False, indent=1)
        else:
            # Names and BKN's words may hold what a terminal obeys.
            file.writelines(f"{printable(line)}\n" for line in text(data))
    say(f"written: {path}")
    counts = {name: len(rows) for name, rows in data.items() if name not in ("person", "made_at", "made_by", "region")}
    shared.show({"file": str(path), "rows": counts}, lambda: click.echo(_counted(counts)))


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())


def _note(shared: Shared, action: str, target: str, *, person: str = "") -> None:
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    ledger = wiring.open_ledger(shared.config, Clock())
    try:
        ledger.audit(actor=actor(), action=action, target=target, person=person)
    finally:
        ledger.close()


@contextmanager
def _text_into(path: Path) -> Iterator[IO[str]]:
    """The file appears when it is complete, and is nobody else's to read."""
    with sheets.into(path) as raw:
        file = io.TextIOWrapper(raw, encoding="utf-8", errors="replace", newline="\n")
        yield file
        file.flush()
        file.detach()


COMMANDS = (audit, export)
