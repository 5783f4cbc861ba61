"""The conformance kit: a scripted FIX venue, and order life-cycle cases to play against it."""
