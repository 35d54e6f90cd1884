"""What a listener is there for: mail from other servers, mail from a server next door, or mail of its own users.

A role says what is announced and what is demanded; limits and times are elsewhere (``limits``).
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING")
"""RFC 2920, RFC 6152, RFC 6531, RFC 2034, RFC 3030. SIZE, STARTTLS and AUTH depend on the connection."""
_PARAMETERS = {
    "SIZE": ("SIZE",),
    "8BITMIME": ("BODY",),
    "SMTPUTF8": ("SMTPUTF8",),
    "DSN": ("RET", "ENVID", "NOTIFY", "ORCPT"),
    "AUTH": ("AUTH",),
    "FUTURERELEASE": ("HOLDFOR", "HOLDUNTIL"),
    "MT-PRIORITY": ("MT-PRIORITY",),
    "REQUIRETLS": ("REQUIRETLS",),
}


@frozen
class Role:
    """``announces`` are the extensions offered to everybody; the rest is what clients must do before MAIL."""

    name: str
    announces: tuple[str, ...] = EXTENSIONS
    is_lmtp: bool = False
    demands_hello: bool = True
    demands_full_name: bool = False
    demands_tls: bool = False
    demands_login: bool = False
    refuses_bare_line_ends: bool = True

    def parameters(self) -> frozenset[str]:
        """The parameters that MAIL and RCPT may have."""
        return parameters_of(self.announces)


def parameters_of(announces: Iterable[str]) -> frozenset[str]:
    """The parameters that MAIL and RCPT may have with these extensions, written as in the answer to EHLO."""
    keywords = ("SIZE", *(words.partition(" ")[0] for words in announces))
    return frozenset(name for keyword in keywords for name in _PARAMETERS.get(keyword, ()))


MX = Role("mx", demands_full_name=True)
LMTP = Role("lmtp", is_lmtp=True)
SUBMISSION = Role("submission", announces=(*EXTENSIONS, "DSN"), demands_login=True)
