"""On which line of a feed's file does a table or a column stand?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simpeg_sync.config.document import YamlFile
from simpeg_sync.mapping.feed import Feed

CONDITIONS = ("scope", "verified", "deleted", "active_person")
SECTIONS = ("key", "identity", "joins", "person", "person_bkn_id", "bkn_id", *CONDITIONS, "fields", "document")
NOT_COLUMNS = ("const", "map", "table", "directory", "as", "kind", "link", "formats", "no_date", "with", "by", "strip")
"""Words behind which a text stands that is no column."""


def place_of_table(file: YamlFile, table: str) -> str:
    data = file.data
    if data.get("table") == table:
        return file.place(("table",))
    joins = data.get("joins") or []
    return next(
        (file.place(("joins", n, "table")) for n, join in enumerate(joins) if join["table"] == table), _top(file)
    )


def place_of_join(file: YamlFile, feed: Feed, alias: str) -> str:
    number = next(n for n, join in enumerate(feed.joins) if join.alias == alias)
    return file.place(("joins", number))


def place_of_column(file: YamlFile, feed: Feed, column: str) -> str:
    """The first place that names it, as the feed writes it: ``column`` or ``alias.column``."""
    alias, _, bare = column.rpartition(".")
    for number, join in enumerate(feed.joins):
        if join.alias == alias and bare in dict(join.on):
            return file.place(("joins", number, "on", bare))
    for section in SECTIONS:
        found = next(_places(file.data.get(section), (section,), column), None)
        if found is not None:
            return file.place(found)
    return _top(file)


def written(file: YamlFile, where: Sequence[str | int]) -> Any:
    """What stands there, as YAML gives it."""
    here = file.data
    for part in where:
        here = here[part]
    return here


def _top(file: YamlFile) -> str:
    return file.place(("feed",))


def _places(here: Any, where: tuple[str | int, ...], column: str) -> Iterator[tuple[str | int, ...]]:
    match here:
        case str() if here == column and where[-1] not in NOT_COLUMNS:
            yield where
        case Mapping():
            names_columns = where[-1] == "if" or where[0] in CONDITIONS
            for name, inner in here.items():
                if names_columns and name == column:
                    yield (*where, name)
                elif name not in NOT_COLUMNS and not names_columns:
                    yield from _places(inner, (*where, name), column)
        case list():
            for number, inner in enumerate(here):
                yield from _places(inner, (*where, number), column)
