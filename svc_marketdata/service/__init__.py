"""Use cases: take reports of venues and deliver them in each subscriber's mode."""
