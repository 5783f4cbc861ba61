"""An order management system as a team would write it in a day, with common libraries."""

PLAIN, OURS = "plain Python", "OMS + gateway"
"""Who is measured, in the names of figures."""
