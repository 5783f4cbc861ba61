"""Calendars of exchanges by MIC, made ahead of time from the library exchange-calendars.

`python -m tools.calendars` writes data/. docs/adr/0038 says why no service has the library.
"""
