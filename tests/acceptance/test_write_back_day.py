"""The daemon as a process: a feed that asks for BKN's ids finds them in SIMPEG, and they cost no call."""

import sqlite3

from tests.acceptance.conftest import SetUp


def test_the_ids_of_what_arrived_are_in_simpeg_after_one_run_and_cost_nothing_in_the_next(staged: SetUp) -> None:
    stage = staged(prepared=False)
    feed = stage.folder / "feeds" / "kursus.yaml"
    feed.write_text(feed.read_text(encoding="utf-8") + "\nwrite_back: {column: id_siasn}\n", encoding="utf-8")
    stage.command("db", "upgrade")
    stage.command("source", "install")
    stage.command("plan", "--look", "0")
    stage.command("plan", "--approve", "--reason", "test")
    assert stage.run_once() == 0
    with sqlite3.connect(stage.folder / "ledger.db") as ledger:
        wanted = ledger.execute(
            "SELECT source_key, bkn_id FROM records WHERE feed = 'kursus' AND synced_digest IS NOT NULL"
        ).fetchall()
    with sqlite3.connect(stage.folder / "simpeg.db") as simpeg:
        found = {f'["{id_}"]': value for id_, value in simpeg.execute("SELECT id, id_siasn FROM pegdiklat")}
    assert wanted
    assert [(key, found[key].lower()) for key, _ in wanted] == [(key, bkn_id.lower()) for key, bkn_id in wanted]
    effects = len(stage.bkn.control.effects())
    assert stage.run_once() == 0
    assert len(stage.bkn.control.effects()) == effects
