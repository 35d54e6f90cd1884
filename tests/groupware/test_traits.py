"""The names of members, which are on disk: they never change."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.groupware import traits


class TraitsTests(SynchronousTestCase):
    def test_members_have_the_names_that_are_on_disk(self) -> None:
        written = {name: value for name, value in vars(traits).items() if name.isupper()}
        self.assertEqual(
            written,
            {
                "DESCRIPTION": "description",
                "COLOR": "color",
                "ORDER": "sortOrder",
                "TIME_ZONE": "timeZone",
                "TIME_ZONE_TEXT": "timeZoneText",
                "COMPONENTS": "components",
                "AVAILABILITY": "includeInAvailability",
                "CREATED": "created",
                "SUBSCRIBED": "isSubscribed",
                "VISIBLE": "isVisible",
                "ALERTS_WITH_TIME": "defaultAlertsWithTime",
                "ALERTS_WITHOUT_TIME": "defaultAlertsWithoutTime",
                "DEFAULT": "default",
                "MODIFIED": "modified",
                "ACCESSED": "accessed",
                "EXECUTABLE": "executable",
                "ROLE": "role",
                "SCHEDULE_TAG": "scheduleTag",
                "SECOND_HAND": "secondHand",
                "DRAFT": "isDraft",
                "ATTACHMENTS": "attachments",
                "DEAD": "dead",
            },
        )
