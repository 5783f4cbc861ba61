"""What is older than its named age is archived to files, and removed from the database."""
