"""A refusal is read from the bytes of google.rpc.Status, whoever wrote them."""

import grpc
import grpc.aio
import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2

from ordermesh_client import MeshRefusedError, MeshUnreachableError
from ordermesh_client.errors import refused_error
from ordermesh_rpc.refusals import RemoteRefusal, read_refusal, reason_of


def failed(
    *details, code=grpc.StatusCode.INVALID_ARGUMENT, text="no", key="grpc-status-details-bin"
):
    status = status_pb2.Status(code=code_pb2.INVALID_ARGUMENT, message=text)
    for detail in details:
        status.details.add().Pack(detail)
    trailing = grpc.aio.Metadata((key, status.SerializeToString()))
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, details=text)


def info(**values):
    fields = {"reason": "PRICE_OFF_TICK", "domain": "ordermesh"} | values
    return error_details_pb2.ErrorInfo(**fields)


def retry(milliseconds):
    made = error_details_pb2.RetryInfo()
    made.retry_delay.FromMilliseconds(milliseconds)
    return made


def test_everything_a_refusal_says_is_read():
    metadata = {"field": "terms.limit_price", "tick": "0.05", "": "", "venue": "Börse ☃"}
    refusal = read_refusal(failed(info(metadata=metadata), retry(1500)))
    assert refusal == RemoteRefusal(
        grpc.StatusCode.INVALID_ARGUMENT, "PRICE_OFF_TICK", "no", "terms.limit_price", metadata, 1.5
    )


def test_the_order_of_the_details_does_not_matter():
    refusal = read_refusal(failed(retry(0), error_details_pb2.DebugInfo(detail="x"), info()))
    assert (refusal.reason, refusal.metadata, refusal.retry_after_s) == ("PRICE_OFF_TICK", {}, 0)


@pytest.mark.parametrize(
    "error",
    [
        failed(),
        failed(info(domain="googleapis.com")),
        failed(info(), key="other-bin"),
        grpc.aio.AioRpcError(grpc.StatusCode.UNKNOWN, grpc.aio.Metadata(), grpc.aio.Metadata()),
    ],
)
def test_what_is_not_of_the_mesh_has_no_reason(error):
    assert reason_of(error) == ("", {})


def test_a_refusal_is_raised_with_what_it_says():
    error = refused_error(failed(info(metadata={"retry_class": "RETRYABLE"}), retry(200)))
    assert isinstance(error, MeshRefusedError)
    assert (error.reason, error.text, error.retryable) == ("PRICE_OFF_TICK", "no", True)
    assert (error.code, error.retry_after_s) == ("INVALID_ARGUMENT", 0.2)


def test_a_status_of_the_way_to_the_mesh_is_no_refusal():
    error = refused_error(failed(code=grpc.StatusCode.UNAVAILABLE, text="connection refused"))
    assert isinstance(error, MeshUnreachableError)
    assert str(error) == "the mesh does not answer (connection refused)"
