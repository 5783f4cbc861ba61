"""PriceAlertService: the contract of price alerts."""
