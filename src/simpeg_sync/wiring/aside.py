"""What blocks a thread, for turns that share one: each call goes aside, see fibers.py."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from simpeg_sync.bkn.exchange import Exchange, Exchanged, Request
from simpeg_sync.decide.fields import DocumentForm
from simpeg_sync.domain.change import Nip, Row, SourceKey
from simpeg_sync.domain.record import Digest
from simpeg_sync.fibers import aside
from simpeg_sync.mapping.feed import DocumentRule, Feed
from simpeg_sync.ports import Document, Files, Piece, SourceOfDocuments


class AsideExchange:
    """Implements Exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def send(self, request: Request, *, deadline_s: float) -> Exchanged:
        return aside(partial(self._exchange.send, request, deadline_s=deadline_s), at_once=True)

    def close(self) -> None:
        self._exchange.close()


class AsideSource:
    """Implements SourceOfDocuments."""

    def __init__(self, source: SourceOfDocuments) -> None:
        self._source = source

    def read(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Row]:
        return aside(partial(self._source.read, feed, keys))

    def persons(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Nip]:
        return aside(partial(self._source.persons, feed, keys))

    def is_twice(self, feed: Feed, nip: Nip) -> bool:
        return aside(partial(self._source.is_twice, feed, nip))

    def keys(self, feed: Feed, *, page_size: int) -> Iterator[Sequence[SourceKey]]:
        """For sweeps, which have a thread of their own."""
        return self._source.keys(feed, page_size=page_size)

    def pieces(self, feed: Feed, rule: DocumentRule, key: SourceKey) -> Sequence[Piece]:
        return aside(partial(self._source.pieces, feed, rule, key))


class AsideFiles:
    """Implements Files."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def read(self, directory: str, name: str, *, form: DocumentForm = "pdf") -> Document:
        return aside(partial(self._files.read, directory, name, form=form))

    def stored(self, content: Any, *, form: DocumentForm = "pdf") -> Document:
        return aside(partial(self._files.stored, content, form=form))

    def together(self, pages: Sequence[Document]) -> Document:
        return aside(partial(self._files.together, pages))

    def digest(self, content: bytes) -> Digest:
        return aside(partial(self._files.digest, content))
