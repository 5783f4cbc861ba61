"""Requests that somebody made up: tokens of pages, packed files, endless lines."""

import base64
import datetime as dt
import gzip
import json

import pytest

from mesh.errors import MeshError
from mesh.rpc import page_tokens
from ordermesh.marketdata.v1 import history_service_pb2 as pb
from svc_marketdata.api.reference import servicer
from svc_marketdata.domain.reference import csv_file
from svc_marketdata.domain.reference.codes import WrongValueError
from svc_marketdata.service.reference import reference_data

TODAY = dt.date(2027, 1, 4)
KINDS = (str, int, int)


def asked(place):
    """Return a request with a token that its maker made up."""
    request = pb.ListCandlesRequest(instrument_ids=["ASML.SIMA"])
    raw = page_tokens._digest(request) + json.dumps(place).encode()
    request.page_token = base64.urlsafe_b64encode(raw).decode()
    return request


def test_a_place_that_is_one_is_read():
    assert page_tokens.page_place(asked(["ASML.SIMA", 5, 7]), KINDS) == ["ASML.SIMA", 5, 7]


@pytest.mark.parametrize(
    "place",
    [
        ["ASML.SIMA", 2**63, 7],
        ["ASML.SIMA", -1, 7],
        ["ASML.SIMA", 5, 10**30],
        ["ASML\x00.SIMA", 5, 7],
        ["ASML.SIMA", 5, True],
        {"a": 1},
    ],
)
def test_a_place_that_no_database_has_is_refused_by_name(place):
    with pytest.raises(MeshError) as refused:
        page_tokens.page_place(asked(place), KINDS)
    assert refused.value.field == "page_token"


@pytest.mark.parametrize("ordinal", [0, 1, dt.date.max.toordinal() + 1, 2**63 - 1])
def test_a_day_that_no_calendar_has_is_the_nearest_one(ordinal):
    assert dt.date.min <= servicer._date(ordinal) <= dt.date.max


def test_a_gzip_file_with_broken_content_is_refused():
    packed = bytearray(gzip.compress(b"isin,name\n" * 1_000))
    packed[12] ^= 0xFF
    with pytest.raises(WrongValueError, match="a whole gzip file"):
        reference_data._text(bytes(packed))


def test_a_line_without_end_is_refused_before_it_is_divided():
    for text in ("," * 1_000_000, "isin\n" + "," * 1_000_000):
        file = csv_file.read(text, TODAY, TODAY)
        assert not file.rows
        assert [fault.field for fault in file.faults] == ["row"]
        assert "at most 10000 characters" in file.faults[0].expected


def test_a_file_is_read_no_further_after_too_many_wrong_values():
    file = csv_file.read("isin\n" + "x\n" * 100_000, TODAY, TODAY)
    assert len(file.faults) == csv_file.FAULTS_MAX
