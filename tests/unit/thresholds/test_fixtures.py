"""Every scheme that the project ships reads without a mistake, and is written back as it was read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from thresholds.domain.reading import read_scheme, write_scheme

FIXTURES = sorted((Path(__file__).resolve().parents[3] / "fixtures").glob("*.yaml"))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_reads_and_round_trips(path: Path) -> None:
    scheme = read_scheme(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert scheme.slug == path.stem
    written = write_scheme(scheme)
    assert read_scheme(json.loads(json.dumps(written))) == scheme
    assert write_scheme(read_scheme(written)) == written
    assert read_scheme(yaml.safe_load(yaml.safe_dump(written, allow_unicode=True, sort_keys=False))) == scheme
