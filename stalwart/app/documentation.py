"""Writes the documentation that is derived from declarations: endpoints, settings, the sample configuration.

``make docs`` runs it; ``tests/app/test_documentation.py`` fails when the files in the tree are not what it would write.
"""

from __future__ import annotations

import sys
from pathlib import Path

from stalwart.app.faces import routes
from stalwart.config.documentation import sample_config, settings_markdown
from stalwart.web.routes import routes_markdown

ENDPOINTS_HEAD = """# Endpoints

Written by `make docs` from the route declarations. Every answer outside a route, and every error, is
`application/problem+json`. `authenticated` means any signed-in account, another word is the permission it must have.

"""

DATA_STORE = '{"@type": "Sqlite", "path": "/var/lib/stalwart/store.sqlite3"}\n'


def documents() -> dict[str, str]:
    """Path below the project's root -> text."""
    return {
        "docs/endpoints.md": ENDPOINTS_HEAD + routes_markdown(routes()),
        "docs/settings.md": settings_markdown(),
        "etc/config.json": DATA_STORE,
        "etc/settings.sample.json": sample_config(),
    }


def main(root: str) -> None:
    """Write all documents below ``root``."""
    for name, text in documents().items():
        Path(root, name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ".")
