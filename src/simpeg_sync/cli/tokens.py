"""Commands about the tokens of every call to BKN. They never show one."""

import datetime as dt
import sys
from collections.abc import Sequence
from typing import Any

import click

from simpeg_sync.cli.common import REFUSED, UNREACHABLE, Shared, pass_shared, table

LOGIN, STATIC = "login", "static token"


@click.group()
def token() -> None:
    """BKN's tokens: how they are come by, and whether BKN takes our credentials."""


@token.command("status")
@pass_shared
def token_status(shared: Shared) -> None:
    """How each token is come by, and what is known of it without asking BKN."""
    from simpeg_sync import wiring
    from simpeg_sync.bkn.jwt import expiry
    from simpeg_sync.bkn.refusals import Refusals
    from simpeg_sync.bkn.tokens import Login
    from simpeg_sync.clock import Clock

    config, clock = shared.config, Clock()
    keys = wiring.bkn_keys(config)
    standing = Refusals(wiring.open_ledger(config, clock), clock).standing(keys)
    rows = []
    for name, key in keys.items():
        ends_at = None if isinstance(key, Login) else expiry(key)
        is_expired = ends_at is not None and ends_at <= clock.now()
        problem = standing.get(name, "the token has expired; put a new one into its file" if is_expired else "")
        rows.append(
            {
                "token": name,
                "kind": LOGIN if isinstance(key, Login) else STATIC,
                "expires_at": _time(ends_at),
                "usable": not problem,
                "problem": problem,
            }
        )
    _show(shared, rows, ("token", "kind", "expires_at", "problem"))
    if not all(row["usable"] for row in rows):
        raise click.exceptions.Exit(REFUSED)


@token.command("renew")
@pass_shared
def token_renew(shared: Shared) -> None:
    """Log in once for each token, and say whether BKN accepted.

    Credentials that BKN has refused before are tried too, once: this is how a refusal is lifted.
    """
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    config, clock = shared.config, Clock()
    wiring.configure_logs(config, level="ERROR", stream=sys.stderr)
    proofs = wiring.try_login(config, clock, wiring.open_ledger(config, clock))
    rows = [
        {
            "token": proof.token,
            "kind": STATIC if proof.is_static else LOGIN,
            "accepted": proof.accepted,
            "expires_at": _time(proof.expires_at),
            "problem": proof.problem,
        }
        for proof in proofs
    ]
    _show(shared, rows, ("token", "kind", "accepted", "expires_at", "problem"))
    if any(proof.accepted is False for proof in proofs):
        raise click.exceptions.Exit(REFUSED)
    if any(proof.accepted is None for proof in proofs):
        raise click.exceptions.Exit(UNREACHABLE)


def _show(shared: Shared, rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    words = {True: "yes", False: "no", None: ""}
    texts = [[words.get(row[name], row[name]) if name != "problem" else row[name] for name in columns] for row in rows]
    shared.show({"tokens": rows}, lambda: table([name.replace("_", " ") for name in columns], texts))


def _time(at: float | None) -> str | None:
    return None if at is None else dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="seconds")


COMMANDS = (token,)
