"""The domains of the test network: which server their exchange is, what DNS says, which policy they publish.

Every row stands for one fault or one proper arrangement. ``zones`` writes them as zone files, ``holder``
serves them. Rows that need DNS records of another shape are in ``zones``.
"""

from __future__ import annotations

from attrs import frozen

from tests.live.hostile_smtp import BEHAVIOURS

NAME_SERVER = "127.0.0.54"
RESOLVER = "127.0.0.53"
NOT_VALIDATING = "127.0.0.55"
LAME_SERVER = "127.0.0.56"
POLICY_HOST = "127.0.4.1"
NO_POLICY_HOST = "127.0.4.9"
REFUSING = "127.0.0.99"  # sorts before the others
BLACK_HOLE = "10.66.0.2"
MAILBOXES = ("postmaster", "alice")
ALSO_TAKEN_BY_POSTFIX = ("multi.test", "same.test", "alias.test", "cnamed.test", "manymx.test", "tls.insecure")
"""Domains whose exchange is that of another one."""


@frozen
class MailDomain:
    """``server``: ``postfix`` or a behaviour of ``hostile_smtp``; ``certificate`` overrides that of the
    behaviour (``good self unknown wrongname expired``, ``anchored``: below an authority that only TLSA names,
    ``none``).

    ``tlsa``: ``right``, ``wrong``, ``anchor``, ``wronganchor``, ``mixed``, ``unusable``. ``mode`` of MTA-STS
    and the ``policy`` host's manners: ``ok othermx 404 redirect syntax html huge silent selfsigned expired
    down``.
    """

    name: str
    server: str
    address: str
    certificate: str | None = None
    tlsa: str | None = None
    mode: str | None = None
    policy: str = "ok"
    ipv6: str | None = None

    @property
    def exchange(self) -> str:
        """The one host that takes the mail of the domain."""
        return f"mx.{self.name}"

    @property
    def manner_of_certificate(self) -> str:
        """What the exchange's certificate is like."""
        return self.certificate or ("good" if self.server == "postfix" else BEHAVIOURS[self.server].certificate)


POSTFIX = (
    MailDomain("good.test", "postfix", "127.0.3.1", tlsa="right", mode="enforce"),
    MailDomain("danepinned.test", "postfix", "127.0.3.2", "self", "right"),
    MailDomain("daneta.test", "postfix", "127.0.3.3", "anchored", "anchor"),
    MailDomain("danemixed.test", "postfix", "127.0.3.4", tlsa="mixed"),
    MailDomain("dual.test", "postfix", "127.0.3.5", ipv6="fd00:25::5"),
    MailDomain("v6only.test", "postfix", "", ipv6="fd00:25::6"),
    MailDomain("clear.test", "postfix", "127.0.3.7", "none"),
    MailDomain("left.test", "postfix", "127.0.3.8", tlsa="right", mode="enforce"),
    MailDomain("right.test", "postfix", "127.0.3.9", tlsa="right", mode="enforce"),
)
RELAYED = {"left.test": "127.0.6.1", "right.test": "127.0.6.2"}
"""Domains whose exchange passes all mail on, to port 25 of an address that is free for servers of tests; mail of theirs
is signed with ``KEY_OF_RELAYED`` (``names``).
"""

_FAULTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    # name below test., behaviour of the exchange, what else differs
    ("danebad", "accept", {"tlsa": "wrong"}),
    ("daneplain", "plain", {"tlsa": "right"}),
    ("danegarbage", "garbage", {"tlsa": "right"}),
    ("daneexpired", "expired", {"tlsa": "right"}),
    ("danewrongname", "wrongname", {"tlsa": "right"}),
    ("daneunusable", "accept", {"tlsa": "unusable"}),
    ("danetabad", "accept", {"tlsa": "wronganchor"}),
    ("sts", "accept", {"mode": "enforce"}),
    ("ststesting", "selfsigned", {"mode": "testing"}),
    ("stsnone", "accept", {"mode": "none"}),
    ("stsmismatch", "accept", {"mode": "enforce", "policy": "othermx"}),
    ("ststestingmismatch", "accept", {"mode": "testing", "policy": "othermx"}),
    ("stsselfsigned", "selfsigned", {"mode": "enforce"}),
    ("stsexpired", "expired", {"mode": "enforce"}),
    ("stswrongname", "wrongname", {"mode": "enforce"}),
    ("stsplain", "plain", {"mode": "enforce"}),
    ("sts404", "accept", {"mode": "enforce", "policy": "404"}),
    ("stsredirect", "accept", {"mode": "enforce", "policy": "redirect"}),
    ("stsbadcert", "accept", {"mode": "enforce", "policy": "selfsigned"}),
    ("stsoldcert", "accept", {"mode": "enforce", "policy": "expired"}),
    ("stssyntax", "accept", {"mode": "enforce", "policy": "syntax"}),
    ("stshtml", "accept", {"mode": "enforce", "policy": "html"}),
    ("stshuge", "accept", {"mode": "enforce", "policy": "huge"}),
    ("stssilent", "accept", {"mode": "enforce", "policy": "silent"}),
    ("stsdown", "accept", {"mode": "enforce", "policy": "down"}),
    ("xn--bcher-kva", "accept", {}),
    ("twoaddr", "accept", {}),
    ("twosts", "accept", {}),
    ("badrecords", "accept", {}),
)


def _hostile() -> tuple[MailDomain, ...]:
    rows = [*_FAULTS, *((name, name, {}) for name in BEHAVIOURS if name != "accept")]
    named = [
        MailDomain(f"{name}.test", server, f"127.0.1.{number}", **more)  # type: ignore[arg-type]
        for number, (name, server, more) in enumerate(rows, 1)
    ]
    others = [
        MailDomain("insecure", "accept", "127.0.2.1", tlsa="wrong"),
        MailDomain("bogus", "accept", "127.0.2.2"),
        MailDomain("implicit.test", "accept", "127.0.2.3"),
    ]
    return (*named, *others)


HOSTILE = _hostile()
DOMAINS = (*POSTFIX, *HOSTILE)
HOSTS_OF_THEMSELVES = frozenset({"implicit.test"})
"""Domains that are their own exchange."""


def host_of(domain: MailDomain) -> str:
    """The name that the exchange of ``domain`` greets with and has a certificate for."""
    return domain.name if domain.name in HOSTS_OF_THEMSELVES else domain.exchange
