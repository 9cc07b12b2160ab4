"""Nothing of whoever runs the tests is seen by them: no variable, no file, no metadata service."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

import impasto_vertex

GOOGLES = ("GOOGLE_APPLICATION_CREDENTIALS", "GCLOUD_PROJECT", "GOOGLE_CLOUD_QUOTA_PROJECT")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    """Hide the settings and the files of whoever runs this; return what changes them."""
    own = [name for one in impasto_vertex.describe().settings.values() for name in one.env]
    for name in (*GOOGLES, *own):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    return monkeypatch


@pytest.fixture(scope="session")
def key():
    """Return a private key of nobody's."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
