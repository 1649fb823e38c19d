"""BKN: the client of the chosen dialect, its tokens and pace, its reads, and its code tables."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from simpeg_sync import logs
from simpeg_sync.bkn import sapk, siasn
from simpeg_sync.bkn.budget import Budget, OwnBudget
from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.client import BknClient, Dialect
from simpeg_sync.bkn.codes import CodeBook, CodeCheck, PulledCodes, ReferenceTable, code_table_of, load_bundle
from simpeg_sync.bkn.exchange import Exchange
from simpeg_sync.bkn.gate import Gate
from simpeg_sync.bkn.proof import Proof, prove
from simpeg_sync.bkn.reads import Reads
from simpeg_sync.bkn.reference import UNOR, ReferencePuller
from simpeg_sync.bkn.refusals import LIFTED_BY, Keys, Notes, Refusals
from simpeg_sync.bkn.shelf import TokenShelf
from simpeg_sync.bkn.tokens import Login, Tokens, client_credentials, password_grant, sapk_credentials
from simpeg_sync.clock import Clock
from simpeg_sync.code_check import CodeReport, check_codes
from simpeg_sync.config.load import Config
from simpeg_sync.decide.budget import Limits
from simpeg_sync.decide.windows import Windows
from simpeg_sync.domain.errors import ConfigError, LedgerError, Problem
from simpeg_sync.domain.outcome import TokenName
from simpeg_sync.ledger.budget import SqlBudget
from simpeg_sync.ledger.reference import Pull, ReferenceCodes
from simpeg_sync.ledger.store import SqlLedger
from simpeg_sync.ledger.tokens import SqlTokens
from simpeg_sync.ledger.writer import DirectWriter, Writer
from simpeg_sync.secret import Secret
from simpeg_sync.wiring.aside import AsideExchange
from simpeg_sync.wiring.settings import choices_of

PROBE_SPARE_S = 30.0
"""What a probe may take beside its call: a login, the wait for a start, the intent."""


def is_written(config: Config, target: str) -> bool:
    """Whether BKN takes such rows from a region."""
    return bkn_dialect(config).apis[target].resource.is_writable


def open_bkn(
    config: Config, clock: Clock, notes: Notes, *, codes: CodeCheck | None = None, try_refused: bool = False
) -> BknClient:
    """``notes``: the ledger's; credentials that stand there as refused are not tried, unless ``try_refused``. With the
    ledger itself the pace is shared with everybody who works on it."""
    settings = config.settings.bkn
    exchange = AsideExchange(open_exchange(config))
    gate = Gate(
        clock,
        per_second=settings.calls_per_second,
        in_flight=settings.calls_in_flight,
        budget=open_budget(config, clock, notes),
        windows=windows_of(config),
        probe_s=settings.call_limit + PROBE_SPARE_S,
        on_change=lambda what: logs.get().warning(f"bkn.{what}"),
    )
    keys, refusals, dialect = bkn_keys(config), Refusals(notes, clock), bkn_dialect(config)
    scheme = sapk.scheme(settings.origin) if settings.dialect == "sapk" else siasn.SCHEME

    def on_event(token: TokenName, what: str) -> None:
        _say_token(token, what)
        if what not in ("shared", "not_shared"):
            _note_token(refusals, token, what, keys[token], tokens.why_refused(token))

    tokens = Tokens(
        exchange,
        clock,
        keys,
        scheme=scheme,
        refused={} if try_refused else refusals.standing(keys),
        deadline_s=settings.call_limit,
        on_event=on_event,
        before_login=gate.count_login,
        # Who tries credentials wants a login of his own.
        shelf=None if try_refused or not isinstance(notes, SqlLedger) else open_shelf(notes, clock, keys),
    )
    return BknClient(dialect, Calls(exchange, tokens, gate, clock, settings.call_limit), codes)


def windows_of(config: Config) -> Windows | None:
    settings = config.settings.bkn
    return Windows.of(settings.windows, settings.time_zone) if settings.windows else None


def limits_of(config: Config) -> Limits:
    settings = config.settings.bkn
    return Limits(settings.calls_per_second, settings.calls_per_minute, settings.calls_per_day)


def open_budget(config: Config, clock: Clock, notes: Notes) -> Budget:
    if not isinstance(notes, SqlLedger):
        return OwnBudget(clock, limits_of(config))
    return SqlBudget(notes.engine, _short_writer(notes), clock, limits_of(config))


def open_shelf(ledger: SqlLedger, clock: Clock, keys: Keys) -> TokenShelf:
    return TokenShelf(SqlTokens(ledger.engine, _short_writer(ledger), clock), keys)


def _short_writer(ledger: SqlLedger) -> Writer:
    """SQLite has one writer, and who comes beside it waits long; PostgreSQL's row lock must not outlast a short
    transaction."""
    return ledger.writer if ledger.engine.dialect.name == "sqlite" else DirectWriter(ledger.engine)


def open_exchange(config: Config) -> Exchange:
    """The chosen HTTP adapter. Raises ConfigError when its package is missing, or the CA file is none."""
    settings = config.settings.bkn
    make = _httpx() if settings.http == "httpx" else _pyreqwest(config)
    connections = settings.calls_in_flight + 1
    if settings.ca_file is None:
        return make(connections=connections)
    try:
        return make(connections=connections, ca_file=str(config.file(settings.ca_file)))
    except (OSError, ValueError):  # what each library says of it; ssl's error is an OSError
        remedy = "Name a readable file with certificates in PEM form"
        raise ConfigError(
            [Problem(f"{config.path}: bkn.ca_file", "no certificate can be read there", remedy)]
        ) from None


def _httpx() -> Callable[..., Exchange]:
    # 7 MB and a tenth of the start, for whoever has chosen it.
    from simpeg_sync.bkn.httpx_exchange import HttpxExchange

    return HttpxExchange


def _pyreqwest(config: Config) -> Callable[..., Exchange]:
    # The library's allocator asks for pages of 2 MB for every thread that calls: 70 MB with a hundred of them, and no faster.
    os.environ.setdefault("MIMALLOC_ALLOW_THP", "0")
    try:
        from simpeg_sync.bkn.pyreqwest_exchange import CONNECT_LIMIT_S, PyreqwestExchange
    except ImportError:
        remedy = "Type: pip install 'simpeg-sync[pyreqwest]', or choose httpx"
        raise ConfigError(
            [Problem(f"{config.path}: bkn.http", "the package pyreqwest is not installed", remedy)]
        ) from None
    return partial(PyreqwestExchange, connect_limit_s=min(CONNECT_LIMIT_S, config.settings.bkn.call_limit / 2))


def bkn_dialect(config: Config) -> Dialect:
    """The kinds of rows of the chosen web service; needs neither a secret nor a connection."""
    settings = config.settings.bkn
    if settings.dialect == "sapk":
        assert settings.duplex_url is not None, "the settings demand what the dialect needs"
        return sapk.dialect(settings.base_url, settings.duplex_url, pns_user_id=settings.pns_user_id)
    return siasn.dialect(settings.base_url, choices_of(settings))


def bkn_keys(config: Config) -> Keys:
    """How each token of the dialect is come by. Raises ConfigError for a secret file that cannot be read."""
    if config.settings.bkn.dialect == "sapk":
        return {"sapk": _sapk_login(config)}
    return {"apim": _apim_login(config), "sso": _sso(config)}


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
    elif what == "not_shared":
        logs.get().warning("token.not_shared", token=token)
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
