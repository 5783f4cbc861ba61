"""One market-data session: listings, prices, snapshots, and the feed to svc_marketdata."""
