"""The setting `bkn.http` chooses who makes the calls, and says what is missing."""

import sys
from pathlib import Path

import pytest

from simpeg_sync.bkn.exchange import Answer, NoAnswer, Request
from simpeg_sync.bkn.httpx_exchange import HttpxExchange
from simpeg_sync.bkn.pyreqwest_exchange import PyreqwestExchange
from simpeg_sync.domain.errors import ConfigError
from simpeg_sync.wiring.bkn import open_exchange
from tests.config.conftest import Region

from .peers import Peer, black_hole


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path)


@pytest.mark.parametrize(
    ("setting", "adapter"),
    [("", HttpxExchange), ("\n  http: httpx", HttpxExchange), ("\n  http: pyreqwest", PyreqwestExchange)],
    ids=["default", "httpx", "pyreqwest"],
)
def test_the_setting_chooses_the_adapter(region: Region, setting: str, adapter: type) -> None:
    region.spoil("sso_token_file: sso_token", f"sso_token_file: sso_token{setting}")
    exchange = open_exchange(region.read())
    assert isinstance(exchange, adapter)
    with Peer(lambda peer, talk: talk.answer(b"{}") if peer.read(talk) else None) as peer:
        assert isinstance(exchange.send(Request("GET", f"{peer.url}/a"), deadline_s=3.0), Answer)
    exchange.close()


def test_a_package_that_is_missing_is_named_with_the_way_to_get_it(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    region.spoil("sso_token_file: sso_token", "sso_token_file: sso_token\n  http: pyreqwest")
    monkeypatch.setitem(sys.modules, "pyreqwest.client", None)
    monkeypatch.delitem(sys.modules, "simpeg_sync.bkn.pyreqwest_exchange")
    with pytest.raises(ConfigError) as error:
        open_exchange(region.read())
    [problem] = error.value.problems
    assert problem.place.endswith("s.yaml: bkn.http")
    assert "pip install 'simpeg-sync[pyreqwest]'" in problem.remedy


def test_a_connect_has_half_of_the_calls_time_so_that_its_end_is_proof(region: Region) -> None:
    region.spoil("sso_token_file: sso_token", "sso_token_file: sso_token\n  http: pyreqwest\n  call_limit: 600 ms")
    config = region.read()
    exchange = open_exchange(config)
    with black_hole() as port:
        request = Request("POST", f"http://127.0.0.1:{port}/a", {}, b"{}")
        exchanged = exchange.send(request, deadline_s=config.settings.bkn.call_limit)
    assert exchanged == NoAnswer(False, "connect_timeout")
    exchange.close()


@pytest.mark.parametrize("http", ["httpx", "pyreqwest"])
@pytest.mark.parametrize(
    "content",
    [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
    ids=["missing", "empty", "other text", "broken"],
)
def test_a_ca_file_without_a_certificate_is_refused(region: Region, http: str, content: bytes | None) -> None:
    region.spoil("sso_token_file: sso_token", f"sso_token_file: sso_token\n  http: {http}\n  ca_file: ca.pem")
    if content is not None:
        region.write("ca.pem", content)
    with pytest.raises(ConfigError) as error:
        open_exchange(region.read())
    assert "bkn.ca_file" in str(error.value)


def test_another_word_is_refused(region: Region) -> None:
    region.spoil("sso_token_file: sso_token", "sso_token_file: sso_token\n  http: curl")
    assert "bkn.http" in region.problem().what
