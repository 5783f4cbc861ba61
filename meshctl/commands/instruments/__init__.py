"""Commands about instruments and their reference data."""
