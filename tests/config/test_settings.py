"""Every mistake in the settings is told at once, where it stands, and with what to do."""

from pathlib import Path

import pytest
from tests.config.conftest import FEED, SETTINGS, Region

from simpeg_sync.domain.errors import ConfigError
from simpeg_sync.secret import Secret, located


def test_a_right_folder_is_read(region: Region) -> None:
    config = region.read()
    assert list(config.feeds) == ["kursus"]
    assert config.source_url == f"sqlite:///{region.folder.resolve()}/simpeg.db"


def test_ten_mistakes_are_ten_problems_each_with_its_line_and_remedy_in_order(region: Region) -> None:
    region.write(
        "s.yaml",
        """\
regoin: contoh
source:
  url: sqlite:///simpeg.db
  poll: now and then
  page: 3
bkn:
  base_url: http://bkn.contoh.example/api
  apim_token_url: https://user:pass@bkn.contoh.example/token
  consumer_key_file: consumer_key
  sso_token_file: sso_token
  calls_in_flight: 1000
ledger:
  url: sqlite:///ledger.db
  urls: sqlite:///ledger.db
log:
  level: LOUD
""",
    )
    region.spoil_feed("person: p.nip", "persn: p.nip")
    problems = region.problems()
    assert [problem.place for problem in problems] == [
        "feeds/kursus.yaml:1",
        "feeds/kursus.yaml:9",
        "s.yaml:1",
        "s.yaml:1",
        "s.yaml:4",
        "s.yaml:5",
        "s.yaml:6",
        "s.yaml:7",
        "s.yaml:8",
        "s.yaml:11",
        "s.yaml:14",
        "s.yaml:16",
    ]
    assert all(problem.remedy for problem in problems)
    assert "pass" not in " ".join(problem.what for problem in problems if "user name" not in problem.what)
    assert {"Did you mean 'region'?", "Did you mean 'person'?", "Did you mean 'url'?"} <= {p.remedy for p in problems}


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        (SETTINGS + "region: lain\n", "s.yaml:12", "'region' stands twice"),
        ("region: [contoh\n", "s.yaml:2", "not valid YAML"),
        ("region: a\n\tsource: b\n", "s.yaml:2", "not valid YAML"),
        ("region: Café".encode("latin-1"), "s.yaml", "UTF-8"),
        ("region: a\x07b\n", "s.yaml", "control characters"),
        ("a: &a [*a]\n", "s.yaml", "nested without end"),
        ("region: !!python/name:os.system x\n", "s.yaml:1", "not valid YAML"),
        ("", "s.yaml:1", "region is missing"),
        ("- region\n", "s.yaml:1", "region is missing"),
    ],
    ids=range(9),
)
def test_files_that_are_not_settings_are_told_as_problems(
    region: Region, text: str | bytes, place: str, what: str
) -> None:
    region.write("s.yaml", text)
    first = region.problems()[0]
    assert first.place == place
    assert what in first.what


def test_a_missing_file_and_a_folder_are_problems(region: Region) -> None:
    (region.folder / "s.yaml").unlink()
    assert "cannot be read" in region.problem().what
    (region.folder / "s.yaml").mkdir()
    assert "cannot be read" in region.problem().what


def test_no_feed_at_all_is_a_problem(region: Region) -> None:
    (region.folder / "feeds" / "kursus.yaml").unlink()
    assert region.problem().what == "no file matches feeds/*.yaml"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("500 ms", 0.5), ("30 s", 30), ("15min", 900), ("2 h", 7200), ("7 d", 604800), ("45", 45), ("1.5 s", 1.5)],
)
def test_lengths_of_time(region: Region, written: str, seconds: float) -> None:
    region.spoil("simpeg.db\n", f"simpeg.db\n  keep_log: {written}\n")
    assert region.read().settings.source.keep_log == seconds


@pytest.mark.parametrize("written", ["-1", "30 sec", "soon", "true", ".inf", ".nan", "1 h 30 min", "[1]", "''"])
def test_what_is_no_length_of_time_is_told_with_its_line(region: Region, written: str) -> None:
    region.spoil("simpeg.db\n", f"simpeg.db\n  keep_log: {written}\n")
    assert region.problem().place == "s.yaml:4"


@pytest.mark.parametrize("line", ["statement_limit: 500 ms", "statement_limit: 0", "poll: 0"])
def test_no_limit_and_no_pause_cannot_be_asked_for_by_a_nought(region: Region, line: str) -> None:
    region.spoil("simpeg.db\n", f"simpeg.db\n  {line}\n")
    assert region.problem().place == "s.yaml:4"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8080/api",
        "http://localhost/api",
        "http://[::1]:1/api",
        "https://169.254.169.254/api",
        "https://bkn.contoh.example:8443/api/",
    ],
)
def test_https_anywhere_and_http_on_this_machine(region: Region, address: str) -> None:
    region.spoil("https://bkn.contoh.example/api", address)
    assert region.read().settings.bkn.base_url == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "http://bkn.contoh.example/api",
        "http://169.254.169.254/api",
        "http://localhost.contoh.example/api",
        "http://127.0.0.1.contoh.example/api",
        "http://127.0.0.1@contoh.example/api",
        "https://rahasia:rahasia@bkn.contoh.example/api",
        "https://rahasia@bkn.contoh.example/api",
        "https://@bkn.contoh.example/api",
        "https://[::1/rahasia",
        "https://bkn.contoh.example:99999/api",
        "https://bkn.contoh.example/api?key=rahasia",
        "https:///api",
        "file:///etc/passwd",
        "ftp://bkn.contoh.example/",
        "bkn.contoh.example",
        "'https://bkn.contoh.example/a b'",
    ],
)
def test_other_addresses_are_refused_and_not_repeated(region: Region, address: str) -> None:
    region.spoil("https://bkn.contoh.example/api", address)
    problem = region.problem()
    assert problem.place == "s.yaml:5"
    assert "rahasia" not in str(problem)


def test_a_settle_time_in_which_a_lost_write_may_land_is_refused_at_its_line(region: Region) -> None:
    region.spoil("ledger:", "timing:\n  settle: 60 s\nledger:")
    problem = region.problem()
    assert (problem.place, "at least" in problem.what) == ("s.yaml:11", True)
    region.spoil("60 s", "90 s")
    region.read()


def test_a_section_whose_lines_are_all_comments_is_an_empty_section(region: Region) -> None:
    region.spoil("ledger:", "timing:\n  # settle: 1 h\nledger:")
    assert region.read().settings.timing.settle == 180


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  url: sqlite:///simpeg.db\n", "  log_table: a\n"),
        ("  url: sqlite:///simpeg.db\n", "  url: sqlite:///a.db\n  url_file: b\n"),
        ("  sso_token_file: sso_token\n", ""),
        ("  sso_token_file: sso_token\n", "  sso_token_file: a\n  sso_username_file: b\n"),
        ("  url: sqlite:///simpeg.db\n", '  url: sqlite:///a.db\n  log_table: "log\'; DROP"\n'),
        ("  url: sqlite:///simpeg.db\n", '  url: sqlite:///a.db\n  reader: "x\'; DROP"\n'),
        ("  url: sqlite:///simpeg.db\n", '  url: sqlite:///a.db\n  reader: "x\\n"\n'),
    ],
    ids=range(7),
)
def test_two_addresses_half_a_login_and_names_with_sql_are_refused(region: Region, old: str, new: str) -> None:
    region.spoil(old, new)
    assert region.problem().place.startswith("s.yaml:")


# ---------------------------------------------------------------------------------------------------------- secrets


def test_a_database_address_may_lie_in_a_file(region: Region) -> None:
    region.spoil("  url: sqlite:///simpeg.db", "  url_file: source_url")
    region.write("source_url", "postgresql://a:p%40ss@db.contoh.example/simpeg\n")
    assert region.read().source_url == "postgresql+psycopg://a:p%40ss@db.contoh.example/simpeg"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "rahasia",
        "postgresql://a@db:rahasia/x",
        "oracle://rahasia@db/x",
        b"\xff",
    ],
)
def test_a_bad_address_in_a_file_is_a_problem_that_does_not_show_it(region: Region, address: str | bytes) -> None:
    region.spoil("  url: sqlite:///simpeg.db", "  url_file: source_url")
    region.write("source_url", address)
    config = region.read()
    with pytest.raises(ConfigError) as error:
        _ = config.source_url
    assert "rahasia" not in str(error.value)


def test_a_ledger_is_sqlite_or_postgresql(region: Region) -> None:
    region.spoil("sqlite:///ledger.db", "mysql://a@db.contoh.example/ledger")
    config = region.read()
    with pytest.raises(ConfigError, match="is not a database that the ledger may be"):
        _ = config.ledger_url


def test_a_secret_that_is_missing_or_empty_is_a_problem_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"s\.yaml: bkn\.key: the secret file .* cannot be read"):
        Secret.from_file(tmp_path / "none", "s.yaml: bkn.key")
    (tmp_path / "blank").write_text(" \n", encoding="utf-8")
    with pytest.raises(ConfigError, match="is empty"):
        Secret.from_file(tmp_path / "blank", "s.yaml: bkn.key")


def test_a_secret_shows_nothing_of_itself(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("rahasia\n", encoding="utf-8")
    secret = Secret.from_file(tmp_path / "key", "here")
    assert secret.reveal() == "rahasia"
    assert "rahasia" not in f"{secret} {secret!r} {[secret]} {secret.__class__}"


def test_a_systemd_credential_goes_before_the_file_beside_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert located(Path("key"), tmp_path) == tmp_path / "key"
    (credentials / "key").write_text("x", encoding="utf-8")
    assert located(Path("key"), tmp_path) == credentials / "key"
    assert located(tmp_path / "key", tmp_path) == tmp_path / "key"
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert located(Path("key"), tmp_path) == tmp_path / "key"


def test_no_secret_is_opened_to_check_the_settings(region: Region) -> None:
    region.spoil("  url: sqlite:///simpeg.db", "  url_file: source_url")
    assert region.read().settings.source.url_file == Path("source_url")
    assert not (region.folder / "source_url").exists()


def test_the_approval_belongs_to_feeds_and_address_and_not_to_codes_or_pace(region: Region) -> None:
    before = region.read()
    region.write("codes/jenis.csv", "local,bkn\nT,3\nF,2\nS,9\n")
    region.spoil("sso_token_file: sso_token", "sso_token_file: sso_token\n  calls_per_second: 1")
    assert region.read().digest == before.digest
    assert region.read().feeds[next(iter(before.feeds))].digest == next(iter(before.feeds.values())).digest
    region.write("feeds/kursus.yaml", FEED + "# a comment\n")
    assert region.read().digest != before.digest
    region.write("feeds/kursus.yaml", FEED)
    assert region.read().digest == before.digest
    region.spoil("bkn.contoh.example/api", "bkn.lain.example/api")
    assert region.read().digest != before.digest


def test_codes_that_bkn_has_beside_its_tables_may_be_added_as_text_or_number(region: Region) -> None:
    region.spoil("sso_token_file: sso_token\n", "sso_token_file: sso_token\n  extra_codes: {golongan: [51, '07']}\n")
    assert region.read().settings.bkn.extra_codes == {"golongan": ["51", "07"]}


@pytest.mark.parametrize(
    ("written", "what", "remedy"),
    [
        ("{golngan: [51]}", "golngan is not a code table of BKN", "Did you mean 'golongan'? Known: agama, "),
        ("{golongan: 51}", "bkn.extra_codes.golongan: Input should be a valid list", "Correct the value."),
        ("{golongan: [[51]]}", "bkn.extra_codes.golongan.0: a code is a text or a number", "Correct the value."),
    ],
)
def test_what_is_no_table_or_no_code_is_told_with_its_line(
    region: Region, written: str, what: str, remedy: str
) -> None:
    region.spoil("sso_token_file: sso_token\n", f"sso_token_file: sso_token\n  extra_codes: {written}\n")
    problem = region.problem()
    assert (problem.place, problem.what) == ("s.yaml:10", what)
    assert problem.remedy.startswith(remedy)


CHANGE_TABLE = "  change_table: {table: log, table_column: tabel, key_column: kunci}\n"


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ("  capture: [log, skan]\n", "capture names 'skan', which is no mode"),
        ("  capture: [table]\n", "capture names table, so change_table has to describe"),
        ("  capture: [log, log]\n", "capture names a mode twice"),
        ("  capture: []\n", "capture"),
        ("  change_table: {table: log, table_column: tabel}\n", "name key_column, person_column, or key_columns"),
        (CHANGE_TABLE.replace("log,", "'log; --',"), "change_table.table"),
        (CHANGE_TABLE.replace("kunci", "'x\"y'"), "change_table.key_column"),
        ("  scan: {every: 0}\n", "scan.every"),
        ("  scan: {rows_per_second: 0}\n", "scan.rows_per_second"),
    ],
)
def test_a_capture_that_cannot_work_is_refused(region: Region, lines: str, what: str) -> None:
    region.write("s.yaml", SETTINGS.replace("source:\n", "source:\n" + lines))
    assert any(what in str(problem) for problem in region.problems())


def test_modes_may_be_combined(region: Region) -> None:
    lines = "  capture: [log, table, scan]\n" + CHANGE_TABLE
    region.write("s.yaml", SETTINGS.replace("source:\n", "source:\n" + lines))
    assert region.read().settings.source.capture == ["log", "table", "scan"]
