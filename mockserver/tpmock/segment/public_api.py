"""The Public API: its token, echo, catalog and sources, for programs that provision a workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from tpmock.core import hints
from tpmock.core.json_text import members
from tpmock.core.problems import Problem
from tpmock.core.responses import Answer, Bindings
from tpmock.segment import catalog, oauth
from tpmock.segment.model import Json, Source
from tpmock.segment.public_answers import found, invalid, listed
from tpmock.segment.workspace import Workspace
from tpmock.spec import snake_case

bindings = Bindings()

#: The name of a sandbox's workspace.
SLUG: Final = "tpmock"
NAME: Final = "tpmock"
#: Maximum calls per minute, when the variant ``public_api_rate`` counts them. Assumed.
RATE: Final = 60
#: Answers of ``echo`` when a parameter asks for an error, by status.
_ECHO_ERRORS: Final = {
    "triggerError": "invalid-request",
    "triggerMultipleErrors": "several-errors",
    "triggerUnexpectedError": "unexpected",
}
_ECHO_STATUSES: Final = {404: "not-found", 422: "invalid-request", 429: "rate-limited", 500: "unexpected"}
#: The answer to every removal.
DELETED: Final = {"data": {"status": "SUCCESS"}}


def _authenticate(workspace: Workspace, token: str) -> str:
    if not token:
        raise Problem("unauthorized", hint=hints.API_TOKEN_MISSING)
    if workspace.variants["public_api_rate"] == "enforced":
        _meter(workspace)
    if token in workspace.oauth_tokens:
        try:
            oauth.check(workspace, token, oauth.API_SCOPE)
        except Problem as problem:
            raise Problem("unauthorized", hint=problem.hint) from None
    elif token not in workspace.api_tokens:
        raise Problem("unauthorized", hint=hints.API_TOKEN_UNKNOWN)
    return token


def _meter(workspace: Workspace) -> None:
    minute, calls = divmod(int(workspace.now()), 60)[0], 1
    if workspace.api_rate[0] == minute:
        calls += workspace.api_rate[1]
    workspace.api_rate = (minute, calls)
    if calls > RATE:
        left = str(60 - int(workspace.now()) % 60)
        limits = {"X-RateLimit-Limit": str(RATE), "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": left}
        sentence = hints.API_RATE_EXCEEDED.format(most=RATE)
        raise Problem("rate-limited", hint=sentence, headers={**limits, "Retry-After": left})


AUTHENTICATORS: Final[Mapping[str, Callable[[Any, str], Any]]] = {"publicApiToken": _authenticate}


@bindings.handles("getWorkspace")
def get_workspace(workspace: Workspace) -> Json:
    """Return the workspace of the token; its slug and name are ours."""
    return {"data": {"workspace": {"id": workspace.id, "slug": SLUG, "name": NAME}}}


@bindings.handles("echo")
def echo(message: str, headers: dict[str, str], arguments: Json) -> Answer:
    """Return the request, to test a token and the handling of errors."""
    for name, problem in _ECHO_ERRORS.items():
        if arguments[snake_case(name)]:
            raise Problem(problem, hint=hints.ECHO_ASKED.format(name=name), detail=message)
    status = arguments["status_code"] or 200
    if status in _ECHO_STATUSES:
        asked = hints.ECHO_ASKED.format(name="statusCode")
        raise Problem(_ECHO_STATUSES[status], hint=asked, detail=message)
    body = {"data": {"message": message, "method": "get", "headers": headers}}
    return Answer(200, body, hint=hints.ECHO_DELAY if arguments["delay"] else None)


# --- catalog ----------------------------------------------------------------------------------------------------------


@bindings.handles("getDestinationsCatalog")
def list_destinations_catalog(workspace: Workspace, arguments: Json) -> Json:
    """List the destinations of the catalog."""
    shown = [catalog.as_published(entry, workspace.variants) for entry in catalog.entries("destinations").values()]
    return listed("destinationsCatalog", shown, dict, arguments)


@bindings.handles("getDestinationMetadata")
def get_destination_metadata(workspace: Workspace, destination_metadata_id: str) -> Json:
    """Return one catalog entry."""
    entry = found(
        catalog.entries("destinations").get(destination_metadata_id), "catalog entry", destination_metadata_id
    )
    return {"data": {"destinationMetadata": catalog.as_published(entry, workspace.variants)}}


@bindings.handles("getSourcesCatalog")
def list_sources_catalog(arguments: Json) -> Json:
    """List the sources of the catalog."""
    return listed("sourcesCatalog", catalog.entries("sources").values(), dict, arguments)


# --- sources ----------------------------------------------------------------------------------------------------------


def known_source(workspace: Workspace, source_id: str) -> Source:
    """Return the source of an id.

    :raises Problem: when it is unknown
    """
    return found(workspace.sources.get(source_id), "source", source_id)


def source_document(workspace: Workspace, source: Source) -> Json:
    """Return a source in the Public API's form."""
    return {
        **members(source, "id", "slug", "name", "enabled", "write_keys", "settings"),
        "metadata": catalog.entries("sources")[source.metadata_id],
        "workspaceId": workspace.id,
        "labels": [],
    }


def _answer(workspace: Workspace, source: Source) -> Json:
    return {"data": {"source": source_document(workspace, source)}}


@bindings.handles("listSources")
def list_sources(workspace: Workspace, arguments: Json) -> Json:
    """List the sources of the workspace."""
    return listed("sources", workspace.sources.values(), partial(source_document, workspace), arguments)


@bindings.handles("createSource")
def create_source(workspace: Workspace, body: Json) -> Answer:
    """Create a source with a write key."""
    if body["metadataId"] not in catalog.entries("sources"):
        raise invalid(f"metadataId: {body['metadataId']!r} is none of {', '.join(catalog.entries('sources'))}")
    name = str(body.get("name", body["slug"]))
    _check_free(workspace, None, body["slug"], name)
    source = Source(
        id=workspace.new_id(),
        name=name,
        slug=body["slug"],
        write_keys=[],
        enabled=body["enabled"],
        metadata_id=body["metadataId"],
        settings=body.get("settings", {}),
    )
    workspace.add_source(source)
    workspace.add_write_key(source, workspace.new_write_key())
    return Answer(201, _answer(workspace, source))


def _check_free(workspace: Workspace, itself: Source | None, slug: str, name: str) -> None:
    for other in workspace.sources.values():
        if other is not itself and (other.slug == slug or other.name == name):
            sentence = f"Another source of this workspace has the slug {other.slug!r} and the name {other.name!r}."
            raise Problem("conflict", hint=sentence, detail=sentence)


@bindings.handles("getSource")
def get_source(workspace: Workspace, source_id: str) -> Json:
    """Return one source."""
    return _answer(workspace, known_source(workspace, source_id))


@bindings.handles("updateSource")
def update_source(workspace: Workspace, source_id: str, body: Json) -> Json:
    """Switch or change a source. Earlier events keep their source name."""
    source = known_source(workspace, source_id)
    slug, name = str(body.get("slug", source.slug)), str(body.get("name", source.name))
    _check_free(workspace, source, slug, name)
    source.slug, source.name = slug, name
    source.enabled = body.get("enabled", source.enabled)
    source.settings = {**source.settings, **body.get("settings", {})}
    return _answer(workspace, source)


@bindings.handles("deleteSource")
def delete_source(workspace: Workspace, source_id: str) -> Json:
    """Remove a source, and the destinations that only it feeds."""
    workspace.remove_source(known_source(workspace, source_id))
    return DELETED


@bindings.handles("createWriteKeyForSource")
def create_write_key(workspace: Workspace, source_id: str) -> Json:
    """Add a write key; the others stay valid."""
    source = known_source(workspace, source_id)
    workspace.add_write_key(source, workspace.new_write_key())
    return _answer(workspace, source)


@bindings.handles("removeWriteKeyFromSource")
def remove_write_key(workspace: Workspace, source_id: str, write_key: str) -> Json:
    """Remove a write key."""
    source = known_source(workspace, source_id)
    found(write_key if write_key in source.write_keys else None, "write key of that source", write_key)
    workspace.remove_write_key(source, write_key)
    return DELETED
