"""`python -m kzlabel`: the command line."""

from kzlabel.cli import main

if __name__ == "__main__":
    main()
