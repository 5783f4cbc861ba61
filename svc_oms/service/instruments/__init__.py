"""Listings and reference prices that orders are checked against."""
