"""What needs no process: help texts, the escape of JSON, and lengths of time."""

import json
import time
from collections.abc import Iterator

import click
import pytest

from simpeg_sync.cli import commands
from simpeg_sync.cli.common import Shared, printable, since_option
from simpeg_sync.insights import masked, without_nips

NIP = "198501012010012001"


def every_command(command: click.Command, path: str = "simpeg-sync") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from every_command(inner, f"{path} {name}")


@pytest.mark.parametrize(
    ("path", "command"), list(every_command(commands)), ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_help_of_every_command_begins_with_what_it_does(path: str, command: click.Command) -> None:
    first = (command.help or "").strip().splitlines()[0]
    assert first.endswith((".", "?", ":")) and first[0].isupper(), path
    assert len(first) < 130
    context = click.Context(command, info_name=path)
    assert first.split()[0] in command.get_help(context)


@pytest.mark.parametrize("value", [{"nama": "a\x9b31m\u202e\u2028"}, ["\ud800"], {"b": "Café — ok"}], ids=ascii)
def test_json_on_a_screen_is_the_same_value_without_letters_that_act(
    value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    from pathlib import Path

    Shared(Path("none"), as_json=True, debug=False).show(value, lambda: None)
    out = capsys.readouterr().out
    assert json.loads(out) == value
    assert all(letter.isprintable() for letter in out.rstrip("\n"))


def test_a_cell_shows_a_dot_for_what_is_not_printable() -> None:
    assert printable("a\x1b[31m\nb\u202e") == "a·[31m·b·"
    assert (printable(None), printable(7)) == ("", "7")


def test_a_person_is_shown_by_the_ends_of_the_nip() -> None:
    assert masked(NIP) == "1985…2001"
    assert masked('?kursus["1"]') == "unknown"
    assert without_nips(f'["{NIP}","3"] {NIP}') == '["1985…2001","3"] 1985…2001'
    kept = f"{NIP}{'0' * 14} A{NIP} 17digits12345678901234567"
    assert without_nips(kept) == kept


def test_since_takes_a_length_of_time_or_a_date() -> None:
    now = time.time()
    two_hours = since_option("2 h")
    assert two_hours is not None and abs(two_hours - (now - 7200)) < 5
    assert since_option("2026-01-31") == time.mktime((2026, 1, 31, 0, 0, 0, 0, 0, -1))
    assert since_option(None) is None
    for wrong in ("soon", "31-01-2026", "0001-01-01"):
        with pytest.raises(click.BadParameter):
            since_option(wrong)
