"""The contract kit: runs cases against a subject, checks the results, reports.

The packages, from the data to the page:

- ``cases`` reads the plans, the Segment events they start from, and fills in what is unique;
- ``subjects`` starts and ends programs, reads ``contract.toml`` and speaks to the mock's control API;
- ``vocabulary`` holds the steps and checks of the case files, and the observations of a running case;
- ``run`` runs cases in an environment and yields events, to which ``reports`` listen;
- ``generated`` generates histories of the same steps, ``live`` runs the cases of the API on the real one;
- ``cli`` and ``pytest`` are the ways in.

Nothing here imports the mock or a destination: the kit speaks HTTP only.
"""
