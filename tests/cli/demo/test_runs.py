"""The demo started in one way and another: how soon it moves, beside another one, and with nobody told."""

import re
import subprocess
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from retold.cli.demo.worlds.http.answers import choices
from retold.cli.demo.worlds.http.crawler import ROUTES
from tests.cli.demo.running import COMMAND, Demo, Files, environment


def test_numbers_move_within_three_seconds(tmp_path: Path) -> None:
    with Demo(tmp_path) as demo:
        demo.wait_for_line(r" s .* calls ended")
        spent = demo.cpu_seconds

    # The first line is that of the first second; what else the machine does meanwhile is no affair of the demo's.
    assert 1 + spent < 3


def test_two_at_once_do_not_disturb_each_other_and_a_seed_fixes_the_answers(
    tmp_path: Path,
) -> None:
    with ExitStack() as both:
        fast = both.enter_context(Demo(tmp_path / "fast", "--worlds=http", "--duration=1.5", "--rate=80", "--seed=7"))
        slow = both.enter_context(Demo(tmp_path / "slow", "--worlds=http", "--duration=1.5", "--rate=30", "--seed=7"))
        urls = {fast.metrics_url, slow.metrics_url}

        assert (fast.end(), slow.end()) == (0, 0)

    assert len(urls) == 2
    for demo, papers in ((fast, 30), (slow, 12)):
        files = Files(demo.folder)
        assert files.counted("calls")["papers.fetch"].total() == papers
        assert files.summary["agree"]
        chosen = choices(7)
        for operation, answers in files.requests.items():
            route, requests = ROUTES[operation], sum(answers.values())
            assert answers == Counter(chosen.answer(route, 0.2) for _ in range(requests))


def test_without_options_it_writes_to_a_folder_of_its_own(tmp_path: Path) -> None:
    command = [*COMMAND, "--duration=0.1", "--port=0", "--exporters=prometheus", "--plain"]

    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, env=environment())

    assert (ended.returncode, ended.stderr) == (0, "")
    [folder] = (tmp_path / "retold-demo").iterdir()
    assert {path.name for path in folder.iterdir()} == {
        *("summary.json", "metrics.txt", "upstream.json", "llm.json", "locker.json", "papers.db", "printer.json")
    }
    assert f"files:   retold-demo/{folder.name}\n" in ended.stdout


def test_nobody_is_told_where_none_is_asked_for(tmp_path: Path) -> None:
    with Demo(tmp_path, "--duration=0.1", "--exporters=none") as demo:
        assert demo.end() == 0

    assert not re.search("metrics:|traces:| spans in ", demo.output)
    assert set(Files(tmp_path).summary) == {"operations", "phases", "worlds", "held_back", "agree"}
