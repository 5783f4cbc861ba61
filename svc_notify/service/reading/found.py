"""What a page of entries gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from eventlog.logs import Entry
from ordermesh.oms.v1 import order_pb2
from svc_notify.domain.notification import Draft
from svc_notify.service.ports import Doubt

Orders = Mapping[str, order_pb2.Order]
"""Orders that entries name, as they stand now or later than the entries."""


@dataclass
class Found:
    """What a page of entries gives, in the order of the entries."""

    drafts: list[Draft] = field(default_factory=list)
    doubts: dict[str, Doubt] = field(default_factory=dict)
    """Orders that are in doubt after the page."""
    known: set[str] = field(default_factory=set)
    """Orders of the page that are not in doubt after it."""

    def take(self, later: "Found") -> None:
        """Add what later entries give."""
        self.drafts += later.drafts
        for order_id in later.known - later.doubts.keys():
            self.doubts.pop(order_id, None)
        self.known |= later.known
        for order_id, doubt in later.doubts.items():
            self.doubts.setdefault(order_id, doubt)


Reader = Callable[[Sequence[Entry], Orders], Found]
