"""The product as users get it: wheel, sdist, command, documentation, browser, other tools."""
