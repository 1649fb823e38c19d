"""Relatives: off unless a setting names the legal ground, since they are nobody's employees (UU 27/2022).

Sources: bkn-api Annex A data-pasangan, data-anak, data-ortu; Annex B keluarga/pasangan/save, keluarga/anak/save.
"""

from collections.abc import Mapping
from typing import Any

from simpeg_sync.bkn.resources.base import BknDate, Flag, Required, ResourceApi, RowBody, Text
from simpeg_sync.decide.fields import Field, Resource, code, date
from simpeg_sync.decide.look import BknRow


class PasanganBody(RowBody):
    agamaId: Text = ""
    alamat: Text = ""
    email: Text = ""
    jenisIdentitas: Text = ""
    jenisKelamin: Text = ""
    nama: Required
    noAktaCerai: Text = ""
    noAktaMenikah: Text = ""
    noAktaMeninggal: Text = ""
    noHp: Text = ""
    nomorIdentitas: Text = ""
    pasanganKe: Text = ""
    pnsOrangId: Required
    statusHidup: Flag = ""
    statusPekerjaanPasangan: Text = ""
    statusPernikahan: Text = ""
    tempatLahir: Text = ""
    tglAktaMenikah: BknDate = ""
    tglLahir: BknDate = ""
    tglMenikah: BknDate = ""


class AnakBody(RowBody):
    agamaId: Text = ""
    aktaKelahiran: Text = ""
    aktaMeninggal: Text = ""
    alamat: Text = ""
    email: Text = ""
    isPns: Flag = ""
    jenisAnakId: Text = ""
    jenisIdDokumenId: Text = ""
    jenisKawinId: Text = ""
    jenisKelamin: Text = ""
    nama: Required
    nipAnak: Text = ""
    nomorHp: Text = ""
    nomorIdDocument: Text = ""
    nomorTelpon: Text = ""
    pasanganId: Text = ""
    pnsOrangId: Required
    statusHidup: Flag = ""
    tempatLahir: Text = ""
    tglLahir: BknDate = ""
    tglMeninggal: BknDate = ""


def _spouses(data: BknRow) -> list[BknRow]:
    """One row a marriage: the person under ``orang`` (classic: ``dataOrang``), the marriage under ``dataPernikahan``."""
    rows: list[BknRow] = []
    for entry in _dicts(data.get("listPasangan")):
        spouse = _dict(entry.get("orang") or entry.get("dataOrang"))
        marriage = {name: value for name, value in _dict(entry.get("dataPernikahan")).items() if name != "id"}
        rows.append({**marriage, **spouse, "statusNikah": entry.get("statusNikah")})
    return rows


def _children(data: BknRow) -> list[BknRow]:
    return list(_dicts(data.get("listAnak")))


def _parents(data: BknRow) -> list[BknRow]:
    return [{**_dict(data.get(role)), "peran": role} for role in ("ayah", "ibu") if _dict(data.get(role)).get("id")]


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _never_shown(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, None) for name in names)


PASANGAN = ResourceApi(
    resource=Resource(
        name="pasangan",
        fields=(
            Field("nama", "nama"),
            Field("noAktaCerai", "aktaCerai"),
            Field("noAktaMenikah", "aktaMenikah"),
            Field("noAktaMeninggal", "aktaMeninggal"),
            Field("pasanganKe", "posisi", code),
            Field("tglLahir", "tglLahir", date),
            Field("tglMenikah", "tgglMenikah", date),
            *_never_shown(
                "agamaId", "alamat", "email", "jenisIdentitas", "jenisKelamin", "noHp", "nomorIdentitas", "statusHidup",
                "statusPekerjaanPasangan", "statusPernikahan", "tempatLahir", "tglAktaMenikah",
            ),
        ),
        can_delete=False,
        answers_id=False,
        rows_name_person=False,
    ),
    body=PasanganBody,
    save_path="keluarga/pasangan/save",
    list_path="pns/data-pasangan",
    id_names=("id", "pasanganId"),
    person_field="pnsOrangId",
    rows_in=_spouses,
    is_family=True,
)  # fmt: skip

ANAK = ResourceApi(
    resource=Resource(
        name="anak",
        fields=(
            Field("nama", "nama"),
            Field("tglLahir", "tglLahir", date),
            *_never_shown(
                "agamaId", "aktaKelahiran", "aktaMeninggal", "alamat", "email", "isPns", "jenisAnakId",
                "jenisIdDokumenId", "jenisKawinId", "jenisKelamin", "nipAnak", "nomorHp", "nomorIdDocument",
                "nomorTelpon", "pasanganId", "statusHidup", "tempatLahir", "tglMeninggal",
            ),
        ),
        can_delete=False,
        answers_id=False,
        rows_name_person=False,
    ),
    body=AnakBody,
    save_path="keluarga/anak/save",
    list_path="pns/data-anak",
    id_names=("id", "anakId"),
    person_field="pnsOrangId",
    rows_in=_children,
    is_family=True,
)  # fmt: skip

ORTU = ResourceApi(
    resource=Resource(
        name="ortu",
        fields=(
            Field("aktaMeninggal", "aktaMeninggal"),
            Field("nama", "nama"),
            Field("peran", "peran", code),
            Field("tempatLahir", "tempatLahir"),
            Field("tglLahir", "tglLahir", date),
            Field("tglMeninggal", "tglMeninggal", date),
        ),
        is_writable=False,
        can_delete=False,
        rows_name_person=False,
    ),
    list_path="pns/data-ortu",
    rows_in=_parents,
    is_family=True,
)
"""BKN lets no region write parents; ``peran`` (ayah, ibu) is ours: BKN says it by the place."""
