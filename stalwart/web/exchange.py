"""One request and what the front has found out about it: what a route function receives.

The path is raw, as received (http-service 1.3): values cut out of it are percent-decoded one segment at a time, so an
encoded slash never becomes a separator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_to_bytes

from stalwart.directory.access import Access
from stalwart.errors import Invalid
from stalwart.web.body import Body
from stalwart.web.connection import Connection
from stalwart.web.head import RequestHead
from stalwart.web.json_body import WRONG_TYPE, decode_json, is_json

if TYPE_CHECKING:
    from stalwart.web.route_table import BoundRoute

NO_VALUES: Mapping[str, str] = {}


class Exchange:
    """A request on its way through the front.

    ``method``, ``target`` (as received), ``path`` (raw), ``client_ip`` (behind trusted proxies the one they name),
    ``access`` (None on anonymous routes), ``connection``. ``slot`` is the account whose place among running requests
    this one holds; ``bare`` keeps the headers of the settings off the answer.
    """

    __slots__ = (
        "_query",
        "access",
        "arrived",
        "bare",
        "body_stream",
        "client_ip",
        "connection",
        "head",
        "instance",
        "method",
        "path",
        "path_values",
        "route",
        "serial",
        "slot",
        "target",
    )

    def __init__(
        self, head: RequestHead, connection: Connection, body: Body | None, instance: str, serial: int, arrived: float
    ) -> None:
        self.head = head
        self.method = head.method
        self.target = head.target
        self.path = head.path
        self.connection = connection
        self.client_ip = connection.remote_ip
        self.body_stream = body
        self.instance = instance
        self.serial = serial
        self.arrived = arrived
        self.access: Access | None = None
        self.route: BoundRoute | None = None
        self.path_values: Mapping[str, str] = NO_VALUES
        self.slot: int | None = None
        self.bare = False
        self._query: dict[str, str] | None = None

    @property
    def request_id(self) -> str:
        """Short and unique over restarts; on log lines, and in ``X-Request-Id`` of errors."""
        return f"{self.instance}{self.serial:x}"

    @property
    def client_port(self) -> int:
        """The port of the TCP peer, also behind proxies (http-service 1.4)."""
        return self.connection.remote_port

    @property
    def listener(self) -> str:
        """The name of the listener that took the connection."""
        return self.connection.listener

    @property
    def is_tls(self) -> bool:
        """Whether TLS ended here, or a PROXY header says that it ended there."""
        return self.connection.is_tls

    @property
    def host(self) -> str | None:
        """The ``Host`` field or the authority of an absolute target, lower-cased, without the port."""
        value = self.head.fields.get("host")
        if not value:
            return None
        name, colon, port = value.lower().rpartition(":")
        return name if colon and not port.endswith("]") else value.lower()

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters: empty values dropped, the last of several counts, broken UTF-8 replaced."""
        if self._query is None:
            self._query = dict(parse_qsl(self.head.query_string, errors="replace"))
        return self._query

    def header(self, name: str) -> str | None:
        """The value of a header field by lower-case name, repeated ones joined by ``, ``; bytes read as Latin-1."""
        return self.head.fields.get(name)

    def path_value(self, name: str) -> str:
        """What stands in the path for ``<name>``, percent-decoded.

        :raises Invalid: it is not UTF-8.
        """
        try:
            return unquote_to_bytes(self.path_values[name]).decode()
        except UnicodeDecodeError:
            raise Invalid("The path is not valid UTF-8.") from None

    def raw_path_value(self, name: str) -> str:
        """What stands in the path for ``<name>``, as received."""
        return self.path_values[name]

    async def body(self, limit: int | None = None) -> bytes:
        """The request body; without ``limit`` the route's own applies.

        :raises TooLarge: it is longer.
        """
        if self.body_stream is None:
            return b""
        if limit is None:
            limit = self.route.body_limit if self.route is not None else 0
        return await self.body_stream.collect(limit)

    async def json(self, *, require_type: bool = False, limit: int | None = None) -> Any:
        """The body as an I-JSON value; with ``require_type`` the Content-Type must say so.

        :raises Invalid: not JSON, duplicate members, nested too deeply, wrong Content-Type.
        """
        if require_type and not is_json(self.head.fields.get("content-type")):
            raise Invalid(WRONG_TYPE)
        return decode_json(await self.body(limit))
