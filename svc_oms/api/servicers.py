"""The rpcs of svc_oms: each servicer with the parts it uses."""

from mesh.rpc.server import MeshServer
from svc_oms.api import (
    audit_service,
    kill_switch_service,
    limit_service,
    parked_service,
    recovery_service,
    session_service,
    venue_link_service,
)
from svc_oms.api.orders import order_flow_service, order_service, routing_service
from svc_oms.api.orders.order_reads import OrderReads
from svc_oms.service.as_of.book_in_the_past import BookInThePast
from svc_oms.service.controls.changes.limit_changes import LimitChanges
from svc_oms.service.replica import Replica


def add(server: MeshServer, replica: Replica) -> None:
    """Serve the order book."""
    _add_orders(server, replica)
    _add_controls(server, replica)
    _add_sessions(server, replica)
    _add_recovery(server, replica)
    _add_audit(server, replica)


def _add_orders(server: MeshServer, replica: Replica) -> None:
    orders = order_service.OrderServicer(
        replica.streams,
        replica.worker,
        replica.market,
        replica.statements,
        replica.order_ways,
        replica.routing_books,
        OrderReads(
            replica.store,
            BookInThePast(replica.store, replica.clock),
            replica.reads,
            replica.order_accounts,
        ),
    )
    server.add(orders, order_service.SERVICE, order_service.ACCESS)
    routing = routing_service.RoutingServicer(replica.readiness, replica.venues_out, replica.clock)
    server.add(routing, routing_service.SERVICE, routing_service.ACCESS)
    parked = parked_service.ParkedServicer(
        replica.readiness, replica.store, replica.parked, replica.parked_view, replica.clock
    )
    server.add(parked, parked_service.SERVICE, parked_service.ACCESS)
    flow = order_flow_service.OrderFlowServicer(
        order_flow_service.FlowParts(
            replica.streams,
            replica.worker,
            replica.guards,
            replica.refusal_log,
            replica.market,
            replica.routing_books,
        )
    )
    # On an order flow a broken command is a result, not the end of the stream.
    server.add(
        flow, order_flow_service.SERVICE, order_flow_service.ACCESS, validates_itself=["Flow"]
    )


def _add_controls(server: MeshServer, replica: Replica) -> None:
    accounts = replica.store.controls()
    kill = kill_switch_service.KillSwitchServicer(
        replica.readiness, replica.switches, replica.directory, accounts, replica.clock
    )
    server.add(kill, kill_switch_service.SERVICE, kill_switch_service.ACCESS)
    changes = LimitChanges(
        accounts,
        replica.clock,
        replica.directory,
        replica.controls_log,
        replica.controls_in_force.defaults,
    )
    limits = limit_service.LimitServicer(
        replica.readiness,
        changes,
        replica.controls_in_force,
        replica.controls_in_the_past,
        BookInThePast(replica.store, replica.clock),
        replica.reads,
    )
    server.add(limits, limit_service.SERVICE, limit_service.ACCESS)


def _add_sessions(server: MeshServer, replica: Replica) -> None:
    link = venue_link_service.VenueLinkServicer(replica.readiness, replica.leases, replica.clock)
    # A venue's report is a fact in any form: the order book parks what it cannot read.
    server.add(
        link, venue_link_service.SERVICE, venue_link_service.ACCESS, validates_itself=["Link"]
    )
    sessions = session_service.SessionServicer(
        replica.readiness, replica.administration, replica.clock
    )
    server.add(sessions, session_service.SERVICE, session_service.ACCESS)


def _add_recovery(server: MeshServer, replica: Replica) -> None:
    recovery = recovery_service.RecoveryServicer(replica.recoveries, replica.store)
    server.add(recovery, recovery_service.SERVICE, recovery_service.ACCESS)


def _add_audit(server: MeshServer, replica: Replica) -> None:
    audit = audit_service.AuditServicer(replica.readiness, replica.store)
    server.add(audit, audit_service.SERVICE, audit_service.ACCESS)
    server.on_admitted(replica.user_names.seen)
    recorder = audit_service.RefusalRecorder(replica.refusal_log, replica.clock)
    server.on_refused(recorder.on_refused)
