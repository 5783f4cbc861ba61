"""Settings of a simulated venue."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from mesh.settings import MeshSettings

_SYMBOLS = r"^([!-+\--~][ -+\--~]*(,[!-+\--~][ -+\--~]*)*)?$"
"""Symbols of printable ASCII with commas between."""


class SimSettings(MeshSettings):
    """Keys of the venue, each ORDERMESH_ and the name in capitals; flags override them."""

    service: ClassVar[str] = "sim-exchange"

    @property
    def log_name(self) -> str:
        """Return the log name, which differs between venues on one machine."""
        return f"{self.service}-{self.sim_mic.lower()}"

    sim_mic: str = Field("SIMA", pattern=r"^[A-Z0-9]{4}$")
    """MIC and FIX CompID of the venue."""
    sim_host: str = "127.0.0.1"
    """Address to listen on."""
    sim_port: int = Field(9878, ge=1, le=65535)
    """TCP port of all FIX sessions of every client."""
    sim_store_dir: Path = Path(".ordermesh/sim")
    """Folder of the FIX store and the journal; a folder per MIC is made in it."""
    sim_clients: str = Field("ORDERMESH", pattern=r"^[A-Za-z0-9_-]+(,[A-Za-z0-9_-]+)*$")
    """CompIDs of clients, with commas between; each has an order session, one named -MD for
    market data, and one named -DC for the drop copy."""
    sim_seed: int = 1
    """Seed of the agents; each venue mixes in its MIC."""
    sim_walk_seed: int = 1
    """Seed of the fair values; the same on all venues, so that their prices agree."""
    sim_agents: bool = True
    """Whether simulated agents trade."""
    sim_actions_per_s: float = Field(30.0, ge=0, le=5000)
    """Actions of all agents together per second."""
    sim_client_fill_mean_s: float = Field(2.0, ge=0)
    """Mean seconds until a taker comes for a client order near the touch; 0 for none."""
    sim_publish_ms: int = Field(100, ge=10, le=5000)
    """Milliseconds between publications of what changed."""
    sim_latency_ms: float = Field(0.0, ge=0, le=1000)
    """Milliseconds from SendingTime(52) of a client's order message until the venue handles it."""
    sim_ladder_levels: int = Field(6, ge=1, le=50)
    """Price levels a side of each market maker: the depth of the book."""
    sim_lot_notional: int = Field(20_000, ge=100, le=100_000_000)
    """Typical value of a market maker's order, in units of currency."""
    sim_tick_multiple: int = Field(1, ge=1, le=10)
    """Ticks of this venue in steps of RTS 11; that regulation gives the smallest tick, and a
    venue may have a larger one."""
    sim_pending_reports: bool = False
    """Send PENDING_NEW, PENDING_CANCEL and PENDING_REPLACE before the real answer."""
    sim_basic_orders: bool = False
    """Take market and limit orders, DAY, GTC, IOC and FOK, and refuse all others."""
    sim_closed_orders_max: int = Field(200_000, ge=1000)
    """Closed client orders remembered for duplicates and status requests, about 1 KB
    each; beyond, the oldest are forgotten."""
    sim_session_start: str = Field("", pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")
    """UTC time HH:MM at which trading opens; empty with an empty end for 24 hours."""
    sim_session_end: str = Field("", pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")
    """UTC time HH:MM at which DAY orders expire and trading closes; empty for never."""
    sim_auction_s: int = Field(0, ge=0, le=3600)
    """Seconds in which orders collect before the opening auction, also when the process starts,
    and before the closing auction; 0 for no such phases."""
    sim_more_symbols: str = Field("", pattern=_SYMBOLS)
    """Further listings, by Symbol(55), with commas between: "BRK.B,VOLV B"."""
    sim_unlisted: str = Field("", pattern=_SYMBOLS)
    """Listings that are left out, as if they were delisted."""
    sim_without_prices: str = Field("", pattern=_SYMBOLS)
    """Listings whose prices are refused with MarketDataRequestReject(Y)."""
    sim_halted: str = Field("", pattern=_SYMBOLS)
    """Listings that are halted from the start."""
    sim_replay: str = ""
    """LOBSTER message file to play; empty for none."""
    sim_replay_symbol: str = ""
    """Instrument it is played into; empty for the file name's part before the first _."""
    sim_replay_speed: float = Field(1.0, ge=0)
    """Recorded seconds per second; 0 for as fast as possible."""
