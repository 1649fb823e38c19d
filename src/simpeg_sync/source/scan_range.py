"""What a scan remembers of a range of rows, and what changed in it since. Pure.

Rows come in the order of the source, which nobody else knows: collations differ. So nothing here compares two keys; what
lies between what follows from the order in which both sides list them.
"""

import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simpeg_sync.domain.change import SourceKey

SIZE = 8
"""Bytes of a row's digest: that a change keeps it is one chance in 1.8e19."""

Digests = Mapping[SourceKey, bytes]
"""Of the rows of a range, in the order of the source."""


def row_digest(values: Sequence[Any]) -> bytes:
    # The type counts too: what a driver hands over differently may be mapped differently.
    return hashlib.blake2b(repr(tuple(values)).encode(errors="surrogatepass"), digest_size=SIZE).digest()


def digests_of(rows: Sequence[tuple[SourceKey, tuple[Any, ...]]]) -> dict[SourceKey, bytes]:
    """Several rows of one key (a natural one) have one digest together, whatever their order."""
    by_key: dict[SourceKey, list[bytes]] = {}
    for key, values in rows:
        by_key.setdefault(key, []).append(row_digest(values))
    return {key: found[0] if len(found) == 1 else row_digest(sorted(found)) for key, found in by_key.items()}


def packed(digests: Digests) -> bytes:
    keys = zlib.compress("\n".join(digests).encode(errors="surrogatepass"), 1)  # keys are JSON, so without line ends
    return struct.pack(">I", len(keys)) + keys + b"".join(digests.values())


def unpacked(entries: bytes) -> dict[SourceKey, bytes]:
    if not entries:
        return {}
    (length,) = struct.unpack_from(">I", entries)
    text = zlib.decompress(entries[4 : 4 + length]).decode(errors="surrogatepass")
    values = entries[4 + length :]
    keys = text.split("\n") if text else []
    return {SourceKey(key): values[n * SIZE : (n + 1) * SIZE] for n, key in enumerate(keys)}


def digest_of(entries: bytes) -> str:
    return hashlib.blake2b(entries, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Difference:
    changed: tuple[SourceKey, ...]
    """Keys that are new, have another content, or are gone."""
    beyond: Digests
    """What was there before and lies behind the rows that were read now."""


def difference(old: Digests, new: Digests, *, is_whole: bool) -> Difference:
    """``is_whole``: all rows of the range were read, so what is not among them is gone. Else an old row that stands behind
    the last one that both have may only not have been read yet."""
    changed = [key for key, digest in new.items() if old.get(key) != digest]
    keys = list(old)
    end = len(keys)
    if not is_whole:
        end = next((n + 1 for n in reversed(range(len(keys))) if keys[n] in new), 0)
    gone = [key for key in keys[:end] if key not in new]
    return Difference((*changed, *gone), {key: old[key] for key in keys[end:]})
