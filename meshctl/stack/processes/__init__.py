"""The processes of the local stack: started, watched, logged, restarted and stopped."""
