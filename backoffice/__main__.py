"""`python -m backoffice` is the program."""

from backoffice.cli import main

if __name__ == "__main__":
    main()
