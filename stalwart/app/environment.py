"""The environment variables that the daemon obeys (settings A.1), read once at start."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from stalwart.errors import Invalid
from stalwart.telemetry.events import Level

_TRUE = {"1", "true"}
MOST_WORKERS = 64
LONGEST_DRAIN = 60


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
    vault_key_file: str | None = None
    new_vault_key: bool = False
    data_store: dict[str, Any] | None = field(default=None, repr=False)


def read_environment(variables: Mapping[str, str], own_hostname: str | None = None) -> Environment:
    """The settings in ``variables``.

    :raises Invalid: a variable has a value that cannot be used; the detail names it, never its secret.
    """
    return Environment(
        hostname=_hostname(variables, own_hostname),
        public_url=variables.get("STALWART_PUBLIC_URL", "").strip().rstrip("/") or None,
        recovery_mode=variables.get("STALWART_RECOVERY_MODE", "").strip().lower() in _TRUE,
        recovery_port=_port(variables, "STALWART_RECOVERY_MODE_PORT") or 8080,
        recovery_log_level=_level(variables, "STALWART_RECOVERY_MODE_LOG_LEVEL"),
        recovery_admin=_recovery_admin(variables),
        https_port=_port(variables, "STALWART_HTTPS_PORT"),
        run_as_user=variables.get("RUN_AS_USER", "").strip() or None,
        run_as_group=variables.get("RUN_AS_GROUP", "").strip() or None,
        diagnosis=_json_object(variables, "STALWART_DIAGNOSIS", "x:Diagnosis members") or {},
        data_store=_json_object(variables, "STALWART_DATA_STORE", "x:DataStore, as in config.json"),
        vault_key_file=variables.get("STALWART_VAULT_KEY_FILE", "").strip() or None,
        new_vault_key=variables.get("STALWART_NEW_VAULT_KEY", "").strip().lower() in _TRUE,
        workers=number_of_workers("STALWART_WORKERS", variables.get("STALWART_WORKERS", "").strip() or "1"),
        drain=_drain(variables.get("STALWART_DRAIN", "").strip()),
    )


def number_of_workers(name: str, text: str) -> int:
    """The processes that serve: a number, or ``auto`` for one per CPU that this process may use. Raises Invalid."""
    if text == "auto":
        cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(cpus, MOST_WORKERS)
    if len(text) > 2 or not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_WORKERS:
        raise Invalid(f"{name} must be a number of processes between 1 and {MOST_WORKERS}, or auto for one per CPU.")
    return int(text)


def _drain(text: str) -> float:
    """Seconds after SIGTERM in which the server serves on, and tells balancers that it is about to stop."""
    if not text:
        return 0.0
    if len(text) > 2 or not text.isascii() or not text.isdigit() or int(text) > LONGEST_DRAIN:
        raise Invalid(f"STALWART_DRAIN must be a number of seconds between 0 and {LONGEST_DRAIN}.")
    return float(text)


def base_url(environment: Environment, service_hostname: str, node_hostname: str) -> str:
    """The base of every published URL (http-service 1.5); never derived from a request."""
    if environment.public_url:
        return environment.public_url
    if environment.https_port:
        return f"https://{node_hostname}:{environment.https_port}"
    return f"https://{service_hostname or node_hostname}"


def _hostname(variables: Mapping[str, str], own: str | None) -> str:
    given = variables.get("STALWART_HOSTNAME", "").strip()
    name = (given or own or socket.gethostname() or "localhost").lower()
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name
    return name if given else "localhost"


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
