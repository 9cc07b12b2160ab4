"""Nothing is set but what a test sets."""

from collections.abc import Iterator

import pytest

import impasto_azure

OPENAIS = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID")  # which OpenAI's own SDK reads as well
IDENTITYS = ("AZURE_AUTHORITY_HOST", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_TOKEN_CREDENTIALS")


@pytest.fixture(scope="module", autouse=True)
def _environment() -> Iterator[None]:
    """Hide the settings of whoever runs this."""
    settings = impasto_azure.describe().settings.values()
    with pytest.MonkeyPatch.context() as environment:
        for name in (*OPENAIS, *IDENTITYS, *(name for one in settings for name in one.env)):
            environment.delenv(name, raising=False)
        yield
