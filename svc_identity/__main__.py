"""`python -m svc_identity`."""

from svc_identity.app import main

if __name__ == "__main__":
    main()
