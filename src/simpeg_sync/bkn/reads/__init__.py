"""The reading side of BKN: every read of bkn-api Annex A, its rows as typed values. Sends through calls.py, decides nothing."""

from simpeg_sync.bkn.reads.door import Reads
from simpeg_sync.bkn.reads.rows import Document, Oddity, TypedRow
from simpeg_sync.bkn.reads.values import OddityKind

__all__ = ["Document", "Oddity", "OddityKind", "Reads", "TypedRow"]
