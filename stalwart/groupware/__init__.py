"""Calendars, address books and files of accounts: what both DAV and JMAP do with them."""
