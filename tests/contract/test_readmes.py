"""The contract of a plugin's README.md: what it says is so, or a test says what is not."""

import oil
import pytest

from impasto.testing import Readme, ReadmeContract
from impasto.testing._stage import Stage

TEXT = """# impasto-oil

## Calls

```python
print("a fox")
```

```python
print("a hat")
```

```console
$ ls
```

## Models

Some.

| model | |
|---|---|
| `oil-1` | old |
| `oil-2` | `new` |

## Settings

| setting | variables | |
|---|---|---|
| `api_key` | `OIL_API_KEY`, `OIL_KEY` | required |

| api_base | |
|---|---|
| `x` | y |
"""


@pytest.fixture
def readme(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(TEXT)
    return Readme(path)


class TestReadme:
    def test_blocks(self, readme):
        """
        Those of Python, in their order.
        """
        assert ['print("a fox")\n', 'print("a hat")\n'] == readme.blocks

    def test_tables(self, readme):
        """
        Rows of cells without the head, table for table; names are those of the first cells.
        """
        assert [[["`oil-1`", "old"], ["`oil-2`", "`new`"]]] == readme.tables("Models")
        assert ["oil-1", "oil-2"] == readme.named("Models")
        assert [3, 2] == [len(row) for row in readme.rows("Settings")]
        assert [] == readme.rows("Nothing")

    def test_sections_end_where_the_next_begins(self, readme):
        """
        What stands under another heading does not belong to it.
        """
        assert "\nSome.\n" in readme.section("Models")
        assert "api_key" not in readme.section("Models")


def readme_of_oil():
    """Return a README.md that says what Oil is."""
    models = Stage(oil).loaded.catalogue.models
    parameters = {name for model in models for name in model.parameters or {}}
    rows = "\n".join(f"| `{model.name}` | |" for model in models)
    words = ", ".join(f"`{name}`" for name in sorted(parameters))
    return f"""# impasto-oil

## Settings

| setting | variables |
|---|---|
| `api_key` | `OIL_KEY` |
| `api_base` | |

## Models

| model | |
|---|---|
{rows}

## Parameters

| parameter | |
|---|---|
| {words} | |
"""


class TestReadmeOfOil(ReadmeContract):
    """What is so passes."""

    plugin = oil

    @pytest.fixture(autouse=True)
    def written(self, tmp_path):
        self.readme = tmp_path / "README.md"
        self.readme.write_text(readme_of_oil())


@pytest.mark.parametrize(
    ("test", "said", "instead", "says"),
    [
        ("models", "| `oil-2` | |\n", "", "models: it does not tell of oil-2"),
        ("models", "`oil-2`", "`oil-2` `oil-9`", "there is no oil-9"),
        ("settings", "| `api_base` | |\n", "", "settings: it does not tell of api_base"),
        ("settings", "`OIL_KEY`", "`OIL_API_KEY`", "OIL_KEY, and the table says OIL_API_KEY"),
        ("settings", "`OIL_KEY`", "", "OIL_KEY, and the table says nothing"),
        ("parameters", "`prompt`", "`prompts`", "parameters: it does not tell of prompt; there is"),
        ("parameters", "## Parameters", "## Words", "parameters: it does not tell of"),
    ],
)
def test_what_is_not_so_is_named(tmp_path, test: str, said: str, instead: str, says: str):
    """
    The contract fails, and says what is missing, or too much.
    """
    path = tmp_path / "README.md"
    path.write_text(readme_of_oil().replace(said, instead))
    contract = TestReadmeOfOil()
    of = "plugin" if test == "settings" else "catalogue"
    with pytest.raises(AssertionError) as caught:
        getattr(contract, f"test_its_{test}_are_those_of_the_{of}")(Readme(path))

    assert says in str(caught.value)
