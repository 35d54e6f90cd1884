"""Who may look other accounts up, and as whom he does it (spec/dav.md 1.2, 5)."""

from __future__ import annotations

from stalwart.config.collaboration.sharing import Sharing
from stalwart.dav.asking import Asking
from stalwart.dav.refusals import Refused, refused
from stalwart.groupware.principals import Seeker

_ANYBODY = "sysAccountQuery"


def require_directory(asking: Asking, permission: str) -> None:
    """Whether who asks may use this report about principals. Raises Refused (403)."""
    if asking.access.may(permission):
        return
    raise Refused(403) if _allows_queries(asking) else refused(403, "D:need-privileges")


def seeker(asking: Asking) -> Seeker:
    """Who asks, as one who looks others up."""
    access = asking.access
    everywhere = _allows_queries(asking) or access.may(_ANYBODY)
    return Seeker(access.account_id, access.login, access.tenant_id, everywhere)


def lists_everybody(asking: Asking) -> bool:
    """Whether the collection of principals has all that he may know in it, not only those he has to do with."""
    access = asking.access
    return access.may(_ANYBODY) or (_allows_queries(asking) and access.may("davPrincipalList"))


def _allows_queries(asking: Asking) -> bool:
    return asking.tools.settings.of(Sharing).allow_directory_queries
