"""Collaboration: JMAP, WebDAV, calendars, contacts, files, mailboxes, sharing (settings C.9)."""
