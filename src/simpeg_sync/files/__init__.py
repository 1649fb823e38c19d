"""What a certificate is: a file of a folder, or what a column holds; one PDF, or pages that become one. Reads, never
writes."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simpeg_sync.decide.fields import DocumentForm
from simpeg_sync.decide.plan import FileState
from simpeg_sync.domain.record import Digest
from simpeg_sync.files.base64_text import base64_of
from simpeg_sync.files.pages import put_together
from simpeg_sync.ports import Document

PDF_MAX_BYTES = 1_000_000
"""BKN refuses PDFs of about this size and more (bkn-api section 3, Uploads; one source)."""

BEGINNINGS: Mapping[DocumentForm, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "image": (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"),
}
"""By what its first bytes say, whatever the file is called: PDF, JPEG, PNG."""


class FolderFiles:
    """Implements ports.Files over local folders."""

    def __init__(self, *, max_bytes: int = PDF_MAX_BYTES) -> None:
        self._max_bytes = max_bytes

    def read(self, directory: str, name: str, *, form: DocumentForm = "pdf") -> Document:
        try:
            base = Path(directory).resolve()
            path = (base / name).resolve()
            # A file name comes from a form: it must not climb out of the folder.
            if not path.is_relative_to(base):
                return _problem("document.bad_name")
            # A pipe or a device would hold us for ever.
            if not path.is_file():
                return _problem("document.missing")
            with path.open("rb") as file:
                content = file.read(self._max_bytes + 1)
        except FileNotFoundError:
            return _problem("document.missing")
        except (OSError, ValueError, RuntimeError):
            # ValueError: a NUL or half a character in the name. RuntimeError: links in a circle, before Python 3.13.
            return _problem("document.unreadable")
        return self._checked(content, form)

    def stored(self, content: Any, *, form: DocumentForm = "pdf") -> Document:
        if isinstance(content, bytes | bytearray | memoryview):
            content = bytes(content)
            if content.startswith(BEGINNINGS[form]):
                return self._checked(content, form)
        decoded = base64_of(content)
        if decoded is not None:
            return self._checked(decoded, form)
        return self._checked(content, form) if isinstance(content, bytes) else _problem("document.base64")

    def together(self, pages: Sequence[Document]) -> Document:
        if sum(len(page.content) for page in pages) > self._max_bytes:
            return _problem("document.too_big")
        content = put_together([page.content for page in pages])
        if content is None:
            return _problem("document.pages")
        document = self._checked(content, "pdf")
        if document.state.problem:
            return document
        # Of what SIMPEG has, and not of how this version puts it together: an upgrade must not send all of them again.
        digest = self.digest("".join(page.state.digest or "" for page in pages).encode())
        return Document(FileState(digest), content)

    def digest(self, content: bytes) -> Digest:
        return Digest(hashlib.blake2b(content, digest_size=16).hexdigest())

    def _checked(self, content: bytes, form: DocumentForm) -> Document:
        rules: Mapping[str, bool] = {
            "document.empty": not content,
            "document.too_big": len(content) > self._max_bytes,
            "document.not_pdf": form == "pdf" and not content.startswith(BEGINNINGS[form]),
            "document.not_image": form == "image" and not content.startswith(BEGINNINGS[form]),
        }
        for problem, is_broken in rules.items():
            if is_broken:
                return _problem(problem)
        return Document(FileState(self.digest(content)), content)


def _problem(code: str) -> Document:
    return Document(FileState(problem=code))
