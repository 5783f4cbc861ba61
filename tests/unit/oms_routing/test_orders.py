"""Children as orders, as a decision takes them; and what is ours of what venues show."""

from svc_oms.domain.model import Link, LinkKind, OrderState, Routing
from svc_oms.domain.routing.orders import parent_state
from svc_oms.domain.routing.view import OwnOrder
from svc_oms.service.reference.routing_views import owned_of
from tests.support.order_events import ORDER, REJECTION
from tests.support.routing import D, venue

PARENT = ORDER._replace(routing=Routing(1), link=Link(LinkKind.ROUTED, ORDER.order_id))
WORKING = ORDER._replace(
    order_id="C",
    link=Link(LinkKind.ROUTED, ORDER.order_id, ORDER.order_id),
    state=OrderState.NEW,
    base_state=OrderState.NEW,
    pending_terms=None,
    pending_cancel_id="",
    pending_replace_id="",
    in_doubt=(),
    rejection=None,
)


def refused_at_ns(order):
    return parent_state(PARENT, [order], expired=False).children[0].refused_at_ns


def test_a_refused_change_is_known_until_the_next_one_is_requested():
    refused = WORKING._replace(rejection=REJECTION)
    assert refused_at_ns(WORKING) == 0
    assert refused_at_ns(refused) == refused.updated_at_ns
    assert refused_at_ns(refused._replace(pending_cancel_id="C-3")) == 0


def test_own_orders_are_summed_by_the_levels_that_are_shown():
    shown = venue("SIMA", "300@650.05", "100@650.00")
    own = [
        WORKING._replace(
            order_id=f"O{number}",
            leaves_quantity=D(2),
            terms=WORKING.terms._replace(
                limit_price=D("650.05") + D(number % 1000), stop_price=None, display_quantity=None
            ),
        )
        for number in range(5000)
    ]
    # However many own orders there are, the record of a decision stays small.
    assert owned_of(own, [shown]) == (OwnOrder("SIMA", False, D("650.05"), D(10)),)
