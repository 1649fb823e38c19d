"""The certificates of one record as SIMPEG has them now, wherever it keeps them: in a folder, in a column, in rows of another
table, in several pages.

They are looked at when the record's turn has come and its row may leave, and at no other time: they may be large.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simpeg_sync.decide.fields import DocumentForm, Resource
from simpeg_sync.decide.plan import FileState
from simpeg_sync.domain.change import Row, SourceKey
from simpeg_sync.mapping.expressions import Unfit
from simpeg_sync.mapping.feed import DocumentRows, DocumentRule, Feed, Place
from simpeg_sync.mapping.render import Wanted
from simpeg_sync.ports import Document, Files, Piece, SourceOfDocuments

NAMES: Mapping[DocumentForm, str] = {"pdf": "dokumen.pdf", "image": "foto.jpg"}
"""For what has no file name in SIMPEG. BKN gives it one of its own anyway."""


@dataclass(frozen=True, slots=True)
class Documents:
    source: SourceOfDocuments
    files: Files

    def of(self, feed: Feed, resource: Resource, key: SourceKey, wanted: Wanted) -> Mapping[str, Document]:
        """By kind, as far as BKN takes such a kind for this resource. A kind that the row does not have is absent."""
        usual = next(iter(resource.document_kinds), "")
        found = {
            rule.kind or usual: self._document(feed, rule, resource.document_form, key, wanted)
            for rule in feed.documents
            if (rule.kind or usual) in resource.document_kinds
        }
        return {kind: document for kind, document in found.items() if document is not None}

    def not_named(self, feed: Feed, resource: Resource, found: Mapping[str, Document]) -> str | None:
        """The first kind that the feed requires and the row does not have."""
        usual = next(iter(resource.document_kinds), "")
        asked = [rule.kind or usual for rule in feed.documents if rule.required]
        return next((kind for kind in asked if kind in resource.document_kinds and kind not in found), None)

    def _document(
        self, feed: Feed, rule: DocumentRule, form: DocumentForm, key: SourceKey, wanted: Wanted
    ) -> Document | None:
        if rule.is_in_row:
            place = wanted.places.get(rule.kind)
            return self._file(place, form) if place is not None else None
        pieces = self.source.pieces(feed, rule, key)
        if rule.rows is None:
            pieces = [piece for piece in pieces if not _is_blank(piece)]
        match [self._piece(rule, piece, form) for piece in pieces]:
            case []:
                return None
            case [document]:
                return document
            case several:
                return self._together(rule.rows, several, [piece.row for piece in pieces], form)

    def _piece(self, rule: DocumentRule, piece: Piece, form: DocumentForm) -> Document:
        if not rule.content:
            try:
                place = rule.place(piece.row)
            except Unfit as unfit:
                return _problem(unfit.code)
            # There is a row, and it has nothing: a page that is missing.
            return self._file(place, form) if place is not None else _problem("document.empty")
        if _is_blank(piece) or piece.size == 0:
            return _problem("document.empty")
        if piece.content is None:
            return _problem("document.too_big")
        return replace(self.files.stored(piece.content, form=form), file_name=NAMES[form])

    def _file(self, place: Place, form: DocumentForm) -> Document:
        if place.problem:
            return _problem(place.problem)
        return replace(self.files.read(place.directory, place.name, form=form), file_name=place.name)

    def _together(
        self, rows: DocumentRows | None, pages: Sequence[Document], read: Sequence[Row], form: DocumentForm
    ) -> Document:
        order = [tuple(row[column] for column in rows.order) for row in read] if rows is not None else []
        if form != "pdf" or not any(order) or any(one in order[:n] for n, one in enumerate(order)):
            return _problem("document.several")
        for number, page in enumerate(pages, 1):
            if page.state.problem:
                # Too large are all of them together.
                is_its_own = page.state.problem != "document.too_big"
                return _problem(page.state.problem, f"page {number}" if is_its_own else "")
        return replace(self.files.together(pages), file_name=NAMES[form])


def _is_blank(piece: Piece) -> bool:
    """As everywhere: no value and blank text are the same."""
    content: Any = piece.content
    return piece.size is None or (isinstance(content, str) and not content.strip())


def _problem(code: str, detail: str = "") -> Document:
    return Document(FileState(problem=code, detail=detail))
