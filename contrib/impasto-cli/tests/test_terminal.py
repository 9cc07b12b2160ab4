"""In a terminal: the seconds are counted, and Ctrl-C is quick."""

import os
import pty
import signal
import subprocess
import time

import pytest

ENDLESS = ("a fox", "-m", "sketch/oil-1", "--size", "64x64", "-p", "latency=30")


@pytest.fixture
def terminal():
    """Run the command with standard error in a terminal, until it has shown some text."""

    def terminal(command, *, until):
        ours, theirs = pty.openpty()
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs
        )
        os.close(theirs)
        shown = b""
        while until not in shown:
            shown += os.read(ours, 1024)
        return child, ours, shown

    return terminal


class TestWaiting:
    def test_seconds_are_counted_in_one_line(self, command, terminal):
        """
        Each count overwrites the last one; no line is used up.
        """
        child, ours, shown = terminal([*command, *ENDLESS], until=b"waiting 1 s")
        child.kill()
        child.communicate()
        os.close(ours)

        assert b"\rwaiting 1 s" in shown
        assert b"\n" not in shown

    def test_nothing_is_left_of_it(self, command, terminal):
        """
        The line is empty before anything else is said.
        """
        args = (*ENDLESS[:-1], "latency=1")
        child, ours, shown = terminal([*command, *args], until=b"world\r\n")
        output, _ = child.communicate(timeout=30)
        os.close(ours)

        assert b"a-fox.png 64x64\n" == output
        assert b"\r" + b" " * 14 + b"\rnote: " in shown


class TestInterrupt:
    def test_ctrl_c_ends_it_at_once(self, command, terminal):
        """
        Exit code 130, one line, no traceback, and not after the 30 seconds of the picture.
        """
        child, ours, _ = terminal([*command, *ENDLESS], until=b"waiting 1 s")
        begun = time.monotonic()
        child.send_signal(signal.SIGINT)
        said = os.read(ours, 1024)
        while b"\r\n" not in said:
            said += os.read(ours, 1024)
        output, _ = child.communicate(timeout=30)
        os.close(ours)

        assert (130, b"") == (child.returncode, output)
        assert 5 > time.monotonic() - begun
        assert said.endswith(
            b"error: interrupted; if the order was on its way, it may cost money\r\n"
        )
        assert b"Traceback" not in said
