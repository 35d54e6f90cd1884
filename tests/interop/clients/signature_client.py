"""What dkimpy, pyspf and authres make of messages: one JSON object on standard input, one on standard output. Runs in
an environment of its own.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import authres
import dkim
import spf


def main() -> None:
    """Do what is asked for."""
    asked = json.load(sys.stdin)
    work = {"verify": verify, "sign": sign, "seal": seal, "results": results, "spf": evaluate}[asked["do"]]
    json.dump(work(asked), sys.stdout)


def verify(asked: dict[str, Any]) -> Any:
    """What becomes of each signature, and of the chain."""
    message = base64.b64decode(asked["message"])
    look = keys(asked)
    count = message.lower().count(b"dkim-signature:")
    found = []
    for number in range(count):
        try:
            found.append(dkim.DKIM(message, minkey=1024).verify(number, dnsfunc=look))
        except dkim.DKIMException as problem:
            found.append(str(problem))
    chain, _, reason = dkim.arc_verify(message, dnsfunc=look)
    return {"dkim": found, "arc": chain.decode(), "reason": reason}


def sign(asked: dict[str, Any]) -> Any:
    """The message with a signature before it."""
    message = base64.b64decode(asked["message"])
    head, body = (part.encode() for part in asked["forms"].split("/"))
    fields = dkim.sign(
        message,
        asked["selector"].encode(),
        asked["domain"].encode(),
        asked["key"].encode(),
        canonicalize=(head, body),
        signature_algorithm=asked["algorithm"].encode(),
        length=asked.get("length", False),
    )
    return {"message": base64.b64encode(fields + message).decode()}


def seal(asked: dict[str, Any]) -> Any:
    """The message with one more set of ARC before it."""
    message = base64.b64decode(asked["message"])
    fields = dkim.arc_sign(
        message, asked["selector"].encode(), asked["domain"].encode(), asked["key"].encode(), asked["server"].encode()
    )
    return {"message": base64.b64encode(b"".join(fields) + message).decode()}


def results(asked: dict[str, Any]) -> Any:
    """What a field Authentication-Results says."""
    found = authres.AuthenticationResultsHeader.parse(asked["field"])
    said = [
        [each.method, each.result, {f"{one.type}.{one.name}": one.value for one in each.properties}]
        for each in found.results
    ]
    return {"server": found.authserv_id, "results": said}


def evaluate(asked: dict[str, Any]) -> Any:
    """What SPF gives for each of some cases, in a DNS of TXT, A and MX records."""
    zone = {(name.lower(), type): records for name, type, records in asked["zone"]}

    def look(name: str, type: str, tcpfallback: bool = True, timeout: int = 30) -> Any:
        for record in zone.get((name.lower().rstrip("."), type), ()):
            if type == "TXT":
                yield (name, type), (record.encode(),)
            elif type == "MX":
                yield (name, type), (record[0], record[1])
            else:
                yield (name, type), record

    spf.DNSLookup = look
    found = []
    for ip, sender, helo in asked["cases"]:
        spf_result = spf.query(i=ip, s=sender, h=helo).check()
        found.append(spf_result[0])
    return {"results": found}


def keys(asked: dict[str, Any]) -> Any:
    """The look-ups of key records."""
    records = {name.rstrip("."): text for name, text in asked["keys"].items()}

    def look(name: bytes, timeout: int = 5) -> bytes | None:
        text = records.get(name.decode().rstrip("."))
        return None if text is None else text.encode()

    return look


if __name__ == "__main__":
    main()
