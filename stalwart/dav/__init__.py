"""The face ``/dav``: WebDAV, CalDAV and CardDAV over calendars, address books and files."""
