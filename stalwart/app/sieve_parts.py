"""Builds what runs the scripts of accounts when mail comes; the queue that they send with is told to it later."""

from __future__ import annotations

from stalwart.app.foundations import Foundations
from stalwart.mail.authentication.signing import Signing
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.mail.sieve.dispatch import Dispatch
from stalwart.mail.sieve.filtering import Filtering
from stalwart.mail.sieve.placing import Placing


def filtering_of(
    below: Foundations, messages: Messages, folders: Folders, quotas: Quotas, own: OwnAddresses, signing: Signing
) -> Filtering:
    """The part; it sends nothing until its ``dispatch`` has an ``outbox``."""
    dispatch = Dispatch(below.store, messages, Placing(below.settings, folders, quotas), signing.signed)
    shared = below.telemetry, below.reactor, below.hostname
    return Filtering(below.store, below.settings, messages, own, dispatch, *shared)
