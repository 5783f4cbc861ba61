"""PriceAlertService: alerts of the caller on prices of listings."""

from collections.abc import AsyncIterator, Mapping
from hashlib import sha256
from typing import Final

from kernel.decimals import FRACTION_DIGITS_MAX, WHOLE_DIGITS_MAX, format_scaled, parse_nano
from kernel.nanoseconds import NS_PER_DAY
from kernel.ulid import ULID_CHARACTERS, new_ulid
from mesh.auth.access import Access, user
from mesh.errors import MeshError, refuse, wrong
from mesh.rpc.call import Call
from mesh.rpc.page_tokens import page_place, page_token
from mesh.timestamps import from_timestamp
from ordermesh.marketdata.v1 import price_alert_service_pb2 as pb
from svc_marketdata.api.alerts.mapping import PRICES, alert_to_proto
from svc_marketdata.api.alerts.stream import AlertStream, Frame
from svc_marketdata.api.answering import answered
from svc_marketdata.api.rights import not_entitled, rights_of
from svc_marketdata.api.subscriptions import instrument_not_found
from svc_marketdata.domain.alerts.alert import (
    PERCENT_MAX,
    PERCENT_MIN,
    Alert,
    AlertPrice,
    AlertState,
    Condition,
    changed_by,
)
from svc_marketdata.domain.price_rights import PriceRight
from svc_marketdata.service.alerts.keeper import AlertKeeper
from svc_marketdata.service.alerts.ports import (
    AlertLimits,
    KeyReusedError,
    NewAlert,
    TooManyAlertsError,
)
from svc_marketdata.service.alerts.prices import price_text

ACCESS: Final[Mapping[str, Access]] = {
    "CreateAlert": user(),
    "ListAlerts": user(),
    "CancelAlert": user(),
    "WatchAlerts": user(),
}
PAGE_SIZE_DEFAULT: Final = 100
LIFE_DEFAULT_DAYS: Final = 90
LIFE_MAX_DAYS: Final = 366
NEWEST_ID: Final = "Z" * ULID_CHARACTERS
PRICE_END: Final = 10 ** (WHOLE_DIGITS_MAX + FRACTION_DIGITS_MAX)
"""A price in 10⁻⁹ is below this."""


class PriceAlertServicer:
    """Serves ``ordermesh.marketdata.v1.PriceAlertService``."""

    def __init__(self, keeper: AlertKeeper) -> None:
        self._keeper = keeper

    async def CreateAlert(  # noqa: N802  # rpc names are the contract's
        self, request: pb.CreateAlertRequest, call: Call
    ) -> pb.CreateAlertResponse:
        """Make an alert."""
        keeper, key = self._keeper, request.idempotency_key
        digest = sha256(request.SerializeToString(deterministic=True)).digest()
        try:
            # First: what held when it was made may not hold now.
            before = await answered(keeper.store.created(call.user.subject, key, digest))
            if before is None:
                new = NewAlert(self._alert(request, call), key, digest)
                alert, duplicate = await answered(keeper.create(new))
            else:
                alert, duplicate = before, True
        except KeyReusedError as error:
            raise refuse(
                "IDEMPOTENCY_KEY_REUSED",
                f"idempotency_key {key!r} stands for another alert; expected a new key",
                "idempotency_key",
            ) from error
        except TooManyAlertsError as error:
            raise _too_many(keeper.limits, of_all=error.of_all) from error
        now_ns = keeper.data.clock.now_ns()
        return pb.CreateAlertResponse(
            alert=alert_to_proto(alert, rights_of(call), now_ns), duplicate=duplicate
        )

    async def ListAlerts(  # noqa: N802
        self, request: pb.ListAlertsRequest, call: Call
    ) -> pb.ListAlertsResponse:
        """Return a page of the caller's alerts."""
        keeper, rights, user_id = self._keeper, rights_of(call), call.user.subject
        place, size = page_place(request, (str,)), request.page_size or PAGE_SIZE_DEFAULT
        before = place[0] if place else NEWEST_ID
        await answered(keeper.apply_rights(user_id, rights))
        found = await answered(
            keeper.store.page(
                user_id, request.instrument_id, before, size, active_only=request.active_only
            )
        )
        now_ns = keeper.data.clock.now_ns()
        return pb.ListAlertsResponse(
            alerts=[alert_to_proto(one, rights, now_ns) for one in found],
            next_page_token=page_token(request, (found[-1].alert_id,))
            if len(found) == size
            else "",
        )

    async def CancelAlert(  # noqa: N802
        self, request: pb.CancelAlertRequest, call: Call
    ) -> pb.CancelAlertResponse:
        """Remove an active alert of the caller."""
        alert_id = request.alert_id
        alert = await answered(self._keeper.cancel(call.user.subject, alert_id))
        if alert is None:
            raise refuse(
                "OBJECT_NOT_FOUND",
                f"alert_id was {alert_id!r}: you have no such alert; see ListAlerts",
                "alert_id",
                value=alert_id,
            )
        if alert.state is not AlertState.CANCELED:
            state = alert.state.name
            raise refuse(
                "OBJECT_STATE", f"the alert is {state}: only an ACTIVE one can be removed",
                "alert_id", state=state,
            )  # fmt: skip
        now_ns = self._keeper.data.clock.now_ns()
        return pb.CancelAlertResponse(alert=alert_to_proto(alert, rights_of(call), now_ns))

    async def WatchAlerts(  # noqa: N802
        self, request: pb.WatchAlertsRequest, call: Call
    ) -> AsyncIterator[Frame]:
        """The active alerts of the caller, then every change."""
        await answered(self._keeper.apply_rights(call.user.subject, rights_of(call)))
        wanted = request.cursor if request.HasField("cursor") else None
        async for frame in AlertStream(self._keeper, call, request.heartbeat_s).frames(wanted):
            yield frame

    def _alert(self, request: pb.CreateAlertRequest, call: Call) -> Alert:
        """Read an alert.

        Raises:
            MeshError: INVALID_FIELD, INSTRUMENT_NOT_FOUND or PERMISSION_DENIED.
        """
        keeper, name = self._keeper, request.instrument_id
        entry = keeper.data.listed.get(name)
        if entry is None:
            raise instrument_not_found(name, "instrument_id")
        rights, mic = rights_of(call), entry.market.venue_mic
        if rights.of(mic) is PriceRight.NONE:
            raise not_entitled(rights, mic, f"prices of {name}", "instrument_id")
        now_ns = keeper.data.clock.now_ns()
        price, delayed = PRICES[request.price], rights.of(mic) is PriceRight.DELAYED
        price_now = keeper.watching.price_now(name, price, delayed=delayed)
        condition, threshold, reference = _threshold(request, price, price_now)
        listing = entry.listing
        alert = Alert(
            alert_id=new_ulid(now_ns),
            user_id=call.user.subject,
            username=call.user.username,
            instrument_id=name,
            isin="" if listing is None else entry.reference.fill(listing).isin,
            price=price,
            condition=condition,
            threshold=threshold,
            percent=request.percent,
            reference_price=reference,
            delayed=delayed,
            note=request.note,
            created_ns=now_ns,
            expires_ns=_expiry(request, now_ns),
        )
        if price_now is not None and alert.holds(price_now):
            raise _holds(request, alert, price_text(price, price_now))
        return alert


def _threshold(
    request: pb.CreateAlertRequest, price: AlertPrice, price_now: int | None
) -> tuple[Condition, str, str]:
    """Return condition, threshold, and the reference of a change by percent."""
    given = [name for name in ("above", "below", "percent") if getattr(request, name)]
    if len(given) != 1:
        value = " and ".join(given)
        raise wrong(
            given[1] if given else "above", value, "exactly one of above, below and percent"
        )
    if not request.percent:
        if request.reference_price:
            raise wrong("reference_price", request.reference_price, "nothing, without percent")
        above = Condition.ABOVE if request.above else Condition.BELOW
        return above, request.above or request.below, ""
    percent = parse_nano(request.percent)
    if not PERCENT_MIN < percent <= PERCENT_MAX or not percent:
        raise wrong("percent", request.percent, "more than -100, at most 100000, and not 0")
    reference = request.reference_price
    if not reference:
        if price_now is None:
            expected = f"a price, for there is no {price.name} price now that could be relied on"
            raise wrong("reference_price", "", expected)
        reference = price_text(price, price_now)
        if price_now <= 0:
            expected = f"a price above 0: the {price.name} price now is {reference}"
            raise wrong("reference_price", "", expected)
    threshold = changed_by(parse_nano(reference), percent)
    if threshold >= PRICE_END:
        raise wrong("percent", request.percent, f"less: {reference} changed by it is no price")
    condition = Condition.ABOVE if percent > 0 else Condition.BELOW
    return condition, format_scaled(threshold, FRACTION_DIGITS_MAX), reference


def _too_many(limits: AlertLimits, *, of_all: bool) -> MeshError:
    if of_all:
        text = f"{limits.of_all} alerts of all users are active, which is the limit"
        return refuse("OVERLOADED", text, limit=limits.of_all)
    text = f"you have {limits.per_user} active alerts, the limit; remove one first"
    return refuse("OBJECT_STATE", text, limit=limits.per_user)


def _expiry(request: pb.CreateAlertRequest, now_ns: int) -> int:
    if not request.HasField("expires_at"):
        return now_ns + LIFE_DEFAULT_DAYS * NS_PER_DAY
    expires_ns = from_timestamp(request.expires_at)
    if not now_ns < expires_ns <= now_ns + LIFE_MAX_DAYS * NS_PER_DAY:
        expected = f"a time later than now, and within {LIFE_MAX_DAYS} days"
        raise wrong("expires_at", request.expires_at.ToJsonString(), expected)
    return expires_ns


def _holds(request: pb.CreateAlertRequest, alert: Alert, now: str) -> MeshError:
    field = next(name for name in ("above", "below", "percent") if getattr(request, name))
    side = "above" if alert.condition is Condition.ABOVE else "below"
    expected = f"a price that is not reached yet: {alert.price.name} is {now} now"
    if field == "percent":
        expected = f"a change that has not happened yet: {side} {alert.threshold}; {expected}"
    return wrong(field, getattr(request, field), expected)
