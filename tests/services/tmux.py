"""tmux: a real terminal, into which tests type and whose screen they read."""

import re
import subprocess
import time
from pathlib import Path
from typing import Self

from tests.services.needs import need
from tests.services.processes import POLL_INTERVAL


class Tmux:
    """A shell on a terminal of its own, while it is entered.

    Skips the test, or fails it, as `need` does if tmux is not installed.

    Args:
        folder: Where the shell works, and where the terminal's socket is.
    """

    def __init__(self, folder: Path, width: int = 80, height: int = 24) -> None:
        # The path of a socket must be short, so it is named from its own folder.
        self._command = [need("tmux", "tmux"), "-S", "terminal", "-f", "/dev/null"]
        self._folder = folder
        self._size = ("-x", str(width), "-y", str(height))

    def __enter__(self) -> Self:
        # tmux speaks to terminals that know UTF-8 if the locale says so.
        self._ask("-u", "new-session", "-d", *self._size, "env PS1='$ ' sh")
        try:
            self.wait_for(r"^\$")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ask("kill-server")

    def run(self, command: str) -> None:
        """Type a command into the shell."""
        self._ask("send-keys", "-l", command)
        self._ask("send-keys", "Enter")

    def begin(self, command: str) -> None:
        """Run a command between two looks at the modes of the terminal."""
        self.run(f"clear; stty -a > before; {self.then_looked(command)}")

    def then_looked(self, command: str) -> str:
        """The command, and after it what `ended` waits for."""
        return f"{command}; printf '\\nstatus %d\\n' $?; stty -a > after; echo looked"

    def ended(self) -> int:
        """The status of the command that was begun, or has been stopped; the terminal must be as it was before it."""
        status = int(self.wait_for(r"^status (\d+)\n(?:.*\n)*?looked$")[1])
        assert self.mode == (False, True)
        assert self._modes("after") == self._modes("before")
        return status

    def _modes(self, file: str) -> str:
        """All that `stty` said but for the size, which a test may change."""
        return re.sub(r"rows \d+; columns \d+;", "", (self._folder / file).read_text())

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names for them."""
        self._ask("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        """Make the terminal larger or smaller."""
        self._ask("resize-window", "-x", str(width), "-y", str(height))

    @property
    def screen(self) -> str:
        """What is on it."""
        return self._ask("capture-pane", "-p")

    @property
    def mode(self) -> tuple[bool, bool]:
        """Whether its other screen is shown, and whether there is a cursor."""
        other, cursor = self._ask("display-message", "-p", "#{alternate_on} #{cursor_flag}").split()
        return other == "1", cursor == "1"

    def wait_for(self, pattern: str, timeout: float = 30.0) -> re.Match[str]:
        """Wait until the screen has what `pattern` says.

        Raises:
            TimeoutError: It did not within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            screen = self.screen
            found = re.search(pattern, screen, re.MULTILINE)
            if found:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"{pattern} did not come within {timeout:g} s:\n{screen}")
            time.sleep(POLL_INTERVAL)

    def _ask(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._command, *arguments], cwd=self._folder, capture_output=True, text=True, timeout=30, check=True
        )
        return done.stdout
