"""What all commands share: the settings file, the two forms of output, and errors as sentences with an exit code."""

import json
import os
import pwd
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from simpeg_sync.config.load import Config
from simpeg_sync.domain import errors

F = TypeVar("F", bound=Callable[..., Any])

DONE, FAILED, IN_PART, UNREACHABLE, REFUSED, BUSY, DAMAGED, NOTHING, MISCONFIGURED = 0, 1, 3, 4, 5, 6, 7, 8, 78

EXIT_CODES: Sequence[tuple[type[errors.SyncError], int]] = (
    (errors.ConfigError, MISCONFIGURED),
    (errors.NotApproved, IN_PART),
    (errors.NothingMatched, NOTHING),
    (errors.OperatorError, 2),
    (errors.LoginRefused, REFUSED),
    (errors.BknError, UNREACHABLE),
    (errors.SourceDown, UNREACHABLE),
    (errors.SourceError, FAILED),
    (errors.LedgerBusy, BUSY),
    (errors.LedgerUnfit, DAMAGED),
    (errors.LedgerError, UNREACHABLE),
)


_UNSEEN = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")
"""What JSON may hold as it is but a terminal would obey, or UTF-8 could not carry."""


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def json_text(data: Any) -> str:
    """On one line, with what no terminal shows written out."""
    return _UNSEEN.sub(_escaped, json.dumps(data, ensure_ascii=False, default=str))


@dataclass(frozen=True, slots=True)
class Shared:
    """Options of every command."""

    path: Path
    as_json: bool
    debug: bool

    @property
    def config(self) -> Config:
        from simpeg_sync import wiring

        return wiring.read_config(self.path)

    def show(self, data: Any, as_text: Callable[[], None]) -> None:
        """Results to stdout: one JSON value, or what people read."""
        if self.as_json:
            click.echo(json_text(data))
        else:
            as_text()


pass_shared = click.make_pass_decorator(Shared)


def exit_code(error: errors.SyncError) -> int:
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), FAILED)


def say(text: str) -> None:
    """Progress and warnings go to stderr, so that results can be piped."""
    click.echo("\n".join(printable(line) for line in text.split("\n")), err=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Plain columns, readable in a pipe as on a screen; control characters of names cannot steer the terminal."""
    texts = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(name), *(len(row[index]) for row in texts), 0) for index, name in enumerate(columns)]
    for row in [list(columns), *texts]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def printable(value: Any) -> str:
    text = "" if value is None else str(value)
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def speaks_indonesian(environment: Mapping[str, str] = os.environ) -> bool:
    """As the system's own programs choose their language: LC_ALL before LC_MESSAGES before LANG."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    language = next((environment[name] for name in names if environment.get(name)), "")
    return re.match(r"(?i)id(?![a-z])", language) is not None


def actor() -> str:
    """Who gives the order, for the audit: the account of the operating system."""
    try:
        return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def confirm(count: int, what: str, *, yes: bool, ask_number_from: int = 100) -> None:
    """Asks before something large; types the number for very large ones. Raises click.Abort."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"this concerns {count} {what}; add --yes to do it without being asked")
    if count >= ask_number_from:
        typed = click.prompt(
            f"This concerns {count} {what}. Type the number to go on", default="", show_default=False, err=True
        )
        if typed.strip() != str(count):
            raise click.Abort
    else:
        click.confirm(f"This concerns {count} {what}. Go on?", abort=True, err=True)


def since_option(value: str | None) -> float | None:
    """``2 h``, ``30 min`` or an ISO date, as Unix seconds. Raises click.BadParameter."""
    import datetime as dt
    import time

    from simpeg_sync.config.settings import _seconds

    if value is None:
        return None
    try:
        return time.time() - _seconds(value)
    except ValueError:
        pass  # not a length of time: a date then
    try:
        return dt.datetime.fromisoformat(value).astimezone().timestamp()
    except (ValueError, OverflowError):
        raise click.BadParameter("write a length of time (2 h, 30 min, 7 d) or a date (2026-01-31)") from None


NUMBER = click.IntRange(1, 2**63 - 1)
"""Of a record, or how many: what a database can count."""


def said(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """A reason for the audit has to say something."""
    if value is not None and not value.strip():
        raise click.BadParameter("say why; it goes into the audit")
    return value


def flat(mapping: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in mapping.items())
