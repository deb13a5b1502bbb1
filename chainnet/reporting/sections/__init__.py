"""The sections of the report, a file each: its tables, figures and claims, and ``section(facts)``."""
