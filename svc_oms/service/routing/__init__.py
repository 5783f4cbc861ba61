"""Smart order routing: parents, their children, and the consolidated books decisions are made by."""
