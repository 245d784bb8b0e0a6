"""Settings: precedence, origins, forms of the file, and what each mistake is told."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import boto3
import pytest

from sparkify.config import Settings, exposed_secret, load
from sparkify.config.keys import SETTINGS
from sparkify.errors import SettingsError

EXAMPLE = Path(__file__).parents[3] / "dwh.example.cfg"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str, name: str = "dwh.cfg") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def from_file(text: str) -> Settings:
    return load(written(text), {}, {})[0]


def problem(text: str) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        from_file(text)
    return caught.value


def test_without_anything_the_defaults_hold() -> None:
    settings, origins = load(None, {}, {})
    assert settings == Settings()
    assert set(origins.values()) == {"default"}


def test_the_catalogue_and_the_fields_are_the_same_list() -> None:
    assert list(SETTINGS) == [field.name for field in dataclasses.fields(Settings)]


def test_every_default_is_allowed() -> None:
    texts = {name: str(getattr(Settings(), name)) for name in SETTINGS}
    assert load(None, {}, texts)[0] == Settings()


def test_a_flag_wins_over_the_environment_and_that_over_the_file() -> None:
    path = written("[DUCKDB]\nDATABASE = file.duckdb\nTHREADS = 3\nMEMORY_LIMIT = 1GB\n")
    environ = {"SPARKIFY_DUCKDB_DATABASE": "env.duckdb", "SPARKIFY_DUCKDB_THREADS": "2"}
    settings, origins = load(path, environ, {"database": "flag.duckdb"})
    assert (settings.database, settings.threads) == (Path("flag.duckdb"), 2)
    assert settings.memory_limit == "1GB"
    assert origins["database"] == "flag --database"
    assert origins["threads"] == "environment SPARKIFY_DUCKDB_THREADS"
    assert origins["memory_limit"] == "file dwh.cfg, line 4"
    assert origins["engine"] == "default"


def test_dwh_cfg_in_the_current_folder_is_read_unasked() -> None:
    written("[WAREHOUSE]\nengine = RedShift\n")
    settings, origins = load(None, {}, {})
    assert settings.engine == "redshift"
    assert origins["engine"] == "file dwh.cfg, line 2"


def test_a_file_that_was_asked_for_must_be_there() -> None:
    with pytest.raises(SettingsError, match=r"no settings file nowhere\.cfg"):
        load(Path("nowhere.cfg"), {}, {})


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load(tmp_path, {}, {})


@pytest.mark.parametrize("content", [b"\xff\xfe[\x00D\x00", b"[DUCKDB]\nDATABASE = \0\n"])
def test_a_file_that_is_no_text_is_refused(content: bytes) -> None:
    path = Path("dwh.cfg")
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="not a text file in UTF-8"):
        load(path, {}, {})


@pytest.mark.parametrize(
    "line",
    [
        "LOG_DATA = s3://bucket/log_data",
        "LOG_DATA='s3://bucket/log_data'",
        'log_data : "s3://bucket/log_data"  # as the course has it',
        "  LOG_DATA=s3://bucket/log_data   ; a comment",
    ],
)
def test_values_as_the_classic_files_write_them(line: str) -> None:
    assert from_file(f"\ufeff# comment\n; comment\n\n[s3]  # sources\n{line}\n").log_data == (
        "s3://bucket/log_data"
    )


def test_percent_signs_and_hashes_in_values_are_only_themselves() -> None:
    settings = from_file("[S3]\nLOG_DATA = %(here)s/a#b\nSONG_DATA = '100% # mine'\n")
    assert (settings.log_data, settings.song_data) == ("%(here)s/a#b", "100% # mine")


def test_relative_paths_in_a_file_start_at_its_folder() -> None:
    path = written(
        "[DUCKDB]\nDATABASE = my.duckdb\n[S3]\nLOG_DATA = logs\nSONG_DATA = /songs\n",
        "there/dwh.cfg",
    )
    settings, _ = load(path, {}, {})
    assert settings.database == Path("there/my.duckdb")
    assert (settings.log_data, settings.song_data) == ("there/logs", "/songs")


def test_the_home_folder_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load(None, {}, {"song_data": "~/songs"})[0].song_data == str(tmp_path / "songs")


def test_an_empty_value_is_no_value() -> None:
    path = written("[DUCKDB]\nDATABASE =\n[AWS]\nKEY=\nSECRET=''\n")
    settings, origins = load(path, {"SPARKIFY_S3_SONG_DATA": ""}, {"engine": ""})
    assert settings == Settings()
    assert set(origins.values()) == {"default"}


def test_the_jsonpaths_file_may_be_empty_and_follows_the_logs() -> None:
    assert load(None, {}, {})[0].log_jsonpath == "data/log_json_path.json"
    assert load(None, {}, {"log_jsonpath": ""})[0].log_jsonpath == ""
    assert load(None, {}, {"log_data": "mine"})[0].log_jsonpath == ""
    both = {"log_data": "mine", "log_jsonpath": "mine.json"}
    assert load(None, {}, both)[0].log_jsonpath == "mine.json"


@pytest.mark.parametrize(
    ("text", "reason", "next_step"),
    [
        ("[DUCKBD]\nX = 1", "dwh.cfg, line 2: unknown section [DUCKBD]", "Did you mean DUCKDB?"),
        (
            "[CLUSTER]\nHOST = x",
            "dwh.cfg, line 2: unknown section [CLUSTER]",
            "Known are: AWS, DUCKDB, ETL, IAM_ROLE, REDSHIFT, S3, WAREHOUSE.",
        ),
        (
            "[S3]\n\nLOGDATA = x",
            "dwh.cfg, line 3: unknown key LOGDATA in [S3]",
            "Did you mean LOG_DATA?",
        ),
        (
            "[S3]\nDATABASE = x",
            "dwh.cfg, line 2: unknown key DATABASE in [S3]",
            "Did you mean [DUCKDB] DATABASE?",
        ),
        (
            "[IAM_ROLE]\nARN = x",
            "dwh.cfg, line 2: unknown key ARN in [IAM_ROLE]",
            "Known are: NAME.",
        ),
        (
            "[DUCKDB]\nDATABASE",
            "dwh.cfg, line 2: this is neither [SECTION] nor KEY = value",
            "Correct the line.",
        ),
        (
            "KEY = x",
            "dwh.cfg, line 1: KEY stands before the first [SECTION]",
            "Put it under one.",
        ),
        (
            "[ETL]\nCOPY_MODE = auto\ncopy_mode = direct",
            "dwh.cfg, line 3: COPY_MODE is set twice in [ETL], first in line 2",
            "Remove one of the two lines.",
        ),
        (
            "[S3]\nLOG_DATA = 's3://x",
            "dwh.cfg, line 2: the value begins with ', and that quote is not closed",
            "Close it.",
        ),
    ],
)
def test_mistakes_in_the_file_are_named_with_their_line(
    text: str, reason: str, next_step: str
) -> None:
    error = problem(text)
    assert (error.reason, error.next_step) == (reason, next_step)
    assert error.details["file"] == "dwh.cfg"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("engine", "postgres"),
        ("database", "s3://bucket/x"),
        ("database", ":memory:"),
        ("database", "md:shared"),
        ("database", "\udcff"),
        ("database", "~nobody-has-this-name/x"),
        ("memory_limit", "128"),
        ("memory_limit", "128MB; DROP"),
        ("threads", "-1"),
        ("threads", "two"),
        ("log_data", "https://example.org/x"),
        ("log_data", "s3://"),
        ("s3_region", "Oregon"),
        ("s3_kms_key", "alias/mine"),
        ("s3_region", "us-wset-2"),
        ("aws_region", "us-esat-1"),
        ("aws_region", "su-east-1"),
        ("aws_region", "us-east"),
        ("iam_role_name", "a b"),
        ("redshift_namespace", "Spark_ify"),
        ("redshift_database", "1st"),
        ("redshift_base_capacity", "12"),
        ("redshift_max_capacity", "520"),
        ("redshift_usage_limit_rpu_hours", "1.5"),
        ("max_rejected_share", "1.01"),
        ("max_rejected_share", "nan"),
        ("max_rejected_share", "101%"),
        ("max_rejected_rows", "1e3"),
        ("copy_mode", "fast"),
        ("aws_key", "two words"),
    ],
)
def test_bad_values_are_told_with_key_origin_and_what_is_allowed(name: str, text: str) -> None:
    setting = SETTINGS[name]
    with pytest.raises(SettingsError) as caught:
        load(None, {setting.variable: text}, {})
    error = caught.value
    assert error.reason.startswith(f"{setting.label} (environment {setting.variable}): ")
    assert error.reason.endswith(f"is not {setting.kind.allowed}")
    assert (repr(text) in error.reason) is not setting.secret
    assert error.details["allowed"] == setting.kind.allowed


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("max_rejected_share", "0.5", 0.5),
        ("max_rejected_share", "2%", 0.02),
        ("redshift_max_capacity", "0", 0),
        ("redshift_max_capacity", "1024", 1024),
        ("memory_limit", "1.5GiB", "1.5GiB"),
        ("iam_role_name", "my-role", "my-role"),
        ("log_data", "s3://bucket/a b", "s3://bucket/a b"),
    ],
)
def test_good_values_are_read(name: str, text: str, value: object) -> None:
    assert getattr(load(None, {}, {name: text})[0], name) == value


def test_a_misspelt_environment_variable_is_not_passed_over() -> None:
    with pytest.raises(SettingsError) as caught:
        load(None, {"SPARKIFY_S3_LOGDATA": "x"}, {})
    assert "Did you mean SPARKIFY_S3_LOG_DATA?" in caught.value.next_step


def test_environment_variables_of_others_are_left_alone() -> None:
    settings, _ = load(None, {"SPARKIFY_PORT": "tcp://10.0.0.1", "LOG_DATA": "x"}, {})
    assert settings == Settings()


def test_half_a_pair_of_keys_is_refused() -> None:
    with pytest.raises(SettingsError, match="KEY and SECRET belong together"):
        load(None, {"SPARKIFY_AWS_KEY": "AKIA"}, {})


def test_the_capacity_cannot_grow_to_less_than_it_is() -> None:
    with pytest.raises(SettingsError, match="MAX_CAPACITY is 8, less than BASE_CAPACITY"):
        load(None, {}, {"redshift_base_capacity": "16", "redshift_max_capacity": "8"})


def test_secrets_are_not_shown() -> None:
    text = repr(from_file("[AWS]\nKEY = AKIAEXAMPLE\nSECRET = hidden\n"))
    assert "AKIAEXAMPLE" not in text
    assert "hidden" not in text


def test_secrets_in_a_file_that_others_can_read_are_warned_of() -> None:
    path = written("[AWS]\nKEY = AKIAEXAMPLE\nSECRET = hidden\n")
    path.chmod(0o644)
    _, origins = load(None, {}, {})
    assert exposed_secret(None, origins) == (
        "dwh.cfg holds AWS keys and others can read it; run: chmod 600 dwh.cfg"
    )
    path.chmod(0o600)
    assert exposed_secret(path, origins) == ""


def test_secrets_from_elsewhere_are_not_warned_of() -> None:
    written("[DUCKDB]\nTHREADS = 1\n").chmod(0o644)
    environ = {"SPARKIFY_AWS_KEY": "AKIAEXAMPLE", "SPARKIFY_AWS_SECRET": "hidden"}
    _, origins = load(None, environ, {})
    assert exposed_secret(None, origins) == ""


def test_the_example_file_loads_and_names_every_key() -> None:
    settings, origins = load(EXAMPLE, {}, {})
    assert settings.engine == "duckdb"
    assert settings.log_data == "s3://udacity-dend/log_data"
    assert settings.log_jsonpath == "s3://udacity-dend/log_json_path.json"
    assert settings.song_data == "s3://udacity-dend/song_data"
    named = [line.split("=")[0].strip() for line in EXAMPLE.read_text().splitlines() if "=" in line]
    keys = [key for key in named if key.isupper() and not key.startswith("#")]
    assert keys == [setting.key for setting in SETTINGS.values()]
    unset = {name for name, origin in origins.items() if origin == "default"}
    assert unset == {"memory_limit", "s3_kms_key", "aws_key", "aws_secret", "iam_role_name"}


def test_the_example_file_changes_no_default_but_the_sources() -> None:
    settings, _ = load(Path(os.path.relpath(EXAMPLE)), {}, {})
    sources = {"log_data", "log_jsonpath", "song_data", "database", "questions"}
    for name in set(SETTINGS) - sources:
        assert getattr(settings, name) == getattr(Settings(), name)
    assert settings.database.resolve() == (EXAMPLE.parent / "sparkify.duckdb").resolve()
    assert settings.questions.resolve() == (EXAMPLE.parent / "questions").resolve()


def test_every_region_of_aws_is_one() -> None:
    """Those that boto3 knows, in all partitions; the rest of its list are no Regions."""
    session = boto3.Session()
    partitions = session.get_available_partitions()
    regions = {
        region
        for partition in partitions
        for service in ("ec2", "redshift")
        for region in session.get_available_regions(service, partition)
    }
    assert len(regions) > 30
    for region in regions:
        settings, _ = load(None, {SETTINGS["aws_region"].variable: region}, {})
        assert settings.aws_region == region
