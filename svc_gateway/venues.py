"""The venues file: one frozen value per FIX session, every key documented, unknown keys refused."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from kernel.decimals import parse_decimal
from kernel.names.symbol_names import NAME_PATTERN
from mesh.settings import SettingsError, fault_words
from svc_gateway.domain.market.symbols import SymbolNames
from svc_gateway.venue_calendar import TradingDayConfig, known_zone
from svc_gateway.venue_fees import FeeRateConfig, FeesConfig

MIC = Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$")]
CompId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x01=]+$")]


def _not_negative(text: str) -> str:
    if parse_decimal(text) < 0:
        raise ValueError("must not be negative")
    return text


def _positive(text: str) -> str:
    if parse_decimal(text) <= 0:
        raise ValueError("must be positive")
    return text


def _positive_or_none(text: str) -> str:
    return text and _positive(text)


# Canonical decimals in quotes, as everywhere on our wire: "0.01", "100".
DecimalText = Annotated[str, AfterValidator(_positive)]
OptionalDecimalText = Annotated[str, AfterValidator(_positive_or_none)]
FromPrice = Annotated[str, AfterValidator(_not_negative)]
# ISO 4217, or empty.
Currency = Annotated[str, Field(pattern=r"^([A-Z]{3})?$")]


# The furthest that a venue's clock may be from ours before its times do not count. Seconds.
CLOCK_DIFFERENCE_MAX_S = 60


class VenuesFileError(SettingsError):
    """The venues file cannot be used; the text names file, key, value and what is allowed."""


class Role(StrEnum):
    """What a FIX session is for."""

    ORDERS = "orders"
    MARKET_DATA = "market_data"
    DROP_COPY = "drop_copy"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class TlsConfig(_Frozen):
    """TLS of one FIX session."""

    enabled: bool = False
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    server_name: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.enabled and self.ca is None:
            raise ValueError("tls.ca is required when tls.enabled is true")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("tls.certificate and tls.key are given together or not at all")
        return self


class TickBandConfig(_Frozen):
    """One step of a tick-size table."""

    from_price: FromPrice = "0"
    tick_size: DecimalText


VenueSymbol = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]


class InstrumentConfig(_Frozen):
    """A listing from the file, for venues without SecurityList(y)."""

    # Symbol(55) without dialect.symbol_suffix.
    symbol: VenueSymbol
    isin: Annotated[str, Field(pattern=r"^([A-Z]{2}[A-Z0-9]{9}[0-9])?$")] = ""
    name: Annotated[str, Field(max_length=128)] = ""
    kind: Literal["share", "etf"] = "share"
    # Empty: default_currency of the session.
    currency: Currency = ""
    lot_size: DecimalText = "1"
    max_quantity: OptionalDecimalText = ""
    tick_table: tuple[TickBandConfig, ...] = ()


OrderTypeName = Literal[
    "market", "limit", "stop", "stop_limit", "market_to_limit", "iceberg", "pegged", "trailing_stop"
]
TimeInForceName = Literal["day", "gtc", "gtd", "ioc", "fok", "at_open", "at_close"]


AccountName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x01=]+$")]


class DialectConfig(_Frozen):
    """How this venue speaks FIX 4.4 where the standard leaves a choice, and what it takes."""

    # What the venue works itself. The OMS gets the list, and refuses or works the rest.
    order_types: Annotated[tuple[OrderTypeName, ...], Field(min_length=1)] = ("market", "limit")
    times_in_force: Annotated[tuple[TimeInForceName, ...], Field(min_length=1)] = (
        "day",
        "gtc",
        "ioc",
        "fok",
    )
    # Orders in money, CashOrderQty(152): the venue works out OrderQty(38) and reports it.
    cash_quantity: bool = False
    # Answer messages that we cannot use with BusinessMessageReject(j), as FIX requires.
    business_reject: bool = True
    display_tag: Literal["max_floor", "display_qty"] = "max_floor"
    # The time zone of ExpireDate(432); empty where the venue takes ExpireTime(126).
    expire_date_zone: Annotated[str, AfterValidator(known_zone)] = ""

    send_security_id: bool = True
    send_currency: bool = True
    send_security_exchange: bool = False
    send_parties: bool = False
    send_handl_inst: bool = True
    account_tag: Literal["account", "none"] = "account"
    # Unsolicited orders: "park" keeps the report for a person, "adopt" opens the order if its
    # account is one of telephone_accounts.
    telephone_orders: Literal["adopt", "park"] = "park"
    # Accounts in which this venue may open orders; adopt needs at least one.
    telephone_accounts: tuple[AccountName, ...] = ()
    # Unsolicited orders that the session may open in 24 hours; further ones are parked.
    telephone_orders_per_day_max: Annotated[int, Field(ge=1, le=100_000)] = 100
    # Their account if the venue reports no Account(1): one of telephone_accounts; empty: they are
    # parked.
    telephone_account: Annotated[str, Field(max_length=64, pattern=r"^[^\x01=]*$")] = ""
    symbol_suffix: Annotated[str, Field(max_length=16, pattern=r"^[^\x01=]*$")] = ""
    # Names by Symbol(55) without the suffix, for instrument_ids, in place of those that
    # domain/symbols.py makes. The same in all sessions of a venue.
    symbols: Annotated[
        dict[VenueSymbol, Annotated[str, Field(pattern=NAME_PATTERN)]], Field(max_length=10_000)
    ] = {}
    transact_time: Literal["seconds", "milliseconds", "microseconds"] = "milliseconds"
    # Trades come with MDEntrySize(271); one without, or of 0, is then not the market.
    trade_sizes: bool = True
    # Ask for auction indications: MDEntryType(269)=Q, of FIX 5.0, and A.
    auction_prices: bool = False
    # The venue's own TradeCondition(277) codes of prints that are not the market.
    off_market_conditions: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[^\x01= ]{1,8}$")], ...], Field(max_length=64)
    ] = ()
    md_depth: Annotated[int, Field(ge=0, le=1000)] = 10
    md_update: Literal["incremental", "full"] = "incremental"
    md_batch_instruments: Annotated[int, Field(ge=1, le=500)] = 50
    security_list: bool = True
    trading_session_status: bool = False
    # Ask for the status of each listing with SecurityStatusRequest(e).
    security_status: bool = True
    mass_status: bool = False
    simulated: bool = False

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        for key in ("order_types", "times_in_force"):
            names = getattr(self, key)
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{key} names twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _one_name_each(self) -> Self:
        given = list(self.symbols.values())
        twice = sorted({name for name in given if given.count(name) > 1})
        if twice:
            raise ValueError(f"symbols gives one name to two symbols: {', '.join(twice)}")
        return self

    def names(self) -> SymbolNames:
        """Return the names of this venue's symbols."""
        return SymbolNames(self.symbol_suffix, self.symbols)

    @model_validator(mode="after")
    def _adopts_for_somebody(self) -> Self:
        if self.telephone_orders == "adopt" and not self.telephone_accounts:
            raise ValueError("telephone_orders: adopt needs telephone_accounts: whose orders?")
        if self.telephone_account and self.telephone_account not in self.telephone_accounts:
            raise ValueError("telephone_account must be one of telephone_accounts")
        return self


class SessionConfig(_Frozen):
    """One FIX session with a venue."""

    session_id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
    venue_mic: MIC
    role: Role
    begin_string: Literal["FIX.4.4"] = "FIX.4.4"
    sender_comp_id: CompId
    target_comp_id: CompId
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)]
    tls: TlsConfig = TlsConfig()
    heartbeat_s: Annotated[int, Field(ge=1, le=300)] = 10
    reconnect_s: Annotated[int, Field(ge=1, le=300)] = 2
    reset_on_logon: bool = False
    username: str = ""
    password_file: Path | None = None
    venue_messages_per_second: Annotated[int, Field(ge=1, le=100_000)] = 1000
    command_age_max_s: Annotated[int, Field(ge=1, le=3600)] = 30
    # The same for orders that execute at once: market, IOC, FOK.
    immediate_age_max_s: Annotated[int, Field(ge=1, le=3600)] = 3
    # A longer message of the venue is parked; beyond 64 MiB the connection ends.
    message_bytes_max: Annotated[int, Field(ge=4096, le=64 * 1024 * 1024)] = 1024 * 1024
    # RTS 25: 1 ms for electronic trading, 1 s (1000000) for voice and the like.
    clock_tolerance_us: Annotated[int, Field(ge=100, le=10_000_000)] = 1000
    # The longest time that the fastest message takes on this line.
    clock_delay_max_us: Annotated[int, Field(ge=0, le=10_000_000)] = 20_000
    # While it is open, a venue that sends no prices for longer is silent: its prices are stale.
    # 0 for never. Only of market-data sessions.
    price_silence_max_s: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    # Prices: if the venue's clock is further from ours, the times of the receipt count. Seconds.
    clock_difference_max_s: Annotated[int, Field(ge=1, le=86_400)] = CLOCK_DIFFERENCE_MAX_S
    # None: the calendar that the library has for the MIC, else days of UTC.
    trading_day: TradingDayConfig | None = None
    dialect: DialectConfig = DialectConfig()
    # What the venue charges. Without it the venue takes orders, and no routed ones. Only of orders
    # sessions.
    fees: FeesConfig | None = None
    # If SecurityList(y) has no Currency(15), or an instrument below no currency. Empty: it is then
    # not known, and the listing cannot be traded.
    default_currency: Currency = ""
    # If SecurityList(y) has no tick table or lot.
    default_tick_table: tuple[TickBandConfig, ...] = (TickBandConfig(tick_size="0.01"),)
    default_lot_size: DecimalText = "1"
    instruments: tuple[InstrumentConfig, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _market_data_resets(cls, data: Any) -> Any:
        # Old prices are of no use: a market-data session resets its numbers by default.
        if isinstance(data, dict) and data.get("role") == Role.MARKET_DATA.value:
            return {"reset_on_logon": True, **data}
        return data

    @model_validator(mode="after")
    def _charges_for_orders(self) -> Self:
        if self.fees is not None and self.role is not Role.ORDERS:
            raise ValueError(f"fees belong to the session of role orders, not {self.role.value}")
        return self

    @model_validator(mode="after")
    def _symbols_have_names(self) -> Self:
        names = self.dialect.names()
        by_name: dict[str, str] = {}
        for item in self.instruments:
            name = names.name_of(item.symbol)
            if name in by_name:
                raise ValueError(f"instruments names twice: {item.symbol}")
            by_name[name] = item.symbol
        return self

    @model_validator(mode="after")
    def _with_currencies(self) -> Self:
        without = [item.symbol for item in self.instruments if not item.currency]
        if without and not self.default_currency:
            raise ValueError(
                f"instruments without currency: {', '.join(without[:5])}; give each its currency, "
                "or the session a default_currency"
            )
        return self

    def password(self) -> str:
        """Return the secret of password_file without the newline at its end, or ""."""
        if self.password_file is None:
            return ""
        try:
            return self.password_file.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise VenuesFileError(
                f"session {self.session_id}: password_file {self.password_file} cannot be read: "
                f"{error.strerror}"
            ) from error


class VenuesFile(_Frozen):
    """All sessions this gateway owns."""

    sessions: Annotated[tuple[SessionConfig, ...], Field(min_length=1, max_length=64)]

    @model_validator(mode="before")
    @classmethod
    def _one_calendar_for_a_venue(cls, data: Any) -> Any:
        """Give a venue's calendar to all its sessions: one of them is enough to say it."""
        sessions = data.get("sessions") if isinstance(data, dict) else None
        if not isinstance(sessions, list) or not all(isinstance(one, dict) for one in sessions):
            return data
        sessions = list(sessions)
        # Of a session that cannot be read the venue may be anything.
        said = {
            str(one.get("venue_mic")): one["trading_day"]
            for one in sessions
            if "trading_day" in one
        }
        for at, one in enumerate(sessions):
            if (mic := str(one.get("venue_mic"))) in said:
                sessions[at] = {"trading_day": said[mic], **one}
        return {**data, "sessions": sessions}

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [session.session_id for session in self.sessions]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"session_id is used twice: {', '.join(twice)}")
        fix_ids = [(s.sender_comp_id, s.target_comp_id) for s in self.sessions]
        for pair in fix_ids:
            if fix_ids.count(pair) > 1:
                raise ValueError(
                    f"two sessions have sender_comp_id {pair[0]} and target_comp_id {pair[1]}; "
                    "their sequence numbers would be one"
                )
        return self

    @model_validator(mode="after")
    def _listed_once(self) -> Self:
        for venue_mic in {session.venue_mic for session in self.sessions}:
            listing = [s.session_id for s in self._of(venue_mic) if s.instruments]
            prices = [s for s in self._of(venue_mic) if s.role is Role.MARKET_DATA]
            orders = [s.session_id for s in self._of(venue_mic) if s.role is Role.ORDERS]
            if prices and set(listing) & set(orders):
                raise ValueError(
                    f"venue {venue_mic} has a market_data session: "
                    f"its instruments belong there, not under {', '.join(orders)}"
                )
            if not prices and len(listing) > 1:
                raise ValueError(
                    f"instruments of venue {venue_mic} are listed by {', '.join(listing)}: "
                    "list them in one session"
                )
        return self

    @model_validator(mode="after")
    def _named_alike(self) -> Self:
        for session in self.sessions:
            first = self._of(session.venue_mic)[0]
            if session.dialect.symbols != first.dialect.symbols:
                raise ValueError(
                    f"dialect.symbols of {first.session_id} and {session.session_id} differ: "
                    f"they are of one venue, {session.venue_mic}"
                )
            if session.trading_day != first.trading_day:
                raise ValueError(
                    f"trading_day of {first.session_id} and {session.session_id} differ: "
                    f"they are of one venue, {session.venue_mic}"
                )
        return self

    def _of(self, venue_mic: str) -> list[SessionConfig]:
        return [session for session in self.sessions if session.venue_mic == venue_mic]

    def without_prices(self) -> list[SessionConfig]:
        """Return the order sessions that list a venue's instruments themselves."""
        return [s for s in self.sessions if s.role is Role.ORDERS and s.instruments]

    def unlisted_venues(self) -> list[str]:
        """Return the venues with an order session whose listings no session here reports."""
        listed = {s.venue_mic for s in self.sessions if s.instruments or s.role is Role.MARKET_DATA}
        return sorted({session.venue_mic for session in self.sessions} - listed)


def load_venues(path: Path) -> VenuesFile:
    """Read and check the venues file.

    Raises:
        VenuesFileError: With every fault, one a line: file, key, what it was, what is allowed.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise VenuesFileError(f"{path}: cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise VenuesFileError(f"{path}: is not YAML: {error}") from error
    try:
        return VenuesFile.model_validate(data)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        # A faulty session is missing in the list, which is no fault of its own.
        own = [fault for fault in faults if fault["loc"] != ("sessions",)] or faults
        lines = [_explain(path, fault) for fault in own]
        raise VenuesFileError("\n".join(lines)) from error


def _explain(path: Path, fault: Any) -> str:
    key = _key(fault["loc"])
    if fault["type"] == "extra_forbidden":
        allowed = ", ".join(sorted(_model_at(fault["loc"][:-1]).model_fields))
        return f"{path}: {key}: unknown key; allowed here: {allowed}"
    given = "" if isinstance(fault["input"], dict) else f" (was {fault['input']!r})"
    return f"{path}: {key or 'file'}: {fault_words(fault)}{given}"


def _key(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    children: dict[str, type[BaseModel]] = {
        "sessions": SessionConfig,
        "tls": TlsConfig,
        "dialect": DialectConfig,
        "fees": FeesConfig,
        "taker": FeeRateConfig,
        "maker": FeeRateConfig,
        "trading_day": TradingDayConfig,
        "instruments": InstrumentConfig,
        "tick_table": TickBandConfig,
        "default_tick_table": TickBandConfig,
    }
    names = [part for part in location if isinstance(part, str)]
    return children[names[-1]] if names else VenuesFile
