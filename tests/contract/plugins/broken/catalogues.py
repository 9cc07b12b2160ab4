"""Catalogues with facts that cannot be used."""

from broken._way import Broken

BROKEN = (
    Broken(
        "an unknown key in the catalogue",
        "test_the_catalogue_is_sound",
        "colour",
        {'"name": "oil-1",': '"name": "oil-1", "colour": "umber",'},
    ),
    Broken(
        "no JSON in the catalogue",
        "test_the_catalogue_is_sound",
        "models.json",
        {'"name": "oil-1",': '"name": "oil-1"'},
    ),
    Broken(
        "a price without a source",
        "test_the_catalogue_is_sound",
        "a price without a source",
        {'"source": "the page of prices"': '"source": ""'},
    ),
    Broken(
        "a price read tomorrow",
        "test_the_catalogue_is_sound",
        "in the future",
        {'"date": "2026-01-15"': '"date": "2999-01-15"'},
    ),
    Broken(
        "a default outside of the values",
        "test_the_catalogue_is_sound",
        "its default is 'superb'",
        {'"default": "fine"': '"default": "superb"'},
    ),
    Broken(
        "a ratio that is not that of its pixels",
        "test_the_catalogue_is_sound",
        "1024x1024 is not 16:9",
        {'"values": ["512x512", "768x512"]': '"ratios": {"16:9": {"1K": "1024x1024"}}'},
    ),
    Broken(
        "a parameter for what the model does not do",
        "test_the_catalogue_is_sound",
        "which the model does not do",
        {'"kinds": ["generate", "edit"]': '"kinds": ["generate"]'},
    ),
    Broken(
        "a default model that is not listed",
        "test_the_default_model_is_in_the_catalogue",
        "default_model='oil-3' is not in models.json",
        {'default_model="oil-2"': 'default_model="oil-3"'},
    ),
)
