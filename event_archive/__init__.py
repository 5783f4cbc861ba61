"""The archive of the log: its files, its manifest, and what reads, checks and removes them.

svc_archive writes it; the command line reads it. docs/ARCHIVE.md is the contract.
"""
