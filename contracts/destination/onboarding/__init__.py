"""Onboarding: a customer connects a shop to this destination, by Trustpilot's partner flow (seed 003)."""
