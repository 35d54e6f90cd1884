"""``layouts`` of the document: the menu of an administration interface (settings B).

Management and Account are tables of what belongs there. Everything else is settings, in one folder for each area
of ``stalwart/config``, so a new declaration has its place. Icons have the names of the Lucide collection.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import Any

from stalwart.config.schema_document import words
from stalwart.config.schema_document.forms import title
from stalwart.config.schema_document.objects import views
from stalwart.config.schema_document.shapes import Shapes
from stalwart.schema import Declaration, Union

Entry = dict[str, Any]

_DELIVERY = "CustomComponent/LiveDelivery"  # a page of the interface, not a view of objects

_MANAGEMENT = (
    ("Directory", "users", ("Account/User", "Account/Group", "MailingList", "Role", "Tenant", "OAuthClient")),
    ("Domains", "globe", ("Domain", "DkimSignature")),
    ("Queue", "inbox", ("QueuedMessage",)),
    ("Reports", "file-text", ("DmarcExternalReport", "TlsExternalReport", "ArfExternalReport")),
    ("Diagnosis", "stethoscope", (_DELIVERY, "Trace", "Log")),
    ("Tasks", "list-checks", ("Task", "Task/TaskFailed", "Action")),
    ("Access", "shield", ("AllowedIp", "BlockedIp")),
)
_ACCOUNT = (
    ("AccountSettings", "user-cog"),
    ("AccountPassword", "lock-keyhole"),
    ("AppPassword", "key-round"),
    ("ApiKey", "square-terminal"),
    ("Passkey", "fingerprint"),
    ("RecoveryCodes", "life-buoy"),
    ("Session", "monitor-smartphone"),
    ("PublicKey", "file-key"),
    ("MaskedEmail", "venetian-mask"),
    ("ArchivedItem", "archive-restore"),
)
_NOWHERE = frozenset(("Bootstrap", "Metric"))  # a wizard, and what graphs are drawn from
_AREA_ICONS = {
    "network": "network",
    "tls": "badge-check",
    "identity": "users",
    "domains": "globe",
    "mail": "mail",
    "collaboration": "calendar-days",
    "monitoring": "activity",
    "storage": "database",
    "operation": "wrench",
}
_OTHER_ICON = "folder"


def layout_entries(shapes: Shapes) -> list[Entry]:
    """``layouts``: Management, Settings, Account."""
    names = _link_names(shapes)
    return [
        {"name": "Management", "icon": "layout-dashboard", "items": _management(names)},
        {"name": "Settings", "icon": "settings", "items": _settings(shapes, names)},
        {"name": "Account", "icon": "circle-user", "items": _account(names)},
    ]


def area(declaration: Declaration) -> str:
    """The sub-package of ``stalwart.config`` that declares an object."""
    kind = declaration.default if isinstance(declaration, Union) else declaration
    return kind.__module__.split(".")[2]


def area_title(name: str) -> str:
    """What an area is called: its docstring up to the colon."""
    doc = importlib.import_module(f"stalwart.config.{name}").__doc__ or ""
    return doc.partition(":")[0].strip()


def _link_names(shapes: Shapes) -> dict[str, str]:
    """What every view is called in a menu, by the name of the view."""
    names = {
        name: title(name) if made.is_singleton else words.capital(words.plural(words.phrase(name)))
        for name, made in shapes.objects.items()
    }
    names |= {view.name.removeprefix("x:"): words.capital(words.plural(view.phrase)) for view in views(shapes)}
    return {_DELIVERY: "Delivery", **names}


def _management(names: Mapping[str, str]) -> list[Entry]:
    folders = ((name, icon, [view for view in wanted if view in names]) for name, icon, wanted in _MANAGEMENT)
    return [_folder(name, icon, found, names) for name, icon, found in folders if found]


def _settings(shapes: Shapes, names: Mapping[str, str]) -> list[Entry]:
    managed = {view.partition("/")[0] for _, _, wanted in _MANAGEMENT for view in wanted}
    elsewhere = {*managed, *(name for name, _ in _ACCOUNT), *_NOWHERE}
    areas: dict[str, list[str]] = {}
    for name, made in shapes.objects.items():
        if name not in elsewhere:
            areas.setdefault(area(made), []).append(name)
    ordered = [*(name for name in _AREA_ICONS if name in areas), *sorted(areas.keys() - _AREA_ICONS.keys())]
    return [_folder(area_title(name), _AREA_ICONS.get(name, _OTHER_ICON), areas[name], names) for name in ordered]


def _account(names: Mapping[str, str]) -> list[Entry]:
    return [
        {"link": {"name": names[name], "icon": icon, "viewName": f"x:{name}"}}
        for name, icon in _ACCOUNT
        if name in names
    ]


def _folder(name: str, icon: str, found: Iterable[str], names: Mapping[str, str]) -> Entry:
    items = [
        {"type": "link", "name": names[view], "viewName": view if view == _DELIVERY else f"x:{view}"} for view in found
    ]
    return {"container": {"name": name, "icon": icon, "items": items}}
