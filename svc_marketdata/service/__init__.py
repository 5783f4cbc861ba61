"""Use cases: take what venues tell, hand it to subscribers as each of them chose."""
