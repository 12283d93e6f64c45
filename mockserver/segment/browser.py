"""What analytics.js asks of Segment's CDN before it sends anything."""

from __future__ import annotations

from mockserver.answers import Bindings
from mockserver.problems import Problem
from mockserver.segment import sentences
from mockserver.segment.model import Json
from mockserver.segment.workspace import Workspace

bindings = Bindings()


@bindings.handles("getSourceSettings")
def get_source_settings(workspace: Workspace, write_key: str, api_url: str) -> Json:
    """The settings of a source. They lead the SDK back to this mock: a real CDN names api.segment.io there."""
    if write_key not in workspace.by_write_key:
        raise Problem("unknown-source", hint=sentences.SETTINGS_UNKNOWN)
    protocol, _, host = api_url.partition("://")
    allowed = {"enabled": True, "integrations": {}}
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": write_key,
                "apiHost": f"{host}/v1",
                "protocol": protocol,
                "unbundledIntegrations": [],
                "addBundledMetadata": True,
                "maybeBundledConfigIds": {},
                "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
            }
        },
        "plan": {call: {"__default": allowed} for call in ("track", "identify", "group")},
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        # No metrics: nobody here would read them.
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }
