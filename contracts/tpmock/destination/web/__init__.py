"""The Flask application: events from Segment, the onboarding pages and their JSON API.

It may import the service and everything below it.
Decisions do not belong here.
"""
