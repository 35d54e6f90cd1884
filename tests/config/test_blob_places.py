"""From x:BlobStore to files of blobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import blob_places as module
from stalwart.config.blob_places import blob_files_of
from stalwart.config.storage.blob_store import BlobStore
from stalwart.errors import Invalid
from stalwart.store.blob_files import DiskBlobFiles
from stalwart.store.s3.bucket import Place

SECRET = {"@type": "Value", "secret": "hush"}
KEY = {"@type": "Value", "value": "AK"}


class BlobPlacesTests(SynchronousTestCase):
    def files(self, **members: Any) -> Any:
        return blob_files_of(BlobStore.from_wire({key.replace("at_", "@"): v for key, v in members.items()}), Path("x"))

    def place(self, **members: Any) -> Place:
        places: list[Place] = []
        self.patch(module, "Bucket", places.append)
        self.files(at_type="S3", bucket="mail", **members)
        return places[0]

    def test_the_default_is_the_data_store(self) -> None:
        self.assertIsNone(self.files(at_type="Default"))

    def test_a_folder(self) -> None:
        root = Path(self.mktemp()).absolute()
        files = self.files(at_type="FileSystem", path=str(root), depth=3)
        self.assertIsInstance(files, DiskBlobFiles)
        with files.begin() as writer:
            name = writer.commit().hash.hex()
        self.assertTrue((root / name[:2] / name[2:4] / name[4:6] / name).exists())

    def test_a_folder_that_depends_on_where_the_server_was_started_is_refused(self) -> None:
        with self.assertRaises(Invalid) as raised:
            self.files(at_type="FileSystem", path="blobs")
        self.assertEqual(raised.exception.properties, ("path",))

    def test_a_bucket_of_amazon(self) -> None:
        place = self.place(region={"@type": "EuCentral1"}, profile="mail", timeout=5000, maxRetries=2)
        self.assertEqual(place, Place("mail", "eu-central-1", profile="mail", timeout=5.0, retries=2))

    def test_a_bucket_elsewhere(self) -> None:
        region = {"@type": "Custom", "customEndpoint": "https://s3.example.test", "customRegion": "r1"}
        place = self.place(
            region=region,
            keyPrefix="mail/",
            accessKey=KEY,
            secretKey=SECRET,
            securityToken=SECRET,
            verifyAfterWrite=False,
            allowInvalidCerts=True,
        )
        wanted = Place(
            "mail",
            "r1",
            "https://s3.example.test",
            "mail/",
            None,
            "AK",
            "hush",
            "hush",
            verify_after_write=False,
            allow_invalid_certificates=True,
        )
        self.assertEqual(place, wanted)

    def test_half_a_pair_of_keys_is_refused(self) -> None:
        with self.assertRaises(Invalid):
            self.place(accessKey=KEY)

    def test_a_key_that_cannot_be_read_is_named(self) -> None:
        with self.assertRaises(Invalid) as raised:
            self.place(accessKey=KEY, secretKey={"@type": "File", "filePath": "/nowhere/secret"})
        self.assertEqual(raised.exception.properties, ("secretKey",))
        self.assertNotIn("nowhere", raised.exception.detail)
