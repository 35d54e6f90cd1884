"""Where the web interface is: its page at every path below ``/admin`` and ``/account`` that names no file, its modules
below ``/assets/webui/`` (http-service 8, design 8).
"""

from __future__ import annotations

from stalwart.errors import NotFound
from stalwart.site.webui.bundle import WebInterface
from stalwart.web.answers import Answer, redirect
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route


@route("GET", "/admin", needs=None, limit="none", spec="http-service 8")
def admin(exchange: Exchange) -> Answer:
    """To the web interface of administrators."""
    return _below(exchange, "/admin/")


@route("GET", "/account", needs=None, limit="none", spec="http-service 8")
def account(exchange: Exchange) -> Answer:
    """To the web interface of account owners."""
    return _below(exchange, "/account/")


@route("GET", "/admin/", needs=None, limit="none", spec="http-service 8")
def admin_home(exchange: Exchange, *, web_interface: WebInterface) -> Answer:
    """The web interface of administrators."""
    return web_interface.page(exchange, "admin")


@route("GET", "/account/", needs=None, limit="none", spec="http-service 8")
def account_home(exchange: Exchange, *, web_interface: WebInterface) -> Answer:
    """The web interface of account owners."""
    return web_interface.page(exchange, "account")


@route("GET", "/admin/<path:rest>", needs=None, limit="none", spec="http-service 8")
def admin_page(exchange: Exchange, *, web_interface: WebInterface) -> Answer:
    """The same at each of its pages; a name with an extension is a file that is not there."""
    return _page(exchange, web_interface, "admin")


@route("GET", "/account/<path:rest>", needs=None, limit="none", spec="http-service 8")
def account_page(exchange: Exchange, *, web_interface: WebInterface) -> Answer:
    """The same at each of its pages; a name with an extension is a file that is not there."""
    return _page(exchange, web_interface, "account")


@route("GET", "/assets/webui/<digest>/<path:name>", needs=None, limit="none", spec="http-service 8")
def file(exchange: Exchange, *, web_interface: WebInterface) -> Answer:
    """Modules, styles and images of the web interface, for ever."""
    return web_interface.file(exchange, exchange.path_value("digest"), exchange.path_value("name"))


def _below(exchange: Exchange, path: str) -> Answer:
    query = exchange.head.query_string
    return redirect(f"{path}?{query}" if query else path)


def _page(exchange: Exchange, interface: WebInterface, mount: str) -> Answer:
    if "." in exchange.path.rpartition("/")[2]:
        raise NotFound
    return interface.page(exchange, mount)
