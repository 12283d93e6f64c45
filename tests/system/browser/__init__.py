"""What only a real browser can check: a customer clicks the whole way, and nothing comes from outside.

``pytest tests/system/browser --chromium /usr/bin/chromium`` drives an installed Chromium (Debian's ``chromium``) by
Playwright's Python package, which comes with ``.[dev]``; no browser is downloaded. Without that option they are not
collected, so that all the others run without a browser; ``.ci/run`` runs both.
"""
