"""``--budget``: the most that all of a command may cost."""

import json
from pathlib import Path

import pytest

CALL = ("--size", "1024x1024", "--quality", "high")  # $0.21072 to $0.211245


class TestBudget:
    def test_what_fits_is_made(self, order, server):
        """
        As without it.
        """
        result = order(server, "-o", "out.png", *CALL, "--budget", "0.22 USD")

        assert 0 == result.exit_code, result.stderr
        assert Path("out.png").exists()

    def test_what_does_not_fit_is_not_sent(self, order, server):
        """
        One line says what there is, and what it would take.
        """
        result = order(server, "-o", "out.png", *CALL, "--budget", "0.10 USD")

        assert 5 == result.exit_code
        assert "may cost $0.211245" in result.stderr
        assert "$0.10 is left of a budget of $0.10" in result.stderr
        assert [] == server.received

    def test_one_for_all_models(self, order, server):
        """
        Two models that fit alone do not fit together.
        """
        models = ("-m", "openai/gpt-image-2", "-m", "openai/gpt-image-2-2026-04-21")
        result = order(server, *CALL, *models, "--budget", "0.30 USD")

        assert 5 == result.exit_code
        assert 1 == len(server.received)

    def test_one_for_all_lines(self, run, server):
        """
        A batch stops where it is spent; the rest fail before they are sent.
        """
        Path("prompts.txt").write_text("a fox\na hare\nan owl\n")
        at = ("-p", f"api_base={server.url}", "-p", "api_key=k", "--concurrency", "1")
        result = run(
            *("batch", "prompts.txt", "-m", "openai/gpt-image-2", "-o", "out"),
            *(*CALL, *at, "--budget", "0.43 USD", "--json"),
        )

        told = json.loads(result.stdout)
        assert (5, 2, 1) == (result.exit_code, told["done"], told["failed"])

    @pytest.mark.parametrize(
        ("options", "code", "told"),
        [
            (("--budget", "much"), 2, "no amount of money"),
            (("--unpriced", "allow"), 2, "give --budget as well"),
            (("--budget", "1 USD"), 5, "--unpriced allow allows it"),
            (("--budget", "1 USD", "--unpriced", "allow"), 0, ""),
        ],
        ids=["no amount", "nothing to allow", "unknown", "allowed"],
    )
    def test_prices_that_are_unknown(self, run, server, options, code, told):
        """
        Refused unless they are allowed; the way out is an option.
        """
        at = ("-p", f"api_base={server.url}", "-p", "api_key=k", "-o", "out.png")
        result = run("a fox", "-m", "openai/gpt-image-9", *at, *options)

        assert code == result.exit_code, result.stderr
        assert told in result.stderr

    def test_explain_says_what_it_may_cost(self, run):
        """
        An interval, or why there is none.
        """
        known = run("explain", "a fox", "-m", "openai/gpt-image-2", *CALL)
        unknown = run("explain", "a fox", "-m", "openai/gpt-image-9")

        assert "costs 0.21072 to 0.211245 USD" in known.stdout
        assert "costs unknown: no catalogue lists it" in unknown.stdout


class TestPrices:
    def test_of_ones_own(self, run, monkeypatch, tmp_path):
        """
        What the variable names goes before the catalogue, wherever prices are shown.
        """
        price = {"unit": "image", "amount": "0.02", "source": "ours", "date": "2026-11-20"}
        path = tmp_path / "my.json"
        path.write_text(json.dumps({"replicate/luma/photon": [price]}))
        before = run("params", "replicate/luma/photon").stdout
        monkeypatch.setenv("IMPASTO_PRICES", str(path))
        monkeypatch.setattr("impasto._prices._own", None)

        after = [
            run(*line).stdout
            for line in (("models", "photon"), ("params", "replicate/luma/photon"))
        ]
        monkeypatch.undo()

        assert "price unknown: " in before
        assert all("$0.02/image" in one for one in after)
