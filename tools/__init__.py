"""Helpers of the build; nothing here runs in a service."""
