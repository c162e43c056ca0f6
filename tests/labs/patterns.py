"""What a command printed beside what its page says that it prints."""

import re

ANY = "..."


def differs(expected, printed):
    """Return the index of the first expected line that is not met, len(expected) for more lines, None if all is well.

    Args:
        expected: lines with `...` for anything within a line or, alone, for any number of lines.
        printed: lines as they came; white space at their ends does not count.
    """
    text = "".join(f"{line.rstrip()}\n" for line in printed)
    if re.fullmatch(_pattern(expected), text):
        return None
    met = (number for number in range(len(expected), 0, -1) if re.match(_pattern(expected[:number]), text))
    return next(met, 0)


def _pattern(lines):
    return "".join(r"(?:.*\n)*?" if line.strip() == ANY else rf"{_line(line.rstrip())}\n" for line in lines)


def _line(line):
    return ".*".join(re.escape(part) for part in line.split(ANY))
