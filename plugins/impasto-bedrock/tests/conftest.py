"""Every test is away from the AWS keys, files and machines of whoever runs it."""

import pytest

import impasto_bedrock

# What botocore reads besides the settings
_ITS_OWN = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


@pytest.fixture(autouse=True)
def config(monkeypatch, tmp_path):
    """Return the path of AWS's config file, which is not there yet."""
    declared = [name for one in impasto_bedrock.describe().settings.values() for name in one.env]
    for name in (*declared, *_ITS_OWN):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return path
