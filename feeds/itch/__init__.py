"""Nasdaq TotalView-ITCH 5.0: a file of messages as a source of prices.

It shows that the port of feeds fits a protocol that is nothing like FIX: binary, and made of single
orders that must be added up to price levels. It plays files; it does not listen to multicast.
"""
