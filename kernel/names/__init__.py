"""Names: symbols of venues as parts of our ids, and ids that are nearly what was asked for."""
