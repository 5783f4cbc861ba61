"""What prices cost beside their delivery: alerts, and memory."""
