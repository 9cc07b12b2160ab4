"""``impasto doctor``: finds what is wrong, tells no secret, and says what to do."""

import json
import os
import ssl
from pathlib import Path

import pytest

from impasto.testing import FakeServer, reply

KEY = "sk-0123456789abcdef"


@pytest.fixture
def looked(run, monkeypatch):
    """Return what the doctor says as JSON, with its exit code."""

    def looked(*args, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        result = run("doctor", "--json", *args)
        return result.exit_code, json.loads(result.stdout)

    return looked


def machine(document, about):
    """Return what was found of *about*."""
    return next(one for one in document["machine"] if one["about"] == about)


class TestPlugins:
    def test_a_setting_is_told_by_its_variable(self, acme, looked):
        """
        Which variable is read, what has a default, what is not set.
        """
        code, document = looked("--provider", "acme")

        assert 0 == code
        assert {"api_key": "ACME_API_KEY", "api_base": "default", "studio": "not set"} == document[
            "plugins"
        ][0]["settings"]
        assert [] == document["todo"]

    def test_the_variable_that_wins_is_told(self, acme, looked, monkeypatch):
        """
        Of several the first one that is set, as a call reads them.
        """
        monkeypatch.delenv("ACME_API_KEY")
        _, document = looked("--provider", "acme", ACME_TOKEN=KEY, ACME_BASE_URL="http://b.example")

        assert ("ACME_TOKEN", "ACME_BASE_URL") == tuple(
            document["plugins"][0]["settings"][name] for name in ("api_key", "api_base")
        )

    @pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
    def test_no_value_is_shown(self, run, monkeypatch, form):
        """
        Neither a key nor what else the settings hold: people paste this into reports.
        """
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
        monkeypatch.setenv("HTTPS_PROXY", "http://me:secret-word@proxy.example:3128")
        shown = run("doctor", *form).output

        assert "OPENAI_API_KEY" in shown
        assert "proxy.example:3128" in shown
        for value in (KEY, "0123456789", "org-of-mine", "secret-word", "me:"):
            assert value not in shown

    def test_what_is_missing_is_to_be_done(self, looked):
        """
        The variable is named; without --provider it is no failure: nobody has a key for all.
        """
        every, document = looked()
        one, _ = looked("--provider", "openai")
        plugin = next(plugin for plugin in document["plugins"] if plugin["name"] == "openai")

        assert (0, 3) == (every, one)
        assert "open" == plugin["state"]
        assert "OpenAI needs api_key: pass -p api_key=... or set OPENAI_API_KEY" == plugin["lacks"]
        assert f"to use openai: {plugin['lacks']}" in document["todo"]

    @pytest.mark.parametrize(
        ("variable", "value", "message"),
        [
            ("OPENAI_API_KEY", f"{KEY}\n", "(read from OPENAI_API_KEY) holds a line break"),
            ("OPENAI_BASE_URL", "localhost:8080", "is no http(s) URL"),
        ],
    )
    def test_what_cannot_be_right_is_found(self, looked, variable, value, message):
        """
        As a call would find it, and without a network.
        """
        code, document = looked("--provider", "openai", **{"OPENAI_API_KEY": KEY, variable: value})

        assert 3 == code
        assert message in document["plugins"][0]["lacks"]
        assert KEY not in json.dumps(document)

    def test_a_broken_plugin_is_told_with_its_cause(self, process, tmp_path):
        """
        Exit code 7; the others are looked at all the same.
        """
        (tmp_path / "impasto_cracked.py").write_text("raise RuntimeError('cracked in the kiln')")
        metadata = tmp_path / "impasto_cracked-0.3.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: impasto-cracked\nVersion: 0.3\n"
        )
        (metadata / "entry_points.txt").write_text("[impasto.providers]\ncracked=impasto_cracked\n")
        result = process("doctor", "--json", PYTHONPATH=str(tmp_path))
        document = json.loads(result.stdout)
        states = {plugin["name"]: plugin["state"] for plugin in document["plugins"]}

        assert (7, 7) == (result.returncode, document["exit_code"])
        assert ("wrong", "fine") == (states["cracked"], states["sketch"])
        assert (
            "cracked: pip install --upgrade impasto-cracked, or report it there"
            == (document["todo"][0])
        )
        assert "cracked in the kiln" in result.stdout.decode()

    def test_two_claimants_are_told_apart(self, process, tmp_path):
        """
        Which of them to uninstall is the first thing to do.
        """
        for name in ("one", "two"):
            metadata = tmp_path / f"impasto_{name}-0.3.dist-info"
            metadata.mkdir()
            (metadata / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: impasto-{name}\nVersion: 0.3\n"
            )
            (metadata / "entry_points.txt").write_text("[impasto.providers]\nacme = acme\n")
        result = process("doctor", "--provider", "acme", "--json", PYTHONPATH=str(tmp_path))

        assert 7 == result.returncode
        assert "pip uninstall" in json.loads(result.stdout)["todo"][0]

    def test_an_unknown_provider_is_refused(self, run):
        """
        With those that there are.
        """
        result = run("doctor", "--provider", "nope")

        assert (2, 1) == (result.exit_code, result.stderr.count("\n"))


class TestMachine:
    def test_versions_are_told(self, looked):
        """
        Of impasto and of what it stands on.
        """
        told = machine(looked()[1], "versions")["told"]

        for name in ("impasto 0.1.0", "impasto-cli 0.1.0", "aiohttp ", "pluggy ", "attrs "):
            assert name in told

    def test_a_file_with_certificates_is_counted(self, looked):
        """
        They are read, so that a wrong file is found before a call fails.
        """
        file = ssl.get_default_verify_paths().cafile
        if file is None:
            file = "certificates.pem"
            Path(file).write_text(ssl.DER_cert_to_PEM_cert(_any_certificate()))
        found = machine(looked(SSL_CERT_FILE=file)[1], "SSL_CERT_FILE")

        assert "fine" == found["state"]
        assert "certificates" in found["told"]

    @pytest.mark.parametrize(
        ("variable", "content", "told"),
        [
            ("SSL_CERT_FILE", None, "does not exist"),
            ("SSL_CERT_FILE", "no PEM", "holds no certificates"),
            ("REQUESTS_CA_BUNDLE", "no PEM", "holds no certificates"),
            ("SSL_CERT_DIR", None, "does not exist"),
        ],
    )
    def test_a_wrong_one_is_found(self, looked, tmp_path, variable, content, told):
        """
        With what to do, before anything else.
        """
        path = tmp_path / "ca.pem"
        if content is not None:
            path.write_text(content)
        _, document = looked(**{variable: str(path)})
        found = machine(document, variable)

        assert "wrong" == found["state"]
        assert told in found["told"]
        assert document["todo"][0].startswith(f"set {variable} to a PEM file")

    def test_an_extra_that_is_not_installed_is_found(self, looked):
        """
        IMPASTO_EXTRAS would make every call fail.
        """
        _, document = looked(IMPASTO_EXTRAS="nope")

        assert "pip install impasto-nope, or take nope out of IMPASTO_EXTRAS" in document["todo"]

    @pytest.mark.parametrize(
        ("model", "state"), [("sketch/oil-1", "fine"), ("nope/x", "wrong")], ids=["good", "wrong"]
    )
    def test_the_model_by_default_is_looked_up(self, looked, model, state):
        """
        IMPASTO_MODEL is what calls without -m use.
        """
        assert state == machine(looked(IMPASTO_MODEL=model)[1], "IMPASTO_MODEL")["state"]

    def test_without_online_nobody_is_asked(self, looked, server):
        """
        Not even who is configured.
        """
        _, document = looked("--provider", "openai", OPENAI_BASE_URL=server.url)

        assert [] == server.received
        assert not any(one["about"].startswith("clock") for one in document["machine"])


class TestClock:
    def test_the_right_time(self, looked, server):
        """
        The provider's origin is asked without a key.
        """
        _, document = looked(
            "--provider", "openai", "--online", OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY
        )

        assert "fine" == machine(document, "clock, openai")["state"]
        assert ["HEAD"] == [received.method for received in server.received]
        assert KEY not in str(server.received[0].headers)

    def test_a_clock_that_is_wrong(self, looked):
        """
        A year is more than any signature forgives.
        """
        date = {"Date": "Sun, 06 Nov 1994 08:49:37 GMT"}
        with FakeServer(lambda _: reply({}, headers=date)) as server:
            _, document = looked("--provider", "openai", "--online", OPENAI_BASE_URL=server.url)

        assert "wrong" == machine(document, "clock, openai")["state"]
        assert "set this machine's clock: signatures and tokens need it" in document["todo"]

    def test_a_provider_that_cannot_be_reached(self, looked):
        """
        Is told with the reason, and with what to look at.
        """
        _, document = looked(
            "--provider", "openai", "--online", OPENAI_BASE_URL="http://127.0.0.1:9/v1"
        )
        found = machine(document, "clock, openai")

        assert "wrong" == found["state"]
        assert "http://127.0.0.1:9/v1 cannot be reached: " in found["told"]


class TestText:
    def test_it_ends_with_what_to_do(self, run):
        """
        In order, each with its number.
        """
        lines = run("doctor", "--provider", "openai").stdout.splitlines()

        assert "--  openai  impasto-openai 0.1.0" == lines[0]
        assert [
            "1. to use openai: OpenAI needs api_key: pass -p api_key=...",
            "   or set OPENAI_API_KEY",
        ] == lines[-2:]

    def test_nothing_to_do_is_said(self, acme, run):
        """
        Silence would leave people in doubt.
        """
        assert run("doctor", "--provider", "acme").stdout.endswith("\n\nNothing to do.\n")

    @pytest.mark.parametrize("width", [20, 60, 200])
    def test_no_line_is_too_wide(self, run, monkeypatch, width):
        """
        Whatever the width; a path may stick out of a very narrow one.
        """
        monkeypatch.setenv("COLUMNS", str(width))
        lines = run("doctor").stdout.splitlines()

        assert width >= max(len(line) for line in lines if os.sep not in line)

    def test_without_any_plugin_it_says_what_to_install(self, installed):
        """
        That is nobody's mistake.
        """
        result = installed()("doctor")

        assert 0 == result.returncode, result.stderr
        assert b"1. install a provider: pip install impasto-openai" in result.stdout


def _any_certificate():
    """Return one of the certificates that this machine trusts."""
    return ssl.create_default_context().get_ca_certs(binary_form=True)[0]
