"""Ids that carry what an application has registered (auth-api 4.2)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.sealing import Sealer
from stalwart.provider.scopes import MAIL, SCOPES
from stalwart.provider.stateless_clients import LONGEST, PREFIX, Carried, read_id, write_id


class Key:
    """A master key."""

    def __init__(self, text: str = "a key") -> None:
        self.text = text


SEALER = Sealer(Key())
ONE = Carried(("com.example.app:/cb",), frozenset((MAIL, "offline_access")), "An App", "RS256")


class IdTests(SynchronousTestCase):
    def test_id_carries_the_registration(self) -> None:
        client = read_id(SEALER, write_id(SEALER, ONE))
        assert client is not None
        self.assertEqual((client.kind, client.name, client.signing_algorithm), ("stateless", "An App", "RS256"))
        self.assertEqual(client.redirect_uris, {"com.example.app:/cb"})
        self.assertEqual(client.scopes, {MAIL, "offline_access"})
        self.assertFalse(client.is_confidential)

    def test_same_registration_gives_the_same_id(self) -> None:
        self.assertEqual(write_id(SEALER, ONE), write_id(SEALER, ONE))
        self.assertRegex(write_id(SEALER, ONE), r"^swc1\.[A-Za-z0-9_-]+$")

    def test_without_scopes_any_may_be_asked_for(self) -> None:
        client = read_id(SEALER, write_id(SEALER, Carried(("https://a.example/",))))
        assert client is not None
        self.assertEqual((client.scopes, client.name, client.signing_algorithm), (None, None, None))

    def test_another_key_voids_ids(self) -> None:
        self.assertIsNone(read_id(Sealer(Key("another")), write_id(SEALER, ONE)))

    def test_texts_that_are_no_ids(self) -> None:
        id = write_id(SEALER, ONE)
        sealed = SEALER.seal("token", b"\x01")
        other_version = SEALER.seal_fixed("oauth-client", b"\x02rest")
        for text in ("", PREFIX, id[:-1], id + "A", id[1:], id.upper(), PREFIX + sealed, PREFIX + other_version):
            self.assertIsNone(read_id(SEALER, text), text)

    def test_ids_that_are_too_long_are_none(self) -> None:
        id = write_id(SEALER, Carried(tuple(f"https://a.example/{n}" for n in range(60))))
        self.assertGreater(len(id), LONGEST)
        self.assertIsNone(read_id(SEALER, id))

    @given(
        st.lists(st.text(max_size=200), min_size=1, max_size=3),
        st.none() | st.frozensets(st.sampled_from(SCOPES), min_size=1),
        st.none() | st.text(min_size=1, max_size=30),
    )
    def test_whatever_is_short_enough_comes_back(
        self, uris: list[str], scopes: frozenset[str] | None, name: str | None
    ) -> None:
        id = write_id(SEALER, Carried(tuple(uris), scopes, name))
        client = read_id(SEALER, id)
        if len(id) > LONGEST:
            self.assertIsNone(client)
            return
        assert client is not None
        self.assertEqual((client.redirect_uris, client.scopes, client.name), (frozenset(uris), scopes, name))

    @given(st.text(max_size=80))
    def test_any_text_is_read_without_a_fault(self, text: str) -> None:
        self.assertIsNone(read_id(SEALER, PREFIX + text))
