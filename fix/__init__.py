"""FIX for both sides of a session: text, tags, data dictionary, and guards in front of QuickFIX."""
