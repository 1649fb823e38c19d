"""Which of BKN's codes do the feeds send? Every one that stands in a constant, a map or a code table, with its place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simpeg_sync.config.code_tables import code_lines
from simpeg_sync.config.document import YamlFile
from simpeg_sync.config.load import Config
from simpeg_sync.mapping.text import plain


@dataclass(frozen=True, slots=True)
class UsedCode:
    """A national code that a feed may send."""

    place: str
    """``file:line``."""
    feed: str
    target: str
    field: str
    local: str | None
    """None for a constant."""
    national: str


@dataclass(frozen=True, slots=True)
class FromSource:
    """A field whose value comes from SIMPEG as it is: the configuration does not say which codes it may send."""

    place: str
    feed: str
    target: str
    field: str


def used_codes(config: Config) -> Iterator[UsedCode | FromSource]:
    """For a configuration that was read without problems."""
    for name, feed in config.feeds.items():
        file = config.feed_files[name]
        for field in feed.fields:
            expression = file.data["fields"][field]
            for found in _found(expression, file, ("fields", field), config.folder):
                match found:
                    case str() as place:
                        yield FromSource(place, name, feed.target, field)
                    case (place, local, national):
                        yield UsedCode(place, name, feed.target, field, local, national)


Found = str | tuple[str, str | None, str]
"""The place of a bare column; or place, local and national code."""


def _found(written: Any, file: YamlFile, where: Sequence[str | int], folder: Path) -> Iterator[Found]:
    here = file.place(where)
    match written:
        case {"const": value}:
            if plain(value):
                yield (here, None, plain(value))
        case {"code": _, "map": codes}:
            for local, national in codes.items():
                yield (file.place((*where, "map", local)), str(local), plain(national))
        case {"code": _, "table": table}:
            path = folder / str(table)
            for line in code_lines(path.read_bytes()):
                yield (f"{path}:{line.line}", line.local, line.national)
        case {"when": branches}:
            for index, branch in enumerate(branches):
                yield from _found(branch["then"], file, (*where, "when", index, "then"), folder)
            if "else" in written:
                yield from _found(written["else"], file, (*where, "else"), folder)
        case {"first": items}:
            for index, item in enumerate(items):
                yield from _found(item, file, (*where, "first", index), folder)
        case str() | Mapping():
            yield here
