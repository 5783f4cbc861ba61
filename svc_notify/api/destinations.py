"""DestinationService: destinations outside the mesh, and messages that were given up."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final
from urllib.parse import urlsplit

from kernel.clock import Clock
from kernel.ulid import ULID_CHARACTERS, new_ulid
from mesh.auth.access import Access, user
from mesh.errors import refuse, wrong
from mesh.rpc.call import Call
from mesh.rpc.page_tokens import page_place, page_token
from mesh.timestamps import set_timestamp
from ordermesh.notify.v1 import destination_service_pb2 as pb
from svc_notify.api.answering import answered, changing, keyed, not_found, stale
from svc_notify.api.mapping import dead_letter_to_proto
from svc_notify.domain.addresses import address_fault
from svc_notify.service.choices import Changing, Choices
from svc_notify.service.ports import DeadLetters

SERVICE: Final = "ordermesh.notify.v1.DestinationService"
SETS: Final = user("OPERATOR")
ACCESS: Final[Mapping[str, Access]] = {
    "SetDestination": SETS,
    "DeleteDestination": SETS,
    "ListDestinations": user(),
    "ListDeadLetters": user("OPERATOR", "RISK", "AUDITOR"),
    "RetryDeadLetter": SETS,
    "DiscardDeadLetter": SETS,
}
OVERSIGHT: Final = frozenset({"OPERATOR", "RISK", "AUDITOR"})
DESTINATIONS_MAX: Final = 200
SECRET_CHARACTERS_MIN: Final = 32
PAGE_SIZE_DEFAULT: Final = 100
NEWEST_ID: Final = "Z" * ULID_CHARACTERS
SET_BY_SERVICE: Final = ("changed_by", "changed_at", "state", "cause")


class DestinationServicer:
    """Serves ``ordermesh.notify.v1.DestinationService``."""

    def __init__(
        self,
        choices: Choices,
        dead: DeadLetters,
        clock: Clock,
        trusted: AbstractSet[str],
    ) -> None:
        """Take the parts, and the hosts that may be private."""
        self._choices = choices
        self._dead = dead
        self._clock = clock
        self._trusted = trusted

    async def SetDestination(  # noqa: N802  # rpc names are the contract's
        self, request: pb.SetDestinationRequest, call: Call
    ) -> pb.SetDestinationResponse:
        """Make a destination, or take the place of one."""
        by, one = call.user.subject, pb.Destination()
        one.CopyFrom(request.destination)
        for name in SET_BY_SERVICE:
            one.ClearField(name)
        _check(one, request.secret, self._trusted)
        async with keyed(self._choices, request, by) as (change, made, keep):
            if made:
                present = await change.destination(made)
                if present is None:
                    key = request.idempotency_key
                    raise not_found("idempotency_key", key, "destination any more")
                return pb.SetDestinationResponse(destination=_shown(present))
            await _check_place(change, one, request.secret)
            now_ns = self._clock.now_ns()
            one.destination_id = one.destination_id or new_ulid(now_ns)
            one.version += 1
            one.changed_by = by
            set_timestamp(one.changed_at, now_ns)
            await change.put_destination(one, request.secret, by, now_ns)
            await keep(one.destination_id, now_ns)
        return pb.SetDestinationResponse(destination=_shown(one))

    async def DeleteDestination(  # noqa: N802
        self, request: pb.DeleteDestinationRequest, call: Call
    ) -> pb.DeleteDestinationResponse:
        """Remove a destination; what waits for it becomes dead letters."""
        wanted = request.destination_id
        async with changing(""), self._choices.changing() as change:
            one = await change.destination(wanted)
            if one is None:
                raise not_found("destination_id", wanted, "destination")
            rules = await change.rules_naming(wanted)
            if rules:
                names = ", ".join(f"{rule.rule_id} ({rule.name})" for rule in rules[:5])
                raise refuse(
                    "OBJECT_STATE",
                    f"{len(rules)} rules name the destination: {names}; pause it, or change them",
                    "destination_id",
                    rules=len(rules),
                )
            await change.remove_destination(one, call.user.subject, self._clock.now_ns())
        return pb.DeleteDestinationResponse()

    async def ListDestinations(  # noqa: N802
        self, request: pb.ListDestinationsRequest, call: Call
    ) -> pb.ListDestinationsResponse:
        """Return destinations, to most users those that their rules may name."""
        del request
        every = await answered(self._choices.destinations())
        if call.user.roles.isdisjoint(OVERSIGHT):
            shown = [one for one in every if one.user_id in {"", call.user.subject}]
            for one in shown:
                for name in ("address", "cause", "changed_by"):
                    one.ClearField(name)
        else:
            shown = [_shown(one) for one in every]
        return pb.ListDestinationsResponse(destinations=shown)

    async def ListDeadLetters(  # noqa: N802
        self, request: pb.ListDeadLettersRequest, call: Call
    ) -> pb.ListDeadLettersResponse:
        """Return a page of messages that were given up."""
        (before,) = page_place(request, (str,)) or (NEWEST_ID,)
        size = request.page_size or PAGE_SIZE_DEFAULT
        found = await answered(self._dead.dead_letters(before, request.destination_id, size))
        letters = [dead_letter_to_proto(one) for one in found]
        if not call.user.sees_all:
            # The text may be about an account that the caller may not see.
            for letter in letters:
                letter.ClearField("text")
        more = len(found) == size
        return pb.ListDeadLettersResponse(
            dead_letters=letters,
            next_page_token=page_token(request, [found[-1].message_id]) if more else "",
        )

    async def RetryDeadLetter(  # noqa: N802
        self, request: pb.RetryDeadLetterRequest, call: Call
    ) -> pb.RetryDeadLetterResponse:
        """Send a message again that was given up."""
        del call
        there = await answered(self._dead.retry(request.message_id, self._clock.now_ns()))
        if there is None:
            raise not_found("message_id", request.message_id, "dead letter")
        if not there:
            text = "its destination was removed: discard it"
            raise refuse("OBJECT_STATE", text, "message_id")
        return pb.RetryDeadLetterResponse()

    async def DiscardDeadLetter(  # noqa: N802
        self, request: pb.DiscardDeadLetterRequest, call: Call
    ) -> pb.DiscardDeadLetterResponse:
        """Remove a message that was given up."""
        del call
        await answered(self._dead.discard(request.message_id))
        return pb.DiscardDeadLetterResponse()


def _check(one: pb.Destination, secret: str, trusted: AbstractSet[str]) -> None:
    """Check a destination by itself."""
    fault = address_fault(one.channel, one.address, trusted)
    if fault:
        secret_url = one.channel == pb.CHANNEL_KIND_SLACK
        raise wrong("destination.address", "(hidden)" if secret_url else one.address, fault)
    if secret and one.channel != pb.CHANNEL_KIND_WEBHOOK:
        raise wrong("secret", "a secret", "nothing: only a WEBHOOK is signed")
    if secret and len(secret) < SECRET_CHARACTERS_MIN:
        expected = f"at least {SECRET_CHARACTERS_MIN} characters"
        raise wrong("secret", f"{len(secret)} characters", expected)


async def _check_place(change: Changing, one: pb.Destination, secret: str) -> None:
    """Check a destination against what is stored."""
    if one.destination_id:
        present = await change.destination(one.destination_id)
        if present is None:
            raise not_found("destination.destination_id", one.destination_id, "destination")
        address = present.address
        if present.version != one.version:
            raise stale("destination.version", one.version, present.version)
        if present.channel != one.channel:
            name = pb.ChannelKind.Name(present.channel)
            raise wrong(
                "destination.channel",
                pb.ChannelKind.Name(one.channel),
                f"{name}: it does not change",
            )
        await _check_rules(change, one)
        if one.address == _shown(present).address:
            one.address = address  # answers have a part of it only
        return
    if one.version:
        expected = "0 for a new destination, which has no destination_id"
        raise wrong("destination.version", one.version, expected)
    if one.channel == pb.CHANNEL_KIND_WEBHOOK and not secret:
        expected = f"the key of the signatures, at least {SECRET_CHARACTERS_MIN} characters"
        raise wrong("secret", "", expected)
    if await change.count_destinations() >= DESTINATIONS_MAX:
        text = f"there are {DESTINATIONS_MAX} destinations, the limit; remove one first"
        raise refuse("OBJECT_STATE", text, limit=DESTINATIONS_MAX)


async def _check_rules(change: Changing, one: pb.Destination) -> None:
    """Check that no rule names a destination that it could not name."""
    if not one.user_id:
        return
    for rule in await change.rules_naming(one.destination_id):
        if rule.firm or rule.owner != one.user_id:
            raise refuse(
                "OBJECT_STATE",
                f"rule {rule.rule_id} of somebody else names the destination; make another one for "
                "the user, or have the rule changed",
                "destination.user_id",
            )


def _shown(one: pb.Destination) -> pb.Destination:
    """Return a destination as those who oversee may see it: a Slack URL is a secret."""
    if one.channel == pb.CHANNEL_KIND_SLACK:
        one.address = f"https://{urlsplit(one.address).hostname}"
    return one
