"""Orders that wait in the OMS: for a price, a parent order or a second person."""
