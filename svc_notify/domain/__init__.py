"""What a notification is, who may see it, which rules select it, and when it is sent."""
