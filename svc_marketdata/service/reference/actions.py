"""Records corporate actions, and settles them on their dates."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from svc_marketdata.domain.reference.actions import (
    ActionKind,
    ActionState,
    CorporateAction,
    undone,
)
from svc_marketdata.domain.reference.bitemporal import History
from svc_marketdata.domain.reference.changes import Key, NewRecord
from svc_marketdata.domain.reference.records import ListingRecord, Record, RecordKind
from svc_marketdata.service.reference.ports import By, Writing


class RepeatedActionError(Exception):
    """An action is recorded already: twice, a split would change prices twice."""

    def __init__(self, recorded: CorporateAction) -> None:
        super().__init__(recorded.action_id)
        self.recorded = recorded


SETTLED_BY = By("", "svc-marketdata", "the effective date of corporate actions has come")


async def announce(
    writing: Writing, action: CorporateAction, live_listings: Mapping[str, str], by: By,
    today: dt.date,
) -> CorporateAction:  # fmt: skip
    """Record an action, and what it changes from its date on.

    Args:
        writing: The transaction.
        action: The action, without its id.
        live_listings: ISIN of every listing that venues report, by id.
        by: Who records it.
        today: The present day.

    Returns:
        The action as it is recorded.

    Raises:
        RepeatedActionError: An action of the same kind is recorded for that day.
    """
    for other in await writing.actions_on(action.isin, action.effective_date):
        if action.repeats(other):
            raise RepeatedActionError(other)
    change = writing.change
    action = replace(
        action, action_id=change.change_id, recorded_by=by.username, reason=by.reason,
        recorded_at_ns=change.recorded_at_ns, change=change.number,
    )  # fmt: skip
    records: list[NewRecord] = []
    factors: dict[str, tuple[str, str]] = {}
    if action.kind is ActionKind.SPLIT:
        named = {name for name, isin in live_listings.items() if isin == action.isin}
        named |= {one.instrument_id for one in await writing.listings_of(action.isin)}
        factors = dict.fromkeys(sorted(named), action.price_factor())
    else:
        listing = await _on(writing, action.instrument_id, action.effective_date)
        if listing is not None:
            records = action.records(listing)
    await writing.add(by, records, today)
    await writing.save_action(action, factors)
    return action


async def withdraw(
    writing: Writing, action: CorporateAction, by: By, today: dt.date
) -> CorporateAction:
    """Withdraw an action, and what it would have changed; see `undone`."""
    withdrawn = replace(action, state=ActionState.WITHDRAWN)
    keys: list[Key] = []
    if action.kind is not ActionKind.SPLIT:
        keys.append((RecordKind.LISTING, action.instrument_id))
    if action.kind is ActionKind.SYMBOL_CHANGE:
        keys.append((RecordKind.LISTING, action.new_instrument_id))
    known = await writing.known(keys)
    # Another action that ends the same listing on the same day sets the same.
    alone = not any(
        other.instrument_id == action.instrument_id
        and other.action_id != action.action_id
        and other.kind is not ActionKind.SPLIT
        and other.state is not ActionState.WITHDRAWN
        for other in await writing.actions_on(action.isin, action.effective_date)
    )
    records = [new for key in keys for new in undone(action, key, known.get(key, ()), merged=alone)]
    await writing.add(by, records, today)
    await writing.save_action(withdrawn, {})
    return withdrawn


async def settle(writing: Writing, today: dt.date) -> list[CorporateAction]:
    """Mark the announced actions whose date has come as effective, and return them."""
    due = await writing.open_actions(today)
    if not due:
        return []
    await writing.add(SETTLED_BY, [], today)
    settled = [replace(action, state=ActionState.EFFECTIVE) for action in due]
    for action in settled:
        await writing.save_action(action, {})
    return settled


async def _on(writing: Writing, instrument_id: str, day: dt.date) -> ListingRecord | None:
    key = (RecordKind.LISTING, instrument_id)
    history: History[Record] = History((await writing.known([key])).get(key, ()))
    record = history.at(day)
    return record if isinstance(record, ListingRecord) else None
