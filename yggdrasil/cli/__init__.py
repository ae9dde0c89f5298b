"""The command `yggdrasil`: a reader of the event stream in a terminal, and of JSON in scripts."""


def main() -> None:
    """Entry point of the command; what a user sees as an error never has a traceback."""
    try:
        from yggdrasil.cli.commands import run
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    run()
