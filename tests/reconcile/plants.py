"""The table of plants: what is done to each side, and what a comparison must say of it.

A plant is data. Its rows belong to one person (or to as many as it names) and lie among that person's ordinary rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from simpeg_sync.domain.situation import Drift, Match, Situation
from tests.reconcile.forms import (
    always,
    another_name,
    as_text,
    capitals,
    day_first,
    first_digit,
    next_day,
    one_letter,
    other_digit,
    padded,
    small,
    with_slashes,
    with_time,
    with_unit,
    with_zeros,
    without_zeros,
    year_first,
)

Change = Mapping[str, Any]
"""Of a column of SIMPEG or a field of BKN: how its usual value is spelled or spoilt."""
SAME: Change = {}
Past = Literal["", "linked", "sent"]
"""Unknown to us until now; equal on both sides and linked by the daemon; entered by the daemon itself."""
Write = Literal["", "create", "update"]

EQUAL, DIFFERS = Situation.EQUAL, Situation.DIFFERS
MISSING, ONLY = Situation.MISSING_AT_BKN, Situation.ONLY_AT_BKN
TWICE_AT_BKN, TWICE_IN_SIMPEG = Situation.TWICE_AT_BKN, Situation.TWICE_IN_SIMPEG
NOT_COMPARABLE = Situation.NOT_COMPARABLE


@dataclass(frozen=True, slots=True)
class Of:
    """The usual value that the same column or field has in another row of the plant."""

    row: int


@dataclass(frozen=True, slots=True)
class RowPlan:
    """One thing of one person: the rows that SIMPEG and BKN have of it."""

    found: Situation
    simpeg: tuple[Change, ...] = (SAME,)
    """A row each, by column. Empty: SIMPEG has none (any more)."""
    bkn: tuple[Change, ...] = (SAME,)
    """A row each, by BKN's field on the writing side. Empty: BKN has none (any more)."""
    fields: tuple[str, ...] = ()
    """Those that differ."""
    past: Past = ""
    """With one, the first row of each side was there, equal and known to us, before the changes were made."""
    drift: Drift = Drift.NONE
    by: tuple[Match, ...] = ()
    """By what the two may have been paired; empty where it does not matter."""
    may: tuple[Situation, ...] = ()
    """Other situations that are as right for BKN's rows, or for rows of a group, where the words leave it open."""
    write: Write = ""
    """What brings it together by the default policies; without one it stays as it is."""
    sticks: bool = True
    """False where BKN keeps another form of what is written: it differs afterwards too, and nobody tries again."""
    is_anew: bool = False
    """BKN's row was deleted there and entered anew, under another id."""
    copy_of: int | None = None
    """The row of the plant whose usual values this one has too."""
    stored_id: bool = False
    """SIMPEG has BKN's id of the row in its own column."""
    person: int = 0
    """Whose of the plant's persons."""


@dataclass(frozen=True, slots=True)
class Plant:
    name: str
    feed: str
    rows: tuple[RowPlan, ...]
    alike: tuple[str, ...] = ()
    """Columns in which all rows of the plant agree."""

    @property
    def persons(self) -> int:
        return 1 + max(row.person for row in self.rows)


def _one(name: str, feed: str, found: Situation, **more: Any) -> Plant:
    return Plant(name, feed, (RowPlan(found, **more),))


def _equal(name: str, feed: str, simpeg: Change = SAME, bkn: Change = SAME, **more: Any) -> Plant:
    return _one(name, feed, EQUAL, simpeg=(simpeg,), bkn=(bkn,), **more)


def _differs(name: str, feed: str, *fields: str, simpeg: Change = SAME, bkn: Change = SAME, **more: Any) -> Plant:
    write: Write = "" if feed in ("golongan", "pendidikan") else "update"
    return _one(
        name,
        feed,
        DIFFERS,
        simpeg=(simpeg,),
        bkn=(bkn,),
        fields=fields,
        **{"write": write, "by": ("natural_key",), **more},
    )


def _typed_wrong(name: str, feed: str, *fields: str, bkn: Change) -> Plant:
    """The natural key is not equal, all the rest is: the same row, by likeness. Nothing is entered twice because of it."""
    return _one(name, feed, DIFFERS, bkn=(bkn,), fields=fields, by=("likeness",))


def _drifted(name: str, feed: str, drift: Drift, *fields: str, simpeg: Change = SAME, bkn: Change = SAME) -> Plant:
    is_ours = drift is Drift.SIMPEG and feed not in ("golongan", "pendidikan")
    return _one(
        name, feed, DIFFERS, simpeg=(simpeg,), bkn=(bkn,), fields=fields, past="linked", drift=drift, by=("link",),
        write="update" if is_ours else "",
    )  # fmt: skip


def _unready(name: str, feed: str, simpeg: Change, **more: Any) -> Plant:
    return _one(name, feed, NOT_COMPARABLE, simpeg=(simpeg,), **{"bkn": (), **more})


NONE_YET = always("01-01-0001")
"""BKN's date for none."""

IN_FORM_ONLY = (
    _equal("capitals in a name", "kursus", bkn={"namaKursus": capitals, "institusiPenyelenggara": capitals}),
    _equal("small letters in SIMPEG", "kursus", simpeg={"nama": small}),
    _equal("small letters in a certificate's number", "kursus", bkn={"nomorSertipikat": small}),
    _equal("padding and runs of blanks at BKN", "kursus", bkn={"namaKursus": padded, "institusiPenyelenggara": padded}),
    _equal("padding in SIMPEG", "kursus", simpeg={"nama": padded, "nomor": padded}),
    _equal("hours as text", "kursus", bkn={"jumlahJam": as_text}),
    _equal("hours as 40.0", "kursus", bkn={"jumlahJam": with_zeros}),
    _equal("hours with a unit in SIMPEG", "kursus", simpeg={"jam": with_unit}),
    _equal("days with the year first at BKN", "kursus", bkn={"tanggalKursus": year_first, "tanggalSelesaiKursus": year_first}),
    _equal("days with a time at BKN", "kursus", bkn={"tanggalKursus": with_time, "tanggalSelesaiKursus": with_time}),
    _equal("days with slashes in SIMPEG", "kursus", simpeg={"mulai": with_slashes, "selesai": with_slashes}),
    _equal("no day is 01-01-0001", "kursus", simpeg={"mulai": always(None)}, bkn={"tanggalKursus": NONE_YET}),
    _equal("no day is 0001-01-01 with a time", "kursus", simpeg={"mulai": always("")},
           bkn={"tanggalKursus": always("0001-01-01T00:00:00Z")}),
    _equal("no day is null", "kursus", simpeg={"mulai": always("0000-00-00")}, bkn={"tanggalKursus": always(None)}),
    _equal("structural hours as text", "diklat", bkn={"jumlahJam": as_text, "tahun": as_text, "tanggal": with_time}),
    _equal("a year as text", "penghargaan", bkn={"tahun": as_text, "skDate": year_first}),
    _equal("credits without zeros", "angkakredit", bkn={"kreditUtamaBaru": without_zeros, "kreditBaruTotal": without_zeros}),
    _equal("credits without zeros in SIMPEG", "angkakredit", simpeg={"utama": without_zeros}),
    _equal("a flag that is 0", "angkakredit", simpeg={"pertama": always("")}, bkn={"isAngkaKreditPertama": always("0")}),
    _equal("a flag that is null", "angkakredit", simpeg={"pertama": always("0")}, bkn={"isAngkaKreditPertama": always(None)}),
    _equal("a flag that is empty", "angkakredit", simpeg={"pertama": always("0")}, bkn={"isAngkaKreditPertama": always("")}),
    _equal("an id in capitals", "angkakredit", bkn={"rwJabatanId": capitals}),
    _equal("no id is 0", "angkakredit", simpeg={"id_jabatan": always(None)}, bkn={"rwJabatanId": always("0")}),
    _equal("an assessor in capitals", "skp22", bkn={"penilaiNama": capitals, "penilaiUnorNama": padded}),
    _equal("marks as text", "skp22", bkn={"hasilKinerjaNilai": as_text, "tahun": as_text}),
    _equal("a rank's days as timestamps", "golongan", bkn={"tmtGolongan": with_time, "skTanggal": with_time}),
    _equal("years of service as numbers", "golongan", bkn={"masaKerjaGolonganTahun": int, "masaKerjaGolonganBulan": int}),
    _equal("a study's id in small letters", "pendidikan", bkn={"pendidikanId": small, "namaSekolah": capitals}),
)  # fmt: skip

NEVER_EQUAL = (
    _differs("a digit of the hours", "kursus", "jumlahJam", bkn={"jumlahJam": other_digit}),
    _differs("a digit of the hours, written 41.0", "kursus", "jumlahJam",
             bkn={"jumlahJam": lambda v: with_zeros(other_digit(v))}),
    _differs("a digit of a day", "kursus", "tanggalKursus", bkn={"tanggalKursus": next_day}),
    _differs("a digit of a day with a time", "kursus", "tanggalSelesaiKursus",
             bkn={"tanggalSelesaiKursus": lambda v: with_time(next_day(v))}),
    _differs("another name", "kursus", "namaKursus", bkn={"namaKursus": another_name}),
    _differs("two letters changed places", "kursus", "namaKursus", bkn={"namaKursus": one_letter}),
    _differs("another code", "kursus", "jenisDiklatId", bkn={"jenisDiklatId": always("12")}),
    _differs("two fields", "kursus", "jumlahJam", "institusiPenyelenggara",
             bkn={"jumlahJam": other_digit, "institusiPenyelenggara": always("Badan Lain")}),
    _differs("a day is empty at BKN", "kursus", "tanggalKursus", bkn={"tanggalKursus": NONE_YET}),
    _differs("a name is empty at BKN", "kursus", "namaKursus", bkn={"namaKursus": always("")}),
    _differs("a day is empty in SIMPEG", "kursus", "tanggalKursus", simpeg={"mulai": always(None)}),
    _differs("another level", "diklat", "latihanStrukturalId", bkn={"latihanStrukturalId": always("8")}),
    _differs("a decoration's day", "penghargaan", "skDate", bkn={"skDate": next_day}),
    _differs("another decoration", "penghargaan", "hargaId", bkn={"hargaId": always("304")}),
    _differs("a thousandth of a credit", "angkakredit", "kreditUtamaBaru", bkn={"kreditUtamaBaru": other_digit}),
    _differs("a flag", "angkakredit", "isAngkaKreditPertama", simpeg={"pertama": always("1")},
             bkn={"isAngkaKreditPertama": always("0")}),
    _differs("an id", "angkakredit", "rwJabatanId", bkn={"rwJabatanId": always("0")}),
    _differs("a mark", "skp22", "kuadranKinerjaNilai", bkn={"kuadranKinerjaNilai": always(5)}),
    _differs("an assessor's number", "skp22", "penilaiNipNrp", bkn={"penilaiNipNrp": other_digit}),
    _differs("a digit of a decree's number", "golongan", "skNomor", bkn={"skNomor": first_digit}),
    _differs("years of service", "golongan", "masaKerjaGolonganTahun", bkn={"masaKerjaGolonganTahun": other_digit}),
    _differs("a decree's day and number", "golongan", "skNomor", "skTanggal",
             bkn={"skNomor": first_digit, "skTanggal": next_day}),
    _differs("another school", "pendidikan", "namaSekolah", bkn={"namaSekolah": always("Akademi Lain")}),
    _differs("another study", "pendidikan", "pendidikanId", bkn={"pendidikanId": always("A5EB03E2FFFFF6A0E040640A0402FFFF")}),
    _differs("the number differs, the stored id does not", "kursus", "nomorSertipikat",
             bkn={"nomorSertipikat": first_digit}, stored_id=True, by=("stored_id",)),
)  # fmt: skip

ALIKE = (
    _typed_wrong("a digit of a certificate's number", "kursus", "nomorSertipikat", bkn={"nomorSertipikat": first_digit}),
    _typed_wrong("letters of a certificate's number", "kursus", "nomorSertipikat", bkn={"nomorSertipikat": one_letter}),
    _typed_wrong("number and day", "diklat", "nomor", "tanggal", bkn={"nomor": first_digit, "tanggal": next_day}),
    _typed_wrong("a decoration's number", "penghargaan", "skNomor", bkn={"skNomor": first_digit}),
    _typed_wrong("a credit's number", "angkakredit", "nomorSk", bkn={"nomorSk": first_digit}),
    _typed_wrong("one day off", "golongan", "tmtGolongan", bkn={"tmtGolongan": next_day}),
    _typed_wrong("a diploma's number", "pendidikan", "nomorIjasah", bkn={"nomorIjasah": first_digit}),
)  # fmt: skip

ALONE = (
    _one("not entered at BKN", "kursus", MISSING, bkn=(), write="create"),
    _one("leadership not entered at BKN", "diklat", MISSING, bkn=(), write="create"),
    _one("decoration not entered at BKN", "penghargaan", MISSING, bkn=(), write="create"),
    _one("credit not entered at BKN", "angkakredit", MISSING, bkn=(), write="create"),
    _one("year not entered at BKN", "skp22", MISSING, bkn=(), write="create"),
    _one("rank not at BKN", "golongan", MISSING, bkn=()),
    _one("diploma not at BKN", "pendidikan", MISSING, bkn=()),
    _one("not entered in SIMPEG", "kursus", ONLY, simpeg=()),
    _one("leadership not entered in SIMPEG", "diklat", ONLY, simpeg=()),
    _one("decoration not entered in SIMPEG", "penghargaan", ONLY, simpeg=()),
    _one("credit not entered in SIMPEG", "angkakredit", ONLY, simpeg=()),
    _one("year not entered in SIMPEG", "skp22", ONLY, simpeg=()),
    _one("rank not in SIMPEG", "golongan", ONLY, simpeg=()),
    _one("diploma not in SIMPEG", "pendidikan", ONLY, simpeg=()),
    _one("twice at BKN, never in SIMPEG", "kursus", ONLY, simpeg=(), bkn=(SAME, SAME)),
    _one("not entered at BKN, and no hours to send", "diklat", MISSING, simpeg=({"jam": always("")},), bkn=()),
    Plant("one missing, another one only there", "kursus",
          (RowPlan(MISSING, bkn=(), write="create"), RowPlan(ONLY, simpeg=()))),
)  # fmt: skip

TWICE = (
    _one("entered twice at BKN", "kursus", TWICE_AT_BKN, bkn=(SAME, SAME)),
    _one("entered twice at BKN in other capitals", "penghargaan", TWICE_AT_BKN, bkn=(SAME, {"skNomor": small})),
    _one("entered twice at BKN with other hours", "kursus", TWICE_AT_BKN, bkn=(SAME, {"jumlahJam": other_digit})),
    _one("a year twice at BKN", "skp22", TWICE_AT_BKN, bkn=(SAME, {"kuadranKinerjaNilai": always(5)})),
    _one("a rank three times at BKN", "golongan", TWICE_AT_BKN, bkn=(SAME, SAME, SAME)),
    # One of the rows in SIMPEG may be called the equal one; the others are its doubles.
    _one("entered twice in SIMPEG", "kursus", TWICE_IN_SIMPEG, simpeg=(SAME, SAME), may=(EQUAL,)),
    _one("entered twice in SIMPEG, then with other hours", "kursus", TWICE_IN_SIMPEG,
         simpeg=(SAME, {"jam": other_digit}), may=(EQUAL,)),
    _one("entered twice in SIMPEG, first with other hours", "kursus", TWICE_IN_SIMPEG,
         simpeg=({"jam": other_digit}, SAME), may=(EQUAL,)),
    _one("entered twice in SIMPEG, both with other hours", "kursus", TWICE_IN_SIMPEG,
         simpeg=({"jam": other_digit}, {"jam": lambda v: other_digit(other_digit(v))})),
    _one("a diploma twice in SIMPEG", "pendidikan", TWICE_IN_SIMPEG, simpeg=(SAME, SAME), may=(EQUAL,)),
    _one("twice on both sides", "penghargaan", TWICE_AT_BKN, simpeg=(SAME, SAME), bkn=(SAME, SAME),
         may=(TWICE_IN_SIMPEG, EQUAL)),
)  # fmt: skip

UNREADY = (
    _unready("not verified", "kursus", {"status": always(1)}),
    _unready("not verified, and BKN has it", "kursus", {"status": always(1)}, bkn=(SAME,), may=(ONLY,)),
    _unready("no longer verified", "kursus", {"status": always(3)}, bkn=(SAME,), past="linked"),
    _unready("a day that nobody can read", "kursus", {"mulai": always("akhir Maret")}),
    _unready("no day of any calendar", "penghargaan", {"tanggal": always("31-02-2020")}),
    _unready("a day spoilt since", "penghargaan", {"tanggal": always("??-05-2020")}, bkn=(SAME,), past="linked"),
    _unready("an unknown code", "penghargaan", {"jenis": always("XXL")}),
    _unready("a code that the lookup lacks", "kursus", {"jenis": always("ZZZ")}),
    _unready("an unknown rank", "golongan", {"golongan": always("V/z")}),
    _unready("no number", "kursus", {"nomor": always(None)}),
)  # fmt: skip

WITH_A_PAST = (
    _equal("linked and left alone", "kursus", past="linked", by=("link",)),
    _equal("linked, then spelled anew by others", "kursus", past="linked", by=("link",),
           bkn={"namaKursus": capitals, "tanggalKursus": year_first, "jumlahJam": as_text}),
    _equal("linked, then spelled anew in SIMPEG", "kursus", past="linked", by=("link",),
           simpeg={"nama": capitals, "mulai": day_first, "jam": with_unit}),
    _equal("changed alike on both sides", "kursus", past="linked", by=("link",),
           simpeg={"jam": other_digit}, bkn={"jumlahJam": other_digit}),
    _drifted("edited in SIMPEG since", "kursus", Drift.SIMPEG, "jumlahJam", simpeg={"jam": other_digit}),
    _drifted("its number corrected in SIMPEG since", "kursus", Drift.SIMPEG, "nomorSertipikat", simpeg={"nomor": first_digit}),
    _drifted("emptied in SIMPEG since", "kursus", Drift.SIMPEG, "tanggalKursus", simpeg={"mulai": always(None)}),
    _drifted("mark edited in SIMPEG since", "skp22", Drift.SIMPEG, "kuadranKinerjaNilai",
             simpeg={"predikat": lambda v: "Kurang" if v == "Baik" else "Baik"}),
    _drifted("rank edited in SIMPEG since", "golongan", Drift.SIMPEG, "skTanggal", simpeg={"tanggal": next_day}),
    _drifted("changed at BKN by another hand", "kursus", Drift.BKN, "jumlahJam", bkn={"jumlahJam": other_digit}),
    _drifted("its number changed at BKN", "penghargaan", Drift.BKN, "skNomor", bkn={"skNomor": first_digit}),
    _drifted("emptied at BKN by another hand", "kursus", Drift.BKN, "tanggalKursus", bkn={"tanggalKursus": NONE_YET}),
    _drifted("rank changed at BKN", "golongan", Drift.BKN, "skNomor", bkn={"skNomor": first_digit}),
    _drifted("diploma changed at BKN", "pendidikan", Drift.BKN, "namaSekolah", bkn={"namaSekolah": always("Akademi Lain")}),
    _drifted("changed on both sides, one field", "kursus", Drift.BOTH, "jumlahJam",
             simpeg={"jam": other_digit}, bkn={"jumlahJam": lambda v: other_digit(other_digit(v))}),
    _drifted("changed on both sides, two fields", "kursus", Drift.BOTH, "jumlahJam", "namaKursus",
             simpeg={"jam": other_digit}, bkn={"namaKursus": another_name}),
    _one("gone at BKN", "kursus", MISSING, bkn=(), past="linked", drift=Drift.BKN),
    _one("rank gone at BKN", "golongan", MISSING, bkn=(), past="linked", drift=Drift.BKN),
    _one("deleted in SIMPEG", "kursus", ONLY, simpeg=(), past="linked", drift=Drift.SIMPEG),
    _equal("deleted at BKN and entered anew there", "kursus", past="linked", is_anew=True),
    Plant("entered again at BKN though linked", "kursus",
          (RowPlan(EQUAL, past="linked", by=("link",)), RowPlan(ONLY, simpeg=(), copy_of=0, may=(TWICE_AT_BKN,)))),
    _one("a name that BKN cut", "kursus", DIFFERS, past="sent", simpeg=(SAME,), fields=("namaKursus",),
         drift=Drift.NOT_KEPT, by=("link",)),
    _one("a correction that BKN cuts", "kursus", DIFFERS, bkn=({"namaKursus": always("Pelatihan Teknis")},),
         fields=("namaKursus",), write="update", sticks=False),
    _one("sent and left alone", "penghargaan", EQUAL, past="sent", by=("link",)),
    _one("sent, then changed by another hand", "penghargaan", DIFFERS, past="sent", bkn=({"skDate": next_day},),
         fields=("skDate",), drift=Drift.BKN, by=("link",)),
)  # fmt: skip

LONG = "Pelatihan Teknis Penyusunan Laporan Pertanggungjawaban Keuangan Daerah bagi Bendahara"
KEPT_LETTERS = {"kursus.namaKursus": 60}
"""What BKN keeps of a name; no other name is so long."""
LONG_NAMES = frozenset({"a name that BKN cut", "a correction that BKN cuts"})


def _twins(name: str, feed: str, count: int, *alike: str) -> Plant:
    return Plant(name, feed, tuple(RowPlan(EQUAL) for _ in range(count)), alike)


def _swapped(name: str, feed: str, field: str, *alike: str) -> Plant:
    """Two rows of one person whose values of a field have changed places at BKN."""
    rows = (
        RowPlan(DIFFERS, bkn=({field: Of(1)},), fields=(field,), by=("natural_key",), write="update"),
        RowPlan(DIFFERS, bkn=({field: Of(0)},), fields=(field,), by=("natural_key",), write="update"),
    )
    return Plant(name, feed, rows, alike)


_ONE_DAY = ("nama", "penyelenggara", "jenis", "mulai", "selesai")

HOSTILE = (
    _twins("forty rows of one name, host and day", "kursus", 40, *_ONE_DAY, "jam"),
    _twins("twelve rows of one day", "kursus", 12, "mulai", "selesai"),
    _twins("twelve rows of one name", "kursus", 12, "nama"),
    _swapped("hours that changed places", "kursus", "jumlahJam", *_ONE_DAY),
    _swapped("names that changed places", "kursus", "namaKursus", "penyelenggara", "mulai", "selesai", "jam"),
    Plant("one of a dozen twins typed wrong", "kursus",
          (RowPlan(DIFFERS, bkn=({"nomorSertipikat": first_digit},), fields=("nomorSertipikat",), by=("likeness",)),
           *(RowPlan(EQUAL) for _ in range(11))), (*_ONE_DAY, "jam")),
    Plant("one of a dozen twins missing", "kursus",
          (RowPlan(MISSING, bkn=(), write="create"), *(RowPlan(EQUAL) for _ in range(11))), (*_ONE_DAY, "jam")),
    Plant("one of a dozen twins only at BKN", "kursus",
          (RowPlan(ONLY, simpeg=()), *(RowPlan(EQUAL) for _ in range(11))), (*_ONE_DAY, "jam")),
    Plant("one year missing, another only there, all else alike", "skp22",
          (RowPlan(MISSING, bkn=(), write="create"), RowPlan(ONLY, simpeg=())),
          ("hasil", "perilaku", "predikat", "nama_penilai", "nip_penilai", "unit_penilai")),
    Plant("two persons, one decree number", "penghargaan",
          (RowPlan(EQUAL), RowPlan(EQUAL, person=1)), ("nomor", "jenis", "tanggal", "tahun")),
    Plant("another person's decree has the number", "penghargaan",
          (RowPlan(EQUAL), RowPlan(MISSING, bkn=(), write="create", person=1)), ("nomor", "jenis", "tanggal", "tahun")),
    Plant("another person's decree, which SIMPEG lacks", "penghargaan",
          (RowPlan(ONLY, simpeg=()), RowPlan(MISSING, bkn=(), write="create", person=1)),
          ("nomor", "jenis", "tanggal", "tahun")),
)  # fmt: skip

PLANTS: tuple[Plant, ...] = (
    *IN_FORM_ONLY, *NEVER_EQUAL, *ALIKE, *ALONE, *TWICE, *UNREADY, *WITH_A_PAST, *HOSTILE,
)  # fmt: skip

_OF_A_LINK = frozenset(
    {"its number corrected in SIMPEG since", "its number changed at BKN", "entered again at BKN though linked"}
)
"""Only a link says which two rows are one."""


def _seen(row: RowPlan) -> RowPlan:
    return replace(row, by=()) if row.past else row


SEEN_ONLY: tuple[Plant, ...] = tuple(
    replace(plant, rows=tuple(_seen(row) for row in plant.rows))
    for plant in WITH_A_PAST
    if plant.name not in _OF_A_LINK and all(row.past != "sent" for row in plant.rows)
)
"""The same drifts where nobody has linked anything: an earlier comparison has seen both sides equal, and that is all."""
