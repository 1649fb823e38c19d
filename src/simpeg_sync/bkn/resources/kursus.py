"""kursus: every training except the structural kind. Sources: bkn-api Annex A rw-kursus, Annex B kursus/save."""

from collections.abc import Mapping
from typing import Any, Literal

from simpeg_sync.bkn.resources.base import BknDate, Required, RequiredNumber, ResourceApi, RowBody, Text, Year
from simpeg_sync.decide.fields import Field, Resource, code, date, identifier, number

JENIS_DIKLAT = tuple(str(kind) for kind in range(2, 26))
"""All of BKN's jenisDiklat except 1, which is structural and goes to diklat/save."""

SERTIPIKAT: Mapping[str, str] = {"2": "F", "4": "P", "7": "P", "9": "P"}
"""jenisDiklatId -> jenisKursusSertipikat: functional; workshop, socialisation and seminar support; all others technical."""


class KursusBody(RowBody):
    instansiId: Text = ""
    institusiPenyelenggara: Required
    jenisDiklatId: Literal[JENIS_DIKLAT]  # type: ignore[valid-type]  # the codes are data
    jenisKursus: Text = ""
    jenisKursusSertipikat: Literal["T", "F", "P", ""] = ""
    jumlahJam: RequiredNumber
    lokasiId: Text = ""
    namaKursus: Text = ""
    nomorSertipikat: Required
    pnsOrangId: Required
    tahunKursus: Year
    tanggalKursus: BknDate = ""
    tanggalSelesaiKursus: BknDate = ""

    def derived(self) -> Mapping[str, Any]:
        return {} if self.jenisKursusSertipikat else {"jenisKursusSertipikat": SERTIPIKAT.get(self.jenisDiklatId, "T")}


API = ResourceApi(
    resource=Resource(
        name="kursus",
        fields=(
            Field("instansiId", None, identifier),
            Field("institusiPenyelenggara", "institusiPenyelenggara"),
            Field("jenisDiklatId", "jenisDiklatId", code),
            Field("jenisKursus", "jenisKursusId", identifier),
            Field("jenisKursusSertipikat", "jenisKursusSertifikat", code),
            Field("jumlahJam", "jumlahJam", number),
            Field("lokasiId", None, identifier),
            Field("namaKursus", "namaKursus"),
            Field("nomorSertipikat", "noSertipikat"),
            Field("tahunKursus", "tahunKursus", number),
            Field("tanggalKursus", "tanggalKursus", date),
            Field("tanggalSelesaiKursus", "tanggalSelesaiKursus", date),
        ),
        document_kinds=("881",),
    ),
    body=KursusBody,
    save_path="kursus/save",
    list_path="pns/rw-kursus",
    delete_path="kursus/delete",
    id_names=("rwKursusId",),
    person_field="pnsOrangId",
)
