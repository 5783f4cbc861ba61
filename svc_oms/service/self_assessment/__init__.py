"""What the yearly self-assessment of RTS 6 Article 9 asks for, read from the logs."""
