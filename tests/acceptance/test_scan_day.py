"""The daemon as a process with SELECT alone: no trigger, no log, and what a clerk saves still arrives at BKN."""

import json
import sqlite3

from tests.acceptance.conftest import SetUp

from simpeg_sync import wiring


def test_a_region_without_triggers_follows_simpeg_by_scans_alone(staged: SetUp) -> None:
    stage = staged(prepared=False)
    text = stage.config_path.read_text(encoding="utf-8")
    stage.config_path.write_text(
        text.replace("source:\n", "source:\n  capture: [scan]\n  scan: {every: 200 ms, rows_per_second: 100000}\n"),
        encoding="utf-8",
    )
    stage.command("db", "upgrade")
    stage.command("plan", "--look", "0")
    stage.command("plan", "--approve", "--reason", "test")
    assert stage.run_once() == 0
    with sqlite3.connect(stage.folder / "simpeg.db") as simpeg:
        assert simpeg.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'simpeg_sync%'").fetchone() == (0,)
    with sqlite3.connect(stage.folder / "ledger.db") as ledger:
        [(ranges,)] = ledger.execute("SELECT count(*) FROM scan_ranges")
        feed, key, mark = ledger.execute(
            "SELECT feed, source_key, mark FROM records WHERE status = 'synced' ORDER BY id LIMIT 1"
        ).fetchone()
    assert ranges > 0
    table = wiring.read_config(stage.config_path).feeds[feed].table
    with sqlite3.connect(stage.folder / "simpeg.db") as simpeg:
        simpeg.execute(f"DELETE FROM {table} WHERE id = ?", json.loads(key))
    assert stage.run_once() == 0
    with sqlite3.connect(stage.folder / "ledger.db") as ledger:
        after = ledger.execute(
            "SELECT feed, source_key FROM records WHERE mark > ? AND feed = ? AND source_key = ?", (mark, feed, key)
        )
        assert after.fetchall() == [(feed, key)], "the row that vanished was found"
