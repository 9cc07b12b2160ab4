"""Signature Version 4 comes out as boto3 makes it, byte for byte, at the time that core tells."""

import json
from datetime import datetime
from pathlib import Path

import pytest

import impasto_bedrock
from impasto.testing import Script, reply, sample
from impasto.types import Credentials, Request

RECORDED = json.loads((Path(__file__).parent / "signatures.json").read_text(encoding="utf-8"))
NOW = datetime.fromisoformat(RECORDED["now"])
PICTURE = sample(Path(__file__).parent / "samples" / "stable-image.json")
PLAIN = {"access_key": RECORDED["access_key"], "secret_key": RECORDED["secret_key"]}
KEYS = {
    "aws_access_key_id": RECORDED["access_key"],
    "aws_secret_access_key": RECORDED["secret_key"],
}
CALL = {"prompt": "a red fox", "model": "bedrock/stability.stable-image-core-v1:1", **KEYS}


def authorization(request: Request) -> str:
    return request.headers["Authorization"]


class TestSignatures:
    @pytest.mark.parametrize("recorded", RECORDED["signatures"], ids=lambda one: one["id"])
    def test_is_botos(self, recorded):
        """
        Over the recorded URL, headers and bytes it is the recorded one: paths are encoded twice
        in it, a session token is signed, and so are guardrails and a port.
        """
        region = recorded["authorization"].split("/")[2]
        request = Request(
            url=recorded["url"],
            headers=recorded["headers"],
            body=recorded["body"].encode(),
            state={"region": region, "named": True},
        )
        token = {"session_token": recorded["session_token"]} if recorded["session_token"] else {}
        credentials = Credentials({**PLAIN, **token})
        signed = impasto_bedrock.authorize(request=request, credentials=credentials, now=NOW)

        assert recorded["authorization"] == authorization(signed)
        assert ("20260115T120000Z", recorded["session_token"]) == (
            signed.headers["X-Amz-Date"],
            signed.headers.get("X-Amz-Security-Token"),
        )

    def test_nothing_is_added_after_it(self):
        """
        What the caller adds is signed with the rest.
        """
        script = Script(PICTURE)
        script.play(
            {
                **CALL,
                "extra_headers": {"X-Amzn-Bedrock-Trace": "ENABLED"},
                "extra_query": {"q": "1"},
                "extra_body": {"mode": "text-to-image"},
            }
        )
        (sent,) = script.sent
        unsigned = Request(
            url=sent.url,
            headers={
                name: value
                for name, value in sent.headers.items()
                if name not in ("Authorization", "X-Amz-Date")
            },
            body=sent.body,
            state=sent.state,
        )

        assert sent == impasto_bedrock.authorize(
            request=unsigned, credentials=Credentials(PLAIN), now=NOW
        )
        assert "x-amz-date;x-amzn-bedrock-trace," in authorization(sent)
        assert sent.url.endswith("/invoke?q=1")
        assert "text-to-image" == json.loads(sent.body)["mode"]

    def test_is_fresh_for_each_sending(self):
        """
        A repeat ten seconds later is signed ten seconds later.
        """
        busy = reply({"message": "Slow"}, status=429, headers={"Retry-After": "10"})
        script = Script(busy, PICTURE)
        script.play(CALL)

        assert ["20260115T120000Z", "20260115T120010Z"] == [
            sent.headers["X-Amz-Date"] for sent in script.sent
        ]
        assert 2 == len({authorization(sent) for sent in script.sent})

    def test_a_region_of_one_is_not_good_for_another(self):
        """
        The region is a part of it.
        """
        signatures = set()
        for region in ("us-west-2", "us-east-1"):
            script = Script(PICTURE)
            script.play({**CALL, "api_base": "https://gw.example", "aws_region_name": region})
            signatures.add(authorization(script.sent[0]).rpartition("=")[2])

        assert 2 == len(signatures)
