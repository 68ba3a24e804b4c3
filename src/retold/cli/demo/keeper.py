"""Keeps a program that knows nothing of this one: runs it until stdin ends, or SIGTERM, or it ends itself.

Run as `python -m retold.cli.demo.keeper GRACE PROGRAM ARGUMENT...`, with a pipe as stdin. However the process at the
other end of the pipe ends, the system closes it, and so the program never outlives that process. GRACE is how many
seconds the program has to end when it is asked to; then it is killed. The exit status is the program's, as a shell
tells it.
"""

import os
import signal
import subprocess
import sys
from threading import Thread


def main() -> int:
    # A terminal's Ctrl-C goes to every process on it; whoever holds the pipe says when it is over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    grace, *command = sys.argv[1:]
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: program.terminate())
    Thread(target=_end_with_stdin, args=(program, float(grace)), daemon=True).start()
    status = program.wait()
    return status if status >= 0 else 128 - status


def _end_with_stdin(program: subprocess.Popen[bytes], grace: float) -> None:
    # Nobody writes to it, so this returns at its end. Not by `sys.stdin`, whose lock the interpreter wants at its own.
    os.read(0, 1)
    program.terminate()
    try:
        program.wait(grace)
    except subprocess.TimeoutExpired:
        program.kill()


if __name__ == "__main__":
    sys.exit(main())
