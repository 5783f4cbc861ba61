"""Settings of svc_oms. Keys have the prefix ORDERMESH_; README.md lists them."""

from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field

from mesh.settings import MeshSettings


def _limit(value: object) -> object:
    # An empty key counts as an absent one, so that no limit needs no value.
    return None if value == "none" else value


Limit = Annotated[Annotated[Decimal, Field(gt=0)] | None, BeforeValidator(_limit)]


_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
TimeOfDay = Annotated[str, Field(pattern=f"^{_TIME}$")]
_DAY_ENDS = f"^([A-Z0-9]{{4}}={_TIME}(,[A-Z0-9]{{4}}={_TIME})*)?$"


def _age(days: int) -> int:
    # What replicas keep in memory is compared with the log of the last 7 days.
    if 0 < days < RETENTION_DAYS_MIN:
        raise ValueError(f"it must be 0, or at least {RETENTION_DAYS_MIN} days")
    return days


RETENTION_DAYS_MIN = 35
RetentionDays = Annotated[int, Field(ge=0), AfterValidator(_age)]


class OmsSettings(MeshSettings):
    """One frozen value, read once."""

    service: ClassVar[str] = "svc-oms"

    bind: str = "127.0.0.1:50051"
    ops_bind: str = "127.0.0.1:9151"
    sessions_may_be_added: bool = True
    """A gateway may link a session that the OMS has never seen."""
    order_quantity_max: Limit = Decimal(1_000_000)
    """Largest quantity of one order, in shares; `none`: only the venue's limit."""
    order_value_max: Limit = Decimal(10_000_000)
    """Largest quantity times price of one order, in the instrument's currency; `none`: no limit."""
    statement_value_alone_max: Limit = Decimal(100_000)
    """Largest value that one person may state of an order (Resolve), in its currency; above it a
    second person must confirm. `none`: no limit."""
    answer_age_max_s: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    """Seconds a venue may take to answer; then the order is UNKNOWN and the venue is asked again.
    If the session of a venue is down for as long, a person may state what the venue has."""
    engage_confirm_s_max: Annotated[float, Field(gt=0, le=60)] = 5.0
    """Seconds Engage waits for the gateways to confirm; then it answers ENGAGING and names them."""
    trading_day_end_utc: TimeOfDay = "22:00"
    """When DAY ends, UTC, for orders that wait in the OMS, where a venue does not report when it
    closes and the calendar of the listing has no hours; at a venue the venue ends it."""
    trading_day_ends_utc: Annotated[str, Field(pattern=_DAY_ENDS)] = ""
    """The same for single venues: `XAMS=15:30,XNYS=20:00`; for others trading_day_end_utc."""
    retention_events_days: RetentionDays = 2557
    """Days that orders, their events, executions and idempotency keys are kept; then `admin
    retention` archives and removes them, a month at a time. RTS 6 and MiFID II ask for 5 to 7 years
    of records. At least 35; 0 keeps them for ever."""
    retention_audit_days: RetentionDays = 2557
    """The same for the audit log, and for parked messages that were settled."""
    stream_lag_events_max: int = 4096
    """A live reader that lacks more events than this is disconnected; at most 4096."""

    @property
    def trading_day_end_s(self) -> int:
        """The end of the trading day in seconds since midnight UTC."""
        return _seconds(self.trading_day_end_utc)

    @property
    def trading_day_ends_s(self) -> dict[str, int]:
        """The ends of single venues, by MIC, in seconds since midnight UTC."""
        pairs = [part.split("=") for part in self.trading_day_ends_utc.split(",") if part]
        return {mic: _seconds(text) for mic, text in pairs}


def _seconds(time_of_day: str) -> int:
    hours, minutes = time_of_day.split(":")
    return int(hours) * 3600 + int(minutes) * 60
