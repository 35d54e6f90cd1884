"""Which domains are below a public suffix, as ``example.co.uk`` is, and so can be somebody's own.

The list is that of publicsuffix.org as the package ``publicsuffixlist`` carries it; it is read when it is first asked.
Names are A-labels.
"""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList


@cache
def _list() -> PublicSuffixList:
    return PublicSuffixList()


def has_known_suffix(name: str) -> bool:
    """Whether ``name`` is a domain below a suffix that is in the list; names such as ``example.test`` are not."""
    return _list().privatesuffix(name, accept_unknown=False) is not None
