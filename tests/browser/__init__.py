"""What only a real browser can check: a customer clicks the whole way, and nothing comes from outside.

``pytest tests/browser --chromium /usr/bin/chromium`` drives an installed Chromium (Debian's package ``chromium``) by
Playwright's Python package, which comes with ``.[dev]``; no browser is downloaded. Without that option they are not
collected, so that whoever has no browser can run all the others; ``.ci/run`` runs both.
"""
