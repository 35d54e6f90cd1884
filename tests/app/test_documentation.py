"""What is derived from declarations is what stands in the tree."""

from __future__ import annotations

import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.documentation import documents, main
from stalwart.app.faces import routes

ROOT = Path(__file__).parent.parent.parent


class DocumentationTests(SynchronousTestCase):
    """`make docs` is run before a change is kept."""

    def test_files_in_the_tree_are_what_would_be_written(self) -> None:
        stale = [name for name, text in documents().items() if (ROOT / name).read_text(encoding="utf-8") != text]
        self.assertEqual(stale, [], "run make docs")

    def test_each_endpoint_has_a_line(self) -> None:
        text = documents()["docs/endpoints.md"]
        self.assertEqual([one.pattern for one in routes() if f"`{one.pattern}`" not in text], [])

    def test_sample_configuration_is_a_data_store(self) -> None:
        self.assertIn("@type", json.loads(documents()["etc/config.json"]))

    def test_main_writes_below_the_given_root(self) -> None:
        root = Path(self.mktemp())
        for name in documents():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
        main(str(root))
        written = {name: (root / name).read_text(encoding="utf-8") for name in documents()}
        self.assertEqual(written, documents())
