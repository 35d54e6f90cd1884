"""Names for people, made from the names of the declarations: ``NetworkListener`` -> ``Network listener``."""

from __future__ import annotations

import re

_CAPITALS = [
    "ACME",
    "API",
    "ARF",
    "ASN",
    "DKIM",
    "DMARC",
    "DNS",
    "DSN",
    "HTTP",
    "ID",
    "IP",
    "JMAP",
    "MTA",
    "OIDC",
    "SPF",
    "TLS",
    "URL",
]
_SPOKEN = {**{word.capitalize(): word for word in _CAPITALS}, "Sts": "STS", "Webdav": "WebDAV"}


def words(name: str) -> str:
    """``MtaTlsStrategy`` -> ``MTA TLS strategy``."""
    name = name.replace("OAuth", "Oauth").replace("WebDav", "Webdav")
    parts = re.findall(r"[A-Z][a-z0-9]*|[a-z0-9]+", name)
    said = [_SPOKEN.get(part.capitalize(), part.lower()) for part in parts]
    text = " ".join(said).replace("oauth", "OAuth")
    return text[:1].upper() + text[1:]


def plural(name: str) -> str:
    """``Network listener`` -> ``Network listeners``."""
    if name.endswith(("y",)) and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "ch")) else f"{name}s"
