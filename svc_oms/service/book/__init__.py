"""The orders a batch touches: folded in memory, grouped, kept between batches, verified."""
