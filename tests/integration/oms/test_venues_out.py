"""Venues out of routing: shown, put back by an OPERATOR, recorded; and bad input to these rpcs."""

import asyncpg
import grpc
import pytest

from ordermesh.oms.v1 import audit_service_pb2, order_pb2
from ordermesh.oms.v1 import routing_service_pb2 as pb
from ordermesh.oms.v1.audit_service_pb2_grpc import AuditServiceStub
from ordermesh.oms.v1.routing_service_pb2_grpc import RoutingServiceStub
from svc_oms.api.orders.routing_service import ACCESS, SERVICE
from tests.support.bad_input import unbreakable
from tests.support.oms import ALICE, AUDREY, OSCAR, RITA, trading, verified
from tests.support.refusals import broken_fields, garbled_refused, refusal, refused_by_name
from tests.support.routed import IOC, LIST, routed

S = order_pb2.OrderState
REJECTS = 5
WHY = "the venue has mended its gateway"
GOOD = {
    "ListVenues": pb.ListVenuesRequest(),
    "PutVenueBack": pb.PutVenueBackRequest(venue_mic="SIMA", reason=WHY),
}


async def only_sima(mesh, key):
    return await mesh.place(key, quantity="100", strategy=LIST, venues=["SIMA"], time_in_force=IOC)


async def reject(mesh, number):
    """Place an order that SIMA rejects."""
    parent = await only_sima(mesh, f"k{number}")
    child = await mesh.command("SIMA", number)
    venue = mesh.venues["SIMA"]
    await venue.receipt(child)
    await venue.send(
        venue.report(child.cl_ord_id, "8", "8", order_quantity="100", cum_quantity="0",
                     leaves_quantity="0", ord_rej_reason=0)
    )  # fmt: skip
    await mesh.client.in_state(parent.order_id, S.ORDER_STATE_REJECTED)
    return child.order_id


async def test_a_venue_that_was_taken_out_is_shown_and_an_operator_puts_it_back(book_url, tls):
    async with routed(book_url, tls) as mesh, mesh.running.channel() as channel:
        routing = RoutingServiceStub(channel)
        mesh.show(offers={"SIMA": "1000@650.05"})
        listed = await routing.ListVenues(GOOD["ListVenues"], metadata=OSCAR)
        assert not listed.venues
        children = [await reject(mesh, number) for number in range(REJECTS)]
        assert (await refusal(only_sima(mesh, "out"))).reason == "VENUE_UNAVAILABLE"
        for who in (OSCAR, RITA, AUDREY):
            (out,) = (await routing.ListVenues(GOOD["ListVenues"], metadata=who)).venues
            assert (out.venue_mic, out.out, out.rejects) == ("SIMA", True, REJECTS)
            assert out.until.ToSeconds() - out.since.ToSeconds() == 300
            assert children[-1] in out.reason
            assert not out.HasField("put_back_at")
        put = (await routing.PutVenueBack(GOOD["PutVenueBack"], metadata=OSCAR)).venue
        assert (put.out, put.since, put.until) == (False, out.since, put.put_back_at)
        assert (await only_sima(mesh, "back")).order_id
        again = await refusal(routing.PutVenueBack(GOOD["PutVenueBack"], metadata=OSCAR))
        assert (again.reason, again.field) == ("OBJECT_STATE", "venue_mic")
        entries = (
            await AuditServiceStub(channel).List(
                audit_service_pb2.AuditServiceListRequest(), metadata=AUDREY
            )
        ).entries
        (entry,) = [
            e for e in entries if e.command == "RoutingService/PutVenueBack" and not e.reason
        ]
        assert (entry.actor_name, WHY in entry.text) == ("Oscar", True)
        assert "TakeVenueOut" in {e.command for e in entries}
    await verified(book_url)


@pytest.fixture
async def out(book_url):
    """A venue that another replica has taken out."""
    connection = await asyncpg.connect(book_url)
    await connection.execute(
        "INSERT INTO oms.routing_venues (venue_mic, out_until, text)"
        " VALUES ('SIMA', now() + interval '300 s', 'rejects')"
    )
    await connection.close()


def test_every_rpc_and_every_field_has_a_case() -> None:
    (service,) = pb.DESCRIPTOR.services_by_name.values()
    assert {method.name for method in service.methods} == set(GOOD) == set(ACCESS)
    for name, good in GOOD.items():
        assert not unbreakable(good), name


@pytest.mark.usefixtures("out")
async def test_bad_input_is_refused_by_name_and_changes_nothing(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        routing = RoutingServiceStub(channel)
        await broken_fields(book, routing.PutVenueBack, GOOD["PutVenueBack"], "oscar", OSCAR)
        await garbled_refused(book, channel, SERVICE, GOOD, lambda _: OSCAR)
        never = pb.PutVenueBackRequest(venue_mic="SIMB", reason=WHY)
        table = [
            (rpc, GOOD[rpc], who, "PERMISSION_DENIED", "")
            for who, rpcs in ((ALICE, GOOD), (RITA, ["PutVenueBack"]), (AUDREY, ["PutVenueBack"]))
            for rpc in rpcs
        ]
        table.append(("PutVenueBack", never, OSCAR, "OBJECT_NOT_FOUND", "venue_mic"))
        await refused_by_name(book, routing, table)
        for rpc, good in GOOD.items():
            found = await refusal(getattr(routing, rpc)(good))
            assert found.code is grpc.StatusCode.UNAUTHENTICATED, rpc
