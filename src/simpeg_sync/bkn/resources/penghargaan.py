"""penghargaan: decorations. Sources: bkn-api Annex A rw-penghargaan, Annex B penghargaan/save."""

from simpeg_sync.bkn.resources.base import Required, RequiredDate, ResourceApi, RowBody, Year
from simpeg_sync.decide.fields import Field, Resource, code, date, number


class PenghargaanBody(RowBody):
    hargaId: Required
    pnsOrangId: Required
    skDate: RequiredDate
    skNomor: Required
    tahun: Year


API = ResourceApi(
    resource=Resource(
        name="penghargaan",
        fields=(
            Field("hargaId", "hargaId", code),
            Field("skDate", "skDate", date),
            Field("skNomor", "skNomor"),
            Field("tahun", "tahun", number),
        ),
        document_kinds=("892",),
    ),
    body=PenghargaanBody,
    save_path="penghargaan/save",
    list_path="pns/rw-penghargaan",
    delete_path="penghargaan/delete",
    id_names=("rwPenghargaanId",),
    person_field="pnsOrangId",
)
