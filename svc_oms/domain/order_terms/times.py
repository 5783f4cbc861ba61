"""Times as text, without a clock or a calendar of the machine."""

from kernel.nanoseconds import NS_PER_S

_DAYS_OF_400_YEARS = 146_097
# From 0000-03-01, where these years begin, to 1970-01-01.
_DAYS_BEFORE_1970 = 719_468


def utc(time_ns: int) -> str:
    """Return UTC nanoseconds since 1970 as ISO 8601, to the second, in any year."""
    days, seconds = divmod(time_ns // NS_PER_S, 86_400)
    # Years begin in March here, so that the leap day is the last of its year.
    era, day_of_era = divmod(days + _DAYS_BEFORE_1970, _DAYS_OF_400_YEARS)
    years = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * years + years // 4 - years // 100)
    from_march = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * from_march + 2) // 5 + 1
    next_year, month_from_0 = divmod(from_march + 2, 12)
    month = month_from_0 + 1
    year = years + era * 400 + next_year
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
