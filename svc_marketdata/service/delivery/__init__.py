"""How changes reach subscribers: what each wants, frames of bytes, and the pace."""
