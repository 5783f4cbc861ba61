"""Who calls and what they may do: access tokens, their keys, revocations, roles."""
