"""Reference data in the contract: rpcs and mappings."""
