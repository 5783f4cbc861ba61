"""Order groups: what linked orders do to each other, and which links and changes are refused."""
