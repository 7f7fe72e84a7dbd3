"""What every job store does: new jobs, reading, large requests, edits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.jobs.errors import EditLost, JobExists, JobNotFound
from lambdas.jobs.job import Body, Request, Status
from lambdas.jobs.ports import Claim, JobStore
from tests.contracts.stored_jobs import LATER_MS, read, running, settle, succeeded
from tests.examples import HORIZON, RETENTION_MS, a_full_job, a_job, large_request, new_id
from tests.fakes import NOW_MS


class TestNewJobs:
    def test_a_job_reads_back_as_it_was_stored(self, store: JobStore) -> None:
        """Every field a user can set survives, to the letter."""
        job = store.add(a_full_job())
        assert read(store, job) == job
        assert store.find(job.id) == job

    def test_defaults_read_back_as_they_were_stored(self, store: JobStore) -> None:
        """A job that names nothing but a URL and a time."""
        job = a_job()
        assert store.add(job) == job
        assert read(store, job) == job

    @pytest.mark.parametrize(
        "body",
        [Body(b"", "text"), Body("käse\n".encode(), "text"), Body(bytes(range(256)), "base64"), Body(b"[]", "json")],
        ids=["empty", "text", "bytes", "json"],
    )
    def test_bodies_are_bytes_and_remember_their_form(self, store: JobStore, body: Body) -> None:
        """What is sent is what was given, byte by byte; an empty body is not the same as none."""
        job = store.add(a_job(request=Request("POST", "https://example.com/", body=body)))
        assert read(store, job).request.body == body

    def test_an_id_is_taken_only_once(self, store: JobStore) -> None:
        """The first job stays as it is."""
        first = store.add(a_job(name="first"))
        with pytest.raises(JobExists):
            store.add(a_job(id=first.id, name="second"))
        assert read(store, first) == first

    def test_storing_the_very_same_job_again_is_fine(self, store: JobStore) -> None:
        """F1: the reply was lost, so it is sent again."""
        job = store.add(a_full_job())
        assert store.add(job) == job
        assert read(store, job) == job

    def test_others_jobs_look_like_none(self, store: JobStore) -> None:
        """P6, T5: what belongs to someone else cannot be told from what never was."""
        job = store.add(a_job(owner="ada"))
        with pytest.raises(JobNotFound):
            store.read(job.id, owner="bob", now_ms=NOW_MS)
        with pytest.raises(JobNotFound):
            store.read(new_id(), owner="bob", now_ms=NOW_MS)

    def test_the_service_finds_a_job_whoever_owns_it(self, store: JobStore) -> None:
        """None when there is none."""
        job = store.add(a_job(owner="bob"))
        assert store.find(job.id) == job
        assert store.find(new_id()) is None


class TestLargeRequests:
    @pytest.mark.parametrize(
        "request_",
        [
            large_request(),
            Request("GET", "https://example.com/", headers=tuple((f"X-{i}", "v" * 200) for i in range(60))),
            Request(
                "POST",
                "https://example.com/",
                headers=tuple((f"X-{i}", "v" * 200) for i in range(60)),
                body=Body(b"\0" * 262_144, "base64"),
            ),
        ],
        ids=["body", "headers", "both, as large as they may be"],
    )
    def test_a_large_request_is_whole_again_when_asked_for(self, store: JobStore, request_: Request) -> None:
        """Stored apart, so that the job stays small; read with the job, or fetched for sending."""
        job = store.add(a_job(request=request_))
        assert job.stored_apart is not None
        assert job.request == request_
        assert read(store, job) == job
        found = store.find(job.id)
        assert found is not None
        assert found.request.body is None
        assert store.with_request(found) == job

    def test_a_small_request_is_in_the_job(self, store: JobStore) -> None:
        """Asking for it again costs nothing and changes nothing."""
        job = store.add(a_full_job())
        assert job.stored_apart is None
        assert store.with_request(job) == job

    def test_a_claim_names_the_place_of_the_request(self, store: JobStore) -> None:
        """One round trip wins the job; the request is fetched after it."""
        job = a_job(request=large_request())
        assert store.with_request(running(store, job)).request == job.request

    @pytest.mark.parametrize("before", [Request("POST", "https://example.com/"), large_request(9_000)])
    @pytest.mark.parametrize("after", [Request("POST", "https://example.com/"), large_request(8_000)])
    def test_an_edit_may_make_a_request_larger_or_smaller(
        self, store: JobStore, before: Request, after: Request
    ) -> None:
        """The job is read with the request it was given last."""
        job = store.add(a_job(request=before))
        edited = replace(job, request=after).edited(now_ms=NOW_MS, horizon=HORIZON)
        stored = store.replace(edited, read_version=1)
        assert read(store, job) == stored
        assert stored.request == after

    def test_a_finished_job_still_shows_its_large_request(self, store: JobStore) -> None:
        """Settling does not touch it."""
        job = running(store, a_job(request=large_request()))
        settle(store, succeeded(job))
        assert read(store, job).request == large_request()


class TestEdits:
    def test_an_edit_replaces_the_job(self, store: JobStore) -> None:
        """Arrow f: the new version is what is read and what comes due."""
        job = store.add(a_full_job())
        edited = replace(job, name=None, due_at_ms=LATER_MS, fire_at_ms=LATER_MS, timeout_ms=9_000)
        edited = edited.edited(now_ms=NOW_MS + 5, horizon=HORIZON)
        assert store.replace(edited, read_version=job.version) == edited
        assert read(store, job) == edited

    def test_handoff_is_not_left_behind(self, store: JobStore) -> None:
        """A near job that is put off is not near any more: the stream must not hand it off."""
        job = store.add(a_job(due_in_ms=60_000))
        assert job.handoff
        far = replace(job, fire_at_ms=NOW_MS + 86_400_000).edited(now_ms=NOW_MS, horizon=HORIZON)
        store.replace(far, read_version=1)
        found = store.find(job.id)
        assert found is not None
        assert not found.handoff

    def test_an_edit_of_an_old_version_is_lost(self, store: JobStore) -> None:
        """Of two edits of one version the second is told what the first made of the job."""
        job = store.add(a_job())
        first = replace(job, name="first").edited(now_ms=NOW_MS, horizon=HORIZON)
        second = replace(job, name="second").edited(now_ms=NOW_MS, horizon=HORIZON)
        store.replace(first, read_version=1)
        with pytest.raises(EditLost) as lost:
            store.replace(second, read_version=1)
        assert lost.value.found == first

    def test_writing_the_very_same_edit_again_is_fine(self, store: JobStore) -> None:
        """The reply was lost, so it is sent again."""
        job = store.add(a_job())
        edited = replace(job, name="new").edited(now_ms=NOW_MS, horizon=HORIZON)
        store.replace(edited, read_version=1)
        assert store.replace(edited, read_version=1) == edited

    def test_an_edit_of_a_claimed_job_is_lost(self, store: JobStore) -> None:
        """F15: the claim won, and the edit is told that the job runs."""
        job = running(store, a_job())
        with pytest.raises(EditLost) as lost:
            store.replace(job.cancelled(now_ms=LATER_MS, retention_ms=RETENTION_MS), read_version=job.version)
        assert lost.value.found == job

    def test_an_edit_of_a_finished_job_is_lost(self, store: JobStore) -> None:
        """Not even with the right version."""
        job = running(store, a_job())
        settle(store, succeeded(job))
        done = read(store, job)
        again = replace(done, status=Status.SCHEDULED).edited(now_ms=LATER_MS, horizon=HORIZON)
        with pytest.raises(EditLost):
            store.replace(again, read_version=done.version)
        assert read(store, job) == done

    def test_nobody_edits_others_jobs(self, store: JobStore) -> None:
        """T5: the loser is told nothing of the job."""
        job = store.add(a_job(owner="ada"))
        theirs = replace(job, owner="bob").edited(now_ms=NOW_MS, horizon=HORIZON)
        with pytest.raises(EditLost) as lost:
            store.replace(theirs, read_version=1)
        assert lost.value.found is None
        assert read(store, job) == job

    def test_an_edit_makes_no_job(self, store: JobStore) -> None:
        """What is not there cannot be edited."""
        job = a_job()
        with pytest.raises(EditLost) as lost:
            store.replace(job.edited(now_ms=NOW_MS, horizon=HORIZON), read_version=1)
        assert lost.value.found is None
        assert store.find(job.id) is None

    def test_a_cancelled_job_cannot_be_claimed(self, store: JobStore) -> None:
        """Arrow g, F15: the worker is told how the job stands."""
        job = store.add(a_job())
        cancelled = job.cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS)
        store.replace(cancelled, read_version=1)
        assert read(store, job) == cancelled
        claim = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="claim-1", now_ms=LATER_MS)
        assert claim == Claim(won=None, found=cancelled)
