"""What happened, in words that the person it is about understands. Indonesian first."""

from collections.abc import Mapping

from simpeg_sync.domain.situation import Situation
from simpeg_sync.domain.status import Event, Status
from simpeg_sync.reasons import Words, sentence

EVENTS: Mapping[str, Words] = {
    Event.CHANGED: Words("berubah di SIMPEG", "changed in SIMPEG"),
    Event.CLAIMED: Words("mulai dikerjakan", "work on it began"),
    Event.PUT_BACK: Words("tidak ada yang dijalankan; dicoba lagi nanti", "nothing was done; it is tried again later"),
    Event.INTENT: Words("permintaan kepada BKN dicatat, lalu dikirim", "a request to BKN was noted down, then sent"),
    Event.LINKED: Words("baris di BKN dikenali sebagai baris ini", "BKN's row was recognised as this one"),
    Event.STEP_PROVED: Words(
        "terbukti diterima BKN; langkah berikutnya menyusul", "proved to have arrived at BKN; another step follows"
    ),
    Event.PROVED: Words("terbukti diterima BKN", "proved to have arrived at BKN"),
    Event.UNCHANGED: Words("BKN sudah memiliki isi yang sama", "BKN has the same already"),
    Event.REMOVED: Words("baris ini tidak ada lagi di BKN", "the row is no longer at BKN"),
    Event.REFUSED: Words("ditolak oleh BKN", "BKN refused it"),
    Event.HELD: Words("ditahan, tidak dikirim", "held back, not sent"),
    Event.IGNORED: Words("di luar data yang dikirim", "not among what is sent"),
    Event.UNCLEAR: Words(
        "jawaban BKN hilang atau tidak jelas; hasilnya diperiksa kemudian",
        "BKN's answer was lost or unclear; what came of it is looked at later",
    ),
    Event.STILL_UNCLEAR: Words("hasilnya masih belum jelas", "it is still not known what came of it"),
    Event.DECIDED: Words(
        "hasilnya dipastikan dengan membaca data di BKN", "what came of it was decided by reading BKN"
    ),
    Event.WORKER_DIED: Words(
        "program berhenti di tengah pekerjaan; keadaannya dipulihkan",
        "the program ended half-way; its state was restored",
    ),
    Event.RESYNC: Words("petugas meminta diperiksa ulang", "an operator asked for a fresh look"),
    Event.RELEASED: Words("petugas mengizinkan dilanjutkan", "an operator let it go on"),
}
STATUSES: Mapping[str, Words] = {
    Status.WAITING: Words("menunggu giliran", "waits for its turn"),
    Status.WORKING: Words("sedang dikerjakan", "is being worked on"),
    Status.SENDING: Words("sedang dikirim", "is being sent"),
    Status.UNCERTAIN: Words("belum pasti sudah sampai di BKN", "not known yet whether it has arrived"),
    Status.HELD: Words("ditahan", "held back"),
    Status.REFUSED: Words("ditolak BKN", "refused by BKN"),
    Status.SYNCED: Words("sama dengan BKN", "equal at BKN"),
    Status.REMOVED: Words("tidak ada lagi di BKN", "no longer at BKN"),
    Status.IGNORED: Words("tidak dikirim", "not sent"),
}
ACTIONS: Mapping[str, Words] = {
    "create": Words("membuat baris baru di BKN", "make a new row at BKN"),
    "update": Words("mengubah baris di BKN", "change the row at BKN"),
    "delete": Words("menghapus baris di BKN", "delete the row at BKN"),
    "upload": Words("mengunggah berkas ke BKN", "upload a certificate to BKN"),
}
OUTCOMES: Mapping[str, Words] = {
    "": Words("belum ada jawaban", "no answer yet"),
    "accepted": Words("diterima BKN", "accepted by BKN"),
    "refused": Words("ditolak BKN", "refused by BKN"),
    "not_executed": Words("tidak dijalankan BKN", "not executed by BKN"),
    "unclear": Words("jawaban hilang atau tidak jelas", "the answer was lost or unclear"),
    "executed": Words("terlaksana, dibuktikan dengan membaca data di BKN", "executed, as reading BKN has shown"),
    "undecidable": Words("tidak dapat dipastikan; diserahkan kepada petugas", "cannot be decided; left to a person"),
}
READS: Mapping[str, Words] = {
    "turn": Words("untuk menyamakan data dengan BKN", "to make both sides equal"),
    "settle": Words("untuk memastikan hasil pengiriman", "to find out what came of a request"),
    "plan": Words("untuk menyusun rencana", "to make a plan"),
    "compare": Words("untuk membandingkan data kedua pihak", "to compare the two sides"),
}
SITUATIONS: Mapping[str, Words] = {
    Situation.EQUAL: Words("sama di kedua pihak", "equal on both sides"),
    Situation.DIFFERS: Words("isinya berbeda", "the contents differ"),
    Situation.MISSING_AT_BKN: Words("ada di SIMPEG, tidak ada di BKN", "in SIMPEG, not at BKN"),
    Situation.ONLY_AT_BKN: Words("hanya ada di BKN", "only at BKN"),
    Situation.TWICE_AT_BKN: Words("ganda di BKN", "twice at BKN"),
    Situation.TWICE_IN_SIMPEG: Words("ganda di SIMPEG", "twice in SIMPEG"),
    Situation.PERSON_UNKNOWN: Words("BKN tidak mengenal NIP ini", "BKN does not know this NIP"),
    Situation.PERSON_INACTIVE: Words("pegawai tidak aktif menurut SIMPEG", "not active in SIMPEG"),
    Situation.NOT_COMPARABLE: Words("tidak dapat dibandingkan", "cannot be compared"),
    "": Words("tidak ada lagi", "no longer there"),
}


def said(table: Mapping[str, Words], code: str) -> Words:
    """A code that has no words yet stands for itself."""
    return table.get(code) or Words(code, code)


def reason(code: str) -> Words | None:
    return Words(sentence(code, indonesian=True), sentence(code)) if code else None
