"""Long work in the API: 202 with a job that can be asked how far it is."""

from typing import Any

from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse

from .fields import MomentField


class JobSerializer(serializers.Serializer[Any]):
    """How far long work is, and how it ended."""

    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]  # the metaclass takes it away
    state = serializers.ChoiceField(["queued", "running", "done", "failed"])
    done = serializers.IntegerField(help_text="Steps done so far.")
    total = serializers.IntegerField(help_text="All steps; 0 while not known.")
    message = serializers.CharField(help_text="What it is doing, or did.")
    error = serializers.CharField(help_text="Why it failed, in plain words.")
    result = serializers.JSONField(help_text="What came out, once it is done.")
    created_at = MomentField()
    started_at = MomentField(allow_null=True)
    finished_at = MomentField(allow_null=True)


def accepted(job: Any) -> Response:  # noqa: ANN401 (integration.models.Job, unknown down here)
    """Answer 202 with the job, and where to ask for it."""
    location = reverse("job-detail", kwargs={"id": str(job.pk)})
    return Response(JobSerializer(job).data, status=202, headers={"Location": location})
