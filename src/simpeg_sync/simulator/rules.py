"""What BKN refuses although every field is well-formed, by name, so that a setting can switch each rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .fields import FieldTables, Resource
from .references import References
from .settings import Settings


class World(NamedTuple):
    """What a rule may look at beside the body."""

    tables: FieldTables
    references: References
    settings: Settings


_POSTS = {"1": "eselonId", "2": "jabatanFungsionalId", "4": "jabatanFungsionalUmumId"}
_KINDS = ("isAngkaKreditPertama", "isIntegrasi", "isKonversi")


def reason(resource: Resource, bound: dict[str, Any], world: World) -> str | None:
    """The reason of the first rule in force that refuses; None when all agree."""
    for name in resource.rules:
        if name in world.settings.rules and (said := RULES[name](bound, world)):
            return said
    return None


def _jabatan_post(bound: dict[str, Any], _world: World) -> str | None:
    wanted = _POSTS.get(bound.get("jenisJabatan", ""))
    return f"{wanted} wajib diisi untuk jenis jabatan ini" if wanted and not bound.get(wanted) else None


def _jabatan_mutasi(bound: dict[str, Any], _world: World) -> str | None:
    is_unit_change = bound.get("jenisMutasiId") == "MU"
    return "tmtMutasi wajib diisi untuk mutasi unor" if is_unit_change and not bound.get("tmtMutasi") else None


def _unknown_post(bound: dict[str, Any], world: World) -> str | None:
    table, post = "jabatan-fungsional", bound.get("jabatanFungsionalId", "")
    is_checked = world.settings.post_check == "always" or world.references.is_loaded(table)
    if bound.get("jenisJabatan") != "2" or not is_checked or world.references.row(table, post):
        return None
    return "Jabatan fungsional tidak ditemukan pada referensi BKN"


def _sub_jabatan(bound: dict[str, Any], world: World) -> str | None:
    post = world.references.row("jabatan-fungsional", bound.get("jabatanFungsionalId", ""))
    is_demanded = post is not None and post["kel_jabatan_id"] in world.settings.sub_jabatan_groups
    if is_demanded and not bound.get("subJabatanId"):
        return "subJabatanId wajib diisi untuk kelompok jabatan ini"
    return None


def _skp_until_2020(bound: dict[str, Any], _world: World) -> str | None:
    return "SKP setelah tahun 2020 tidak dapat disimpan di sini" if bound["tahun"] > 2020 else None


def _skp_2021(bound: dict[str, Any], _world: World) -> str | None:
    return "Hanya SKP tahun 2021 yang dapat disimpan di sini" if bound["tahun"] != 2021 else None


def _skp_from_2022(bound: dict[str, Any], _world: World) -> str | None:
    return "SKP sebelum tahun 2022 tidak dapat disimpan di sini" if bound["tahun"] < 2022 else None


def _angkakredit_kind(bound: dict[str, Any], _world: World) -> str | None:
    chosen = [kind for kind in _KINDS if bound.get(kind) == "1"]
    return f"Hanya satu yang boleh dipilih: {', '.join(chosen)}" if len(chosen) > 1 else None


def _hukdis_level(bound: dict[str, Any], world: World) -> str | None:
    level = bound.get("jenisTingkatHukumanId", "")
    right = world.tables.codes["jenisHukuman_to_tingkat"].get(bound.get("jenisHukumanId", ""))
    return "Tingkat hukuman tidak sesuai dengan jenis hukuman" if level and level != right else None


Rule = Callable[[dict[str, Any], World], str | None]

RULES: dict[str, Rule] = {
    "jabatan_post": _jabatan_post,
    "jabatan_mutasi": _jabatan_mutasi,
    "unknown_post": _unknown_post,
    "sub_jabatan": _sub_jabatan,
    "skp_until_2020": _skp_until_2020,
    "skp_2021": _skp_2021,
    "skp_from_2022": _skp_from_2022,
    "angkakredit_kind": _angkakredit_kind,
    "hukdis_level": _hukdis_level,
}
