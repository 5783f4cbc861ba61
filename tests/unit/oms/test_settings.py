from decimal import Decimal

import pytest

from mesh.settings import SettingsError, load_settings
from svc_oms.settings import OmsSettings


@pytest.mark.parametrize(
    ("text", "limit"), [("", Decimal(10_000_000)), ("2500.5", Decimal("2500.5")), ("none", None)]
)
def test_the_largest_value_of_an_order(text: str, limit: Decimal | None) -> None:
    settings = load_settings(OmsSettings, {"ORDERMESH_ORDER_VALUE_MAX": text})
    assert settings.order_value_max == limit


@pytest.mark.parametrize("text", ["0", "-1", "much", "NaN"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="ORDERMESH_ORDER_QUANTITY_MAX"):
        load_settings(OmsSettings, {"ORDERMESH_ORDER_QUANTITY_MAX": text})


@pytest.mark.parametrize(
    ("text", "seconds"), [("22:00", 79_200), ("00:00", 0), ("23:59", 86_340), ("", 79_200)]
)
def test_the_end_of_the_trading_day(text: str, seconds: int) -> None:
    settings = load_settings(OmsSettings, {"ORDERMESH_TRADING_DAY_END_UTC": text})
    assert settings.trading_day_end_s == seconds


@pytest.mark.parametrize("text", ["24:00", "22:60", "22", "late", "2:000", "22-00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="ORDERMESH_TRADING_DAY_END_UTC"):
        load_settings(OmsSettings, {"ORDERMESH_TRADING_DAY_END_UTC": text})
