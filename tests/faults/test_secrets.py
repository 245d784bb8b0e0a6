"""Nothing that is secret is shown, written down or stored: not in errors, not with --debug."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from command_line import call, write_sources
from sparkify import redact
from sparkify.cli import application, options
from sparkify.config.keys import SETTINGS
from sparkify.redact import mask, mask_all

KEY = "AKIAQ3EGRSECRETKEYID"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYSECRETKEY"
OTHERS = {
    "AWS_ACCESS_KEY_ID": "ASIAQ3EGRTEMPORARYID",
    "AWS_SECRET_ACCESS_KEY": "zSecretOfTheEnvironment/0123456789abcdef",
    "AWS_SESSION_TOKEN": "a session token that nobody may see",
}
OTHER = OTHERS["AWS_SECRET_ACCESS_KEY"]
SIGNATURE = "5f1e2d3c4b5a69788796a5b4c3d2e1f0"
SIGNED = f"https://bucket.s3.amazonaws.com/logs?X-Amz-Credential={KEY}&X-Amz-Signature={SIGNATURE}"
ALL = (KEY, SECRET, *OTHERS.values(), SIGNATURE)


@pytest.fixture(autouse=True)
def in_a_folder_with_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for setting in SETTINGS.values():
        monkeypatch.delenv(setting.variable, raising=False)
    for name, value in OTHERS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setattr(redact, "_known", set())
    write_sources(tmp_path)
    settings(f"[AWS]\nKEY = {KEY}\nSECRET = {SECRET}\n")


def settings(text: str) -> None:
    path = Path("dwh.cfg")
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


@pytest.mark.sampled(of=6)
@pytest.mark.parametrize(
    "words",
    [
        "doctor",
        "etl",
        "etl --no-answers --dry-run",
        "status",
        "rejects",
        "check",
        "ask",
        "sql",
        f"etl --log-data {SIGNED}",
        f"etl --song-data s3://bucket/songs?X-Amz-Signature={SIGNATURE}",
        f"etl --log-data s3://{KEY}:{SECRET}@bucket/logs",
        f"--config {OTHER}.cfg status",
        f"etl --database nowhere/{SECRET}/x/../../..",
        f"etl --{OTHER}",
        OTHER,
        f"query SELECT('{SECRET}'",
        f"query {SIGNED}",
        f"query SELECT/**/nothing/**/FROM/**/x_{OTHERS['AWS_SECRET_ACCESS_KEY'][:9]}",
        f"ask {SECRET}",
        "inspect --log-data s3://bucket/logs",
    ],
)
@pytest.mark.parametrize("form", ["", "--debug", "--json"])
def test_no_command_shows_a_secret(words: str, form: str) -> None:
    parts = words.split()
    options = ["--debug"] if form == "--debug" else []
    more = ["--json"] if form == "--json" else []
    shown = CliRunner().invoke(application, [*options, *parts, *more]).output
    assert [secret for secret in ALL if secret in shown] == []


@pytest.mark.parametrize(
    "text",
    [
        f"[AWS]\nKEY = {KEY}\nSECRET\n{SECRET}\n",
        f"[AWS]\nKEY = {KEY}\nSECRETS = {SECRET}\n",
        f"[AWS]\nKEY = {KEY}\nSECRET = '{SECRET}\n",
        f"[AWS]\nKEY = {KEY}\nSECRET = {SECRET}\nSECRET = {SECRET}\n",
        f"KEY = {KEY}\nSECRET = {SECRET}\n",
        f"[AWS {SECRET}\nKEY = {KEY}\n",
        f"[{SECRET}]\nKEY = {KEY}\n",
        f"[AWS]\n{SECRET} = {KEY}\n",
        f"[AWS]\nSECRET = {SECRET}\n",
        f"[AWS]\nREGION = {SECRET}\n",
        f"[DUCKDB]\nTHREADS = {SECRET}\n[AWS]\nKEY = {KEY}\nSECRET = {SECRET}\n",
        f"[AWS]\nKEY = {KEY}\nSECRET = {SECRET}\n\0",
    ],
)
def test_no_mistake_in_the_settings_shows_a_secret_value(text: str) -> None:
    """A secret in the place of a name cannot be told from a name, and is not looked for."""
    settings(text)
    for words in (("status",), ("--debug", "etl"), ("doctor", "--json")):
        shown = CliRunner().invoke(application, words).output.upper()
        assert KEY.upper() not in shown
        if "= " + SECRET in text and f"REGION = {SECRET}" not in text and "THREADS" not in text:
            assert SECRET.upper() not in shown


def test_a_misspelt_variable_does_not_show_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARKIFY_AWS_SECERT", SECRET)
    result = CliRunner().invoke(application, ["--debug", "status"])
    assert result.exit_code == 3
    assert "SPARKIFY_AWS_SECERT" in result.output
    assert SECRET not in result.output


def test_no_secret_is_stored() -> None:
    assert call("etl").exit_code == 0
    for path in Path().rglob("*"):
        if path.is_file() and path.name != "dwh.cfg":
            content = path.read_bytes()
            assert [secret for secret in ALL if secret.encode() in content] == [], path


def test_the_keys_of_a_settings_file_are_known_to_be_secret() -> None:
    options.Call().settings()
    assert mask_all(f"an error with {SECRET} in it") == "an error with **** in it"
    assert mask_all(f"and {os.environ['AWS_SESSION_TOKEN']}.") == "and ****."
    assert mask("KEY = short", ["short"]) == "KEY = short"


def test_a_readable_settings_file_is_warned_of_by_every_command() -> None:
    Path("dwh.cfg").chmod(0o644)
    for words in (("status",), ("etl", "--dry-run"), ("doctor",)):
        assert "chmod 600 dwh.cfg" in call(*words).stderr
