"""`retold top` on a real terminal: what is seen, what keys do, and that the terminal is afterwards as it was before."""

import os
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.top.runs import call
from tests.cli.top.served import Served
from tests.services.ports import free_port
from tests.services.tmux import Tmux
from tests.subprocesses import _BLOCKER

TOP = f"{sys.executable} -m retold top"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Tmux]:
    with Tmux(tmp_path) as terminal:
        yield terminal


def test_a_target_is_seen_coming_going_and_coming_back(terminal: Tmux) -> None:
    port = free_port()
    terminal.begin(f"{TOP} --every 0.2 http://127.0.0.1:{port}/metrics")
    terminal.wait_for("nobody listens there")
    terminal.wait_for("start the process, or correct the address")
    assert terminal.mode == (True, False)

    with Served(port):
        call(0)
        terminal.wait_for(r"▸ all operations .*-")
        call(1)
        call(3, "shop.pay")
        terminal.wait_for("gave up: attempts_exhausted")
        # One call of two succeeded, and one attempt of five.
        terminal.wait_for(r"all operations +\S+ +50\.0% +20\.0% +x2\.50 +1 ")
    terminal.wait_for("nobody listens there  [0-9:]+$")
    with Served(port):
        terminal.wait_for(r"(?:answers again[\s\S]*?){2}")
    terminal.press("q")

    assert terminal.ended() == 0
    assert "EFFECTIVE" not in terminal.screen


def test_keys_choose_sort_pause_and_help(terminal: Tmux) -> None:
    with Served() as served:
        call(0)
        call(0, "shop.pay")
        terminal.begin(f"{TOP} --every 0.2 {served.url}")
        terminal.wait_for("▸ all operations")
        terminal.press("Down")
        terminal.wait_for("▸ shop.fetch")
        terminal.press("j")
        terminal.wait_for("▸ shop.pay")
        terminal.press("k")
        terminal.wait_for("▸ shop.fetch")
        terminal.press("s")
        terminal.wait_for("sorted by calls")
        terminal.press("?")
        terminal.wait_for("pause the drawing")
        terminal.press("?", "p")
        terminal.wait_for("PAUSED")
        call(3)
        terminal.press("p")
        terminal.wait_for("gave up: attempts_exhausted")
        terminal.resize(140, 40)
        terminal.wait_for("effective, last minute")
        terminal.resize(60, 12)
        terminal.wait_for("effective 0%   actual 0%")
        terminal.press("C-c")

        assert terminal.ended() == 0


def test_the_terminal_is_lent_to_the_shell_by_ctrl_z(terminal: Tmux) -> None:
    with Served() as served:
        call(0)
        terminal.begin(f"{TOP} {served.url}")
        terminal.wait_for("▸ all operations")
        terminal.press("C-z")
        assert terminal.ended() == 128 + signal.SIGTSTP
        terminal.run("clear; " + terminal.then_looked("fg"))
        terminal.wait_for("▸ all operations")
        assert terminal.mode == (True, False)
        terminal.press("q")

        assert terminal.ended() == 0


def begun(terminal: Tmux, folder: Path, served: Served, before: str = ":") -> int:
    """The process of a view that is on the terminal, begun by a shell that has done something `before`."""
    call(0)
    terminal.begin(f"sh -c '{before}; echo $$ > pid; exec {TOP} {served.url}'")
    terminal.wait_for("▸ all operations")
    return int((folder / "pid").read_text())


def test_sigterm_gives_it_back(terminal: Tmux, tmp_path: Path) -> None:
    with Served() as served:
        pid = begun(terminal, tmp_path, served)
        terminal.press("x")  # no key of ours
        os.kill(pid, signal.SIGTERM)

        assert terminal.ended() == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT])
def test_it_is_given_back_before_a_signal_ends_the_process(
    terminal: Tmux, tmp_path: Path, number: signal.Signals
) -> None:
    with Served() as served:
        os.kill(begun(terminal, tmp_path, served, "ulimit -c 0"), number)

        assert terminal.ended() == 128 + number
    assert "EFFECTIVE" not in terminal.screen


def test_a_handler_that_somebody_else_has_set_is_called_once_it_is_given_back(terminal: Tmux, tmp_path: Path) -> None:
    (tmp_path / "handled.py").write_text(
        "import signal, sys\n"
        "from retold.cli.top.terminal import Terminal\n"
        "signal.signal(signal.SIGHUP, lambda *_: sys.exit(3))\n"
        "with Terminal():\n"
        "    signal.raise_signal(signal.SIGHUP)\n"
    )
    terminal.begin(f"{sys.executable} handled.py")

    assert terminal.ended() == 3


def test_a_signal_that_is_to_be_ignored_is(terminal: Tmux, tmp_path: Path) -> None:
    with Served() as served:
        os.kill(begun(terminal, tmp_path, served, 'trap "" HUP'), signal.SIGHUP)
        terminal.press("?")
        terminal.wait_for("pause the drawing")
        terminal.press("q")

        assert terminal.ended() == 0


def test_an_exception_gives_it_back_and_is_seen(terminal: Tmux, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "from retold.cli.top.terminal import Terminal\nwith Terminal():\n    raise RuntimeError('no more')\n"
    )
    terminal.begin(f"{sys.executable} broken.py")

    assert terminal.ended() == 1
    assert "RuntimeError: no more" in terminal.screen


def test_without_a_keyboard_it_is_seen_all_the_same(terminal: Tmux) -> None:
    with Served() as served:
        call(0)
        terminal.begin(f"{TOP} {served.url} < /dev/null")
        terminal.wait_for("▸ all operations")
        terminal.press("C-c")

        assert terminal.ended() == 0


def test_on_a_terminal_that_can_do_nothing_there_are_lines(terminal: Tmux) -> None:
    with Served() as served:
        call(0)
        terminal.begin(f"TERM=dumb {TOP} --every 0.2 {served.url}")
        terminal.wait_for("shop.fetch .* calls/s, effective")
        assert terminal.mode == (False, True)
        terminal.press("C-c")

        assert terminal.ended() == 0


def test_without_rich_it_says_how_to_have_it_or_to_do_without(terminal: Tmux, tmp_path: Path) -> None:
    (tmp_path / "poor.py").write_text(
        _BLOCKER.format(blocked=["rich"])
        + "from retold.cli import main\nsys.exit(main(['top', 'http://127.0.0.1:1/metrics']))\n"
    )
    terminal.begin(f"{sys.executable} poor.py")

    assert terminal.ended() == 2
    said = " ".join(terminal.screen.replace("\n", "").split())
    assert "rich is not installed, which the live view needs: pip install 'retold[demo]', or --plain" in said


def test_a_terminal_that_is_gone_ends_it() -> None:
    controller, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    with Served() as served:
        call(0)
        script = f"""if True:
            import signal, sys
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            from retold.cli import main
            sys.exit(main(["top", {served.url!r}]))
        """
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=terminal,
            stdout=terminal,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=os.environ | {"TERM": "xterm"},
        )
        os.close(terminal)
        with process:
            seen = b""
            while b"all operations" not in seen:
                seen += os.read(controller, 65536)
            os.close(controller)
            _, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (0, b"")
