"""Builds the real objects from the settings. The only place that knows every edge."""

from simpeg_sync.wiring.bkn import (
    bkn_dialect,
    bkn_keys,
    code_check,
    code_report,
    is_written,
    limits_of,
    open_bkn,
    open_codes,
    open_puller,
    open_reads,
    pullable,
    try_login,
    windows_of,
)
from simpeg_sync.wiring.captures import open_captures, removal_sql, setup_sql
from simpeg_sync.wiring.daemon import (
    open_comparer,
    open_daemon,
    open_intake,
    open_pipeline,
    open_plans,
    open_write_back,
)
from simpeg_sync.wiring.discovery import code_names, local_codes
from simpeg_sync.wiring.maps import open_map_check, open_map_diff, open_preview
from simpeg_sync.wiring.settings import configure_logs, editor_schema, read_config, read_proposal, targets
from simpeg_sync.wiring.stores import (
    ledger_engine,
    log_settings,
    open_ledger,
    open_reader,
    open_situations,
    source_engine,
)

__all__ = [
    "bkn_dialect",
    "bkn_keys",
    "code_check",
    "code_names",
    "code_report",
    "configure_logs",
    "editor_schema",
    "is_written",
    "ledger_engine",
    "limits_of",
    "local_codes",
    "log_settings",
    "open_bkn",
    "open_captures",
    "open_codes",
    "open_comparer",
    "open_daemon",
    "open_intake",
    "open_ledger",
    "open_map_check",
    "open_map_diff",
    "open_pipeline",
    "open_plans",
    "open_preview",
    "open_puller",
    "open_reader",
    "open_reads",
    "open_situations",
    "open_write_back",
    "pullable",
    "read_config",
    "read_proposal",
    "removal_sql",
    "setup_sql",
    "source_engine",
    "targets",
    "try_login",
    "windows_of",
]
