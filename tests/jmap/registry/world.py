"""The world of the directory with all ``x:`` methods on top: ``world.ask("x:Domain/get", {"ids": None})``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.config.vault import Vault, VaultKey
from stalwart.directory.access import RECOVERY_ACCOUNT, Access
from stalwart.directory.permissions import ALL
from stalwart.jmap.call import Request, RequestLimits
from stalwart.jmap.engine import Engine
from stalwart.jmap.methods import Method
from stalwart.jmap.registry.family import registry_methods
from stalwart.jmap.registry.waking import Wakeable
from stalwart.mail.domain_zone import DomainZones
from stalwart.mail.recipients import Recipients
from stalwart.net.acme import new_key_pem
from stalwart.tls.authorities import Registered
from tests.directory.world import IP, World

ROOT = Access(RECOVERY_ACCOUNT, "root", None, ALL, kind="recovery")


class FakeListeners:
    """The service ``listeners``: whatever is stored can be bound, unless a test says otherwise."""

    def __init__(self) -> None:
        self.refusals: dict[str, tuple[str, str]] = {}
        self.serving: Callable[[Sequence[Any]], bool] = lambda _: True
        self.keeping: Callable[[Sequence[Any]], bool] = lambda _: True
        self.problems: list[str] = []
        self.settled: list[Any] = []

    def refused(self, stored: Sequence[Any]) -> dict[str, tuple[str, str]]:
        """See ``stalwart.app.listening.Listening``, as for the others."""
        return {each.name: self.refusals[each.name] for each in stored if each.name in self.refusals}

    def serves(self, stored: Sequence[Any]) -> bool:
        return self.serving(stored)

    def keeps(self, stored: Sequence[Any], connection: Any) -> bool:
        return self.keeping(stored)

    async def settle(self, names: Any = None) -> list[str]:
        self.settled.append(names)
        return self.problems


class FakeCertificates:
    """The service ``certificates``: notes what it is told."""

    def __init__(self) -> None:
        self.told: list[int] = []

    async def changed(self, ids: Iterable[int]) -> None:
        """See ``stalwart.app.certificates.CertificateParts``."""
        self.told.extend(ids)

    async def reload(self) -> None:
        """See ``stalwart.app.certificates.CertificateParts``."""


class FakeServed:
    """No certificate is served; see ``stalwart.tls.selection.Certificates``."""

    def chain_for(self, name: str) -> tuple[bytes, ...]:
        return ()


class FakeAuthorities:
    """The service ``authorities``: registers whoever comes, unless there is a ``problem``."""

    def __init__(self) -> None:
        self.problem: Exception | None = None
        self.registered: list[Any] = []
        self.for_tenants: list[bool] = []
        self.updated: list[tuple[int, Any]] = []

    async def register(self, provider: Any, *, for_tenant: bool = False) -> Registered:
        """See ``stalwart.tls.authorities.Authorities``, as for the other."""
        if self.problem is not None:
            raise self.problem
        self.registered.append(provider)
        self.for_tenants.append(for_tenant)
        return Registered(new_key_pem(), f"https://ca.test/account/{len(self.registered)}")

    async def update(self, id: int, provider: Any) -> None:
        if self.problem is not None:
            raise self.problem
        self.updated.append((id, provider))


class SleepingTasks(Wakeable):
    """Notes who wants tasks to be looked at; nothing is done."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


class FakeApplications:
    """The service ``applications``: there are none."""

    async def update(self, *, anew: bool = False) -> list[str]:
        return []


class FakeQueue(SleepingTasks):
    """The service ``mail_queue``, as far as methods ask it."""

    async def pause(self, paused: bool) -> None:
        """See ``stalwart.mail.queue.queue.MailQueue``."""


@cache
def declared() -> tuple[Method, ...]:
    """The methods of all settings types."""
    return registry_methods.methods()


class RegistryWorld(World):
    """Whoever asks is ``self.who``, at first the recovery administrator."""

    mode: Any = "normal"
    limits = RequestLimits()

    def setUp(self) -> None:
        super().setUp()
        self.who = ROOT
        self.runner = SleepingTasks()
        self.vault = Vault(VaultKey("of the tests, and long enough to be one"))
        self.services: dict[str, Any] = {
            "store": self.store,
            "settings": self.settings,
            "directory": self.directory,
            "hashing": self.hashing,
            "vault": self.vault,
            "accounts": self.accounts,
            "telemetry": self.telemetry,
            "clock": self.clock,
            "mode": self.mode,
            "listeners": FakeListeners(),
            "certificates": FakeCertificates(),
            "authorities": FakeAuthorities(),
            "expression_io": None,
            "tasks": self.runner,
            "mail_queue": FakeQueue(),
            "applications": FakeApplications(),
            "domain_zones": DomainZones(self.settings, self.vault, FakeServed(), lambda name: b"{}"),
            "recipients": Recipients(self.store, self.settings, None, self.clock),  # type: ignore[arg-type]  # no rules
        }
        self.serve()

    def serve(self, **services: Any) -> None:
        """Answer the methods that the services there are, and these, are enough for."""
        self.services |= services
        methods = [each for each in declared() if set(each.services) <= self.services.keys()]
        self.engine = Engine(methods, self.services, telemetry=self.telemetry, clock=self.clock, mode=self.mode)

    def request(self, who: Access | None = None) -> Request:
        """A request that calls can share."""
        return Request(who or self.who, client_ip=IP, limits=self.limits)

    def begin(  # type: ignore[override]
        self, name: str, arguments: Mapping[str, Any] | None = None, request: Request | None = None
    ) -> Deferred[list[Any]]:
        """The responses of a call, some day."""
        invocation = (name, dict(arguments or {}), "0")
        return Deferred.fromCoroutine(self.engine.responses(request or self.request(), [invocation], 1000))

    def ask(self, name: str, arguments: Mapping[str, Any] | None = None, request: Request | None = None) -> Any:
        """The arguments of the response, which must not be an error."""
        ((found, answer, _),) = self.successResultOf(self.begin(name, arguments, request))
        self.assertEqual(found, name, answer)
        return answer

    def error(self, name: str, arguments: Mapping[str, Any] | None = None, request: Request | None = None) -> Any:
        """The arguments of the error that a call answers."""
        ((found, answer, _),) = self.successResultOf(self.begin(name, arguments, request))
        self.assertEqual(found, "error", answer)
        return answer

    def create(self, type: str, **members: Any) -> str:
        """The id of a new object."""
        answer = self.ask(f"x:{type}/set", {"create": {"new": members}})
        self.assertIsNone(answer["notCreated"])
        id: str = answer["created"]["new"]["id"]
        return id

    def not_created(self, type: str, **members: Any) -> dict[str, Any]:
        """The SetError of a creation."""
        answer = self.ask(f"x:{type}/set", {"create": {"new": members}})
        self.assertIsNone(answer["created"])
        error: dict[str, Any] = answer["notCreated"]["new"]
        return error

    def update(self, type: str, key: str, /, **patch: Any) -> None:
        """Patch an object; ``__`` in a name stands for ``/``."""
        answer = self.ask(f"x:{type}/set", {"update": {key: _pointers(patch)}})
        self.assertEqual((answer["notUpdated"], list(answer["updated"] or ())), (None, [key]))

    def not_updated(self, type: str, key: str, /, **patch: Any) -> dict[str, Any]:
        """The SetError of a patch."""
        answer = self.ask(f"x:{type}/set", {"update": {key: _pointers(patch)}})
        self.assertIsNone(answer["updated"])
        error: dict[str, Any] = answer["notUpdated"][key]
        return error

    def destroy(self, type: str, id: str) -> None:
        """Remove an object."""
        answer = self.ask(f"x:{type}/set", {"destroy": [id]})
        self.assertEqual((answer["destroyed"], answer["notDestroyed"]), ([id], None))

    def not_destroyed(self, type: str, id: str) -> dict[str, Any]:
        """The SetError of a removal."""
        answer = self.ask(f"x:{type}/set", {"destroy": [id]})
        self.assertIsNone(answer["destroyed"])
        error: dict[str, Any] = answer["notDestroyed"][id]
        return error

    def get(self, type: str, id: str = "singleton", **arguments: Any) -> dict[str, Any]:
        """One object."""
        answer = self.ask(f"x:{type}/get", {"ids": [id], **arguments})
        self.assertEqual(answer["notFound"], [])
        found: dict[str, Any] = answer["list"][0]
        return found

    def ids(self, type: str, **arguments: Any) -> list[str]:
        """What a query finds."""
        found: list[str] = self.ask(f"x:{type}/query", arguments)["ids"]
        return found

    def become(self, login: str, **arguments: Any) -> None:
        """Ask as this account from now on."""
        self.who = self.sign_in(f"{login}@example.test", **arguments)

    def account(self, name: str = "alice", **members: Any) -> str:
        """The id of a user with ``PASSWORD``."""
        return encode_id(self.user(name, **members))


def _pointers(patch: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("__", "/"): value for name, value in patch.items()}
