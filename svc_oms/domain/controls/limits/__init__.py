"""Limits as values: which one counts, what makes a control looser, how a limit refuses."""
