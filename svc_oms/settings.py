"""Settings of svc_oms. Keys have the prefix ORDERMESH_; README.md lists them."""

from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field

from mesh.settings import MeshSettings


def _limit(value: object) -> object:
    # An empty key is an absent one, so that no limit needs a word.
    return None if value == "none" else value


Limit = Annotated[Annotated[Decimal, Field(gt=0)] | None, BeforeValidator(_limit)]


def _time_of_day(text: str) -> str:
    hours, _, minutes = text.partition(":")
    if not (len(text) == len("22:00") and hours.isdigit() and minutes.isdigit()):
        raise ValueError(f"{text!r} should be a time of day as in 22:00")
    if int(hours) > HOURS_LAST or int(minutes) > MINUTES_LAST:
        raise ValueError(f"{text!r} should be between 00:00 and 23:59")
    return text


HOURS_LAST, MINUTES_LAST = 23, 59
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]


class OmsSettings(MeshSettings):
    """One frozen value, read once."""

    service: ClassVar[str] = "svc-oms"

    bind: str = "127.0.0.1:50051"
    ops_bind: str = "127.0.0.1:9151"
    sessions_may_be_added: bool = True
    """A gateway may link a session the book has never seen."""
    order_quantity_max: Limit = Decimal(1_000_000)
    """Largest quantity of one order, in shares; `none` for none but the venue's."""
    order_value_max: Limit = Decimal(10_000_000)
    """Largest quantity times price of one order, in the instrument's currency; `none` for none."""
    trading_day_end_utc: TimeOfDay = "22:00"
    """When DAY ends, UTC, for orders that wait in the OMS; at a venue the venue ends it."""
    stream_lag_events_max: int = 4096
    """A live reader more events behind than this is sent away; at most 4096."""

    @property
    def trading_day_end_s(self) -> int:
        """The end of the trading day in seconds since midnight UTC."""
        hours, minutes = self.trading_day_end_utc.split(":")
        return int(hours) * 3600 + int(minutes) * 60
