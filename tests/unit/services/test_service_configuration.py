"""A wrong environment is one clear line and exit 2, however the service is started."""

import pytest
from tests.unit.services import support

from chassis.config import load
from order.app import create_app
from order.config import Settings

WRONG = [
    ("APP_VERSION", "v3"),
    ("HTTP_PORT", "http"),
    ("HTTP_PORT", "70000"),
    ("HTTP_THREADS", "0"),
    ("SHUTDOWN_DELAY_SECONDS", "-1"),
    ("SHUTDOWN_DELAY_SECONDS", "nan"),
    ("FAULT_ERROR_SHARE", "20"),
    ("FAULT_ERROR_SHARE", "inf"),
    ("FAULT_NOT_READY", "perhaps"),
    ("FAULT_ERROR_SHRE", "0.2"),
    ("LOG_LEVEL", "loud"),
    ("DATABASE_URL", "mysql://host/shop"),
    ("DATABASE_URL", "order.db"),
    ("USER_URL", "user:8080"),
    ("USER_TIMEOUT_SECONDS", "0"),
    ("OTEL_TRACES_SAMPLER", "sometimes"),
    ("OTEL_TRACES_SAMPLER_ARG", "2"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector"),
]


def refused(code, stdout, stderr, name):
    assert code == 2, stderr
    assert stderr.startswith(f"configuration error: {name}")
    assert stderr.count("\n") == 1
    assert stdout == ""


def refused_process(folder, name, *arguments, **variables):
    done = support.run(folder, *arguments, **variables)
    refused(done.returncode, done.stdout, done.stderr, name)
    return done.stderr


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_wrong_value_is_one_line_and_exit_2(monkeypatch, capsys, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as end:
        create_app()
    refused(end.value.code, *capsys.readouterr(), name)


# One that every service knows, and one of the order service alone.
@pytest.mark.parametrize(("name", "value"), [("HTTP_PORT", "http"), ("USER_URL", "user:8080")])
def test_gunicorn_neither_prints_more_nor_starts_again(tmp_path, name, value):
    refused_process(tmp_path, name, *support.command("order")[1:], **{name: value})


def test_migration_refuses_too(tmp_path):
    refused_process(tmp_path, "APP_VERSION", "-m", "user.migrate", APP_VERSION="v9")


def test_all_mistakes_are_named_at_once_and_secrets_are_not_shown(monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", "oracle://me:hunter2@host/shop")
    monkeypatch.setenv("HTTP_PORT", "x")
    with pytest.raises(SystemExit):
        create_app()
    line = capsys.readouterr().err
    assert "HTTP_PORT='x': " in line
    assert "DATABASE_URL: give sqlite or postgresql, not oracle" in line
    assert "hunter2" not in line


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg"])
def test_postgresql_goes_through_psycopg_3(scheme):
    settings = Settings(database_url=f"{scheme}://me:hunter2@host/shop")
    assert settings.database_url == "postgresql+psycopg://me:hunter2@host/shop"


def test_empty_value_is_no_value(monkeypatch):
    monkeypatch.setenv("FAULT_ERROR_SHARE", "")
    monkeypatch.setenv("DATABASE_URL", "")
    assert load(Settings) == Settings()
    assert Settings().database_url == "sqlite:///order.db"
