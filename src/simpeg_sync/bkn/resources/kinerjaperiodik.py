"""kinerjaperiodik: appraisals of a month or a quarter. Sources: bkn-api Annex A rw-kinerjaperiodik, Annex B.

BKN shows no months again, so rows of one year and kind differ on its side by their values only.
"""

from simpeg_sync.bkn.resources.base import BadField, Month, Required, ResourceApi, RowBody, Text, Year
from simpeg_sync.bkn.resources.skp import Quadrant, Rating
from simpeg_sync.decide.fields import Field, Resource, code, number


class KinerjaPeriodikBody(RowBody):
    bulanMulaiPenilaian: Month
    bulanSelesaiPenilaian: Month
    hasilKinerjaNilai: Rating
    koefisienId: Required
    kuadranKinerjaNilai: Quadrant
    penilaiGolongan: Text = ""
    penilaiJabatanNama: Text = ""
    penilaiNama: Text = ""
    penilaiNipNrp: Text = ""
    penilaiUnorNama: Text = ""
    perilakuKerjaNilai: Rating
    periodikId: Required
    pnsDinilaiId: Required
    statusPenilai: Text = ""
    tahun: Year
    tahunMulaiPenilaian: Year
    tahunSelesaiPenilaian: Year

    def broken_rule(self) -> BadField | None:
        starts = (self.tahunMulaiPenilaian, self.bulanMulaiPenilaian)
        ends = (self.tahunSelesaiPenilaian, self.bulanSelesaiPenilaian)
        return BadField("bulanSelesaiPenilaian", "field.ends_before_start") if ends < starts else None


API = ResourceApi(
    resource=Resource(
        name="kinerjaperiodik",
        fields=(
            Field("bulanMulaiPenilaian", None, number),
            Field("bulanSelesaiPenilaian", None, number),
            Field("hasilKinerjaNilai", "hasilKinerjaNilai", number),
            Field("koefisienId", "koefisenId", code),
            Field("kuadranKinerjaNilai", "kuadranKinerjaNilai", number),
            Field("penilaiGolongan", "penilaiGolonganId", code),
            Field("penilaiJabatanNama", "penilaiJabatanNama"),
            Field("penilaiNama", "namaPenilai"),
            Field("penilaiNipNrp", "penilaiNipNrp", code),
            Field("penilaiUnorNama", "penilaiUnorNm"),
            Field("perilakuKerjaNilai", "perilakuKerjaNilai", number),
            Field("periodikId", "periodikId", code),
            Field("statusPenilai", "statusPenilai"),
            Field("tahun", "tahun", number),
            Field("tahunMulaiPenilaian", None, number),
            Field("tahunSelesaiPenilaian", None, number),
        ),
        # Sources are split between the two; 890 is the one whose label says what it is.
        document_kinds=("890", "891"),
    ),
    body=KinerjaPeriodikBody,
    save_path="kinerjaperiodik/save",
    list_path="pns/rw-kinerjaperiodik",
    delete_path="kinerjaperiodik/delete",
    id_names=("rwKinerjaPeriodikId",),
    person_field="pnsDinilaiId",
)
