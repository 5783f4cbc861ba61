"""The gateway: owns FIX sessions to venues and links them to the OMS and market data."""
