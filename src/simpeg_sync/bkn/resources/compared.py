"""Histories that BKN lets no region write: feeds for them compare and report. Source: bkn-api section 3 and Annex A.

They change through proposals in SIASN; what differs here is a correction for BKN's regional office to make.
"""

from simpeg_sync.bkn.resources.base import ResourceApi
from simpeg_sync.decide.fields import Field, Form, Resource, amount, code, date, identifier, number, score, text


def _compared(name: str, list_path: str, *document_kinds: str, **forms: Form) -> ResourceApi:
    """Nothing is written, so the fields have BKN's reading names on both sides."""
    fields = tuple(Field(read, read, form) for read, form in forms.items())
    resource = Resource(name=name, fields=fields, document_kinds=document_kinds, is_writable=False, can_delete=False)
    return ResourceApi(resource=resource, list_path=list_path)


GOLONGAN = _compared(
    "golongan", "pns/rw-golongan",
    golonganId=code, jenisKPId=code, jumlahKreditTambahan=amount, jumlahKreditUtama=amount,
    masaKerjaGolonganBulan=number, masaKerjaGolonganTahun=number, noPertekBkn=text, pangkat=text, skNomor=text,
    skTanggal=date, tglPertekBkn=date, tmtGolongan=date,
)  # fmt: skip
PENDIDIKAN = _compared(
    "pendidikan", "pns/rw-pendidikan",
    gelarBelakang=text, gelarDepan=text, namaSekolah=text, nomorIjasah=text, pendidikanId=identifier,
    pendidikanNama=text, tahunLulus=number, tglLulus=date, tkPendidikanId=code,
)  # fmt: skip
PINDAHINSTANSI = _compared(
    "pindahinstansi", "pns/rw-pindahinstansi",
    instansiIndukBaru=identifier, instansiIndukLama=identifier, instansiKerjaBaru=identifier,
    instansiKerjaLama=identifier, jenisPi=code, satuanKerjaBaru=identifier, satuanKerjaLama=identifier,
    skAsalNomor=text, skAsalTanggal=date, skBknNomor=text, skBknTanggal=date, skTujuanNomor=text, skTujuanTanggal=date,
    skUsulNomor=text, skUsulTanggal=date, tmtPi=date, unorBaru=identifier, unorLama=identifier,
)  # fmt: skip
MASAKERJA = _compared(
    "masakerja", "pns/rw-masakerja",
    dinilai=code, masaKerjaBulan=number, nomorBkn=text, nomorSk=text, pengalaman=text, tanggalAwal=date,
    tanggalBkn=date, tanggalSelesai=date, tanggalSk=date, tasaKerjaTahun=number,
)  # fmt: skip
CLTN = _compared(
    "cltn", "pns/rw-cltn",
    cltnId=code, nomorLetterBkn=text, skNomor=text, skTanggal=date, tanggalAkhir=date, tanggalAktif=date,
    tanggalAwal=date, tanggalLetterBkn=date,
)  # fmt: skip
PNSUNOR = _compared(
    "pnsunor", "pns/rw-pnsunor",
    asalId=identifier, instansi=identifier, namaUnorBaru=text, skNomor=text, skTanggal=date, unorBaru=identifier,
)  # fmt: skip
PWK = _compared(
    "pwk", "pns/rw-pwk",
    asalId=identifier, instansi=identifier, kpknBaru=identifier, lokasiKerjaBaru=identifier, satuanKerja=identifier,
    skNomor=text, skTanggal=date, tmtPwk=date, unorBaru=identifier,
)  # fmt: skip
PEMBERHENTIAN = _compared(
    "pemberhentian", "pns/rw-pemberhentian",
    asalId=identifier, jenisHenti=code, kedudukanHukumPns=code, skNomor=text, skTanggal=date,
)  # fmt: skip
DP3 = _compared(
    "dp3", "pns/rw-dp3",
    jenisJabatan=code, jumlah=score, kejujuran=score, kepemimpinan=score, kerjasama=score, kesetiaan=score,
    ketaatan=score, nilairatarata=score, penilaiNama=text, penilaiNipNrp=code, prakarsa=score, prestasiKerja=score,
    tahun=number, tanggungJawab=score,
)  # fmt: skip

ALL = (GOLONGAN, PENDIDIKAN, PINDAHINSTANSI, MASAKERJA, CLTN, PNSUNOR, PWK, PEMBERHENTIAN, DP3)
