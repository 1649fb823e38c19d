"""Builds the real objects from the settings. The only place that knows every edge."""

import os
import secrets as chance
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from sqlalchemy import Engine

from simpeg_sync import logs
from simpeg_sync.bkn import sapk, siasn
from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.client import BknClient
from simpeg_sync.bkn.codes import CodeBook, CodeCheck, PulledCodes, ReferenceTable, code_table_of, load_bundle
from simpeg_sync.bkn.gate import Gate
from simpeg_sync.bkn.httpx_exchange import HttpxExchange
from simpeg_sync.bkn.proof import Proof, prove
from simpeg_sync.bkn.reads import Reads
from simpeg_sync.bkn.reference import UNOR, ReferencePuller
from simpeg_sync.bkn.refusals import LIFTED_BY, Keys, Notes, Refusals
from simpeg_sync.bkn.resources import Choices, chosen
from simpeg_sync.bkn.tokens import Login, Tokens, client_credentials, password_grant, sapk_credentials
from simpeg_sync.clock import Clock
from simpeg_sync.code_check import CodeReport, check_codes
from simpeg_sync.config.document import read_yaml
from simpeg_sync.config.feeds import Target, Targets
from simpeg_sync.config.load import Config, load
from simpeg_sync.config.settings import BknSettings, likely
from simpeg_sync.daemon import Daemon
from simpeg_sync.domain.errors import ConfigError, LedgerError, Problem
from simpeg_sync.domain.outcome import TokenName
from simpeg_sync.files import FolderFiles
from simpeg_sync.intake import ChangeIntake
from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.reading import LedgerReader
from simpeg_sync.ledger.reference import Pull, ReferenceCodes
from simpeg_sync.ledger.store import Pauses, SqlLedger
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.secret import Secret
from simpeg_sync.source.connect import open_reading, open_writing
from simpeg_sync.source.log import LogCapture
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.settings import Limits, LogSettings
from simpeg_sync.turn import Timing, View

PURGE_PAGE = 5000
SPARE_CONNECTIONS = 3
"""Beside the workers: the intake, the sweep and the purge."""


FAMILY_REMEDY = (
    "Relatives are nobody's employees: bkn.family_data_ground has to name the legal ground for sending their data."
)


def targets(settings: BknSettings | None) -> Targets:
    """BKN's resources that a feed may name, by the settings as far as they can be read."""
    has_ground = settings is not None and bool(settings.family_data_ground.strip())
    return {
        name: Target(
            api.known_fields(),
            api.resource.document_kinds,
            needs_natural_key=api.resource.is_listed and not api.resource.is_single,
            switched_off="" if has_ground or not api.is_family else FAMILY_REMEDY,
        )
        for name, api in chosen(_choices(settings)).items()
    }


def _choices(settings: BknSettings | None) -> Choices:
    return Choices(**settings.choices.model_dump()) if settings is not None else Choices()


def read_config(path: Path) -> Config:
    """Raises ConfigError."""
    config = load(path, targets=targets)
    tables = load_bundle().tables
    unknown = [name for name in config.settings.bkn.extra_codes if name not in tables]
    if unknown:
        file = read_yaml(config.path)
        raise ConfigError(
            [
                Problem(
                    file.place(("bkn", "extra_codes", name)),
                    f"{name} is not a code table of BKN",
                    f"{likely(name, tables)} Known: {', '.join(tables)}.".strip(),
                )
                for name in unknown
            ]
        )
    return config


def configure_logs(config: Config, *, level: str | None = None, stream: TextIO | None = None) -> None:
    """``stream``: where the lines go; standard output when it is missing."""
    settings = config.settings
    key = chance.token_bytes(32)
    if settings.person_key_file is not None:
        key = (
            Secret.from_file(config.secret(settings.person_key_file), f"{config.path}: person_key_file")
            .reveal()
            .encode()
        )
    logs.configure(level=level or settings.log.level, form=settings.log.format, stream=stream, person_key=key)


def ledger_engine(config: Config, *, create: bool = False) -> Engine:
    """An open ledger whose schema fits; with ``create`` it is made or brought up to date first."""
    engine = open_engine(config.ledger_url, create=create)
    if create:
        schema.upgrade(engine)
    schema.check(engine)
    return engine


def open_ledger(config: Config, clock: Clock) -> SqlLedger:
    timing = config.settings.timing
    pauses = Pauses(quiet_period_s=timing.quiet_period, quiet_max_s=timing.quiet_max, settle_s=timing.settle)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    return SqlLedger(ledger_engine(config), clock, owner=owner, pauses=pauses)


def open_reader(config: Config) -> LedgerReader:
    return LedgerReader(ledger_engine(config))


def log_settings(config: Config) -> LogSettings:
    settings = config.settings.source
    return LogSettings(table=settings.log_table, reader=settings.reader, gap_limit_s=settings.gap_limit)


def source_engine(config: Config, *, writable: bool = False, url: str | None = None) -> Engine:
    limits = Limits(
        statement_timeout_s=int(config.settings.source.statement_limit),
        pool_size=config.settings.bkn.calls_in_flight + SPARE_CONNECTIONS,
    )
    return (open_writing if writable else open_reading)(url or config.source_url, limits)


def open_capture(config: Config) -> LogCapture:
    feeds = list(config.feeds.values())
    return LogCapture(source_engine(config), source_engine(config, writable=True), feeds, log_settings(config))


def bkn_keys(config: Config) -> Keys:
    """How each token of the dialect is come by. Raises ConfigError for a secret file that cannot be read."""
    if config.settings.bkn.dialect == "sapk":
        return {"sapk": _sapk_login(config)}
    return {"apim": _apim_login(config), "sso": _sso(config)}


def open_bkn(
    config: Config, clock: Clock, notes: Notes, *, codes: CodeCheck | None = None, try_refused: bool = False
) -> BknClient:
    """``notes``: the ledger's; credentials that stand there as refused are not tried, unless ``try_refused``."""
    settings = config.settings.bkn
    ca_file = str(config.file(settings.ca_file)) if settings.ca_file else None
    exchange = HttpxExchange(connections=settings.calls_in_flight + 1, ca_file=ca_file)
    gate = Gate(
        clock,
        per_second=settings.calls_per_second,
        in_flight=settings.calls_in_flight,
        on_change=lambda what: logs.get().warning(f"bkn.{what}"),
    )
    keys, refusals = bkn_keys(config), Refusals(notes, clock)
    if settings.dialect == "sapk":
        assert settings.duplex_url is not None, "the settings demand what the dialect needs"
        dialect = sapk.dialect(settings.base_url, settings.duplex_url, pns_user_id=settings.pns_user_id)
        scheme = sapk.scheme(settings.origin)
    else:
        dialect, scheme = siasn.dialect(settings.base_url, _choices(settings)), siasn.SCHEME

    def on_event(token: TokenName, what: str) -> None:
        _say_token(token, what)
        _note_token(refusals, token, what, keys[token], tokens.why_refused(token))

    tokens = Tokens(
        exchange,
        clock,
        keys,
        scheme=scheme,
        refused={} if try_refused else refusals.standing(keys),
        deadline_s=settings.call_limit,
        on_event=on_event,
    )
    return BknClient(dialect, Calls(exchange, tokens, gate, clock, settings.call_limit), codes)


def open_reads(config: Config, clock: Clock, ledger: SqlLedger) -> Reads:
    client = open_bkn(config, clock, ledger)
    return Reads(client.calls, client.dialect.read_url)


def try_login(config: Config, clock: Clock, ledger: SqlLedger) -> Sequence[Proof]:
    """One try of each token's credentials, also of refused ones; what BKN accepts is no longer noted as refused."""
    keys = bkn_keys(config)
    calls = open_bkn(config, clock, ledger, try_refused=True).calls
    proofs = prove(calls, keys, f"{config.settings.bkn.base_url}/referensi/{UNOR.name}?limit=1&offset=0")
    for proof in proofs:
        if proof.accepted:
            Refusals(ledger, clock).forget(proof.token)
    return proofs


def open_puller(
    config: Config,
    clock: Clock,
    ledger: SqlLedger,
    *,
    on_page: Callable[[str, int, int | None], None] = lambda table, rows, expected: None,
) -> ReferencePuller[Pull]:
    settings = config.settings.bkn
    calls = open_bkn(config, clock, ledger).calls
    is_apim_only = settings.reference_tokens == "apim"
    return ReferencePuller(
        store=open_codes(ledger, clock),
        unor_calls=calls,
        base_url=settings.base_url,
        reference_calls=replace(calls, only_tokens=("apim",)) if is_apim_only else calls,
        reference_url=settings.reference_url,
        on_page=on_page,
    )


def open_codes(ledger: SqlLedger, clock: Clock) -> ReferenceCodes:
    return ReferenceCodes(ledger.engine, clock)


def pullable(config: Config) -> Sequence[ReferenceTable]:
    """The code tables that these settings can pull. Classic SAPK shows none."""
    if config.settings.bkn.dialect == "sapk":
        return ()
    return (UNOR, *(load_bundle().reference_api if config.settings.bkn.reference_url else ()))


def code_check(config: Config, pulled: PulledCodes) -> CodeCheck:
    """Finds codes that BKN is known not to have in what is about to leave."""
    bundle = load_bundle()
    return CodeCheck(bundle, CodeBook(bundle, pulled, extra=config.settings.bkn.extra_codes))


def code_report(config: Config, pulled: PulledCodes) -> CodeReport:
    """What BKN knows of every code that the feeds may send."""
    check = code_check(config, pulled)
    return check_codes(config, check.book, lambda target, field: code_table_of(check.bundle, target, field))


def open_pipeline(config: Config, clock: Clock, ledger: SqlLedger, bkn: BknClient) -> Pipeline:
    timing = config.settings.timing
    view = View(
        feeds=config.feeds,
        source=SqlSource(source_engine(config)),
        bkn=bkn,
        files=FolderFiles(),
        ledger=ledger,
        clock=clock,
        timing=Timing(
            settle_s=timing.settle,
            absent_gap_s=timing.absent_gap,
            delete_grace_s=timing.delete_grace,
            look_again_s=timing.look_again,
            compare_again_s=timing.compare_again,
        ),
    )
    return Pipeline(view)


def open_intake(config: Config, ledger: SqlLedger, capture: LogCapture | None = None) -> ChangeIntake:
    return ChangeIntake(
        config.feeds,
        SqlSource(source_engine(config)),
        capture or open_capture(config),
        ledger,
        page=config.settings.source.page,
    )


def open_daemon(config: Config, clock: Clock, ledger: SqlLedger) -> Daemon:
    settings = config.settings
    bkn = open_bkn(config, clock, ledger, codes=code_check(config, open_codes(ledger, clock)))
    if bkn.calls.tokens.refusal:
        logs.get().error("token.refused", problem=bkn.calls.tokens.refusal)
    capture = open_capture(config)
    return Daemon(
        intake=open_intake(config, ledger, capture),
        pipeline=open_pipeline(config, clock, ledger, bkn),
        work=ledger,
        clock=clock,
        workers=settings.bkn.calls_in_flight,
        poll_s=settings.source.poll,
        sweep_every_s=settings.timing.sweep_every,
        drain_s=settings.timing.drain,
        is_approved=_Approval(ledger, config.digest, clock),
        is_bkn_up=lambda: bkn.calls.gate.is_open_for_work,
        why_no_login=lambda: bkn.calls.tokens.refusal,
        bkn_lost_for_s=bkn.calls.gate.lost_for_s,
        purge=lambda cursor: capture.purge(cursor, keep_s=settings.source.keep_log, limit=PURGE_PAGE),
    )


@dataclass(slots=True)
class _Approval:
    """Whether an operator has approved this configuration; asked of the ledger every so often until it is."""

    ledger: SqlLedger
    configuration: str
    clock: Clock
    approved: bool = False
    asked_at: float = float("-inf")
    said: bool = False

    def __call__(self) -> bool:
        now = self.clock.monotonic()
        if not self.approved and now >= self.asked_at + 1.0:
            self.asked_at = now
            self.approved = self.ledger.is_approved(self.configuration)
            if not self.approved and not self.said:
                self.said = True
                logs.get().warning(
                    "daemon.observing", remedy="look at `simpeg-sync plan`, then `simpeg-sync plan --approve`"
                )
        return self.approved


def _note_token(refusals: Refusals, token: TokenName, what: str, key: Login | Secret, why: str) -> None:
    """A call may be under way: a ledger that is down must not look like a call that failed."""
    try:
        if what == "refused":
            refusals.remember(token, key, why.partition(";")[0])
        else:
            refusals.forget(token)
    except LedgerError as error:
        logs.get().error("token.note_failed", token=token, problem=str(error), remedy=f"before a restart: {LIFTED_BY}")


def _say_token(token: str, what: str) -> None:
    if what == "refused":
        logs.get().error("token.refused", token=token, remedy=f"nothing is sent before: {LIFTED_BY}")
    else:
        logs.get().info(f"token.{what}", token=token)


def _secret(config: Config, path: Path, name: str) -> Secret:
    return Secret.from_file(config.secret(path), f"{config.path}: bkn.{name}")


def _apim_login(config: Config) -> Login:
    settings = config.settings.bkn
    assert settings.apim_token_url is not None, "the settings demand what the dialect needs"
    return client_credentials(settings.apim_token_url, *_consumer(config))


def _sapk_login(config: Config) -> Login:
    settings = config.settings.bkn
    assert settings.token_url is not None, "the settings demand what the dialect needs"
    return sapk_credentials(settings.token_url, *_consumer(config), origin=settings.origin)


def _consumer(config: Config) -> tuple[Secret, Secret]:
    settings = config.settings.bkn
    return (
        _secret(config, settings.consumer_key_file, "consumer_key_file"),
        _secret(config, settings.consumer_secret_file, "consumer_secret_file"),
    )


def _sso(config: Config) -> Login | Secret:
    settings = config.settings.bkn
    if settings.sso_token_file is not None:
        return _secret(config, settings.sso_token_file, "sso_token_file")
    if not (settings.sso_token_url and settings.sso_username_file and settings.sso_password_file):
        raise AssertionError("the settings demand one complete login")
    return password_grant(
        settings.sso_token_url,
        settings.sso_client_id,
        _secret(config, settings.sso_username_file, "sso_username_file"),
        _secret(config, settings.sso_password_file, "sso_password_file"),
    )
