"""What happened, in words that the person it is about understands. Indonesian first."""

from collections.abc import Mapping

from simpeg_sync.domain.status import Event, Status
from simpeg_sync.reasons import REASONS, Sentence

EVENTS: Mapping[str, Sentence] = {
    Event.CHANGED: Sentence("berubah di SIMPEG", "changed in SIMPEG"),
    Event.CLAIMED: Sentence("mulai dikerjakan", "work on it began"),
    Event.PUT_BACK: Sentence(
        "tidak ada yang dijalankan; dicoba lagi nanti", "nothing was done; it is tried again later"
    ),
    Event.INTENT: Sentence("permintaan kepada BKN dicatat, lalu dikirim", "a request to BKN was noted down, then sent"),
    Event.LINKED: Sentence("baris di BKN dikenali sebagai baris ini", "BKN's row was recognised as this one"),
    Event.STEP_PROVED: Sentence(
        "terbukti diterima BKN; langkah berikutnya menyusul", "proved to have arrived at BKN; another step follows"
    ),
    Event.PROVED: Sentence("terbukti diterima BKN", "proved to have arrived at BKN"),
    Event.UNCHANGED: Sentence("BKN sudah memiliki isi yang sama", "BKN has the same already"),
    Event.REMOVED: Sentence("baris ini tidak ada lagi di BKN", "the row is no longer at BKN"),
    Event.REFUSED: Sentence("ditolak oleh BKN", "BKN refused it"),
    Event.HELD: Sentence("ditahan, tidak dikirim", "held back, not sent"),
    Event.IGNORED: Sentence("di luar data yang dikirim", "not among what is sent"),
    Event.UNCLEAR: Sentence(
        "jawaban BKN hilang atau tidak jelas; hasilnya diperiksa kemudian",
        "BKN's answer was lost or unclear; what came of it is looked at later",
    ),
    Event.STILL_UNCLEAR: Sentence("hasilnya masih belum jelas", "it is still not known what came of it"),
    Event.DECIDED: Sentence(
        "hasilnya dipastikan dengan membaca data di BKN", "what came of it was decided by reading BKN"
    ),
    Event.WORKER_DIED: Sentence(
        "program berhenti di tengah pekerjaan; keadaannya dipulihkan",
        "the program ended half-way; its state was restored",
    ),
    Event.RESYNC: Sentence("petugas meminta diperiksa ulang", "an operator asked for a fresh look"),
    Event.RELEASED: Sentence("petugas mengizinkan dilanjutkan", "an operator let it go on"),
}
STATUSES: Mapping[str, Sentence] = {
    Status.WAITING: Sentence("menunggu giliran", "waits for its turn"),
    Status.WORKING: Sentence("sedang dikerjakan", "is being worked on"),
    Status.SENDING: Sentence("sedang dikirim", "is being sent"),
    Status.UNCERTAIN: Sentence("belum pasti sudah sampai di BKN", "not known yet whether it has arrived"),
    Status.HELD: Sentence("ditahan", "held back"),
    Status.REFUSED: Sentence("ditolak BKN", "refused by BKN"),
    Status.SYNCED: Sentence("sama dengan BKN", "equal at BKN"),
    Status.REMOVED: Sentence("tidak ada lagi di BKN", "no longer at BKN"),
    Status.IGNORED: Sentence("tidak dikirim", "not sent"),
}
ACTIONS: Mapping[str, Sentence] = {
    "create": Sentence("membuat baris baru di BKN", "make a new row at BKN"),
    "update": Sentence("mengubah baris di BKN", "change the row at BKN"),
    "delete": Sentence("menghapus baris di BKN", "delete the row at BKN"),
    "upload": Sentence("mengunggah berkas ke BKN", "upload a certificate to BKN"),
}
OUTCOMES: Mapping[str, Sentence] = {
    "": Sentence("belum ada jawaban", "no answer yet"),
    "accepted": Sentence("diterima BKN", "accepted by BKN"),
    "refused": Sentence("ditolak BKN", "refused by BKN"),
    "not_executed": Sentence("tidak dijalankan BKN", "not executed by BKN"),
    "unclear": Sentence("jawaban hilang atau tidak jelas", "the answer was lost or unclear"),
    "executed": Sentence("terlaksana, dibuktikan dengan membaca data di BKN", "executed, as reading BKN has shown"),
    "undecidable": Sentence("tidak dapat dipastikan; diserahkan kepada petugas", "cannot be decided; left to a person"),
}
READS: Mapping[str, Sentence] = {
    "turn": Sentence("untuk menyamakan data dengan BKN", "to make both sides equal"),
    "settle": Sentence("untuk memastikan hasil pengiriman", "to find out what came of a request"),
    "plan": Sentence("untuk menyusun rencana", "to make a plan"),
    "compare": Sentence("untuk membandingkan data kedua pihak", "to compare the two sides"),
}


def said(table: Mapping[str, Sentence], code: str) -> Sentence:
    """A code that has no words yet stands for itself."""
    return table.get(code) or Sentence(code, code)


def reason(code: str) -> Sentence | None:
    return REASONS.get(code) if code else None
