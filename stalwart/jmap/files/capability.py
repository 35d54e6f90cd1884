"""What the session says about files (spec/jmap.md 3): how deep, and which names there can be."""

from __future__ import annotations

from typing import Any, Final

from stalwart.groupware.file_tree import DEEPEST
from stalwart.jmap.capabilities import Audience, Capability
from stalwart.jmap.files.names import FORBIDDEN_CHARACTERS, FORBIDDEN_NAMES, LONGEST_NAME
from stalwart.store.object_types import FILE_NODE

FILENODE: Final = "urn:ietf:params:jmap:filenode"
SORTS: Final = ("name", "size", "nodeType", "type", "created", "modified", "accessed", "changed", "tree")
"""What FileNode/query can sort by."""


def _limits(audience: Audience) -> dict[str, Any]:
    belongs = audience.account_id in (audience.access.account_id, *audience.access.group_ids)
    return {
        "maxFileNodeDepth": DEEPEST,
        "maxSizeFileNodeName": LONGEST_NAME,
        "forbiddenNameChars": FORBIDDEN_CHARACTERS,
        "forbiddenNodeNames": list(FORBIDDEN_NAMES),
        "fileNodeQuerySortOptions": list(SORTS),
        "mayCreateTopLevelFileNode": belongs and audience.access.may("jmapFileNodeCreate"),
        "caseInsensitiveNames": False,
        "webTrashUrl": None,
        "webUrlTemplate": None,
        "webWriteUrlTemplate": None,
    }


filenode = Capability(FILENODE, account=_limits, permission="jmapFileNodeGet", shared=(FILE_NODE,))
