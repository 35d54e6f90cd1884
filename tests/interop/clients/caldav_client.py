"""A person with python-caldav: calendars, events, tasks, reports, sync and free-busy; what it found, as JSON."""

import datetime
import json
import sys

from caldav import DAVClient
from caldav.elements import dav
from caldav.lib import error

UTC = datetime.UTC
START, END = datetime.datetime(2026, 5, 1, tzinfo=UTC), datetime.datetime(2026, 5, 3, tzinfo=UTC)
DAILY = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//tests//EN
BEGIN:VEVENT
UID:u2
DTSTAMP:20260101T000000Z
DTSTART:20260501T120000Z
DURATION:PT1H
RRULE:FREQ=DAILY;COUNT=5
SUMMARY:Two
CATEGORIES:A,B
END:VEVENT
END:VCALENDAR
"""


def summaries(objects):
    return sorted(str(each.icalendar_component["SUMMARY"]) for each in objects)


def starts(objects):
    return sorted(each.icalendar_component["DTSTART"].dt.isoformat() for each in objects)


def is_refused(event):
    try:
        event.save()
    except (error.ETagMismatchError, error.PutError):
        return True
    return False


def events(calendar, told):
    one = calendar.save_event(dtstart=START.replace(hour=10), dtend=START.replace(hour=11), summary="One", uid="u1")
    two = calendar.save_event(DAILY)
    told["week"] = summaries(calendar.search(start=START, end=END, event=True))
    told["expanded here"] = starts(calendar.search(start=START, end=END, event=True, expand=True))
    told["by text"] = summaries(calendar.search(event=True, summary="Tw"))
    told["by category"] = summaries(calendar.search(event=True, category="B"))
    told["by uid"] = str(calendar.event_by_uid("u2").icalendar_component["SUMMARY"])
    told["together"] = len(list(calendar.multiget([one.url, two.url])))
    busy = calendar.freebusy_request(START, END)
    told["busy"] = "".join(busy.data.split()).count("/2026")
    return one


def tasks(calendar, told):
    calendar.save_todo(summary="Task", uid="t1", due=END)
    told["to do"] = summaries(calendar.todos())
    calendar.todos()[0].complete()
    told["done"] = [len(calendar.todos()), len(calendar.todos(include_completed=True))]
    often = calendar.save_todo(summary="Often", uid="t2", dtstart=START, due=END, rrule={"FREQ": "DAILY", "COUNT": 3})
    often.complete(handle_rrule=True, rrule_mode="safe")
    told["done once"] = [len(calendar.todos()), len(calendar.todos(include_completed=True))]
    calendar.save_journal(summary="Diary", uid="j1", dtstart=datetime.date(2026, 5, 1))
    told["journals"] = summaries(calendar.journals())


def following(calendar, one, told):
    known = calendar.objects_by_sync_token(load_objects=True)
    told["known"] = len(list(known))
    first, second = calendar.event_by_uid("u1"), calendar.event_by_uid("u1")
    first.icalendar_component["SUMMARY"] = "One changed"
    first.save()
    second.icalendar_component["SUMMARY"] = "One lost"
    told["conflict"] = is_refused(second)
    told["summary"] = str(calendar.event_by_uid("u1").icalendar_component["SUMMARY"])
    told["changes"] = [len(list(each)) for each in known.sync()]
    one.delete()
    told["removals"] = [len(list(each)) for each in known.sync()]


def main(url, login, password):
    told = {}
    principal = DAVClient(url=f"{url}/.well-known/caldav", username=login, password=password).principal()
    told["at first"] = len(principal.calendars())
    calendar = principal.make_calendar(name="Work", cal_id="work")
    told["made"] = len(principal.calendars())
    one = events(calendar, told)
    tasks(calendar, told)
    following(calendar, one, told)
    calendar.set_properties([dav.DisplayName("Play")])
    told["name"] = calendar.get_properties([dav.DisplayName()])[dav.DisplayName.tag]
    told["addresses"] = principal.calendar_user_address_set()
    told["inbox"] = len(list(principal.schedule_inbox().get_items()))
    calendar.delete()
    told["at last"] = len(principal.calendars())
    print(json.dumps(told))


main(*sys.argv[1:])
