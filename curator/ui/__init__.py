"""The window: Qt widgets over a Project. Holds no logic, no SQL and nothing that computes."""
