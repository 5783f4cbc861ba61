"""New orders and replaces that were never put into a gateway's stream, and are too old to wait."""

from collections.abc import Iterable, Iterator

from kernel.nanoseconds import NS_PER_S
from mesh.timestamps import from_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw

# A new order or a replace that no gateway had is ended after this time without one. Seconds.
UNSENT_AGE_MAX_S = 3.0
_MAKE_EXPOSURE = frozenset({gw.VENUE_COMMAND_KIND_NEW, gw.VENUE_COMMAND_KIND_REPLACE})


class Unsent:
    """Those among the rows of an outbox.

    Attributes:
        due: The ones that are too old, by their outbound sequence.
        young: How many are not.
    """

    def __init__(self, rows: Iterable[tuple[int, bytes]], now_ns: int) -> None:
        oldest_ns = now_ns - round(UNSENT_AGE_MAX_S * NS_PER_S)
        self.due: dict[int, gw.VenueCommand] = {}
        self.young = 0
        for number, payload in rows:
            command = gw.VenueCommand.FromString(payload)
            if command.kind not in _MAKE_EXPOSURE or command.withdrawn:
                continue
            if from_timestamp(command.committed_at) < oldest_ns:
                self.due[number] = command
            else:
                self.young += 1

    def receipts(self) -> Iterator[gw.CommandReceipt]:
        """Give the receipt of each one that is due."""
        for number, command in self.due.items():
            yield gw.CommandReceipt(
                outbound_sequence=number,
                cl_ord_id=command.cl_ord_id,
                outcome=gw.COMMAND_OUTCOME_NOT_SENT,
                text=f"no gateway had the session within {UNSENT_AGE_MAX_S:g} s",
                order_id=command.order_id,
                kind=command.kind,
            )
