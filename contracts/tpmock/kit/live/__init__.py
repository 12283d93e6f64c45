"""The same cases on the real API, and the differences to the mock.

- ``target`` reads from the environment where the API is and with which credentials, ``live_client`` makes
  the calls that are on the list and refuses an answer of our own mock;
- ``projection`` reduces a body to what may be recorded: fields, types, words and order, never a value;
- ``run`` runs cases through it, ``recording`` is the result as a file;
- ``drift`` compares a recording with the mock and with the documents.

It may import ``tpmock.kit.run`` and the packages below it.
Reports and commands do not belong here.
"""
