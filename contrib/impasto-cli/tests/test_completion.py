"""Completion: what the shells are told, quickly and without a plugin's code."""

import os
import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def completed(process):
    """Return what bash would be offered for a line that ends in the middle of a word."""

    def completed(*words):
        result = process(
            _IMPASTO_COMPLETE="bash_complete",
            COMP_WORDS=" ".join(f"'{word}'" if " " in word else word for word in words),
            COMP_CWORD=str(len(words) - 1),
        )
        assert b"" == result.stderr
        offered = result.stdout.decode().splitlines()
        return [line.removeprefix("plain,") for line in offered if line]

    return completed


class TestWords:
    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (("impasto", "pro"), ["providers"]),
            (("impasto", "generate", "-m", "sket"), ["sketch/oil-1"]),
            (("impasto", "a fox", "-m", "sket"), ["sketch/oil-1"]),
            (("impasto", "edit", "in.png", "a hat", "--model", "sketch/o"), ["sketch/oil-1"]),
            (("impasto", "params", "sketch/"), ["sketch/oil-1"]),
            (("impasto", "models", "--provider", "sk"), ["sketch"]),
            (("impasto", "completion", "z"), ["zsh"]),
            (("impasto", "doctor", "--on"), ["--online"]),
            (("impasto", "--neg"), ["--negative-prompt"]),
            (("impasto", "-", "--neg"), ["--negative-prompt"]),
            (("impasto", "generate", "-m", "nope/"), []),
        ],
        ids=" ".join,
    )
    def test_a_word_is_completed(self, completed, words, expected):
        """
        Commands, options, models and providers, in a bare prompt as well.
        """
        assert expected == completed(*words)

    def test_no_plugin_is_imported(self):
        """
        Nor is what only calls need: the key is pressed often.
        """
        code = (
            "import sys\nfrom impasto_cli import main\n"
            "try: main(prog_name='impasto')\n"
            "finally:\n"
            "  found = {name.partition('.')[0] for name in sys.modules}\n"
            "  print(sorted(one for one in found if one.startswith('impasto_') or one in "
            "('rich', 'aiohttp', 'cattrs', 'PIL')))"
        )
        environment = {
            **os.environ,
            "_IMPASTO_COMPLETE": "bash_complete",
            "COMP_WORDS": "impasto -m sket",
            "COMP_CWORD": "2",
        }
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, env=environment, timeout=30
        )

        assert "plain,sketch/oil-1\n['impasto_cli']\n" == done.stdout.decode()

    def test_a_provider_without_a_catalogue_is_offered_itself(self, process, tmp_path):
        """
        Its models are anybody's guess, but the beginning of their names is not.
        """
        metadata = tmp_path / "impasto_bare-0.3.dist-info"
        metadata.mkdir()
        (tmp_path / "impasto_bare.py").write_text("raise RuntimeError")
        (metadata / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: impasto-bare\nVersion: 0.3\n"
        )
        (metadata / "entry_points.txt").write_text("[impasto.providers]\nbare = impasto_bare\n")
        result = process(
            PYTHONPATH=str(tmp_path),
            _IMPASTO_COMPLETE="bash_complete",
            COMP_WORDS="impasto -m ba",
            COMP_CWORD="2",
        )

        assert b"plain,bare/\n" == result.stdout

    def test_a_broken_catalogue_is_passed_over(self, process, tmp_path):
        """
        Nothing may be printed there but words.
        """
        package = tmp_path / "impasto_cracked"
        package.mkdir()
        (package / "__init__.py").write_text("raise RuntimeError")
        (package / "models.json").write_text("{")
        metadata = tmp_path / "impasto_cracked-0.3.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: impasto-cracked\nVersion: 0.3\n"
        )
        (metadata / "entry_points.txt").write_text("[impasto.providers]\ncracked=impasto_cracked\n")
        result = process(
            PYTHONPATH=str(tmp_path),
            _IMPASTO_COMPLETE="bash_complete",
            COMP_WORDS="impasto -m s",
            COMP_CWORD="2",
        )

        assert (b"plain,sketch/oil-1\n", b"") == (result.stdout, result.stderr)


class TestScripts:
    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_a_script_asks_the_command(self, run, shell):
        """
        It is click's own, with this command's variable.
        """
        result = run("completion", shell)

        assert 0 == result.exit_code
        assert f"_IMPASTO_COMPLETE={shell}_complete" in result.stdout

    def test_another_shell_is_refused(self, run):
        """
        With those that there are.
        """
        result = run("completion", "csh")

        assert 2 == result.exit_code
        assert "'bash', 'zsh', 'fish'" in result.stderr

    @pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
    def test_bash_completes_with_it(self, run, command, tmp_path):
        """
        The script is loaded as the documentation says, and bash offers the models.
        """
        (tmp_path / "impasto").write_text(f'#!/bin/sh\nexec {command[0]} -m impasto_cli "$@"\n')
        (tmp_path / "impasto").chmod(0o755)
        typed = (
            'eval "$(impasto completion bash)"\n'
            'COMP_WORDS=(impasto "generate" -m "sket"); COMP_CWORD=3\n'
            "_impasto_completion impasto\n"
            'echo "${COMPREPLY[@]}"\n'
        )
        done = subprocess.run(
            ["bash", "-c", typed],
            capture_output=True,
            env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
            timeout=30,
        )

        assert (b"sketch/oil-1\n", b"") == (done.stdout, done.stderr)
