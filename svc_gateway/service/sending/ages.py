"""How old a command may be when it is sent: named settings of the venues file."""

from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import order_pb2
from svc_gateway.venues import SessionConfig

_AT_THE_MARKET = frozenset({order_pb2.ORDER_TYPE_MARKET, order_pb2.ORDER_TYPE_MARKET_TO_LIMIT})
_AT_ONCE = frozenset({order_pb2.TIME_IN_FORCE_IOC, order_pb2.TIME_IN_FORCE_FOK})
# They wait at the venue: the prices of this moment do not matter to them.
_LATER_TIMES = frozenset({order_pb2.TIME_IN_FORCE_AT_OPEN, order_pb2.TIME_IN_FORCE_AT_CLOSE})
_LATER_TYPES = frozenset({
    order_pb2.ORDER_TYPE_STOP, order_pb2.ORDER_TYPE_STOP_LIMIT, order_pb2.ORDER_TYPE_TRAILING_STOP,
})  # fmt: skip


def age_limit(command: link.VenueCommand, config: SessionConfig) -> tuple[str, int]:
    """Return the name and the value of the limit for a new order or a replace; seconds.

    An order that executes at once is meant for the prices that its trader saw.
    """
    if command.kind == link.VENUE_COMMAND_KIND_NEW:
        time_in_force, type_ = command.terms.time_in_force, command.type
        if (type_ in _AT_THE_MARKET and time_in_force not in _LATER_TIMES) or (
            time_in_force in _AT_ONCE and type_ not in _LATER_TYPES
        ):
            return "immediate_age_max_s", min(config.immediate_age_max_s, config.command_age_max_s)
    return "command_age_max_s", config.command_age_max_s
