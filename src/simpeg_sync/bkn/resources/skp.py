"""SKP, the yearly appraisal: one address up to 2020, one for 2021, one from 2022 on. BKN deletes none.

Sources: bkn-api section 3 (SKP, SKP 22), Annex A rw-skp and rw-skp22, Annex B skp/save, skp/2021/save, skp22/save.
"""

from typing import Annotated, Literal

from pydantic import Field as Bounds

from simpeg_sync.bkn.resources.base import BadField, BknDate, Required, ResourceApi, RowBody, Score, Text, Year
from simpeg_sync.decide.fields import Field, Resource, code, date, identifier, number, score

Rating = Annotated[int, Bounds(strict=True, ge=1, le=3)]
"""1 above, 2 as, 3 below expectation."""
Quadrant = Annotated[int, Bounds(strict=True, ge=1, le=5)]
"""1 very good to 5 very poor."""
ID_NAMES = ("rwSkpId",)
"""mapData is the bare id by most sources; one expects it inside."""


class _OldSkpBody(RowBody):
    atasanPejabatPenilai: Text = ""
    atasanPenilaiGolongan: Text = ""
    atasanPenilaiJabatan: Text = ""
    atasanPenilaiNama: Text = ""
    atasanPenilaiNipNrp: Text = ""
    atasanPenilaiTmtGolongan: BknDate = ""
    atasanPenilaiUnorNama: Text = ""
    disiplin: Score
    integritas: Score
    jenisJabatan: Literal["1", "2", "4"]
    jumlah: Score
    kerjasama: Score
    komitmen: Score
    nilaiPerilakuKerja: Score
    nilaiPrestasiKerja: Score
    nilaiSkp: Score
    nilairatarata: Score
    orientasiPelayanan: Score
    pejabatPenilai: Text = ""
    penilaiGolongan: Text = ""
    penilaiJabatan: Text = ""
    penilaiNama: Text = ""
    penilaiNipNrp: Text = ""
    penilaiTmtGolongan: BknDate = ""
    penilaiUnorNama: Text = ""
    pnsDinilaiOrang: Required
    statusAtasanPenilai: Text = ""
    statusPenilai: Text = ""
    tahun: Year


class SkpBody(_OldSkpBody):
    kepemimpinan: Score

    def broken_rule(self) -> BadField | None:
        return BadField("tahun", "field.wrong_year") if self.tahun > 2020 else None


class Skp2021Body(_OldSkpBody):
    inisiatifKerja: Score
    jenisPeraturanKinerjaKd: Literal["PP30", "PP46"]
    kepemimpinan: Annotated[float, Bounds(strict=True, ge=0, le=1000)] = 0.0
    konversiNilai: Score
    nilaiIntegrasi: Score

    def broken_rule(self) -> BadField | None:
        return BadField("tahun", "field.wrong_year") if self.tahun != 2021 else None


class Skp22Body(RowBody):
    hasilKinerjaNilai: Rating
    kuadranKinerjaNilai: Quadrant
    penilaiGolongan: Text = ""
    penilaiJabatan: Text = ""
    penilaiNama: Text = ""
    penilaiNipNrp: Text = ""
    penilaiUnorNama: Text = ""
    perilakuKerjaNilai: Rating
    pnsDinilaiOrang: Required
    statusPenilai: Text = ""
    tahun: Year

    def broken_rule(self) -> BadField | None:
        return BadField("tahun", "field.wrong_year") if self.tahun < 2022 else None


_OLD_FIELDS = (
    Field("atasanPejabatPenilai", "atasanPejabatPenilai", identifier),
    Field("atasanPenilaiGolongan", "atasanPenilaiGolongan", code),
    Field("atasanPenilaiJabatan", "atasanPenilaiJabatan"),
    Field("atasanPenilaiNama", "atasanPenilaiNama"),
    Field("atasanPenilaiNipNrp", "atasanPenilaiNipNrp", code),
    Field("atasanPenilaiTmtGolongan", "atasanPenilaiTmtGolongan", date),
    Field("atasanPenilaiUnorNama", "atasanPenilaiUnorNama"),
    Field("disiplin", "disiplin", score),
    Field("integritas", "integritas", score),
    Field("jenisJabatan", "jenisJabatan", code),
    Field("jumlah", "jumlah", score),
    Field("kepemimpinan", "kepemimpinan", score),
    Field("kerjasama", "kerjasama", score),
    Field("komitmen", "komitmen", score),
    Field("nilaiPerilakuKerja", "nilaiPerilakuKerja", score),
    Field("nilaiPrestasiKerja", "nilaiPrestasiKerja", score),
    Field("nilaiSkp", "nilaiSkp", score),
    Field("nilairatarata", "nilairatarata", score),
    Field("orientasiPelayanan", "orientasiPelayanan", score),
    Field("pejabatPenilai", "pejabatPenilai", identifier),
    Field("penilaiGolongan", "penilaiGolongan", code),
    Field("penilaiJabatan", "penilaiJabatan"),
    Field("penilaiNama", "penilaiNama"),
    Field("penilaiNipNrp", "penilaiNipNrp", code),
    Field("penilaiTmtGolongan", "penilaiTmtGolongan", date),
    Field("penilaiUnorNama", "penilaiUnorNama"),
    Field("statusAtasanPenilai", "statusAtasanPenilai"),
    Field("statusPenilai", "statusPenilai"),
    Field("tahun", "tahun", number),
)

SKP = ResourceApi(
    resource=Resource(name="skp", fields=_OLD_FIELDS, document_kinds=("891",), can_delete=False, shares_list="skp"),
    body=SkpBody,
    save_path="skp/save",
    list_path="pns/rw-skp",
    id_names=ID_NAMES,
    person_field="pnsDinilaiOrang",
)

SKP2021 = ResourceApi(
    resource=Resource(
        name="skp2021",
        fields=(
            *_OLD_FIELDS,
            Field("inisiatifKerja", "inisiatifKerja", score),
            Field("jenisPeraturanKinerjaKd", "jenisPeraturanKinerjaKd", code),
            Field("konversiNilai", "konversiNilai", score),
            Field("nilaiIntegrasi", "nilaiIntegrasi", score),
        ),
        document_kinds=("891",),
        can_delete=False,
        shares_list="skp",
    ),
    body=Skp2021Body,
    save_path="skp/2021/save",
    list_path="pns/rw-skp",
    id_names=ID_NAMES,
    person_field="pnsDinilaiOrang",
)

SKP22 = ResourceApi(
    resource=Resource(
        name="skp22",
        fields=(
            Field("hasilKinerjaNilai", "hasilKinerjaNilai", number),
            Field("kuadranKinerjaNilai", "KuadranKinerjaNilai", number),
            Field("penilaiGolongan", "penilaiGolonganId", code),
            Field("penilaiJabatan", "penilaiJabatanNm"),
            Field("penilaiNama", "namaPenilai"),
            Field("penilaiNipNrp", "nipNrpPenilai", code),
            Field("penilaiUnorNama", "penilaiUnorNm"),
            Field("perilakuKerjaNilai", "PerilakuKerjaNilai", number),
            Field("statusPenilai", "statusPenilai"),
            Field("tahun", "tahun", number),
        ),
        # 891 by two clients, 890 by one; a feed may say which.
        document_kinds=("891", "890"),
        can_delete=False,
    ),
    body=Skp22Body,
    save_path="skp22/save",
    list_path="pns/rw-skp22",
    id_names=ID_NAMES,
    person_field="pnsDinilaiOrang",
)
