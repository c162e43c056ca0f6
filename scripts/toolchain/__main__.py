"""The way in: ``python3 -m toolchain demo``, ``test`` or ``bench``.

This file is read by whatever python3 the machine has, so it keeps to syntax that every Python 3 understands until it
knows the version.
"""

import sys

OLDEST = (3, 11)
NEWEST = (3, 14)


def main() -> int:
    """Check the version of Python, then install; return the exit status."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.stderr.write(
            "Python {}.{} to {}.{} is needed and python3 is {}.{}: install one of these, or name it, as in "
            "`make demo PYTHON=python3.12`\n".format(*(OLDEST + NEWEST + tuple(sys.version_info[:2])))
        )
        return 2
    from toolchain.install import install

    return install(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
