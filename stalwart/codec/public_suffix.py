"""Which domains are somebody's own: names below a public suffix, such as ``example.co.uk`` (RFC 7489 3.2).

The list is that of publicsuffix.org as the package ``publicsuffixlist`` carries it; it is read when it is first asked.
Names are A-labels. A top-level domain that is not in the list counts as a suffix, but not as a known one.
"""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList


@cache
def _list() -> PublicSuffixList:
    return PublicSuffixList()


def registrable_domain(name: str) -> str | None:
    """The organizational domain of ``name``; None if it is a public suffix itself, or no name."""
    return _list().privatesuffix(name)


def has_known_suffix(name: str) -> bool:
    """Whether ``name`` is a domain below a suffix that is in the list; names such as ``example.test`` are not."""
    return _list().privatesuffix(name, accept_unknown=False) is not None
