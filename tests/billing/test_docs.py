"""What the docs list is what the code has."""

import importlib
import re
from dataclasses import fields
from pathlib import Path

from django.apps import apps
from django.dispatch import Signal

from billing.selectors import Figures
from bpi_portal.timetable import TIMETABLE

ROOT = Path(__file__).parents[2]
FLOWS = (ROOT / "docs/flows.md").read_text()
FIGURES = (ROOT / "docs/figures.md").read_text()
OURS = ("billing", "sales", "conferencing", "mailing", "customers", "integration", "bpi_portal")


def modules_named(name):
    for app in OURS:
        path = ROOT / app / f"{name}.py"
        if path.exists():
            yield importlib.import_module(f"{apps.get_app_config(app).name}.{name}")


def test_every_figure_is_defined():
    rows = set(re.findall(r"^\| `(\w+)` \|", FIGURES, re.MULTILINE))
    assert rows | {"other_currencies"} == {field.name for field in fields(Figures)}
    assert "`other_currencies`" in FIGURES


def test_every_signal_of_ours_is_listed():
    names = {
        f"{module.__name__}.{name}"
        for module in modules_named("signals")
        for name, value in vars(module).items()
        if isinstance(value, Signal)
    }
    assert names
    assert {name for name in names if f"| `{name}` |" not in FLOWS} == set()


def test_every_receiver_of_an_app_is_listed():
    receivers = {
        name
        for path in ROOT.glob("*/receivers.py")
        for name in re.findall(r"^@receiver\(.*\)\ndef (\w+)", path.read_text(), re.MULTILINE)
    }
    assert "charge_ended_conference" in receivers
    assert {name for name in receivers if f".{name}`" not in FLOWS} == set()


def test_what_recurs_is_listed():
    listed = set(re.findall(r"^\| `(\w+\.tasks\.\w+)` \|", FLOWS, re.MULTILINE))
    assert listed == {entry["task"] for entry in TIMETABLE.values()}
