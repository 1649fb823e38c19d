"""What `simpeg-sync.yaml` may say. Unknown keys are refused; the likely word meant is named."""

import difflib
import ipaddress
import re
import urllib.parse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from simpeg_sync.config.document import YamlFile
from simpeg_sync.decide.windows import Windows
from simpeg_sync.domain.errors import Problem

UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def _seconds(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)?\s*", str(value))
    if found is None:
        raise ValueError("a length of time is written like 30 s, 15 min, 2 h or 7 d")
    return float(found[1]) * UNITS[found[2] or "s"]


Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0)]


def _web_address(value: Any) -> str:
    """https only; plain http on loopback alone, for the simulator. No user names in addresses."""
    parts = urllib.parse.urlsplit(str(value))
    if "@" in parts.netloc:
        raise ValueError("an address must not hold a user name or password; use the secret files")
    if parts.query or parts.fragment or re.search(r"\s", str(value)):
        raise ValueError("an address ends with its path, without blanks, ? and #")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("the port is not a number up to 65535") from None
    if parts.scheme == "https" and parts.hostname:
        return str(value).rstrip("/")
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return str(value).rstrip("/")
    raise ValueError("BKN is reached by https:// only (http:// is allowed on this machine, for the simulator)")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _code(value: Any) -> str:
    """Codes are text; YAML reads 7 as a number, and 07 stays as it is."""
    if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
        return str(value).strip()
    raise ValueError("a code is a text or a number")


WebAddress = Annotated[str, BeforeValidator(_web_address)]


class Section(BaseModel):
    # Python's own patterns: pydantic's take 25 MB and half a second for these few names. In Python's, $ alone would let a line
    # break at the end pass.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, regex_engine="python-re")


_Name = Annotated[str, Field(pattern=r"^[^\W\d][\w$#-]*( [\w$#-]+)*(?!\n)$", max_length=63)]
_TableName = Annotated[str, Field(pattern=r"^([^\W\d][\w$#-]*\.)?[^\W\d][\w$#-]*(?!\n)$", max_length=127)]


class LoggedTable(Section):
    """What a row of SIMPEG's own change log says about one table."""

    table: _TableName
    """The table as the feeds name it."""
    key: Annotated[list[_Name], Field(default_factory=list)]
    """Columns of that table that the log's key stands for, in order; empty for the key of the feed."""
    key_columns: Annotated[list[_Name], Field(default_factory=list)]
    """Columns of the log that hold these values; empty for the one `key_column`."""


class ChangeTableSettings(Section):
    """A change log that SIMPEG keeps by itself."""

    table: _TableName
    id: _Name = "id"
    at: _Name | None = None
    table_column: _Name
    key_column: _Name | None = None
    separator: Annotated[str, Field(min_length=1, max_length=5)] = "|"
    person_column: _Name | None = None
    names: dict[str, LoggedTable] = Field(default_factory=dict)
    """What the log calls a table -> that table; without an entry the name has to be the table's own."""

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if (
            self.key_column is None
            and self.person_column is None
            and not any(n.key_columns for n in self.names.values())
        ):
            raise ValueError("name key_column, person_column, or key_columns of each table: else no row can be found")
        return self


class ScanSettings(Section):
    every: Annotated[float, BeforeValidator(_seconds), Field(gt=0)] = 3600.0
    """From the start of one pass to the start of the next; a pass that takes longer is followed by the next at once."""
    rows_per_second: Annotated[float, Field(gt=0, le=1_000_000)] = 5000.0


class WalSettings(Section):
    slot: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,63}(?!\n)$")] = "simpeg_sync"
    """One slot, one ledger."""
    makes_slot: bool = False
    look_limit: Annotated[float, BeforeValidator(_seconds), Field(ge=1)] = 300.0
    """The longest that one look may decode."""
    retained_max: Annotated[int, Field(gt=0)] = 4 * 1024**3
    """Bytes of WAL kept back by the slot that are worth a warning."""


class BinlogSettings(Section):
    replica_id: Annotated[int, Field(ge=1, lt=2**32)] = 7_236_741
    """Must be nobody else's number among the server's replicas, nor the server's own."""
    uses_gtid: bool = True


class SourceSettings(Section):
    capture: Annotated[list[str], Field(min_length=1)] = ["log"]
    """Modes by which changes are noticed; several work side by side."""
    change_table: ChangeTableSettings | None = None
    scan: ScanSettings = ScanSettings()
    wal: WalSettings = WalSettings()
    binlog: BinlogSettings = BinlogSettings()
    url: str = ""
    url_file: Path | None = None
    """The address with its password, in a file of mode 0600; preferred to `url`."""
    log_table: Annotated[str, Field(pattern=r"^([A-Za-z_]\w{0,60}\.)?[A-Za-z_]\w{0,50}(?!\n)$")] = "simpeg_sync_log"
    """``table`` or ``schema.table``."""
    reader: Annotated[str, Field(pattern=r"^[A-Za-z_][\w-]{0,60}(@[\w.%:-]{1,60})?(?!\n)$")] = "simpeg_sync"
    """The daemon's account in SIMPEG's database, for the GRANT lines of `source sql`; MariaDB: user or user@host."""
    poll: Annotated[float, BeforeValidator(_seconds), Field(gt=0)] = 2.0
    notify: bool = False
    """Mode `log` on PostgreSQL: the change log wakes the daemon when SIMPEG commits."""
    page: Annotated[int, Field(ge=10, le=10_000)] = 1000
    keep_log: Seconds = 7 * 86400.0
    gap_limit: Seconds = 86400.0
    """How long a missing log id may still appear, where the database cannot prove that it will not."""
    statement_limit: Annotated[float, BeforeValidator(_seconds), Field(ge=1)] = 30.0
    """Databases count it in whole seconds, and 0 would mean no limit."""

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if bool(self.url) == (self.url_file is not None):
            raise ValueError("name exactly one of url and url_file")
        return self

    @model_validator(mode="after")
    def _describes_its_change_table(self) -> Self:
        if "table" in self.capture and self.change_table is None:
            raise ValueError("capture names table, so change_table has to describe SIMPEG's own change log")
        if len(set(self.capture)) < len(self.capture):
            raise ValueError("capture names a mode twice")
        return self


class BknChoices(Section):
    """What is sent where sources about BKN disagree, or a region's access differs. Defaults are the better supported."""

    jabatan_save: Literal["unorjabatan", "jabatan"] = "unorjabatan"
    penailan: Literal["Penailan", "Penilaian"] = "Penailan"
    sertifikasi_end: Literal["masaBerlakuSertSelasai", "masaBerlakuSertSelesai"] = "masaBerlakuSertSelasai"
    kinerja_months_as_text: bool = False
    certificates: Literal["after_row", "with_path"] = "after_row"
    cuts: dict[Annotated[str, Field(pattern=r"^[a-z0-9-]+\.\w+(?!\n)$")], Annotated[int, Field(ge=1, le=10_000)]] = {}
    combined_save: bool = False


class BknSettings(Section):
    dialect: Literal["siasn", "sapk"] = "siasn"
    base_url: WebAddress
    duplex_url: WebAddress | None = None
    """sapk only: where saves go."""
    choices: BknChoices = BknChoices()
    family_data_ground: str = ""
    """The legal ground for sending data of relatives; without one no feed may."""
    apim_token_url: WebAddress | None = None
    token_url: WebAddress | None = None
    """sapk only: where its one token comes from."""
    pns_user_id: str = ""
    """sapk only: BKN's id of the operator, which every save names."""
    origin: str = "http://localhost:20000"
    """sapk only: the Origin header that it demands."""
    sso_token_url: WebAddress | None = None
    sso_client_id: str = ""
    consumer_key_file: Path
    consumer_secret_file: Path
    sso_username_file: Path | None = None
    sso_password_file: Path | None = None
    sso_token_file: Path | None = None
    """A static SSO token from BKN, instead of the password login."""
    ca_file: Path | None = None
    http: Literal["httpx", "pyreqwest"] = "httpx"
    """Which library makes the calls."""
    calls_in_flight: Annotated[int, Field(ge=1, le=64)] = 4
    calls_per_second: Annotated[float, Field(gt=0, le=100_000)] = 5.0
    calls_per_minute: Annotated[int, Field(ge=1)] | None = None
    calls_per_day: Annotated[int, Field(ge=1)] | None = None
    windows: list[str] = []
    """When something may be written; none: always."""
    time_zone: Literal["Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"] = "Asia/Makassar"
    """Of the windows."""
    call_limit: Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=600)] = 30.0
    gateway_life: Seconds = 60.0
    """How long BKN's gateway may keep working on a request whose caller has gone."""
    reference_url: WebAddress | None = None
    """BKN's reference API; without it only the unit tree can be pulled."""
    reference_tokens: Literal["both", "apim"] = "both"
    """What the reference API is sent: integrators disagree (bkn-api section 4)."""
    extra_codes: dict[str, list[Annotated[str, BeforeValidator(_code)]]] = Field(default_factory=dict)
    """Table -> codes that BKN knows although its tables do not show them."""

    @field_validator("windows")
    @classmethod
    def _windows_can_be_read(cls, windows: list[str]) -> list[str]:
        Windows.of(windows, "Asia/Makassar")
        return windows

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        if self.dialect == "sapk":
            return self._sapk_is_complete()
        if self.apim_token_url is None:
            raise ValueError("name apim_token_url, the address of the gateway's token")
        password = (self.sso_token_url, self.sso_username_file, self.sso_password_file)
        if self.sso_token_file is not None and any(password):
            raise ValueError("name either sso_token_file or the three of the password login, not both")
        if self.sso_token_file is None and not all(password):
            raise ValueError("name sso_token_file, or sso_token_url with sso_username_file and sso_password_file")
        return self

    def _sapk_is_complete(self) -> Self:
        wanted = {"token_url": self.token_url, "duplex_url": self.duplex_url, "pns_user_id": self.pns_user_id}
        if missing := [name for name, value in wanted.items() if not value]:
            raise ValueError(f"the dialect sapk needs {', '.join(missing)} too")
        return self


class LedgerSettings(Section):
    url: str = ""
    url_file: Path | None = None

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if bool(self.url) == (self.url_file is not None):
            raise ValueError("name exactly one of url and url_file")
        return self


class TimingSettings(Section):
    quiet_period: Seconds = 30.0
    quiet_max: Seconds = 300.0
    delete_grace: Seconds = 900.0
    settle: Seconds = 180.0
    absent_gap: Annotated[float, BeforeValidator(_seconds), Field(gt=0)] = 60.0
    look_again: Annotated[float, BeforeValidator(_seconds), Field(gt=0)] = 3600.0
    compare_again: Annotated[float, BeforeValidator(_seconds), Field(gt=0)] = 7 * 86400.0
    sweep_every: Annotated[float, BeforeValidator(_seconds), Field(gt=0)] = 86400.0
    drain: Seconds = 30.0


class BrakeSettings(Section):
    """How much of a feed may vanish or change within a window before it stops by itself; both 0: no limit."""

    vanish_rows: Annotated[int, Field(ge=0)] = 50
    vanish_percent: Annotated[float, Field(ge=0, le=100)] = 5.0
    change_rows: Annotated[int, Field(ge=0)] = 500
    change_percent: Annotated[float, Field(ge=0, le=100)] = 20.0
    window: Annotated[float, BeforeValidator(_seconds), Field(gt=0)] = 3600.0


class CompareSettings(Section):
    """When everybody's rows are compared with BKN's, and how many calls that may take."""

    every: Annotated[float, BeforeValidator(_seconds), Field(gt=0)] = 30 * 86400.0
    windows: list[str] = ["Mon-Sun 20:00-05:00"]
    """In bkn.time_zone."""
    calls_per_night: Annotated[int, Field(ge=0)] = 5000
    """0: never by itself."""
    after_send: bool = False

    @field_validator("windows")
    @classmethod
    def _windows_can_be_read(cls, windows: list[str]) -> list[str]:
        Windows.of(windows, "Asia/Makassar")
        return windows


class LogSettings(Section):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["json", "console"] = "json"


class Settings(Section):
    region: Annotated[str, Field(min_length=1)]
    source: SourceSettings
    bkn: BknSettings
    ledger: LedgerSettings
    timing: TimingSettings = TimingSettings()
    brake: BrakeSettings = BrakeSettings()
    compare: CompareSettings = CompareSettings()
    log: LogSettings = LogSettings()
    feeds: Annotated[list[str], Field(min_length=1)] = ["feeds/*.yaml"]
    person_key_file: Path | None = None
    """Key of the hash by which persons appear in logs; a random one a process when missing."""

    @model_validator(mode="after")
    def _settle_is_long_enough(self) -> Self:
        least = self.bkn.call_limit + self.bkn.gateway_life
        if self.timing.settle < least:
            raise ValueError(
                f"timing.settle must be at least bkn.call_limit + bkn.gateway_life ({least:g} s): before that a lost "
                "request may still land"
            )
        return self


def check(model: type[Section], file: YamlFile) -> tuple[Any, list[Problem]]:
    """The model, or None and everything that is wrong with the file."""
    # A section that holds only comments is an empty section.
    data = (
        {name: value for name, value in file.data.items() if value is not None}
        if isinstance(file.data, Mapping)
        else {}
    )
    try:
        return model.model_validate(data), []
    except ValidationError as errors:
        found = errors.errors(include_input=False, include_url=False)
        return None, [_problem(model, file, error) for error in found]


def _problem(model: type[BaseModel], file: YamlFile, error: Any) -> Problem:
    where = tuple(part for part in error["loc"] if part in ("",) or not str(part).startswith(("function-", "tagged-")))
    name = ".".join(str(part) for part in where) or model.__name__.lower()
    match error["type"]:
        case "extra_forbidden":
            near = likely(str(where[-1]), _keys_around(model, where))
            remedy = near or "Remove it, or look for its name in the reference."
            return Problem(file.place(where), f"{name} is not a known setting", remedy)
        case "missing":
            return Problem(file.place(where), f"{name} is missing", "Add it; the reference says what it means.")
        case _:
            message = str(error["msg"]).removeprefix("Value error, ")
            # A rule over several settings begins with the one that it is about.
            named = where or tuple(message.split(" ", 1)[0].split("."))
            return Problem(file.place(named), f"{name}: {message}", "Correct the value.")


def likely(word: str, known: Iterable[str]) -> str:
    """The question that ends most typing errors; empty when nothing is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean {near[0]!r}?" if near else ""


def _keys_around(model: type[BaseModel], where: tuple[Any, ...]) -> list[str]:
    """The settings that may stand where the unknown key stands."""
    here: Any = model
    for part in where[:-1]:
        field = getattr(here, "model_fields", {}).get(part)
        here = field.annotation if field is not None else here
    return list(getattr(here, "model_fields", {}))
