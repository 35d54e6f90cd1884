"""How a DNS record that was found compares with the one that a domain should have (RFC 6376, RFC 7208, RFC 7489,
RFC 8460, RFC 8461, RFC 8659).

Records are texts in presentation form, those of TXT the text itself. One that says the same in other words, or lets
our mail pass as well as the one expected, is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from stalwart.codec import dkim_record, dmarc, spf, tag_list, tls_rpt
from stalwart.codec.zone_file import quoted

_KEY = re.compile(r"(?:\A|;)\s*p\s*=")
_CAA = re.compile(r'([0-9]+) ([a-z0-9]+) "(.*)"', re.DOTALL)


def presented(type: str, value: Any) -> str:
    """A value of the resolver in presentation form, but that of TXT the text itself."""
    if type == "MX":
        return f"{value.preference} {value.exchange}"
    if type == "SRV":
        return f"{value.priority} {value.weight} {value.port} {value.target}"
    if type == "TLSA":
        return f"{value.usage} {value.selector} {value.matching} {value.data.hex()}"
    if type == "CAA":
        return f"{value.flags} {value.tag} {quoted(value.value)}"
    if type == "TXT":
        return str(value).encode("latin-1", "replace").decode("utf-8", "replace")
    return str(value)


def competes(kind: str, expected: str, found: str) -> bool:
    """Whether a TXT record is of the same sort as ``expected``, of which a name should have one only."""
    if kind == "dkim":
        return _KEY.search(found) is not None
    if kind == "spf":
        return found.lower().split(" ")[0] == "v=spf1"
    return _bare(found.partition(";")[0]) == _bare(expected.partition(";")[0])


def text_problem(kind: str, expected: str, found: str) -> str | None:
    """What is wrong with a TXT record in a sentence; None if it is right."""
    if _bare(expected) == _bare(found):
        return None
    judge = {"dkim": _dkim, "spf": _spf, "dmarc": _dmarc, "tlsRpt": _tls_rpt}.get(kind)
    if judge is not None:
        return judge(expected, found)
    if kind == "mtaSts":
        return "It has the id of another policy, so senders do not see that the policy has changed."
    return "It says something else."


def is_usable_key(text: str) -> bool:
    """Whether a TXT record is a DKIM key that is not revoked (RFC 6376 3.6.1)."""
    key = dkim_record.read([text])
    return key is not None and not key.revoked


def is_same(type: str, expected: str, found: str) -> bool:
    """Whether two records of other types than TXT mean the same."""
    if type == "SRV":
        return expected.split()[2:] == found.split()[2:]  # how hosts share their work is up to who runs them
    if type == "CAA":
        return _caa(expected) == _caa(found)
    return expected == found


def is_rival(type: str, expected: str, found: str) -> bool:
    """Whether ``found`` stands in the place of ``expected``."""
    if type == "MX":
        return expected.split()[1] == found.split()[1]
    if type == "TLSA":
        return expected[0] == found[0]
    if type == "CAA":
        one, other = _caa(expected), _caa(found)
        return one[1] == other[1] and (one[1] == "iodef" or one[2][0] == other[2][0])
    return True


def surplus(type: str, found: str) -> str | None:
    """Why a record that nobody expects should go, in a sentence; None if it may stay."""
    if type == "MX":
        return "Mail may go to this host too, which is not among the exchangers of the server."
    if type == "TLSA":
        return "It matches no certificate that is served; it should stay only while keys are changed."
    if type == "CAA":
        allowed = _caa(found)[1] in ("issue", "issuewild")
        return "It is about certificates of an authority that the domain does not use." if allowed else None
    if type == "SRV":
        return None if found.endswith(" .") else "The service is not offered here."
    return None


def _dkim(expected: str, found: str) -> str | None:
    try:
        wanted, tags = tag_list.parse(expected), tag_list.parse(found)
    except tag_list.MalformedTagList as malformed:
        return f"It is malformed: {malformed}."
    if not tags["p"]:
        return "The key is revoked."
    if tags.get("k", "rsa") != wanted["k"] or _bare(tags["p"]) != wanted["p"]:
        return "It holds another key, so signatures fail."
    hashes = _bare(tags.get("h", "sha256")).split(":")
    return None if "sha256" in hashes and tags.get("v", "DKIM1") == "DKIM1" else "No signature of ours fits it."


def _spf(expected: str, found: str) -> str | None:
    read = spf.read([found])
    if read is None or read.broken:
        return "It is malformed, so receivers take no notice of it" + _because(read.problems if read else ()) + "."
    needed = expected.split()[1]
    terms = found.lower().split()
    if needed in terms or f"+{needed}" in terms:
        return None
    return f"It does not name {needed}, so mail from this server may fail."


def _dmarc(expected: str, found: str) -> str | None:
    wanted, read = dmarc.read([expected]), dmarc.read([found])
    if wanted is None or read is None or read.broken:
        return "It is malformed, so receivers take no notice of it" + _because(read.problems if read else ()) + "."
    if read.policy != wanted.policy:
        return f"It asks for p={read.policy}, not for p={wanted.policy}."
    return None if set(wanted.rua) <= set(read.rua) else "Reports go elsewhere."


def _tls_rpt(expected: str, found: str) -> str | None:
    try:
        wanted, read = tls_rpt.parse_record(expected), tls_rpt.parse_record(found)
    except tls_rpt.MalformedRecord as malformed:
        return f"It {malformed}."
    return None if set(wanted) <= set(read) else "Reports go elsewhere."


def _caa(text: str) -> tuple[str, str, tuple[str, ...]]:
    """Flags, tag, and the value in its parts; the parameters in any order (RFC 8659 4.2)."""
    found = _CAA.fullmatch(text)
    if found is None:
        return "", "", (text,)
    name, *parameters = (_bare(part) for part in found[3].split(";"))
    return found[1], found[2], (name.lower(), *sorted(filter(None, parameters)))


def _bare(text: str) -> str:
    """``text`` without white space, and without the semicolon at the end."""
    return "".join(text.split()).removesuffix(";")


def _because(problems: Iterable[str]) -> str:
    told = "; ".join(problems)
    return f": {told}" if told else ""
