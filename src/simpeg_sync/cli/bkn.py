"""Commands that ask BKN itself: what it has of one person, and which of its lists can be read."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import click

from simpeg_sync.cli.common import Shared, actor, pass_shared, printable, say, table
from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.errors import BknDown, NothingMatched
from simpeg_sync.domain.outcome import Verdict
from simpeg_sync.mapping.render import nip_of


@click.group()
def bkn() -> None:
    """What BKN has, as BKN shows it."""


@bkn.command("reads")
@pass_shared
def reads(shared: Shared) -> None:
    """Which of BKN's lists can be read, and what each wants to know."""
    from simpeg_sync.bkn.reads.catalogue import load

    found: list[dict[str, Any]] = [
        {
            "name": read.name,
            "path": read.path,
            "parameters": [{"name": one.name, "required": one.is_required} for one in read.parameters],
            "gives": read.shape,
            "typed_fields": len(read.fields),
        }
        for read in load().values()
    ]
    rows = [
        [one["name"], one["gives"], ", ".join(p["name"] + ("" if p["required"] else "?") for p in one["parameters"])]
        for one in found
    ]
    shared.show(found, lambda: table(["read", "gives", "wants"], rows))


@bkn.command("read")
@click.argument("name")
@click.option("--nip", help="The person, 18 digits: fills the NIP that the read wants.")
@click.option(
    "--set", "given", multiple=True, metavar="NAME=VALUE", help="Another parameter, e.g. limit=10. Repeatable."
)
@pass_shared
def read(shared: Shared, name: str, nip: str | None, given: tuple[str, ...]) -> None:
    """Reads one of BKN's lists, e.g. `bkn read rw-golongan --nip NIP`, and notes in the audit who did."""
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    config, clock = shared.config, Clock()
    parameters = _parameters(name, nip, given)
    wiring.configure_logs(config, level="ERROR")
    ledger = wiring.open_ledger(config, clock)
    try:
        target = name if nip is None else f"{name} of {nip}"
        ledger.audit(actor=actor(), action="bkn.read", target=target, person=_person(parameters))
        rows = wiring.open_reads(config, clock, ledger).get(name, pns_id=None, **parameters)
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from None
    finally:
        ledger.close()
        clock.stop.set()
    shown = [_plain(row.values if row.values else row.raw) for row in rows]
    shared.show(shown, lambda: _print(shown))
    for row in rows:
        for oddity in row.oddities:
            say(f"odd: {oddity.field}: {oddity.what}")


@bkn.command("refresh")
@click.argument("which", type=click.Choice(["jabatan", "golongan"]))
@click.option("--nip", required=True, help="The person, 18 digits.")
@pass_shared
def refresh(shared: Shared, which: str, nip: str) -> None:
    """Lets BKN copy a person's newest post or rank into its main record. The daemon does so by itself after a new post."""
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    config, clock = shared.config, Clock()
    wiring.configure_logs(config, level="ERROR")
    ledger = wiring.open_ledger(config, clock)
    try:
        client = wiring.open_bkn(config, clock, ledger)
        person = client.person(_nip(nip))
        if person is None:
            raise NothingMatched("BKN does not know this NIP")
        ledger.audit(actor=actor(), action="bkn.refresh", target=f"{which} of {nip}", person=nip)
        outcome = client.refresh(which, person)
    finally:
        ledger.close()
        clock.stop.set()
    if outcome.verdict is Verdict.REFUSED:
        raise NothingMatched(f"BKN refuses: {printable(outcome.message) or outcome.code}")
    if outcome.verdict is not Verdict.ACCEPTED:
        raise BknDown(f"BKN did not refresh the main record ({outcome.code})")
    shared.show({"refreshed": which}, lambda: click.echo(f"BKN has refreshed {which} in its main record"))


def _nip(text: str) -> Nip:
    found = nip_of(text)
    if found is None:
        raise click.UsageError("a NIP has 18 digits")
    return found


def _parameters(name: str, nip: str | None, given: tuple[str, ...]) -> dict[str, Any]:
    from simpeg_sync.bkn.reads.catalogue import load

    parameters = {}
    for one in given:
        key, found, value = one.partition("=")
        if not found:
            raise click.UsageError(f"--set {one!r} is not NAME=VALUE")
        parameters[key] = value
    known = load().get(name)
    if known is None:
        raise click.UsageError(f"BKN has no read {name!r}; `simpeg-sync bkn reads` lists them")
    if nip is not None:
        wanted = next((one.name for one in known.parameters if one.name in ("nip", "nipBaru")), None)
        if wanted is None:
            raise click.UsageError(f"{name} is not asked by NIP")
        parameters[wanted] = nip
    return parameters


def _person(parameters: Mapping[str, Any]) -> str:
    """Whom it concerns, for the audit."""
    return str(parameters.get("nipBaru") or parameters.get("nip") or "")


def _plain(value: Any) -> Any:
    from simpeg_sync.bkn.reads import Document, TypedRow

    match value:
        case Mapping():
            return {str(name): _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case dt.date():
            return value.isoformat()
        case None | bool() | int() | str():
            return value
        case TypedRow():
            return _plain(value.values)
        case Document():
            return {"dok_id": value.dok_id, "dok_nama": value.dok_nama, "dok_uri": value.dok_uri}
        case _:
            return str(value)


def _print(rows: list[dict[str, Any]]) -> None:
    for number, row in enumerate(rows):
        if number:
            click.echo()
        width = max((len(name) for name in row), default=0)
        for name, value in row.items():
            if value not in (None, "", [], {}):
                click.echo(f"{name.ljust(width)}  {printable(value)}")
    if not rows:
        click.echo("BKN has nothing")


COMMANDS = (bkn,)
