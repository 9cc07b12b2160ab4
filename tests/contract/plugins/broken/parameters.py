"""Parameters that are swallowed, replaced, made up or not dropped."""

from broken._way import DIMENSIONS, TRANSLATED, Broken, fates, submit

BROKEN = (
    Broken(
        "quality is swallowed",
        "test_no_parameter_is_lost",
        "makes the same request without params['quality']",
        submit("fields.pop('quality', None)"),
    ),
    Broken(
        "a seed of zero is swallowed",
        "test_no_parameter_is_lost",
        "seed=0 is said to become seed=0, which is not in the request",
        submit("fields = {key: value for key, value in fields.items() if value or key != 'seed'}"),
    ),
    Broken(
        "a parameter without a fate",
        "test_no_parameter_is_lost",
        "neither in the fates of translate_params() nor refused",
        fates("_changed(params, 'seed', outcome='')"),
    ),
    Broken(
        "a parameter that is said to be dropped",
        "test_no_parameter_is_lost",
        "is dropped, and nobody allowed that",
        fates("_changed(params, 'seed', outcome='dropped')"),
    ),
    Broken(
        "a refusal that does not name the parameter",
        "test_no_parameter_is_lost",
        "without param=...",
        {TRANSLATED: "    if call.seed: raise UnsupportedParamsError('no seeds')\n" + TRANSLATED},
    ),
    Broken(
        "unknown words are swallowed",
        "test_no_parameter_is_lost",
        "makes the same request without params['varnish']",
        submit("fields = {key: fields[key] for key in fields if key not in call.extra}"),
    ),
    Broken(
        "a size that is silently replaced",
        "test_no_parameter_is_lost",
        "size=",
        {DIMENSIONS: "        size=lambda size: {'size': '1024x1024'},"},
    ),
    Broken(
        "a size that is replaced and said to be sent",
        "test_no_parameter_is_lost",
        "that is 'mapped'",
        {
            **fates("_changed(params, 'size', outcome='sent')"),
            DIMENSIONS: "        size=lambda size: {'size': '1024x1024'},",
        },
    ),
    Broken(
        "a size that is replaced while building",
        "test_no_parameter_is_lost",
        "which is not in the request",
        {
            DIMENSIONS: '        size="size",',
            **submit("if 'size' in fields: fields['size'] = '1024x' + str(len(fields['size']))"),
        },
    ),
    Broken(
        "a quality that becomes nothing",
        "test_no_parameter_is_lost",
        "becomes nothing, and no note says why",
        {DIMENSIONS: DIMENSIONS + " quality=lambda _: {},", '"quality", ': ""},
    ),
    Broken(
        "pictures to edit that are not sent",
        "test_no_picture_is_lost",
        "image=",
        submit("fields.pop('image', None)"),
    ),
    Broken(
        "every quality is not needed",
        "test_what_is_not_needed_is_one_value",
        "one of them is lost",
        fates("_changed(params, 'quality', outcome='not needed')"),
    ),
    Broken(
        "a listed parameter has no translation",
        "test_what_is_listed_is_taken",
        "models.json lists seed",
        {'"seed", ': ""},
    ),
    Broken(
        "refused before it can be dropped",
        "test_what_may_be_dropped_is_dropped",
        "with drop_params=True it is still refused",
        {
            TRANSLATED: (
                "    if call.style: raise UnsupportedParamsError('no styles', param='style')\n"
                + TRANSLATED
            )
        },
    ),
    Broken(
        "unset parameters are sent as null",
        "test_what_is_not_set_is_not_sent",
        "user_id would be sent as null",
        submit("fields['user_id'] = call.user"),
    ),
    Broken(
        "extra words are sent as null",
        "test_what_is_not_set_is_not_sent",
        "options.varnish would be sent as null",
        submit("fields['options'] = {'varnish': call.extra.get('varnish')}"),
    ),
    Broken(
        "it relies on the catalogue",
        "test_a_model_that_nobody_listed_is_asked",
        "call.card is None then",
        submit("fields['kinds'] = list(call.card.kinds)"),
    ),
)
