"""The combined saves of 2026: one form with the row and its certificates. What they answer nobody has published, so a look
proves them. Source: bkn-api section 3 (Combined) and Annex B, ``*/document/save``."""

import re
from collections.abc import Mapping
from dataclasses import replace

from simpeg_sync.bkn.resources.base import ResourceApi

FORM_FILES: Mapping[str, Mapping[str, str]] = {
    "jabatan": {"872": "dok_sk_jabatan", "873": "dok_surat_pelantikan"},
    "angkakredit": {"880": "sk_pak", "879": "dok_pak"},
    "skp22": {"891": "file"},
    "cpns": {"889": "file"},
    "diklat": {"874": "file"},
    "kursus": {"881": "file"},
    "penghargaan": {"892": "file"},
}

SPELLED: Mapping[str, Mapping[str, str]] = {
    "kursus": {"jenisKursus": "jenis_kursus_id"},
    "angkakredit": {
        "bulanMulaiPenailan": "bulan_mulai_penilaian",
        "bulanSelesaiPenailan": "bulan_selesai_penilaian",
        "tahunMulaiPenailan": "tahun_mulai_penilaian",
        "tahunSelesaiPenailan": "tahun_selesai_penilaian",
    },
}
"""Where the form's name is not the body's in snake case."""
NOT_IN_FORM: Mapping[str, tuple[str, ...]] = {
    "jabatan": ("jenisMutasiId", "jenisPenugasanId", "subJabatanId", "tmtMutasi"),
    "kursus": ("jenisKursusSertipikat",),
    "cpns": (
        "pertek_cpns_pns_l2th_nomor",
        "pertek_cpns_pns_l2th_tanggal",
        "tanggal_dokter_pns",
        "tgl_spmt",
        "tmt_cpns",
    ),
}
"""Fields that the published form lacks. A feed that maps them has to use the plain save."""
AS_IN_BODY = ("skp22", "cpns")
"""Forms whose names are the body's own."""


def combined(apis: Mapping[str, ResourceApi]) -> dict[str, ResourceApi]:
    return {name: _combined(name, apis[name]) for name in FORM_FILES}


def _combined(name: str, api: ResourceApi) -> ResourceApi:
    assert api.body is not None
    lacking = NOT_IN_FORM.get(name, ())
    fields = tuple(field for field in api.resource.fields if field.write not in lacking)
    own = {field: field if name in AS_IN_BODY else _snake(field) for field in api.body.model_fields}
    resource = replace(
        api.resource,
        fields=fields,
        document_kinds=tuple(FORM_FILES[name]),
        takes_files_with_save=True,
        answers_id=False,
    )
    return replace(
        api,
        resource=resource,
        save_path=api.save_path.removesuffix("/save") + "/document/save",
        respelled={**own, **SPELLED.get(name, {})},
        form_files=FORM_FILES[name],
        stores_files_first=False,
        not_sent=frozenset({"path", *lacking}),
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)
