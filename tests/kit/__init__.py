"""The contract kit: cases, checks, subjects, reports, and the deliberately broken programs that it has to catch."""
