"""QuickFIX's file store: read, checked for health, owned by one process."""
