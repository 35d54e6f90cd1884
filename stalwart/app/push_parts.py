"""Builds what tells clients of changes: the feed, the streams on it, the devices that are pushed to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from attrs import define

from stalwart.app.company import Company
from stalwart.app.descriptors import descriptor_limit
from stalwart.app.foundations import Foundations
from stalwart.config.collaboration.jmap import Jmap
from stalwart.groupware.alarms import Alert
from stalwart.jmap.push.calendar_alert import calendar_alert
from stalwart.jmap.push.devices import Devices
from stalwart.jmap.push.feed import Feed
from stalwart.jmap.push.streams import PushStreams
from stalwart.mail.delivery.addresses import is_public
from stalwart.net.push_service import PushService
from stalwart.provider.vapid_key import VapidKey


@define
class PushParts:
    """What was built; ``allow`` says which addresses push services may have."""

    feed: Feed
    streams: PushStreams
    devices: Devices
    key: VapidKey
    allow: Callable[[str], bool]
    company: Company

    def services(self) -> dict[str, Any]:
        """What routes and JMAP methods may ask for, by name."""
        return {
            "push_streams": self.streams,
            "push_devices": self.devices,
            "push_addresses": self.allow,
            "push_key": lambda: self.key.public,
        }

    async def load(self) -> None:
        """Read what has to be known before anybody is answered."""
        await self.key.load()

    def lead(self) -> None:
        """Do what only one of several processes may do, from now on."""
        self.devices.lead()

    async def close(self) -> None:
        """Stop what runs."""
        self.devices.close()
        self.feed.close()
        self.key.close()

    def hear_objects(self, account_ids: Collection[int] | None) -> None:
        """Other processes have changed objects."""
        self.feed.hear_objects(account_ids)

    def alert(self, alert: Alert) -> None:
        """An alarm of a calendar is due."""
        members = calendar_alert(alert)
        self.company.told_alert(alert.user_id, members)
        self.feed.alert(alert.user_id, members)

    def hear_alert(self, account_id: int, alert: Mapping[str, Any]) -> None:
        """The same, told by the process that looks after alarms."""
        self.feed.alert(account_id, alert)

    def hear_subscriptions(self, account_ids: Collection[int] | None) -> None:
        """Other processes have changed push subscriptions."""
        self.devices.hear(account_ids)


def push_parts(below: Foundations, company: Company) -> PushParts:
    """The parts; nothing runs yet."""
    store, settings, telemetry, clock = below.store, below.settings, below.telemetry, below.reactor
    standing = below.directory.standing

    def allow(ip: str) -> bool:
        return is_public(ip) or settings.of(Jmap).push_to_private_networks

    feed = Feed(store, standing, clock, telemetry, company)
    key = VapidKey(store, settings, clock, telemetry, below.vault)
    service = PushService(clock, below.outgoing.trust_store, allow=allow, authorize=key.authorization)
    devices = Devices(store, settings, standing, feed, service, clock, telemetry, company.changed_subscriptions)
    streams = PushStreams(feed, standing, settings, company.places, telemetry, descriptor_limit())
    parts = PushParts(feed, streams, devices, key, allow, company)
    company.share_objects(parts)
    return parts
