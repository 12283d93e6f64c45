"""What an integration must do, and how to check it: documents, cases, the kit, a destination and its mutants."""
