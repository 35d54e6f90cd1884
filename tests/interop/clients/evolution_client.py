"""A person with Evolution: its data server over D-Bus, with a source for CalDAV or CardDAV.

``evolution_client.py calendar|contacts URL LOGIN PASSWORD``. Each line on standard input is a command as JSON, answered
by a line: ``["create", text]``, ``["change", text]``, ``["remove", uid]``, ``["refresh"]``, ``["list"]``,
``["busy", start, end, address]``.
"""

import json
import sys
from urllib.parse import urlsplit

import gi

for space, version in (("EDataServer", "1.2"), ("ECal", "2.0"), ("ICalGLib", "3.0"), ("EBook", "1.2")):
    gi.require_version(space, version)

from gi.repository import EBook, EBookContacts, ECal, EDataServer, GLib, ICalGLib  # noqa: E402

PATIENCE = 30
NAME = "interop"


def turn_while(condition, seconds=PATIENCE):
    """Runs the main loop until something is so; whether it is."""
    late = []
    GLib.timeout_add(int(seconds * 1000), late.append, True)
    context = GLib.MainContext.default()
    while condition() and not late:
        context.iteration(True)
    return not condition()


def source_for(kind, url, login):
    """A description of the collection at the URL."""
    place = urlsplit(url)
    made = EDataServer.Source.new_with_uid(NAME, None)
    made.set_display_name(NAME)
    if kind == "calendar":
        made.set_parent("caldav-stub")
        made.get_extension(EDataServer.SOURCE_EXTENSION_CALENDAR).set_backend_name("caldav")
    else:
        made.set_parent("carddav-stub")
        made.get_extension(EDataServer.SOURCE_EXTENSION_ADDRESS_BOOK).set_backend_name("carddav")
    authentication = made.get_extension(EDataServer.SOURCE_EXTENSION_AUTHENTICATION)
    authentication.set_host(place.hostname)
    authentication.set_port(place.port)
    authentication.set_user(login)
    authentication.set_method("plain/password")
    made.get_extension(EDataServer.SOURCE_EXTENSION_SECURITY).set_method("none")
    made.get_extension(EDataServer.SOURCE_EXTENSION_WEBDAV_BACKEND).set_resource_path(place.path)
    return made


def connected(kind, source, login, password):
    """A client of the source, signed in as soon as it is asked who it is."""
    found = []

    def asked(of, reason, pem, errors, error):
        credentials = EDataServer.NamedParameters.new()
        credentials.set("username", login)
        credentials.set("password", password)
        of.invoke_authenticate(credentials, None, lambda of, result: of.invoke_authenticate_finish(result))

    source.connect("credentials-required", asked)
    if kind == "calendar":
        events = ECal.ClientSourceType.EVENTS
        ECal.Client.connect(source, events, PATIENCE, None, lambda _, result: found.append(result))
        finish = ECal.Client.connect_finish
    else:
        EBook.BookClient.connect(source, PATIENCE, None, lambda _, result: found.append(result))
        finish = EBook.BookClient.connect_finish
    turn_while(lambda: not found, 2 * PATIENCE)
    return finish(found[0])


class Events:
    def __init__(self, client):
        self.client = client

    def create(self, text):
        return self.client.create_object_sync(ICalGLib.Component.new_from_string(text), 0, None)[1]

    def change(self, text):
        changed = ICalGLib.Component.new_from_string(text)
        return self.client.modify_object_sync(changed, ECal.ObjModType.ALL, 0, None)

    def remove(self, uid):
        return self.client.remove_object_sync(uid, None, ECal.ObjModType.ALL, 0, None)

    def list(self):
        return sorted(each.get_summary() for each in self.client.get_object_list_sync("#t", None)[1])

    def busy(self, start, end, address):
        told = self.client.get_free_busy_sync(start, end, [address], None)[1]
        return [each.as_ical_string() for each in (part.get_icalcomponent() for part in told)]


class Contacts:
    def __init__(self, client):
        self.client = client

    def create(self, text):
        return self.client.add_contact_sync(EBookContacts.Contact.new_from_vcard(text), 0, None)[1]

    def change(self, text):
        return self.client.modify_contact_sync(EBookContacts.Contact.new_from_vcard(text), 0, None)

    def remove(self, uid):
        return self.client.remove_contact_by_uid_sync(uid, 0, None)

    def list(self):
        found = self.client.get_contacts_sync(EBookContacts.BookQuery.any_field_contains("").to_string(), None)[1]
        return sorted(each.get_property("full-name") for each in found)


def main(kind, url, login, password):
    registry = EDataServer.SourceRegistry.new_sync(None)
    registry.commit_source_sync(source_for(kind, url, login), None)
    turn_while(lambda: registry.ref_source(NAME) is None)
    client = connected(kind, registry.ref_source(NAME), login, password)
    objects = Events(client) if kind == "calendar" else Contacts(client)
    print(json.dumps({"online": client.is_online(), "readonly": client.is_readonly()}), flush=True)
    for line in sys.stdin:
        command, *given = json.loads(line)
        if command == "refresh":
            answer = client.refresh_sync(None)
            turn_while(lambda: True, 1)  # it looks by itself, and does not say when it has
        else:
            answer = getattr(objects, command)(*given)
        print(json.dumps(answer), flush=True)


main(*sys.argv[1:])
