"""What is heavy is imported when it is needed, and not before."""

import subprocess
import sys

HEAVY = ("google", "requests", "PIL", "cryptography", "urllib3")
PROGRAM = """
import sys
from impasto.testing import Script, sample
import impasto_vertex
call = {"model": "vertex_ai/gemini-3-pro-image", "prompt": "a", "vertex_project": "p"}
script = Script(*[sample(sys.argv[1])] * 2, plugin=impasto_vertex)
for key in ("access_token", "api_key"):
    script.play({**call, key: "0123456789abcdef"})
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_who_needs_no_google_auth_does_not_load_it(request):
    """
    Neither the import nor a call with a key or a token loads anything of Google's.
    """
    answer = request.path.parent / "samples" / "gemini.json"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(answer)], capture_output=True, text=True, check=True
    )

    assert [] == [name for name in HEAVY if name in done.stdout.split()]
