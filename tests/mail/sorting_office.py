"""A post office whose people have mailboxes: messages are delivered without SMTP."""

from __future__ import annotations

from typing import Any

from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import Delivering
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.quota import Quotas
from tests.mail.post_office import PostOffice


class SortingOffice(PostOffice):
    """``deliver`` gives a message to somebody; ``mail_of`` says what somebody has."""

    def setUp(self) -> None:
        super().setUp()
        self.quotas = Quotas(self.settings, self.clock)
        self.messages = Messages(self.store, self.settings, self.quotas, self.clock, self.telemetry)
        folders = Folders(self.store, self.settings, self.clock)
        self.delivering = self.make_delivering(folders)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, values: self.told.append((event.id, values)))

    def make_delivering(self, folders: Folders) -> Delivering:
        """The way into accounts."""
        return Delivering(self.store, self.messages, folders, self.clock)

    def deliver(self, data: bytes, recipient: str, sender: str = "a@sender.test") -> None:
        """Have a message delivered; it must be taken."""

        async def work() -> Any:
            prepared = await self.messages.prepare(data)
            return await self.delivering.deliver(
                prepared, [self.resolve(recipient)], sender=sender, recipients=[recipient]
            )

        for outcome in self.settle(work()).values():
            self.assertNotIsInstance(outcome, Exception)

    @property
    def events(self) -> list[str]:
        """The ids of what was told."""
        return [id for id, _ in self.told]
