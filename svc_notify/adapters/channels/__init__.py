"""Ways to destinations: webhook, Slack-compatible webhook, e-mail."""
