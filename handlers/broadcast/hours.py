"""When broadcasts go out: in working hours, unless they are urgent."""

from __future__ import annotations

import datetime as dt

from handlers.context import Context

# Hours and days of work are those of nearly every office.
BEGIN, END = dt.time(7, 30), dt.time(17)
WORKDAYS = range(5)


def next_hour(context: Context, moment: dt.datetime) -> dt.datetime:
    """Return the first moment from one on at which the office works, UTC."""
    local = moment.astimezone(context.zone)
    for ahead in range(8):
        day = local.date() + dt.timedelta(days=ahead)
        begin, end = (dt.datetime.combine(day, time, context.zone) for time in (BEGIN, END))
        if day.weekday() in WORKDAYS and local < end:
            return max(begin, local).astimezone(dt.UTC)
    raise AssertionError(moment)
