"""``impasto explain``: what a call would do, without making it."""

import json

from impasto.testing import PNG

KEY = "sk-0123456789abcdef"


class TestText:
    def test_parameters_and_requests(self, run, monkeypatch):
        """
        A row for each parameter, a line of curl for each request, remarks beside them.
        """
        monkeypatch.setenv("COLUMNS", "100")
        result = run(
            *("explain", "a fox", "-m", "openai/gpt-image-2", "--size", "1024x1024"),
            *("--seed", "5", "--drop-params"),
        )

        assert 0 == result.exit_code, result.stderr
        assert (
            """\
openai/gpt-image-2
PARAMETER  GIVEN        IS       AS
prompt     "a fox"      sent     {"prompt": "a fox"}
size       "1024x1024"  sent     {"size": "1024x1024"}
seed       5            dropped
  gpt-image-2 does not take seed

"""
            "curl -X POST https://api.openai.com/v1/images/generations -H 'Accept: application/json' "
            "-H 'Content-Type: application/json' -H \"Authorization: Bearer $OPENAI_API_KEY\" "
            '-d \'{"model":"gpt-image-2","prompt":"a fox","size":"1024x1024"}\'\n'
            "\ncosts 0.00588 to 0.211245 USD\n"
        ) == result.stdout
        assert "note: api_key is missing: pass it or set OPENAI_API_KEY\n" == result.stderr

    def test_an_edit(self, run, tmp_path):
        """
        With a picture it is a call of `impasto edit`.
        """
        (tmp_path / "cup.png").write_bytes(PNG)
        result = run("explain", "a hat", "-i", "cup.png", "-m", "openai/gpt-image-2")

        assert "/v1/images/edits" in result.stdout
        assert "-F image=@cup.png" in result.stdout

    def test_a_model_that_nobody_listed(self, run):
        """
        That is said beside its name.
        """
        result = run("explain", "a fox", "-m", "openai/gpt-9", "-p", f"api_key={KEY}")

        assert "openai/gpt-9, which no catalogue lists" == result.stdout.splitlines()[0]
        assert KEY not in result.stdout + result.stderr


def test_json(run):
    """
    One object, with the requests in parts.
    """
    told = json.loads(run("explain", "a fox", "-m", "sketch/oil-1", "--json").stdout)

    assert ("sketch", "oil-1", [], "sent") == (
        told["provider"],
        told["model"],
        told["requests"],
        told["params"]["prompt"]["outcome"],
    )


def test_what_the_call_would_raise(run):
    """
    The same error, in one line, with the same exit code.
    """
    result = run("explain", "a fox", "-m", "sketch/oil-1", "--quality", "high")

    assert (2, "error: sketch/oil-1: quality='high': oil-1 does not take quality; ") == (
        result.exit_code,
        result.stderr.partition("--drop")[0],
    )
