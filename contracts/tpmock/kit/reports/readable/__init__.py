"""Reports for people and build servers, made from the JSON document of a run alone.

It imports the standard library and modules of tpmock that do the same: an evidence pack carries these files, and
any Python makes the pages again to verify them.
Nothing that runs a case, reads a case file or needs a library belongs here.
"""
