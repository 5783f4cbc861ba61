"""The client conformance kit: cases, a scripted mesh that plays them, and a table of who passes.

`clients/conformance/README.md` has the contract of a driver.
"""
