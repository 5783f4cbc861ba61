"""Who may do what: users, sessions, tokens and the keys they are signed with."""
