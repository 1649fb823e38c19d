"""jabatan: posts and moves between units. Sources: bkn-api section 3 (jabatan), Annex A rw-jabatan, Annex B
jabatan/unorjabatan/save and the older jabatan/save."""

from dataclasses import replace
from typing import Literal

from simpeg_sync.bkn.resources.base import BadField, BknDate, Required, ResourceApi, RowBody, Text
from simpeg_sync.decide.fields import Field, Resource, code, date, identifier

JOB_IDS = {"1": "eselonId", "2": "jabatanFungsionalId", "4": "jabatanFungsionalUmumId"}
"""jenisJabatan -> the field that names the post; the other two are sent empty."""


class OlderJabatanBody(RowBody):
    eselonId: Text = ""
    instansiId: Required
    jabatanFungsionalId: Text = ""
    jabatanFungsionalUmumId: Text = ""
    jenisJabatan: Literal["1", "2", "4"]
    """BKN does not demand it; without it nobody knows which of the three posts is meant."""
    nomorSk: Required
    pnsId: Required
    satuanKerjaId: Required
    tanggalSk: BknDate = ""
    tmtJabatan: BknDate = ""
    tmtPelantikan: BknDate = ""
    unorId: Required

    def broken_rule(self) -> BadField | None:
        for kind, name in JOB_IDS.items():
            given = getattr(self, name) not in ("", "00", "99")
            if kind == self.jenisJabatan and not given:
                return BadField(name, "field.required")
            if kind != self.jenisJabatan and given:
                return BadField(name, "field.must_be_empty")
        return None


class JabatanBody(OlderJabatanBody):
    instansiIndukId: Text = ""
    jenisMutasiId: Literal["MJ", "MU", ""] = ""
    jenisPenugasanId: Text = ""
    subJabatanId: Text = ""
    tmtMutasi: BknDate = ""

    def broken_rule(self) -> BadField | None:
        if self.jenisMutasiId == "MU" and not self.tmtMutasi:
            return BadField("tmtMutasi", "field.required")
        if self.jenisPenugasanId and self.jenisJabatan != "1":
            return BadField("jenisPenugasanId", "field.must_be_empty")
        return super().broken_rule()


API = ResourceApi(
    resource=Resource(
        name="jabatan",
        fields=(
            Field("eselonId", "eselonId", code),
            Field("instansiId", "instansiKerjaId", identifier),
            Field("instansiIndukId", None, identifier),
            Field("jabatanFungsionalId", "jabatanFungsionalId", identifier),
            Field("jabatanFungsionalUmumId", "jabatanFungsionalUmumId", identifier),
            Field("jenisJabatan", "jenisJabatan", code),
            Field("jenisMutasiId", "jenisMutasiId", code),
            Field("jenisPenugasanId", "jenisPenugasanId", code),
            Field("nomorSk", "nomorSk"),
            Field("satuanKerjaId", "satuanKerjaId", identifier),
            Field("subJabatanId", "subJabatanId", identifier),
            Field("tanggalSk", "tanggalSk", date),
            Field("tmtJabatan", "tmtJabatan", date),
            Field("tmtMutasi", "tmtMutasi", date),
            Field("tmtPelantikan", "tmtPelantikan", date),
            Field("unorId", "unorId", identifier),
        ),
        document_kinds=("872", "873"),
        keeps_last=True,
        follow_up="jabatansync",
    ),
    body=JabatanBody,
    save_path="jabatan/unorjabatan/save",
    list_path="pns/rw-jabatan",
    delete_path="jabatan/delete",
    id_names=("rwJabatanId",),
    person_field="pnsId",
)

_LATER = ("instansiIndukId", "jenisMutasiId", "jenisPenugasanId", "subJabatanId", "tmtMutasi")

OLDER_API = replace(
    API,
    resource=replace(API.resource, fields=tuple(field for field in API.resource.fields if field.write not in _LATER)),
    body=OlderJabatanBody,
    save_path="jabatan/save",
)
"""For regions whose access still has the older address only."""
