"""`python -m yggdrasil`: the same as the command `yggdrasil`."""

from yggdrasil.cli import main

if __name__ == "__main__":
    main()
