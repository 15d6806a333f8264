"""Settings: read once from the environment, checked at once, never changed afterwards. `docs/settings.md` explains each."""

from __future__ import annotations

import os
import secrets
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from app.smtp import IF_OFFERED

SECRET_LENGTH_MIN = 32
TWO_OWNERS = (
    "ONHAND_WEB_WORKERS must be 1 with the local engine: each web process would own all stock and end the others. Several need ENGINE=ray."
)


class CannotStart(Exception):
    """A reason not to start that the reader can act on: one sentence, no traceback, exit code 2."""


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ValueError("must be a port number between 1 and 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1024:
        raise ValueError("must be a whole number between 1 and 1024")
    return int(text)


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 3650:
        raise ValueError("must be a whole number of days between 1 and 3650")
    return int(text)


def _percent(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 100:
        raise ValueError("must be a whole number between 1 and 100")
    return int(text)


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        found = tuple(ip_network(part.strip()) for part in text.split(","))
    except ValueError:
        raise ValueError("must be addresses or networks such as 10.0.0.0/8, separated by commas") from None
    if any(network.prefixlen == 0 for network in found):
        raise ValueError("must not be everybody: whoever is trusted may claim any address")
    return found


def _text(text: str) -> str:
    return text


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return text

    return parse


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        # asyncpg knows both spellings; ours is the one that SQLAlchemy's driver name is put into.
        return text.replace("postgres://", "postgresql://", 1) if text.startswith("postgres://") else text

    return parse


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://onhand.example, without a path")
    return f"{parts.scheme}://{parts.netloc}"


def _sender(text: str) -> str:
    if "@" not in parseaddr(text)[1]:
        raise ValueError("must be an e-mail address, also with a name: Onhand <post@onhand.example>")
    return text


def _smtp_url(text: str) -> str:
    parts = urlsplit(_url("smtp", "smtps")(text))
    if not parts.hostname or parts.query not in ("", IF_OFFERED):
        raise ValueError(f"must be an address such as smtp://host:587 or smtps://host, and may end with ?{IF_OFFERED}")
    if parts.query and (parts.username or parts.scheme == "smtps"):
        raise ValueError("must not send a password without TLS, nor say both smtps and that TLS need not be")
    return text


def _authorities(text: str) -> Path:
    try:
        ssl.create_default_context(cafile=text)
    except (OSError, ssl.SSLError):
        raise ValueError("must be a file with certificates of authorities (PEM)") from None
    return Path(text).absolute()


def _secret(text: str) -> str:
    if len(text) < SECRET_LENGTH_MIN:
        raise ValueError(f"must be at least {SECRET_LENGTH_MIN} characters long")
    return text


def _setting(variable: str, parse: Callable[[str], Any], default: str = "", *, shown: bool = True) -> Any:
    """A field that comes from `variable`. Without a default it may be absent; `shown=False` keeps it out of logs."""
    return field(default=None, repr=shown, metadata={"variable": variable, "parse": parse, "default": default})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that may differ between two installations."""

    var: Path = _setting("ONHAND_VAR", _folder, "./var")
    host: str = _setting("ONHAND_HOST", _text, "127.0.0.1")
    port: int = _setting("ONHAND_PORT", _port, "8000")
    server: Literal["hypercorn", "uvicorn"] = _setting("ONHAND_SERVER", _one_of("hypercorn", "uvicorn"), "hypercorn")
    web_workers: int = _setting("ONHAND_WEB_WORKERS", _count, "1")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] | None = _setting("ONHAND_TRUSTED_PROXIES", _networks)
    database_url: str | None = _setting("DATABASE_URL", _url("postgresql", "postgres"), shown=False)
    database_app_url: str | None = _setting("DATABASE_APP_URL", _url("postgresql", "postgres"), shown=False)
    database_engine_url: str | None = _setting("DATABASE_ENGINE_URL", _url("postgresql", "postgres"), shown=False)
    redis_url: str | None = _setting("REDIS_URL", _url("redis", "rediss", "unix"), shown=False)
    ray_address: str | None = _setting("RAY_ADDRESS", _text)
    engine: Literal["ray", "local"] = _setting("ONHAND_ENGINE", _one_of("ray", "local"), "ray")
    # Half of the cores: the others are busy with Postgres and the web on the same commands.
    shards: int = _setting("ONHAND_SHARDS", _count, str(max(1, (os.cpu_count() or 1) // 2)))
    log_level: str = _setting("ONHAND_LOG_LEVEL", _one_of("debug", "info", "warning", "error"), "info")
    environment: Literal["development", "production"] = _setting("ONHAND_ENVIRONMENT", _one_of("development", "production"), "development")
    secret: str = _setting("ONHAND_SECRET", _secret, shown=False)
    verify_every_s: int = _setting("ONHAND_VERIFY_EVERY", _count, "5")
    verify_percent: int = _setting("ONHAND_VERIFY_PERCENT", _percent, "10")
    replies_days: int = _setting("ONHAND_REPLIES_DAYS", _days, "7")
    jobs_token: str | None = _setting("ONHAND_JOBS_TOKEN", _secret, shown=False)
    anchors: Path = _setting("ONHAND_ANCHORS", _folder, "")
    anchor_key: Path = _setting("ONHAND_ANCHOR_KEY", _folder, "")
    public_url: str = _setting("ONHAND_PUBLIC_URL", _public_url, "")
    smtp_url: str | None = _setting("ONHAND_SMTP_URL", _smtp_url, shown=False)
    smtp_ca: Path | None = _setting("ONHAND_SMTP_CA", _authorities)
    mail_from: str = _setting("ONHAND_MAIL_FROM", _sender, "")
    sign_up: Literal["open", "closed"] = _setting("ONHAND_SIGN_UP", _one_of("open", "closed"), "open")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Settings from environment variables; an empty variable counts as absent. Raises CannotStart naming the culprit."""
        values = {each.name: _read(environ, each.metadata) for each in fields(cls)}
        values["anchors"] = values["anchors"] or values["var"] / "anchors"
        values["anchor_key"] = values["anchor_key"] or values["var"] / "anchor.key"
        values["public_url"] = values["public_url"] or f"http://{values['host']}:{values['port']}"
        values["mail_from"] = values["mail_from"] or f"Onhand <onhand@{urlsplit(values['public_url']).hostname}>"
        settings = cls(**values)
        if settings.engine == "local" and settings.web_workers > 1:
            raise CannotStart(TWO_OWNERS)
        return settings if settings.secret else replace(settings, secret=_local_secret(settings))

    @property
    def logs(self) -> Path:
        """Where the processes of `onhand run` write their logs."""
        return self.var / "log"


def variables() -> list[str]:
    """Names of all environment variables that are read, in the order of the documentation."""
    return [cast(str, each.metadata["variable"]) for each in fields(Settings)]


def _read(environ: Mapping[str, str], metadata: Mapping[Any, Any]) -> Any:
    text = environ.get(metadata["variable"], "").strip() or metadata["default"]
    if not text:
        return None
    try:
        return metadata["parse"](text)
    except ValueError as problem:
        raise CannotStart(f"{metadata['variable']} {problem}.") from None


def _local_secret(settings: Settings) -> str:
    """The signing key of this folder: made once for development, never invented in production."""
    if settings.environment == "production":
        raise CannotStart("ONHAND_SECRET must be set in production: a random text of 32 characters or more.")
    path = settings.var / "secret"
    try:
        make_folder(settings.var)
        if not path.exists():
            _create_once(path, secrets.token_urlsafe(48))
        return path.read_text().strip()
    except OSError as problem:
        raise CannotStart(f"Cannot keep a signing key in {path} ({problem.strerror}); set ONHAND_VAR to a folder of yours.") from problem


def make_folder(path: Path) -> None:
    """A folder that others may pass through but not list: the database server of a root start runs as another user."""
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o711)


def _create_once(path: Path, text: str) -> None:
    """Write a private file completely or not at all; of two processes that try, one wins and both read the same."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    try:
        draft.write_text(text)
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
