"""sertifikasi: professional certificates. Sources: bkn-api section 2 (read names), Annexes A and B; newer than the Swagger.

``masaBerlakuSertSelasai`` is one document's spelling, ``...Selesai`` another's; a setting says which one leaves.
"""

from simpeg_sync.bkn.resources.base import BknDate, Required, ResourceApi, RowBody, Text
from simpeg_sync.decide.fields import Field, Resource, date, identifier


class SertifikasiBody(RowBody):
    gelarBelakangSert: Text = ""
    gelarDepanSert: Text = ""
    lembagaSertifikasiId: Text = ""
    lembagaSertifikasiNama: Text = ""
    masaBerlakuSertMulai: BknDate = ""
    masaBerlakuSertSelasai: BknDate = ""
    namaSertifikasi: Text = ""
    nomorSertifikat: Text = ""
    pnsOrangId: Required
    rumpunJabatanId: Text = ""
    tanggalSertifikat: BknDate = ""


API = ResourceApi(
    resource=Resource(
        name="sertifikasi",
        fields=(
            Field("gelarBelakangSert", "gelarBelakangSert"),
            Field("gelarDepanSert", "gelarDepanSert"),
            Field("lembagaSertifikasiId", None, identifier),
            Field("lembagaSertifikasiNama", "lembagaSertifikasiNama"),
            Field("masaBerlakuSertMulai", "masaBerlakuSertMulai", date),
            Field("masaBerlakuSertSelasai", "masaBerlakuSertSelesai", date),
            Field("namaSertifikasi", "namaSertifikasi"),
            Field("nomorSertifikat", "noSertifikat"),
            Field("rumpunJabatanId", None, identifier),
            Field("tanggalSertifikat", "tanggalSertifikat", date),
        ),
        document_kinds=("1683", "1680"),
        rows_name_person=False,
    ),
    body=SertifikasiBody,
    save_path="sertifikasi/save",
    list_path="pns/rw-sertifikasi",
    delete_path="sertifikasi/delete",
    id_names=("rwSertifikasiId",),
    person_field="pnsOrangId",
)
