"""Builds the order book anew from a copy of its log, and compares it with the stored one."""
