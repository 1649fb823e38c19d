"""SIMPEG at one moment: its three tables, and what can be said of each file."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, select

from simpeg_sync.demo.mapping import DOCUMENT_BYTES_MAX, DOCUMENT_DIRECTORY, Row
from simpeg_sync.demo.schema import PEGAWAI, PEGDIKLAT, REF_JENISDIKLAT


@dataclass(frozen=True, slots=True)
class File:
    sha256: str
    is_acceptable: bool
    """A PDF that BKN would take."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    persons: Mapping[str, Row]
    kinds: Mapping[str, Row]
    certificates: Mapping[int, Row]
    files: Mapping[str, File]


def take_snapshot(connection: Connection, files_dir: Path) -> Snapshot:
    directory = files_dir / DOCUMENT_DIRECTORY
    return Snapshot(
        persons={row["id_peg"]: dict(row) for row in connection.execute(select(PEGAWAI)).mappings()},
        kinds={row["kode"]: dict(row) for row in connection.execute(select(REF_JENISDIKLAT)).mappings()},
        certificates={row["id"]: dict(row) for row in connection.execute(select(PEGDIKLAT)).mappings()},
        files={path.name: _look_at(path.read_bytes()) for path in sorted(directory.iterdir()) if path.is_file()},
    )


def _look_at(content: bytes) -> File:
    return File(
        sha256=sha256(content).hexdigest(),
        is_acceptable=content.startswith(b"%PDF-") and len(content) <= DOCUMENT_BYTES_MAX,
    )
