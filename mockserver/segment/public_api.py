"""The Public API: its token, echo, catalogue and sources, for programs that provision a workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mockserver.answers import Answer, Bindings
from mockserver.problems import Problem
from mockserver.segment import catalog, oauth, sentences
from mockserver.segment.model import Json, Source
from mockserver.segment.paging import page
from mockserver.segment.workspace import Workspace

bindings = Bindings()

_DELETED: Final = {"data": {"status": "SUCCESS"}}


def not_found(kind: str, name: str) -> Problem:
    """The answer to an id that means nothing here."""
    sentence = sentences.nothing_of_that_id(kind, name)
    return Problem("not-found", hint=sentence, detail=sentence)


def invalid(sentence: str) -> Problem:
    """The answer to a body whose form is right and whose sense is not."""
    return Problem("invalid-request", hint=f"{sentence}.", detail=sentence)


def _authenticate(workspace: Workspace, token: str) -> str:
    if not token:
        raise Problem("unauthorized", hint=sentences.API_TOKEN_MISSING)
    if token in workspace.oauth_tokens:
        try:
            oauth.check(workspace, token, oauth.API_SCOPE)
        except Problem as problem:
            raise Problem("unauthorized", hint=problem.hint) from None
    elif token not in workspace.api_tokens:
        raise Problem("unauthorized", hint=sentences.API_TOKEN_UNKNOWN)
    return token


AUTHENTICATORS: Final[Mapping[str, Callable[[Any, str], Any]]] = {"publicApiToken": _authenticate}


@bindings.handles("echo")
def echo(message: str, headers: dict[str, str]) -> Json:
    """What was sent, for trying a token."""
    return {"data": {"message": message, "method": "get", "headers": headers}}


# --- catalogue --------------------------------------------------------------------------------------------------------


@bindings.handles("getDestinationsCatalog")
def list_destinations_catalog(pagination_count: int | None, pagination_cursor: str | None) -> Json:
    """What there is to connect to."""
    entries, pagination = page(list(catalog.destinations().values()), pagination_count, pagination_cursor)
    return {"data": {"destinationsCatalog": entries, "pagination": pagination}}


@bindings.handles("getDestinationMetadata")
def get_destination_metadata(destination_metadata_id: str) -> Json:
    """One entry."""
    entry = catalog.destinations().get(destination_metadata_id)
    if entry is None:
        raise not_found("catalogue entry", destination_metadata_id)
    return {"data": {"destinationMetadata": entry}}


@bindings.handles("getSourcesCatalog")
def list_sources_catalog(pagination_count: int | None, pagination_cursor: str | None) -> Json:
    """What events can come from."""
    entries, pagination = page(list(catalog.sources().values()), pagination_count, pagination_cursor)
    return {"data": {"sourcesCatalog": entries, "pagination": pagination}}


# --- sources ----------------------------------------------------------------------------------------------------------


def known_source(workspace: Workspace, source_id: str) -> Source:
    """The source of an id.

    :raises Problem: when there is none
    """
    source = workspace.sources.get(source_id)
    if source is None:
        raise not_found("source", source_id)
    return source


def source_document(workspace: Workspace, source: Source) -> Json:
    """A source as the Public API has it."""
    return {
        "id": source.id,
        "slug": source.slug,
        "name": source.name,
        "metadata": catalog.sources()[source.metadata_id],
        "workspaceId": workspace.id,
        "enabled": source.enabled,
        "writeKeys": source.write_keys,
        "settings": source.settings,
        "labels": [],
    }


@bindings.handles("listSources")
def list_sources(workspace: Workspace, pagination_count: int | None, pagination_cursor: str | None) -> Json:
    """All of the workspace."""
    sources, pagination = page(list(workspace.sources.values()), pagination_count, pagination_cursor)
    return {"data": {"sources": [source_document(workspace, each) for each in sources], "pagination": pagination}}


@bindings.handles("createSource")
def create_source(workspace: Workspace, body: Json) -> Answer:
    """One more, with a write key."""
    if body["metadataId"] not in catalog.sources():
        raise invalid(f"metadataId: {body['metadataId']!r} is none of {', '.join(catalog.sources())}")
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
    return Answer(201, {"data": {"source": source_document(workspace, source)}})


def _check_free(workspace: Workspace, itself: Source | None, slug: str, name: str) -> None:
    for other in workspace.sources.values():
        if other is not itself and (other.slug == slug or other.name == name):
            sentence = f"Another source of this workspace has the slug {other.slug!r} and the name {other.name!r}."
            raise Problem("conflict", hint=sentence, detail=sentence)


@bindings.handles("getSource")
def get_source(workspace: Workspace, source_id: str) -> Json:
    """One of them."""
    return {"data": {"source": source_document(workspace, known_source(workspace, source_id))}}


@bindings.handles("updateSource")
def update_source(workspace: Workspace, source_id: str, body: Json) -> Json:
    """Switch it, or change what is said of it. Events that came before keep the name they came under."""
    source = known_source(workspace, source_id)
    slug, name = str(body.get("slug", source.slug)), str(body.get("name", source.name))
    _check_free(workspace, source, slug, name)
    source.slug, source.name = slug, name
    source.enabled = body.get("enabled", source.enabled)
    source.settings = {**source.settings, **body.get("settings", {})}
    return {"data": {"source": source_document(workspace, source)}}


@bindings.handles("deleteSource")
def delete_source(workspace: Workspace, source_id: str) -> Json:
    """Remove it, with what is connected to it alone."""
    workspace.remove_source(known_source(workspace, source_id))
    return _DELETED


@bindings.handles("createWriteKeyForSource")
def create_write_key(workspace: Workspace, source_id: str) -> Json:
    """One more key; the others stay good."""
    source = known_source(workspace, source_id)
    workspace.add_write_key(source, workspace.new_write_key())
    return {"data": {"source": source_document(workspace, source)}}


@bindings.handles("removeWriteKeyFromSource")
def remove_write_key(workspace: Workspace, source_id: str, write_key: str) -> Json:
    """One key less."""
    source = known_source(workspace, source_id)
    if write_key not in source.write_keys:
        raise not_found("write key of that source", write_key)
    workspace.remove_write_key(source, write_key)
    return _DELETED
