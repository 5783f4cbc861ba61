"""The audit log and what is recorded in it: refusals, actions of people, counts."""
