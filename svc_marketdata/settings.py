"""Settings of svc_marketdata."""

from typing import Annotated, ClassVar

from pydantic import Field

from mesh.settings import MeshSettings


class MarketDataSettings(MeshSettings):
    """Keys besides those of every process; environment prefix ``ORDERMESH_``."""

    service: ClassVar[str] = "svc-marketdata"

    bind: str = "127.0.0.1:50052"
    """Address of the gRPC server."""
    ops_bind: str = "127.0.0.1:9152"
    """Address of /metrics, /livez and /readyz."""
    subscriber_queue_updates_max: int = 20_000
    """Updates waiting for one EVERY_EVENT subscriber before its stream ends with SlowConsumer."""
    subscribers_max: int = 5_000
    """Open streams; further ones are refused with OVERLOADED."""
    instruments_max: int = 10_000
    """Listings with prices; updates of further ones are counted and dropped."""
    feed_silence_max_s: float = 15.0
    """Seconds without a frame before a venue's prices are flagged stale."""
    quote_age_max_s: float = 0.0
    """Seconds without change before a quote is flagged stale; 0 for never."""
    history_queue_trades_max: Annotated[int, Field(ge=1_000)] = 100_000
    """Reports of trades that wait for the database; further ones are dropped, which is a gap in the
    history. About 400 bytes each."""
    retention_trades_days: Annotated[int, Field(ge=2)] = 31
    """Days that trades are kept, and candles shorter than a minute, which are made of them. A day
    is dropped whole. At least 2."""
    history_quote_interval_s: Annotated[int, Field(ge=0, le=30)] = 1
    """Seconds of which the last quote of each listing is stored, if it changed, for replays. 0: no
    quotes are stored."""
    retention_quotes_days: Annotated[int, Field(ge=2)] = 2
    """Days that quotes are kept. A day is dropped whole. At least 2."""
    retention_candles_days: Annotated[int, Field(ge=35)] = 1_830
    """Days that candles are kept. A month is dropped whole. At least 35."""
    alerts_per_user_max: Annotated[int, Field(ge=1)] = 200
    """Active price alerts of one user; a further one is refused with OBJECT_STATE."""
    alerts_max: Annotated[int, Field(ge=1)] = 100_000
    """Active price alerts of all users, about 700 bytes each in every replica; a further one is
    refused with OVERLOADED."""
    retention_alerts_days: Annotated[int, Field(ge=36)] = 400
    """Days that the log of alerts, and alerts that ended, are kept. At least 36."""
