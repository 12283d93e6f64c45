"""The Public API's destinations and their filters."""

from __future__ import annotations

import copy
from functools import partial
from itertools import count
from typing import Any

from tpmock.common.moments import iso_milliseconds
from tpmock.core import hints
from tpmock.core.json_text import members
from tpmock.core.responses import Answer, Bindings
from tpmock.segment import catalog, delivery, filters, fql
from tpmock.segment.model import Destination, Filter, Json
from tpmock.segment.public_answers import found, invalid, listed
from tpmock.segment.public_api import DELETED, known_source
from tpmock.segment.workspace import Workspace

bindings = Bindings()


def document(workspace: Workspace, destination: Destination) -> Json:
    """Return a destination in the Public API's form. One that is connected to all sources names the first."""
    known = catalog.destination_named(destination.integration)
    return {
        **members(destination, "id", "name", "enabled"),
        "metadata": catalog.as_published(known or catalog.of_own(destination.integration), workspace.variants),
        "sourceId": destination.source or next(iter(workspace.sources), ""),
        "settings": destination.settings,
    }


def known_destination(workspace: Workspace, destination_id: str) -> Destination:
    """Return the destination of an id.

    :raises Problem: when it is unknown
    """
    return found(workspace.destinations.get(destination_id), "destination", destination_id)


@bindings.handles("listDestinations")
def list_destinations(workspace: Workspace, arguments: Json) -> Json:
    """List the destinations of the workspace."""
    return listed("destinations", workspace.destinations.values(), partial(document, workspace), arguments)


@bindings.handles("createDestination")
def create_destination(workspace: Workspace, body: Json) -> Answer:
    """Connect a source to a new instance. It posts to the address of the catalog entry."""
    source = known_source(workspace, body["sourceId"])
    entry = catalog.entries("destinations").get(body["metadataId"])
    if entry is None:
        raise invalid(f"metadataId: {body['metadataId']!r} is none of {', '.join(catalog.entries('destinations'))}")
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
    return Answer(200, {"data": {"destination": document(workspace, destination)}}, hint=_where(workspace, destination))


def _where(workspace: Workspace, destination: Destination) -> str | None:
    """Return a hint when the destination's address is unknown."""
    if delivery.by_key(workspace, destination):
        return hints.DELIVERS_BY_KEY
    known = destination.integration in workspace.endpoints
    return None if known else hints.NO_ENDPOINT.format(integration=destination.integration)


def _name(workspace: Workspace, body: Json, usual: str) -> str:
    """Return the given name, else the first free one: deliveries are counted by instance name, so it is unique."""
    taken = {each.name for each in workspace.destinations.values()}
    if "name" in body:
        if body["name"] in taken:
            raise invalid(f"name: another destination has the name {body['name']!r}")
        return str(body["name"])
    return next(name for number in count(1) if (name := usual if number == 1 else f"{usual} {number}") not in taken)


def _checked(entry: Json, settings: Json) -> Json:
    if settings.get("connectionMode") == "device" and entry["supportedFeatures"]["deviceModeInstances"] == "0":
        raise invalid(f"settings.connectionMode: {entry['name']} offers no device-mode connections; use cloud mode")
    for option in entry["options"]:
        value = settings.get(option["name"], option["defaultValue"])
        if not isinstance(value, str):
            raise invalid(f"settings.{option['name']}: must be a {option['type']}")
        if option["required"] and not value:
            raise invalid(f"settings.{option['name']}: is required")
    return settings


@bindings.handles("getDestination")
def get_destination(workspace: Workspace, destination_id: str) -> Json:
    """Return one destination."""
    return {"data": {"destination": document(workspace, known_destination(workspace, destination_id))}}


@bindings.handles("updateDestination")
def update_destination(workspace: Workspace, destination_id: str, body: Json) -> Json:
    """Switch or rename a destination, or change some of its settings."""
    destination = known_destination(workspace, destination_id)
    entry = catalog.destination_named(destination.integration)
    settings = {**destination.settings, **body.get("settings", {})}
    destination.settings = settings if entry is None else _checked(entry, settings)
    if body.get("name", destination.name) != destination.name:
        destination.name = _name(workspace, body, destination.name)
    destination.enabled = body.get("enabled", destination.enabled)
    return {"data": {"destination": document(workspace, destination)}}


@bindings.handles("deleteDestination")
def delete_destination(workspace: Workspace, destination_id: str) -> Json:
    """Disconnect a destination; deliveries that wait for it are dropped."""
    del workspace.destinations[known_destination(workspace, destination_id).id]
    return DELETED


# --- filters ----------------------------------------------------------------------------------------------------------


def filter_document(workspace: Workspace, destination: Destination, one: Filter) -> Json:
    """Return a filter in the Public API's form."""
    return {
        **members(one, "id", "actions", "title", "enabled", "created_at", "updated_at", moment=iso_milliseconds),
        "sourceId": destination.source or next(iter(workspace.sources), ""),
        "destinationId": destination.id,
        "if": one.condition,
        **({} if one.description is None else {"description": one.description}),
    }


def made(workspace: Workspace, body: Json) -> Filter:
    """Return the filter that a body describes.

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
    """Return a hint for a condition that is not valid: Segment stores it, and then delivers nothing."""
    try:
        fql.parse(condition)
    except fql.FqlError as error:
        return hints.FQL_UNREADABLE.format(reason=error)
    return None


@bindings.handles("listFiltersFromDestination")
def list_filters(workspace: Workspace, destination_id: str, arguments: Json) -> Json:
    """List the filters of a destination."""
    destination = known_destination(workspace, destination_id)
    shape = partial(filter_document, workspace, destination)
    return listed("filters", destination.filters, shape, arguments)


@bindings.handles("createFilterForDestination")
def create_filter(workspace: Workspace, destination_id: str, body: Json) -> Answer:
    """Create a filter."""
    destination = known_destination(workspace, destination_id)
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
    one = next((each for each in destination.filters if each.id == filter_id), None)
    return found(one, "filter of that destination", filter_id)


@bindings.handles("getFilterInDestination")
def get_filter(workspace: Workspace, destination_id: str, filter_id: str) -> Answer:
    """Return one filter."""
    destination = known_destination(workspace, destination_id)
    return _answer(workspace, destination, _one(destination, filter_id))


@bindings.handles("updateFilterForDestination")
def update_filter(workspace: Workspace, destination_id: str, filter_id: str, body: Json) -> Answer:
    """Change or switch a filter."""
    destination = known_destination(workspace, destination_id)
    one = _one(destination, filter_id)
    actions = _usable(body.get("actions", one.actions))
    one.title, one.condition, one.actions = body.get("title", one.title), body.get("if", one.condition), actions
    one.description, one.enabled = body.get("description", one.description), body.get("enabled", one.enabled)
    one.updated_at = workspace.now()
    return _answer(workspace, destination, one)


@bindings.handles("removeFilterFromDestination")
def remove_filter(workspace: Workspace, destination_id: str, filter_id: str) -> Json:
    """Remove a filter."""
    destination = known_destination(workspace, destination_id)
    destination.filters.remove(_one(destination, filter_id))
    return DELETED


@bindings.handles("previewDestinationFilter")
def preview_filter(workspace: Workspace, body: Json) -> Json:
    """Return what a filter leaves of a payload; null when it drops it.

    :raises Problem: when its condition is not valid for the payload
    """
    wanted: dict[str, Any] = {"title": "preview", "enabled": True, **body["filter"]}
    try:
        left = filters.applied([made(workspace, wanted)], body["payload"], workspace.random)
    except fql.FqlError as error:
        raise invalid(f"if: {error}") from None
    return {"data": {"inputPayload": body["payload"], "result": copy.copy(left)}}
