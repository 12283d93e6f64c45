"""The contract kit: runs cases against a subject, judges it, reports.

The parts, from the data to the page:

- ``cases`` reads the plans, ``base_events`` the Segment events they start from, ``template`` fills in what is
  unique;
- ``mock`` speaks to the mock's control API, ``processes`` and ``subjects`` start and end programs;
- ``steps`` does what a case says, ``observation`` holds what was seen, ``checks`` judges it;
- ``engine`` ties these together and yields ``run_events``, to which the ``reports`` listen;
- ``generated`` makes up histories of the same steps, ``live`` runs the cases of the API on the real one.

Nothing here imports the mock or a destination: the kit speaks HTTP only.
"""
