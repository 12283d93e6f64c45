"""The same cases on the real API, and what of the mock that overturns.

- ``target`` reads from the environment where the API is and with which credentials, ``door`` lets through what is on
  the list and refuses an answer of our own mock;
- ``projection`` makes of a body what may be written down: fields, types, words and order, never a value;
- ``run`` plays cases through the door, ``recording`` is what comes of it, as a file;
- ``drift`` compares a recording with the mock and with the documents.
"""
