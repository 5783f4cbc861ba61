"""The services that the edge opens to the outside, and the cluster of each."""

from collections.abc import Iterator
from pathlib import Path

from google.protobuf import any_pb2, descriptor_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

PUBLIC_SERVICES = {
    "ordermesh.oms.v1.OrderService": "svc_oms",
    "ordermesh.oms.v1.OrderFlowService": "svc_oms",
    "ordermesh.oms.v1.AuditService": "svc_oms",
    "ordermesh.oms.v1.KillSwitchService": "svc_oms",
    "ordermesh.oms.v1.LimitService": "svc_oms",
    "ordermesh.oms.v1.SessionService": "svc_oms",
    "ordermesh.marketdata.v1.MarketDataService": "svc_marketdata",
    "ordermesh.marketdata.v1.InstrumentService": "svc_marketdata",
    "ordermesh.identity.v1.AuthService": "svc_identity",
}
"""Service -> Envoy cluster. Other services cannot be reached from outside."""

INTERNAL_SERVICES = frozenset(
    {"ordermesh.gateway.v1.VenueLinkService", "ordermesh.marketdata.v1.FeedService"}
)
"""Services between our own processes. A test compares this list with the contracts."""

TOKENLESS_SERVICES = frozenset({"ordermesh.identity.v1.AuthService"})
"""The service that gives tokens; its rpcs need none."""

GENERATED_DESCRIPTORS = Path(__file__).parent.parent / "gen" / "descriptors.binpb"


def generated_descriptors() -> descriptor_pb2.FileDescriptorSet:
    """Read the contracts as `make gen` wrote them."""
    return descriptor_pb2.FileDescriptorSet.FromString(GENERATED_DESCRIPTORS.read_bytes())


def service_names(files: descriptor_pb2.FileDescriptorSet) -> frozenset[str]:
    """Name every service of the contracts."""
    return frozenset(
        f"{file.package}.{service.name}" for file in files.file for service in file.service
    )


def rpc_paths(
    files: descriptor_pb2.FileDescriptorSet, service_name: str, *, streaming: bool
) -> Iterator[str]:
    """Yield the path of every rpc of a service: of those that stream, or of the others."""
    for file in files.file:
        for service in file.service:
            if f"{file.package}.{service.name}" != service_name:
                continue
            for method in service.method:
                if (method.client_streaming or method.server_streaming) == streaming:
                    yield f"/{service_name}/{method.name}"


def transcoder_descriptors() -> bytes:
    """Join the contracts and the messages of error details.

    Without these messages Envoy could not write a google.rpc.ErrorInfo as JSON.
    """
    files = generated_descriptors()
    present = {file.name for file in files.file}
    for module in (any_pb2, duration_pb2, error_details_pb2, status_pb2):
        if module.DESCRIPTOR.name not in present:
            module.DESCRIPTOR.CopyToProto(files.file.add())
    return files.SerializeToString(deterministic=True)
