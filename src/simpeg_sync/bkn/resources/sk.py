"""Signed decrees of promotions and of new employees, uploaded with their numbers in one form. BKN shows no such rows.

Sources: bkn-api Annex B upload-dok-sk-kp, upload-dok-sk-nip.
"""

from simpeg_sync.bkn.resources.base import BknDate, Body, Required, RequiredDate, ResourceApi, Text, YearText
from simpeg_sync.decide.fields import Field, Resource


class SkKpBody(Body):
    id_usulan: Required
    no_sk: Required
    tgl_sk: RequiredDate


class SkNipBody(Body):
    no_peserta: Required
    no_sk: Required
    pejabat_ttd_sk: Text = ""
    tahun_formasi: YearText
    tgl_sk: RequiredDate
    tgl_ttd_sk: BknDate = ""


def _form(name: str, body: type[Body], save_path: str) -> ResourceApi:
    return ResourceApi(
        resource=Resource(
            name=name,
            fields=tuple(Field(field, None) for field in body.model_fields),
            document_kinds=("sk",),
            is_listed=False,
            # The proposal is the row, and the body names it: whoever sends again replaces the same decree.
            is_single=True,
            can_delete=False,
            answers_id=False,
            takes_files_with_save=True,
        ),
        body=body,
        save_path=save_path,
        form_files={"sk": "file"},
    )


SK_KP = _form("sk-kp", SkKpBody, "upload-dok-sk-kp")
SK_NIP = _form("sk-nip", SkNipBody, "upload-dok-sk-nip")
