import pytest

from sim_exchange.instruments import ETF_CFI, INSTRUMENTS, isin_is_valid


@pytest.mark.parametrize("listed", INSTRUMENTS, ids=lambda listed: listed.symbol)
def test_listing_is_sound(listed) -> None:
    assert isin_is_valid(listed.isin)
    assert listed.ticks.is_on_tick(listed.reference_price)
    assert (listed.currency, listed.lot) == ("EUR", 1)
    assert listed.name


def test_listings_are_unique_and_have_shares_and_etfs() -> None:
    assert len({listed.symbol for listed in INSTRUMENTS}) == len(INSTRUMENTS) >= 20
    assert len({listed.isin for listed in INSTRUMENTS}) == len(INSTRUMENTS)
    assert 4 <= sum(listed.cfi == ETF_CFI for listed in INSTRUMENTS) < len(INSTRUMENTS)


@pytest.mark.parametrize(
    "isin", ["DE0007164601", "DE000716460", "de0007164600", "1E0007164600", ""]
)
def test_wrong_isins_are_seen(isin: str) -> None:
    assert not isin_is_valid(isin)
