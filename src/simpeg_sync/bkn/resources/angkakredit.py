"""angkakredit: credits of functional posts. Sources: bkn-api section 3 (angka kredit), Annexes A and B.

``Penailan`` is BKN's spelling.
"""

from simpeg_sync.bkn.resources.base import (
    BadField,
    Credit,
    Flag,
    MonthText,
    Required,
    RequiredDate,
    ResourceApi,
    RowBody,
    Text,
    YearText,
)
from simpeg_sync.decide.fields import Field, Resource, amount, date, flag, identifier, number


class AngkaKreditBody(RowBody):
    bulanMulaiPenailan: MonthText
    bulanSelesaiPenailan: MonthText
    isAngkaKreditPertama: Flag = ""
    isIntegrasi: Flag = ""
    isKonversi: Flag = ""
    kreditBaruTotal: Credit
    kreditPenunjangBaru: Credit
    kreditUtamaBaru: Credit
    nomorSk: Required
    pnsId: Required
    rwJabatanId: Text = ""
    tahunMulaiPenailan: YearText
    tahunSelesaiPenailan: YearText
    tanggalSk: RequiredDate

    def broken_rule(self) -> BadField | None:
        kinds = [self.isAngkaKreditPertama, self.isIntegrasi, self.isKonversi]
        if kinds.count("1") > 1:
            return BadField("isKonversi", "field.only_one")
        starts = (int(self.tahunMulaiPenailan), int(self.bulanMulaiPenailan))
        ends = (int(self.tahunSelesaiPenailan), int(self.bulanSelesaiPenailan))
        return BadField("tahunSelesaiPenailan", "field.ends_before_start") if ends < starts else None


API = ResourceApi(
    resource=Resource(
        name="angkakredit",
        fields=(
            Field("bulanMulaiPenailan", "bulanMulaiPenailan", number),
            Field("bulanSelesaiPenailan", "bulanSelesaiPenailan", number),
            Field("isAngkaKreditPertama", "isAngkaKreditPertama", flag),
            Field("isIntegrasi", "isIntegrasi", flag),
            Field("isKonversi", "isKonversi", flag),
            Field("kreditBaruTotal", "kreditBaruTotal", amount),
            Field("kreditPenunjangBaru", "kreditPenunjangBaru", amount),
            Field("kreditUtamaBaru", "kreditUtamaBaru", amount),
            Field("nomorSk", "nomorSk"),
            Field("rwJabatanId", "rwJabatan", identifier),
            Field("tahunMulaiPenailan", "tahunMulaiPenailan", number),
            Field("tahunSelesaiPenailan", "tahunSelesaiPenailan", number),
            Field("tanggalSk", "tanggalSk", date),
        ),
        document_kinds=("880", "879"),
    ),
    body=AngkaKreditBody,
    save_path="angkakredit/save",
    list_path="pns/rw-angkakredit",
    delete_path="angkakredit/delete",
    id_names=("rwAngkaKreditId",),
    person_field="pnsId",
)
