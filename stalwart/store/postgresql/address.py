"""From the PostgreSql object of ``config.json`` to a connection string of libpq (settings C.11)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stalwart.errors import Invalid

MEMBERS: Final = (
    "@type",
    "host",
    "port",
    "database",
    "authUsername",
    "authSecret",
    "timeout",
    "useTls",
    "allowInvalidCerts",
    "poolMaxConnections",
    "poolRecyclingMethod",
    "options",
    "readReplicas",
)
_DATABASE, _USER, _TIMEOUT = "stalwart", "stalwart", 15_000
_AMONG_SEVERAL = 3_000
"""Milliseconds for each of several hosts: one of them may be gone."""
_KEPT_ALIVE = "keepalives_idle=5 keepalives_interval=2 keepalives_count=3 tcp_user_timeout=10000"
"""So that a server which vanished is noticed in about ten seconds."""
_LONGEST = 200_000


def address_of(config: Mapping[str, Any]) -> str:
    """The connection string. Raises Invalid for members that are missing, unknown or of a wrong type."""
    for member in config:
        if member not in MEMBERS:
            raise Invalid(f"The data store has an unknown member {member!r}.", (member,))
    parts = {
        "host": _text(config, "host", None),
        "port": str(_number(config, "port", 5432, 65535)),
        "dbname": _text(config, "database", _DATABASE),
        "user": _text(config, "authUsername", _USER),
        "password": _secret(config.get("authSecret")),
        "options": _text(config, "options", ""),
        "sslmode": _sslmode(config),
        "application_name": "stalwart",
    }
    if config.get("timeout", _TIMEOUT) is not None:
        usual = _AMONG_SEVERAL if "," in parts["host"] else _TIMEOUT
        parts["connect_timeout"] = str(max(2, _number(config, "timeout", usual, 3_600_000) // 1000))
    if parts["sslmode"] == "verify-full":
        parts["sslrootcert"] = "system"
    return " ".join(f"{name}={_quoted(value)}" for name, value in parts.items() if value) + f" {_KEPT_ALIVE}"


def _sslmode(config: Mapping[str, Any]) -> str:
    if not _flag(config, "useTls"):
        return "disable"
    return "require" if _flag(config, "allowInvalidCerts") else "verify-full"


def _flag(config: Mapping[str, Any], member: str) -> bool:
    value = config.get(member, False)
    if not isinstance(value, bool):
        raise Invalid(f"The data store member {member} must be true or false.", (member,))
    return value


def _text(config: Mapping[str, Any], member: str, default: str | None) -> str:
    value = config.get(member)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise Invalid(f"The PostgreSql data store needs a text as {member}.", (member,))
    return value


def _number(config: Mapping[str, Any], member: str, default: int, largest: int) -> int:
    value = config.get(member, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
        raise Invalid(f"The data store member {member} must be a whole number from 1 to {largest}.", (member,))
    return value


def _secret(place: object) -> str:
    """The password, wherever it is kept; empty for none."""
    if place is None:
        return ""
    if not isinstance(place, Mapping):
        raise Invalid("The password of the data store must be an object that says where it is kept.", ("authSecret",))
    kind = place.get("@type")
    if kind == "None":
        return ""
    if kind == "Value" and isinstance(place.get("secret"), str):
        return str(place["secret"])
    if kind == "EnvironmentVariable":
        name = place.get("variableName")
        found = os.environ.get(name, "") if isinstance(name, str) else ""
        if not found.strip():
            named = f"The environment variable {name} with the password of the data store is not set."
            raise Invalid(named, ("authSecret",))
        return found.rstrip()
    if kind == "File" and isinstance(place.get("filePath"), str):
        return _of_file(place["filePath"])
    raise Invalid("The password of the data store must be a secret of a known kind.", ("authSecret",))


def _of_file(path: str) -> str:
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.read(_LONGEST).rstrip()
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not text"
        sentence = f"The file {path} with the password of the data store cannot be read: {reason}."
        raise Invalid(sentence, ("authSecret",)) from None


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
