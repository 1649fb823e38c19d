"""diklat: structural training only. Sources: bkn-api Annex A rw-diklat, Annex B diklat/save."""

from typing import Annotated

from pydantic import Field as Bounds

from simpeg_sync.bkn.resources.base import (
    BknDate,
    Required,
    RequiredDate,
    RequiredNumber,
    ResourceApi,
    RowBody,
    Text,
    Year,
)
from simpeg_sync.decide.fields import Field, Resource, code, date, number


class DiklatBody(RowBody):
    bobot: Annotated[int, Bounds(strict=True, ge=0)] = 0
    institusiPenyelenggara: Required
    jenisKompetensi: Text = ""
    jumlahJam: RequiredNumber
    latihanStrukturalId: Required
    nomor: Required
    pnsOrangId: Required
    tahun: Year
    tanggal: BknDate = ""
    tanggalSelesai: RequiredDate


API = ResourceApi(
    resource=Resource(
        name="diklat",
        fields=(
            Field("bobot", None, number),
            Field("institusiPenyelenggara", "institusiPenyelenggara"),
            Field("jenisKompetensi", None),
            Field("jumlahJam", "jumlahJam", number),
            Field("latihanStrukturalId", "latihanStrukturalId", code),
            Field("nomor", "nomor"),
            Field("tahun", "tahun", number),
            Field("tanggal", "tanggal", date),
            Field("tanggalSelesai", "tanggalSelesai", date),
        ),
        document_kinds=("874",),
    ),
    body=DiklatBody,
    save_path="diklat/save",
    list_path="pns/rw-diklat",
    delete_path="diklat/delete",
    # One public client finds rwKursusId in a diklat answer's place; accepted as second best.
    id_names=("rwDiklatId", "rwKursusId"),
    person_field="pnsOrangId",
)
