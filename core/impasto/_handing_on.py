"""Hands a job on to another process, and takes it up there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto import _stored
from impasto._dispatch import Dispatch
from impasto._jobs import Job
from impasto._notices import Origin
from impasto.errors import ImpastoError

_NOTHING_TO_RESUME = (
    "there is nothing that another process could go on with: {why}.  Wait for result() here"
)


def written(job: Job) -> str:
    """Return what another process needs to go on with *job*, as JSON.

    Raises:
        ImpastoError: there is nothing to go on with; the message says why.
    """
    if job._orders is None and job._stored is not None:
        return job._stored.text
    why = _why_nothing(job)
    if why is not None or job._orders is None:
        message = _NOTHING_TO_RESUME.format(why=why)
        raise ImpastoError(message, provider=job.provider, model=job.model)
    return _stored.written(job._orders, job.submitted)


def _why_nothing(job: Job) -> str | None:
    """Return why there is nothing to write, None where there is."""
    if job._handles():
        incomplete = job._watch is not None and job._watch.is_incomplete()
        return "not all of its orders have been taken" if incomplete else None
    if job._response is not None:
        return "the pictures came with the answer to the order"
    if job._error is not None:
        return "it has failed, and left no job at the provider"
    return f"{job.provider or 'the provider'} has told of no job that could be asked for"


def taken_up(text: str, settings: Mapping[str, Any], dispatch: Dispatch, where: Origin) -> Job:
    """Return the job that *text* holds, to be asked for with *settings*.

    Raises:
        BadRequestError: *text* is none, or from a newer version of impasto.
    """
    stored = _stored.Stored.read(text, settings, dispatch, where)
    job = Job(stored.provider, stored.model, dispatch.wires)
    job.submitted = stored.submitted
    job._stored = stored
    return job
