"""The files that a machine of the BKD runs by.

Where systemd-analyze is installed (Debian: package systemd) the unit is verified and scored by it. On other machines only
the text is looked at: the lines that matter for safety have to be there.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from simpeg_sync.config.settings import TimingSettings

TOP = Path(__file__).parents[1]
UNIT = (TOP / "deploy" / "simpeg-sync.service").read_text(encoding="utf-8")
DOCKERFILE = (TOP / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: Any = yaml.safe_load((TOP / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]["simpeg-sync"]
TEMPLATE: Any = yaml.safe_load((TOP / "config" / "simpeg-sync.yaml").read_text(encoding="utf-8"))
DRAIN_S = TimingSettings().drain
SECRET_SETTINGS = {"consumer_key_file", "consumer_secret_file", "sso_username_file", "sso_password_file"}


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a command that exists here: systemd-analyze reports a missing one."""
    rendered = tmp_path / "simpeg-sync.service"
    rendered.write_text(UNIT.replace("/opt/simpeg-sync/bin/simpeg-sync", shutil.which("true") or "/bin/true"))
    return rendered


def test_the_unit_says_what_the_daemon_relies_on() -> None:
    for line in (
        "Type=notify",
        "ExecStart=/opt/simpeg-sync/bin/simpeg-sync --config /etc/simpeg-sync/simpeg-sync.yaml run",
        "RestartPreventExitStatus=7 78",
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "UMask=0077",
    ):
        assert line in UNIT.splitlines()


def test_a_stop_leaves_time_for_the_drain() -> None:
    stop = re.search(r"^TimeoutStopSec=(\d+)$", UNIT, flags=re.MULTILINE)
    assert stop is not None
    assert int(stop[1]) > DRAIN_S
    assert int(COMPOSE["stop_grace_period"].removesuffix("s")) > DRAIN_S


def test_credentials_have_the_names_that_the_settings_look_for() -> None:
    settings = {TEMPLATE["bkn"][name] for name in SECRET_SETTINGS}
    assert set(re.findall(r"^LoadCredential=(\w+):", UNIT, flags=re.MULTILINE)) == settings | {"source_url"}
    assert set(COMPOSE["secrets"]) == settings | {"source_url"}


def test_systemd_finds_nothing_to_say_about_the_unit(unit: Path) -> None:
    """Empty output, since misspelt keys leave the exit code at 0. Without systemd-analyze the text tests must do."""
    if (analyze := shutil.which("systemd-analyze")) is None:
        return
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)


def test_the_unit_is_hardened(unit: Path) -> None:
    """At most 1.5 by systemd's own score. Without systemd-analyze the text tests must do."""
    if (analyze := shutil.which("systemd-analyze")) is None:
        return
    command = [analyze, "security", "--no-pager", "--offline=true", "--threshold=15", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-400:]


def test_the_container_runs_without_rights() -> None:
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "USER 10001:10001" in last_stage
    assert 'ENTRYPOINT ["simpeg-sync"]' in last_stage
    assert "STOPSIGNAL SIGTERM" in last_stage
    assert not re.search(r"\b(apt-get|gcc|build-essential|pip install)\b", last_stage)
    assert COMPOSE["read_only"] is True
    assert COMPOSE["cap_drop"] == ["ALL"]
    assert COMPOSE["security_opt"] == ["no-new-privileges:true"]


def test_nothing_without_a_hash_gets_into_the_image() -> None:
    installs = [line for line in DOCKERFILE.splitlines() if "pip install" in line]
    assert installs
    assert [line for line in installs if "--require-hashes" not in line and "--no-index" not in line] == []


def test_settings_and_secrets_stay_out_of_the_build() -> None:
    kept = [line for line in (TOP / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")]
    assert kept == ["!pyproject.toml", "!README.md", "!LICENSE", "!requirements/runtime.lock", "!migrations", "!src"]
