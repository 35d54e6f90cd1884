"""``stalwart-cli import``: mail, calendars, contacts and files of elsewhere, into an account over JMAP and DAV."""
