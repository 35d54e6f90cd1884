"""``stalwart-cli certificates`` and ``renew``: what certificates there are, when they are renewed, and renewing now."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from stalwart.cli.settings.command import command
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.problems import REFUSED, Problem
from stalwart.cli.settings.server import Server

EXAMPLES = """\
examples:
  stalwart-cli certificates
  stalwart-cli certificates --json"""

RENEW_EXAMPLES = """\
examples:
  stalwart-cli renew example.org --wait"""

COLUMNS = ("names", "issuer", "expires", "renewal", "domain", "state")
_TASK = "AcmeRenewal"
_PAUSE = 0.5
_PATIENCE = 300.0


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Declare both commands."""
    made = command(commands, shared, "certificates", "show certificates, renewals and why one fails", show, EXAMPLES)
    made.add_argument("--json", dest="as_json", action="store_true", help="one JSON object a line, also on a terminal")
    made = command(commands, shared, "renew", "get a new certificate for a domain now", renew, RENEW_EXAMPLES)
    made.add_argument("domain", metavar="DOMAIN")
    made.add_argument("--wait", action="store_true", help="until it is there, or the attempt has failed")


def show(options: argparse.Namespace, server: Server, output: Output) -> int:
    """A line for each certificate, and for each domain that still waits for one; 1 if any of them has a problem."""
    found = list(lines(server, datetime.now(UTC)))
    count = output.objects(found, COLUMNS)
    output.text(f"{count} {'certificate' if count == 1 else 'certificates'}")
    return (
        REFUSED if any(each["state"].startswith(("expired", "no certificate yet: ", "fails")) for each in found) else 0
    )


def renew(options: argparse.Namespace, server: Server, output: Output) -> int:
    """Make the task, and watch it if that is wished."""
    name = options.domain.strip().rstrip(".").lower()
    ids = list(server.ids("Domain", {"name": name}))
    if not ids:
        raise Problem(f"there is no domain {name}", REFUSED)
    (domain,) = server.objects("Domain", ids[:1], ["certificateManagement"])
    if domain["certificateManagement"].get("@type") != "Automatic":
        raise Problem(
            f"the certificates of {name} are kept by hand; give it an authority with: "
            f"stalwart-cli update Domain {ids[0]} "
            '--json \'{"certificateManagement":{"@type":"Automatic","acmeProviderId":"ID"}}\'',
            REFUSED,
        )
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    task = {"@type": _TASK, "domainId": ids[0], "force": True, "status": {"@type": "Pending", "due": now}}
    answer = server.call("x:Task/set", {"create": {"new": task}})
    refused = (answer.get("notCreated") or {}).get("new")
    if refused:
        raise Problem(str(refused.get("description") or refused.get("type")), REFUSED)
    id = answer["created"]["new"]["id"]
    if not options.wait:
        output.text(f"Task {id} renews the certificate of {name}; see: stalwart-cli certificates")
        return 0
    return _watched(server, output, id, name)


def lines(server: Server, now: datetime) -> Iterable[dict[str, Any]]:
    """What is to be shown, soonest end first."""
    domains = {each["id"]: each for each in _all(server, "Domain", ["id", "name", "certificateManagement"])}
    tasks = {}
    for task in _all(server, "Task", None, {"@type": _TASK}):
        if not task.get("force"):
            tasks[task.get("domainId")] = task
    wanted = ["id", "subjectAlternativeNames", "issuer", "notValidAfter", "managedDomainId", "renewAt", "revokedAt"]
    certificates = sorted(_all(server, "Certificate", wanted), key=lambda each: str(each.get("notValidAfter")))
    served: set[Any] = set()
    for each in certificates:
        domain_id = each.get("managedDomainId")
        renewing: dict[str, Any] | None = tasks.get(domain_id) if each.get("renewAt") else None
        if each.get("renewAt"):
            served.add(domain_id)
        yield {
            "id": each["id"],
            "names": ", ".join(each.get("subjectAlternativeNames") or {}),
            "issuer": each.get("issuer"),
            "expires": each.get("notValidAfter"),
            "renewal": each.get("renewAt"),
            "domain": domains[domain_id]["name"] if domain_id in domains else None,
            "state": _state(each, renewing, now),
        }
    for id, domain in domains.items():
        if domain["certificateManagement"].get("@type") == "Automatic" and id not in served:
            reason = _reason(tasks.get(id))
            yield dict.fromkeys(COLUMNS) | {
                "domain": domain["name"],
                "state": f"no certificate yet: {reason}" if reason else "no certificate yet, being ordered",
            }


def _state(certificate: Mapping[str, Any], task: Mapping[str, Any] | None, now: datetime) -> str:
    if certificate.get("notValidAfter") is None:
        return "has not been read"
    if certificate.get("revokedAt"):
        return f"revoked: {_reason(task)}" if _reason(task) else "revoked"
    expires = datetime.fromisoformat(str(certificate["notValidAfter"]))
    reason = _reason(task)
    if expires <= now:
        return f"expired: {reason}" if reason else "expired"
    days = f"{(expires - now).days} days left" if (expires - now).days != 1 else "1 day left"
    if certificate.get("managedDomainId") and not certificate.get("renewAt"):
        return f"replaced, {days}"
    return f"fails: {reason}" if reason else days


def _reason(task: Mapping[str, Any] | None) -> str | None:
    """Why the last attempt failed."""
    status = (task or {}).get("status") or {}
    return status.get("failureReason") if status.get("@type") in ("Retry", "Failed") else None


def _watched(server: Server, output: Output, id: str, name: str) -> int:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        found = list(server.objects("Task", [id]))
        if not found:
            output.text(f"The certificate of {name} is renewed.")
            return 0
        reason = _reason(found[0])
        if reason:
            raise Problem(f"the certificate of {name} was not renewed: {reason}", REFUSED)
        time.sleep(_PAUSE)
    raise Problem(f"the certificate of {name} is not there yet; the task {id} goes on", REFUSED)


def _all(
    server: Server, type: str, properties: list[str] | None, where: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    return list(server.objects(type, list(server.ids(type, where)), properties))
