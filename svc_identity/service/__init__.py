"""One function per use case, on ports."""
