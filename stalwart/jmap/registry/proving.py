"""Proving anew that whoever is signed in is the owner of the account, for changes of what he signs in with.

As in a sign-in, failures count. A call proves nothing more after its first failure, or it would be a way to try many
passwords at once.
"""

from __future__ import annotations

from stalwart.directory.directory import Directory
from stalwart.directory.failures import WrongCode
from stalwart.errors import Forbidden, SecondFactorRequired, StalwartError, Unauthenticated
from stalwart.jmap.registry.handler import Asking

CODE = "otpCode"
"""What a refusal that is about the code names; those about the password have the form of the reference."""

WRONG_SECRET = "Current secret is incorrect."
WRONG_CODE = "The code is wrong, or has been used already."
_PROVED, _REFUSED = "proved", "not proved"


def no_secret(purpose: str) -> str:
    """What is said to who leaves the password out; ``purpose`` is a phrase like "add a passkey"."""
    return f"Current secret must be provided to {purpose}."


def no_code(purpose: str) -> str:
    """What is said to who leaves the code out."""
    return f"Current OTP code is required to {purpose}."


def is_owner(asking: Asking) -> bool:
    """Whether it is somebody's own account, and nobody else has entered it."""
    return asking.account_id == asking.access.account_id and asking.access.presenter_id is None


async def prove(directory: Directory, asking: Asking, secret: str | None, code: str | None, purpose: str) -> None:
    """Return if ``secret``, with ``code`` if there is a second factor, is right for the account of the call.

    Raises Forbidden, TooMany (the address is banned).
    """
    if secret is None:
        raise Forbidden(no_secret(purpose))
    if _REFUSED in asking.memo:
        raise asking.memo[_REFUSED]
    if asking.memo.get(_PROVED) == (secret, code):
        return
    # A sign-in to an application has satisfied the passkeys of the account; other credentials never see them.
    signed_in = is_owner(asking) and asking.access.session_id is not None
    try:
        await directory.prove_password(asking.account_id, secret, asking.client_ip, code=code, passkey_proved=signed_in)
    except SecondFactorRequired:
        raise Forbidden(no_code(purpose), (CODE,)) from None
    except WrongCode:  # that the password is right is told to who leaves the code out, too
        asking.memo[_REFUSED] = Forbidden(WRONG_CODE, (CODE,))
        raise asking.memo[_REFUSED] from None
    except Unauthenticated:
        asking.memo[_REFUSED] = Forbidden(WRONG_SECRET)
        raise asking.memo[_REFUSED] from None
    except StalwartError as problem:
        asking.memo[_REFUSED] = problem
        raise
    asking.memo[_PROVED] = (secret, code)
