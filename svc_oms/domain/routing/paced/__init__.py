"""TWAP and POV: routed orders of which a schedule says when how much is placed."""
