"""What only tools written for Node can check: two linters, and the types that a generator makes for TypeScript.

``npm install --ignore-scripts`` of this folder's ``package.json`` in a folder elsewhere brings the tools;
``pytest tests/clients/node --node-tools FOLDER`` runs the tests with them. Without that option they are not collected,
so that whoever has no Node can run all the others; ``.ci/run`` runs both.
"""
