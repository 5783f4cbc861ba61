"""Before a command is sent: order, rate, lease, kill switches; its fate after a crash."""
