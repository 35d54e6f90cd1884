"""What checks of a message have found, and the header fields that say so: Authentication-Results (RFC 8601) and
Received-SPF (RFC 7208 9.1).

Everything that others control is quoted or cut, so that it can neither end a field nor begin another one.
"""

from __future__ import annotations

from attrs import frozen


@frozen
class SpfVerdict:
    """Whether a host may send for a domain (RFC 7208 2.6): none, neutral, pass, fail, softfail, temperror, permerror.

    ``scope`` is ``helo`` or ``mailfrom``; ``identity`` what was checked: the name of EHLO, or the sender;
    ``mechanism`` the term that matched; ``explanation`` what the domain has to say of a failure.
    """

    result: str
    domain: str
    scope: str = "mailfrom"
    identity: str = ""
    mechanism: str = ""
    reason: str = ""
    explanation: str = ""


@frozen
class DkimVerdict:
    """One signature: none, pass, fail, policy, neutral, temperror, permerror (RFC 8601 2.7.1)."""

    result: str
    domain: str = ""
    selector: str = ""
    algorithm: str = ""
    identity: str = ""
    signature: str = ""
    reason: str = ""


@frozen
class ArcVerdict:
    """The chain of earlier results: none, pass, fail (RFC 8617 4.4); ``sets`` is its length, ``sealer`` who sealed it
    last; ``reason`` says why it fails, which may be ``temporary``.
    """

    result: str
    sets: int = 0
    sealer: str = ""
    reason: str = ""
    temporary: bool = False


@frozen
class DmarcVerdict:
    """Whether the author's ``domain`` was authenticated: none, pass, fail, temperror, permerror (RFC 7489 11.2).

    ``policy`` is what the domain asks to be done with this message if it fails: none, quarantine, reject, after
    subdomains and percentage are counted; ``published`` what its record says. ``policy_domain`` is where the record is.
    """

    result: str
    domain: str = ""
    policy: str = "none"
    published: str = "none"
    policy_domain: str = ""
    spf_aligned: bool = False
    dkim_aligned: bool = False
    reason: str = ""


@frozen
class NameVerdict:
    """Whether the address of the client has a name that leads back to it: pass, fail, temperror, permerror
    (RFC 8601 2.7.3).
    """

    result: str
    ip: str
    name: str = ""
    reason: str = ""
