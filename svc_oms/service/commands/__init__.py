"""Commands on orders: one worker, one transaction for each batch, one handler for each kind."""
