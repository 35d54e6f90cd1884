"""Failed logins: told to who counts them, answered late, and as 429 once the address is banned for it
(http-service 6.3).

Which failures count: a wrong password, code, app password or API key, an unknown account, an alias or address
that the credential is not good for. Not counted: what is damaged or expired, and what is right but not
allowed.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from stalwart.directory.delay import FailureDelay
from stalwart.errors import StalwartError, TooMany, Unauthenticated
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_FAILED, AUTH_TOO_MANY_ATTEMPTS

FailureObserver = Callable[[str, str], bool | Awaitable[bool]]
"""Called with the client's address and the login it presented ("" if unknown); True = that address is banned now."""


class WrongCode(Unauthenticated):
    """The password was right, its second factor was not; for who has signed in already, others are not told."""


class LoginFailed(Exception):
    """A failure that counts. ``answer`` is what the client is told, ``reason`` what the log says; neither is secret."""

    def __init__(self, reason: str, login: str = "", answer: StalwartError | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.login = login
        self.answer = answer if answer is not None else Unauthenticated()


class Failures:
    """Tells observers, waits, and gives the error to answer with."""

    def __init__(self, delay: FailureDelay, telemetry: Telemetry) -> None:
        self._delay = delay
        self._telemetry = telemetry
        self._observers: list[FailureObserver] = []

    def observe(self, observer: FailureObserver) -> Callable[[], None]:
        """Tell ``observer`` of every failure from now on; calling the result ends it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    async def settle(self, failure: LoginFailed, client_ip: str) -> StalwartError:
        """Report ``failure``, wait the random time, and return what to raise."""
        self._telemetry.emit(AUTH_FAILED, remoteIp=client_ip, accountName=failure.login[:254], reason=failure.reason)
        banned = False
        for observer in tuple(self._observers):
            verdict = observer(client_ip, failure.login)
            if inspect.isawaitable(verdict):
                verdict = await verdict
            banned = banned or verdict is True
        if banned:
            self._telemetry.emit(AUTH_TOO_MANY_ATTEMPTS, remoteIp=client_ip)
        await self._delay.wait()
        return too_many_attempts() if banned else failure.answer


def too_many_attempts() -> TooMany:
    """The 429 of an address that is banned for failed logins."""
    return TooMany(
        "Your request has been rate limited. Please try again in a few minutes.",
        title="Too Many Authentication Attempts",
    )
