"""The environment variables that the daemon obeys (settings A.1), read once at start."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import socket
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from attrs import field, frozen

from stalwart.errors import Invalid
from stalwart.telemetry.events import Level

_TRUE, _FALSE = {"1", "true"}, {"", "0", "false"}
_PUBLIC_URL = re.compile(r"https?://([^\s/?#@:\[\]]+|\[[0-9a-f:.]+\])(:\d{1,5})?(/[^\s?#]*)?", re.I | re.A)
_NAMES = (
    "CONFIG DATA DATABASE_WAIT DATA_STORE DIAGNOSIS DRAIN HOSTNAME HTTPS_PORT NEW_VAULT_KEY PUBLIC_URL RECOVERY_ADMIN"
    " RECOVERY_MODE RECOVERY_MODE_LOG_LEVEL RECOVERY_MODE_PORT ROLE VAULT_KEY_FILE WORKERS"
)
_NAMES_OF_CLIENTS = "PASSWORD SOURCE_PASSWORD TOKEN URL USER"
KNOWN = frozenset(f"STALWART_{name}" for name in (*_NAMES.split(), *_NAMES_OF_CLIENTS.split()))
"""What the server and ``stalwart-cli`` obey."""
_LIKE = 0.86
"""How alike the names of a variable and of the one that was meant are, at least."""
MOST_WORKERS = 64
LONGEST_DRAIN = 60
DATABASE_WAIT, LONGEST_DATABASE_WAIT = 30, 3600
"""Seconds for which a first start waits for a database that cannot be reached."""


@frozen
class Environment:
    """``recovery_admin`` is ``(user, secret)``; it never appears in a repr or a log."""

    hostname: str
    public_url: str | None = None
    recovery_mode: bool = False
    recovery_port: int = 8080
    recovery_log_level: Level = Level.INFO
    recovery_admin: tuple[str, str] | None = field(default=None, repr=False)
    https_port: int | None = None
    run_as_user: str | None = None
    run_as_group: str | None = None
    diagnosis: dict[str, Any] = field(factory=dict)
    workers: int = 1
    drain: float = 0.0
    database_wait: float = float(DATABASE_WAIT)
    role: str | None = None
    vault_key_file: str | None = None
    new_vault_key: bool = False
    data_store: dict[str, Any] | None = field(default=None, repr=False)


def read_environment(variables: Mapping[str, str], own_hostname: str | None = None) -> Environment:
    """The settings in ``variables``.

    :raises Invalid: a variable has a value that cannot be used; the detail names it, never its secret.
    """
    return Environment(
        hostname=_hostname(variables, own_hostname),
        public_url=_public_url(variables.get("STALWART_PUBLIC_URL", "").strip().rstrip("/")),
        recovery_mode=_is_on(variables, "STALWART_RECOVERY_MODE"),
        recovery_port=_port(variables, "STALWART_RECOVERY_MODE_PORT") or 8080,
        recovery_log_level=_level(variables, "STALWART_RECOVERY_MODE_LOG_LEVEL"),
        recovery_admin=_recovery_admin(variables),
        https_port=_port(variables, "STALWART_HTTPS_PORT"),
        run_as_user=variables.get("RUN_AS_USER", "").strip() or None,
        run_as_group=variables.get("RUN_AS_GROUP", "").strip() or None,
        diagnosis=_diagnosis(variables),
        data_store=_json_object(variables, "STALWART_DATA_STORE", "x:DataStore, as in config.json"),
        vault_key_file=variables.get("STALWART_VAULT_KEY_FILE", "").strip() or None,
        new_vault_key=_is_on(variables, "STALWART_NEW_VAULT_KEY"),
        workers=number_of_workers("STALWART_WORKERS", variables.get("STALWART_WORKERS", "").strip() or "1"),
        role=variables.get("STALWART_ROLE", "").strip() or None,
        drain=_seconds(variables, "STALWART_DRAIN", 0, LONGEST_DRAIN),
        database_wait=_seconds(variables, "STALWART_DATABASE_WAIT", DATABASE_WAIT, LONGEST_DATABASE_WAIT),
    )


def unknown_variables(variables: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that looks like one of the server's and is none: it is spelled like one, so nobody
    obeys it. Any other name may be that of a secret which a setting refers to.
    """
    others = sorted(name for name in variables if name.startswith("STALWART_") and name not in KNOWN)
    near = [(name, get_close_matches(name, KNOWN, 1, _LIKE)) for name in others]
    return [f"The environment has {name}, which means nothing: is it {found[0]}?" for name, found in near if found]


def number_of_workers(name: str, text: str) -> int:
    """The processes that serve: a number, or ``auto`` for one per CPU that this process may use. Raises Invalid."""
    if text == "auto":
        cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(cpus, MOST_WORKERS)
    if len(text) > 2 or not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_WORKERS:
        raise Invalid(f"{name} must be a number of processes between 1 and {MOST_WORKERS}, or auto for one per CPU.")
    return int(text)


def _seconds(variables: Mapping[str, str], name: str, default: int, most: int) -> float:
    text = variables.get(name, "").strip()
    if not text:
        return float(default)
    if len(text) > 4 or not text.isascii() or not text.isdigit() or int(text) > most:
        raise Invalid(f"{name} must be a number of seconds between 0 and {most}.")
    return float(text)


def base_url(environment: Environment, service_hostname: str, node_hostname: str) -> str:
    """The base of every published URL (http-service 1.5); never derived from a request."""
    if environment.public_url:
        return environment.public_url
    if environment.https_port:
        return f"https://{node_hostname}:{environment.https_port}"
    return f"https://{service_hostname or node_hostname}"


def _is_on(variables: Mapping[str, str], name: str) -> bool:
    text = variables.get(name, "").strip().lower()
    if text not in _TRUE | _FALSE:
        raise Invalid(f"{name} must be 1 or true, or 0 or false.")
    return text in _TRUE


def _public_url(text: str) -> str | None:
    if text and _PUBLIC_URL.fullmatch(text) is None:
        raise Invalid("STALWART_PUBLIC_URL must be a URL such as https://mail.example.org.")
    return text or None


def _diagnosis(variables: Mapping[str, str]) -> dict[str, Any]:
    members = _json_object(variables, "STALWART_DIAGNOSIS", "x:Diagnosis members")
    if members:
        from stalwart.config.monitoring.diagnosis import Diagnosis

        try:
            Diagnosis.patched(Diagnosis(), members)
        except Invalid as problem:
            raise Invalid(f"STALWART_DIAGNOSIS must be members of x:Diagnosis: {problem.detail}") from problem
    return members or {}


def _hostname(variables: Mapping[str, str], own: str | None) -> str:
    given = variables.get("STALWART_HOSTNAME", "").strip()
    name = (given or own or socket.gethostname() or "localhost").lower()
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if given:
            return _host_name(name)
        return name
    return name if given else "localhost"


def _host_name(name: str) -> str:
    from stalwart.schema.formats import host_name

    try:
        if name != "".join(name.split()):
            raise ValueError("white space")
        return host_name(name)
    except ValueError as problem:
        raise Invalid("STALWART_HOSTNAME must be the name of a host, such as mail.example.org.") from problem


def _port(variables: Mapping[str, str], name: str) -> int | None:
    text = variables.get(name, "").strip()
    if not text:
        return None
    if len(text) > 5 or not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Invalid(f"{name} must be a port between 1 and 65535.")
    return int(text)


def _level(variables: Mapping[str, str], name: str) -> Level:
    text = variables.get(name, "").strip().upper() or Level.INFO.name
    if text not in Level.__members__:
        raise Invalid(f"{name} must be one of {', '.join(level.name.lower() for level in Level)}.")
    return Level[text]


def _recovery_admin(variables: Mapping[str, str]) -> tuple[str, str] | None:
    text = variables.get("STALWART_RECOVERY_ADMIN", "")
    if not text.strip():
        return None
    user, colon, secret = text.partition(":")
    user, secret = user.strip(), secret.strip()
    if not colon or not user or not secret:
        raise Invalid("STALWART_RECOVERY_ADMIN must be user:secret, both not empty.")
    if user != user.lower():
        raise Invalid("The user name in STALWART_RECOVERY_ADMIN must be lower case, as login names are.")
    return user, secret


def _json_object(variables: Mapping[str, str], name: str, content: str) -> dict[str, Any] | None:
    text = variables.get(name, "").strip()
    if not text:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise Invalid(f"{name} must be a JSON object of {content}: {problem}") from problem
    if not isinstance(value, dict):
        raise Invalid(f"{name} must be a JSON object of {content}.")
    return value
