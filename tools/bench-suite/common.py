"""Running programs, for the parts of tools/bench."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("FBQ_TEST_DATA", ROOT.parent / "shared" / "data"))


def fail(message):
    sys.exit(f"bench: {message}")


def attempt(*arguments, **options):
    """Runs a program to its end; the result has what it printed and complained about."""
    command = [str(argument) for argument in arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, **options)
    except OSError as error:
        fail(f"{command[0]}: {error.strerror}")


def run(*arguments, **options):
    """Runs a program and returns what it printed; ends the bench where it fails."""
    result = attempt(*arguments, **options)
    if result.returncode != 0:
        sys.stderr.write(result.stderr)
        fail(f"{' '.join(map(str, arguments))} failed with exit code {result.returncode}")
    return result.stdout


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()
