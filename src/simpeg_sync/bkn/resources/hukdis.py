"""hukdis: disciplinary punishments; BKN deletes none. Sources: bkn-api section 3 (hukdis), Annexes A and B."""

from collections.abc import Mapping
from typing import Any

from simpeg_sync.bkn.resources.base import BadField, BknDate, Count, Required, ResourceApi, RowBody, Text
from simpeg_sync.decide.fields import Field, Resource, amount, code, date, identifier

TINGKAT: Mapping[str, str] = {
    **dict.fromkeys(("1", "2", "3", "21", "22"), "R"),
    **dict.fromkeys(("4", "5", "6", "7", "8", "23", "24", "25"), "S"),
    **dict.fromkeys(("9", "10", "11", "12", "13", "14", "27", "28"), "B"),
}
"""jenisHukuman -> its level: light, middle, heavy (bkn-api section 4)."""
REACTIVATED = "12"
"""jenisHukuman that ends another punishment, which it must name."""


class HukdisBody(RowBody):
    akhirHukumanTanggal: BknDate = ""
    alasanHukumanDisiplinId: Required
    golonganId: Required
    golonganLama: Text = ""
    hukdisYangDiberhentikanId: Text = ""
    hukumanTanggal: BknDate = ""
    jenisHukumanId: Required
    jenisTingkatHukumanId: Text = ""
    kedudukanHukumId: Required
    keterangan: Text = ""
    masaBulan: Count = ""
    masaTahun: Count = ""
    nomorPp: Text = ""
    pnsOrangId: Required
    skNomor: Required
    skPembatalanNomor: Text = ""
    skPembatalanTanggal: BknDate = ""
    skTanggal: BknDate = ""

    def derived(self) -> Mapping[str, Any]:
        level = TINGKAT.get(self.jenisHukumanId, "")
        return {} if self.jenisTingkatHukumanId or not level else {"jenisTingkatHukumanId": level}

    def broken_rule(self) -> BadField | None:
        if self.jenisHukumanId == REACTIVATED and not self.hukdisYangDiberhentikanId:
            return BadField("hukdisYangDiberhentikanId", "field.required")
        return None


API = ResourceApi(
    resource=Resource(
        name="hukdis",
        fields=(
            Field("akhirHukumanTanggal", "akhirHukumTanggal", date),
            Field("alasanHukumanDisiplinId", "alasanHukumanDisiplin", identifier),
            Field("golonganId", "golongan", code),
            Field("golonganLama", "golonganLama", code),
            Field("hukdisYangDiberhentikanId", "rwHukumanDisiplin", identifier),
            Field("hukumanTanggal", "hukumanTanggal", date),
            Field("jenisHukumanId", "jenisHukuman", code),
            Field("jenisTingkatHukumanId", "jenisTingkatHukumanId", code),
            Field("kedudukanHukumId", "kedudukanHukum", code),
            Field("keterangan", "keterangan"),
            Field("masaBulan", "masaBulan", amount),
            Field("masaTahun", "masaTahun", amount),
            Field("nomorPp", "nomorPp"),
            Field("skNomor", "skNomor"),
            Field("skPembatalanNomor", "skPembatalanNomor"),
            Field("skPembatalanTanggal", "skPembatalanTanggal", date),
            Field("skTanggal", "skTanggal", date),
        ),
        document_kinds=("882",),
        can_delete=False,
    ),
    body=HukdisBody,
    save_path="hukdis/save",
    list_path="pns/rw-hukdis",
    id_names=("rwHukdisId",),
    person_field="pnsOrangId",
)
