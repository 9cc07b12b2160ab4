"""``impasto providers``: what is installed, what is wrong with it, and what to install."""

import json
import re

from impasto import ProviderInfo
from impasto_cli.commands.providers import tell

CLASH = ProviderInfo(
    "acme",
    "impasto-acme, impasto-another-acme",
    "0.1.0, 0.2.0",
    "clash",
    "'acme' is claimed by impasto-acme and impasto-another-acme; uninstall one of them: "
    "pip uninstall impasto-another-acme",
)
OPENAI = ProviderInfo("openai", "impasto-openai", "0.1.0", "installed")
OWN = ProviderInfo("own", None, None, "ready")


class TestTable:
    def test_it_is_narrow(self, capsys):
        """
        60 columns are enough; what is wrong stands whole below its row.
        """
        tell([CLASH, OPENAI, OWN])

        assert (
            """\
NAME    STATE      VERSION       DISTRIBUTION
acme    clash      0.1.0, 0.2.0  impasto-acme,
                                 impasto-another-acme
  'acme' is claimed by impasto-acme and
  impasto-another-acme; uninstall one of them: pip uninstall
  impasto-another-acme
openai  installed  0.1.0         impasto-openai
own     ready      -             this program
"""
        ) == capsys.readouterr().out

    def test_nothing_can_be_too_narrow(self, capsys, monkeypatch):
        """
        A terminal of ten columns breaks lines, but not the command.
        """
        monkeypatch.setenv("COLUMNS", "10")
        tell([OPENAI])

        assert "openai\n  state installed;\n" in capsys.readouterr().out


class TestCommand:
    def test_what_is_installed_is_listed(self, process):
        """
        Listing imports no plugin, so nobody's can break it.
        """
        result = process("providers")

        assert 0 == result.returncode
        assert re.search(rb"^sketch +installed +0.1.0 ", result.stdout, re.MULTILINE)

    def test_json_is_a_list(self, run):
        """
        --json gives programs the same fields as `impasto.providers()`.
        """
        rows = json.loads(run("providers", "--json").stdout)
        sketch = next(row for row in rows if row["name"] == "sketch")

        assert {"name", "distribution", "version", "state", "cause"} == set(sketch)
        assert "impasto-sketch" == sketch["distribution"]

    def test_two_claimants_are_a_clash(self, process, tmp_path):
        """
        Two distributions with one name are both shown, with the way out.
        """
        for name in ("one", "two"):
            metadata = tmp_path / f"impasto_{name}-0.3.dist-info"
            metadata.mkdir()
            (metadata / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: impasto-{name}\nVersion: 0.3\n"
            )
            (metadata / "entry_points.txt").write_text("[impasto.providers]\nacme = acme\n")
        shown = process("providers", PYTHONPATH=str(tmp_path)).stdout.decode()

        assert re.search("^acme +clash", shown, re.MULTILINE)
        assert "pip uninstall" in shown
        assert 60 >= max(map(len, shown.splitlines()))

    def test_with_none_it_says_what_to_install(self, installed):
        """
        On a bare installation the list is empty, and the way on is shown.
        """
        result = installed()("providers")

        assert (0, b"") == (result.returncode, result.stderr)
        assert b"pip install impasto-openai" in result.stdout
        assert 60 >= max(map(len, result.stdout.splitlines()))
