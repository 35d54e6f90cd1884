"""POST to an event with ``action=attachment-add``, ``-update`` or ``-remove`` (RFC 8607 3.3 to 3.6, 3.11).

What can be refused is refused before the file is read, and looked at once more when it is written.
"""

from __future__ import annotations

from typing import Final

from stalwart.codec.caldav.managed_attachments import WrongInstance, read_instances
from stalwart.codec.dav.rights import Rights
from stalwart.codec.media_types import is_media_type
from stalwart.codec.mime.parameters import parse
from stalwart.dav.asking import Asking
from stalwart.dav.guarding import check_schedule_tag
from stalwart.dav.methods.put import place_for
from stalwart.dav.owning import check_own
from stalwart.dav.refusals import Refused, refused
from stalwart.dav.storing import is_to_show, violated
from stalwart.dav.storing_events import CONTENT_TYPE
from stalwart.errors import TooLarge
from stalwart.groupware.attaching import Changed, Instances, Upload
from stalwart.groupware.resources import Level, Resource
from stalwart.groupware.violations import Rule, Violation
from stalwart.store import Transaction
from stalwart.store.incoming import Incoming
from stalwart.web.answers import Answer, Headers

ADD, UPDATE, REMOVE = "attachment-add", "attachment-update", "attachment-remove"
_DEFAULT_TYPE: Final = "application/octet-stream"
_LONGEST_NAME: Final = 200
_LONGEST_FIELD: Final = 4096


async def change_attachments(asking: Asking) -> Answer:
    """Does what the query says."""
    asking.require("Put")
    query = asking.exchange.query
    action, id = query.get("action"), query.get("managed-id")
    if action not in (ADD, UPDATE, REMOVE):
        raise refused(403, "A:valid-action-parameter")
    if (id is None) != (action == ADD):
        raise refused(403, "A:valid-managed-id-parameter")
    instances = _instances(query.get("rid"))
    if action == UPDATE and instances is not None:
        raise refused(403, "A:valid-rid-parameter")
    if action == REMOVE:
        removed = await asking.write(lambda tx: _removed(tx, asking, id or "", instances))
        return _answer(asking, *removed, 204)
    await asking.read(lambda tx: _event(tx, asking))
    incoming = Incoming(asking.tools.store)
    try:
        await _receive(asking, incoming)
        upload = Upload(await incoming.finish(), *_described(asking))
        changed = await asking.write(lambda tx: _attached(tx, asking, upload, id, instances))
    except BaseException:
        incoming.abandon()
        raise
    return _answer(asking, *changed, 204 if id is not None else 201)


def _instances(rid: str | None) -> Instances:
    try:
        return read_instances(rid)
    except WrongInstance as wrong:
        raise refused(403, "A:valid-rid-parameter") from wrong


async def _receive(asking: Asking, incoming: Incoming) -> None:
    """Take the file. Raises Violation if it is too large."""
    body = asking.exchange.body_stream
    most = asking.tools.attaching.largest
    announced = body.announced if body is not None else 0
    try:
        if announced is not None and announced > most:
            raise TooLarge
        while body is not None and (piece := await body.piece(most)):
            await incoming.add(piece)
    except TooLarge:
        raise Violation(Rule.ATTACHMENT_TOO_LARGE, limit=most) from None


def _described(asking: Asking) -> tuple[str | None, str | None]:
    """The type of the file and its name, as far as they are said."""
    said = (asking.field("content-type") or "")[:_LONGEST_FIELD].partition(";")[0].strip().lower()
    media_type = said if is_media_type(said) and said != _DEFAULT_TYPE else None
    field = (asking.field("content-disposition") or "")[:_LONGEST_FIELD]
    name = parse(field.encode("latin-1", "replace")).text("filename") or ""
    name = name.replace("\\", "/").rpartition("/")[2].strip(". ")[:_LONGEST_NAME]
    return media_type, name or None


def _event(tx: Transaction, asking: Asking) -> Resource:
    """The event, which may be changed. Raises Refused."""
    found = asking.resource(tx)
    if found.level is not Level.ITEM:
        raise Refused(404)
    place_for(tx, asking)
    check_own(tx, asking, found, Rights.MODIFY_ITEMS)
    check_schedule_tag(tx, asking, found)
    return found


def _check_whole(found: Resource) -> None:
    """Who sees a part of an event only has no attachment changed in it. Raises Refused (403)."""
    if found.member is not None and found.discretion.how(found.member.item_id) is not None:
        raise Refused(403)


def _attached(
    tx: Transaction, asking: Asking, upload: Upload, id: str | None, instances: Instances
) -> tuple[Changed, bool]:
    """What has changed, and whether the answer shows it."""
    found, attaching = _event(tx, asking), asking.tools.attaching
    _check_whole(found)
    who, now = asking.viewer.account_id, asking.now
    try:
        if id is None:
            changed = attaching.add(tx, found, upload, instances, user_id=who, now=now)
        else:
            changed = attaching.update(tx, found, id, upload, user_id=who, now=now)
    except Violation as broken:
        raise violated(found, broken) from broken
    return changed, is_to_show(asking, found)


def _removed(tx: Transaction, asking: Asking, id: str, instances: Instances) -> tuple[Changed, bool]:
    found, who = _event(tx, asking), asking.viewer.account_id
    _check_whole(found)
    try:
        changed = asking.tools.attaching.remove(tx, found, id, instances, user_id=who, now=asking.now)
    except Violation as broken:
        raise violated(found, broken) from broken
    return changed, is_to_show(asking, found)


def _answer(asking: Asking, changed: Changed, is_shown: bool, status: int) -> Answer:
    kept, attached = changed.kept, changed.attached
    headers: Headers = (("ETag", kept.member.etag),)
    if kept.schedule_tag is not None:
        headers = (*headers, ("Schedule-Tag", f'"{kept.schedule_tag}"'))
    if attached is not None:
        headers = (*headers, ("Cal-Managed-ID", attached.managed_id))
    if attached is not None and status == 201:
        headers = (*headers, ("Location", attached.url))
    if not is_shown:
        return Answer(status, headers=headers)
    href = asking.target.href(collection=False)
    headers = (*headers, ("Content-Location", href), ("Preference-Applied", "return=representation"))
    return Answer(201 if status == 201 else 200, kept.octets, CONTENT_TYPE, headers)
