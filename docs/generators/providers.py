"""A page for each installed provider, made of what its plugin describes and of its catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from generators import cards, documents, markdown, overview
from generators.installed import Installed, anchor, gone, installed, says_much
from generators.sources import Sources
from impasto.types import Provider, Setting
from impasto_cli._cards import abilities, formats, most, price, sizes
from impasto_cli._catalogues import Listed


def pages() -> dict[str, str]:
    """Return the overview, a page for each provider, and the READMEs."""
    found = installed()
    made = {
        "providers/index.md": overview.overview(found),
        "providers/models.md": overview.every_model(found),
    }
    for one in found:
        made[f"{one.place}.md"] = _page(one)
        if one.distribution is not None:
            made[f"{one.place}-readme.md"] = documents.readme(one.distribution)
    return made


def _page(one: Installed) -> str:
    sources = Sources(markdown.slug(one.provider.name))
    sections = [
        f"# {markdown.text(one.title)}",
        _introduction(one),
        _settings(one.provider),
        _models(one),
        *_sections(one, sources),
        sources.section(),
    ]
    if one.distribution is not None:
        sections.append(
            f"```{{toctree}}\n:hidden:\n\n{one.distribution} <{one.provider.name}-readme>\n```"
        )
    return "\n\n".join(filter(None, sections)) + "\n"


def _introduction(one: Installed) -> str:
    name, *others = map(markdown.code, one.names)
    also = f" (or {', '.join(others)})" if others else ""
    lines = [f"Write the model as {name[:-1]}/MODEL`{also}."]
    if one.provider.default_model:
        lines.append(f"Its default model is {markdown.code(one.provider.default_model)}.")
    if one.provider.docs:
        lines.append(f"The vendor's documentation: <{one.provider.docs}>.")
    if one.distribution is None:
        return "\n".join(lines)
    return (
        f"```sh\npip install {one.distribution}\n```\n\n"
        + "\n".join(lines)
        + f"\n\nExamples, errors and what to know besides are in the plugin's own words: "
        f"[{one.distribution}]({one.provider.name}-readme.md), here in version {one.version}."
    )


def _settings(provider: Provider) -> str:
    if not provider.settings:
        return ""
    rows = [_setting(name, setting) for name, setting in provider.settings.items()]
    table = markdown.table(("setting", "variables", "default", ""), rows)
    return f"""## Settings

Arguments of the call go before variables, the first variable before the next, and these before the
default. Secret ones leave this process just before sending, to the provider alone.

{table}

{_where_the_key_goes(provider)}""".rstrip()


def _setting(name: str, setting: Setting) -> tuple[str, ...]:
    unless = f", unless `{setting.unless}` is given" if setting.unless else ""
    remarks = [
        f"required{unless}" if setting.required else "",
        "secret" if setting.secret else "",
        markdown.text(setting.note),
    ]
    default = "" if setting.default is None or setting.secret else markdown.code(setting.default)
    said = "; ".join(filter(None, remarks))
    return markdown.code(name), markdown.codes(setting.env), default, said


def _where_the_key_goes(provider: Provider) -> str:
    auth = provider.auth
    if auth is None:
        return ""
    if auth.query is not None:
        return f"The key goes into the query, as {markdown.code(auth.query)}."
    scheme = f"{auth.scheme} " if auth.scheme else ""
    return f"The key goes into the header {markdown.code(f'{auth.header}: {scheme}KEY')}."


def _models(one: Installed) -> str:
    if not one.models:
        return ""
    rows = [_row(listed) for listed in one.listed()]
    headings = ("model", "does", "at once", "sizes", "formats", "price", "gone from")
    return f"## Models\n\n{markdown.classed('models', markdown.table(headings, rows))}"


def _row(listed: Listed) -> tuple[str, ...]:
    model = listed.model
    name = f"[{markdown.code(model.name)}](#{anchor(listed)})"
    short = (abilities(listed), most(listed), sizes(model.sizes), formats(listed))
    return name, *map(markdown.text, short), markdown.text(price(model.prices)), gone(model)


def _sections(one: Installed, sources: Sources) -> Iterator[str]:
    """Yield a section for each model of which much is said, and one for all the others."""
    first: dict[str, Listed] = {}
    for listed in one.listed():
        if says_much(listed.model):
            model = listed.model
            like = first.setdefault(repr((model.kinds, model.parameters, model.sizes)), listed)
            yield cards.section(listed, like, sources)
    others = [listed for listed in one.listed() if not says_much(listed.model)]
    if others:
        yield cards.names_alone(others, sources)
