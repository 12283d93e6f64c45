"""The documentation: finds its pages, renders them as HTML and searches them, without Flask or a running mock."""
