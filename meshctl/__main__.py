"""`python -m meshctl` is `ordermesh`."""

from meshctl.main import main

if __name__ == "__main__":
    main()
