"""`token status` and `token renew` as processes, and a refused login that no restart tries again."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.reference_api import as_json
from tests.cli.conftest import run
from tests.cli.test_codes import Region, region

from simpeg_sync import wiring
from simpeg_sync.clock import Clock
from simpeg_sync.demo.stage import Stage, set_up
from simpeg_sync.domain.errors import LedgerDown, LoginRefused

__all__ = ["region"]

DEAD = as_json(401, {"message": "invalid or expired jwt"})


def jwt(expires_at: int) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": expires_at}).encode()).decode().rstrip("=")
    return f"e30.{claims}.fake-signature"


def tokens(region: Region, *command: str) -> tuple[int, dict[str, Any]]:
    done = run(region.path, "token", *command, "--json")
    assert "fake-" not in done.stdout + done.stderr and "Traceback" not in done.stderr
    found = json.loads(done.stdout)["tokens"]
    return done.returncode, {one["token"]: one for one in found}


def test_status_says_how_each_token_is_come_by_and_asks_nobody(region: Region) -> None:
    code, found = tokens(region, "status")
    assert (code, found["apim"]["kind"], found["sso"]["kind"]) == (0, "login", "static token")
    assert found["sso"]["expires_at"] is None
    assert (region.api.logins, region.api.asked) == ([], [])
    assert "static token" in run(region.path, "token", "status").stdout


@pytest.mark.parametrize(("expires_at", "code", "usable"), [(4_000_000_000, 0, True), (1_500_000_000, 5, False)])
def test_a_static_jwt_says_when_it_ends(region: Region, expires_at: int, code: int, usable: bool) -> None:
    (region.folder / "sso_token").write_text(jwt(expires_at), encoding="utf-8")
    done, found = tokens(region, "status")
    assert (done, found["sso"]["usable"]) == (code, usable)
    assert found["sso"]["expires_at"] == ("2096-10-02T07:06:40+00:00" if usable else "2017-07-14T02:40:00+00:00")


def test_a_secret_file_that_is_missing_is_78(region: Region) -> None:
    (region.folder / "consumer_key").unlink()
    for command in ("status", "renew"):
        assert run(region.path, "token", command).returncode == 78


def test_renew_logs_in_once_and_proves_a_static_token_by_a_read(region: Region) -> None:
    code, found = tokens(region, "renew")
    assert (code, found["apim"]["accepted"], found["sso"]["accepted"]) == (0, True, True)
    assert (region.api.logins, region.api.asked) == (["token"], [("ref-unor", 1, 0)])


def test_a_static_token_that_is_dead_is_5_and_not_sent_again_until_there_is_another(region: Region) -> None:
    region.api.instead = lambda *_: DEAD
    code, found = tokens(region, "renew")
    assert (code, found["apim"]["accepted"], found["sso"]["accepted"]) == (5, True, False)
    assert "put a new one into its file" in found["sso"]["problem"]
    region.api.instead = lambda *_: None
    region.api.asked.clear()
    assert region.pull("--table", "golongan").returncode == 5
    assert region.api.asked == [], "the note keeps it from BKN"
    code, found = tokens(region, "status")
    assert code == 5 and "token renew" in found["sso"]["problem"]
    (region.folder / "sso_token").write_text("fake-another", encoding="utf-8")
    assert tokens(region, "status")[0] == 0
    assert region.pull("--table", "golongan").returncode == 0


def test_renew_lifts_a_refusal_once_bkn_accepts_the_same_credentials(region: Region) -> None:
    region.api.accepts_login = False
    code, found = tokens(region, "renew")
    assert (code, found["apim"]["accepted"], found["sso"]["accepted"]) == (5, False, None)
    assert len(region.api.logins) == 1
    region.api.accepts_login = True
    assert region.pull("--table", "golongan").returncode == 5
    assert len(region.api.logins) == 1, "only a person's word tries refused credentials"
    assert tokens(region, "renew")[0] == 0
    assert tokens(region, "status")[0] == 0
    assert region.pull("--table", "golongan").returncode == 0


def test_a_bkn_that_is_away_is_4_and_refuses_nothing(region: Region) -> None:
    region.settings(apim_token_url="http://127.0.0.1:9/token")
    code, found = tokens(region, "renew")
    assert (code, found["apim"]["accepted"], found["sso"]["accepted"]) == (4, None, None)
    assert tokens(region, "status")[0] == 0


class BrokenNotes:
    """A ledger that is down when BKN refuses."""

    def note(self, name: str) -> str | None:
        return None

    def set_note(self, name: str, value: str) -> None:
        raise LedgerDown("the ledger's disk is full")


def test_a_refusal_that_cannot_be_noted_is_still_a_refusal_and_is_logged(region: Region) -> None:
    region.api.accepts_login = False
    config, lines = wiring.read_config(region.path), io.StringIO()
    wiring.configure_logs(config, stream=lines)
    bkn = wiring.open_bkn(config, Clock(), BrokenNotes())
    for _ in range(2):
        with pytest.raises(LoginRefused):
            bkn.calls.tokens.get("apim")
    assert len(region.api.logins) == 1
    said = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [line["event"] for line in said] == ["token.refused", "token.note_failed"]
    assert "disk is full" in said[1]["problem"] and "fake" not in lines.getvalue()
    wiring.configure_logs(config, level="ERROR")


# ------------------------------------------------------------------------------------------------------- the daemon


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Stage]:
    place = set_up(tmp_path / "stage", seed=7, employees=40)
    try:
        place.command("db", "upgrade")
        place.command("source", "install")
        place.command("plan")
        place.command("plan", "--approve", "--reason", "test")
        yield place
    finally:
        place.close()


def test_the_daemon_tries_a_refused_password_once_in_all_its_lives(fresh: Stage) -> None:
    password = fresh.folder / "secrets" / "sso_password"
    right = password.read_text(encoding="utf-8")
    password.write_text("fake-wrong", encoding="utf-8")
    refused = logins(fresh)
    assert fresh.run_once() == 5
    assert logins(fresh) == refused + 1
    for _ in range(2):
        assert fresh.run_once() == 5
    planned = json.loads(run(fresh.config_path, "plan", "--json").stdout)
    assert "token renew" in planned["bkn_problem"]
    assert logins(fresh) == refused + 1, "no restart and no plan tried it again"
    log = (fresh.folder / "daemon.log").read_text(encoding="utf-8")
    assert "token.refused" in log and "token renew" in log and "fake-wrong" not in log
    assert run(fresh.config_path, "token", "renew").returncode == 5
    assert logins(fresh) == refused + 2
    password.write_text(right, encoding="utf-8")
    assert fresh.run_once() == 0
    assert set(fresh.counts()) & {"synced", "held", "ignored"}


def logins(stage: Stage) -> int:
    return int(stage.bkn.control.counts()["logins_refused"].get("sso", 0))
