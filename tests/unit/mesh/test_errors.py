"""The error table, and a refusal's way to the client and back."""

import re
from pathlib import Path

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata

from mesh.errors import (
    ERROR_TABLE,
    MeshError,
    abort_arguments,
    read_refusal,
    reason_of,
    refuse,
    to_rejection,
)
from ordermesh.type.v1 import error_pb2

REASONS = [
    name.removeprefix("ERROR_REASON_")
    for name in error_pb2.ErrorReason.keys()  # noqa: SIM118  # not a dict
    if name != "ERROR_REASON_UNSPECIFIED"
]
PROTO = Path(__file__).parents[3] / "proto/ordermesh/type/v1/error.proto"


def sent(error):
    """What a client receives of a refusal."""
    code, text, trailing = abort_arguments(error)
    return AioRpcError(code, Metadata(), Metadata(*trailing), text)


def test_table_is_total():
    assert sorted(ERROR_TABLE) == sorted(REASONS)


def comment_of(reason):
    """The comment above a reason in the contract."""
    lines = PROTO.read_text("utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if re.match(rf"\s+ERROR_REASON_{reason} = ", line))
    start = at
    while lines[start - 1].strip().startswith("//"):
        start -= 1
    return " ".join(line.strip(" /") for line in lines[start:at])


@pytest.mark.parametrize("reason", REASONS)
def test_table_says_what_the_contract_says(reason):
    comment, rule = comment_of(reason), ERROR_TABLE[reason]
    words = error_pb2.RetryClass.Name(rule.retry_class).removeprefix("RETRY_CLASS_")
    assert words.lower().replace("_", "-") in comment
    for tag, value in (
        ("OrdRejReason(103)", rule.ord_rej_reason),
        ("CxlRejReason(102)", rule.cxl_rej_reason),
    ):
        documented = re.search(re.escape(tag) + r"=(\d+)", comment)
        assert value == (int(documented[1]) if documented else None)
    assert rule.code is not grpc.StatusCode.OK


@pytest.mark.parametrize("reason", REASONS)
def test_every_refusal_reaches_the_client_whole(reason):
    error = refuse(reason, "a text", "terms.quantity", retry_after_s=0.25, limit=7)
    refusal = read_refusal(sent(error))
    assert refusal.code is ERROR_TABLE[reason].code
    assert (refusal.reason, refusal.text, refusal.field) == (reason, "a text", "terms.quantity")
    assert refusal.retry_after_s == 0.25
    assert refusal.metadata["limit"] == "7"
    rejection = to_rejection(error)
    assert error_pb2.ErrorReason.Name(rejection.reason) == f"ERROR_REASON_{reason}"
    assert rejection.retry_class == ERROR_TABLE[reason].retry_class


def test_unknown_reason_is_a_mistake_of_the_code():
    with pytest.raises(ValueError, match="NO_SUCH_REASON"):
        MeshError("NO_SUCH_REASON", "text")


def test_long_texts_fit_into_headers():
    error = refuse("INVALID_FIELD", "x" * 100_000, value="y" * 100_000)
    _, text, trailing = abort_arguments(error)
    assert len(text) + len(trailing[0][1]) < 4096


def test_statuses_of_others_have_no_reason():
    error = AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), "connect failed")
    assert reason_of(error) == ("", {})
    assert read_refusal(error).text == "connect failed"
