"""What only tools written for Node can check: two linters, and the types that a generator makes for TypeScript.

``npm install --ignore-scripts`` of this folder's ``package.json`` in a folder elsewhere brings the tools;
``pytest tests/system/clients/node --node-tools FOLDER`` runs the tests with them. Without it they are not collected,
so that all the others run without Node; ``.ci/run`` runs both.
"""
