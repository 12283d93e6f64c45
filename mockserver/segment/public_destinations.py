"""The Public API's destinations and their filters."""

from __future__ import annotations

import copy
from itertools import count
from typing import Any, Final

from mockserver.answers import Answer, Bindings
from mockserver.clock import iso_milliseconds
from mockserver.problems import Problem
from mockserver.segment import catalog, filters, fql, sentences
from mockserver.segment.model import Destination, Filter, Json
from mockserver.segment.paging import page
from mockserver.segment.public_api import invalid, known_source, not_found
from mockserver.segment.workspace import Workspace

bindings = Bindings()

_DELETED: Final = {"data": {"status": "SUCCESS"}}


def document(workspace: Workspace, destination: Destination) -> Json:
    """A destination as the Public API has it. One that is connected to all sources names the first."""
    known = catalog.destination_named(destination.integration)
    return {
        "id": destination.id,
        "name": destination.name,
        "enabled": destination.enabled,
        "metadata": known or catalog.of_own(destination.integration),
        "sourceId": destination.source or next(iter(workspace.sources), ""),
        "settings": destination.settings,
    }


def _known(workspace: Workspace, destination_id: str) -> Destination:
    destination = workspace.destinations.get(destination_id)
    if destination is None:
        raise not_found("destination", destination_id)
    return destination


@bindings.handles("listDestinations")
def list_destinations(workspace: Workspace, pagination_count: int | None, pagination_cursor: str | None) -> Json:
    """All of the workspace."""
    found, pagination = page(list(workspace.destinations.values()), pagination_count, pagination_cursor)
    return {"data": {"destinations": [document(workspace, each) for each in found], "pagination": pagination}}


@bindings.handles("createDestination")
def create_destination(workspace: Workspace, body: Json) -> Answer:
    """Connect a source to one more instance. It posts where the catalogue's entry does."""
    source = known_source(workspace, body["sourceId"])
    entry = catalog.destinations().get(body["metadataId"])
    if entry is None:
        raise invalid(f"metadataId: {body['metadataId']!r} is none of {', '.join(catalog.destinations())}")
    alike = [each for each in workspace.destinations.values() if each.integration == entry["name"]]
    if len([each for each in alike if each.source in (None, source.id)]) >= catalog.INSTANCES:
        raise invalid(f"sourceId: this source has {catalog.INSTANCES} instances of {entry['name']}, which is the most")
    settings = _checked(entry, body["settings"])
    destination = Destination(
        name=_name(workspace, body, entry["name"]),
        url="",
        settings=settings,
        enabled=body.get("enabled", True),
        id=workspace.new_id(),
        integration=entry["name"],
        source=source.id,
    )
    workspace.destinations[destination.id] = destination
    unknown = None if entry["name"] in workspace.endpoints else sentences.no_endpoint(entry["name"])
    return Answer(200, {"data": {"destination": document(workspace, destination)}}, hint=unknown)


def _name(workspace: Workspace, body: Json, usual: str) -> str:
    """The name that was given, else the first that is free: deliveries are counted by the names of instances."""
    taken = {each.name for each in workspace.destinations.values()}
    if "name" in body:
        if body["name"] in taken:
            raise invalid(f"name: another destination has the name {body['name']!r}")
        return str(body["name"])
    return next(name for number in count(1) if (name := usual if number == 1 else f"{usual} {number}") not in taken)


def _checked(entry: Json, settings: Json) -> Json:
    for option in entry["options"]:
        value = settings.get(option["name"], option["defaultValue"])
        if not isinstance(value, str):
            raise invalid(f"settings.{option['name']}: must be a {option['type']}")
        if option["required"] and not value:
            raise invalid(f"settings.{option['name']}: is required")
    return settings


@bindings.handles("getDestination")
def get_destination(workspace: Workspace, destination_id: str) -> Json:
    """One of them."""
    return {"data": {"destination": document(workspace, _known(workspace, destination_id))}}


@bindings.handles("updateDestination")
def update_destination(workspace: Workspace, destination_id: str, body: Json) -> Json:
    """Switch it, name it, or change some of its settings."""
    destination = _known(workspace, destination_id)
    entry = catalog.destination_named(destination.integration)
    settings = {**destination.settings, **body.get("settings", {})}
    destination.settings = settings if entry is None else _checked(entry, settings)
    if body.get("name", destination.name) != destination.name:
        destination.name = _name(workspace, body, destination.name)
    destination.enabled = body.get("enabled", destination.enabled)
    return {"data": {"destination": document(workspace, destination)}}


@bindings.handles("deleteDestination")
def delete_destination(workspace: Workspace, destination_id: str) -> Json:
    """Disconnect it; what still waits for it is not delivered."""
    del workspace.destinations[_known(workspace, destination_id).id]
    return _DELETED


# --- filters ----------------------------------------------------------------------------------------------------------


def filter_document(workspace: Workspace, destination: Destination, one: Filter) -> Json:
    """A filter as the Public API has it."""
    return {
        "id": one.id,
        "sourceId": destination.source or next(iter(workspace.sources), ""),
        "destinationId": destination.id,
        "if": one.condition,
        "actions": one.actions,
        "title": one.title,
        "enabled": one.enabled,
        "createdAt": iso_milliseconds(one.created_at),
        "updatedAt": iso_milliseconds(one.updated_at),
        **({} if one.description is None else {"description": one.description}),
    }


def made(workspace: Workspace, body: Json) -> Filter:
    """A filter from the body that asks for it.

    :raises Problem: when one of its actions lacks what its type needs
    """
    return Filter(
        id=workspace.new_id(),
        title=body["title"],
        condition=body["if"],
        actions=_usable(body["actions"]),
        description=body.get("description"),
        enabled=body["enabled"],
        created_at=workspace.now(),
        updated_at=workspace.now(),
    )


def _usable(actions: list[Json]) -> list[Json]:
    for number, action in enumerate(actions):
        needed = {"SAMPLE": "percent", "DROP_PROPERTIES": "fields", "ALLOW_PROPERTIES": "fields"}.get(action["type"])
        if needed is not None and needed not in action:
            raise invalid(f"actions[{number}].{needed}: {action['type']} needs it")
    return actions


def advice(condition: str) -> str | None:
    """What to tell whoever keeps a condition that nobody can read: Segment takes it, and then delivers nothing."""
    try:
        fql.parse(condition)
    except fql.FqlError as error:
        return sentences.fql_unreadable(str(error))
    return None


@bindings.handles("listFiltersFromDestination")
def list_filters(
    workspace: Workspace, destination_id: str, pagination_count: int | None, pagination_cursor: str | None
) -> Json:
    """Those of one destination."""
    destination = _known(workspace, destination_id)
    found, pagination = page(destination.filters, pagination_count, pagination_cursor)
    rows = [filter_document(workspace, destination, each) for each in found]
    return {"data": {"filters": rows, "pagination": pagination}}


@bindings.handles("createFilterForDestination")
def create_filter(workspace: Workspace, destination_id: str, body: Json) -> Answer:
    """One more."""
    destination = _known(workspace, destination_id)
    known_source(workspace, body["sourceId"])
    if len(destination.filters) >= filters.MOST:
        raise invalid(f"a destination has {filters.MOST} filters at most")
    one = made(workspace, body)
    destination.filters.append(one)
    return _answer(workspace, destination, one)


def _answer(workspace: Workspace, destination: Destination, one: Filter) -> Answer:
    body = {"data": {"filter": filter_document(workspace, destination, one)}}
    return Answer(200, body, hint=advice(one.condition))


def _one(destination: Destination, filter_id: str) -> Filter:
    found = next((each for each in destination.filters if each.id == filter_id), None)
    if found is None:
        raise not_found("filter of that destination", filter_id)
    return found


@bindings.handles("getFilterInDestination")
def get_filter(workspace: Workspace, destination_id: str, filter_id: str) -> Answer:
    """One of them."""
    destination = _known(workspace, destination_id)
    return _answer(workspace, destination, _one(destination, filter_id))


@bindings.handles("updateFilterForDestination")
def update_filter(workspace: Workspace, destination_id: str, filter_id: str, body: Json) -> Answer:
    """Change it, or switch it."""
    destination = _known(workspace, destination_id)
    one = _one(destination, filter_id)
    actions = _usable(body.get("actions", one.actions))
    one.title, one.condition, one.actions = body.get("title", one.title), body.get("if", one.condition), actions
    one.description, one.enabled = body.get("description", one.description), body.get("enabled", one.enabled)
    one.updated_at = workspace.now()
    return _answer(workspace, destination, one)


@bindings.handles("removeFilterFromDestination")
def remove_filter(workspace: Workspace, destination_id: str, filter_id: str) -> Json:
    """One filter less."""
    destination = _known(workspace, destination_id)
    destination.filters.remove(_one(destination, filter_id))
    return _DELETED


@bindings.handles("previewDestinationFilter")
def preview_filter(workspace: Workspace, body: Json) -> Json:
    """What a filter would leave of a payload; null for nothing.

    :raises Problem: when its condition cannot be read or decided
    """
    wanted: dict[str, Any] = {"title": "preview", "enabled": True, **body["filter"]}
    try:
        left = filters.applied([made(workspace, wanted)], body["payload"], workspace.chance)
    except fql.FqlError as error:
        raise Problem("invalid-request", hint=f"if: {error}.", detail=f"if: {error}") from None
    return {"data": {"inputPayload": body["payload"], "result": copy.copy(left)}}
