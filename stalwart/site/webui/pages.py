"""Where the web interface is: its page at every path below ``/admin`` and ``/account`` that names no file, its modules
below ``/assets/webui/`` (http-service 8, design 8).
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from stalwart.codec.accept import prefers_html
from stalwart.config.operation.application import MOUNTS
from stalwart.errors import MethodNotAllowed, NotFound
from stalwart.site.webui.applications import Applications
from stalwart.site.webui.bundle import WebInterface
from stalwart.web.answers import Answer, no_content, redirect
from stalwart.web.exchange import Exchange
from stalwart.web.routes import ANY_METHOD, route

Outcome = Answer | Coroutine[Any, Any, Answer]


@route("GET", "/admin", needs=None, limit="none", spec="http-service 8")
def admin(exchange: Exchange) -> Answer:
    """To the web interface of administrators."""
    return _below(exchange, "/admin/")


@route("GET", "/account", needs=None, limit="none", spec="http-service 8")
def account(exchange: Exchange) -> Answer:
    """To the web interface of account owners."""
    return _below(exchange, "/account/")


@route("GET", "/admin/", needs=None, limit="none", spec="http-service 8")
def admin_home(exchange: Exchange, *, web_interface: WebInterface, applications: Applications) -> Outcome:
    """The web interface of administrators, unless an application takes its place."""
    return _page(exchange, web_interface, applications, "admin")


@route("GET", "/account/", needs=None, limit="none", spec="http-service 8")
def account_home(exchange: Exchange, *, web_interface: WebInterface, applications: Applications) -> Outcome:
    """The web interface of account owners, unless an application takes its place."""
    return _page(exchange, web_interface, applications, "account")


@route("GET", "/admin/<path:rest>", needs=None, limit="none", spec="http-service 8")
def admin_page(exchange: Exchange, *, web_interface: WebInterface, applications: Applications) -> Outcome:
    """The same at each of its pages; a name with an extension is a file that is not there."""
    return _page(exchange, web_interface, applications, "admin")


@route("GET", "/account/<path:rest>", needs=None, limit="none", spec="http-service 8")
def account_page(exchange: Exchange, *, web_interface: WebInterface, applications: Applications) -> Outcome:
    """The same at each of its pages; a name with an extension is a file that is not there."""
    return _page(exchange, web_interface, applications, "account")


@route("GET", "/assets/webui/<digest>/<path:name>", needs=None, limit="none", spec="http-service 8")
def file(exchange: Exchange, *, web_interface: WebInterface) -> Answer:
    """Modules, styles and images of the web interface, for ever."""
    return web_interface.file(exchange, exchange.path_value("digest"), exchange.path_value("name"))


def _is_hosted(path: str, *, applications: Applications) -> bool:
    return applications.find(path[1:].partition("/")[0]) is not None


@route(ANY_METHOD, "*", needs=None, limit="none", suits=_is_hosted, spec="http-service 8")
def hosted(exchange: Exchange, *, applications: Applications) -> Outcome:
    """Interfaces of others (`x:Application`), below the prefixes that they have and nobody else."""
    allowed = ["GET", "HEAD", "OPTIONS"]
    if exchange.method == "OPTIONS":
        return no_content((("Allow", ", ".join(allowed)),))
    if exchange.method not in allowed:
        raise MethodNotAllowed(allowed)
    prefix, slash, path = exchange.path[1:].partition("/")
    if not slash:
        return _below(exchange, f"/{prefix}/")
    return _hosted(exchange, applications, prefix, path)


def _below(exchange: Exchange, path: str) -> Answer:
    query = exchange.head.query_string
    return redirect(f"{path}?{query}" if query else path)


def _page(exchange: Exchange, interface: WebInterface, applications: Applications, mount: str) -> Outcome:
    path = exchange.path[len(mount) + 2 :]
    if applications.find(mount) is not None:
        return _hosted(exchange, applications, mount, path)
    if "." in path.rpartition("/")[2]:
        raise NotFound
    return interface.page(exchange, mount, path, [each for each in MOUNTS if applications.find(each) is None])


async def _hosted(exchange: Exchange, applications: Applications, prefix: str, path: str) -> Answer:
    wants_page = prefers_html(exchange.header("accept"))
    return (await applications.file(prefix, path, wants_page)).answer(exchange)
