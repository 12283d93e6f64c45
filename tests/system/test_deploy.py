"""The Dockerfile and the deployment files: valid, and as safe as their guides say."""

from __future__ import annotations

import json
import os
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from tpmock.destination.config import DestinationSettings

from tests.support import ROOT
from tests.support.programs import needs_curl
from tests.system.docs.test_examples import ALL_PROGRAMS
from tests.system.installed.running import ran, up

DOCS = ROOT / "mockserver" / "docs"
COMPOSE = [DOCS / "deploy" / "compose.yaml", DOCS / "deploy" / "destination" / "compose.yaml"]
MANIFESTS = DOCS / "deploy" / "destination" / "kubernetes.yaml"
TPMOCK = (sys.executable, "-m", "tpmock")


def health_check() -> list[str]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    found = re.search(r"^HEALTHCHECK .*\\\n +CMD (\[.*\])$", text, re.MULTILINE)
    assert found
    return list(json.loads(found[1]))


def manifests(kind: str) -> list[dict[str, Any]]:
    every = list(yaml.safe_load_all(MANIFESTS.read_text(encoding="utf-8")))
    return [one for one in every if one["kind"] == kind]


@needs_curl
def test_the_health_check_passes_while_both_programs_answer(tmp_path: Path) -> None:
    with up(TPMOCK, tmp_path) as running:
        ports = {
            "8080": running.url.rpartition(":")[2],
            "8090": running.address_of("Destination").rpartition(":")[2],
        }
        *shell, script = health_check()
        both = re.sub("8080|8090", lambda found: ports[found[0]], script)
        assert ran([*shell, both]).returncode == 0
        assert ran([*shell, both.replace("/readyz", "/nothing")]).returncode != 0
    assert ran([*shell, both]).returncode != 0


@pytest.mark.parametrize("file", COMPOSE, ids=["mock", "destination"])
def test_compose_files_are_valid(file: Path) -> None:
    checked = ran([sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)])
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_application_of_the_example_has_the_credentials_of_the_default_world() -> None:
    shop = yaml.safe_load(COMPOSE[0].read_text(encoding="utf-8"))["services"]["shop"]
    world = (ROOT / "fixtures" / "worlds" / "default.yaml").read_text(encoding="utf-8")
    assert f"writeKey: {shop['environment']['SEGMENT_WRITE_KEY']}\n" in world


def test_manifests_are_valid() -> None:
    try:
        validator = import_module("kubernetes_validate")
    except ModuleNotFoundError:
        # Where all programs are installed, as in .ci/run, a missing one is an error.
        assert ALL_PROGRAMS not in os.environ
        pytest.skip("the extra dev has the schemas of Kubernetes: the manifests are not validated")
    every = list(yaml.safe_load_all(MANIFESTS.read_text(encoding="utf-8")))
    assert len(every) >= 6
    for manifest in every:
        validator.validate(manifest, "1.31", strict=True)


def test_two_copies_run_without_root_and_are_asked_for_their_state() -> None:
    [copies] = manifests("StatefulSet")
    assert copies["spec"]["replicas"] == 2
    pod = copies["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert f"USER {pod['securityContext']['runAsUser']}:" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    paths = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    assert container["envFrom"] == [{"secretRef": {"name": "destination"}}]


def test_pods_are_reached_and_reach_out_by_named_exceptions_alone() -> None:
    closed, opened = manifests("NetworkPolicy")
    assert closed["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    ports = {port["port"] for rule in opened["spec"]["egress"] for port in rule["ports"]}
    assert ports == {53, 5432, 443}


@pytest.mark.parametrize("where", ["compose", "kubernetes"])
def test_the_destination_understands_its_variables(where: str) -> None:
    if where == "compose":
        services = yaml.safe_load(COMPOSE[1].read_text(encoding="utf-8"))["services"]
        assert services["destination-1"]["environment"] == services["destination-2"]["environment"]
        given = services["destination-1"]["environment"]
    else:
        [container] = manifests("StatefulSet")[0]["spec"]["template"]["spec"]["containers"]
        guide = (DOCS / "deploy" / "README.md").read_text(encoding="utf-8")
        given = {one["name"]: one["value"] for one in container["env"]}
        given |= dict(re.findall(r"--from-literal=([A-Z_]+)=(\S*)", guide))
    key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    example = {
        "INTEGRATION_KEY": "0123456789abcdef01234567",
        "ENCRYPTION_KEYS": key,
        "TRUSTPILOT_BUSINESS_UNIT_ID": "507f191e810c19729de860ea",
        "TRUSTPILOT_BUSINESS_USER_ID": "507f191e810c19729de860eb",
    }
    filled = {name: example.get(name, re.sub(r"\$\{[^}]+\}|\.\.\.", "word", value)) for name, value in given.items()}
    assert set(example) <= set(given)
    settings = DestinationSettings.from_environment(filled)
    assert settings.database_url.startswith("postgresql+psycopg://destination:")
