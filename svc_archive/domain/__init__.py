"""When a file is closed, and what the archiver does or why not."""
