"""Kill switches: engaged, confirmed by gateways, pulled, released."""
