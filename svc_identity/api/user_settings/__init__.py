"""UserSettingsService: the servicer, its stream, and their mapping."""
