"""Settings are read once, refuse what does not fit with a sentence, and are all explained."""

import re
import stat
from pathlib import Path

import pytest

from app.settings import CannotStart, Settings, variables

DOCUMENT = Path(__file__).parents[2] / "docs/settings.md"


def read(tmp_path: Path, **environ: str) -> Settings:
    return Settings.from_env({"ONHAND_VAR": str(tmp_path / "var"), **environ})


def test_nothing_set_is_enough(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert (settings.host, settings.port, settings.engine, settings.environment) == ("127.0.0.1", 8000, "ray", "development")
    assert settings.shards >= 1
    assert settings.database_url is settings.redis_url is settings.ray_address is None


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("ONHAND_PORT", "eighty"),
        ("ONHAND_PORT", "0"),
        ("ONHAND_PORT", "65536"),
        ("ONHAND_PORT", "８０００"),
        ("ONHAND_ENGINE", "celery"),
        ("ONHAND_SHARDS", "-1"),
        ("ONHAND_SERVER", "gunicorn"),
        ("ONHAND_WEB_WORKERS", "0"),
        ("ONHAND_LOG_LEVEL", "loud"),
        ("ONHAND_ENVIRONMENT", "prod"),
        ("ONHAND_SECRET", "short"),
        ("ONHAND_JOBS_TOKEN", "short"),
        ("ONHAND_REPLIES_DAYS", "0"),
        ("ONHAND_REPLIES_DAYS", "forever"),
        ("ONHAND_SMTP_URL", "mail.example"),
        ("ONHAND_SMTP_URL", "smtp://mail.example?tls=off"),
        ("ONHAND_SMTP_URL", "smtp://name:password@mail.example?tls=if-offered"),
        ("ONHAND_SMTP_URL", "smtps://mail.example?tls=if-offered"),
        ("ONHAND_SMTP_CA", "/no/such/file.pem"),
        ("ONHAND_TRUSTED_PROXIES", "proxy.example"),
        ("ONHAND_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("ONHAND_TRUSTED_PROXIES", "10.0.0.1, 0.0.0.0/0"),
        ("DATABASE_URL", "mysql://here/onhand"),
        ("REDIS_URL", "127.0.0.1:6379"),
    ],
)
def test_refuses_what_does_not_fit_and_names_the_variable(tmp_path: Path, variable: str, text: str) -> None:
    with pytest.raises(CannotStart, match=rf"^{variable} must [^\n]*\.$"):
        read(tmp_path, **{variable: text})


def test_refuses_several_web_processes_that_would_each_own_all_stock(tmp_path: Path) -> None:
    assert read(tmp_path, ONHAND_WEB_WORKERS="2").web_workers == 2
    with pytest.raises(CannotStart, match=r"^ONHAND_WEB_WORKERS must be 1 with the local engine[^\n]*\.$"):
        read(tmp_path, ONHAND_WEB_WORKERS="2", ONHAND_ENGINE="local")


def test_takes_an_empty_variable_for_absent(tmp_path: Path) -> None:
    assert read(tmp_path, ONHAND_PORT="", DATABASE_URL=" ").port == 8000


def test_spells_database_addresses_one_way(tmp_path: Path) -> None:
    assert read(tmp_path, DATABASE_URL="postgres://a:b@c/d").database_url == "postgresql://a:b@c/d"


def test_makes_a_secret_once_that_only_the_owner_can_read(tmp_path: Path) -> None:
    first, second = read(tmp_path), read(tmp_path)
    assert first.secret == second.secret
    assert len(first.secret) >= 32
    assert stat.S_IMODE((tmp_path / "var/secret").stat().st_mode) == 0o600


def test_never_invents_a_secret_in_production(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="ONHAND_SECRET"):
        read(tmp_path, ONHAND_ENVIRONMENT="production")
    assert not (tmp_path / "var").exists()


def test_shows_no_secret_when_printed(tmp_path: Path) -> None:
    settings = read(
        tmp_path, DATABASE_URL="postgresql://ann:hunter2@db/onhand", REDIS_URL="redis://:hunter2@r/0", ONHAND_SECRET="hunter2" * 5
    )
    assert "hunter2" not in repr(settings)


def test_every_variable_is_documented_and_no_other() -> None:
    documented = re.findall(r"^\| `([A-Z_]+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    assert documented == variables(), f"the table in {DOCUMENT.name} must list the variables of app/settings.py, in their order"
