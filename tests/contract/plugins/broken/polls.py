"""Jobs that are asked for without pause, not stopped, or given up."""

from broken._way import CANCEL, POLL, STATE, Broken

BROKEN = (
    Broken(
        "polls without pauses",
        "test_polls_have_pauses",
        "is asked again after 0 s",
        {POLL: 'state={"job": job}'},
    ),
    Broken(
        "it gives up by itself",
        "test_polls_end_at_the_deadline",
        "core gives up",
        {
            POLL: 'state={"job": job, "polls": request.state.get("polls", 0) + 1}, after=2.0',
            STATE: '    if request.state.get("polls", 0) > 3: raise APIError("too slow")\n' + STATE,
        },
    ),
    Broken(
        "a poll that is no poll",
        "test_polls_end_at_the_deadline",
        "has no job to go on with",
        {
            'request.follow(url, step="poll", state={"job": job}, after=2.0, progress=state)': (
                'Request(url=url, method="GET", state={"job": job}, after=2.0)'
            )
        },
    ),
    Broken(
        "a poll that cannot be stored",
        "test_a_job_can_be_asked_for_elsewhere",
        "JSON has no word for",
        {POLL: 'state={"job": job, "seen": {job}}'},
    ),
    Broken(
        "jobs that it does not speak of",
        "test_a_job_can_be_asked_for_elsewhere",
        "describe() says jobs=True",
        {"@hookimpl\ndef build_cancel": "def no_build_cancel"},
    ),
    Broken(
        "the job is not stopped",
        "test_a_job_that_nobody_waits_for_is_stopped",
        "build_cancel() returned None",
        {CANCEL: "    return None"},
    ),
    Broken(
        "stopping the job breaks",
        "test_a_job_that_nobody_waits_for_is_stopped",
        "was not asked for at the deadline, or raised",
        {CANCEL: CANCEL.replace("'job'", "'id'")},
    ),
    Broken(
        "stopping the job polls it",
        "test_a_job_that_nobody_waits_for_is_stopped",
        "build_cancel() polls again",
        {CANCEL: "    return request.follow(request.url)"},
    ),
    Broken(
        "the order to stop leaves home",
        "test_a_job_that_nobody_waits_for_is_stopped",
        "so no key goes along",
        {CANCEL: "    return request.follow('https://jobs.oil.test/stop', method='POST')"},
    ),
)
