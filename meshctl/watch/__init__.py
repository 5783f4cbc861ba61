"""What `ordermesh doctor` and `ordermesh top` read: metrics, files and the machine."""
