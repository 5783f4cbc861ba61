"""Commands about pre-trade controls: limits, overrides, trading statuses, positions."""
