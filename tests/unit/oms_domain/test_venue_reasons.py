"""Every reject code a venue can send has a reason with a retry class, and the way back fits."""

import pytest
import quickfix

from mesh.errors import ERROR_TABLE
from svc_oms.domain.facts import BusinessRejectFacts, CancelRejectFacts, SessionRejectFacts
from svc_oms.domain.reports import venue_reasons
from tests.support.lifecycle import ORDER_ID, TrackedOrder

TABLES = {
    "OrdRejReason": venue_reasons.BY_ORD_REJ_REASON,
    "CxlRejReason": venue_reasons.BY_CXL_REJ_REASON,
    "BusinessRejectReason": venue_reasons.BY_BUSINESS_REJECT_REASON,
}
FIX_4_4 = {
    "OrdRejReason": {*range(16), 99},
    "CxlRejReason": {*range(7), 99},
    "BusinessRejectReason": set(range(8)),
}


def standard(field):
    """Values of a field in any version of FIX, as QuickFIX's constants have them."""
    names = [name for name in dir(quickfix) if name.startswith(f"{field}_")]
    return {value for name in names if isinstance(value := getattr(quickfix, name), int)}


@pytest.mark.parametrize("field", TABLES)
def test_total_over_the_standard(field):
    assert FIX_4_4[field] <= standard(field) == set(TABLES[field])


@pytest.mark.parametrize("field", TABLES)
def test_every_reason_has_a_retry_class(field):
    assert set(TABLES[field].values()) <= set(ERROR_TABLE)


def test_the_codes_we_would_send_are_of_the_standard_and_come_back_alike():
    """From reason to code to reason: the same, or at least the same thing to do about it."""
    for rule in ERROR_TABLE.values():
        for table, code in (
            (venue_reasons.BY_ORD_REJ_REASON, rule.ord_rej_reason),
            (venue_reasons.BY_CXL_REJ_REASON, rule.cxl_rej_reason),
        ):
            if code:  # 0 is "somebody's choice" and "too late"
                assert table[code] in ERROR_TABLE
    for code in (1, 2, 3, 6, 11, 13, 16):
        back = ERROR_TABLE[venue_reasons.BY_ORD_REJ_REASON[code]]
        assert back.ord_rej_reason == code
    for code in (0, 3):
        assert ERROR_TABLE[venue_reasons.BY_CXL_REJ_REASON[code]].cxl_rej_reason == code


@pytest.fixture
def tracked():
    tracked = TrackedOrder()
    tracked.place()
    return tracked


def test_the_code_and_text_stay_beside_the_reason(tracked):
    tracked.report("8", "8", ord_rej_reason=2, text="closed till Monday")
    rejection = tracked.order.rejection
    assert (rejection.reason, rejection.venue_code) == ("INSTRUMENT_NOT_TRADABLE", 2)
    assert rejection.venue_text == "closed till Monday"


@pytest.mark.parametrize(("code", "reason"), [(None, "VENUE_REJECTED"), (1234, "VENUE_REJECTED")])
def test_no_code_or_the_venue_s_own(tracked, code, reason):
    tracked.report("8", "8", ord_rej_reason=code, text="no")
    assert (tracked.order.rejection.reason, tracked.order.rejection.venue_code) == (reason, code)


def test_each_message_is_read_by_its_own_table(tracked):
    """The same number means different things in 8, 9, j and 3."""
    tracked.report("0", "0")
    cancel = tracked.cancel()
    tracked.hear(CancelRejectFacts(cancel, cxl_rej_reason=3))
    assert tracked.order.rejection.reason == "ORDER_CHANGE_PENDING"
    cancel = tracked.cancel()
    tracked.hear(BusinessRejectFacts(cancel, "F", reason=4, text="later"))
    assert tracked.order.rejection.reason == "VENUE_UNAVAILABLE"
    cancel = tracked.cancel()
    tracked.hear(SessionRejectFacts(cancel, "F", reason=1, ref_tag_id=60))
    assert tracked.order.rejection.reason == "VENUE_REJECTED"
    assert tracked.order.rejection.venue_code == 1
    assert tracked.order.state.name == "NEW"


def test_the_order_s_id_is_what_a_refusal_of_a_new_order_names(tracked):
    tracked.hear(BusinessRejectFacts(f"{ORDER_ID}-1", "D", reason=2))
    assert tracked.order.rejection.reason == "INSTRUMENT_NOT_FOUND"
    assert tracked.order.state.name == "REJECTED"
