"""Commands about orders: place, cancel, replace, follow, show, go flat."""
