"""Classic SAPK (``wsrv*``), BKN's web service until 2022/23: the same feeds, other addresses, names and words.

It saves posts, trainings and the older appraisals, deletes nothing and takes no certificates; what it only shows is
compared. Sources: bkn-api section 1a.
"""

from collections.abc import Mapping
from dataclasses import replace

from simpeg_sync.bkn.client import Dialect
from simpeg_sync.bkn.resources import RESOURCES, jabatan, skp
from simpeg_sync.bkn.resources.base import BknDate, Required, ResourceApi, RowBody, Text, Year
from simpeg_sync.bkn.resources.kursus import API as KURSUS
from simpeg_sync.bkn.tokens import Scheme
from simpeg_sync.decide.fields import Resource

JENIS_JABATAN = {"STRUKTURAL": "1", "FUNGSIONAL_TERTENTU": "2", "FUNGSIONAL_UMUM": "4"}
"""Words where SIASN has codes."""
LISTED = (
    "golongan", "jabatan", "pendidikan", "diklat", "kursus", "dp3", "skp", "skp2021", "hukdis", "penghargaan",
    "pindahinstansi", "cltn", "masakerja", "pwk", "pnsunor", "pemberhentian", "angkakredit", "pasangan", "anak", "ortu",
    "identitas",
)  # fmt: skip
"""Kinds that ``/api/pns/{kind}/{nip}`` shows."""


class JabatanBody(jabatan.OlderJabatanBody):
    satuanKerjaId: Text = ""
    pnsUserId: Required


class KursusBody(RowBody):
    instansiId: Text = ""
    institusiPenyelenggara: Text = ""
    jenisKursusId: Text = ""
    jenisKursusSertipikat: Text = ""
    jumlahJam: int = 0
    lokasiId: Text = ""
    namaKursus: Text = ""
    nomorSertipikat: Text = ""
    pnsOrangId: Required
    pnsUserId: Required
    tahun: Year
    tanggalKursus: BknDate = ""
    tanggalSelesaiKursus: BknDate = ""


class SkpBody(skp.SkpBody):
    pnsUserId: Required


class Skp2021Body(skp.Skp2021Body):
    pnsUserId: Required


def scheme(origin: str) -> Scheme:
    """One token, and an Origin without which even the right token is turned away."""
    return Scheme({"sapk": ("Authorization", "Bearer")}, {"Accept": "application/json", "Origin": origin})


def dialect(read_url: str, duplex_url: str, *, pns_user_id: str) -> Dialect:
    operator = {"pnsUserId": pns_user_id}
    apis = {name: _shown(api) if name in LISTED else _lacking(api) for name, api in RESOURCES.items()}
    apis |= {
        "jabatan": _written(
            jabatan.API,
            JabatanBody,
            "jabatan/save",
            operator,
            satuanKerjaId=None,
            instansiIndukId=None,
            jenisMutasiId=None,
            jenisPenugasanId=None,
            subJabatanId=None,
            tmtMutasi=None,
        ),
        "kursus": _written(
            KURSUS, KursusBody, "kursus/save", operator,
            jenisKursus="jenisKursusId", tahunKursus="tahun", jenisDiklatId=None,
        ),
        "skp": _written(skp.SKP, SkpBody, "skp/save", operator),
        "skp2021": _written(skp.SKP2021, Skp2021Body, "skp/2021/save", operator),
    }  # fmt: skip
    return Dialect(apis, read_url, duplex_url)


def _written(
    api: ResourceApi,
    body: type[RowBody],
    save_path: str,
    operator: Mapping[str, str],
    **translated: str | None,
) -> ResourceApi:
    lacking = {name for name, there in translated.items() if there is None}
    fields = tuple(field for field in api.resource.fields if field.write not in lacking)
    resource = replace(api.resource, fields=fields, document_kinds=(), can_delete=False, keeps_last=False, follow_up="")
    return replace(
        api,
        resource=resource,
        body=body,
        save_path=save_path,
        delete_path="",
        translated=translated,
        always=operator,
        not_sent=frozenset({"path", "satuanKerjaId"}),
        worded={"jenisJabatan": JENIS_JABATAN},
    )


def _shown(api: ResourceApi) -> ResourceApi:
    """This dialect lists the rows and saves none."""
    return replace(api, resource=_compared(api.resource), body=None, save_path="", delete_path="")


def _lacking(api: ResourceApi) -> ResourceApi:
    """This dialect has never heard of the kind."""
    return replace(_shown(api), resource=replace(_compared(api.resource), is_listed=False))


def _compared(resource: Resource) -> Resource:
    return replace(
        resource, is_writable=False, can_delete=False, document_kinds=(), follow_up="", takes_files_with_save=False
    )
