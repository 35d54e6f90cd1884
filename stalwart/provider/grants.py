"""What passes between the parts of a sign-in: the application, what it asks for, and who has proved himself.

RFC 6749 1.1 and 4.1.1, RFC 7636, RFC 8707, RFC 9449 10, OpenID Connect Core 3.1.2.1. Values only; who makes and who
uses them is said with each.
"""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen

from stalwart.directory.access import Access

ClientKind = Literal["registered", "stateless", "built-in", "unregistered"]
Method = Literal["pwd", "otp", "hwk", "mfa", "kba"]
"""How somebody proved himself (RFC 8176 2): password, one-time code, passkey, more than one; kba: a recovery code."""


@frozen
class Client:
    """An application (RFC 6749 2), found by ``provider.clients``.

    ``scopes`` None means that any may be asked for. ``secret`` is the stored hash, None for a public client.
    ``object_id`` is the x:OAuthClient of a registered one, ``tenant_id`` the tenant that owns it. ``name`` is what it
    calls itself: to be shown, never to be believed.
    """

    id: str
    kind: ClientKind
    name: str | None = None
    redirect_uris: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None
    secret: str | None = None
    logo: str | None = None
    object_id: int | None = None
    tenant_id: int | None = None
    signing_algorithm: str | None = None

    @property
    def is_confidential(self) -> bool:
        """Whether it has to prove itself at the token endpoint."""
        return self.secret is not None


@frozen
class AuthorizationRequest:
    """A checked authorization request: made by ``provider.requests``, shown by the sign-in page, kept with the code.

    ``redirect_uri`` is one that may be redirected to. ``scope`` are the granted names in the order asked for, only
    known ones. ``challenge`` is the PKCE S256 challenge. ``resources`` are checked (RFC 8707). ``dpop_thumbprint``
    binds the code to a key (RFC 9449 10). ``pushed`` is the request_uri that it came by (RFC 9126).
    """

    client: Client
    redirect_uri: str
    scope: tuple[str, ...] = ()
    state: str | None = None
    nonce: str | None = None
    challenge: str | None = None
    challenge_method: Literal["S256", "plain"] | None = None
    resources: tuple[str, ...] = ()
    dpop_thumbprint: str | None = None
    login_hint: str | None = None
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    response_mode: Literal["query", "fragment", "form_post"] = "query"
    pushed: str | None = None


@frozen
class SignedIn:
    """Somebody has proved who he is: made by ``provider.sign_in``, turned into a code by ``provider.codes``.

    ``at`` is seconds since the epoch (``auth_time``), ``client_ip`` and ``user_agent`` are what the list of sessions
    shows.
    """

    access: Access
    at: int
    methods: tuple[Method, ...] = field(default=("pwd",))
    client_ip: str = ""
    user_agent: str = ""
