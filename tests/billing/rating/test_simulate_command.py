"""``manage.py simulate``: one JSON object a line on stdout, and nothing else."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).parents[3]
CASES = sorted((ROOT / "tests" / "data" / "tariff").glob("*.json"))


def simulate(*paths: Path, out: StringIO | None = None) -> list[dict]:
    out = out or StringIO()
    call_command("simulate", *map(str, paths), stdout=out, no_color=True)
    return answers_in(out.getvalue())


def answers_in(printed: str) -> list[dict]:
    return [json.loads(line) for line in printed.splitlines()]


def test_all_cases_are_answered_in_order():
    expected = [json.loads(path.read_text())["expected"] for path in CASES]
    assert simulate(*CASES) == expected


def test_a_bare_input_is_a_case_too(tmp_path):
    case = json.loads(CASES[0].read_text())
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps(case["input"]))
    assert simulate(bare) == [case["expected"]]


def test_a_bad_file_is_answered_in_its_place_and_fails_at_the_end(tmp_path):
    case = json.loads(CASES[0].read_text())
    wrong, broken = tmp_path / "wrong.json", tmp_path / "broken.json"
    wrong.write_text(json.dumps(case["input"] | {"period": "2026-13"}))
    broken.write_text("{")
    nested = tmp_path / "nested.json"
    nested.write_text("[" * 100_000)
    missing, folder = tmp_path / "missing.json", tmp_path
    latin = tmp_path / "latin.json"
    latin.write_bytes(b'{"input": "\xf1"}')
    out = StringIO()
    with pytest.raises(CommandError, match="6 of 8"):
        simulate(CASES[0], wrong, broken, nested, missing, folder, latin, CASES[1], out=out)
    answers = answers_in(out.getvalue())
    assert [list(answer) for answer in answers[1:-1]] == [["error"]] * 6
    assert answers[0] == case["expected"]
    assert answers[-1] == json.loads(CASES[1].read_text())["expected"]
    assert "/period 2026-13 is no calendar month" in answers[1]["error"]


def test_the_command_line_needs_no_server_and_prints_nothing_else(tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text("[]")
    servers = ("DATABASE_URL", "REDIS_URL", "BPI_READY")
    environment = {name: text for name, text in os.environ.items() if name not in servers}
    state = tmp_path / "state"
    run = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, ROOT / "manage.py", "simulate", CASES[2], bad, CASES[3]],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment | {"BPI_STATE_DIR": str(state)},
        timeout=60,
        check=False,
    )
    assert answers_in(run.stdout) == [
        json.loads(CASES[2].read_text())["expected"],
        {"error": f"{bad}: / must be an object"},
        json.loads(CASES[3].read_text())["expected"],
    ]
    assert run.returncode == 1
    assert {path.name for path in state.iterdir()} <= {"secret_key"}, "a server left its folder"
