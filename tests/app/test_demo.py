"""The demonstration accounts: made once, kept as somebody changed them, told to nobody but the owner of the folder."""

from __future__ import annotations

import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.demo import CREDENTIALS, ensure_demo, invitation, read_credentials, url_of
from stalwart.config.domains.domain import Domain
from stalwart.errors import Invalid
from tests.directory.world import World

LOGINS = ["admin@example.test", "alice@example.test", "bob@example.test"]


class UrlTests(SynchronousTestCase):
    """Clients are sent to where the demonstration listens, not to a name of the machine."""

    def test_endpoints(self) -> None:
        self.assertEqual(url_of("tcp:8080:interface=127.0.0.1"), "http://127.0.0.1:8080")
        self.assertEqual(url_of("tcp:port=81:interface=localhost"), "http://localhost:81")
        for other in ("tcp:0:interface=127.0.0.1", "tcp:8080", "tcp:80:interface=0.0.0.0", "tls:443", "unix:/x"):
            self.assertIsNone(url_of(other), other)


class DemoTests(World):
    """A data folder and a directory."""

    def setUp(self) -> None:
        super().setUp()
        self.data = Path(self.mktemp())
        self.data.mkdir()
        self.file = self.data / CREDENTIALS

    def ensure(self) -> list[tuple[str, str]]:
        return self.settle(ensure_demo(self.data, self.settings, self.accounts))

    def test_three_accounts_with_passwords_of_letters_and_digits(self) -> None:
        people = self.ensure()
        self.assertEqual([login for login, _ in people], LOGINS)
        for _, password in people:
            self.assertRegex(password, r"\A[A-Za-z0-9]{16}\Z")

    def test_file_has_a_line_of_login_and_password_for_each(self) -> None:
        people = self.ensure()
        self.assertEqual(self.file.read_text(), "".join(f"{login} {password}\n" for login, password in people))

    def test_only_the_owner_reads_the_file(self) -> None:
        self.ensure()
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)

    def test_second_start_changes_nothing(self) -> None:
        first = self.ensure()
        written = self.file.stat()
        self.assertEqual((self.ensure(), self.file.stat().st_mtime_ns), (first, written.st_mtime_ns))

    def test_admin_is_an_administrator_and_the_others_are_users(self) -> None:
        for login, password in self.ensure():
            access = self.sign_in(login, password)
            self.assertEqual(access.may("sysHttpUpdate"), login == LOGINS[0], login)

    def test_account_of_somebodys_own_is_kept_and_not_told(self) -> None:
        self.user("alice")
        people = self.ensure()
        self.assertEqual([login for login, _ in people], [LOGINS[0], LOGINS[2]])
        self.sign_in("alice@example.test")

    def test_account_that_is_missing_from_the_file_is_made(self) -> None:
        self.file.write_text("bob@example.test known\n")
        people = dict(self.ensure())
        self.assertEqual((people["bob@example.test"], sorted(people)), ("known", sorted(LOGINS)))

    def test_without_the_demo_domain_nothing_is_made(self) -> None:
        self.settle(self.settings.change(Domain, {"name": "other.test"}, self.domain_id))
        self.assertEqual((self.ensure(), self.file.exists()), ([], False))

    def test_lines_that_make_no_sense_are_passed_over(self) -> None:
        self.file.write_text("\nnonsense\na@b c d\n")
        self.assertEqual(read_credentials(self.data), [("a@b", "c d")])

    def test_file_that_is_no_text_is_an_error_that_names_it(self) -> None:
        self.file.write_bytes(b"\xff\xfe")
        self.assertIn(CREDENTIALS, self.assertRaises(Invalid, read_credentials, self.data).detail)

    def test_folder_in_its_place_is_an_error_that_names_it(self) -> None:
        self.file.mkdir()
        self.assertIn(CREDENTIALS, self.assertRaises(Invalid, read_credentials, self.data).detail)

    def test_invitation_says_what_to_open_who_to_be_and_what_to_run(self) -> None:
        text = invitation("http://127.0.0.1:8080", Path("var"), [("a@b", "pw")])
        self.assertIn("Open     http://127.0.0.1:8080/admin ", text)
        for part in (
            "http://127.0.0.1:8080/diagnose",
            "8080/account",
            "a@b",
            "pw",
            "var/demo-credentials.txt",
            "diagnose --demo",
        ):
            self.assertIn(part, text)
