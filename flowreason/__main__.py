"""`python -m flowreason` is the command `flowreason`."""

from flowreason.cli import main

if __name__ == "__main__":
    main()
