"""The terms of an order: what each type needs, checks, cash, stops, trading hours."""
