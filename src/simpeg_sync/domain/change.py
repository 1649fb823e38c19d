"""What happened in the source? A change says only that a key may have changed, never what it holds now."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NewType

FeedName = NewType("FeedName", str)

SourceKey = NewType("SourceKey", str)
"""The key of a source row as a canonical JSON array of texts, e.g. ``["17"]`` or ``["19660801...", "2020-01-31"]``."""

Nip = NewType("Nip", str)
"""The 18 digits that name a person; also the lane in which the person's writes queue up."""

Row = Mapping[str, Any]
"""A source row by the column names the feed uses: ``column`` of its own table, ``alias.column`` of a joined one."""

TWICE: Row = MappingProxyType({})
"""Stands for several rows of one natural key, where nothing says which of them counts. Known by identity, not by content."""


class SeveralPartners(dict[str, Any]):
    """Stands for a row for which a join finds several partners, where nothing says which of them counts. It holds the
    columns that are the same with each of them."""

    def __init__(self, join: str, agreed: Row) -> None:
        super().__init__(agreed)
        self.join = join


def source_key(parts: Iterable[str]) -> SourceKey:
    return SourceKey(json.dumps(list(parts), ensure_ascii=False, separators=(",", ":")))


def key_parts(key: SourceKey) -> tuple[str, ...]:
    return tuple(json.loads(key))


@dataclass(frozen=True, slots=True)
class Change:
    """One record of one feed is to be looked at again."""

    feed: FeedName
    key: SourceKey


@dataclass(frozen=True, slots=True)
class KeyEdit:
    """A row of the feed got another key: whoever followed it by the old one follows it by the new one."""

    feed: FeedName
    old: SourceKey
    new: SourceKey
