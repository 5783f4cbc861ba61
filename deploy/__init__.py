"""Where our processes are listed, and what is rendered from the list."""
