"""Tests of the whole mesh; a package, so that its mesh ends with the last of them."""
