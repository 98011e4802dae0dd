"""The environment, read with types: every value is either usable or refused with a sentence that names the variable.

A variable may also be given as `<NAME>_FILE`, the path of a file that holds the value (mounted secrets). A blank value
counts as not set. Values are taken literally: django-environ's own readers would take one that starts with `$` for a
reference to another variable, which breaks generated passwords.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

_VARIABLES = FileAwareMapping(cache=False)

# Browsers leave these out of an origin.
_DEFAULT_PORTS = {"http": 80, "https": 443}
# A name, in its ASCII spelling, or an address.
_HOST = re.compile(r"[a-z0-9._:-]+\Z")

_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}

# What libpq takes beside the parts of the URL itself. Anything else is a typing error, or means another program's URL.
_POSTGRES_OPTIONS = frozenset(
    {
        "application_name",
        "channel_binding",
        "client_encoding",
        "connect_timeout",
        "gssencmode",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "options",
        "passfile",
        "require_auth",
        "service",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslpassword",
        "sslrootcert",
        "target_session_attrs",
        "tcp_user_timeout",
    }
)


def env_str(name: str, default: str) -> str:
    """The variable without surrounding blanks, or `default` when it is not set."""
    value = _read(name)
    return default if value is None else value


def env_required(name: str) -> str:
    value = _read(name)
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set.")
    return value


def env_bool(name: str, default: bool) -> bool:
    value = _read(name)
    if value is None:
        return default
    if value.lower() not in _BOOLEANS:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return _BOOLEANS[value.lower()]


def env_int(name: str, default: int, minimum: int | None = None) -> int:
    value = _read(name)
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if minimum is not None and number < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, not {number}.")
    return number


def env_list(name: str, default: Sequence[str]) -> list[str]:
    """The variable's values, separated by commas, without blanks and empty ones."""
    value = _read(name)
    if value is None:
        return list(default)
    return [part.strip() for part in value.split(",") if part.strip()]


def env_origins(name: str) -> list[str]:
    """The variable's origins as browsers spell them, separated by commas; `["*"]` when it says so, and none when not set."""
    values = env_list(name, [])
    return values if values == ["*"] else [_origin(value, name) for value in values]


def env_address(name: str, default: str) -> str:
    """The base of web addresses, `http://` or `https://` with a host, without a slash at its end."""
    value = env_str(name, default).rstrip("/")
    parts = _split(value, name)
    # Asked for its sake: a port that is none would surface with the first request.
    _port(parts, name)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username is not None or parts.query:
        raise ImproperlyConfigured(f"{name} must be an address like https://crm.example.com, not {value!r}.")
    return value


def env_bind() -> str:
    """Where the server listens: BIND, with PORT when it names none.

    BIND is an address (0.0.0.0), an address with its port (0.0.0.0:80, [::]:80) or a socket (unix:/run/latchkey.sock).
    """
    bind = env_str("BIND", "127.0.0.1")
    if bind.startswith("unix:") or ":" in bind.rpartition("]")[2]:
        return bind
    return f"{bind}:{env_int('PORT', 8000, minimum=1)}"


def env_path(name: str, default: Path) -> Path:
    """An absolute path; a relative value is taken from the working directory."""
    value = _read(name)
    return (default if value is None else Path(value).expanduser()).absolute()


def env_choice(name: str, choices: Sequence[str], default: str) -> str:
    value = _read(name)
    if value is None:
        return default
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def database_from_url(url: str, name: str = "DATABASE_URL") -> dict[str, Any]:
    """One entry of Django's `DATABASES` for `sqlite:///path` or `postgres://user:password@host:port/name?option=value`.

    `sqlite:///var/x.db` is relative to the working directory, `sqlite:////srv/x.db` absolute. For PostgreSQL, `user`,
    `password`, `host` and `name` may be percent-encoded, and `?host=/directory` names a socket's directory. `name` is
    the variable a refusal speaks of; the URL itself is never repeated, it may hold a password.
    """
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        return _sqlite_from_url(url, name)
    if scheme in {"postgres", "postgresql"}:
        return _postgres_from_url(url, name)
    raise ImproperlyConfigured(f"{name} must start with sqlite:/// or postgres://.")


def _sqlite_from_url(url: str, name: str) -> dict[str, Any]:
    parts = _split(url, name)
    path = unquote(parts.path.removeprefix("/"))
    if parts.netloc or not path:
        raise ImproperlyConfigured(
            f"{name} must name a file: sqlite:///relative/path or, with four slashes, sqlite:////absolute/path."
        )
    if parts.query:
        raise ImproperlyConfigured(f"{name} takes no options for SQLite; remove everything from the question mark on.")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": {}}


def _postgres_from_url(url: str, name: str) -> dict[str, Any]:
    parts = _split(url, name)
    database = unquote(parts.path.removeprefix("/"))
    if not database or "/" in database:
        raise ImproperlyConfigured(f"{name} must name one database: postgres://user:password@host:port/name.")
    options = _postgres_options(parts, name)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": options.pop("port", str(_port(parts, name) or "")),
        "OPTIONS": options,
    }


def _postgres_options(parts: SplitResult, name: str) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(options.keys() - _POSTGRES_OPTIONS - {"host", "port"})
    if unknown:
        raise ImproperlyConfigured(f"{name} has options that PostgreSQL does not know: {', '.join(unknown)}.")
    return options


def _origin(text: str, name: str) -> str:
    parts = _split(text.rstrip("/"), name)
    port = _port(parts, name)
    # Whatever is left out here would be compared and never be equal to what a browser sends.
    host = parts.hostname or ""
    if parts.scheme not in _DEFAULT_PORTS or not _HOST.match(host) or parts.username or parts.path or parts.query:
        raise ImproperlyConfigured(
            f"{name} must be origins like https://app.example.com, separated by commas, or * alone, not {text!r}."
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")


def _split(url: str, name: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is not a URL: its host part cannot be read.") from None
    if parts.fragment:
        raise ImproperlyConfigured(f"{name} contains a #; inside a password write it as %23.")
    return parts


def _port(parts: SplitResult, name: str) -> int | None:
    try:
        return parts.port
    except ValueError:
        # A slash, question mark or second colon in the password ends up here, too.
        raise ImproperlyConfigured(
            f"{name} must have a port between 0 and 65535; special characters in a password are percent-encoded."
        ) from None


def _read(name: str) -> str | None:
    try:
        value: str = _VARIABLES[name]
    except KeyError:
        return None
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names a file that cannot be read: {error.strerror}.") from None
    return value.strip() or None
