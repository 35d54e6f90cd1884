"""``stalwart-cli dns-check``: the DNS records of a domain as they should be and as they are, and what to paste."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from stalwart.cli.settings.command import command
from stalwart.cli.settings.output import Output, printable
from stalwart.cli.settings.problems import REFUSED, Problem
from stalwart.cli.settings.server import Server
from stalwart.codec.dns_names import InvalidName, to_ascii, to_unicode

EXAMPLES = """\
examples:
  stalwart-cli dns-check example.org
  stalwart-cli dns-check example.org --zone > example.org.zone"""

COLUMNS = ("state", "type", "name")


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Declare the command."""
    made = command(commands, shared, "dns-check", "compare the DNS of a domain with what it needs", check, EXAMPLES)
    made.add_argument("domain", metavar="DOMAIN")
    made.add_argument("--zone", action="store_true", help="write the records that it needs as a zone file instead")
    made.add_argument("--json", dest="as_json", action="store_true", help="one JSON object a line, also on a terminal")


def check(options: argparse.Namespace, server: Server, output: Output) -> int:
    """A line for each record, then what to do; 1 if a record is not as it should be."""
    id = _domain(server, options.domain)
    if options.zone:
        (domain,) = server.objects("Domain", [id], ["dnsZoneFile"])
        for line in str(domain.get("dnsZoneFile") or "").splitlines():
            print(printable(line))
        return 0
    answer = server.call("x:Action/set", {"create": {"new": {"@type": "CheckDns", "domainId": id}}})
    refused = (answer.get("notCreated") or {}).get("new")
    if refused:
        raise Problem(str(refused.get("description") or refused.get("type")), REFUSED)
    records: list[Mapping[str, Any]] = list(answer["created"]["new"]["records"].values())
    output.objects(records, COLUMNS)
    for record in records:
        if record.get("advice"):
            output.text()
            output.heading(printable(f"{record['type']} {record['name']}: {record['state']}"))
            for line in str(record["advice"]).splitlines():
                output.text(printable(line))
    wrong = sum(record["state"] != "ok" for record in records)
    output.text()
    output.text(
        f"{len(records)} records, {wrong} not as they should be" if wrong else f"{len(records)} records, all ok"
    )
    return REFUSED if wrong else 0


def _domain(server: Server, given: str) -> str:
    """The id of a domain, whose name may be written in either way."""
    name = given.strip().rstrip(".").lower()
    try:
        forms = dict.fromkeys((name, to_ascii(name), to_unicode(to_ascii(name))))
    except InvalidName as problem:
        raise Problem(f"{given} is no domain: {problem}", REFUSED) from problem
    for form in forms:
        for id in server.ids("Domain", {"name": form}):
            return id
    raise Problem(f"there is no domain {name}", REFUSED)
