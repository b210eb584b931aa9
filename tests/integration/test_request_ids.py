"""A task carries the name of the request that started it."""

import logging

from celery import shared_task

from bpi_portal.celery import app
from integration import receivers
from toolkit.request_id import RequestFormatter, current_request_id, request_context


@shared_task(name="tests.name_of_request")
def name_of_request():
    return current_request_id()


def test_the_name_is_sent_along():
    headers = {}
    with request_context("req_1"):
        receivers._send_request_id(headers=headers)
    assert headers == {"request_id": "req_1"}
    headers = {}
    receivers._send_request_id(headers=headers)
    assert headers == {}


def test_the_task_works_under_it():
    task = app.tasks["tests.name_of_request"]
    sent = task.apply(headers={"request_id": "req_1"})
    own = task.apply(task_id="7")
    assert (sent.get(), own.get()) == ("req_1", "task_7")
    assert current_request_id() == ""


def test_the_worker_writes_it_into_its_log(capsys):
    logger = logging.Logger("worker")  # noqa: LOG001 (one that nobody else sees)
    logger.addHandler(logging.StreamHandler())
    receivers._name_request_in_log(logger=logger)
    assert isinstance(logger.handlers[0].formatter, RequestFormatter)
    with request_context("req_1"):
        logger.warning("hello")
    assert capsys.readouterr().err.endswith("WARNING worker [req_1] hello\n")
