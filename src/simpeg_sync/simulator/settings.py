"""What can be switched about the simulated BKN. Where sources disagree, the choice is here."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any


class UnknownSetting(ValueError):
    """A setting that doesn't exist, or a value of the wrong kind."""


@dataclass(frozen=True, slots=True)
class Settings:
    base_paths: tuple[str, ...] = ("/apisiasn/1.0",)

    consumer_key: str = "fake-consumer-key"
    consumer_secret: str = "fake-consumer-secret"
    sso_client_id: str = "fake-instansi-client"
    sso_username: str = "199001012020011001"
    sso_password: str = "fake-password"
    # A person who can log in, but whose token doesn't belong to this application: "Token SSO mismatch".
    foreign_sso_username: str = "199001012020011002"
    # Long-lived tokens as BKN hands out since the SSO asks for a second factor.
    static_sso_tokens: tuple[str, ...] = ()
    apim_lifetime_s: float = 3600
    sso_lifetime_s: float = 43200
    new_token_kills_old: bool = False
    mismatch_status: int = 401
    expired_jwt_status: int = 401
    missing_jwt_status: int = 400
    # The login by password is gone where the SSO asks for a second factor.
    sso_password_grant: bool = True
    # What the gateway calls a bad token: 900901 under 401, or its general 900900 under 401 or 500.
    bad_token_form: str = "900901"
    # Older gateways wrap their errors in {"fault": {...}}.
    wrap_gateway_errors: bool = False
    # The load balancer sets its cookie on every answer to a call that carries none.
    balancer_cookies: bool = False

    # Validation refusals carry this status; clients saw 200, the Swagger allows 400.
    validation_status: int = 200
    # Path of a save -> its own status.
    validation_statuses: dict[str, int] = field(default_factory=dict)
    # Template path -> "404" | "200" | "null" | "record_not_found"; without an entry the field table decides.
    not_found: dict[str, str] = field(default_factory=dict)
    # The same for a person who is there but has no rows.
    list_empty: dict[str, str] = field(default_factory=dict)
    # Business refusals: {"success": false} with the reason in `message` or in `mapData`, or {Error, Message}.
    refusal_form: str = "message"
    # `mapData` where no source knows it: {"id": ...}, the bare id, or null.
    unknown_map_data: str = "object"
    # `mapData` of the SKP saves and of kinerja periodik: the bare id, or {"rwSkpId": ...} as one client expects.
    text_map_data: str = "text"
    # The business rules in force, by their names in `rules.py`. Two of them are only inferred, so they are off.
    rules: tuple[str, ...] = (
        "jabatan_post",
        "jabatan_mutasi",
        "unknown_post",
        "sub_jabatan",
        "skp_until_2020",
        "skp_2021",
        "skp_from_2022",
    )
    # "if_loaded": a functional post is looked up only when its reference table has rows.
    post_check: str = "if_loaded"
    # Values of kel_jabatan_id (teachers, doctors, lecturers) whose posts need a subJabatanId.
    sub_jabatan_groups: tuple[str, ...] = ()
    # "append", or "overwrite": an SKP saved without an id takes the place of that year's.
    skp_per_year: str = "append"
    # Codes of small tables must be known; which of them BKN looks up isn't known.
    check_codes: bool = True
    # Two clients send the months of kinerja periodik as text.
    months_as_text: bool = False
    update_mode: str = "replace"
    unknown_id_creates: bool = False
    refuse_duplicates: bool = False
    empty_path_clears: bool = False
    # "kursus.namaKursus" -> how many letters BKN keeps of it: the save succeeds, and another text is shown afterwards.
    kept_letters: dict[str, int] = field(default_factory=dict)
    # One integrator posts structural training to kursus/save; the others don't.
    kursus_accepts_structural: bool = False
    delete_answer: str = "top"
    # The two sync calls answer {success, mapData, message} or {Error, Message}.
    sync_answer: str = "result_create"

    pad_names: int = 0
    name_case: str = "stored"
    # "stored", or the JSON value that an empty text or date is read as.
    empty_text: str | None = "stored"
    empty_date: str | None = "stored"
    # First letters: as in the reference, all small, or all capital.
    read_key_case: str = "reference"
    unor_key_case: str = "capital"
    # tmtGolongan as dd-mm-yyyy or as a timestamp.
    golongan_date: str = "dd-mm-yyyy"
    # What a paged list gives without `limit`; 0 means all.
    default_limit: int = 0
    # "apim", or "both": the tokens that the reference API asks for.
    reference_tokens: str = "apim"
    read_lag_s: float = 0

    upload_limit_bytes: int = 1_000_000
    upload_refusal_status: int = 400
    # "never" | "always" | "alternate": whether `code` of upload-dok-rw arrives as the text "1".
    upload_code_as_text: str = "alternate"

    date_skew_s: float = 0

    # The classic dialect (SAPK, wsrv*). Its three hosts are paths here.
    classic_token_path: str = "/oauth/token"
    # The second is the training layout.
    classic_read_paths: tuple[str, ...] = ("/api", "/bkn-resources-server/api")
    classic_duplex_paths: tuple[str, ...] = ("/duplex/api",)
    classic_client_id: str = "fake-classic-client"
    classic_client_secret: str = "fake-classic-secret"
    # Wanted by the token server and by every call; "" wants none.
    classic_origin: str = "http://localhost:20000"
    # Not stated anywhere; this is what Spring OAuth gives by default.
    classic_lifetime_s: float = 43200
    classic_dead_token_status: int = 401
    # PNS ids that may stand as pnsUserId.
    classic_operators: tuple[str, ...] = ("0F0E0000000000000000000000000001",)
    # "never" | "always" | "alternate": whether `code` of a read arrives as the text "1".
    classic_code_as_text: str = "alternate"
    # What a person without rows has as data: "empty_list" | "null" | "not_found".
    classic_no_rows: str = "empty_list"
    # "mixed" | "upper" | "lower"
    classic_id_case: str = "mixed"


_CHOICES = {
    "update_mode": {"replace", "merge"},
    "delete_answer": {"top", "wrapped"},
    "bad_token_form": {"900901", "900900", "900900_500"},
    "refusal_form": {"message", "map_data", "error_message"},
    "unknown_map_data": {"object", "text", "none"},
    "text_map_data": {"text", "object"},
    "post_check": {"if_loaded", "always"},
    "skp_per_year": {"append", "overwrite"},
    "sync_answer": {"result_create", "error_message"},
    "read_key_case": {"reference", "camel", "capital"},
    "unor_key_case": {"capital", "camel"},
    "golongan_date": {"dd-mm-yyyy", "iso"},
    "reference_tokens": {"apim", "both"},
    "name_case": {"stored", "upper"},
    "upload_code_as_text": {"never", "always", "alternate"},
    "classic_code_as_text": {"never", "always", "alternate"},
    "classic_no_rows": {"empty_list", "null", "not_found"},
    "classic_id_case": {"mixed", "upper", "lower"},
}
RULES = {
    "jabatan_post",
    "jabatan_mutasi",
    "unknown_post",
    "sub_jabatan",
    "skp_until_2020",
    "skp_2021",
    "skp_from_2022",
    "angkakredit_kind",
    "hukdis_level",
}
NOT_FOUND_FORMS = {"404", "200", "null", "record_not_found"}


class LiveSettings:
    """The settings in force; the control API replaces them as a whole."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.now = changed(Settings(), given)

    def patch(self, given: dict[str, Any]) -> Settings:
        self.now = changed(self.now, given)
        return self.now


def changed(settings: Settings, given: dict[str, Any]) -> Settings:
    known = {item.name: getattr(settings, item.name) for item in dataclasses.fields(settings)}
    for name, value in given.items():
        if name not in known:
            raise UnknownSetting(f"no such setting: {name}")
        if name in _CHOICES and value not in _CHOICES[name]:
            raise UnknownSetting(f"{name} must be one of {sorted(_CHOICES[name])}")
        known[name] = _like(name, known[name], value)
    for name in ("not_found", "list_empty"):
        if not NOT_FOUND_FORMS.issuperset(known[name].values()):
            raise UnknownSetting(f"{name} takes {sorted(NOT_FOUND_FORMS)}")
    if not RULES.issuperset(known["rules"]):
        raise UnknownSetting(f"rules takes {sorted(RULES)}")
    return Settings(**known)


def as_json(settings: Settings) -> dict[str, Any]:
    return dataclasses.asdict(settings)


def _like(name: str, example: Any, value: Any) -> Any:
    if isinstance(example, tuple) and isinstance(value, list):
        return tuple(value)
    if name in ("empty_text", "empty_date") and (value is None or isinstance(value, str)):
        return value
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if isinstance(example, bool) or not isinstance(example, (int, float)):
        fits = isinstance(value, type(example))
    else:
        fits = is_number
    if not fits:
        raise UnknownSetting(f"{name} must be like {example!r}")
    return value
